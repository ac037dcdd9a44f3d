"""A sigmoid neuron's loss over its logit, the gradient there, and the two factors that the gradient is made of."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from ..functional import log, sigmoid
from ..tensor import Tensor
from .graph_svg import GRADIENT, INK, QUIET, VALUE
from .sketch import GRADIENT_LINE, GUIDE, THIN, VALUE_LINE, Window, document, power, text, value_text

# L(a, y) for each entry of a = σ(z).
LOSSES: dict[str, Callable[[Tensor, float], Tensor]] = {
    "cross-entropy": lambda a, y: -(y * log(a) + (1 - y) * log(1 - a)),
    "½(a − y)²": lambda a, y: (a - y) ** 2 / 2,
    "(a − y)²": lambda a, y: (a - y) ** 2,
}
COMPARED = {"cross-entropy": "½(a − y)²", "½(a − y)²": "cross-entropy", "(a − y)²": "cross-entropy"}

_RANGE = (-8.4, 8.4)  # of z
_FARTHEST = 20.0  # beyond, 1 − σ(z) has lost too many digits
_HEIGHTS = {  # range and ticks of the loss
    "cross-entropy": ((-0.6, 8.6), (0, 2, 4, 6, 8)),
    "½(a − y)²": ((-0.04, 0.56), (0, 0.25, 0.5)),
    "(a − y)²": ((-0.08, 1.12), (0, 0.5, 1)),
}
_FACTORS = (-8.6, 4.6)  # powers of ten that the third panel shows

_LEFT = Window(36, 34, 186, 186, _RANGE, (0, 1))
_MIDDLE = Window(290, 34, 186, 186, _RANGE, (-1.12, 1.12))
_RIGHT = Window(552, 34, 186, 186, (0, 3), _FACTORS)


@dataclass(frozen=True)
class Signal:
    """What the loss says to a sigmoid neuron: a = σ(z), L, and ∂L/∂z as the product of ∂L/∂a and σ′(z)."""

    a: float
    loss: float
    dL_da: float
    slope: float
    dL_dz: float


def signal(loss: str, z: float, y: float) -> Signal:
    """Forward to the loss and back to the logit, by the engine.

    loss : a name in LOSSES. z : the logit, from −20 to 20. y : the label, from 0 to 1. Raises ValueError beyond.
    """
    if not 0 <= y <= 1:
        raise ValueError(f"The label y of a sigmoid neuron lies between 0 and 1; given was {value_text(y)}.")
    if abs(z) > _FARTHEST:
        raise ValueError(
            f"z = {value_text(z)}: beyond ±{_FARTHEST:g} the sigmoid is 0 or 1 to eight digits, and 1 − σ(z) has lost "
            "its own. Choose a z between −20 and 20."
        )
    logit = Tensor(float(z))
    a = sigmoid(logit)
    output = Tensor(a.item())
    LOSSES[loss](output, y).backward()
    a.backward(output.grad)
    value, dL_da = a.item(), float(output.grad)
    return Signal(value, LOSSES[loss](a, y).item(), dL_da, value * (1 - value), float(logit.grad))


@lru_cache(maxsize=64)
def _curves(loss: str, y: float) -> tuple[list[float], list[float], list[float]]:
    z = Tensor(np.linspace(*_RANGE, 161))
    losses = LOSSES[loss](sigmoid(z), y)
    losses.sum().backward()
    return z.data.tolist(), losses.data.tolist(), z.grad.tolist()


def loss_svg(loss: str, z: float, y: float) -> str:
    """Three panels over the logit z: L with its tangent; ∂L/∂z of this loss and of another; the factors of ∂L/∂z.

    In the third panel a factor is a step up or down, by its powers of ten, and the steps lead to the product.
    """
    here, other = signal(loss, z, y), signal(COMPARED[loss], z, y)
    left = Window(_LEFT.left, _LEFT.top, _LEFT.width, _LEFT.height, _RANGE, _HEIGHTS[loss][0])
    zs, losses, gradients = _curves(loss, y)
    _, _, others = _curves(COMPARED[loss], y)
    dots = [_MIDDLE.dot(z, other.dL_dz, QUIET), _MIDDLE.dot(z, here.dL_dz, GRADIENT)]
    return document(
        760,
        310,
        _at_rest(loss),
        left.inside(
            left.curve(zs, losses, **VALUE_LINE),
            left.through(z, here.loss, here.dL_dz, **GRADIENT_LINE),
            left.dot(z, here.loss, VALUE),
        ),
        _MIDDLE.inside(
            _MIDDLE.curve(zs, others, **{**THIN, "stroke": QUIET}),
            _MIDDLE.curve(zs, gradients, **GRADIENT_LINE),
            *dots,
        ),
        _factors(here),
        text(_LEFT.left, 276, f"a = σ({value_text(z)}) = {value_text(here.a)}", colour=VALUE),
        text(_LEFT.left, 296, f"L = {value_text(here.loss)}", colour=VALUE),
        text(_MIDDLE.left, 276, f"∂L/∂z = {value_text(here.dL_dz)}", colour=GRADIENT),
        text(_MIDDLE.left, 296, f"with {COMPARED[loss]}: {value_text(other.dL_dz)}", colour=QUIET),
        text(_RIGHT.left, 276, f"({value_text(here.dL_da)}) · {value_text(here.slope)}", colour=GRADIENT),
        text(_RIGHT.left, 296, f"= {value_text(here.dL_dz)}", colour=GRADIENT),
    )


@cache
def _at_rest(loss: str) -> str:
    """What does not move."""
    left = Window(_LEFT.left, _LEFT.top, _LEFT.width, _LEFT.height, _RANGE, _HEIGHTS[loss][0])
    exponents = range(4, -9, -2)
    names = ["1" if exponent == 0 else f"10{power(exponent)}" for exponent in exponents]
    ticks = (-8, -4, 0, 4, 8)
    return "".join(
        (
            left.frame("loss L, with its tangent", "z", ticks, _HEIGHTS[loss][1]),
            _MIDDLE.frame("gradient ∂L/∂z", "z", ticks, (-1, -0.5, 0, 0.5, 1)),
            _MIDDLE.inside(_MIDDLE.line(_RANGE[0], 0, _RANGE[1], 0, **GUIDE)),
            _RIGHT.frame("its factors, without signs", "", (), exponents, names),
        )
    )


def _factors(here: Signal) -> str:
    """A step from 1 to the first factor, one on to the product, and the product: on this axis steps add up.

    What lies beyond the lower edge is marked there.
    """
    low, high = _FACTORS[0] + 0.4, _FACTORS[1]
    first, product = (math.log10(abs(value)) if value else -math.inf for value in (here.dL_da, here.dL_dz))
    steps = (("∂L/∂a", 0.0, first), ("σ′(z)", first, product), ("∂L/∂z", 0.0, product))
    bottom, pieces = _RIGHT.top + _RIGHT.height, []
    for k, (name, start, end) in enumerate(steps):
        upper, lower = (min(max(height, low), high) for height in (max(start, end), min(start, end)))
        x0, y0 = _RIGHT.at(k + 0.2, upper)
        x1, y1 = _RIGHT.at(k + 0.8, lower)
        pieces.append(
            f'<rect x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" height="{max(y1 - y0, 2):.1f}" fill="{GRADIENT}" '
            f'fill-opacity="{1 if k == 2 else 0.5}"/>'
        )
        if end < low:
            pieces.append(text((x0 + x1) / 2, y1 + 8, "▾", anchor="middle", colour=INK, size=14))
        if k < 2:
            seen = min(max(end, low), high)
            pieces.append(_RIGHT.line(k + 0.8, seen, k + 1.8, seen, **GUIDE))
            pieces.append(text(_RIGHT.at(k + 1, 0)[0], bottom + 17, "·="[k], anchor="middle"))
        pieces.append(text((x0 + x1) / 2, bottom + 17, name, anchor="middle"))
    return "".join(pieces)


def loss_sentence(loss: str, z: float, y: float) -> str:
    """What the picture shows, in one sentence."""
    here, other = signal(loss, z, y), signal(COMPARED[loss], z, y)
    return (
        f"With the loss {loss}, the logit z = {value_text(z)} and the label y = {value_text(y)}: "
        f"a = {value_text(here.a)}, L = {value_text(here.loss)}, and ∂L/∂z = ({value_text(here.dL_da)}) · "
        f"{value_text(here.slope)} = {value_text(here.dL_dz)}; "
        f"with {COMPARED[loss]} it would be {value_text(other.dL_dz)}."
    )
