"""Optimizers on their way over a loss landscape: a map with the paths, and how the loss goes along them."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

import numpy as np

from ..landscape import CriticalPoint, Descent, Plane
from .graph_svg import GRADIENT, INK, PAPER, QUIET, VALUE
from .landscape import levels_of
from .sketch import GUIDE, Window, document, dot, line, power, text, value_text

WIDTH, HEIGHT = 880, 470
_MAP = Window(48, 34, 430, 350, x=(0, 1), y=(0, 1))
_CURVES = Window(556, 34, 304, 350, x=(0, 1), y=(0, 1))
_LOOKS = (
    {"stroke": GRADIENT, "stroke-width": "2.5"},
    {"stroke": INK, "stroke-width": "2.5", "stroke-dasharray": "6 3"},
)
_COLOURS = (GRADIENT, INK)
_HIGH, _LOW = np.array([247, 251, 255]), np.array([120, 170, 210])


@dataclass(frozen=True, eq=False)
class Surface:
    """A plane with the part of it that is drawn.

    about : what it is, in a few words. a_range, b_range : of the map. logarithmic : how the loss is drawn.
    """

    about: str
    plane: Plane
    a_range: tuple[float, float]
    b_range: tuple[float, float]
    logarithmic: bool = True

    def grid(self, points: int = 81) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        a, b = np.linspace(*self.a_range, points), np.linspace(*self.b_range, points)
        return a, b, self.plane.grid(a, b)

    def critical(self) -> list[CriticalPoint]:
        return _critical(self)

    def shows(self, point: Sequence[float]) -> bool:
        """Whether the point lies on the map."""
        (a0, a1), (b0, b1) = self.a_range, self.b_range
        return bool(a0 <= point[0] <= a1 and b0 <= point[1] <= b1)


@cache
def _critical(surface: Surface) -> list[CriticalPoint]:
    return surface.plane.critical_points(surface.a_range, surface.b_range)


@dataclass(frozen=True)
class Walk:
    """A descent with its name, such as "SGD with η = 0.1"."""

    name: str
    way: Descent


def descent_svg(surface: Surface, walks: Sequence[Walk], shown: int, steps: int) -> str:
    """The map with the paths of the walks after `shown` steps, beside it their losses; `steps` : of a whole walk."""
    window = _map_of(surface)
    return document(
        WIDTH,
        HEIGHT,
        _background(surface),
        *(_path(surface, window, walk, k, shown) for k, walk in enumerate(walks)),
        _start(window, walks[0].way.points[0]),
        _losses(surface, walks, shown, steps),
        *(_legend(surface, walk, k, shown) for k, walk in enumerate(walks)),
    )


def _map_of(surface: Surface) -> Window:
    return Window(_MAP.left, _MAP.top, _MAP.width, _MAP.height, surface.a_range, surface.b_range)


@cache
def _background(surface: Surface) -> str:
    """Shades (dark is low), contour lines and critical points: the same whatever walks over it."""
    from contourpy import contour_generator

    window, (a, b, heights) = _map_of(surface), surface.grid()
    levels = levels_of(heights, 12)
    generator: Any = contour_generator(a, b, heights)
    pieces = (np.vstack([line[:-1:2], line[-1:]]) for level in levels.tolist() for line in generator.lines(level))
    thin: dict[str, Any] = {"stroke": QUIET, "stroke-width": "0.7"}
    lines = [window.curve(piece[:, 0].tolist(), piece[:, 1].tolist(), **thin) for piece in pieces]
    a_name, b_name = surface.plane.names
    limits = f"{a[0]:g} {a[-1]:g} {b[0]:g} {b[-1]:g}"
    return (
        f'<svg class="map" data-control="start" data-range="{limits}" x="{window.left:g}" y="{window.top:g}" '
        f'width="{window.width:g}" height="{window.height:g}" viewBox="{window.left:g} {window.top:g} '
        f'{window.width:g} {window.height:g}">{_shades(window, heights, levels)}{"".join(lines)}</svg>'
        + window.frame(
            "dark is low", f"{a_name} ({b_name} upwards)", _ticks(*surface.a_range), _ticks(*surface.b_range)
        )
        + "".join(_critical_mark(window, point) for point in surface.critical())
    )


def _shades(window: Window, heights: np.ndarray, levels: np.ndarray) -> str:
    from PIL import Image

    stripe = np.searchsorted(levels, heights)[::-1].astype(np.uint8)
    image = Image.fromarray(stripe)
    share = np.linspace(0, 1, len(levels) + 1)[:, None]
    image.putpalette(np.round(_LOW + share * (_HIGH - _LOW)).astype(np.uint8).tobytes())
    stream = io.BytesIO()
    image.save(stream, "PNG")
    coded = base64.b64encode(stream.getvalue()).decode()
    return (
        f'<image x="{window.left:g}" y="{window.top:g}" width="{window.width:g}" height="{window.height:g}" '
        f'preserveAspectRatio="none" href="data:image/png;base64,{coded}"/>'
    )


def _critical_mark(window: Window, point: CriticalPoint) -> str:
    x, y = window.at(point.a, point.b)
    look = f'fill="{PAPER}" stroke="{VALUE}" stroke-width="1.8"'
    shape = {
        "minimum": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" {look}/>',
        "maximum": f'<path d="M{x:.1f},{y - 7:.1f}l7,12h-14z" {look}/>',
        "saddle": f'<path d="M{x - 6:.1f},{y - 6:.1f}l12,12m0,-12l-12,12" fill="none" stroke="{PAPER}" '
        f'stroke-width="6"/><path d="M{x - 6:.1f},{y - 6:.1f}l12,12m0,-12l-12,12" fill="none" stroke="{VALUE}" '
        f'stroke-width="2.5"/>',
        "flat": f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" {look}/>',
    }[point.kind]
    right = x < window.left + window.width - 120  # and higher than the mark, since paths end there
    words = escape(f"{point.kind} {value_text(point.loss, 2)}")
    return shape + (
        f'<text x="{x + 11 if right else x - 11:.1f}" y="{y - 6:.1f}" text-anchor="{"start" if right else "end"}" '
        f'font-size="12" fill="{VALUE}" stroke="{PAPER}" stroke-width="3" paint-order="stroke">{words}</text>'
    )


def _start(window: Window, place: np.ndarray) -> str:
    x, y = window.at(*place.tolist())
    return (
        f'<rect x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12" fill="{PAPER}" stroke="{INK}" stroke-width="2"/>'
    )


def _path(surface: Surface, window: Window, walk: Walk, k: int, shown: int) -> str:
    points = walk.way.points[: shown + 1]
    a, b = points.T.tolist()
    pieces = [window.curve(a, b, **_LOOKS[k])]
    if len(points) <= 41:
        for x, y in map(window.at, a, b):
            pieces.append(f'<circle cx="{_near(x)}" cy="{_near(y)}" r="2.2" fill="{_COLOURS[k]}"/>')
    inside = window.inside(*pieces)
    if not surface.shows(points[-1]):
        return inside  # the legend says so
    return inside + dot(*window.at(a[-1], b[-1]), _COLOURS[k], 6.5 if k == 0 else 5)


def _near(x: float) -> str:
    return f"{min(max(x, -1e4), 1e4):.1f}"


def _losses(surface: Surface, walks: Sequence[Walk], shown: int, steps: int) -> str:
    low, high = _reach(surface)
    if surface.logarithmic:
        ticks = np.arange(low, high + 1).tolist()
        labels = [f"10{power(int(d))}" for d in ticks]
    else:
        ticks = _ticks(low, high)
        labels = [value_text(tick) for tick in ticks]
    window = Window(_CURVES.left, _CURVES.top, _CURVES.width, _CURVES.height, (0, steps), (low, high))
    pieces = [window.line(shown, low, shown, high, **GUIDE)]
    ends = []
    for k, walk in enumerate(walks):
        losses = walk.way.losses[: shown + 1]
        if surface.logarithmic:
            losses = np.log10(np.maximum(losses, 1e-300))
        losses = np.clip(losses, low - 1e3, high + 1e3)
        pieces.append(window.curve(list(range(len(losses))), losses.tolist(), **_LOOKS[k]))
        x, y = window.at(len(losses) - 1, float(np.clip(losses[-1], low, high)))
        ends.append(dot(x, y, _COLOURS[k], 6.5 if k == 0 else 5))
        if losses[-1] > high:
            ends.append(text(x - 10, y + 16, "above this picture", anchor="end", colour=_COLOURS[k], size=12))
    title = "loss, each line a tenth of the one above" if surface.logarithmic else "height"
    return window.frame(title, "step", _ticks(0, steps), ticks, labels) + window.inside(*pieces) + "".join(ends)


@cache
def _reach(surface: Surface) -> tuple[float, float]:
    """The heights, or their powers of ten, that the curves have room for."""
    _, _, heights = surface.grid()
    if not surface.logarithmic:
        return -1.5 * float(np.abs(heights).max()), 1.5 * float(np.abs(heights).max())
    return float(np.floor(np.log10(max(heights.min(), 1e-6)))), float(np.ceil(np.log10(heights.max())))


def _legend(surface: Surface, walk: Walk, k: int, shown: int) -> str:
    x, y = _MAP.left + 416 * k, _MAP.top + _MAP.height + 58
    words = walk.name
    if not surface.shows(walk.way.points[: shown + 1][-1]):
        words += ": off the map"
    return line(x, y - 4, x + 34, y - 4, **_LOOKS[k]) + text(x + 42, y, words, colour=_COLOURS[k], size=13.5)


def _ticks(low: float, high: float) -> list[float]:
    """Four to seven round numbers from `low` to `high`."""
    rough = (high - low) / 5
    unit = 10.0 ** np.floor(np.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= 0.8 * rough)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [float(f"{k * step:.6g}") for k in range(first, last + 1)]


def descent_sentence(surface: Surface, walks: Sequence[Walk], shown: int) -> str:
    """Where each walk started and where it is now, at what critical point, and what has left the map or diverges."""
    start = walks[0].way
    place = ", ".join(value_text(x, 4) for x in start.points[0].tolist())
    told = "; ".join(_told(surface, walk, shown) for walk in walks)
    return f"{surface.about}, from ({place}) at height {_height(start.losses[0])}: {told}."


def _told(surface: Surface, walk: Walk, shown: int) -> str:
    way = walk.way
    step = min(shown, way.steps)
    here, loss = way.points[step], float(way.losses[step])
    after = f"after {step} step{'' if step == 1 else 's'}"
    if way.stopped and shown >= way.steps:
        return f"{walk.name} diverges, {after} its next height is no finite number"
    if not surface.shows(here):
        fate = "diverges and is" if loss > way.losses[0] else "is"
        return f"{walk.name} {fate} off the map {after}, at height {_height(loss)}"
    return f"{walk.name} is at {_place(here)} {after}, height {_height(loss)}{_landmark(surface, here)}"


def _landmark(surface: Surface, here: np.ndarray) -> str:
    """The critical point that the walk has reached, if there is one within a hundredth of the map."""
    size = np.array([np.ptp(surface.a_range), np.ptp(surface.b_range)])
    for point in surface.critical():
        if np.abs((here - [point.a, point.b]) / size).max() < 0.01:
            return f", at the {point.kind}"
    return ""


def _place(point: np.ndarray) -> str:
    return f"({', '.join(value_text(float(f'{x:.2f}') + 0.0) for x in point.tolist())})"


def _height(loss: float) -> str:
    if abs(loss) < 1e-6:
        return "within 0.000001 of 0" if loss else "0"
    return value_text(loss, 3)
