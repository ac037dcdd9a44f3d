"""The loss over a plane of parameters, as a map and as a surface, with paths over it and its critical points."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..landscape import CriticalPoint
from .plots import Numbers, _row
from .sketch import value_text
from .style import BLACK, LINES, house_style, label_axes, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKERS: dict[str, dict[str, Any]] = {
    "minimum": {"marker": "o", "facecolor": "white"},
    "saddle": {"marker": "X", "facecolor": "white"},
    "maximum": {"marker": "^", "facecolor": "white"},
    "flat": {"marker": "s", "facecolor": "white"},
}
_SHADES = "Blues_r"  # low is dark, as on a chart of the sea


def levels_of(heights: np.ndarray, count: int = 14) -> np.ndarray:
    """Heights for contour lines, so chosen that every stripe between two covers about the same area."""
    finite = heights[np.isfinite(heights)]
    if not finite.size:
        raise ValueError("The loss is no finite number anywhere on this grid; there is nothing to draw.")
    levels = np.unique([float(f"{level:.2g}") for level in np.quantile(finite, np.linspace(0, 1, count + 2)[1:-1])])
    return levels if len(levels) > 1 else np.array([finite.min() - 1, finite.max() + 1])


def loss_map(
    a: Numbers,
    b: Numbers,
    heights: Numbers,
    finding: str,
    *,
    paths: Mapping[str, Numbers] | None = None,
    critical: Sequence[CriticalPoint] = (),
    x: str = "a",
    y: str = "b",
) -> "Figure":
    """Contour lines of the loss over a plane; dark is low.

    a (n,), b (m,) : the grid. heights (m, n) : the loss there, as `Plane.grid` gives it.
    paths : by name, the points (k, 2) of a walk, as `descend(…).points`; the start is a square, the end a dot.
    critical : what `Plane.critical_points` gives, each kind with its own marker.
    """
    a, b, heights = _grid(a, b, heights)
    levels = levels_of(heights, 10)
    with house_style():
        figure = new_figure(6.4, 5.2)
        axes = figure.add_subplot()
        axes.grid(False)
        axes.contourf(a, b, heights, levels, cmap=_SHADES, extend="both", alpha=0.85)
        lines = axes.contour(a, b, heights, levels, colors=BLACK, linewidths=0.5)
        axes.clabel(lines, levels[::3], fmt=lambda level: f"{level:.2g}", fontsize=8)
        for k, (name, points) in enumerate((paths or {}).items()):
            points = np.asarray(points, float)
            look = LINES[(k + 1) % len(LINES)]
            axes.plot(*points.T, label=name, **{**look, "linestyle": "-"}, marker=".", markersize=3)
            axes.plot(*points[0], marker="s", color=look["color"], markeredgecolor="white")
            axes.plot(*points[-1], marker="o", color=look["color"], markeredgecolor="white")
        for kind, look in MARKERS.items():
            mine = [p for p in critical if p.kind == kind]
            if mine:
                across, up = [p.a for p in mine], [p.b for p in mine]
                axes.scatter(across, up, s=90, label=kind, edgecolors=BLACK, linewidths=1.2, zorder=4, **look)
        axes.set_xlim(a[0], a[-1])
        axes.set_ylim(b[0], b[-1])
        if paths or critical:
            axes.legend(loc="upper right", fontsize=9, framealpha=1)  # no height shines through
        label_axes(axes, finding, x, y)
    return figure


def loss_surface(
    a: Numbers, b: Numbers, heights: Numbers, finding: str, *, x: str = "a", y: str = "b", top: float | None = None
) -> "Figure":
    """The same as a surface seen from the side. `top` : cut the mountains off at this height."""
    a, b, heights = _grid(a, b, heights)
    shown = np.minimum(heights, top) if top is not None else heights
    with house_style():
        figure = new_figure(6.4, 5.2)
        axes: Any = figure.add_subplot(projection="3d")
        axes.plot_surface(
            *np.meshgrid(a, b), shown, cmap=_SHADES, rcount=60, ccount=60, linewidth=0.1, edgecolor="#00000030"
        )
        axes.view_init(elev=38, azim=-60)
        axes.set_zlabel("loss")
        label_axes(axes, finding, x, y)
    return figure


def map_sentence(
    a: Numbers, b: Numbers, heights: Numbers, critical: Sequence[CriticalPoint] | None = None, of: str = "The loss"
) -> str:
    """What a map shows, in one sentence: the lowest and highest point of the grid, and the critical points by kind."""
    a, b, heights = _grid(a, b, heights)
    low, high = np.nanmin(heights), np.nanmax(heights)
    row, column = np.unravel_index(np.nanargmin(heights), heights.shape)
    text = (
        f"{of} on this plane runs from {value_text(low, 3)}, at ({value_text(a[column], 3)}, {value_text(b[row], 3)}), "
        f"to {value_text(high, 3)}"
    )
    if critical is not None:
        counts = {kind: sum(p.kind == kind for p in critical) for kind in MARKERS}
        named = [_counted(count, kind) for kind, count in counts.items() if count]
        text += f"; it is level at {_listed(named)}" if named else "; it is level at no point of it"
    return text + "."


def _counted(count: int, kind: str) -> str:
    if kind == "flat":
        return "1 flat point" if count == 1 else f"{count} flat points"
    plural = {"minimum": "minima", "maximum": "maxima", "saddle": "saddles"}[kind]
    return f"1 {kind}" if count == 1 else f"{count} {plural}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _grid(a: Numbers, b: Numbers, heights: Numbers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a, b, heights = _row(a, "a"), _row(b, "b"), np.asarray(heights, float)
    if heights.shape != (len(b), len(a)):
        raise ValueError(f"heights must have shape (len(b), len(a)) = {(len(b), len(a))}; given was {heights.shape}.")
    return a, b, heights
