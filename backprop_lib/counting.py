"""Counting: how many multiplications and additions a computation takes, exactly, forward and backward apart.

    with counting() as counted:
        loss = mean_squared_error(x @ w, y)
        loss.backward()
    counted.forward.multiplications

No table of costs is kept: inside the block the rules of `operations.py` are evaluated on arrays that count.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .modes import Watcher, mode, watching
from .operations import Operation
from .tensor import Tensor, unbroadcast


@dataclass
class Count:
    """Whole numbers for one direction.

    multiplications : × and ÷ of two numbers; a square is one, a matrix product n×k by k×m takes n·k·m.
    additions : + and − of two numbers; a sum of n numbers takes n − 1.
    negations, comparisons, functions : sign changes; <, =, max and the like; exp, log, √, tanh, powers and the like.
    visits : nodes computed (forward), nodes that a gradient reaches, leaves and output included (backward).
    stored : forward, the numbers that derivative rules will read, so they are kept until backward; backward, the
        gradients that the nodes keep. Nothing is stored forward under no_grad.
    stored_in_parameters : those of `stored` that are in leaves with requires_grad, which are kept anyway.
    """

    multiplications: int = 0
    additions: int = 0
    negations: int = 0
    comparisons: int = 0
    functions: int = 0
    visits: int = 0
    stored: int = 0
    stored_in_parameters: int = 0


class counting(watching):
    """A block in which everything computed with Tensors is counted: `with counting() as counted: …`.

    `counted.forward` and `counted.backward` are a `Count` each, and printing `counted` shows them as a table. The
    values computed inside are the same as outside. What `jvp` computes besides the values is not counted.
    """

    forward: Count
    backward: Count

    def __init__(self):
        self.forward = Count()
        self.backward = Count()
        self._counter = _Counter(self.forward, self.backward)
        super().__init__(self._counter)

    def __exit__(self, *exception):
        super().__exit__(*exception)
        self._counter.forget()

    def __str__(self) -> str:
        names = [field.name for field in fields(Count)]
        width = max(map(len, names))
        lines = [f"{'':{width}} {'forward':>12} {'backward':>12}"]
        for name in names:
            there, back = getattr(self.forward, name), getattr(self.backward, name)
            lines.append(f"{name.replace('_', ' '):{width}} {there:>12,} {back:>12,}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"counting(forward={self.forward}, backward={self.backward})"


class _Counter(Watcher):
    """Hands the rules arrays that count, and notes which nodes are visited and which values are kept."""

    def __init__(self, forward: Count, backward: Count):
        self.there = forward
        self.back = backward
        self.forget()

    def forget(self) -> None:
        """Let go of everything that was only needed to count each thing once."""
        self.phase = self.there
        self.kept: dict[int, Any] = {}  # arrays that derivative rules will read
        self.parameters: dict[int, Any] = {}  # arrays of leaves with requires_grad
        self.reached: set[Tensor] = set()  # by the current walk; an inner node leaves at its turn
        self.turn: tuple[Tensor | None, int] = (None, 0)

    def forward(self, operation, inputs, arguments):
        count = self.phase
        count.visits += 1
        values, attributes = arguments[: len(inputs)], arguments[len(inputs) :]
        for t, value in zip(inputs, values, strict=True):
            if t.is_leaf and t.requires_grad:
                self.parameters[id(_owner(value))] = _owner(value)
        counted = [_counted(value, count) for value in values]
        out = _plain(super().forward(operation, inputs, (*counted, *attributes)))
        if mode.get().recording:
            self._note_stored(operation, inputs, values, out)
        return out

    def _note_stored(self, operation: Operation, inputs: Sequence[Tensor], values: Sequence[Any], out: Any) -> None:
        for receiver in range(len(operation.derivatives)):
            if not inputs[receiver].requires_grad:
                continue
            for position, value in ((-1, out), *enumerate(values)):
                if operation.reads(receiver, position) and id(_owner(value)) not in self.kept:
                    self._keep(_owner(value))

    def _keep(self, array: Any) -> None:
        self.kept[id(array)] = array  # holding on to it, so that no other array gets its id
        self.phase.stored += array.size
        if id(array) in self.parameters:
            self.phase.stored_in_parameters += array.size

    def backward(self, node, position, rule, upstream, out, arguments):
        receiver = node.inputs[position]
        if node is not self.turn[0] or position <= self.turn[1]:  # the node's turn begins
            if node not in self.reached:  # it is where a walk starts
                self.reached = set()
                self._reach(node)
            self.reached.remove(node)
        self.turn = (node, position)
        if receiver not in self.reached:
            self._reach(receiver)
        self.phase = self.back
        try:
            if isinstance(upstream, Tensor):  # create_graph: the rule's operations come back through `forward`
                downstream = unbroadcast(
                    super().backward(node, position, rule, upstream, out, arguments), receiver.shape
                )
                return downstream.broadcast_to(receiver.shape) if downstream is upstream else downstream
            n = len(node.inputs)
            values = [_counted(value, self.back) for value in (upstream, out, *arguments[:n])]
            downstream = super().backward(node, position, rule, values[0], values[1], (*values[2:], *arguments[n:]))
            return _plain(unbroadcast(downstream, receiver.shape))
        finally:
            self.phase = self.there

    def _reach(self, node: Tensor) -> None:
        self.reached.add(node)
        self.back.visits += 1
        self.back.stored += node.size

    def add(self, held, downstream):
        self.phase = self.back
        try:
            if isinstance(held, Tensor):
                return super().add(held, downstream)
            return _plain(super().add(_counted(held, self.back), _counted(downstream, self.back)))
        finally:
            self.phase = self.there


# ---- arrays that count -------------------------------------------------------------------------------------------

_MULTIPLICATIONS = {np.multiply, np.true_divide, np.square, np.reciprocal}
_ADDITIONS = {np.add, np.subtract}
_NEGATIONS = {np.negative}
_COMPARISONS = {
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.maximum, np.minimum, np.absolute,
    np.sign, np.isfinite,
}  # fmt: skip
_FUNCTIONS = {
    np.exp, np.log, np.log1p, np.expm1, np.sqrt, np.sin, np.cos, np.tanh, np.logaddexp, np.power, np.float_power,
}  # fmt: skip
_FIELD = {
    ufunc: field
    for field, ufuncs in (
        ("multiplications", _MULTIPLICATIONS),
        ("additions", _ADDITIONS),
        ("negations", _NEGATIONS),
        ("comparisons", _COMPARISONS),
        ("functions", _FUNCTIONS),
    )
    for ufunc in ufuncs
}

# These move numbers, or compute by way of the functions above.
_KNOWN = {
    np.where, np.broadcast_to, np.reshape, np.transpose, np.swapaxes, np.expand_dims, np.squeeze, np.concatenate,
    np.flip, np.ones_like, np.zeros_like, np.empty_like, np.copyto, np.result_type, np.sum, np.mean, np.prod, np.var,
    np.clip, np.cumsum,
}  # fmt: skip


class _Counted(np.ndarray):
    """An array that adds each calculation it takes part in to its counts."""

    counts: tuple[Count, ...] = ()

    def __array_finalize__(self, source):
        self.counts = getattr(source, "counts", ())

    def __array_ufunc__(self, ufunc, method, *operands, out=None, **keywords):
        counts = next(a.counts for a in (*operands, *(out or ())) if isinstance(a, _Counted))
        plain = [_plain(a) for a in operands]
        if out is not None:
            keywords["out"] = tuple(_array(a) for a in out)
        result = getattr(ufunc, method)(*plain, **keywords)
        for count in counts:
            _tally(count, ufunc, method, plain, result, keywords.get("axis"))
        return out[0] if out is not None else _with(result, counts)

    def __array_function__(self, function, types, arguments, keywords):
        if function not in _KNOWN:
            raise NotImplementedError(f"counting() does not know what numpy.{function.__name__} costs.")
        return _with(super().__array_function__(function, types, arguments, keywords), self.counts)

    def __pow__(self, exponent):  # type: ignore[override]
        plain = [_plain(self), _plain(exponent)]
        result = plain[0] ** plain[1]  # NumPy takes shortcuts for some exponents, which must not change the count
        for count in self.counts:
            _tally(count, np.power, "__call__", plain, result)
        return _with(result, self.counts)

    def dot(self, other, out=None):
        plain = [_plain(self), _plain(other)]
        result = plain[0].dot(plain[1])
        for count in self.counts:
            _tally(count, np.matmul, "__call__", plain, result)
        return _with(result, self.counts)


def _tally(count: Count, ufunc: np.ufunc, method: str, operands: list, result: Any, axis: Any = None) -> None:
    """Add one call of a NumPy function to the count."""
    if ufunc is np.matmul:
        terms = operands[0].shape[-1]
        count.multiplications += result.size * terms
        count.additions += result.size * max(terms - 1, 0)
        return
    if method == "at":  # numbers that meet in the same entry are added
        total, index, values = operands
        hit = np.zeros(total.shape, bool)
        hit[index] = True
        count.additions += values.size - int(np.count_nonzero(hit))
        return
    if result.dtype.kind not in "fb":
        return  # whole numbers: sizes and masks, not the calculation itself
    field = "comparisons" if ufunc.__name__ == "clip" else _FIELD.get(ufunc)
    if field is None or method not in ("__call__", "reduce", "accumulate"):
        raise NotImplementedError(f"counting() does not know what numpy.{ufunc.__name__} ({method}) costs.")
    if method == "reduce":
        calls = max(operands[0].size - result.size, 0)
    elif method == "accumulate":  # the first entry of each line is taken as it is
        calls = result.size - result.size // max(result.shape[axis or 0], 1)
    elif ufunc is np.power and np.all(operands[1] == 1):
        calls = 0
    elif ufunc is np.power and np.all(operands[1] == 2):
        field, calls = "multiplications", result.size
    else:
        calls = result.size * (2 if ufunc.__name__ == "clip" else 1)  # clip compares with both limits
    setattr(count, field, getattr(count, field) + calls)


def _owner(value: Any) -> Any:
    """The array whose memory `value` shows: of a transposed, reshaped or repeated array the one it came from."""
    while isinstance(value.base, np.ndarray):
        value = value.base
    return value


def _array(value: Any) -> np.ndarray:
    """The array without the counting."""
    return value.view(np.ndarray) if isinstance(value, _Counted) else value


def _plain(value: Any) -> Any:
    """The array without the counting; a single number as a NumPy number."""
    return _array(value)[()] if isinstance(value, _Counted) else value


def _with(result: Any, counts: tuple[Count, ...]) -> Any:
    """A result that goes on counting, if it is an array or a NumPy number."""
    if not isinstance(result, np.ndarray | np.generic):
        return result
    counted = np.asarray(result).view(_Counted)
    counted.counts = counts
    return counted


def _counted(value: Any, count: Count) -> _Counted:
    """`value` as an array that counts for `count`, and for those it counted for already (blocks may be nested)."""
    return _with(value, (*getattr(value, "counts", ()), count))
