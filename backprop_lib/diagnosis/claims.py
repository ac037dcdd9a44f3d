"""What the learner claims: taken in, checked, and compared with a gradient."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..tensor import Tensor, _as_numbers
from .landmarks import Landmarks
from .walk import Walk

RELATIVE = {np.dtype(np.float64): 1e-6, np.dtype(np.float32): 1e-4}
# Entries this much smaller than the largest of their array are not compared more finely than that.
FLOOR = {np.dtype(np.float64): 1e-11, np.dtype(np.float32): 1e-6}
# What a step on the way may be off by; and how many times what follows from that is still called rounding.
LAST_DIGIT = {np.dtype(np.float64): 2.0**-52, np.dtype(np.float32): 2.0**-23}
ROUNDING = 50.0


@dataclass(frozen=True)
class Claim:
    """The gradient claimed for value `i`, whose name is `name`, and the true one.

    given : what was claimed, in whatever shape; zeros if it was None. slack : how far each entry may be off because it
    was rounded for printing. floor : how far, because large numbers cancel. largest : where its largest entry is.
    """

    i: int
    name: str
    given: np.ndarray
    true: np.ndarray
    was_none: bool
    slack: Any
    floor: float
    dtype: np.dtype
    largest: int

    def fits(self, gradient: Any) -> bool:
        """Whether the claim is this gradient, up to rounding."""
        gradient = np.asarray(gradient)
        if gradient.shape != self.given.shape:
            return False
        if gradient.size == 0:
            return True
        # One entry decides most comparisons, and a comparison of two numbers is much faster than that of two arrays.
        one = float(gradient.flat[self.largest])
        relative, tiny = RELATIVE[self.dtype], FLOOR[self.dtype]
        peak = max(float(gradient.max()), -float(gradient.min()))
        if not np.isfinite(peak):
            return False
        still = self.floor + tiny * peak
        slack = self.slack.flat[self.largest] if isinstance(self.slack, np.ndarray) else self.slack
        if abs(one - float(self.given.flat[self.largest])) > relative * abs(one) + still + slack:
            return False
        return bool(np.all(np.abs(gradient - self.given) <= relative * np.abs(gradient) + (still + self.slack)))

    @property
    def is_rounding(self) -> bool:
        """Whether the true gradient is nothing but rounding, so that any claim as small is right."""
        return self.floor > 0.01 * float(np.max(np.abs(self.true), initial=0.0))

    @property
    def right(self) -> bool:
        return self.fits(self.true)

    @property
    def right_entries(self) -> np.ndarray | None:
        """Which entries are right; None where the shape is not."""
        if self.given.shape != self.true.shape:
            return None
        if self.right:
            return np.ones(self.true.shape, bool)
        allowed = RELATIVE[self.dtype] * np.abs(self.true) + self.floor + self.slack
        right: np.ndarray = np.abs(self.given - self.true) <= allowed
        return right

    @property
    def wrong_entries(self) -> int:
        right = self.right_entries
        return self.given.size if right is None else int(np.sum(~right))

    def reshaped(self, shape: tuple[int, ...]) -> "Claim":
        """The same numbers in another shape."""
        slack = self.slack.reshape(shape) if isinstance(self.slack, np.ndarray) else self.slack
        return replace(self, given=self.given.reshape(shape), slack=slack)


def claims_of(claimed: Any, walk: Walk, marks: Landmarks, digits: Any) -> list[Claim]:
    """The claims in the order in which the walk reaches them."""
    if not isinstance(claimed, Mapping) or not claimed:
        raise TypeError(
            "claimed maps names of Tensors, or the Tensors themselves, to your gradients, such as {'W': dW, 'b': db}; "
            f"given was {'an empty one' if isinstance(claimed, Mapping) else type(claimed).__name__}."
        )
    given: dict[int, Any] = {}
    written: dict[int, Any] = {}
    for key, value in claimed.items():
        i = _number_of(key, walk)
        if i in given:
            raise ValueError(f"{marks.label(i)} is claimed twice, once by name and once as a Tensor. Keep one of them.")
        given[i] = value
        written[i] = digits.get(key) if isinstance(digits, Mapping) else digits
    arrays = {i: _array(value, marks.label(i)) for i, value in given.items() if value is not None}
    single = any(t.dtype == np.float32 for t in walk.tensors) or any(a.dtype == np.float32 for a in arrays.values())
    dtype = np.dtype(np.float32 if single else np.float64)
    rounding = walk.rounding(LAST_DIGIT[dtype])
    largest_of_all = max(
        (float(np.max(np.abs(walk.totals[i]), initial=0.0)) for i in marks.leaves), default=0.0
    )  # fmt: skip
    claims = []
    for i in sorted(given, key=walk.turn.__getitem__):
        true = np.asarray(walk.totals[i], np.float64)
        if not np.all(np.isfinite(true)):
            raise ValueError(
                f"The true gradient of {marks.label(i)} holds nan or inf at these values, so nothing can be compared "
                "with it. Use other inputs, or a loss that does not overflow, such as one from logits."
            )
        array = np.zeros(true.shape) if given[i] is None else arrays[i].astype(np.float64)
        floor = ROUNDING * rounding[i]
        if not np.any(true):
            floor = max(floor, LAST_DIGIT[dtype] * largest_of_all)
        magnitude = np.abs(array)
        claims.append(
            Claim(
                i, marks.label(i), array, true, given[i] is None, _slack(array, written[i]), floor, dtype,
                int(np.argmax(np.where(np.isfinite(magnitude), magnitude, -1))) if array.size else 0,
            )
        )  # fmt: skip
    return claims


def _slack(given: np.ndarray, digits: Any) -> Any:
    """Half a unit in the last printed place: of `digits` significant ones, or of as many after the point.

    An array with more decimals than that cannot have been rounded to them. digits : a number, one for each entry, where
    only the significant ones count, or None for claims that are exact.
    """
    if digits is None:
        return 0.0
    leading = np.floor(np.log10(np.where(given != 0, np.abs(given), 1.0)))
    places = leading + 1 - digits
    if isinstance(digits, int) and np.allclose(given, np.round(given, digits), rtol=1e-12, atol=0):
        places = np.maximum(places, -digits)
    # A little more than one half, since the claim is a decimal and the gradient a binary number.
    return 0.5000001 * 10.0**places


def _number_of(key: Any, walk: Walk) -> int:
    if isinstance(key, Tensor):
        if key not in walk.at:
            raise ValueError(f"{_called(key)} is not part of the computation of this loss. {_known(walk)}")
        i = walk.at[key]
    elif isinstance(key, str):
        named = [i for i, t in enumerate(walk.tensors) if t.name == key]
        if len(named) > 1:
            raise ValueError(
                f"{len(named)} Tensors of this loss are called {key!r}. Use the Tensor itself in the place of its name."
            )
        if not named:
            raise ValueError(f"No Tensor of this loss is called {key!r}. {_known(walk)}")
        i = named[0]
    else:
        raise TypeError(f"claimed is keyed by names or by Tensors; one key is {key!r}, a {type(key).__name__}.")
    if walk.totals[i] is None:
        raise ValueError(
            f"{_called(walk.tensors[i])} gets no gradient: it was created with requires_grad=False, so there is no "
            "true value to compare with. Leave it out, or create it with requires_grad=True."
        )
    return i


def _called(t: Tensor) -> str:
    return repr(t.name) if t.name is not None else f"A Tensor of shape {t.shape}"


def _known(walk: Walk) -> str:
    names = [t.name for i, t in enumerate(walk.tensors) if t.name is not None and walk.totals[i] is not None]
    if names:
        return f"Those with a gradient are called {', '.join(map(repr, names))}."
    return "None of them has a name: create them with Tensor(..., name='W'), or use the Tensors themselves as keys."


def _array(value: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(_as_numbers(value))
    except (TypeError, ValueError) as error:
        raise type(error)(f"The gradient claimed for {name} cannot be read as numbers. {error}") from None
