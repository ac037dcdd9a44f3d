"""What to tell a learner when shapes do not fit: the operation, what was given, and what to try."""

from collections.abc import Sequence
from typing import Any

from . import operations as ops
from .operations import Operation


def explained(operation: Operation, inputs: Sequence[Any], attributes: tuple, error: Exception) -> Exception:
    """NumPy's complaint about `operation` as an error of the same kind, with the shapes and some advice."""
    shapes = [t.shape for t in inputs]
    given = " and ".join(f"{t.shape} ({t.name})" if t.name else f"{t.shape}" for t in inputs)
    fault = f"the shapes {given} do not fit" if len(shapes) > 1 else f"not possible for shape {given}"
    kind = IndexError if isinstance(error, IndexError) else ValueError
    return kind(f"{operation.name}: {fault}. {_advice(operation, shapes, attributes)} ({error})")


def _advice(operation: Operation, shapes: list[tuple[int, ...]], attributes: tuple) -> str:
    if operation is ops.matmul:
        return _advice_for_a_matrix_product(*shapes)
    if operation.elementwise:
        return (
            "Shapes are compared from the last axis: lengths must be equal, or one of them 1. "
            "reshape or expand_dims can add an axis of length 1."
        )
    if operation is ops.getitem:
        return f"The index was {attributes[0]!r}; valid positions run from 0 to length − 1 along each axis."
    return f"It was asked for {attributes[-1]!r}." if attributes else ""


def _advice_for_a_matrix_product(left: tuple[int, ...], right: tuple[int, ...]) -> str:
    if () in (left, right):
        return "A single number has no rows or columns: use * instead of @."
    which, length = ("second last", right[-2]) if len(right) > 1 else ("only", right[0])
    advice = f"The last axis of the left side ({left[-1]}) must equal the {which} axis of the right side ({length})."
    if len(left) == len(right) == 2:
        tries = (("a.T @ b", left[::-1], right), ("a @ b.T", left, right[::-1]), ("b @ a", right, left))
        fitting = [text for text, a, b in tries if a[1] == b[0]]
        if fitting:
            advice += f" These would fit: {', '.join(fitting)}; which one is right depends on what the axes mean."
    return advice
