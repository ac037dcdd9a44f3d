"""Is a gradient right? Measure the slopes, and judge what is claimed entry by entry.

The slope of f in one entry of x is measured by moving that entry a step h to both sides:

    centred difference  =  (f(x + h) − f(x − h)) / 2h

It has two errors. The curve bends between the two points: that error shrinks like h². And f is rounded in its 16th
digit, which the division by h blows up: that error grows like |f|·10⁻¹⁶/h. `numerical_gradient` uses the one step it is
given. The checkers `compare_gradients` and `check_gradients` measure with several, remove the h² error by combining two
of them (Richardson's extrapolation), and take the disagreement between steps as the error of the measurement.

Errors are judged relative to the gradient itself, as the notes of the Stanford course CS231n recommend: a gradient of
10⁻⁶ that is off by a factor of two is wrong, however small the difference.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from .modes import no_grad
from .tensor import Tensor, gradients_of

RIGHT, WRONG, KINK, CANNOT_TELL = "right", "wrong", "kink", "cannot tell"

# Steps, as fractions of max(1, |x|): powers of 4, so that x ± h is exact. Most slopes are settled by the first look.
STEPS = 4.0 ** -np.arange(23)
FIRST_LOOK = STEPS[5:9]  # 0.001 … 0.000015
NEAR = FIRST_LOOK[-1]

EPSILON = float(np.finfo(np.float64).eps)
CLEAR = 5e-3  # a slope is known if its error is below this fraction of it: then a claim that is 1 % off is seen
SHOWN_ROWS = 20


def numerical_gradient(f: Callable[[np.ndarray], Any], x: Any, eps: float = 1e-5) -> np.ndarray:
    """The gradient of f at x by centred differences: (f(x + ε) − f(x − ε)) / 2ε, one entry after another.

    f : maps an array of x's shape to a number. x : any shape; it is not changed. eps : the step ε, larger than 0.
    Returns a float64 array of x's shape. Costs two evaluations of f for each entry.
    """
    if not (np.isfinite(eps) and eps > 0):
        raise ValueError(f"eps is a step and must be larger than 0; given was {eps}. Try 1e-5.")
    x = _point(x)
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        left, right = _moved(x, index, -eps), _moved(x, index, eps)
        distance = right[index] - left[index]  # 2ε, as far as floating-point numbers allow
        if distance == 0:
            raise ValueError(
                f"A step of {eps:.6g} is lost beside x = {x[index]:.6g}: x ± ε rounds to x. Try a larger eps."
            )
        gradient[index] = (_number(f(right)) - _number(f(left))) / distance
    return gradient


def compare_gradients(
    f: Callable[[np.ndarray], Any], x: Any, claimed: Any, tolerance: float = 1e-5
) -> "GradientReport":
    """Judge a claimed gradient of f at x, entry by entry.

    f : maps an array of x's shape to a number, the same for the same x. x : any shape; it is not changed, and f gets
    float64 copies also where x is float32. claimed : the gradient to judge, of x's shape. tolerance : the relative
    difference that is still right (0.001 for a claim in float32, if that is larger).

    An entry is *right* if |claimed − measured| is at most tolerance · max(|claimed|, |measured|), beyond what the
    measurement itself leaves open; also if both are zero as far as rounding lets anybody see. At a *kink*, such as
    that of relu at 0, every number between the slopes on the left and on the right is accepted. Otherwise it is
    *wrong*; or, where steps large and small disagree too much to see an error of 1 %, the checker *cannot tell*.
    The report's `ok` is True only if every entry is right or at a kink.
    """
    return GradientReport(tuple(_compared(f, x, claimed, "x", tolerance)))


def check_gradients(
    loss: Callable[[], Tensor], tensors: Tensor | Iterable[Tensor], tolerance: float = 1e-5
) -> "GradientReport":
    """Judge the gradients that `backward()` finds for `tensors`, as `compare_gradients` does.

    loss : a function without arguments that computes the loss from the tensors' current values and returns a Tensor
    with a single entry. tensors : the leaves to check, such as `model.parameters()`. Their values and gradients are
    left as they were; everything is computed in float64, also for float32 leaves.
    """
    leaves = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    _check_leaves(leaves)
    entries: list[Entry] = []
    with _as_float64(leaves):
        gradients = gradients_of(_checked_loss(loss), leaves)
        for position, (leaf, claimed) in enumerate(zip(leaves, gradients)):

            def loss_at(value: np.ndarray, leaf: Tensor = leaf) -> float:
                leaf.data = value
                with no_grad():
                    return _checked_loss(loss).item()

            value = leaf.numpy()
            entries += _compared(loss_at, value, claimed, leaf.name or f"tensors[{position}]", tolerance)
            leaf.data = value
    return GradientReport(tuple(entries))


# ---- the report ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """The verdict on one entry: `verdict` is "right", "wrong", "kink" or "cannot tell"; `note` says why where needed.

    `index` is None if the claim as a whole could not be compared. `relative_error` is |claimed − measured| divided by
    the larger of the two; 0 where both are zero within rounding, and between the two slopes of a kink.
    """

    name: str
    index: tuple[int, ...] | None
    claimed: float
    numerical: float
    relative_error: float
    verdict: str
    note: str = ""

    @property
    def where(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.index))}]" if self.index else self.name


@dataclass(frozen=True, repr=False)
class GradientReport:
    """What the checker found. `entries` holds one `Entry` for each number; printing shows a table, the worst first.

    A report is true if it is ok, so `assert check_gradients(loss, parameters)` works.
    """

    entries: tuple[Entry, ...]

    @property
    def ok(self) -> bool:
        return all(entry.verdict in (RIGHT, KINK) for entry in self.entries)

    def __bool__(self) -> bool:
        return self.ok

    @property
    def worst(self) -> Entry:
        """The entry that most deserves a look: wrong before undecided before right, then by relative error."""
        return self._worst_first()[0]

    @property
    def largest_relative_error(self) -> float:
        return max(entry.relative_error for entry in self.entries)

    @property
    def where(self) -> str:
        """Where the largest relative error is, such as "W1[0, 2]"."""
        return max(self.entries, key=lambda entry: entry.relative_error).where

    def with_verdict(self, verdict: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.verdict == verdict]

    @property
    def summary(self) -> str:
        """One or two sentences: the verdict, and where to look."""
        worst, count = self.worst, len(self.entries)
        of_all = f"{len(self.with_verdict(worst.verdict))} of {count} entries"
        if worst.index is None:
            return f"Wrong: {worst.note}"
        if worst.verdict == WRONG:
            return (
                f"Wrong: {of_all}. The largest relative error is {_shown_error(worst)}, at {worst.where}: "
                f"claimed {worst.claimed:.6g}, measured {_shown_number(worst)}."
            )
        if worst.verdict == CANNOT_TELL:
            return f"Cannot tell: {of_all} could not be measured. {worst.where}: {worst.note}."
        kinks = f" {of_all} lie at a kink, between its two slopes." if worst.verdict == KINK else ""
        error = self.largest_relative_error
        agree = f"relative error at most {error:.2g}" if error > 1e-7 else "relative error below 1e-07"
        return f"Right: {count} of {count} entries agree with the measured slopes ({agree}).{kinks}"

    def _worst_first(self) -> list[Entry]:
        order = (WRONG, CANNOT_TELL, KINK, RIGHT)
        return sorted(
            self.entries,
            key=lambda entry: (order.index(entry.verdict), -_for_order(entry.relative_error), not entry.note),
        )

    def _rows(self) -> tuple[list[tuple[str, ...]], str]:
        shown = self._worst_first()[:SHOWN_ROWS]
        rows: list[tuple[str, ...]] = [
            (e.where, f"{e.claimed:.6g}", _shown_number(e), _shown_error(e), e.verdict, e.note) for e in shown
        ]
        left = len(self.entries) - len(shown)
        return rows, f"… and {left} more, none of them worse." if left else ""

    def __repr__(self) -> str:
        rows, rest = self._rows()
        table = [HEADINGS, *rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(HEADINGS))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table]
        return "\n".join([self.summary, "", *lines, *([rest] if rest else [])])

    def _repr_html_(self) -> str:
        rows, rest = self._rows()
        head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in HEADINGS)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        return (
            f"<table><caption>{escape(self.summary)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>" + (f"<p>{escape(rest)}</p>" if rest else "")
        )


HEADINGS = ("entry", "claimed", "measured", "relative error", "verdict", "note")


def _for_order(error: float) -> float:
    """Relative errors below 10⁻⁷ are rounding, which differs between machines; the order of the table shall not."""
    return error if error > 1e-7 else 0.0


def _shown_error(entry: Entry) -> str:
    if entry.verdict == KINK:
        return "—"
    return f"{entry.relative_error:.2g}" if entry.relative_error > 1e-7 else "below 1e-07"


def _shown_number(entry: Entry) -> str:
    only_rounding = entry.verdict == RIGHT and entry.relative_error == 0 and entry.claimed != entry.numerical
    return "0" if only_rounding else f"{entry.numerical:.6g}"


# ---- the verdict --------------------------------------------------------------------------------------------------


def _compared(f: Callable[[np.ndarray], Any], x: Any, claimed: Any, name: str, tolerance: float) -> Iterator[Entry]:
    x = _point(x)
    claimed = Tensor(claimed, requires_grad=False).numpy()
    if claimed.shape != x.shape:
        hint = " It would fit transposed." if claimed.T.shape == x.shape else ""
        note = f"a gradient has the shape of its variable, {x.shape}; claimed was one of shape {claimed.shape}.{hint}"
        yield Entry(name, None, np.nan, np.nan, np.inf, WRONG, note)
        return
    # A claim in float32 is rounded in its 7th digit, and sums that cancel to about 0 keep what was rounded away.
    rounding_of_claim = 0.0
    if claimed.dtype == np.float32:
        tolerance = max(tolerance, 1e-3)
        rounding_of_claim = 16 * float(np.finfo(np.float32).eps) * float(np.max(np.abs(claimed)))
    value = _number(f(x.copy()))
    _check_repeatable(value, _number(f(x.copy())))
    digits = _rounding(f, x, value)
    for index in np.ndindex(x.shape):
        claim, line = float(claimed[index]), _Line(f, x, index, value, digits)
        slope = line.slope(FIRST_LOOK)
        entry = _judged(name, index, claim, slope, tolerance, rounding_of_claim)
        precise = slope.error <= tolerance * abs(slope.value) or claim == slope.value == 0
        if entry.verdict != RIGHT or slope.note or not precise:
            entry = _judged(name, index, claim, line.slope(STEPS), tolerance, rounding_of_claim)
        yield entry


def _judged(
    name: str, index: tuple[int, ...], claimed: float, slope: "_Slope", tolerance: float, rounding_of_claim: float
) -> Entry:
    measured, error = slope.value, slope.error + rounding_of_claim
    difference, size = abs(claimed - measured), max(abs(claimed), abs(measured))

    def entry(verdict: str, relative_error: float, note: str = slope.note) -> Entry:
        return Entry(name, index, claimed, float(measured), float(relative_error), verdict, note)

    if not np.isfinite(claimed):
        return entry(WRONG, np.inf, "the claim is not a finite number")
    if slope.sides is not None:
        low, high = slope.sides
        outside = max(low - claimed, claimed - high)
        if outside <= tolerance * max(abs(low), abs(high)) + error:
            return entry(KINK, 0)
        return entry(WRONG, outside / max(abs(low), abs(high), abs(claimed)))
    if not np.isfinite(error):
        return entry(CANNOT_TELL, np.inf, "f has no finite values on both sides of x")
    relative_error = difference / size if size else 0
    if difference > tolerance * size + error:
        return entry(WRONG, relative_error)
    if error <= CLEAR * size:
        return entry(RIGHT, relative_error)
    if slope.zero is not None and abs(claimed) <= slope.zero + rounding_of_claim:
        return entry(RIGHT, 0)
    return entry(CANNOT_TELL, relative_error, slope.note or f"the slope is known only to within {error:.1g}")


# ---- the measurement ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Slope:
    """A measured slope. It lies within `error` of `value`; a claim of at most `zero` counts as zero (None: none does).

    `sides`: the smallest and the largest one-sided slope seen, where f has a kink that no step could avoid.
    """

    value: float
    error: float
    zero: float | None
    note: str = ""
    sides: tuple[float, float] | None = None


class _Line:
    """f along one entry of x."""

    def __init__(self, f: Callable, x: np.ndarray, index: tuple[int, ...], value: float, rounding: float):
        self.f, self.x, self.index, self.value, self.rounding = f, x, index, value, rounding
        self.scale = 2.0 ** np.ceil(np.log2(max(1.0, abs(x[index]))))

    def at(self, step: float) -> float:
        """f there; nan where f is not defined."""
        try:
            with np.errstate(all="ignore"):
                return _number(self.f(_moved(self.x, self.index, step)))
        except (ValueError, ArithmeticError):
            return np.nan

    def slope(self, fractions: np.ndarray) -> _Slope:
        """The slope at x, measured with steps of `fractions` · max(1, |x|): each a quarter of the one before."""
        steps = self.scale * fractions
        up = np.array([self.at(step) for step in steps])
        down = np.array([self.at(-step) for step in steps])
        with np.errstate(all="ignore"):
            return self._slope(steps, up, down)

    def _slope(self, steps: np.ndarray, up: np.ndarray, down: np.ndarray) -> _Slope:
        right, left = (up - self.value) / steps, (self.value - down) / steps
        centred, gap = (right + left) / 2, right - left
        value = (16 * centred[1:] - centred[:-1]) / 15  # Richardson: the h² errors of h and h/4 cancel
        value, finer, finest = value[:-2], value[1:-1], value[2:]

        # Rounding of f, and of x: no slope is known better than it changes when x moves by its last digit.
        noise = 16 * self.rounding * np.fmax(abs(self.value), np.fmax(abs(up), abs(down))) / steps
        floor = (noise + 16 * EPSILON * abs(self.x[self.index]) * abs(gap) / steps)[:-3]
        error = 2 * np.maximum(abs(value - finer), abs(value - finest)) + floor
        error[~np.isfinite(error)] = np.inf

        # A slope of zero is known if what is left of it is rounding: as here; or as a centred difference with the
        # usual step of 1e-5 would see it; or if it falls to nothing with the step, as that of x⁵ at 0.
        unseen = self.rounding * abs(self.value) / 1e-5
        vanishing = 1e-10 * np.fmax.accumulate(abs(centred))[:-3]
        is_zero = (abs(value) <= np.maximum(error, unseen)) & (error <= 10 * error.min())
        is_zero &= (error <= 1000 * floor) | (error <= unseen) | (error <= vanishing)
        known = (error <= CLEAR * abs(value)) | is_zero

        note = ""
        kink = _stays(gap, noise)
        if kink is not None:
            # Only steps that no longer reach the kink count: there the two sides have come together.
            apart = abs(gap) + noise > abs(gap[kink]) / 4
            known &= ~(apart[:-3] | apart[1:-2] | apart[2:-1] | apart[3:])
            known[: kink + 1] = False
            if not known.any():
                sides = np.concatenate([left[kink : kink + 3], right[kink : kink + 3]])
                note = f"kink: slope {left[kink]:.3g} on the left, {right[kink]:.3g} on the right"
                return _Slope(centred[kink], noise[kink], None, note, sides=(sides.min(), sides.max()))
            if steps[kink + 2] <= 4 * NEAR * self.scale:
                note = f"kink within {steps[kink + 2]:.0e}: measured with smaller steps"
        elif not known.any() and _stays(up - down, noise * steps) is not None:
            note = "f jumps here, so it has no slope: move x a little"
        best = int(np.argmin(np.where(known, error, np.inf) if known.any() else error))
        return _Slope(value[best], error[best], max(floor[best], unseen) if known[best] else None, note)


def _stays(differences: np.ndarray, noise: np.ndarray) -> int | None:
    """Where differences between the two sides of x no longer shrink with the step: the finest such place, or None.

    Where f is smooth they shrink fourfold with each step. Three in a row that stay within a factor of 2, above the
    noise, with nothing larger at finer steps, are a kink (if they are slopes) or a jump (if they are values).
    """
    sizes = abs(differences)
    for k in range(len(sizes) - 3, -1, -1):
        three = slice(k, k + 3)
        one_sign = np.all(differences[three] > 0) or np.all(differences[three] < 0)
        alike = sizes[three].max() <= 2 * sizes[three].min() and sizes[three].min() > 16 * noise[k + 2]
        if one_sign and alike and np.all(sizes[k + 3 :] <= 2 * sizes[k] + noise[k + 3 :]):
            return k
    return None


def _rounding(f: Callable[[np.ndarray], Any], x: np.ndarray, value: float) -> float:
    """The relative distance between neighbouring values of f: that of float32 if f computes in it, else of float64."""
    with np.errstate(all="ignore"):
        try:
            other = _number(f(x + NEAR * np.sqrt(2) * np.maximum(1, abs(x))))
        except (ValueError, ArithmeticError):
            other = value
        single = other != value and all(float(np.float32(v)) == v for v in (value, other))
    return float(np.finfo(np.float32 if single else np.float64).eps)


# ---- taking things in ---------------------------------------------------------------------------------------------


def _point(x: Any) -> np.ndarray:
    """x as a float64 array of our own."""
    array = Tensor(x, requires_grad=False).numpy().astype(np.float64)
    if array.size == 0:
        raise ValueError(f"There is nothing to check: x has no entries (shape {array.shape}).")
    if not np.all(np.isfinite(array)):
        raise ValueError("x must be finite; it holds nan or inf, and there no slope can be measured.")
    return array


def _moved(x: np.ndarray, index: tuple[int, ...], step: float) -> np.ndarray:
    moved = x.copy()
    moved[index] += step
    return moved


def _number(value: Any) -> float:
    """What f returned, as a float."""
    if value is None:
        raise TypeError("f returned nothing. Is its return statement missing?")
    size = getattr(value, "size", 1)
    if isinstance(size, int) and size != 1:
        raise TypeError(
            f"f must return a single number; it returned shape {value.shape}. Reduce it, for example with sum."
        )
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, complex):
        raise TypeError(f"f must return a real number; it returned {value}.")
    return float(value)


def _check_repeatable(first: float, second: float) -> None:
    if not np.isfinite(first):
        raise ValueError(f"The function is {first} at x itself, so there is no slope to measure. Start from another x.")
    if first != second:
        raise ValueError(
            f"The function gave {first:.6g} and then {second:.6g} for the same x. Does it draw random numbers, as "
            "dropout does, or change something it uses? Switch that off for the check, or fix the seed."
        )


def _checked_loss(loss: Callable[[], Tensor]) -> Tensor:
    value = loss()
    if not isinstance(value, Tensor):
        raise TypeError(f"loss must be a function that returns a Tensor; it returned {type(value).__name__}.")
    if value.size != 1:
        raise ValueError(
            f"loss must return a single number; it returned shape {value.shape}. Reduce it, for example with .mean()."
        )
    return value


def _check_leaves(leaves: list[Tensor]) -> None:
    if not leaves:
        raise ValueError("There is nothing to check: the list of tensors is empty.")
    for leaf in leaves:
        if not isinstance(leaf, Tensor):
            raise TypeError(
                f"check_gradients checks Tensors; given was {type(leaf).__name__}. For arrays use compare_gradients."
            )
        if not leaf.is_leaf or not leaf.requires_grad:
            what = f"{leaf.name!r}" if leaf.name else f"one of shape {leaf.shape}"
            raise ValueError(f"check_gradients needs leaves with requires_grad=True; {what} is not one.")


@contextmanager
def _as_float64(leaves: list[Tensor]) -> Iterator[None]:
    """Let the leaves hold float64 values inside the block; afterwards they hold what they held before."""
    kept = [(leaf, leaf._settle(), leaf._lent) for leaf in leaves]
    try:
        for leaf, data, _ in kept:
            leaf._data, leaf._lent = data.astype(np.float64), None
            leaf._data.setflags(False) if leaf.ndim else None
        yield
    finally:
        for leaf, data, lent in kept:
            leaf._data, leaf._lent = data, lent
