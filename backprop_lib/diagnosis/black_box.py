"""A wrong gradient of a function without a graph: what its numbers alone can tell.

Nothing can be replayed here, so no mistake in a derivation can be named; but a wrong shape, a transpose, a constant
factor, a sign, zeros, and errors in single rows or entries show in the numbers themselves.
"""

from typing import Any

import numpy as np

from ..tensor import _as_numbers
from .report import Diagnosis, Suspect, comparison, listed, number


def constant_factor(true: np.ndarray, claimed: np.ndarray, tolerance: float) -> float | None:
    """The k with claimed = k · true, if the claim is not zero and there is one. Both of the same shape."""
    square = float(np.sum(true * true))
    if square == 0 or not np.isfinite(square):
        return None
    k = float(np.sum(claimed * true)) / square
    return k if k != 0 and bool(np.all(_close(k * true, claimed, tolerance))) else None


def _close(true: np.ndarray, claimed: np.ndarray, tolerance: float) -> np.ndarray:
    """Entry by entry; entries a thousand times smaller than the largest are judged a little more kindly."""
    peak = float(np.max(np.abs(true), initial=0.0))
    return np.abs(claimed - true) <= tolerance * np.maximum(np.abs(true), 1e-3 * peak)


def remark(true: np.ndarray, claimed: np.ndarray, tolerance: float = 1e-6) -> str:
    """What the two arrays have to do with one another, in a word or two; empty where nothing is to be seen."""
    if claimed.shape != true.shape:
        if claimed.T.shape == true.shape and np.all(_close(true, claimed.T, tolerance)):
            return "transposed"
        return "wrong shape"
    if not np.all(np.isfinite(claimed)):
        return "not finite"
    if claimed.size and not np.any(claimed):
        return "zero"
    if claimed.ndim == 2 and claimed.shape == claimed.T.shape and np.all(_close(true, claimed.T, tolerance)):
        return "transposed"
    k = constant_factor(true, claimed, tolerance)
    return f"{number(k)} times the true one" if k is not None and true.size > 1 else ""


def diagnose_array(true: Any, claimed: Any, examples: int | None = None, tolerance: float = 1e-5) -> Diagnosis:
    """What is wrong with a claimed gradient, judged by the numbers alone, without a graph.

    true : the gradient as it should be, for example from `numerical_gradient`, any shape. claimed : the learner's.
    examples : how many examples the batch holds, if there is one; lets factors of m and 1/m be named. tolerance : the
    relative difference that is still right.

    `mistake` is None for a right gradient and where nothing is recognised, else one of: wrong_shape, not_finite,
    gradient_transposed, all_zero, sign_flipped, one_over_m_missing, one_over_m_twice, two_doubled, two_missing,
    accumulated_twice, constant_factor, some_rows, some_columns, some_entries.
    """
    true, claimed = np.asarray(_as_numbers(true), np.float64), np.asarray(_as_numbers(claimed), np.float64)
    if not np.all(np.isfinite(true)):
        raise ValueError("The true gradient holds nan or inf, so nothing can be compared with it. Move x a little.")
    if examples is not None and (int(examples) != examples or examples < 1):
        raise ValueError(f"examples is a number of examples, 1 or more; given was {examples}.")
    same_shape = claimed.shape == true.shape
    right = _close(true, claimed, tolerance) if same_shape else None
    ok = right is not None and bool(np.all(right))
    table = comparison([("x", claimed, true, right, "" if ok else remark(true, claimed, tolerance))])
    if ok:
        return Diagnosis(True, None, "", f"Right: all {true.size} entries agree.", table=table)
    suspects, fallback = _suspects(true, claimed, right, examples, tolerance), "None of the usual relations fits."
    if not suspects:
        message = (
            f"Wrong, and the numbers have no simple relation to the true ones. {fallback} Where the computation can be "
            "written with Tensors, diagnose(loss, claimed) can tell more."
        )
        return Diagnosis(False, None, "", message, table=table)
    first, *others = suspects
    blind: tuple[str, ...] = ()
    if others and examples == 2:
        blind = ("With m = 2 examples a factor m looks like any other factor 2: use another number of examples.",)
    return Diagnosis(False, first.mistake, first.where, first.message, tuple(others), blind=blind, table=table)


def _suspects(
    true: np.ndarray, claimed: np.ndarray, right: np.ndarray | None, examples: int | None, tolerance: float
) -> list[Suspect]:
    if claimed.shape != true.shape:
        if claimed.ndim == 2 and claimed.T.shape == true.shape and np.all(_close(true, claimed.T, tolerance)):
            return [_transposed()]
        hint = "The entries agree once it is reshaped." if _agrees_reshaped(true, claimed, tolerance) else ""
        return [
            Suspect(
                "wrong_shape",
                "the shape",
                f"The gradient has shape {claimed.shape}, but what it belongs to has shape {true.shape}: a gradient "
                f"has one entry for each entry. {hint}".strip(),
            )
        ]
    if not np.all(np.isfinite(claimed)):
        where = _entries(~np.isfinite(claimed))
        return [Suspect("not_finite", where, f"Not a number, or infinite, at {where}: look for a division by zero.")]
    if not np.any(claimed):
        return [Suspect("all_zero", "all entries", "Every entry is zero: no gradient has arrived. Where was it lost?")]
    found = []
    if claimed.ndim == 2 and claimed.shape == claimed.T.shape and np.all(_close(true, claimed.T, tolerance)):
        found.append(_transposed())
    k = constant_factor(true, claimed, tolerance)
    if k is not None:
        found += _named_factor(k, examples, tolerance)
    if not found and right is not None and true.size > 1:
        found += _parts(true, claimed, right, tolerance)
    return found


def _transposed() -> Suspect:
    return Suspect(
        "gradient_transposed",
        "all entries",
        "The numbers are right but transposed: entry [i, j] must tell what a nudge of entry [i, j] does.",
    )


def _agrees_reshaped(true: np.ndarray, claimed: np.ndarray, tolerance: float) -> bool:
    return claimed.size == true.size and bool(np.all(_close(true, claimed.reshape(true.shape), tolerance)))


def _named_factor(k: float, examples: int | None, tolerance: float) -> list[Suspect]:
    known = [
        ("sign_flipped", -1.0, "the sign is turned round"),
        ("two_doubled", 2.0, "a factor 2 too many, as of a square"),
        ("accumulated_twice", 2.0, "counted twice, as without setting gradients to zero"),
        ("two_missing", 0.5, "the 2 of a square missing"),
    ]
    if examples is not None and examples > 1:
        known += [
            ("one_over_m_missing", float(examples), f"the 1/m of a mean over m = {examples} missing"),
            ("one_over_m_twice", 1 / examples, f"the 1/m of a mean over m = {examples} twice"),
        ]
    fitting = [row for row in known if abs(k - row[1]) <= tolerance * abs(row[1])]
    found = [
        Suspect(name, "all entries", f"Every entry is {number(k)} times the true one: {meaning}.")
        for name, _, meaning in fitting
    ]
    if not found:
        turned = [meaning for _, factor, meaning in known[1:] if abs(k + factor) <= tolerance * factor]
        aside = f" That is {listed(['the sign turned round', *turned[:1]])}." if turned else ""
        message = f"Every entry is {number(k)} times the true one: one constant factor is wrong.{aside}"
        found.append(Suspect("constant_factor", "all entries", message))
    return found


def _parts(true: np.ndarray, claimed: np.ndarray, right: np.ndarray, tolerance: float) -> list[Suspect]:
    """Only some rows, columns or entries are wrong. Entries that are zero on both sides speak for nobody."""
    speaking = (true != 0) | (claimed != 0)
    if not np.any(right & speaking):
        return []
    wrong = ~right
    if true.ndim == 2:
        for name, axis in (("row", 1), ("column", 0)):
            lines = np.any(wrong, axis=axis)
            whole = np.all(wrong | ~speaking, axis=axis)
            if np.array_equal(lines, lines & whole) and not np.all(lines):
                numbers = [str(i) for i in np.flatnonzero(lines)]
                where = f"{name}{'s' if len(numbers) > 1 else ''} {listed(numbers)}"
                return [_some(f"some_{name}s", where, true[wrong], claimed[wrong], tolerance)]
    return [_some("some_entries", _entries(wrong), true[wrong], claimed[wrong], tolerance)]


def _some(name: str, where: str, true: np.ndarray, claimed: np.ndarray, tolerance: float) -> Suspect:
    k = constant_factor(true, claimed, tolerance) if true.size > 1 else None
    if not np.any(claimed):
        aside = " They are zero."
    elif k is not None:
        aside = f" They are {number(k)} times the true ones."
    else:
        aside = ""
    return Suspect(name, where, f"Only {where} {'is' if true.size == 1 else 'are'} wrong; the rest is right.{aside}")


def _entries(mask: np.ndarray, limit: int = 4) -> str:
    indices = [f"[{', '.join(map(str, index))}]" for index in np.argwhere(mask).tolist()]
    if len(indices) == 1:
        return f"entry {indices[0]}" if mask.ndim else "the only entry"
    if len(indices) > limit:
        return f"{len(indices)} entries, among them {listed(indices[:limit])}"
    return f"entries {listed(indices)}"
