"""Matrices as grids of numbers, a cell for each entry, for pictures in which shapes are to be seen."""

from typing import Any

import numpy as np

from .graph_svg import GRADIENT, INK, QUIET, SMALL, VALUE
from .sketch import PALE, text, value_text

CELL = 34.0  # height of a cell, and its width unless the numbers need more


def shape_text(array: Any) -> str:
    """The shape of an array as it is written: (3, 2)."""
    return str(np.shape(array))


def grid(
    x: float,
    y: float,
    array: np.ndarray,
    *,
    gradient: bool = False,
    digits: int = 3,
    width: float = CELL,
    height: float = CELL,
    wrong: np.ndarray | None = None,
    size: float = SMALL,
) -> str:
    """A matrix as a grid whose top left corner is at (x, y).

    array : (rows, columns). gradient : orange with a dashed frame, as gradients are, instead of blue. digits :
    significant digits. wrong : truth for each entry that is to be marked as wrong.
    """
    rows, columns = array.shape
    colour = GRADIENT if gradient else VALUE
    pieces = []
    for i, j in np.ndindex(rows, columns):
        left, top = x + j * width, y + i * height
        marked = wrong is not None and bool(wrong[i, j])
        pieces.append(
            f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" '
            f'fill="{PALE if marked else "#FFFFFF"}" stroke="{PALE}"/>'
        )
        number = value_text(float(array[i, j]), digits)
        middle = left + width / 2
        pieces.append(text(middle, top + height / 2 + 4.5, number, anchor="middle", colour=colour, size=size))
        if marked:
            pieces.append(text(left + width - 2, top + 11, "✗", anchor="end", size=10))
    pieces.append(frame(x, y, columns * width, rows * height, gradient=gradient))
    return "".join(pieces)


def frame(x: float, y: float, width: float, height: float, *, gradient: bool = False, empty: bool = False) -> str:
    """The frame of a matrix: solid for values, dashed for gradients; grey and dotted where there is nothing."""
    colour = QUIET if empty else GRADIENT if gradient else VALUE
    dashes = ' stroke-dasharray="2 4"' if empty else ' stroke-dasharray="7 4"' if gradient else ""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="none" stroke="{colour}" '
        f'stroke-width="{1 if empty else 2}"{dashes}/>'
    )


def light(x: float, y: float, on: bool, name: str, words: str) -> str:
    """A lamp that is lit, with a tick, or dark, with a cross; beside it what it stands for and what it says."""
    fill, mark, colour = ("#00694B", "✓", "#FFFFFF") if on else ("#FFFFFF", "✗", INK)
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="12" fill="{fill}" stroke="{INK}" stroke-width="1.5"/>'
        + text(x, y + 5, mark, anchor="middle", colour=colour, size=14)
        + f'<text x="{x + 22:g}" y="{y + 4.5:g}" fill="{INK}" font-size="{SMALL}">'
        f'<tspan font-weight="bold">{name}</tspan> {words}</text>'
    )


def table_text(rows: np.ndarray, digits: int = 6) -> str:
    """A matrix in one line of a sentence: [−0.04, 0; 0.1, 2]."""
    return "[" + "; ".join(", ".join(value_text(float(v), digits) for v in row) for row in rows) + "]"
