"""Claimed minus true, entry by entry: where a gradient is wrong, and by how much."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .graph_svg import INK, PAPER, QUIET
from .reading import printed
from .sketch import document, text, value_text

_CELL = (48.0, 24.0)
_TITLE, _GAP = 20.0, 14.0
_ABOVE, _BELOW = "#B34700", "#5B3A9B"  # claimed too large, claimed too small; the sign stands in the cell too
RELATIVE = 1e-6  # entries that agree to this are right

Gradients = Mapping[str, np.ndarray]


def residuals(claimed: Mapping[str, Any], true: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Claimed minus true by name; exactly 0 where the two agree up to rounding.

    Raises ValueError where a name is missing or a shape differs: then there is nothing to subtract.
    """
    found = {}
    for name, value in true.items():
        right = np.asarray(value, float)
        if name not in claimed:
            raise ValueError(f"No gradient is claimed for {name}; claimed are {', '.join(claimed) or 'none'}.")
        given = np.asarray(claimed[name], float)
        if given.shape != right.shape:
            raise ValueError(
                f"The claimed gradient of {name} has shape {given.shape}, {name} itself has {right.shape}: there is no "
                "difference entry by entry. Mend the shape first."
            )
        largest = float(np.max(np.abs(right), initial=0.0))
        near = np.abs(given - right) <= RELATIVE * np.maximum(np.maximum(np.abs(given), np.abs(right)), 1e-6 * largest)
        found[name] = np.where(near, 0.0, given - right)
    return found


def residual_svg(claimed: Mapping[str, Any], true: Mapping[str, Any]) -> str:
    """A heat map for each parameter: its gradient as claimed minus the true one, the number in each cell."""
    found = residuals(claimed, true)
    width, height, cells = heat_map(found, 16, 30)
    title = text(16, 18, "claimed − true; 0 is right, the stronger the colour the further off")
    return document(max(width + 32, 440), height + 46, title, cells)


def residual_sentence(claimed: Mapping[str, Any], true: Mapping[str, Any]) -> str:
    """How many entries are wrong and in which parameters, and the largest residual with the true value beside it."""
    found = residuals(claimed, true)
    if not any(np.any(array) for array in found.values()):
        size = sum(array.size for array in found.values())
        return f"All {size} entries agree: claimed − true is 0 everywhere."
    name = max(found, key=lambda each: float(np.max(np.abs(found[each]), initial=0.0)))
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.abs(found[name]))), found[name].shape))
    entry = f"{name}[{', '.join(map(str, index))}]" if index else name
    return (
        f"Wrong are {wrong_entries(claimed, true)}; the largest residual is "
        f"{value_text(found[name][index], 3)}, at {entry}, where the true gradient is "
        f"{value_text(float(np.asarray(true[name])[index]), 3)}."
    )


def wrong_entries(claimed: Mapping[str, Any], true: Mapping[str, Any]) -> str:
    """How many entries are wrong, and in which parameters: "6 of 21 entries (b1 5 of 5, b2 1 of 1)"."""
    found = residuals(claimed, true)
    wrong = {name: int(np.count_nonzero(array)) for name, array in found.items()}
    where = ", ".join(f"{name} {n} of {found[name].size}" for name, n in wrong.items() if n)
    count = f"{sum(wrong.values())} of {sum(array.size for array in found.values())} entries"
    return f"{count} ({where})" if where else count


def heat_map(found: Gradients, left: float, top: float, room: float = 260.0) -> tuple[float, float, str]:
    """The maps one below the other, in as many columns as `room` (pixels of height) asks for: width, height, SVG."""
    largest = max((float(np.max(np.abs(array), initial=0.0)) for array in found.values()), default=0.0)
    x, y, widest, lowest, pieces = left, top, 0.0, top, []
    for name, array in found.items():
        table = array.reshape(1, -1) if array.ndim < 2 else array
        height = _TITLE + table.shape[0] * _CELL[1]
        if y > top and y + height > top + room:
            x, y, widest = x + widest + _GAP, top, 0.0
        shape = "×".join(map(str, array.shape)) if array.ndim > 1 else str(array.size)
        pieces.append(text(x, y + 13, f"{name} ({shape})", size=11.5, colour=QUIET))
        for (i, j), value in np.ndenumerate(table):
            pieces.append(_cell(x + j * _CELL[0], y + _TITLE + i * _CELL[1], float(value), largest))
        widest = max(widest, table.shape[1] * _CELL[0], 8.0 * len(name) + 40)
        y += height + 6
        lowest = max(lowest, y)
    return x + widest - left, lowest - top, "".join(pieces)


def _short(value: float) -> str:
    """Two digits that fit into a cell: −0.0036, and −9e−4 for −0.00093."""
    shown = value_text(value, 2)
    return shown if len(shown) < 8 else printed(f"{value:.0e}")


def _cell(x: float, y: float, value: float, largest: float) -> str:
    width, height = _CELL
    strength = 0.0 if value == 0 else 0.08 + 0.42 * abs(value) / largest
    colour = PAPER if value == 0 else _ABOVE if value > 0 else _BELOW
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{colour}" '
        f'fill-opacity="{strength:.2f}" stroke="{QUIET}" stroke-width="0.6"/>'
        + text(x + width / 2, y + 16, _short(value), anchor="middle", size=11, colour=INK)
    )
