"""detect_anomaly: report infinite and undefined numbers where they first arise, in either direction."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .modes import Watcher, watching
from .operations import Operation
from .tensor import Tensor, unbroadcast

# What to try where an operation produced such a number, besides the general advice.
ADVICE = {
    "log": "log needs numbers above 0. For the log of a softmax or a sigmoid take log_softmax, -softplus(-z) or a loss "
    "that takes logits.",
    "divide": "Keep the divisor away from 0.",
    "sqrt": "sqrt needs numbers of 0 or more, and its slope at 0 is infinite. Keep its input above 0.",
    "power": "A negative number has no real root, and 0 has no negative power.",
    "exp": "exp overflows above 709 (float32: 88). softmax, logsumexp, sigmoid and the losses from logits shift first.",
    "binary_cross_entropy": "A probability is exactly 0 or 1 and the target says otherwise. Take "
    "binary_cross_entropy_with_logits.",
}
GENERAL = "Values that grow from step to step: try a smaller learning rate, smaller initial weights, or clip gradients."


class detect_anomaly(watching):
    """A block, or with `@detect_anomaly()` a function, in which a value or gradient that is inf or nan is an error.

    The FloatingPointError is raised at the operation where such a number first arises, forward or backward, and says
    which operation it was, of what shapes and names, and what to try. Slower: every number is looked at.
    """

    def __init__(self):
        super().__init__(_Detector())

    def _recreate_cm(self):
        return type(self)()


class _Detector(Watcher):
    """Looks at every value and every gradient."""

    passing_back: tuple[Tensor, Tensor] | None = None  # consumer and receiver, while a gradient is computed
    receiver: Tensor

    def forward(self, operation, inputs, arguments):
        for t, value in zip(inputs, arguments, strict=False):
            if operation.derivatives and not _finite(value):  # comparing with infinity is harmless
                advice = "Look at the data, or at the last update of this value." if t.is_leaf else ""
                raise _error(f"{_called(t)} {_which(value)} before {operation.name} uses it.", advice)
        with np.errstate(all="ignore"):
            out = super().forward(operation, inputs, arguments)
        if not _finite(out):
            given = " and ".join(map(_called, inputs))
            way = ""
            if self.passing_back:
                way = f", on the way back from {self.passing_back[0].operation.name} to {_called(self.passing_back[1])}"
            where = _there(operation, inputs, arguments, out)
            raise _error(f"{operation.name} of {given} {_which(out)}{where}{way}.", _advice(operation))
        return out

    def backward(self, node, position, rule, upstream, out, arguments):
        if not _finite(upstream):
            raise _error(f"the gradient given to backward() {_which(upstream)}.", "Start from finite numbers.")
        self.receiver = node.inputs[position]
        self.passing_back = (node, self.receiver)
        try:
            with np.errstate(all="ignore"):
                downstream = super().backward(node, position, rule, upstream, out, arguments)
                downstream = unbroadcast(downstream, self.receiver.shape)
        finally:
            self.passing_back = None
        if not _finite(downstream):
            name, which = node.operation.name, _which(downstream)
            where = _there(node.operation, node.inputs, node._arguments, downstream)
            raise _error(
                f"the gradient that {name} sends back to {_called(self.receiver)} {which}{where}. "
                f"What arrived at {name} is finite.",
                _advice(node.operation),
            )
        return downstream

    def add(self, held, downstream):
        with np.errstate(all="ignore"):
            total = super().add(held, downstream)
        if not _finite(total):
            raise _error(
                f"the sum of the gradients that arrive at {_called(self.receiver)} {_which(total)}. "
                "Each of them is finite.",
                GENERAL,
            )
        return total


def _values(value: Any) -> np.ndarray:
    return np.asarray(value._data if isinstance(value, Tensor) else value)


def _finite(value: Any) -> bool:
    return bool(np.isfinite(_values(value)).all())


def _called(t: Tensor) -> str:
    if t.name is not None:
        name = repr(t.name)
    else:
        name = "a Tensor" if t.operation is None else f"a result of {t.operation.name}"
    return f"{name} (shape {t.shape})"


def _which(value: Any) -> str:
    """The first entry that is not finite, and how many there are."""
    values = _values(value)
    first = _first(value)
    if not first:
        return f"is {values}"
    return f"is {values[first]} at {list(first)} ({np.count_nonzero(~np.isfinite(values))} of {values.size} entries)"


def _first(value: Any) -> tuple[int, ...]:
    return tuple(np.argwhere(~np.isfinite(_values(value)))[0].tolist())


def _there(operation: Operation, inputs: Sequence[Tensor], arguments: Sequence[Any], result: Any) -> str:
    """The values that went in at the first such entry, for an operation that works entry by entry."""
    shape = _values(result).shape
    values = [_values(value) for value in arguments[: len(inputs)]]
    if not operation.elementwise or np.broadcast_shapes(*(value.shape for value in values)) != shape:
        return ""
    there = [f"{np.broadcast_to(value, shape)[_first(result)]:.6g}" for value in values]
    return f"; there the input is {' and '.join(there)}"


def _advice(operation: Operation) -> str:
    return ADVICE.get(operation.name, GENERAL)


def _error(what: str, advice: str) -> FloatingPointError:
    return FloatingPointError(f"Not finite: {what} {advice}".strip())
