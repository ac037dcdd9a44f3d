r"""The derivation of every gradient by hand, in LaTeX, with the actual numbers."""

from typing import Any

import numpy as np

from ..graph import Graph
from ..tensor import Tensor
from .notation import ATOM, POWER, SUM, notation_of, parts_in_parentheses
from .reading import Reading, State, latex_number, reading_of

_MARK = r"\Rightarrow\;"


def graph_latex(
    graph: Graph | Tensor | Reading, step: int | None = None, *, digits: int | None = None, gradient: Any = None
) -> str:
    r"""The forward pass and the derivation of every gradient: an `aligned` block without dollar signs.

    Show it with `IPython.display.Math(graph_latex(loss))`. `step`: only what is known after that step of
    `Graph.steps()`; the line it works on is marked with ⇒. The arguments are those of `graph_svg`; digits are 6 if not
    given.
    """
    reading = reading_of(graph, digits, gradient)
    state = reading.state(step)
    lines = []
    for k in state.values:
        if not (reading.constant[k] and reading.nodes[k].size == 1):
            lines.append((state.phase == "forward" and state.node == k, _forward(reading, k)))
    for k in state.totals:
        lines.append((state.phase == "backward" and state.node == k, _backward(reading, k, state)))
    marks = {True: _MARK, False: rf"\phantom{{{_MARK}}}"} if step is not None else {True: "", False: ""}
    rows = [f"{marks[here]}{left} &= {right}" for here, (left, right) in lines]
    return "\\begin{aligned}\n" + " \\\\[4pt]\n".join(rows) + "\n\\end{aligned}"


def _forward(reading: Reading, k: int) -> tuple[str, str]:
    node, name = reading.nodes[k], reading.latex[k]
    value = array_latex(reading, np.asarray(node.data))
    if node.operation is None:
        return name, value
    formula = reading.latex_formula(k)
    stages = [] if formula == name else [formula]
    if all(reading.in_full(np.asarray(t.data)) for t in node.inputs):
        parts = []
        for position, i in enumerate(reading.inputs[k]):
            array = np.asarray(reading.nodes[i].data)
            if array.ndim == 0:
                parts.append(latex_number(reading.plain(array)))
            else:
                parts.append((array_latex(reading, array, _as_row(node, position)), ATOM))
        numbers = reading.latex_with(k, parts)
        if numbers not in (formula, value):
            stages.append(numbers)
    return name, " = ".join([*stages, value])


def _as_row(node: Tensor, position: int) -> bool:
    """Whether a one-dimensional input stands for a row: left of @, or repeated along the rows of a matrix."""
    assert node.operation is not None
    if node.operation.name == "matmul":
        return position == 0
    return node.operation.elementwise and node.ndim == 2


def array_latex(reading: Reading, array: np.ndarray, as_row: bool = False) -> str:
    """A number, a small array as a matrix (one-dimensional: a column), or the shape of a large one."""
    if array.ndim == 0:
        return latex_number(reading.plain(array))[0]
    if not reading.in_full(array):
        shape = r" \times ".join(map(str, array.shape))
        if array.size == 0:
            return rf"\text{{nothing}} \in \mathbb{{R}}^{{{shape}}}"
        low, high = (latex_number(reading.plain(x))[0] for x in (array.min(), array.max()))
        return rf"\left({low} \text{{ to }} {high}\right) \in \mathbb{{R}}^{{{shape}}}"
    rows = array if array.ndim == 2 else array.reshape((1, -1) if as_row else (-1, 1))
    written = r" \\ ".join(" & ".join(latex_number(reading.plain(x))[0] for x in row) for row in rows)
    return rf"\begin{{bmatrix}} {written} \end{{bmatrix}}"


def gradient_latex(reading: Reading, k: int) -> str:
    r"""\frac{\partial L}{\partial w}"""
    return _fraction(reading.latex_atom(reading.output), reading.latex_atom(k))


def _fraction(above: str, below: str) -> str:
    return rf"\frac{{\partial {above}}}{{\partial {below}}}"


def _local_derivative(reading: Reading, link: int) -> str:
    """The local derivative as a fraction; by the use that the link is, where there are others (see `which_use`)."""
    source, target, _ = reading.links[link]
    below, (before, after) = reading.latex_atom(source), reading.which_use(link)
    if before or after:
        words = [rf"\text{{{word}}}" if word else "" for word in (before, after)]
        below = rf"\left({words[0]}{below}{words[1]}\right)"
    return _fraction(reading.latex_atom(target), below)


def _backward(reading: Reading, k: int, state: State) -> tuple[str, str]:
    links = state.arrived.get(k, [])
    total = array_latex(reading, state.totals[k])
    if not links:
        return gradient_latex(reading, k), total
    chain, symbols, numbers = zip(*(_contribution(reading, link, state) for link in links), strict=True)
    stages = [" + ".join(chain)]
    for written in (" + ".join(symbols), " + ".join(numbers), total):
        if written != stages[-1]:
            stages.append(written)
    if k in state.waiting:
        stages = [rf"{stage} + \cdots" for stage in stages]
    return gradient_latex(reading, k), " = ".join(stages)


def _contribution(reading: Reading, link: int, state: State) -> tuple[str, str, str]:
    """What one use of a node sends back: as a product of derivatives, with the rule put in, and with numbers."""
    later = link != state.arrived[reading.links[link].source][0]  # after a plus, where a minus needs parentheses
    source, target, position = reading.links[link]
    node = reading.nodes[target]
    upstream = gradient_latex(reading, target)
    rule = _rule(reading, link, upstream)
    sent = state.sent[link]
    assert node.operation is not None
    if not node.operation.elementwise:
        numbers = array_latex(reading, sent)
        return (rule, rule, numbers) if not later else (_after_plus(rule), _after_plus(rule), _after_plus(numbers))
    scalar = node.ndim == 0
    sign = r"\cdot" if scalar else r"\odot"
    arrived = state.totals[target]
    local = reading.local(link)
    assert local is not None
    local = local.reshape(node.shape) if local.size == node.size else local
    stretched = reading.nodes[source].shape != node.shape
    begin, end = (r"\sum_{\text{copies}} \left(", r"\right)") if stretched and node.size > 1 else ("", "")
    chain = rf"{begin}{upstream} {sign} {_local_derivative(reading, link)}{end}"
    symbols = rf"{begin}{upstream} {sign} {rule}{end}"
    if all(reading.in_full(x) for x in (arrived, local)):
        factors: list[str] = []
        for array in (arrived, local):
            if array.ndim == 0 or (array is local and array.size > 1 and (array == array.flat[0]).all()):
                written, binds = latex_number(reading.plain(array.flat[0]))
                negative = binds == SUM and (factors or (later and not begin))
                factors.append(rf"\left({written}\right)" if negative else written)
            else:
                factors.append(array_latex(reading, array))
        numbers = rf"{begin}{factors[0]} {sign} {factors[1]}{end}"
    else:
        numbers = array_latex(reading, sent)
    return chain, symbols, numbers


def _after_plus(written: str) -> str:
    return rf"\left({written}\right)" if written.startswith("-") else written


def _rule(reading: Reading, link: int, upstream: str) -> str:
    """The local derivative in symbols; for an operation that does not work entry by entry, all that it sends back."""
    _, target, position = reading.links[link]
    node = reading.nodes[target]
    row = notation_of(node)
    template = row.derivatives[min(position, len(row.derivatives) - 1)]
    bare, factors, atoms = (
        parts_in_parentheses([(reading.latex[i], reading.latex_binds[i]) for i in places], (need,), latex=True)
        for places in [[*reading.inputs[target], target]]
        for need in (SUM, POWER, ATOM)
    )
    if callable(template):
        written = template(atoms[:-1], node)
    else:
        written = template.format(
            *factors, bare=bare, atom=atoms, out=factors[-1], atom_out=atoms[-1], bare_out=bare[-1], g=upstream
        )
    entrywise = node.operation is not None and node.operation.elementwise
    return rf"\left({written}\right)" if entrywise and _is_sum(written) else written


def _is_sum(latex: str) -> bool:
    """Whether an expression begins with a minus, or has a plus or minus outside all brackets."""
    depth = 0
    for character in latex:
        depth += (character in "{([") - (character in "})]")
        if character in "+-" and depth == 0:
            return True
    return False
