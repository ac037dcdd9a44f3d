"""Reading what a learner gives as an answer, and judging it against the truth.

The rule for rounding, in one sentence: an answer is right if it is the truth rounded to the digits that the
learner wrote, of which at least three count and more than four are not looked at. An array may also be rounded as a
whole, to a place that leaves its largest entry three digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np

FEWEST_DIGITS, MOST_DIGITS = 3, 4
MOST_WRITTEN = 9  # a number with more digits was computed, not copied from a page
LONGEST_TEXT = 40
EXACTLY = "This is exactly"  # so begins what `relation` says of a factor
DASHES = str.maketrans("−–", "--")  # the minus sign, and what word processors make of a hyphen
THOUSANDS = re.compile(r"[-−–]?[1-9]\d{0,2},\d{3}")  # a comma that may be a point, or part of a thousand
MANY = 200  # entries of an array whose written digits are still counted one by one


class Unreadable(ValueError):
    """The answer is nothing that could be compared; the message says what it is and what to give instead."""


@dataclass(frozen=True)
class Reading:
    """An answer as numbers: `values`, a float64 array, and `digits`, how many significant digits each was
    given with.
    """

    values: np.ndarray
    digits: np.ndarray


def unanswered(answer: Any) -> bool:
    return answer is None or answer is ...


def shown(value: Any) -> str:
    """A value for a sentence, short and with at most 6 significant digits."""
    try:
        if isinstance(value, str):
            text = repr(value)
        elif isinstance(value, (bool, np.bool_, int, np.integer)):
            text = str(value)
        elif isinstance(value, (float, np.floating)):
            text = f"{value + 0.0:.6g}"  # no -0
        elif hasattr(value, "detach") or isinstance(value, np.ndarray):
            array = np.asarray(plain(value))
            text = shown(array.tolist()) if array.size <= 20 else f"an array of shape {array.shape}"
        elif isinstance(value, (list, tuple)):
            inner = ", ".join(map(shown, value[:20])) + (", …" if len(value) > 20 else "")
            single = "," if len(value) == 1 else ""
            text = f"[{inner}]" if isinstance(value, list) else f"({inner}{single})"
        else:
            text = repr(value)
    except Exception:  # a learner's object whose repr fails
        text = f"an object of type {type(value).__name__}"
    return text if len(text) <= 120 else text[:119] + "…"


def plain(value: Any) -> Any:
    """A Tensor's value, of this package or of PyTorch; everything else as it is."""
    if hasattr(value, "detach"):
        value = value.detach()
    return value.numpy() if hasattr(value, "numpy") else value


def _tidy(text: str) -> str:
    tidy = text.translate(DASHES).replace(" ", "").strip()
    return tidy.replace(",", ".") if tidy.count(",") == 1 and "." not in tidy else tidy


def read_number(text: str) -> float:
    """A number as people write it: 0.25, −0.25, 0,25, 1/4, 2.5e−1. Raises Unreadable for anything else."""
    written = _tidy(text)
    if THOUSANDS.fullmatch(text.strip()):
        point, plain = written, text.strip().replace(",", "")
        raise Unreadable(f"{shown(text)} can be read as {plain} or as {point}. Write the one that you mean.")
    try:
        if len(written) > LONGEST_TEXT:
            raise ValueError
        number = float(Fraction(written) if "/" in written else Decimal(written))
    except (ValueError, InvalidOperation, ArithmeticError):
        raise Unreadable(f"{shown(text)} is not a number. Write it as in 0.25, -0.25 or 1/4.") from None
    if not np.isfinite(number):
        raise Unreadable(f"{shown(text)} is not a finite number.")
    return number


def read(answer: Any) -> Reading:
    """The numbers in an answer: a number of any kind, a list, an array, a Tensor, a number as text.

    Raises Unreadable, with a sentence for the learner, for everything else and for nan and inf.
    """
    if isinstance(answer, (bool, np.bool_)):
        raise Unreadable(f"You gave {answer}; expected is a number.")
    if callable(answer) and not hasattr(answer, "detach"):
        raise Unreadable(
            "You gave a function; expected is the number that it returns. Call it: write its name with its"
            " arguments in brackets."
        )
    if isinstance(answer, str):
        number = read_number(answer)
        written = _tidy(answer)
        return Reading(
            np.asarray(number), np.asarray(MOST_DIGITS if "/" in written else _digits(written, as_text=True))
        )
    try:
        given = plain(answer)
        array = np.asarray(given)
        if array.dtype.kind not in "biufO":
            raise TypeError
        entries = array.ravel().tolist() if array.dtype == object else []
        if any(entry is None or isinstance(entry, (str, list, tuple)) for entry in entries):
            raise TypeError
        values = array.astype(np.float64)
    except Exception:  # whatever a learner's object does when it is asked for numbers
        raise Unreadable(
            f"You gave {shown(answer)}, of type {type(answer).__name__}; expected is a number, or an array of"
            " numbers with rows of the same length."
        ) from None
    if not np.all(np.isfinite(values)):
        raise Unreadable(
            f"You gave {shown(answer)}, which is not finite (nan or inf). Look for the first step that gives"
            " nan or inf: a division by zero, a logarithm of zero, or an overflow."
        )
    if array.size > MANY or array.dtype == object:
        digits = np.full(array.shape, MOST_DIGITS)
    else:
        digits = np.array([_digits(str(entry)) for entry in array.ravel()], dtype=int).reshape(array.shape)
    return Reading(values, digits)


def _digits(written: str, as_text: bool = False) -> int:
    """Significant digits. A zero at the end counts only where it was written on purpose: in text, as in "0.130"."""
    if written in ("True", "False"):
        return 1
    mantissa = "".join(map(str, Decimal(written).as_tuple().digits))
    return len(mantissa if as_text and "." in written else mantissa.rstrip("0")) or 1


@np.errstate(over="ignore")
def agrees(given: Reading, truth: np.ndarray, *, cut: bool = False) -> bool:
    """Whether every number is the truth, rounded (`cut`: cut off) to the digits given. Shapes must be
    equal.
    """
    if given.values.shape != truth.shape:
        return False
    digits = np.clip(given.digits, FEWEST_DIGITS, MOST_DIGITS)
    off = np.abs(given.values - (_cut(truth, digits) if cut else truth))
    allowed = np.maximum(_half_a_digit(truth, digits), 0.5 * 10.0 ** _common_place(given) * (1 + 1e-9))
    return bool(np.all(off <= allowed))


def counted_digits(given: Reading) -> np.ndarray | None:
    """How many significant digits of each number count, by the rule above; None for numbers that nobody has rounded."""
    if np.max(given.digits, initial=0) > MOST_WRITTEN:
        return None
    leading = _leading(given.values)
    places = leading + 1 - np.clip(given.digits, FEWEST_DIGITS, MOST_DIGITS)
    places = np.where(given.values == 0, -np.inf, places)
    return leading + 1 - np.maximum(places, _common_place(given))


def _common_place(given: Reading) -> float:
    """The last place to which an array was rounded as a whole, as a power of ten, so that its largest entry keeps
    enough digits; -inf for a single number and where there is no such place.
    """
    if given.values.size < 2 or np.max(given.digits) > MOST_WRITTEN or not np.any(given.values):
        return -np.inf
    place = _last_place(given)
    return place if np.max(_leading(given.values)[given.values != 0]) + 1 - place >= FEWEST_DIGITS else -np.inf


def _last_place(given: Reading) -> float:
    """The last place that was written of any of the numbers, as a power of ten."""
    places = _leading(given.values) + 1 - given.digits
    return float(np.min(places[given.values != 0], initial=np.max(places)))


def _leading(values: np.ndarray) -> np.ndarray:
    """The place of the first significant digit, as a power of ten; 0 for a zero."""
    return np.floor(np.log10(np.where(values == 0, 1.0, np.abs(values))))


def same(values: np.ndarray, truth: np.ndarray) -> bool:
    """Whether a function returns the truth, but for what rounding errors and difference quotients lose."""
    return values.shape == truth.shape and bool(np.all(np.abs(values - truth) <= 1e-5 * np.abs(truth) + _zero(truth)))


def _zero(truth: np.ndarray) -> np.ndarray:
    """What counts as zero where the truth is zero."""
    largest = np.max(np.abs(truth), initial=0.0)
    return np.where(np.abs(truth) <= 1e-12 * largest, 1e-8 * (largest or 1.0), 0.0)


def _unit(truth: np.ndarray, digits: np.ndarray) -> np.ndarray:
    """The size of the last of so many significant digits."""
    return 10.0 ** (_leading(truth) - digits + 1)


def _half_a_digit(truth: np.ndarray, digits: np.ndarray) -> np.ndarray:
    zero = _zero(truth)
    return np.where(zero > 0, zero, _unit(truth, digits) / 2 * (1 + 1e-9))


def _cut(truth: np.ndarray, digits: np.ndarray) -> np.ndarray:
    unit = _unit(truth, digits)
    return np.trunc(truth / unit * (1 + 1e-12)) * unit


def same_shape(values: np.ndarray, truth: np.ndarray) -> np.ndarray | None:
    """The values in the truth's shape where only axes of length 1 differ (a row for a column), else None."""
    squeezed = tuple(n for n in values.shape if n != 1) == tuple(n for n in truth.shape if n != 1)
    return values.reshape(truth.shape) if squeezed else None


@np.errstate(over="ignore")
def relation(given: Reading, truth: np.ndarray, fits: Any = agrees) -> str:
    """What a wrong answer has to do with the truth, in a sentence; "" where nothing is recognised.

    `fits(reading, truth)` decides equality: `agrees` for numbers that a person wrote.
    """
    values = given.values

    def is_(other: np.ndarray) -> bool:
        return not fits(given, truth) and fits(given, np.asarray(other, dtype=float))

    if values.shape != truth.shape:
        if values.ndim == truth.ndim == 2 and values.T.shape == truth.shape:
            transposed = Reading(values.T, given.digits.T)
            if fits(transposed, truth):
                return (
                    f"These are the right numbers, transposed: expected is the shape {truth.shape}, you gave"
                    f" {values.shape}."
                )
        given_shape = f"an array of shape {values.shape}" if values.ndim else "one number"
        expected = f"an array of shape {truth.shape}" if truth.ndim else "one number"
        return f"You gave {given_shape}; expected is {expected}."
    if is_(-truth):
        return "The size is right, the sign is not."
    for factor, words in ((2.0, "twice"), (0.5, "half of"), (-2.0, "minus twice"), (-0.5, "minus half of")):
        if is_(factor * truth):
            return f"{EXACTLY} {words} the right value."
    for power in (-3, -2, -1, 1, 2, 3):
        if is_(10.0**power * truth):
            return "The digits are right, the decimal point is not."
    if truth.ndim == 2 and truth.shape[0] == truth.shape[1] and is_(truth.T):
        return "These are the right numbers, transposed."
    if truth.ndim == 1 and 2 <= truth.size <= 5 and any(is_(np.array(p)) for p in permutations(truth.tolist())):
        return "These are the right numbers in another order."
    if truth.size > 1:
        wrong = [i for i in np.ndindex(truth.shape) if not fits(_entry(given, i), truth[i])]
        if len(wrong) < truth.size:
            where = ", ".join(map(str, wrong[0]))
            return f"{truth.size - len(wrong)} of {truth.size} numbers are right; the first wrong one is at [{where}]."
    return ""


@np.errstate(over="ignore")
def rounding(given: Reading, truth: np.ndarray) -> str:
    """Whether rounding alone can be what is wrong: what the answer "is", as half a sentence, or ""."""
    if given.values.shape != truth.shape or not truth.size:
        return ""
    off = np.abs(given.values - truth)
    # Of a truth with so few digits each one counts, and a 0.09 is no rounded 0.1.
    exact = all(float(f"{entry:.{FEWEST_DIGITS}g}") == entry for entry in truth.ravel().tolist())
    largest = np.argmax(np.abs(given.values))
    place = _last_place(given)
    if not exact and _leading(given.values).flat[largest] + 1 - place < FEWEST_DIGITS:
        last = np.minimum(_unit(truth, given.digits), 10.0**place) if truth.size == 1 else 10.0**place
        if np.all(off <= last / 2 * (1 + 1e-9)):
            return f"is right as far as it goes. Give at least {FEWEST_DIGITS} significant digits."
    if np.all(off <= 0.01 * np.abs(truth)):
        return (
            "is within 1 % of the right value, but not equal to it in the digits that you give. Rounding on"
            " the way does that: keep five digits until the end."
        )
    return ""


def _entry(given: Reading, index: tuple[int, ...]) -> Reading:
    return Reading(given.values[index], given.digits[index])
