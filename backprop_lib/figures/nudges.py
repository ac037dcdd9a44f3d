"""Nudging an input: the ratio that becomes a slope, slopes that multiply along a chain and add up over paths."""

import math
import sys
from functools import cache

import numpy as np

from ..functional import sin
from ..tensor import Tensor
from .graph_svg import FOCUS, GRADIENT, INK, QUIET, VALUE
from .sketch import GRADIENT_LINE, GUIDE, PALE, THIN, VALUE_LINE, Window, document, line, text, value_text

CURVES = {"x²": lambda x: x * x, "(3x + 1)²": lambda x: (3 * x + 1) ** 2, "sin x": sin}

_X = (-1.0, 4.0)
_Y = {
    "x²": ((-3, 17), (0, 5, 10, 15)),
    "(3x + 1)²": ((-25, 175), (0, 50, 100, 150)),
    "sin x": ((-1.4, 1.4), (-1, 0, 1)),
}
_NUDGE = (-1.0, 1.0)
_SMALLEST_NUDGE = 1e-7  # beside an x of 1


def rounding(largest: float) -> float:
    """What a difference of numbers as large as this may be off by, since each has 16 digits."""
    return 4 * sys.float_info.epsilon * abs(largest)


def resolved(difference: float, unsure: float) -> float:
    """A difference that may be off by `unsure`, in the digits that are sure; 0 if none is."""
    if abs(difference) < 10 * unsure:
        return 0.0
    return round(difference, -math.ceil(math.log10(unsure))) if unsure else difference


def _f(curve: str, x: float) -> float:
    return float(CURVES[curve](Tensor(float(x))).data)


def slope_at(curve: str, x: float) -> float:
    """f′(x), from the engine."""
    at = Tensor(float(x))
    CURVES[curve](at).backward()
    return float(at.grad)


def ratio(curve: str, x: float, nudge: float) -> float:
    """Δy/Δx for a nudge Δx, which is not 0. Raises ValueError for one so small that rounding would be the finding."""
    smallest = _SMALLEST_NUDGE * max(1.0, abs(x))
    if abs(nudge) < smallest:
        raise ValueError(
            f"A nudge Δx = {value_text(nudge)} is too small here: y(x + Δx) and y(x) agree in nearly all their digits, "
            f"and rounding decides the rest, as notebook 07 shows. Choose 0 or at least {value_text(smallest, 2)}."
        )
    return (_f(curve, x + nudge) - _f(curve, x)) / nudge


def _distance(curve: str, x: float, nudge: float) -> str:
    """How far Δy/Δx is from the slope, in the digits that the rounding of x and y leaves."""
    slope = slope_at(curve, x)
    largest = max(abs(_f(curve, x)), abs(_f(curve, x + nudge)), abs(x * slope))
    unsure = rounding(largest) / abs(nudge)
    away = resolved(abs(ratio(curve, x, nudge) - slope), unsure)
    return value_text(away) if away or not unsure else f"less than {value_text(10 * unsure, 1)}"


def secant_svg(curve: str, x: float, nudge: float) -> str:
    """Left the curve with the secant through x and x + Δx and the tangent at x; right Δy/Δx for every Δx."""
    left, right = _secant_windows(curve, x)
    slope, now = slope_at(curve, x), ratio(curve, x, nudge) if nudge else None
    y, moved = _f(curve, x), _f(curve, x + nudge)
    secant = "" if now is None else left.through(x, y, now, **THIN)
    return document(
        760,
        312,
        _curve_at_rest(curve),
        left.inside(
            left.through(x, y, slope, **GRADIENT_LINE),
            secant,
            left.line(x, y, x + nudge, y, **GUIDE),
            left.line(x + nudge, y, x + nudge, moved, **GUIDE),
            left.dot(x + nudge, moved, QUIET),
            left.dot(x, y, VALUE),
        ),
        _ratios(curve, x, right),
        right.inside("" if now is None else right.dot(nudge, now, INK)),
        text(left.left, 298, f"Δy = {value_text(moved - y)} for Δx = {value_text(nudge)}"),
        text(right.left, 298, f"Δy / Δx = {'0 / 0' if now is None else value_text(now)}"),
        text(right.left + 190, 298, f"slope {value_text(slope)}", colour=GRADIENT),
    )


def _secant_windows(curve: str, x: float) -> tuple[Window, Window]:
    ratios = [ratio(curve, x, nudge) for nudge in _NUDGE]
    middle = slope_at(curve, x)
    reach = max(1.25 * max(abs(each - middle) for each in ratios), 0.5)
    return Window(48, 34, 320, 208, _X, _Y[curve][0]), Window(
        440, 34, 304, 208, _NUDGE, (middle - reach, middle + reach)
    )


@cache
def _curve_at_rest(curve: str) -> str:
    left, _ = _secant_windows(curve, 0.0)
    x = Tensor(np.linspace(*_X, 151))
    return left.frame(
        f"y = {curve}, with secant (thin) and tangent (dashed)", "x", (-1, 0, 1, 2, 3, 4), _Y[curve][1]
    ) + left.inside(left.curve(x.data.tolist(), CURVES[curve](x).data.tolist(), **VALUE_LINE))


def _ratios(curve: str, x: float, window: Window) -> str:
    slope = slope_at(curve, x)
    nudges = [k / 20 for k in range(-20, 21) if k]
    heights = [ratio(curve, x, nudge) for nudge in nudges]
    low, high = window.y
    ticks = [low + (high - low) * share for share in (0.1, 0.9)]
    hole = window.at(0, slope)
    return "".join(
        (
            window.frame("Δy / Δx", "Δx", (-1, -0.5, 0, 0.5, 1), ticks, [value_text(tick, 3) for tick in ticks]),
            window.inside(
                window.line(_NUDGE[0], slope, _NUDGE[1], slope, **GRADIENT_LINE),
                window.curve(nudges, heights, **THIN),
            ),
            # Without a nudge there is no ratio: the curve has a hole.
            f'<circle cx="{hole[0]:.1f}" cy="{hole[1]:.1f}" r="4.5" fill="#FFFFFF" stroke="{INK}"/>',
        )
    )


def secant_sentence(curve: str, x: float, nudge: float) -> str:
    """What the picture shows, in one sentence."""
    slope = slope_at(curve, x)
    where = f"y = {curve} at x = {value_text(x)}"
    if nudge == 0:
        return f"{where}: without a nudge Δy / Δx is 0 / 0; what it closes in on is the slope {value_text(slope)}."
    change = _f(curve, x + nudge) - _f(curve, x)
    return (
        f"{where}: a nudge Δx = {value_text(nudge)} changes y by {value_text(change)}, that is Δy / Δx = "
        f"{value_text(ratio(curve, x, nudge))}; the slope is {value_text(slope)}, "
        f"{_distance(curve, x, nudge)} away."
    )


_RADIUS = 52.0
_TURN = 60.0  # degrees for a change of 1


def gears_svg(nudge: float, slopes: tuple[float, float, float]) -> str:
    """Four gears x, u, v, y: each turns `slope` times as far as the one before it. Top: the whole train's slope."""
    changes = [nudge, nudge * slopes[0], nudge * slopes[0] * slopes[1], nudge * math.prod(slopes)]
    pieces = []
    for k, (name, change) in enumerate(zip("xuvy", changes, strict=True)):
        x = 85 + k * 196.5
        pieces.append(_gear(x, 130, change, name))
        pieces.append(text(x, 214, f"Δ{name} = {value_text(change)}", anchor="middle", colour=VALUE))
        if k < 3:
            pieces.append(_arrow(x + _RADIUS + 14, 130, x + 196.5 - _RADIUS - 14, 130))
            pieces.append(text(x + 98, 120, f"× {value_text(slopes[k])}", anchor="middle", colour=GRADIENT, size=14))
            pieces.append(text(x + 98, 152, f"∂{'uvy'[k]}/∂{'xuv'[k]}", anchor="middle", colour=GRADIENT))
    factors = " × ".join(_in_brackets(slope) for slope in slopes)
    whole = f"∂y/∂x = {factors} = {value_text(math.prod(slopes))}"
    pieces.append(text(380, 34, whole, anchor="middle", colour=GRADIENT, size=16))
    return document(760, 232, *pieces)


def _gear(x: float, y: float, change: float, name: str) -> str:
    turn = change * _TURN
    teeth = 18
    rim = [
        (x + r * math.sin(a), y - r * math.cos(a))
        for tooth in range(teeth)
        for r, part in ((_RADIUS, 0.0), (_RADIUS, 0.5), (_RADIUS - 7, 0.58), (_RADIUS - 7, 0.92))
        for a in [math.radians(turn) + 2 * math.pi * (tooth - 0.25 + part) / teeth]
    ]
    outline = " ".join(f"{a:.1f},{b:.1f}" for a, b in rim)
    angle = math.radians(turn)
    tip = (x + 36 * math.sin(angle), y - 36 * math.cos(angle))
    return (
        f'<polygon points="{outline}" fill="{PALE}" stroke="{QUIET}"/>'
        + _sector(x, y, 36, turn)
        + line(x, y, x, y - 36, **GUIDE)
        + line(x, y, *tip, **{**VALUE_LINE, "stroke-width": "3"})
        + f'<circle cx="{x:g}" cy="{y:g}" r="11" fill="#FFFFFF" stroke="{QUIET}"/>'
        + text(x, y + 4.5, name, anchor="middle", size=14)
    )


def _sector(x: float, y: float, radius: float, turn: float) -> str:
    """The angle from upright to the pointer; more than a full turn fills the circle."""
    if abs(turn) >= 360:
        return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{FOCUS}"/>'
    a = math.radians(turn)
    large, clockwise = int(abs(turn) > 180), int(turn > 0)
    return (
        f'<path d="M{x:g} {y:g}V{y - radius:g}A{radius:g} {radius:g} 0 {large} {clockwise} '
        f'{x + radius * math.sin(a):.1f} {y - radius * math.cos(a):.1f}Z" fill="{FOCUS}"/>'
    )


def _arrow(x0: float, y0: float, x1: float, y1: float) -> str:
    turn = math.degrees(math.atan2(y1 - y0, x1 - x0))
    head = f'<path d="M{x1:g} {y1:g}l-9 -4.5v9z" fill="{QUIET}" transform="rotate({turn:.1f} {x1:g} {y1:g})"/>'
    return line(x0, y0, x1, y1, **THIN) + head


def _in_brackets(value: float) -> str:
    return f"({value_text(value)})" if value < 0 else value_text(value)


def gears_sentence(nudge: float, slopes: tuple[float, float, float]) -> str:
    """What the picture shows, in one sentence."""
    first, second, third = slopes
    whole = math.prod(slopes)
    factors = " × ".join(_in_brackets(slope) for slope in slopes)
    return (
        f"Nudging x by {value_text(nudge)} moves u by {value_text(nudge * first)}, v by "
        f"{value_text(nudge * first * second)} and y by {value_text(nudge * whole)}: the slopes multiply, "
        f"{factors} = {value_text(whole)}."
    )


def two_paths_svg(x: float, nudge: float) -> str:
    """x reaches y = u + v through u = 2x and through v = x²; below, the parts of Δy that each path brings."""
    du, dv = 2 * nudge, (2 * x + nudge) * nudge
    nodes = {"x": (70, 118), "u = 2x": (290, 58), "v = x²": (290, 178), "y = u + v": (520, 118)}
    wires = [
        ("x", "u = 2x", "2"),
        ("x", "v = x²", value_text(2 * x)),
        ("u = 2x", "y = u + v", "1"),
        ("v = x²", "y = u + v", "1"),
    ]
    changes = {"x": nudge, "u = 2x": du, "v = x²": dv, "y = u + v": du + dv}
    pieces = []
    for source, target, slope in wires:
        (x0, y0), (x1, y1) = nodes[source], nodes[target]
        pieces.append(_arrow(x0 + 50, y0, x1 - 50, y1))
        where, anchor = ((x0 + x1) / 2 - 3, (y0 + y1) / 2 + (-9 if "u = 2x" in (source, target) else 20)), "middle"
        if target == "v = x²":  # the only slope that may be long: it grows away from the arrow
            where, anchor = (where[0] + 15, where[1] + 4), "end"
        pieces.append(text(*where, f"× {slope}", anchor=anchor, colour=GRADIENT, size=14))
    for name, (a, b) in nodes.items():
        pieces.append(f'<rect x="{a - 50}" y="{b - 24}" width="100" height="48" rx="8" fill="#FFFFFF" stroke="{INK}"/>')
        pieces.append(text(a, b - 5, name, anchor="middle"))
        pieces.append(
            text(a, b + 14, f"Δ{name[0]} = {value_text(changes[name])}", anchor="middle", colour=VALUE, size=11.5)
        )
    pieces.append(text(590, 88, "along the paths", colour=GRADIENT, size=11.5))
    pieces.append(text(590, 108, "2 × 1 = 2", colour=GRADIENT))
    pieces.append(text(590, 128, f"{value_text(2 * x)} × 1 = {value_text(2 * x)}", colour=GRADIENT))
    pieces.append(line(590, 136, 690, 136, stroke=GRADIENT))
    pieces.append(text(590, 154, f"∂y/∂x = {value_text(2 + 2 * x)}", colour=GRADIENT))
    return document(760, 226, *pieces)


def two_paths_sentence(x: float, nudge: float) -> str:
    """What the picture shows, in one sentence."""
    du, dv = 2 * nudge, (2 * x + nudge) * nudge
    ratio_now = "" if nudge == 0 else f", {value_text((du + dv) / nudge)} for each unit of Δx"
    return (
        f"Nudging x = {value_text(x)} by {value_text(nudge)} brings {value_text(du)} through u and {value_text(dv)} "
        f"through v: together {value_text(du + dv)}{ratio_now}; the slopes of the two paths add, "
        f"2 + {_in_brackets(2 * x)} = {value_text(2 + 2 * x)}."
    )
