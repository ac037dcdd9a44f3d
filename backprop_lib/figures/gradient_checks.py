"""What a measured slope is worth: f seen from as near as ε, the digits that are left, and the valley of the error."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from ..diagnosis import Sides
from .graph_svg import GRADIENT, INK, QUIET, VALUE
from .sketch import GRADIENT_LINE, GUIDE, PALE, THIN, VALUE_LINE, Window, document, line, power, text, value_text

METHODS = ("centred", "one-sided")
PRECISIONS: dict[str, Any] = {"float64": np.float64, "float32": np.float32}
SMALLEST, LARGEST = 15.5, 0.0  # of the exponent k in ε = 10⁻ᵏ
_ERRORS = (-13.0, 1.0)  # powers of ten that the valley has room for


@dataclass(frozen=True)
class Curve:
    """A function of one number, a point, and the slope there, computed by hand."""

    f: Callable[[Any], Any]
    x: float
    slope: float


def _neuron_loss(w: Any) -> Any:
    """½ σ(2w + 0.5)², in w's own precision: the sigmoid neuron of the course, of which w is the weight."""
    one = np.asarray(w).dtype.type
    a = one(1) / (one(1) + np.exp(-(one(2) * w + one(0.5))))
    return a * a / one(2)


_a = 1 / (1 + math.exp(-2.5))
CURVES = {
    "x³ at 2": Curve(lambda x: x * x * x, 2.0, 12.0),
    "neuron's loss": Curve(_neuron_loss, 1.0, 2 * _a * _a * (1 - _a)),
    "ReLU at 0.001": Curve(lambda x: np.maximum(x, np.asarray(x).dtype.type(0)), 0.001, 1.0),
}


def step_of(k: float) -> float:
    """ε for a slider position: 10⁻ᵏ for a whole k, and 3 · 10⁻ᵏ⁻¹ᐟ² halfway between two."""
    halves = round(2 * min(max(k, LARGEST), SMALLEST))
    whole, half = divmod(halves, 2)
    return float(f"3e-{whole + 1}" if half else f"1e-{whole}")


def step_text(epsilon: float) -> str:
    """ε as it is written: 0.01, 3·10⁻⁷."""
    if epsilon >= 1e-3:
        return value_text(epsilon)
    digit, exponent = f"{epsilon:.0e}".split("e")
    return f"{'' if digit == '1' else digit + '·'}10{power(int(exponent))}"


@dataclass(frozen=True)
class Measured:
    """A slope as it is measured with one step.

    slope : the measured slope; relative_error : against the true one. digits : how many decimal digits of the
    difference f(x+ε) − f(x−ε) are left when what both have in common is taken away; 0 if the two are the same number.
    """

    slope: float
    relative_error: float
    digits: float


def measured(curve: Curve, method: str, precision: str, epsilon: float) -> Measured:
    """The slope of the curve as its formula gives it, with every number in this precision."""
    number = PRECISIONS[precision]
    x, e = number(curve.x), number(epsilon)
    high = curve.f(x + e)
    low = curve.f(x - e) if method == "centred" else curve.f(x)
    distance = number(2) * e if method == "centred" else e
    slope = float((high - low) / distance)
    difference, grain = abs(float(high - low)), float(np.spacing(max(abs(high), abs(low))))
    digits = math.log10(difference / grain) if difference else 0.0
    return Measured(slope, abs(slope - curve.slope) / abs(curve.slope), max(digits, 0.0))


@lru_cache(maxsize=64)
def errors(name: str, method: str, precision: str) -> tuple[float, ...]:
    """The relative error at each position of the slider, from the largest step to the smallest."""
    return tuple(measured(CURVES[name], method, precision, step_of(k)).relative_error for k in _positions())


def _positions() -> list[float]:
    return [k / 2 for k in range(round(2 * LARGEST), round(2 * SMALLEST) + 1)]


# ---- the ε slider --------------------------------------------------------------------------------------------------

_NEAR = Window(20, 34, 300, 208, (-1.5, 1.5), (-1.8, 1.8))
_VALLEY = Window(430, 34, 314, 208, (-SMALLEST - 0.4, 0.4), _ERRORS)


def epsilon_svg(name: str, method: str, precision: str, k: float) -> str:
    """Left f in a window as wide as 3 ε, with the measured slope; right the error for every ε; below, the digits."""
    epsilon, curve = step_of(k), CURVES[name]
    found = measured(curve, method, precision, epsilon)
    return document(
        760,
        330,
        _near(name, method, precision, epsilon, found),
        _valley_at_rest(name, precision),
        _VALLEY.inside(_error_mark(found.relative_error, epsilon)),
        text(_VALLEY.left, 292, f"relative error {_error_text(found.relative_error)}"),
        _digits(found, precision),
    )


def epsilon_sentence(name: str, method: str, precision: str, k: float) -> str:
    """What the picture shows, in one sentence."""
    epsilon, curve = step_of(k), CURVES[name]
    found = measured(curve, method, precision, epsilon)
    return (
        f"{name}, {method}, {precision}, ε = {step_text(epsilon)}: measured slope {value_text(found.slope)}, true "
        f"slope {value_text(curve.slope)}, relative error {_error_text(found.relative_error)}; digits "
        f"of f that are left in the difference: about {_left(found, precision)} of {_all_digits(precision)}."
    )


def _near(name: str, method: str, precision: str, epsilon: float, found: Measured) -> str:
    """f as it is computed, in units of ε to the side and of slope · ε upwards: a straight line would be a diagonal."""
    curve, number = CURVES[name], PRECISIONS[precision]
    x, unit = number(curve.x), abs(curve.slope) * epsilon
    offsets = np.linspace(-1.5, 1.5, 181)
    here = float(curve.f(x))
    heights = [(float(curve.f(x + number(h * epsilon))) - here) / unit for h in offsets]
    rise = found.slope / abs(curve.slope)
    sides = (-1.0, 1.0) if method == "centred" else (0.0, 1.0)
    ends = [(side, (float(curve.f(x + number(side * epsilon))) - here) / unit) for side in sides]
    frame = _NEAR.frame("f near x, as it is computed", "", [], [], [])
    for place, label in ((-1, "x − ε"), (0, "x"), (1, "x + ε")):
        frame += _upright(_NEAR, place, label)
    return "".join(
        (
            frame,
            _NEAR.inside(
                _NEAR.curve(offsets.tolist(), heights, **VALUE_LINE),
                _NEAR.through(0, 0, math.copysign(1, curve.slope), **GRADIENT_LINE),
                _NEAR.through(*ends[1], rise, **THIN),
                *(_NEAR.dot(*end) for end in ends),
            ),
            text(_NEAR.left, 292, f"measured {value_text(found.slope)}"),
            text(_NEAR.left + 170, 292, f"true slope {value_text(curve.slope)}", colour=GRADIENT),
        )
    )


@cache
def _valley_at_rest(name: str, precision: str) -> str:
    exponents = range(-12, 1, 4)
    labels = [_power_of_ten(e) for e in exponents]
    ticks = range(-15, 1, 3)
    frame = _VALLEY.frame("relative error", "ε", [], exponents, labels)
    for tick in ticks:
        frame += _upright(_VALLEY, tick, _power_of_ten(tick))
    looks: dict[str, dict[str, Any]] = {"centred": VALUE_LINE, "one-sided": {**THIN, "stroke-dasharray": "5 3"}}
    curves = []
    for method, look in looks.items():
        points = [(math.log10(step_of(k)), _height(e)) for k, e in zip(_positions(), errors(name, method, precision))]
        curves.append(_VALLEY.curve(*zip(*points), **look))
    legend = (
        line(_VALLEY.left + 150, 24, _VALLEY.left + 178, 24, **looks["centred"])
        + text(_VALLEY.left + 183, 28, "centred", colour=VALUE, size=11.5)
        + line(_VALLEY.left + 232, 24, _VALLEY.left + 260, 24, **looks["one-sided"])
        + text(_VALLEY.left + 265, 28, "one-sided", size=11.5)
    )
    return frame + legend + _VALLEY.inside(*curves)


def _upright(window: Window, at: float, label: str) -> str:
    """A line of the grid with a label of its own below it."""
    x, _ = window.at(at, window.y[0])
    bottom = window.top + window.height
    return line(x, window.top, x, bottom, stroke=PALE) + text(x, bottom + 15, label, anchor="middle", size=11.5)


def _power_of_ten(exponent: int) -> str:
    return "1" if exponent == 0 else f"10{power(exponent)}"


def _height(error: float) -> float:
    """Where an error stands in the valley; one of 0 lies at its lower edge."""
    return min(max(math.log10(error), _ERRORS[0]), _ERRORS[1]) if error > 0 else _ERRORS[0]


def _error_mark(error: float, epsilon: float) -> str:
    x, y = math.log10(epsilon), _height(error)
    guide = _VALLEY.line(x, _ERRORS[0], x, _ERRORS[1], **GUIDE)
    if y > _ERRORS[0]:
        return guide + _VALLEY.dot(x, y, INK)
    left, bottom = _VALLEY.at(x, _ERRORS[0])
    return guide + text(left, bottom - 2, "▾", anchor="middle", size=14)


def _error_text(error: float) -> str:
    """Two digits of an error that the bend makes; of one that is rounding, which differs between machines, a bound."""
    if error == 0:
        return "0"
    if error > 1e-7:
        return value_text(error, 2)
    return f"below 10{power(math.ceil(math.log10(error)))}"


def _all_digits(precision: str) -> int:
    return 16 if precision == "float64" else 7


def _left(found: Measured, precision: str) -> int:
    return min(round(found.digits), _all_digits(precision))


def _digits(found: Measured, precision: str) -> str:
    """A box for each decimal digit of f: those that both values share are lost in the difference."""
    count = _all_digits(precision)
    left = _left(found, precision)
    boxes = []
    for i in range(count):
        kept = i >= count - left
        look = f'fill="{VALUE}" fill-opacity="0.75" stroke="{VALUE}"' if kept else f'fill="{PALE}" stroke="{QUIET}"'
        boxes.append(f'<rect x="{20 + 17 * i}" y="304" width="13" height="16" {look}/>')
    x = 20 + 17 * count + 12
    words = f"digits of f: {count - left} of {count} cancel in the difference, left for the slope: {left}"
    return "".join(boxes) + text(x, 316, words)


# ---- kinks ---------------------------------------------------------------------------------------------------------


def kinks_svg(sides: Sequence[Sides], names: Sequence[str]) -> str:
    """For each point a panel: the slope to the left, to the right and their mean, against the step.

    sides : what `slopes_on_both_sides` measured, up to three. names : a title for each.
    """
    if not 1 <= len(sides) <= 3 or len(names) != len(sides):
        raise ValueError(f"Give one to three points and a name for each; given were {len(sides)} and {len(names)}.")
    slopes = [slope for each in sides for slope in (*each.left, *each.right)]
    low, high = min(slopes), max(slopes)
    pad = 0.15 * (high - low) or 1.0
    reach = (low - pad, high + pad)
    pieces = []
    for k, (each, name) in enumerate(zip(sides, names)):
        steps = np.log10(each.epsilons)
        window = Window(44 + 246 * k, 34, 200, 178, (float(steps.min()) - 0.2, float(steps.max()) + 0.2), reach)
        ticks = [t for t in range(-12, 3) if window.x[0] <= t <= window.x[1] and t % 2 == 0]
        levels = [low, (low + high) / 2, high]
        frame = window.frame(name, "step ε", [], levels, [value_text(round(level, 2), 3) for level in levels])
        for tick in ticks:
            frame += _upright(window, tick, _power_of_ten(tick))
        pieces.append(frame)
        pieces.append(
            window.inside(
                window.curve(steps.tolist(), each.left.tolist(), **GRADIENT_LINE),
                window.curve(steps.tolist(), each.right.tolist(), **{**GRADIENT_LINE, "stroke-dasharray": "2 3"}),
                window.curve(steps.tolist(), each.centred.tolist(), **THIN),
                *(window.dot(float(s), float(c), INK) for s, c in zip(steps, each.centred)),
            )
        )
    legend = (
        line(44, 270, 74, 270, **GRADIENT_LINE) + text(80, 274, "slope to the left", colour=GRADIENT)
        + line(220, 270, 250, 270, **{**GRADIENT_LINE, "stroke-dasharray": "2 3"})
        + text(256, 274, "slope to the right", colour=GRADIENT)
        + line(400, 270, 430, 270, **THIN) + text(436, 274, "centred difference, the mean of both")
    )  # fmt: skip
    return document(760, 288, *pieces, legend)
