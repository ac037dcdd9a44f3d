"""The table of a graph: one row for each node, with its formula, value, local derivatives and gradient."""

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from ..graph import Graph
from ..tensor import Tensor
from .reading import Reading, State, reading_of

_HEADS = ("node", "computed as", "value", "local derivatives")


@dataclass(frozen=True)
class Table:
    """A table as plain text and as HTML; a notebook shows the HTML."""

    text: str
    html: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def graph_table(
    graph: Graph | Tensor | Reading, step: int | None = None, *, digits: int | None = None, gradient: Any = None
) -> Table:
    """Every node of a graph with its formula, value, local derivatives and gradient, in the order of computation.

    `step`: the state after that step of `Graph.steps()`; its row is marked with ▶. What is not known yet is left empty,
    but its room is kept. The arguments are those of `graph_svg`; digits are 6 if not given.
    """
    reading = reading_of(graph, digits, gradient)
    state, final = reading.state(step), reading.state()
    heads = [*_HEADS, f"gradient {reading.gradient_name(reading.output).partition('/')[0]}/∂(node)"]
    shown = [_row(reading, k, state) for k in range(len(reading.nodes))]
    whole = [_row(reading, k, final) for k in range(len(reading.nodes))]
    if not reading.has_backward:
        heads, shown, whole = heads[:3], [row[:3] for row in shown], [row[:3] for row in whole]
    return Table(
        _as_text(heads, shown, whole, state.node, step is not None),
        _as_html(reading, heads, shown, whole, state.node, step),
    )


def _row(reading: Reading, k: int, state: State) -> list[str]:
    node = reading.nodes[k]
    known = k in state.values
    if node.operation is None:
        formula = "constant" if reading.constant[k] else "given"
    else:
        formula = reading.formula(k)
    locals_ = []
    for position in range(len(node.inputs)):
        link = reading.link_of[k, position]
        shown = reading.local_text(link)
        if isinstance(shown, np.ndarray):
            shown = reading.text(shown)
        if shown:
            locals_.append(f"{reading.local_name(link)}: {shown}")
    return [
        reading.names[k],
        formula,
        reading.text(state.values[k]) if known else "",
        "; ".join(locals_) if known else "",
        reading.gradient_text(k, state),
    ]


def _as_text(heads: list[str], shown: list[list[str]], whole: list[list[str]], active: int | None, steps: bool) -> str:
    widths = [max(len(row[c]) for row in [heads, *whole]) for c in range(len(heads))]
    lines = []
    for k, row in enumerate([heads, *shown]):
        mark = ("▶ " if k - 1 == active else "  ") if steps else ""
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append((mark + "  ".join(cells)).rstrip())
    rule = "  " * steps + "  ".join("─" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:]])


def _as_html(
    reading: Reading,
    heads: list[str],
    shown: list[list[str]],
    whole: list[list[str]],
    active: int | None,
    step: int | None,
) -> str:
    cell = 'style="text-align:left;padding:2px 10px;white-space:nowrap"'
    rows = ["<tr>" + "".join(f'<th scope="col" {cell}>{escape(head)}</th>' for head in heads) + "</tr>"]
    for k, (row, final) in enumerate(zip(shown, whole, strict=True)):
        here = k == active
        parts = []
        for column, (text, later) in enumerate(zip(row, final, strict=True)):
            content = escape(text) if text or not later else f'<span style="visibility:hidden">{escape(later)}</span>'
            if column == 0:
                mark = "" if step is None else "▶ " if here else '<span style="visibility:hidden">▶ </span>'
                parts.append(f'<th scope="row" {cell}>{mark}{content}</th>')
            else:
                parts.append(f"<td {cell}>{content}</td>")
        quiet = "opacity:0.65" if reading.constant[k] else ""
        focus = "outline:2px solid currentColor;font-weight:bold" if here else quiet
        current = ' aria-current="step"' if here else ""
        rows.append(f'<tr style="{focus}"{current}>{"".join(parts)}</tr>')
    name = escape(reading.names[reading.output])
    where = "" if step is None else f", step {step} of {len(reading.steps) - 1}"
    caption = f'<caption style="text-align:left">Every node of {name}{where}</caption>'
    return f'<table style="border-collapse:collapse">{caption}{"".join(rows)}</table>'
