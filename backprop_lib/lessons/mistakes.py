"""The mistakes that everybody makes once in a chain of neurons, as changes of one step. See `steps`.

Each function is told the names of the steps, so that it serves any chain, and returns a Mistake:

    forgot("dL_dz", "σ′(z)", keeps="dL_da")        dL_dz = dL_da          instead of  dL_da · da_dz
    updated_weight("dL_dh", "dL_dz2", "w2", "dL_dw2")   dL_dh = dL_dz2 · (w2 − rate · dL_dw2)   instead of
    dL_dz2 · w2
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from .steps import Mistake, label, named


def forgot(step: str, factor: str, keeps: str) -> Mistake:
    """`step` is a product; `factor` is left out, and what remains is the value of `keeps`."""
    return Mistake(
        f"{factor} forgotten in {label(step)}",
        f"if the factor {factor} is left out of {label(step)}",
        "Along a path all local derivatives are multiplied: go through the steps between the two ends one by one.",
        {step: named(lambda rest: rest, keeps)},
    )


def forgot_slope(step: str, keeps: str, slope: str = "σ′(z)") -> Mistake:
    """The activation's own derivative is left out."""
    return Mistake(
        f"{slope} forgotten in {label(step)}",
        f"if the activation's slope {slope} is left out",
        "The activation stands between its input and the loss, so its slope is a factor of the product.",
        {step: named(lambda rest: rest, keeps)},
    )


def slope_at(step: str, at: str, slope: Callable[[Any], Any], instead_of: str) -> Mistake:
    """The activation's derivative, a formula in its output, is fed with something else."""
    return Mistake(
        f"{label(step)} taken at {at}",
        f"if {at} is put into the formula of {label(step)} in the place of {instead_of}",
        f"That formula is written in {instead_of}: put {instead_of} in.",
        {step: named(slope, at)},
    )


def sign_flipped(step: str, reason: str = "") -> Mistake:
    return Mistake(
        f"sign of {label(step)} flipped",
        f"if the sign of {label(step)} is turned round",
        reason or "The error is the prediction minus the target, in this order.",
        {step: named(lambda right: -right, step)},
    )


def doubled(step: str) -> Mistake:
    """The 2 of the square, where a ½ in the loss cancels it."""
    return Mistake(
        f"2 too many in {label(step)}",
        f"if {label(step)} has a factor 2 too many",
        "The ½ in front of this loss cancels the 2 that the square brings down.",
        {step: named(lambda right: 2 * right, step)},
    )


def halved(step: str) -> Mistake:
    """No 2 for the square, where no ½ in the loss cancels it."""
    return Mistake(
        f"2 of the square forgotten in {label(step)}",
        f"if the 2 of the square is forgotten in {label(step)}",
        "This loss has no ½ in front, so the 2 that the square brings down stays.",
        {step: named(lambda right: right / 2, step)},
    )


def not_swapped(step: str, upstream: str, own: str, other: str) -> Mistake:
    """A multiply node sends an input its own value, instead of the other's."""
    return Mistake(
        f"inputs not swapped in {label(step)}",
        f"if {own} is multiplied by its own value {own} instead of by {other}",
        "A product's derivative by one input is the other input: a multiply node swaps them.",
        {step: named(lambda upstream, own: upstream * own, upstream, own)},
    )


def updated_weight(step: str, upstream: str, weight: str, gradient: str, rate: str = "rate") -> Mistake:
    """The signal goes back through a weight that was updated already."""
    return Mistake(
        f"updated {weight} used in {label(step)}",
        f"if the already updated {weight} is used on the way back",
        "All gradients belong to one and the same point: go back through the weights of the forward pass,"
        " update afterwards.",
        {step: named(lambda g, w, dw, r: g * (w - r * dw), upstream, weight, gradient, rate)},
    )


def overwritten(step: str, kept: str) -> Mistake:
    """`=` in the place of `+=`: of several paths only one is kept."""
    return Mistake(
        f"only {label(kept)} kept in {label(step)}",
        f"if only {label(kept)} is kept, as `=` in the place of `+=` does",
        "Where paths meet, what they bring is added.",
        {step: named(lambda path: path, kept)},
    )


def multiplied_paths(step: str, *paths: str) -> Mistake:
    return Mistake(
        f"paths multiplied in {label(step)}",
        "if the paths are multiplied with each other",
        "Slopes are multiplied along one path; different paths are added.",
        {step: named(lambda *values: prod(values), *paths)},
    )


def added_slopes(step: str, *slopes: str) -> Mistake:
    return Mistake(
        f"slopes added in {label(step)}",
        "if the slopes along the path are added",
        "Each step stretches what the step before has stretched already: along a path slopes are multiplied.",
        {step: named(lambda *values: sum(values), *slopes)},
    )


def uphill(step: str, weight: str, gradient: str, rate: str = "rate") -> Mistake:
    """An update with a plus."""
    return Mistake(
        f"step uphill in {label(step)}",
        "if the step is added instead of subtracted",
        "The gradient points to where the loss grows; a step down goes against it.",
        {step: named(lambda w, dw, r: w + r * dw, weight, gradient, rate)},
    )


def rate_forgotten(step: str, weight: str, gradient: str) -> Mistake:
    return Mistake(
        f"learning rate forgotten in {label(step)}",
        "if the learning rate is forgotten",
        "The step is the learning rate times the gradient.",
        {step: named(lambda w, dw: w - dw, weight, gradient)},
    )


def rounded_early(digits: int = 3) -> Mistake:
    """Every step on the way is rounded to so many significant digits."""
    return Mistake(
        f"rounded to {digits} digits on the way",
        f"if every step on the way is rounded to {digits} digits",
        "Round once, at the end.",
        every=lambda value: np.vectorize(lambda number: float(f"{number:.{digits}g}"))(value)[()],
    )


def step_alone(step: str, gradient: str, rate: str = "rate") -> Mistake:
    """How far the parameter goes, in the place of where it then stands."""
    return Mistake(
        f"step instead of {label(step)}",
        "if the length of the step is given",
        "Asked is where the parameter stands after the step, not how far it goes.",
        {step: named(lambda dw, r: r * dw, gradient, rate)},
    )


def gradient_alone(step: str, gradient: str) -> Mistake:
    return Mistake(
        f"gradient instead of {label(step)}",
        "if the gradient itself is given",
        "Take the learning rate times the gradient away from the parameter.",
        {step: named(lambda dw: dw, gradient)},
    )


def value_for_slope(step: str, value: str, activation: str = "σ") -> Mistake:
    """What an activation gives out, in the place of its slope."""
    return Mistake(
        f"{activation}'s value taken for {label(step)}",
        f"if {value} itself is taken for the slope of {activation}",
        f"{value} is what {activation} gives out; its slope there is another number, made from {value}.",
        {step: named(lambda given_out: given_out, value)},
    )
