"""The table of operations: for each one its name, its symbol, its forward rule and its local derivatives.

Read it like the table of derivatives in a calculus book. Each row is

    name = Operation("name", "symbol", forward, derivative with respect to the first input, … the second input, …)

`forward(a, b, …)` computes the value. A derivative rule `(g, out, a, b, …)` gets the upstream gradient `g` (the shape
of the output), the output and the inputs, and returns the downstream gradient: upstream × local derivative.

- An argument whose name starts with an underscore is not looked at for its value (its shape may be). So the row
  says which values a derivative still needs on the way back, and the engine holds nobody to more than that.
- The rules hold no bookkeeping: a result that is larger than the input because the input was broadcast is summed by
  the engine (`tensor.unbroadcast`), and gradients from several uses are added by the engine (`tensor.propagate`).
- The rules use NumPy's vocabulary and the rows of this table. On arrays they compute numbers; on Tensors the very
  same lines record a new graph, and that is how a gradient of a gradient comes about.
- 0·inf must not leak: where a derivative is switched off, `keep` drops the upstream gradient instead of
  multiplying it by zero.
"""

import math
import operator
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

Rule = Callable[..., Any]


class Operation:
    """One row of the table.

    `name`, `symbol`: how it is printed. `forward`: the value. `derivatives`: one rule for each input (empty for an
    operation that is flat wherever it is smooth: comparisons and sign). `elementwise`: each entry of the output depends
    on one entry of each input, so its local derivative has the shape of the output. `broadcasts`: inputs may be
    repeated to fit, so a rule may return more than the input's shape; the engine sums it.
    """

    __slots__ = ("name", "symbol", "forward", "derivatives", "elementwise", "broadcasts", "has_slope")

    def __init__(self, name: str, symbol: str, forward: Rule, *derivatives: Any, elementwise=False, broadcasts=False):
        self.name = name
        self.symbol = symbol
        self.forward = forward
        self.derivatives: tuple[Rule, ...] = derivatives
        self.elementwise: bool = elementwise
        self.has_slope = derivatives != ()
        self.broadcasts: bool = broadcasts or elementwise

    def __call__(self, *arguments):
        """Compute on arrays, record on Tensors: a rule may use another row without knowing which it was given."""
        record = getattr(arguments[0], "_record", None)
        return self.forward(*arguments) if record is None else record(self, arguments)

    def reads(self, derivative: int, argument: int) -> bool:
        """Whether the derivative rule looks at the value of that input (0, 1, …), or of the output (−1)."""
        rule = self.derivatives[derivative]
        bound = len(rule.args) if isinstance(rule, partial) else 0
        code = (rule.func if isinstance(rule, partial) else rule).__code__
        names = code.co_varnames[: code.co_argcount]
        if code.co_flags & 0x04:  # *arrays: the rule of an operation with any number of inputs
            return not code.co_varnames[code.co_argcount + code.co_kwonlyargcount].startswith("_")
        return not names[bound + 2 + argument].startswith("_")

    def __repr__(self):
        return f"<operation {self.name} {self.symbol}>"


_BITS = {np.dtype(np.float64): np.int64, np.dtype(np.float32): np.int32}


def keep(condition, g):
    """`g` where the condition (truth values) holds, else 0.

    Unlike `g * condition` it drops an infinite or undefined `g`.
    """
    if isinstance(g, np.ndarray):
        # The bit pattern times 1 or 0 is exact for every g, and ten times as fast as np.where on an irregular mask.
        return (g.view(_BITS[g.dtype]) * condition).view(g.dtype)
    if isinstance(g, np.floating):
        return g if condition else type(g)(0)
    return np.where(condition, g, 0)


def pick(condition, a, otherwise):
    """`a` where the condition holds, else `otherwise`."""
    if isinstance(condition, np.bool_) and isinstance(a, np.floating):  # np.where takes twenty times as long
        return a if condition else type(a)(otherwise)
    return np.where(condition, a, otherwise)


def at_least(lowest, a):
    """`a` where it is larger than `lowest`, else `lowest`; nan stays nan."""
    if isinstance(a, np.floating):  # np.maximum takes ten times as long
        return a if a > lowest or a != a else type(a)(lowest)
    return np.maximum(a, lowest)


# ---- arithmetic --------------------------------------------------------------------------------------------------

add = Operation(
    "add", "+", operator.add,
    lambda g, _out, _a, _b: g,
    lambda g, _out, _a, _b: g,
    elementwise=True,
)  # fmt: skip

subtract = Operation(
    "subtract", "−", operator.sub,
    lambda g, _out, _a, _b: g,
    lambda g, _out, _a, _b: -g,
    elementwise=True,
)  # fmt: skip

multiply = Operation(
    "multiply", "×", operator.mul,
    lambda g, _out, _a, b: g * b,
    lambda g, _out, a, _b: g * a,
    elementwise=True,
)  # fmt: skip

divide = Operation(
    "divide", "÷", operator.truediv,
    lambda g, _out, _a, b: g / b,
    lambda g, out, _a, b: -(g * out / b),
    elementwise=True,
)  # fmt: skip

negative = Operation("negative", "−", operator.neg, lambda g, _out, _a: -g, elementwise=True)

# At b = 0 the slope in a is 0 even where a = 0; at a = 0 the slope in b is 0. The inner `where` keeps 0⁻¹ and log 0
# away.
power = Operation(
    "power", "^", operator.pow,
    lambda g, _out, a, b: g * b * pick(b != 0, a, 1) ** (b - 1),
    lambda g, out, a, _b: g * out * np.log(pick(a != 0, a, 1)),
    elementwise=True,
)  # fmt: skip

# ---- functions of one number --------------------------------------------------------------------------------------

exp = Operation("exp", "exp", np.exp, lambda g, out, _a: g * out, elementwise=True)
log = Operation("log", "log", np.log, lambda g, _out, a: g / a, elementwise=True)
sqrt = Operation("sqrt", "√", np.sqrt, lambda g, out, _a: g / (2 * out), elementwise=True)
square = Operation("square", "²", lambda a: a * a, lambda g, _out, a: g * (2 * a), elementwise=True)
sin = Operation("sin", "sin", np.sin, lambda g, _out, a: g * np.cos(a), elementwise=True)
cos = Operation("cos", "cos", np.cos, lambda g, _out, a: -(g * np.sin(a)), elementwise=True)
tanh = Operation("tanh", "tanh", np.tanh, lambda g, out, _a: g * (1 - out * out), elementwise=True)


# 1 as an array, because NumPy needs as long to convert a Python number as to compute on a small array; and the number
# below which exp(−a) would overflow: the sigmoid there is smaller than the smallest normal number of its type.
ONE_AND_LOWEST = {np.dtype(t): (np.array(1, t), np.array(a, t)) for t, a in ((np.float64, -709), (np.float32, -88))}


def _sigmoid(a):
    one, lowest = ONE_AND_LOWEST[a.dtype]
    return one / (one + np.exp(-np.maximum(a, lowest)))


def _sigmoid_slope(g, out, _a):
    one, _ = ONE_AND_LOWEST[out.dtype]
    return g * (out * (one - out))


sigmoid = Operation("sigmoid", "σ", _sigmoid, _sigmoid_slope, elementwise=True)


def _softplus_slope(g, out, a):
    """softplus′ = σ. With the value at hand, σ(a) = 1 − exp(−softplus(a)), and `expm1` keeps both tails exact."""
    return g * -np.expm1(-out) if isinstance(out, np.ndarray | np.floating) else g * sigmoid(a)


softplus = Operation(
    "softplus", "softplus", lambda a: np.logaddexp(a, a.dtype.type(0)), _softplus_slope, elementwise=True
)

# The derivative at a kink is a choice: 0 for relu and abs at 0, the slope of the left side for leaky_relu.
relu = Operation("relu", "ReLU", lambda a: at_least(0, a), lambda g, out, _a: keep(out > 0, g), elementwise=True)
leaky_relu = Operation(
    "leaky_relu", "leaky ReLU", lambda a, slope: np.where(a > 0, a, slope * a),
    lambda g, _out, a, slope: pick(a > 0, g, slope * g),
    elementwise=True,
)  # fmt: skip
abs = Operation("abs", "|·|", np.abs, lambda g, _out, a: keep(a > 0, g) - keep(a < 0, g), elementwise=True)
clip = Operation(
    "clip", "clip", lambda a, low, high: a.clip(low, high),
    lambda g, _out, a, low, high: keep(a >= low, keep(a <= high, g)),
    elementwise=True,
)  # fmt: skip

# ---- choosing -------------------------------------------------------------------------------------------------------

# A tie shares the gradient evenly.
maximum = Operation(
    "maximum", "max", np.maximum,
    lambda g, _out, a, b: keep(a > b, g) + keep(a == b, g / 2),
    lambda g, _out, a, b: keep(b > a, g) + keep(a == b, g / 2),
    elementwise=True,
)  # fmt: skip

minimum = Operation(
    "minimum", "min", np.minimum,
    lambda g, _out, a, b: keep(a < b, g) + keep(a == b, g / 2),
    lambda g, _out, a, b: keep(b < a, g) + keep(a == b, g / 2),
    elementwise=True,
)  # fmt: skip

where = Operation(
    "where", "where", np.where,
    None,  # the condition has no derivative: a step is flat on both sides
    lambda g, _out, condition, _a, _b: keep(condition != 0, g),
    lambda g, _out, condition, _a, _b: keep(condition == 0, g),
    elementwise=True,
)  # fmt: skip


# Comparisons and sign are flat wherever they are smooth: they have no rule, and nothing is propagated through them.
# A truth value is stored as 1.0 or 0.0, so that it can be counted, averaged and multiplied like any number.
def _as_number(truth, a, b):
    return truth.astype(np.result_type(a, b))


greater = Operation("greater", ">", lambda a, b: _as_number(a > b, a, b), elementwise=True)
greater_equal = Operation("greater_equal", "≥", lambda a, b: _as_number(a >= b, a, b), elementwise=True)
less = Operation("less", "<", lambda a, b: _as_number(a < b, a, b), elementwise=True)
less_equal = Operation("less_equal", "≤", lambda a, b: _as_number(a <= b, a, b), elementwise=True)
equal = Operation("equal", "=", lambda a, b: _as_number(a == b, a, b), elementwise=True)
not_equal = Operation("not_equal", "≠", lambda a, b: _as_number(a != b, a, b), elementwise=True)
sign = Operation("sign", "sign", np.sign, elementwise=True)

COMPARISONS = frozenset({greater, greater_equal, less, less_equal, equal, not_equal})

# ---- reductions: `axis` is None (all axes) or a tuple of axes, 0 or larger -------------------------------------------


def count(a, axis) -> int:
    """How many entries of `a` go into one entry of a reduction over `axis`."""
    return a.size if axis is None else math.prod([a.shape[i] for i in axis])


def spread(g, a, axis, keepdims):
    """Lay a reduced array out over the shape of `a` again: every entry gets the number it was reduced to."""
    if axis is not None and not keepdims:
        g = g.reshape([1 if i in axis else length for i, length in enumerate(a.shape)])
    if not isinstance(g, np.ndarray | np.generic):
        return np.broadcast_to(g, a.shape)
    copies = np.empty(a.shape, g.dtype)  # on a small array this takes a fifth of the time of np.broadcast_to
    copies[...] = g
    return copies


def average(a, axis):
    """The mean of each group, in an array that still has the axes."""
    return np.add.reduce(a, axis=axis, keepdims=True) / count(a, axis)


def share(g, a, excluded, axis, keepdims):
    """Divide `g` evenly among the entries of each group of `a` that are not excluded."""
    winners = np.add.reduce(np.where(excluded, 0, np.ones_like(a)), axis=axis, keepdims=True)
    return np.where(excluded, 0, spread(g, a, axis, keepdims) / winners)


def product_of_others(a, axis):
    """For each entry the product of all other entries of its group: right with any number of zeros.

    The products of all entries before and of all entries after are built by doubling the stride: log₂ n steps.
    """
    axis = tuple(range(a.ndim)) if axis is None else axis
    order = axis + tuple(i for i in range(a.ndim) if i not in axis)
    moved = np.transpose(a, order)
    rows = moved.reshape((count(a, axis), -1)) if a.size else moved.reshape((0, 0))

    def before(rows):
        products = np.concatenate([np.ones_like(rows[:1]), rows[:-1]])
        stride = 1
        while stride < len(rows):
            products = np.concatenate([products[:stride], products[stride:] * products[:-stride]])
            stride *= 2
        return products

    others = before(rows) * before(rows[::-1])[::-1]
    return np.transpose(others.reshape(moved.shape), tuple(np.argsort(order)))


sum = Operation(
    "sum", "Σ", lambda a, axis, keepdims: np.add.reduce(a, axis=axis, keepdims=keepdims),
    lambda g, _out, _a, axis, keepdims: spread(g, _a, axis, keepdims),
)  # fmt: skip

mean = Operation(
    "mean", "mean", lambda a, axis, keepdims: np.add.reduce(a, axis=axis, keepdims=keepdims) / count(a, axis),
    lambda g, _out, _a, axis, keepdims: spread(g / count(_a, axis), _a, axis, keepdims),
)  # fmt: skip

prod = Operation(
    "prod", "Π", lambda a, axis, keepdims: np.multiply.reduce(a, axis=axis, keepdims=keepdims),
    lambda g, _out, a, axis, keepdims: spread(g, a, axis, keepdims) * product_of_others(a, axis),
)  # fmt: skip


def _var(a, axis, ddof, keepdims):
    distance = a - average(a, axis)
    return np.add.reduce(distance * distance, axis=axis, keepdims=keepdims) / (count(a, axis) - ddof)


var = Operation(
    "var", "var", _var,
    lambda g, _out, a, axis, ddof, keepdims: (
        spread(g * (2 / (count(a, axis) - ddof)), a, axis, keepdims) * (a - average(a, axis))
    ),
)  # fmt: skip

max = Operation(
    "max", "max", lambda a, axis, keepdims: np.maximum.reduce(a, axis=axis, keepdims=keepdims),
    lambda g, out, a, axis, keepdims: share(g, a, a < spread(out, a, axis, keepdims), axis, keepdims),
)  # fmt: skip

min = Operation(
    "min", "min", lambda a, axis, keepdims: np.minimum.reduce(a, axis=axis, keepdims=keepdims),
    lambda g, out, a, axis, keepdims: share(g, a, a > spread(out, a, axis, keepdims), axis, keepdims),
)  # fmt: skip


def _peak(a, axis):
    """The largest entry of each group. Without it eᵃ cannot overflow, and a − peak is exact near the peak."""
    peak = np.maximum.reduce(a, axis=axis, keepdims=True)
    return np.where(np.isfinite(peak), peak, 0)


def _sum_exp(a, axis):
    return np.add.reduce(np.exp(a), axis=axis, keepdims=True)


def _logsumexp(a, axis, keepdims):
    peak = _peak(a, axis)
    total = peak + np.log(_sum_exp(a - peak, axis))
    return total if keepdims else np.squeeze(total, axis=axis)


def _log_softmax(a, axis):
    shifted = a - _peak(a, axis)
    return shifted - np.log(_sum_exp(shifted, axis))


def _softmax(a, axis):
    shifted = a - _peak(a, axis)
    return np.exp(shifted) / _sum_exp(shifted, axis)


logsumexp = Operation(
    "logsumexp", "log Σ exp", _logsumexp,
    lambda g, _out, a, axis, keepdims: spread(g, a, axis, keepdims) * softmax(a, axis),
)  # fmt: skip

log_softmax = Operation(
    "log_softmax", "log softmax", _log_softmax,
    lambda g, out, _a, axis: g - np.exp(out) * np.add.reduce(g, axis=axis, keepdims=True),
)  # fmt: skip

softmax: Operation = Operation(
    "softmax", "softmax", _softmax,
    lambda g, out, _a, axis: out * (g - np.add.reduce(g * out, axis=axis, keepdims=True)),
)  # fmt: skip

cumsum = Operation(
    "cumsum", "running Σ", lambda a, axis: np.cumsum(a, axis=axis),
    lambda g, _out, _a, axis: np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis),
)  # fmt: skip

# ---- matrix product ------------------------------------------------------------------------------------------------


def _product(a, b):
    """a @ b. For two matrices `dot` is the same and starts three times as fast."""
    return a.dot(b) if a.ndim == b.ndim == 2 else np.matmul(a, b)


def _swap(a):
    """Transpose the last two axes."""
    return a.T if a.ndim == 2 else np.swapaxes(a, -1, -2)


def _matmul_left(g, _out, _a, b):
    if g.ndim == b.ndim == 2:
        return g.dot(b.T)
    if b.ndim == 1:
        return g[..., None] * b if _a.ndim > 1 else g * b
    if _a.ndim == 1 and b.ndim > 2:
        return (g[..., None, :] @ _swap(b))[..., 0, :]
    return g @ _swap(b)


def _matmul_right(g, _out, a, _b):
    if g.ndim == a.ndim == 2:
        return a.T.dot(g)
    if a.ndim == 1:
        return a[:, None] * g[..., None, :] if _b.ndim > 1 else g * a
    if _b.ndim == 1 and a.ndim > 2:
        return (_swap(a) @ g[..., None])[..., 0]
    return _swap(a) @ g


# For matrices: dL/dA = G·Bᵀ and dL/dB = Aᵀ·G; the other lines are the same with vectors and stacks of matrices.
matmul = Operation("matmul", "@", _product, _matmul_left, _matmul_right, broadcasts=True)

# ---- shape: values move, so gradients move back ----------------------------------------------------------------------

reshape = Operation(
    "reshape",
    "reshape",
    lambda a, shape: np.reshape(a, shape),
    lambda g, _out, _a, shape: np.reshape(g, _a.shape),
)
expand_dims = Operation(
    "expand_dims", "expand", lambda a, axis: np.expand_dims(a, axis),
    lambda g, _out, _a, axis: np.reshape(g, _a.shape),
)  # fmt: skip
squeeze = Operation(
    "squeeze",
    "squeeze",
    lambda a, axis: np.squeeze(a, axis=axis),
    lambda g, _out, _a, axis: np.reshape(g, _a.shape),
)
transpose = Operation(
    "transpose", "ᵀ", lambda a, axes: np.transpose(a, axes),
    lambda g, _out, _a, axes: np.transpose(g, None if axes is None else tuple(np.argsort(axes))),
)  # fmt: skip
broadcast_to = Operation(
    "broadcast_to", "broadcast", lambda a, shape: np.broadcast_to(a, shape), lambda g, _out, _a, shape: g,
    broadcasts=True,
)  # fmt: skip
flip = Operation("flip", "flip", lambda a, axis: np.flip(a, axis), lambda g, _out, _a, axis: np.flip(g, axis))


def _scatter(a, index, shape):
    total = np.zeros(shape, a.dtype)
    np.add.at(total, index, a)  # an entry that was taken twice gets both gradients
    return total


getitem = Operation("getitem", "[ ]", lambda a, index: a[index], lambda g, _out, _a, index: scatter(g, index, _a.shape))
scatter: Operation = Operation("scatter", "put", _scatter, lambda g, _out, _a, index, shape: g[index])


@cache
def concatenate(inputs: int) -> Operation:
    """The row for that many inputs. Each gets back its own stretch of the upstream gradient."""

    def stretch(position, g, _out, *_arrays):
        *_pieces, axis = _arrays
        start = int(np.sum([piece.shape[axis] for piece in _pieces[:position]], dtype=int))
        stop = start + _pieces[position].shape[axis]
        return g[(slice(None),) * axis + (slice(start, stop),)]

    return Operation(
        "concatenate", "join", lambda *arrays: np.concatenate(arrays[:-1], axis=arrays[-1]),
        *(partial(stretch, i) for i in range(inputs)),
    )  # fmt: skip


# ---- losses: the mean over all elements, for cross_entropy over the rows ---------------------------------------------


def _mean(a):
    return np.add.reduce(a, axis=None) / a.size  # np.mean takes four times as long on a small array


def _mean_squared_error(p, y):
    difference = (p - y).ravel()
    return difference.dot(difference) / difference.size


mean_squared_error = Operation(
    "mean_squared_error", "mean (ŷ−y)²", _mean_squared_error,
    lambda g, _out, p, y: g * (2 / p.size) * (p - y),
    lambda g, _out, p, y: g * (2 / p.size) * (y - p),
)  # fmt: skip


# y·log p with 0·log 0 = 0. `pick` on the argument keeps log 0 and division by 0 away where their factor is 0.
binary_cross_entropy = Operation(
    "binary_cross_entropy", "BCE",
    lambda p, y: -_mean(
        y * np.log(pick(y != 0, p, 1)) + (1 - y) * np.log(pick(y != 1, 1 - p, 1))
    ),
    lambda g, _out, p, y: (g / p.size) * ((1 - y) / pick(y != 1, 1 - p, 1) - y / pick(y != 0, p, 1)),
    lambda g, _out, p, _y: (g / p.size) * (np.log(1 - p) - np.log(p)),
)  # fmt: skip

# σ(z) − y, written so that nothing cancels where σ(z) rounds to 1: 1 − σ(z) = σ(−z).
binary_cross_entropy_with_logits = Operation(
    "binary_cross_entropy_with_logits", "BCE of σ",
    lambda z, y: _mean((np.maximum(z, 0) - z * y) + np.log1p(np.exp(-np.abs(z)))),
    lambda g, _out, z, y: (g / z.size) * ((1 - y) * sigmoid(z) - y * sigmoid(-z)),
    lambda g, _out, z, _y: (g / z.size) * -z,
)  # fmt: skip


def rows(a) -> int:
    """How many examples the class scores `a` hold: N for (N, C), 1 for (C,)."""
    return 1 if a.ndim == 1 else a.shape[0]


# y holds a 1 for the true class of each row and 0 elsewhere; 0·(−inf) of an impossible class is left out.
cross_entropy = Operation(
    "cross_entropy", "CE of softmax",
    lambda z, y: -np.add.reduce(y * keep(y != 0, log_softmax.forward(z, (z.ndim - 1,))), axis=None) / rows(z),
    lambda g, _out, z, y: (g / rows(z)) * (softmax(z, (z.ndim - 1,)) - y),
    lambda g, _out, z, _y: (g / rows(z)) * -log_softmax(z, (z.ndim - 1,)),
)  # fmt: skip

TABLE: dict[str, Operation] = {
    row.name: row for row in (value for value in tuple(globals().values()) if isinstance(value, Operation))
}
