"""Tensor: a value, its gradient, and the operation that made it; and the walk that carries gradients back.

Three places hold the whole engine: `apply` computes a value and remembers where it came from, `propagate` walks back
from an output and adds up gradients, `unbroadcast` undoes a broadcast. The mathematics is in `operations.py`.
"""

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import operations as ops
from .explanations import explained
from .modes import mode
from .operations import Operation

# A clock that ticks with every creation and every change, and what it showed when last a value was changed that
# existed already, or was used or handed out so that the caller may change it unseen.
tick = itertools.count(1).__next__
_creation_number = operator.attrgetter("_number")
_last_change = 0


HINT_NOT_RECORDED = (
    "Nothing here can be differentiated: no leaf with requires_grad=True leads to this Tensor. "
    "Create the leaves with Tensor(..., requires_grad=True), and compute outside no_grad()."
)


class Tensor:
    """A number or an array that remembers how it was made.

    Parameters
    ----------
    data : number, list or array of real numbers, any shape. It is copied. Whole numbers, truth values and lists become
        float64; float32 stays float32. Complex numbers, text and ragged lists are refused.
    requires_grad : whether `backward()` shall leave a gradient here.
    name : shown in messages, tables and pictures.

    A Tensor made by the caller is a *leaf*; one made by an operation is an inner node and knows its `operation` and
    `inputs`. Update a leaf with `w.data -= rate * w.grad` or `w.data = …`; an inner node's value is read-only.
    """

    __slots__ = (
        "_data",  # what operations compute with: never changed in place, only replaced
        "_lent",  # a leaf's array in the caller's hands, who may write into it; None when there is none
        "_grad",  # what the walk has found
        "_shared",  # whether another node's `_grad` may be the same array: set whenever `_grad` is
        "name",
        "requires_grad",
        "operation",
        "inputs",
        "_arguments",  # the input arrays and attributes that `_data` was computed from
        "_number",  # counts creations: an input is always older than what is made of it
        "__weakref__",
    )
    _data: Any
    _lent: np.ndarray | None
    _grad: Any
    _shared: bool
    _arguments: Any
    name: str | None
    requires_grad: bool
    operation: Any  # an Operation; None for a leaf
    inputs: tuple["Tensor", ...]

    def __init__(self, data: Any, requires_grad: bool = True, name: str | None = None):
        self._data = _as_numbers(data)
        self._lent = None
        self._grad = None
        self.name = name
        self.requires_grad = requires_grad
        self.operation = None
        self.inputs = ()
        self._arguments = ()
        self._number = tick()

    # ---- value and gradient -----------------------------------------------------------------------------------------

    @property
    def data(self) -> np.ndarray:
        """The value as an array. A leaf's may be changed (`w.data -= …`, `w.data[0] = …`, `w.data = …`, same shape).

        If that happens between the forward and the backward pass to a value that a derivative still needs, `backward()`
        refuses. `w.data = …` and `w.data -= …` give the leaf a new array: one fetched before is no longer its value.
        """
        if self.operation is not None:
            truth = self.operation in ops.COMPARISONS
            view = np.asarray(self._data != 0 if truth else self._data).view()
            view.flags.writeable = False
            return view
        if self._lent is None:
            global _last_change
            self._lent = self._data.copy() if self._data.ndim else np.array(self._data)
            _last_change = tick()
        return self._lent

    @data.setter
    def data(self, value: Any) -> None:
        global _last_change
        if self.operation is not None:
            raise ValueError(
                f"{self._called()} was computed by {self.operation.name}, so its value follows from its inputs and "
                "cannot be set. Change a leaf and compute again, or start a new leaf with Tensor(value)."
            )
        if self._lent is not None and value is self._lent:  # w.data -= …
            value = value.copy()  # parts of the lent array may still be in somebody's hands
        else:
            value = _as_numbers(value)
            if value.shape != self._data.shape:
                raise ValueError(
                    f"A new value for {self._called()} must keep its shape: it has {self._data.shape}, given was "
                    f"{value.shape}. For another shape create a new Tensor."
                )
            if value.dtype != self._data.dtype:
                value = value.astype(self._data.dtype)
        self._data = value if value.ndim else value[()]
        self._lent = None
        _last_change = tick()

    @property
    def grad(self) -> Any:
        """What `backward()` has added up here: None, or an array of `data`'s shape.

        After `backward(create_graph=True)` a leaf's gradient is a Tensor, so that it can be differentiated again.
        """
        if self._grad is not None and self._shared:
            self._grad = np.array(self._grad)
            self._shared = False
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None and value is not self._grad:
            value = value if isinstance(value, Tensor) else np.array(_as_numbers(value), dtype=self._data.dtype)
            if value.shape != self.shape:
                raise ValueError(
                    f"The gradient of {self._called()} must have its shape: expected {self.shape}, given {value.shape}."
                )
        self._grad = value
        self._shared = False

    def move(self, step: Any) -> None:
        """Add `step` to a leaf's value: `w.move(-rate * w.grad)` does the same as `w.data -= rate * w.grad`, faster."""
        global _last_change
        old = self._data
        new = old + step
        plain = type(new) is type(old) and new.dtype is old.dtype and new.shape == old.shape
        if plain and self._lent is None and self.operation is None:
            self._data = new
            _last_change = tick()
        else:
            self.data += step

    def _settle(self) -> Any:
        """Take over what the caller has written into the array that `data` lent out, and return the value."""
        if self._lent is not None:
            global _last_change
            if self._lent.tobytes() != self._data.tobytes():
                self._data = _frozen(self._lent.copy())
            _last_change = tick()
        return self._data

    @property
    def is_leaf(self) -> bool:
        return self.operation is None

    @property
    def attributes(self) -> tuple:
        """What the operation was given besides its inputs, such as an axis."""
        return tuple(self._arguments[len(self.inputs) :])

    @property
    def shape(self) -> tuple[int, ...]:
        return self._data.shape

    @property
    def ndim(self) -> int:
        return self._data.ndim

    @property
    def size(self) -> int:
        return self._data.size

    @property
    def dtype(self) -> np.dtype:
        return self._data.dtype

    @property
    def T(self) -> "Tensor":
        return self.transpose()

    def dot(self, other: Any) -> "Tensor":
        """The matrix product, as with @."""
        return self @ other

    def item(self) -> float:
        """The value of a Tensor with a single entry, as a Python number."""
        if self.size != 1:
            raise ValueError(
                f"item() needs a single entry; {self._called()} has shape {self.shape}. Pick one with t[...] first, or "
                "use numpy()."
            )
        value = self._settle()
        return value.item() if value.ndim else float(value)  # a NumPy number's item() takes ten times as long

    def numpy(self) -> np.ndarray:
        """A copy of the value as a NumPy array."""
        return np.array(self._settle() if self.operation is None else self.data)

    def detach(self) -> "Tensor":
        """A new leaf with the same value, cut off from how it was computed."""
        return Tensor(self.numpy(), requires_grad=False, name=self.name)

    # ---- differentiation --------------------------------------------------------------------------------------------

    def backward(self, gradient: Any = None, create_graph: bool = False) -> None:
        """Carry the gradient of this Tensor back to everything it was computed from.

        gradient : the upstream gradient here, of this Tensor's shape; may be left out for a single number (then it is
        1).
        create_graph : record the backward pass too, so that the leaves' gradients are Tensors to differentiate again.
        Such a gradient holds on to its graph, and so to its leaf, until `zero_grad()` lets it go.

        Leaves add up over calls (`zero_grad()` starts again); inner nodes hold the last call's gradient.
        Raises ValueError where there is nothing to differentiate, the gradient is missing or has another shape, or a
        value that a derivative needs has been changed since the forward pass.
        """
        deposit(
            propagate(self, seed_for(self, gradient, create_graph), newest_first(self), create_graph),
            create_graph,
        )

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self._grad = None

    # ---- operators --------------------------------------------------------------------------------------------------

    def __add__(self, other):
        return apply(ops.add, (self, other))

    def __radd__(self, other):
        return apply(ops.add, (other, self))

    def __sub__(self, other):
        return apply(ops.subtract, (self, other))

    def __rsub__(self, other):
        return apply(ops.subtract, (other, self))

    def __mul__(self, other):
        return apply(ops.multiply, (self, other))

    def __rmul__(self, other):
        return apply(ops.multiply, (other, self))

    def __truediv__(self, other):
        return apply(ops.divide, (self, other))

    def __rtruediv__(self, other):
        return apply(ops.divide, (other, self))

    def __pow__(self, other):
        return apply(ops.power, (self, other))

    def __rpow__(self, other):
        return apply(ops.power, (other, self))

    def __matmul__(self, other):
        return apply(ops.matmul, (self, other))

    def __rmatmul__(self, other):
        return apply(ops.matmul, (other, self))

    def __neg__(self):
        return apply(ops.negative, (self,))

    def __pos__(self):
        return self

    def __abs__(self):
        return apply(ops.abs, (self,))

    def __gt__(self, other):
        return apply(ops.greater, (self, other))

    def __ge__(self, other):
        return apply(ops.greater_equal, (self, other))

    def __lt__(self, other):
        return apply(ops.less, (self, other))

    def __le__(self, other):
        return apply(ops.less_equal, (self, other))

    def __eq__(self, other):
        return apply(ops.equal, (self, other))

    def __ne__(self, other):
        return apply(ops.not_equal, (self, other))

    __hash__ = (
        object.__hash__
    )  # comparing gives an array of truth values, so a Tensor in a set or dict is known by identity

    def __getitem__(self, index):
        return apply(ops.getitem, (self,), (_as_index(index),))

    def _in_place(self, *_):
        raise TypeError(
            "A Tensor cannot be changed in place: the graph still needs the old value. "
            "Write t = t + … for a new node, or update a leaf's value with w.data -= rate * w.grad."
        )

    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ipow__ = __imatmul__ = __ifloordiv__ = __imod__ = _in_place
    __setitem__ = __delitem__ = _in_place

    # ---- reductions and shape ---------------------------------------------------------------------------------------

    def sum(self, axis=None, keepdims: bool = False) -> "Tensor":
        """The sum over `axis` (None: all entries; an int or a tuple of ints)."""
        return apply(ops.sum, (self,), (self._axes(axis), keepdims))

    def mean(self, axis=None, keepdims: bool = False) -> "Tensor":
        """The mean over `axis`."""
        return apply(ops.mean, (self,), (self._axes(axis, needs_entries=True), keepdims))

    def prod(self, axis=None, keepdims: bool = False) -> "Tensor":
        """The product over `axis`; its gradient is exact with zeros among the factors."""
        return apply(ops.prod, (self,), (self._axes(axis), keepdims))

    def var(self, axis=None, ddof: int = 0, keepdims: bool = False) -> "Tensor":
        """The variance over `axis`: mean squared distance from the mean, divided by (entries − ddof)."""
        axes = self._axes(axis, needs_entries=True)
        if ops.count(self, axes) <= ddof:
            raise ValueError(f"var with ddof={ddof} needs more than {ddof} entries; there are {ops.count(self, axes)}.")
        return apply(ops.var, (self,), (axes, ddof, keepdims))

    def max(self, axis=None, keepdims: bool = False) -> "Tensor":
        """The largest entry over `axis`; entries that tie share the gradient evenly."""
        return apply(ops.max, (self,), (self._axes(axis, needs_entries=True), keepdims))

    def min(self, axis=None, keepdims: bool = False) -> "Tensor":
        """The smallest entry over `axis`; entries that tie share the gradient evenly."""
        return apply(ops.min, (self,), (self._axes(axis, needs_entries=True), keepdims))

    def cumsum(self, axis=None) -> "Tensor":
        """Running sums along `axis` (None: over the flattened Tensor)."""
        if axis is None:
            return self.reshape(-1).cumsum(0)
        return apply(ops.cumsum, (self,), (self._axis(axis),))

    def reshape(self, *shape) -> "Tensor":
        """The same entries in another shape: `t.reshape(2, 3)` or `t.reshape((2, 3))`; one length may be −1."""
        if len(shape) == 1 and isinstance(shape[0], Sequence | np.ndarray):
            shape = tuple(shape[0])
        return apply(ops.reshape, (self,), (tuple(map(operator.index, shape)),))

    def transpose(self, *axes) -> "Tensor":
        """Axes in reverse, or in the order given."""
        if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], Sequence)):
            axes = () if axes[0] is None else tuple(axes[0])
        if not axes:
            return apply(ops.transpose, (self,), (None,))
        order = tuple(self._axis(axis) for axis in axes)
        if sorted(order) != list(range(self.ndim)):
            raise ValueError(
                f"transpose: the axes of shape {self.shape} are {tuple(range(self.ndim))}, each once; given was {axes}."
            )
        return apply(ops.transpose, (self,), (order,))

    def expand_dims(self, axis) -> "Tensor":
        """New axes of length 1 at `axis` (an int or a tuple)."""
        axes = axis if isinstance(axis, tuple) else (axis,)
        return apply(ops.expand_dims, (self,), (_checked_axes(axes, self.ndim + len(axes), self.shape),))

    def squeeze(self, axis=None) -> "Tensor":
        """Without axes of length 1 (all of them, or those named)."""
        axes = tuple(i for i, n in enumerate(self.shape) if n == 1) if axis is None else self._axes(axis)
        if any(self.shape[i] != 1 for i in axes or ()):
            raise ValueError(
                f"squeeze drops axes of length 1 only; shape {self.shape} has another length at axis {axis}."
            )
        return apply(ops.squeeze, (self,), (axes,))

    def broadcast_to(self, shape) -> "Tensor":
        """Repeated along new or length-1 axes until it has `shape`."""
        lengths = shape if isinstance(shape, Sequence | np.ndarray) else (shape,)
        return apply(ops.broadcast_to, (self,), (tuple(map(operator.index, lengths)),))

    def flip(self, axis=None) -> "Tensor":
        """In reverse order along `axis` (None: every axis)."""
        return apply(ops.flip, (self,), (self._axes(axis),))

    def _axis(self, axis) -> int:
        return _checked_axes((axis,), self.ndim, self.shape)[0]

    def _axes(self, axis, needs_entries: bool = False) -> tuple[int, ...] | None:
        """`axis` as None or as a tuple of axes counted from the front."""
        axes = (
            None if axis is None else _checked_axes(axis if isinstance(axis, tuple) else (axis,), self.ndim, self.shape)
        )
        if needs_entries and self.size == 0 and ops.count(self, axes) == 0:
            raise ValueError(f"There is nothing to reduce: shape {self.shape} has no entries along axis {axis}.")
        return axes

    # ---- Python and NumPy --------------------------------------------------------------------------------------------

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                f"A Tensor of shape {self.shape} is not one truth value. Ask about one number: (t > 0).data.all() or "
                ".any(), or t.sum() > 0."
            )
        return bool(self._settle() != 0)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("A Tensor holding a single number has no length.")
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __repr__(self) -> str:
        value = np.array2string(self.numpy(), precision=6, separator=", ", prefix="Tensor(")
        name = f", name={self.name!r}" if self.name is not None else ""
        made = f", operation={self.operation.name}" if self.operation is not None else ""
        constant = "" if self.requires_grad else ", requires_grad=False"
        return f"Tensor({value}{name}{made}{constant})"

    def _called(self) -> str:
        return f"Tensor {self.name!r}" if self.name is not None else "this Tensor"

    def __reduce__(self):
        """For `copy` and `pickle`: a leaf with the same value, gradient and name, that shares nothing with this one."""
        if self.operation is not None:
            raise TypeError(
                f"{self._called()} was computed by {self.operation.name}, and a copy would not know how. "
                "Copy the leaves it was computed from, or its value with detach()."
            )
        gradient = self._grad._data if isinstance(self._grad, Tensor) else self._grad
        return _leaf, (np.array(self._settle()), self.requires_grad, self.name, gradient)

    def __array__(self, dtype=None, copy=None):
        if self.requires_grad:
            raise TypeError(
                "Turning a Tensor into a NumPy array here would silently cut it off from its gradient. "
                "Write t.numpy() if that is what you want, or use backprop_lib's own function."
            )
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def _record(self, operation: Operation, arguments: tuple) -> "Tensor":
        """An operation called inside a derivative rule, on Tensors: see `Operation.__call__`."""
        inputs = len(operation.derivatives)
        return apply(operation, arguments[:inputs], arguments[inputs:])

    def __array_ufunc__(self, ufunc, method, *operands, **keywords):
        if method == "reduce" and ufunc is np.add and keywords.keys() <= {"axis", "keepdims"}:
            return operands[0].sum(keywords.get("axis", 0), keywords.get("keepdims", False))
        operation = UFUNCS.get(ufunc)
        if method != "__call__" or operation is None or keywords:
            extra = f" with {', '.join(keywords)}" if keywords else ""
            raise TypeError(
                f"numpy.{ufunc.__name__}{'' if method == '__call__' else '.' + method}{extra} has no derivative rule "
                "here. Build it from backprop_lib's functions, or use t.numpy() if no gradient shall pass."
            )
        return apply(operation, operands)

    def __array_function__(self, function, types, arguments, keywords):
        own = FUNCTIONS.get(function)
        if own is None:
            raise TypeError(
                f"{function.__module__}.{function.__name__} has no derivative rule here. Build it from backprop_lib's "
                "functions, or use t.numpy() if no gradient shall pass."
            )
        return own(*arguments, **keywords)


UFUNCS: dict[np.ufunc, Operation] = {
    np.add: ops.add, np.subtract: ops.subtract, np.multiply: ops.multiply, np.true_divide: ops.divide,
    np.power: ops.power, np.float_power: ops.power, np.matmul: ops.matmul, np.negative: ops.negative,
    np.exp: ops.exp, np.log: ops.log, np.sqrt: ops.sqrt, np.square: ops.square, np.sin: ops.sin, np.cos: ops.cos,
    np.tanh: ops.tanh, np.absolute: ops.abs, np.fabs: ops.abs, np.maximum: ops.maximum, np.minimum: ops.minimum,
    np.sign: ops.sign, np.greater: ops.greater, np.greater_equal: ops.greater_equal, np.less: ops.less,
    np.less_equal: ops.less_equal, np.equal: ops.equal, np.not_equal: ops.not_equal,
}  # fmt: skip

# NumPy's other functions on Tensors; filled by functional.py, which defines them.
FUNCTIONS: dict[Callable, Callable] = {}


# ---- the engine ---------------------------------------------------------------------------------------------------


def apply(operation: Operation, operands: tuple, attributes: tuple = ()) -> Tensor:
    """Compute `operation` on Tensors, arrays and numbers, and remember what the result came from."""
    recording, watcher = mode.get()
    number = tick()
    arguments = []
    requires_grad = False
    try:
        for t in operands:
            arguments.append(t._data if t._lent is None else t._settle())
            if t.requires_grad:
                requires_grad = True
    except AttributeError:  # an array or a number among them
        operands = tuple([t if isinstance(t, Tensor) else _constant(t, operands) for t in operands])
        return apply(operation, operands, attributes)
    if attributes:
        arguments += attributes
    try:
        data = operation.forward(*arguments) if watcher is None else watcher.forward(operation, operands, arguments)
    except (ValueError, IndexError) as error:
        raise explained(operation, operands, attributes, error) from error
    node = _new_tensor(Tensor)
    node._data = data
    node._lent = None
    node._grad = None
    node.name = None
    node._number = number
    if recording or operation in ops.COMPARISONS:  # what is true stays recognisable as truth values
        node.requires_grad = requires_grad and operation.has_slope
        node.operation = operation
        node.inputs = operands
        node._arguments = arguments
    else:
        node.requires_grad = False
        node.operation = None
        node.inputs = node._arguments = ()
    return node


_new_tensor = object.__new__


def newest_first(output: Tensor) -> list[Tensor]:
    """The inner nodes that a gradient of `output` passes on its way back, each before its inputs.

    An operation can only use what exists already, so newest to oldest is an order in which every use of a node comes
    before the node itself. Each node is found once, however many paths lead to it.
    """
    found = [output] if output.operation is not None else []
    seen = {output}
    for node in found:  # grows as we go
        for t in node.inputs:
            if t.requires_grad and t.operation is not None and t not in seen:
                seen.add(t)
                found.append(t)
    found.sort(key=_creation_number, reverse=True)
    return found


def propagate(
    output: Tensor,
    seed: Any,
    order: list[Tensor],
    create_graph: bool = False,
    *,
    computed_at: int | None = None,
    plan: dict[Tensor, tuple] | None = None,
) -> dict[Tensor, Any]:
    """The backward pass: gradients of `output` with respect to everything it depends on.

    In this order a node's gradient is complete when its turn comes: all its uses have sent theirs. Each step is
    upstream × local derivative = downstream, and what arrives at the same node is added. Nothing is changed in place.

    A Graph knows two things from earlier and passes them on: `computed_at`, the tick after which all values were
    computed, and `plan`, for each node of `order` whether an input may have been broadcast, and its inputs with their
    rules.
    """
    if order and _last_change > (computed_at or order[-1]._number):
        _refuse_if_changed(order)
    watcher = mode.get().watcher
    gradients = {output: seed}
    for node in order:
        upstream = gradients[node]
        operation, values, out = node.operation, node._arguments, node._data
        if plan is None:
            broadcasts, edges = operation.broadcasts and out.ndim, zip(node.inputs, operation.derivatives)
        else:
            broadcasts, edges = plan[node]
        if create_graph:
            values, out = (*node.inputs, *node.attributes), node
        for t, rule in edges:
            if t.requires_grad:
                if watcher is not None:
                    position = operation.derivatives.index(rule)
                    downstream = watcher.backward(node, position, rule, upstream, out, values)
                elif len(values) == 2:  # named arguments take half as long as unpacked ones
                    a, b = values
                    downstream = rule(upstream, out, a, b)
                else:
                    downstream = rule(upstream, out, *values)
                if broadcasts and downstream.shape != t._data.shape:
                    downstream = unbroadcast(downstream, t._data.shape)
                elif downstream is upstream and t.operation is None and (create_graph or upstream.ndim):
                    downstream = upstream.broadcast_to(upstream.shape) if create_graph else upstream.copy()
                if t not in gradients:
                    gradients[t] = downstream
                else:
                    held = gradients[t]
                    gradients[t] = held + downstream if watcher is None else watcher.add(held, downstream)
    return gradients


_sum_over = np.add.reduce


def unbroadcast(gradient: Any, shape: tuple[int, ...]) -> Any:
    """Sum over the axes along which an input of `shape` was repeated: every copy sends back its share."""
    while gradient.ndim > len(shape):
        gradient = _sum_over(gradient)  # the first axis
    if gradient.shape != shape:
        stretched = tuple(axis for axis, length in enumerate(shape) if length == 1)
        gradient = _sum_over(gradient, axis=stretched, keepdims=True)
    return gradient


def gradients_of(
    output: Tensor, inputs: Sequence[Tensor], gradient: Any = None, create_graph: bool = False
) -> list[Any]:
    """The gradients of `output` with respect to `inputs`, without touching any `.grad`.

    Returns a list of arrays, with create_graph of Tensors; zeros for an input that `output` does not depend on.
    """
    found = propagate(output, seed_for(output, gradient, create_graph), newest_first(output), create_graph)
    zeros = [np.zeros(t.shape, t.dtype) for t in inputs]
    if create_graph:
        return [found.get(t, Tensor(zero, requires_grad=False)) for t, zero in zip(inputs, zeros)]
    return [np.array(found.get(t, zero), dtype=t.dtype) for t, zero in zip(inputs, zeros)]


def computation_order(output: Tensor) -> list[Tensor]:
    """Everything `output` was computed from, leaves and constants included, in the order in which it was made."""
    found = [output]
    seen = {output}
    for node in found:
        for t in node.inputs:
            if t not in seen:
                seen.add(t)
                found.append(t)
    return sorted(found, key=_creation_number)


def seed_for(output: Tensor, gradient: Any, create_graph: bool) -> Any:
    """The upstream gradient to start from, checked."""
    if not output.requires_grad:
        raise ValueError(HINT_NOT_RECORDED)
    if gradient is None:
        if output.size != 1:
            raise ValueError(
                f"backward() starts from a single number; this Tensor has shape {output.shape}. Reduce it first, for "
                "example with .sum() or .mean(), or pass the upstream gradient: backward(gradient) with shape "
                f"{output.shape}."
            )
        one = output._data.dtype.type(1)
        ones = one if output.ndim == 0 else np.full(output.shape, one)
        return Tensor(ones, requires_grad=False) if create_graph else ones
    if create_graph and isinstance(gradient, Tensor):
        seed: Any = gradient
    else:
        seed = np.array(_as_numbers(gradient), dtype=output._data.dtype)[()]
        seed = Tensor(seed, requires_grad=False) if create_graph else seed
    if seed.shape != output.shape:
        raise ValueError(
            f"The upstream gradient must have the output's shape: expected {output.shape}, given {seed.shape}."
        )
    return seed


def deposit(gradients: dict[Tensor, Any], create_graph: bool) -> None:
    """Store what the walk has found: leaves add up over calls, inner nodes keep the last call's gradient.

    A rule may have handed on its upstream gradient or a view of it. A leaf gets a copy of that; an inner node shares
    the array with others until somebody asks for its `grad`.
    """
    for t, gradient in gradients.items():
        if t.operation is not None:
            t._grad, t._shared = gradient._data if create_graph else gradient, True
        elif create_graph:
            t._grad, t._shared = gradient if t._grad is None else t._grad + gradient, False
        else:
            if gradient.base is not None:
                gradient = gradient.copy()
            if gradient.dtype is not t._data.dtype:
                gradient = gradient.astype(t._data.dtype)
            if t._grad is not None:
                gradient = (t._grad._data if isinstance(t._grad, Tensor) else t._grad) + gradient
            t._grad, t._shared = gradient, gradient.ndim == 0


def _refuse_if_changed(order: list[Tensor]) -> None:
    """Stop if a derivative that will be computed reads a value which is not the one the forward pass used."""
    for node in order:
        for position, (t, used) in enumerate(zip(node.inputs, node._arguments)):
            if has_changed(t, used) and _still_needed(node, position):
                how = "changed" if t.operation is None else "computed anew"
                raise ValueError(
                    f"The value of {t._called()} (shape {t.shape}, used by {node.operation.name}) was {how} after the "
                    "forward pass, and a derivative still needs the old one. Call backward() before the update, or "
                    "run the forward pass again."
                )


def has_changed(t: Tensor, used: Any) -> bool:
    """Whether the value of `t` is no longer the array that an operation used."""
    return t._settle() is not used and t._data.tobytes() != used.tobytes()


def _still_needed(node: Tensor, position: int) -> bool:
    """Whether a derivative rule that will be evaluated at `node`, or from that input on, reads the old value."""
    changed = node.inputs[position]
    if changed.requires_grad and changed.operation is not None:
        return True  # another Graph has replayed it: from here on its rules would go on with the new values
    return any(t.requires_grad and node.operation.reads(i, position) for i, t in enumerate(node.inputs))


# ---- taking things in ------------------------------------------------------------------------------------------------


def _as_numbers(data: Any) -> Any:
    """A private float array; a single number is kept as a NumPy scalar, which cannot be changed."""
    if type(data) in (int, float):
        return np.float64(data)
    if isinstance(data, Tensor):
        data = data.numpy()
    if isinstance(data, np.ma.MaskedArray):
        raise TypeError("A masked array would lose its mask here. Fill it first, for example with array.filled(0).")
    try:
        array = np.array(data)
    except ValueError as error:
        raise ValueError(
            f"A Tensor needs numbers in a regular shape; given was {_shortened(data)}. Rows of different lengths? "
            f"({error})"
        ) from error
    kind = array.dtype.kind
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if kind in "iub" or array.dtype == np.float16:
        array = array.astype(np.float64)
    if array.dtype not in (np.float64, np.float32):
        what = {"c": "complex numbers", "U": "text", "S": "bytes", "f": "extended precision"}.get(
            kind, f"{array.dtype} values"
        )
        raise TypeError(
            f"A Tensor holds real numbers (float64 or float32); given was {what}: {_shortened(data)}. Convert them "
            "first, for example with float(...) or array.astype(float)."
        )
    return _frozen(array)


def _leaf(data: Any, requires_grad: bool, name: str | None, gradient: Any) -> Tensor:
    leaf = Tensor(data, requires_grad, name)
    leaf.grad = gradient
    return leaf


def _frozen(array: Any) -> Any:
    if array.ndim == 0:
        return array[()]
    array.setflags(False)  # not writeable
    return array


def _constant(value: Any, operands: tuple) -> Tensor:
    """A number or array in an expression as a Tensor without gradient. A Python number takes its partner's type."""
    constant = Tensor(value, requires_grad=False)
    if type(value) in (int, float, bool):
        for t in operands:
            if isinstance(t, Tensor) and t._data.dtype is not constant._data.dtype:
                constant._data = t._data.dtype.type(value)
    return constant


def _as_index(index: Any) -> Any:
    """An index made of integers, slices, …, None and integer or truth arrays. It is copied."""
    if isinstance(index, tuple):
        return tuple(_as_index(part) for part in index)
    if isinstance(index, Tensor):
        index = index.numpy()
    if isinstance(index, (list, np.ndarray)):
        index = np.array(index, dtype=int if isinstance(index, list) and not index else None)
        if index.dtype.kind not in "iub":
            raise IndexError(
                f"An index array holds whole numbers or truth values; given was {index.dtype}. For classes use "
                "array.astype(int)."
            )
    return index


def _checked_axes(axes: Sequence[int], ndim: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    try:
        axes = tuple(operator.index(axis) for axis in axes)
    except TypeError:
        raise TypeError(f"An axis is a whole number, a tuple of them, or None; given was {axes!r}.") from None
    for axis in axes:
        if not -ndim <= axis < ndim:
            there = (
                f"the axes 0 to {ndim - 1} (or −1 to −{ndim} from the end)"
                if ndim
                else "no axes: it is a single number"
            )
            raise ValueError(f"Axis {axis} is not there: shape {shape} has {there}.")
    counted = tuple(axis % ndim for axis in axes)
    if len(set(counted)) != len(counted):
        raise ValueError(f"An axis is named twice: {axes} for shape {shape}.")
    return counted


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
