"""The slopes on the two sides of a point: where f is smooth they meet as the step shrinks, at a kink they never do.

A centred difference is the mean of the two. At a kink it is a number between them that belongs to neither side, and
beside a kink it is one for every step that reaches across.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..gradcheck import compare_gradients
from .report import number

STEPS = tuple(float(f"{digits}e-{k}") for k in range(2, 8) for digits in (20, 10, 5))  # 0.2, 0.1, 0.05, 0.02 …
APART = 1e-2  # sides that differ by less than this fraction of the larger slope have come together


@dataclass(frozen=True)
class Sides:
    """Slopes measured at x to either side, for each step.

    epsilons : the steps, largest first. left, right : (f(x) − f(x−ε)) / ε and (f(x+ε) − f(x)) / ε. centred : their
    mean, (f(x+ε) − f(x−ε)) / 2ε. slope : the slope at x as the checker measures it; at a kink the mean of both.
    kind : "smooth", "kink" at x itself, or "near" one. reach : for "near", the smallest step that reaches the kink.
    """

    x: float
    epsilons: np.ndarray
    left: np.ndarray
    right: np.ndarray
    centred: np.ndarray
    slope: float
    kind: str
    reach: float | None = None

    @property
    def finding(self) -> str:
        """One sentence with the computed figures."""
        at, slope = number(self.x), _four(self.slope)
        if self.kind == "kink":
            return (
                f"At x = {at} there is a kink: however small the step, the slope is {_four(self.left[-1])} on the "
                f"left and {_four(self.right[-1])} on the right, and the centred difference says "
                f"{_four(self.centred[-1])}."
            )
        if self.kind == "near":
            return (
                f"At x = {at} the slope is {slope}, but steps of {number(self.reach)} and more reach across a kink: "
                f"with ε = {number(self.epsilons[0])} the centred difference says {_four(self.centred[0])}."
            )
        return f"At x = {at} the curve is smooth: both sides come together at the slope {slope}."


def slopes_on_both_sides(f: Callable[[float], Any], x: float, epsilons: Iterable[float] = STEPS) -> Sides:
    """Measure the slope of f at x on either side, and recognise a kink at x or within reach of the steps.

    f : a function of one number. x : the point. epsilons : the steps, all larger than 0. Whether x itself is a kink is
    judged by `compare_gradients`, which looks at steps down to the last digits of f.
    """
    steps = np.array(sorted({float(e) for e in epsilons}, reverse=True))
    if steps.size == 0 or not np.all(np.isfinite(steps)) or steps[-1] <= 0:
        raise ValueError(f"epsilons are steps, one or more and all larger than 0; given were {steps.tolist()}.")
    x = float(x)
    here = float(f(x))
    right = np.array([(float(f(x + e)) - here) / e for e in steps])
    left = np.array([(here - float(f(x - e))) / e for e in steps])
    centred = (left + right) / 2
    (entry,) = compare_gradients(lambda at: f(float(at)), x, centred[-1]).entries
    slope = entry.numerical
    if entry.note.startswith("kink: "):
        return Sides(x, steps, left, right, centred, slope, "kink")
    # A smooth curve's sides differ by its bend, which shrinks with the step; a kink's gap does not, until it is out of
    # reach. So the last step that sees it is followed by one whose gap is much smaller than its share of the step.
    gap = np.abs(right - left) > APART * np.maximum(np.abs(left), np.abs(right))
    for k in range(len(steps) - 1, 0, -1):
        before, after = abs(right[k - 1] - left[k - 1]), abs(right[k] - left[k])
        if gap[k - 1] and not gap[k] and after < before / 10 * (steps[k] / steps[k - 1]):
            return Sides(x, steps, left, right, centred, slope, "near", float(steps[k - 1]))
    if entry.note.startswith("kink within"):  # nearer than the smallest step
        return Sides(x, steps, left, right, centred, slope, "near", float(steps[-1]))
    return Sides(x, steps, left, right, centred, slope, "smooth")


def _four(slope: float) -> str:
    return number(round(slope, 4))
