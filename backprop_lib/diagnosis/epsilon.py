"""The error of a numerical slope against the step ε: a valley with two sides.

A large step sees the curve bend: the error of the centred difference falls like ε², that of the one-sided like ε. A
small step divides the rounding of f by ε: the error grows again like 1/ε. So the smallest step is not the best one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..gradcheck import numerical_gradient
from ..tensor import _as_numbers

EPSILONS = tuple(float(f"1e-{k}") for k in range(1, 15))
MARGIN = 3.0  # on another machine rounding may leave so many times as much, or as little


@dataclass(frozen=True)
class EpsilonCurve:
    """Errors of measured gradients, relative to the exact one (norm of the difference over norm of the exact gradient).

    epsilons : the steps, largest first. centred, one_sided : the error of (f(x+ε) − f(x−ε)) / 2ε and of
    (f(x+ε) − f(x)) / ε at each step. rounding : about what the rounding of f alone makes of a centred difference.
    """

    epsilons: np.ndarray
    centred: np.ndarray
    one_sided: np.ndarray
    rounding: np.ndarray

    @property
    def best_epsilon(self) -> float:
        """The step at the bottom of the valley of the centred difference."""
        return float(self.epsilons[np.argmin(self.centred)])

    @property
    def best_one_sided(self) -> float:
        return float(self.epsilons[np.argmin(self.one_sided)])

    @property
    def finding(self) -> str:
        """One sentence with the computed figures; bounds, since what rounding leaves differs between machines."""
        lowest, smallest = float(np.min(self.centred)), float(self.centred[-1])
        bottom = f"The error of the centred difference is smallest, {_below(lowest)}, near ε = {self.best_epsilon:.0e}"
        if smallest <= 10 * lowest:
            return f"{bottom}; down to ε = {self.epsilons[-1]:.0e} it does not grow again."
        above = np.floor(np.log10(smallest / MARGIN))
        return (
            f"{bottom}; at ε = {self.epsilons[-1]:.0e} it is above {10.0**above:.0e} again: a smaller step is not a "
            "safer one."
        )


def epsilon_curve(
    f: Callable[[np.ndarray], Any], x: Any, exact: Any, epsilons: Iterable[float] = EPSILONS
) -> EpsilonCurve:
    """How wrong measured slopes of f at x are, for each step ε.

    f : maps an array of x's shape to a number. x : any shape. exact : the exact gradient there, of x's shape, not zero.
    epsilons : the steps, all larger than 0 and not so small that x ± ε rounds to x. Costs 3 evaluations for each entry
    of x and each step.
    """
    point, truth = (np.array(_as_numbers(a), np.float64) for a in (x, exact))
    if point.shape != truth.shape:
        raise ValueError(f"exact must have x's shape: expected {point.shape}, given {truth.shape}.")
    size = float(np.linalg.norm(truth))
    if size == 0 or not np.isfinite(size):
        raise ValueError("exact is zero or not finite, so no relative error can be given. Choose another x.")
    steps = np.array(sorted({float(e) for e in epsilons}, reverse=True))
    if steps.size == 0:
        raise ValueError("There are no steps: epsilons is empty. Try [1e-2, 1e-5, 1e-8].")
    value = float(f(point.copy()))
    centred, one_sided = [], []
    for epsilon in steps:
        centred.append(np.linalg.norm(numerical_gradient(f, point, epsilon) - truth) / size)
        one_sided.append(np.linalg.norm(_forward(f, point, epsilon, value) - truth) / size)
    rounding = 2.0**-53 * abs(value) / steps * np.sqrt(point.size / 2) / size
    return EpsilonCurve(steps, np.array(centred), np.array(one_sided), rounding)


def _forward(f: Callable[[np.ndarray], Any], x: np.ndarray, epsilon: float, value: float) -> np.ndarray:
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.copy()
        moved[index] += epsilon
        gradient[index] = (float(f(moved)) - value) / (moved[index] - x[index])
    return gradient


def _below(error: float) -> str:
    """A power of ten that the error stays below on any machine."""
    return f"below {10.0 ** np.ceil(np.log10(MARGIN * error)):.0e}" if error > 0 else "0"
