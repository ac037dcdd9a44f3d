"""An activation function, its slope, and what a product of such slopes becomes with depth."""

import math
from functools import cache

import numpy as np

from ..functional import relu, sigmoid, tanh
from ..tensor import Tensor
from .graph_svg import GRADIENT, INK, VALUE
from .sketch import GRADIENT_LINE, GUIDE, VALUE_LINE, Window, document, power, text, value_text

ACTIVATIONS = {"σ": sigmoid, "tanh": tanh, "ReLU": relu}

_RANGE = (-6.0, 6.0)  # of z
_VALUES = {  # range and ticks of the values
    "σ": ((-0.15, 1.15), (0, 0.5, 1)),
    "tanh": ((-1.3, 1.3), (-1, 0, 1)),
    "ReLU": ((-1.2, 6.6), (0, 2, 4, 6)),
}
_LARGEST = {"σ": 0.25, "tanh": 1.0, "ReLU": 1.0}
_DEEPEST = 20  # layers that the third panel has room for
_SMALLEST = -16  # power of ten at its lower edge


def value_and_slope(function: str, z: float) -> tuple[float, float]:
    """f(z) and f′(z), from the engine."""
    at = Tensor(float(z))
    value = ACTIVATIONS[function](at)
    value.backward()
    return float(value.data), float(at.grad)


@cache
def _curves(function: str) -> tuple[list[float], list[float], list[float]]:
    z = Tensor(np.linspace(*_RANGE, 241))
    values = ACTIVATIONS[function](z)
    values.sum().backward()
    return z.data.tolist(), values.data.tolist(), z.grad.tolist()


def saturation_svg(function: str, z: float, depth: int) -> str:
    """Three panels: f with its tangent at z; f′ with its largest value; f′(z) multiplied once for each layer.

    function : "σ", "tanh" or "ReLU". depth : 1 to 20 layers, each with the slope f′(z).
    """
    value, slope = value_and_slope(function, z)
    left, middle, right = _windows(function)
    here = value_text(z)
    return document(
        760,
        282,
        _at_rest(function),
        left.inside(left.through(z, value, slope, **GRADIENT_LINE), left.dot(z, value)),
        middle.inside(middle.dot(z, slope, GRADIENT)),
        right.inside(_product(right, slope, depth)),
        text(left.left, 268, f"{function}({here}) = {value_text(value)}", colour=VALUE),
        text(middle.left, 268, f"{function}′({here}) = {value_text(slope)}", colour=GRADIENT),
        text(right.left, 268, f"{value_text(slope, 4)}{power(depth)} = {value_text(slope**depth)}", colour=GRADIENT),
    )


def _windows(function: str) -> tuple[Window, Window, Window]:
    largest = _LARGEST[function]
    return (
        Window(42, 34, 186, 178, _RANGE, _VALUES[function][0]),
        Window(298, 34, 186, 178, _RANGE, (-0.12 * largest, 1.22 * largest)),
        Window(562, 34, 182, 178, (-0.8, _DEEPEST + 0.8), (_SMALLEST, 0.8)),
    )


@cache
def _at_rest(function: str) -> str:
    """What does not move."""
    left, middle, right = _windows(function)
    zs, values, slopes = _curves(function)
    ticks, largest = (-6, -3, 0, 3, 6), _LARGEST[function]
    exponents = range(0, _SMALLEST - 1, -4)
    names = ["1", *(f"10{power(exponent)}" for exponent in exponents[1:])]
    return "".join(
        (
            left.frame(f"value {function}(z), with tangent", "z", ticks, _VALUES[function][1]),
            left.inside(left.curve(zs, values, **VALUE_LINE)),
            middle.frame(f"slope {function}′(z)", "z", ticks, (0, largest / 2, largest)),
            middle.inside(
                middle.line(_RANGE[0], largest, _RANGE[1], largest, **GUIDE),
                _slopes(middle, function, zs, slopes),
            ),
            text(*middle.at(-5.7, 1.06 * largest), f"never more than {value_text(largest)}", size=11.5),
            right.frame("the slopes multiplied", "layers", (0, 5, 10, 15, 20), exponents, names),
        )
    )


def _slopes(window: Window, function: str, zs: list[float], slopes: list[float]) -> str:
    if function != "ReLU":
        return window.curve(zs, slopes, **GRADIENT_LINE)
    # The jump at 0 is no part of the curve.
    return window.curve((_RANGE[0], 0), (0, 0), **GRADIENT_LINE) + window.curve((0, _RANGE[1]), (1, 1), **GRADIENT_LINE)


def _product(window: Window, slope: float, depth: int) -> str:
    """A stem for each layer, as high as the product so far; a product below the lower edge is marked there."""
    pieces = []
    for layer in range(depth + 1):
        product = slope**layer
        height = math.log10(product) if product > 0 else -math.inf
        seen = max(height, _SMALLEST + 0.5)
        pieces.append(window.line(layer, _SMALLEST, layer, seen, stroke=GRADIENT, **{"stroke-width": "2"}))
        x, y = window.at(layer, seen)
        pieces.append(
            window.dot(layer, seen, GRADIENT)
            if height == seen
            else text(x, y + 5, "▾", anchor="middle", colour=INK, size=14)
        )
    return "".join(pieces)


def saturation_sentence(function: str, z: float, depth: int) -> str:
    """What the picture shows, in one sentence."""
    value, slope = value_and_slope(function, z)
    largest = " (its largest)" if slope == _LARGEST[function] else ""
    layers = "1 layer" if depth == 1 else f"{depth} layers"
    return (
        f"{function}({value_text(z)}) = {value_text(value)} with slope {value_text(slope)}{largest}; through {layers} "
        f"with this slope a gradient is multiplied by {value_text(slope**depth)}."
    )
