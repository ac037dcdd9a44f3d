"""The plots that stand still: numbers in, a matplotlib Figure out.

Every function wants the finding, which becomes the title. They draw what they are given and compute nothing that the
notebook should compute. Show the result with `show(figure, sentence)`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .reading import number, printed
from .style import BLACK, GRADIENT, LINES, POINTS, SHOWS_ROUNDING, VALUE, house_style, label_axes, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Numbers = Any  # a list or an array of numbers


def loss_curve(
    losses: Numbers | Mapping[str, Numbers], finding: str, *, x: str = "epoch", y: str = "loss", log: bool = False
) -> "Figure":
    """The loss after each step of training, of one run or of several (name -> losses). `log`: logarithmic loss axis."""
    runs = losses if isinstance(losses, Mapping) else {"": losses}
    with house_style():
        figure = new_figure()
        axes = figure.add_subplot()
        for k, (name, run) in enumerate(runs.items()):
            run = _row(run, f"losses of {name}" if name else "losses")
            axes.plot(np.arange(len(run)), run, label=name, **LINES[k % len(LINES)])
        if log:
            axes.set_yscale("log")
        label_axes(axes, finding, x, y)
        _legend(axes, runs)
    return figure


def function_and_slope(
    x: Numbers,
    values: Mapping[str, Numbers],
    slopes: Mapping[str, Numbers],
    finding: str,
    *,
    at: float | None = None,
    x_name: str = "z",
    y_name: str = "value, slope",
) -> "Figure":
    """Functions with their derivatives, as name -> numbers at each `x`; `at` marks one place on the x axis."""
    x = _row(x, "x")
    with house_style():
        figure = new_figure()
        axes = figure.add_subplot()
        for k, (name, y) in enumerate(values.items()):
            axes.plot(x, _row(y, name, len(x)), label=name, linestyle="-", **_look(k, len(values), len(x)))
        for k, (name, y) in enumerate(slopes.items()):
            look = _look(k, len(slopes), len(x)) if len(slopes) > 1 else {"color": GRADIENT["color"]}
            axes.plot(x, _row(y, name, len(x)), label=name, linestyle="--", **look)
        if at is not None:
            axes.axvline(at, color=BLACK, linestyle=":", linewidth=1.2, label=f"{x_name} = {printed(number(at))}")
        label_axes(axes, finding, x_name, y_name)
        axes.legend()
    return figure


def secant_and_tangent(
    x: Numbers,
    y: Numbers,
    at: tuple[float, float],
    other: tuple[float, float],
    slope: float,
    finding: str,
    *,
    x_name: str = "x",
    y_name: str = "f(x)",
) -> "Figure":
    """A curve, the secant through two of its points, and the tangent at the first.

    x, y : the curve. at, other : the points (x, y). slope : of the tangent at the first.
    """
    x = _row(x, "x")
    (x0, y0), (x1, y1) = at, other
    if x0 == x1:
        raise ValueError(f"A secant needs two points; both were given at {x_name} = {number(x0)}.")
    rise = (y1 - y0) / (x1 - x0)
    ends = np.array([x[0], x[-1]])
    with house_style():
        figure = new_figure()
        axes = figure.add_subplot()
        curve = _row(y, "y", len(x))
        axes.plot(x, curve, label=y_name, **VALUE)
        secant = f"secant, slope {printed(number(rise, 4))}"
        axes.plot(ends, y0 + rise * (ends - x0), label=secant, color=BLACK, linestyle="-.", linewidth=1.5)
        tangent = f"tangent, slope {printed(number(slope, 4))}"
        axes.plot(ends, y0 + slope * (ends - x0), label=tangent, **GRADIENT)
        axes.plot([x0, x1], [y0, y1], linestyle="none", marker="o", color=BLACK)
        pad = 0.15 * float(np.ptp(curve)) or 1.0
        axes.set_ylim(float(curve.min()) - pad, float(curve.max()) + pad)
        label_axes(axes, finding, x_name, y_name)
        axes.legend()
    return figure


def error_against_step(
    h: Numbers, errors: Mapping[str, Numbers], finding: str, *, x: str = "step h", y: str = "error of the slope"
) -> "Figure":
    """How far numerical slopes are off at each step h (name -> errors); both axes logarithmic, errors of 0 left out."""
    h = _row(h, "h")
    if not any((np.abs(_row(error, name, len(h))) > 0).any() for name, error in errors.items()):
        raise ValueError("All errors are 0, or there are none, so a logarithmic axis has nothing to show.")
    with house_style():
        figure = new_figure()
        axes = figure.add_subplot()
        for k, (name, error) in enumerate(errors.items()):
            error = np.abs(_row(error, name, len(h)))
            seen = error > 0
            look = {**LINES[k % len(LINES)], "marker": POINTS[k % len(POINTS)]["marker"]}
            axes.plot(h[seen], error[seen], label=name, **look)
        axes.set_xscale("log")
        axes.set_yscale("log")
        label_axes(axes, finding, x, y)
        _legend(axes, errors)
    figure.set_gid(SHOWS_ROUNDING)
    return figure


def decision_boundary(
    x1: Numbers,
    x2: Numbers,
    score: Numbers,
    points: Numbers,
    labels: Numbers,
    finding: str,
    *,
    level: float = 0.5,
    lines: Mapping[str, Sequence[float]] | None = None,
    x: str = "x₁",
    y: str = "x₂",
) -> "Figure":
    """Where a classifier with two inputs changes its answer, with the data.

    x1 (n,), x2 (m,) : the grid. score (m, n) : what the classifier says there; above `level` is class 1.
    points (k, 2), labels (k,) : the data; each class has its own colour and marker.
    lines : by name, (a, b, c) draws a·x₁ + b·x₂ + c = 0, for example where a hidden neuron changes its mind.
    """
    score = np.asarray(score, dtype=float)
    x1, x2 = _row(x1, "x1"), _row(x2, "x2")
    if score.shape != (len(x2), len(x1)):
        raise ValueError(f"score must have shape (len(x2), len(x1)) = {(len(x2), len(x1))}; given was {score.shape}.")
    with house_style():
        figure = new_figure(7.4 if lines else 5.6, 4.8)
        axes = figure.add_subplot()
        axes.grid(False)
        low, high = min(score.min(), level) - 1, max(score.max(), level) + 1
        axes.contourf(x1, x2, score, [low, level, high], colors=["#E3F0F8", "#FBE6D9"], hatches=["", "//"])
        if score.min() < level < score.max():
            axes.contour(x1, x2, score, [level], colors=BLACK, linewidths=2)
        for k, (name, line) in enumerate((lines or {}).items()):
            _straight(axes, line, label=name, **{**LINES[(k + 2) % len(LINES)], "linewidth": 1.5})
        axes.set_xlim(x1[0], x1[-1])
        axes.set_ylim(x2[0], x2[-1])
        _scatter(axes, points, labels)
        if lines:  # so many names would hide a point
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        label_axes(axes, finding, x, y)
    return figure


def hidden_space(
    points: Numbers, labels: Numbers, finding: str, *, x: str = "h₁", y: str = "h₂", line: Sequence[float] | None = None
) -> "Figure":
    """Data as two hidden neurons see it: points (k, 2), labels (k,). `line`: (a, b, c) draws a·x + b·y + c = 0."""
    with house_style():
        figure = new_figure(5.6, 4.8)
        axes = figure.add_subplot()
        _scatter(axes, points, labels)
        if line is not None:
            axes.set_xlim(axes.get_xlim())  # the line would widen them
            axes.set_ylim(axes.get_ylim())
            _straight(axes, line, color=BLACK, linewidth=2, label="dividing line")
            axes.legend()
        label_axes(axes, finding, x, y)
    return figure


def gradient_factors(
    factors: Mapping[str, Mapping[str, float]] | Mapping[str, float],
    finding: str,
    *,
    x: str = "factor",
    y: str = "size",
    log: bool = False,
) -> "Figure":
    """Bars: the factors that a gradient is the product of, by name; or several gradients, each with its factors."""
    rows = [isinstance(row, Mapping) for row in factors.values()]
    if any(rows) and not all(rows):
        kinds = ", ".join(f"{name!r} ({'factors' if row else 'a number'})" for name, row in zip(factors, rows))
        raise ValueError(
            f"Give one gradient's factors as name -> number, or each gradient's; given were both: {kinds}."
        )
    table: dict[str, Any] = dict(factors) if any(rows) else {"": factors}
    names = list(dict.fromkeys(name for row in table.values() for name in row))
    if not names:
        raise ValueError("There are no factors to draw. Expected was name -> number, such as {'w': 0.5, 'σ′': 0.25}.")
    hatches = ["", "//", "..", "xx"]
    with house_style():
        figure = new_figure(max(7.2, 0.72 * len(names) * len(table)))
        axes = figure.add_subplot()
        width = 0.84 / len(table)
        for k, (label, row) in enumerate(table.items()):
            places = np.arange(len(names)) + (k - (len(table) - 1) / 2) * width
            shown = [
                (place, abs(row[name]), row[name]) for place, name in zip(places, names, strict=True) if name in row
            ]
            at, heights, values = ([bar[i] for bar in shown] for i in range(3))
            look = {"color": LINES[k % len(LINES)]["color"], "hatch": hatches[k % 4], "edgecolor": "white"}
            bars = axes.bar(at, heights, width * 0.92, label=label, **look)
            axes.bar_label(bars, [printed(number(value, 3)) for value in values], padding=2, fontsize=9)
        if log:
            axes.set_yscale("log")
        axes.margins(y=0.12)
        axes.grid(False, axis="x")
        axes.set_xticks(np.arange(len(names)), names)
        label_axes(axes, finding, x, y)
        _legend(axes, table)
    return figure


def calls_by_depth(
    depth: Numbers, calls: Mapping[str, Numbers], finding: str, *, x: str = "depth of the graph", y: str = "calls"
) -> "Figure":
    """How much work each way of going back takes (name -> calls at each depth), on a logarithmic axis."""
    depth = _row(depth, "depth")
    with house_style():
        figure = new_figure()
        axes = figure.add_subplot()
        for k, (name, count) in enumerate(calls.items()):
            look = {**LINES[k % len(LINES)], "marker": POINTS[k % len(POINTS)]["marker"]}
            axes.plot(depth, _row(count, name, len(depth)), label=name, **look)
        axes.set_yscale("log")
        label_axes(axes, finding, x, y)
        _legend(axes, calls)
    return figure


def final_losses(
    losses: Mapping[str, Numbers], limit: float, finding: str, *, x: str = "network", y: str = "loss after training"
) -> "Figure":
    """Where trainings from different random starts end: a column (name -> losses), a mark for each of its runs.

    Marks below `limit` count as learned and are round, the others are triangles; the loss axis is logarithmic.
    """
    if not limit > 0:
        raise ValueError(f"limit is the loss below which a network has learned, above 0; given was {limit}.")
    with house_style():
        figure = new_figure()
        axes = figure.add_subplot()
        labelled: set[str] = set()
        for column, (name, run) in enumerate(losses.items()):
            run = _row(run, f"losses of {name}")
            at = column + np.linspace(-0.3, 0.3, len(run))
            for k, (mine, what) in enumerate([(run < limit, "has learned"), (run >= limit, "has not learned")]):
                if mine.any():
                    name_once = None if what in labelled else what
                    labelled.add(what)
                    look = {**POINTS[k], "s": 36, "edgecolors": "white", "linewidths": 0.5, "label": name_once}
                    axes.scatter(at[mine], run[mine], **look)
        axes.axhline(limit, color=BLACK, linestyle=":", linewidth=1.2)
        axes.set_yscale("log")
        axes.grid(False, axis="x")
        axes.set_xticks(range(len(losses)), list(losses))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        label_axes(axes, finding, x, y)
    return figure


def _straight(axes: Any, line: Sequence[float], **look: Any) -> None:
    if np.shape(line) != (3,):
        raise ValueError(f"A line a·x + b·y + c = 0 is given as three numbers (a, b, c); given was {line!r}.")
    a, b, c = line
    if a == b == 0:
        raise ValueError("A line a·x + b·y + c = 0 needs a or b different from 0; given were both 0.")
    point = np.array([-c * a, -c * b]) / (a * a + b * b)
    axes.axline(tuple(point), tuple(point + [-b, a]), **look)


def _row(numbers: Numbers, name: str, length: int | None = None) -> np.ndarray:
    row = np.asarray(numbers, dtype=float)
    if row.ndim != 1 or not row.size or (length is not None and len(row) != length):
        wanted = f"{length} numbers in a row" if length is not None else "numbers in a row"
        raise ValueError(f"{name}: expected {wanted}; given was shape {row.shape}.")
    return row


def _look(k: int, lines: int, length: int) -> dict[str, Any]:
    """Colour, and of several lines also the marker, of line k: its style says already what kind of line it is."""
    if lines == 1:
        return {"color": LINES[k]["color"]}
    every = max(1, length // 12)
    return {**POINTS[k % len(POINTS)], "markevery": (k * every // lines, every)}


def _scatter(axes: Any, points: Numbers, labels: Numbers) -> None:
    points, labels = np.asarray(points, dtype=float), np.asarray(labels)
    if points.ndim != 2 or points.shape[1] != 2 or labels.shape != points.shape[:1]:
        raise ValueError(
            f"Expected points of shape (k, 2) and labels of shape (k,); given were {points.shape} and {labels.shape}."
        )
    for k, label in enumerate(np.unique(labels)):
        mine = points[labels == label]
        name = f"class {label:g}" if labels.dtype.kind in "iufb" else str(label)
        look = POINTS[k % len(POINTS)]
        axes.scatter(*mine.T, s=80, label=name, edgecolors="white", linewidths=0.8, zorder=3, **look)
    axes.legend()


def _legend(axes: Any, named: Mapping) -> None:
    if any(str(name) for name in named):
        axes.legend()
