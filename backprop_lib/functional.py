"""The functions a learner calls. Each takes Tensors, arrays or numbers and gives a Tensor.

Names and arguments follow NumPy where NumPy has the function, PyTorch's functional interface otherwise. `axis` is
None (all entries), an int or a tuple of ints. NumPy's own functions of the same name work on Tensors too.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import operations as ops
from .tensor import FUNCTIONS, Tensor, _as_numbers, _constant, apply

Operand = Any  # a Tensor, or what a Tensor can be made of


def _tensor(a: Operand) -> Tensor:
    return a if isinstance(a, Tensor) else Tensor(a, requires_grad=False)


# ---- entry by entry -----------------------------------------------------------------------------------------------


def exp(a: Operand) -> Tensor:
    """eᵃ for each entry."""
    return apply(ops.exp, (a,))


def log(a: Operand) -> Tensor:
    """The natural logarithm of each entry."""
    return apply(ops.log, (a,))


def sqrt(a: Operand) -> Tensor:
    """The square root of each entry; its slope at 0 is infinite."""
    return apply(ops.sqrt, (a,))


def square(a: Operand) -> Tensor:
    """Each entry times itself."""
    return apply(ops.square, (a,))


def sin(a: Operand) -> Tensor:
    """The sine of each entry, in radians."""
    return apply(ops.sin, (a,))


def cos(a: Operand) -> Tensor:
    """The cosine of each entry, in radians."""
    return apply(ops.cos, (a,))


def tanh(a: Operand) -> Tensor:
    """The hyperbolic tangent of each entry, between −1 and 1."""
    return apply(ops.tanh, (a,))


def sigmoid(a: Operand) -> Tensor:
    """1 / (1 + e⁻ᵃ) for each entry, between 0 and 1; exact in both tails down to the smallest normal numbers."""
    return apply(ops.sigmoid, (a,))


def softplus(a: Operand) -> Tensor:
    """log(1 + eᵃ) for each entry: a smooth relu, whose slope is the sigmoid."""
    return apply(ops.softplus, (a,))


def relu(a: Operand) -> Tensor:
    """Each entry if positive, else 0. The derivative at 0 is taken as 0."""
    return apply(ops.relu, (a,))


def leaky_relu(a: Operand, negative_slope: float = 0.01) -> Tensor:
    """Each entry if positive, else `negative_slope` times the entry. The derivative at 0 is `negative_slope`."""
    return apply(ops.leaky_relu, (a,), (float(negative_slope),))


def abs(a: Operand) -> Tensor:
    """The size of each entry. The derivative at 0 is taken as 0."""
    return apply(ops.abs, (a,))


def sign(a: Operand) -> Tensor:
    """−1, 0 or 1. No gradient passes: a step is flat on both sides."""
    return apply(ops.sign, (a,))


def maximum(a: Operand, b: Operand) -> Tensor:
    """The larger of two entries; a tie shares the gradient evenly."""
    return apply(ops.maximum, (a, b))


def minimum(a: Operand, b: Operand) -> Tensor:
    """The smaller of two entries; a tie shares the gradient evenly."""
    return apply(ops.minimum, (a, b))


def clip(a: Operand, a_min: Any = None, a_max: Any = None) -> Tensor:
    """Each entry limited to [a_min, a_max] (numbers, arrays or None).

    The derivative is 1 inside and on the limits, 0 outside.
    """
    limits = []
    for limit, default in ((a_min, -np.inf), (a_max, np.inf)):
        if isinstance(limit, Tensor):
            if limit.requires_grad:
                raise TypeError(
                    "The limits of clip are fixed numbers. For limits with a gradient use minimum(maximum(a, low), "
                    "high)."
                )
            limit = limit.numpy()
        limits.append(default if limit is None else limit)
    if np.any(np.asarray(limits[0]) > np.asarray(limits[1])):
        raise ValueError(f"clip needs a_min ≤ a_max; given were {a_min} and {a_max}.")
    tensor = _tensor(a)
    shape = np.broadcast_shapes(tensor.shape, np.shape(limits[0]), np.shape(limits[1]))
    if shape != tensor.shape:
        tensor = tensor.broadcast_to(shape)
    return apply(ops.clip, (tensor,), tuple(float(x) if np.ndim(x) == 0 else np.array(x, tensor.dtype) for x in limits))


def where(condition: Operand, a: Operand, b: Operand) -> Tensor:
    """`a` where the condition holds, else `b`. No gradient reaches the side that was not chosen.

    condition : truth values, such as `x > 0`; a comparison of Tensors is evaluated anew when a Graph is replayed.
    """
    if isinstance(condition, Tensor):
        if condition.operation not in ops.COMPARISONS and condition.requires_grad:
            raise TypeError(
                "The condition of where must be truth values, for example t > 0 or t != 0; given was a Tensor of "
                "numbers."
            )
    elif np.asarray(condition).dtype.kind not in "biuf":
        raise TypeError(f"The condition of where must be truth values; given was {np.asarray(condition).dtype}.")
    a, b = (x if isinstance(x, Tensor) else _constant(x, (a, b)) for x in (a, b))
    return apply(ops.where, (_tensor(condition), a, b))


# ---- reductions ---------------------------------------------------------------------------------------------------


def sum(a: Operand, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The sum over `axis`."""
    return _tensor(a).sum(axis, keepdims)


def mean(a: Operand, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The mean over `axis`."""
    return _tensor(a).mean(axis, keepdims)


def prod(a: Operand, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The product over `axis`; its gradient is exact with zeros among the factors."""
    return _tensor(a).prod(axis, keepdims)


def var(a: Operand, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """The variance over `axis`: mean squared distance from the mean, divided by (entries − ddof)."""
    return _tensor(a).var(axis, ddof, keepdims)


def max(a: Operand, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The largest entry over `axis`; entries that tie share the gradient evenly."""
    return _tensor(a).max(axis, keepdims)


def min(a: Operand, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The smallest entry over `axis`; entries that tie share the gradient evenly."""
    return _tensor(a).min(axis, keepdims)


def cumsum(a: Operand, axis: Any = None) -> Tensor:
    """Running sums along `axis` (None: over the flattened input)."""
    return _tensor(a).cumsum(axis)


def logsumexp(a: Operand, axis: Any = None, keepdims: bool = False) -> Tensor:
    """log Σ eᵃ over `axis`, shifted by the largest entry of each group so that nothing overflows."""
    tensor = _tensor(a)
    axes = tensor._axes(axis, needs_entries=True)
    return apply(ops.logsumexp, (tensor,), (tuple(range(tensor.ndim)) if axes is None else axes, keepdims))


def softmax(a: Operand, axis: Any = -1) -> Tensor:
    """eᵃ / Σ eᵃ over `axis`: positive numbers that add up to 1. Each group is shifted by its own largest entry."""
    tensor = _tensor(a)
    return apply(ops.softmax, (tensor,), (_group(tensor, axis),))


def log_softmax(a: Operand, axis: Any = -1) -> Tensor:
    """The logarithm of softmax, exact where softmax itself would round to 0."""
    tensor = _tensor(a)
    return apply(ops.log_softmax, (tensor,), (_group(tensor, axis),))


def _group(tensor: Tensor, axis: Any) -> tuple[int, ...]:
    axes = tensor._axes(axis, needs_entries=True)
    return tuple(range(tensor.ndim)) if axes is None else axes


# ---- shape --------------------------------------------------------------------------------------------------------


def matmul(a: Operand, b: Operand) -> Tensor:
    """The matrix product a @ b of vectors, matrices or stacks of matrices."""
    return apply(ops.matmul, (a, b))


def transpose(a: Operand, axes: Any = None) -> Tensor:
    """Axes in reverse, or in the order given."""
    return _tensor(a).transpose(axes)


def swapaxes(a: Operand, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged."""
    tensor = _tensor(a)
    order = list(range(tensor.ndim))
    i, j = tensor._axis(axis1), tensor._axis(axis2)
    order[i], order[j] = order[j], order[i]
    return tensor.transpose(order)


def reshape(a: Operand, shape: Any) -> Tensor:
    """The same entries in another shape; one length may be −1."""
    return _tensor(a).reshape(shape)


def expand_dims(a: Operand, axis: Any) -> Tensor:
    """New axes of length 1 at `axis`."""
    return _tensor(a).expand_dims(axis)


def squeeze(a: Operand, axis: Any = None) -> Tensor:
    """Without axes of length 1."""
    return _tensor(a).squeeze(axis)


def broadcast_to(a: Operand, shape: Any) -> Tensor:
    """Repeated along new or length-1 axes until it has `shape`."""
    return _tensor(a).broadcast_to(shape)


def flip(a: Operand, axis: Any = None) -> Tensor:
    """In reverse order along `axis` (None: every axis)."""
    return _tensor(a).flip(axis)


def concatenate(arrays: Sequence[Operand], axis: int = 0) -> Tensor:
    """Joined along an axis that exists."""
    tensors = [_tensor(a) for a in arrays]
    if not tensors:
        raise ValueError("concatenate needs at least one array; given was an empty list.")
    if any(t.ndim == 0 for t in tensors):
        raise ValueError("concatenate joins along an axis, and a single number has none. Use stack for numbers.")
    return apply(ops.concatenate(len(tensors)), tuple(tensors), (tensors[0]._axis(axis),))


def stack(arrays: Sequence[Operand], axis: int = 0) -> Tensor:
    """Joined along a new axis."""
    tensors = [_tensor(a) for a in arrays]
    if len({t.shape for t in tensors}) > 1:
        raise ValueError(f"stack needs equal shapes; given were {', '.join(str(t.shape) for t in tensors)}.")
    return concatenate([t.expand_dims(axis) for t in tensors], axis)


# ---- losses -------------------------------------------------------------------------------------------------------


def mean_squared_error(prediction: Operand, target: Operand) -> Tensor:
    """The mean of (prediction − target)² over all elements. Shapes must be equal."""
    return apply(ops.mean_squared_error, _pair("mean_squared_error", prediction, target))


def binary_cross_entropy(probability: Operand, target: Operand) -> Tensor:
    """−mean(y·log p + (1−y)·log(1−p)) over all elements, for probabilities p and targets y in [0, 1], with 0·log 0 = 0.

    Where p comes out of a sigmoid, `binary_cross_entropy_with_logits` is exact for every logit; this one is not.
    """
    p, y = _pair("binary_cross_entropy", probability, target)
    for name, t, hint in (
        ("probabilities", p, "For logits use binary_cross_entropy_with_logits."),
        ("targets", y, "Targets are 0, 1 or a probability."),
    ):
        _check_unit_interval("binary_cross_entropy", name, t, hint)
    return apply(ops.binary_cross_entropy, (p, y))


def binary_cross_entropy_with_logits(logits: Operand, target: Operand) -> Tensor:
    """`binary_cross_entropy(sigmoid(logits), target)`, exact for every logit; its gradient is (σ(z) − y) / n."""
    z, y = _pair("binary_cross_entropy_with_logits", logits, target)
    _check_unit_interval("binary_cross_entropy_with_logits", "targets", y, "Targets are 0, 1 or a probability.")
    return apply(ops.binary_cross_entropy_with_logits, (z, y))


def cross_entropy(logits: Operand, target: Operand) -> Tensor:
    """The mean over the rows of −log softmax(logits) at the true class; its gradient is (softmax(z) − y) / N.

    logits : shape (N, C), or (C,) for one example.
    target : whole numbers 0 … C−1 of shape (N,), or one number for (C,); or one-hot rows (or probabilities) of the
    logits' shape.
    """
    z = _tensor(logits)
    if z.ndim not in (1, 2) or 0 in z.shape:
        raise ValueError(f"cross_entropy expects logits of shape (N, C) or (C,); given was {z.shape}.")
    if np.shape(target) == z.shape:
        return apply(ops.cross_entropy, (z, _class_probabilities(target, z)))
    classes = target.numpy() if isinstance(target, Tensor) else np.asarray(target)
    return apply(ops.cross_entropy, (z, _one_hot(classes, z)))


def _class_probabilities(target: Operand, z: Tensor) -> Tensor:
    y = target if isinstance(target, Tensor) else Tensor(_as_numbers(target).astype(z.dtype), requires_grad=False)
    rows = y._settle()
    if not (rows.min() >= 0 and np.abs(rows.sum(axis=-1) - 1).max() <= 1e-6):  # nan is refused too
        raise ValueError(
            "cross_entropy: each row of one-hot targets must be 0 or larger and add up to 1; "
            f"the smallest entry is {rows.min():.6g}, the sums run from {rows.sum(axis=-1).min():.6g} to "
            f"{rows.sum(axis=-1).max():.6g}."
        )
    return y


def _one_hot(target: np.ndarray, z: Tensor) -> Tensor:
    classes = z.shape[-1]
    if target.shape != z.shape[:-1]:
        raise ValueError(
            f"cross_entropy: for logits of shape {z.shape} the target has shape {z.shape[:-1]} (class numbers) or "
            f"{z.shape} (one-hot); given was {target.shape}."
        )
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"cross_entropy: class numbers are whole numbers; given was {target.dtype}. Convert them with "
            "target.astype(int)."
        )
    wrong = target[(target < 0) | (target >= classes)]
    if wrong.size:
        raise ValueError(
            f"cross_entropy: there are {classes} classes, numbered 0 to {classes - 1}; a target is {wrong.flat[0]}."
        )
    return Tensor(np.eye(classes, dtype=z.dtype)[target], requires_grad=False)


def _pair(name: str, prediction: Operand, target: Operand) -> tuple[Tensor, Tensor]:
    p = _tensor(prediction)
    y = target if isinstance(target, Tensor) else Tensor(_as_numbers(target).astype(p.dtype), requires_grad=False)
    if p._data.shape != y._data.shape:
        raise ValueError(
            f"{name}: prediction and target must have the same shape; given were {p.shape} and {y.shape}. Broadcasting "
            f"them would compare every prediction with every target. Try target.reshape{p.shape} if the entries belong "
            "together."
        )
    if p._data.size == 0:
        raise ValueError(f"{name}: there are no elements to take the mean of (shape {p.shape}).")
    return p, y


def _check_unit_interval(function: str, what: str, t: Tensor, hint: str) -> None:
    values = np.asarray(t._settle())
    wrong = values[~((values >= 0) & (values <= 1))]
    if wrong.size:
        raise ValueError(f"{function}: {what} must lie in [0, 1]; one of them is {wrong.flat[0]:.6g}. {hint}")


# ---- NumPy's functions on Tensors ------------------------------------------------------------------------------------

FUNCTIONS.update(
    {
        np.sum: sum, np.mean: mean, np.prod: prod, np.var: var, np.max: max, np.min: min, np.amax: max, np.amin: min,
        np.cumsum: cumsum, np.where: where, np.clip: clip, np.concatenate: concatenate, np.stack: stack,
        np.transpose: transpose, np.swapaxes: swapaxes, np.reshape: reshape, np.expand_dims: expand_dims,
        np.squeeze: squeeze, np.broadcast_to: broadcast_to, np.flip: flip,
        np.ones_like: lambda a: Tensor(np.ones(a.shape, a.dtype), requires_grad=False),
        np.zeros_like: lambda a: Tensor(np.zeros(a.shape, a.dtype), requires_grad=False),
        np.shape: lambda a: a.shape, np.ndim: lambda a: a.ndim, np.size: lambda a: a.size,
    }
)  # fmt: skip
