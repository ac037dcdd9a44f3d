"""The loss as a landscape: its height on a plane through the space of all parameters.

A network with 17 parameters has a loss in 17 dimensions, and a picture shows two. A `Plane` is what lies between: every
point (a, b) on it stands for the parameters  origin + a·first + b·second.

    def loss():
        return mean_squared_error(model(X), y)

    plane = along_two_weights(loss, model.parameters(), ("0.weight", (0, 0)), ("2.weight", (0, 1)))
    heights = plane.grid(a, b)                     # heights[i, j] is the loss at a[j], b[i]
    for point in plane.critical_points((-8, 8), (-8, 8)):
        print(point)                               # "saddle at (1.25, −0.5), loss 0.25, curvatures −0.02 and 0.31"

The whole grid takes one pass through the engine: every parameter gets one more axis in front, a row for each point.
The same pass, recorded, gives the exact slopes and curvatures in all points.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import operations as ops
from .functional import log, log_softmax, softplus, stack, where
from .graph import Graph
from .modes import no_grad
from .operations import Operation
from .optim import Optimizer
from .tensor import Tensor, apply, gradients_of

Arrays = Sequence[np.ndarray] | Mapping[str, np.ndarray]  # one for each parameter, in their order
Weight = tuple[Tensor | str, Any]  # a parameter or its name, and the index of one entry

LARGEST_PASS = 2_000_000  # entries of the largest array in a pass; a grid that needs more takes several passes


@dataclass(frozen=True)
class CriticalPoint:
    """A place where the slope is 0 along both axes of a plane.

    kind : "minimum", "maximum", "saddle" or "flat", as `kind_of` says. a, b, loss : where it lies, and how high.
    curvatures : the eigenvalues of the exact Hessian in the plane's two coordinates, the smaller one first.
    slope_beyond : the length of the gradient in the space of all parameters. Where it is not 0, the loss still falls
    in a direction that leaves the plane: what looks like a minimum here is none.
    """

    kind: str
    a: float
    b: float
    loss: float
    curvatures: tuple[float, float]
    slope_beyond: float

    def __str__(self) -> str:
        low, high = (f"{_rounded(c)}" for c in self.curvatures)
        where = f"({_rounded(self.a)}, {_rounded(self.b)})"
        return f"{self.kind} at {where}, loss {_rounded(self.loss)}, curvatures {low} and {high}"


def kind_of(curvatures: Sequence[float], zero: float = 0.0) -> str:
    """What a critical point with these curvatures is: "minimum", "maximum", "saddle" or "flat".

    curvatures : eigenvalues of the Hessian. zero : what is this small, or a millionth of the largest, counts as 0; then
    second derivatives do not tell ("flat"), unless two others differ in sign: a saddle is one whatever the rest is.
    """
    values = np.asarray(curvatures, float)
    zero = max(zero, 1e-6 * np.abs(values).max())
    up, down = bool((values > zero).any()), bool((values < -zero).any())
    if up and down:
        return "saddle"
    if (np.abs(values) <= zero).any():
        return "flat"
    return "minimum" if up else "maximum"


class Plane:
    """The loss at the parameters  origin + a·first + b·second.

    loss : a function without arguments that computes the loss, a single number, from the parameters. It is called once;
    an `if` on a value inside it would not be noticed afterwards.
    parameters : the Tensors to move. Their values are the origin, unless `origin` gives others; they are not changed,
    and changing them later does not change the plane.
    first, second : the directions, one array of each parameter's shape. names : what a and b are called in a picture.
    """

    def __init__(
        self,
        loss: Callable[[], Tensor],
        parameters: Sequence[Tensor],
        first: Arrays,
        second: Arrays,
        *,
        origin: Arrays | None = None,
        names: tuple[str, str] = ("a", "b"),
    ):
        self.parameters = list(parameters)
        self.first, self.second = (
            _arrays(each, self.parameters, name) for each, name in ((first, "first"), (second, "second"))
        )
        values = [p.numpy() for p in self.parameters] if origin is None else origin
        self.origin = _arrays(values, self.parameters, "origin")
        self.names = names
        self._axes = np.stack([_flat(self.first), _flat(self.second)], axis=1)
        if np.linalg.matrix_rank(self._axes) < 2:
            raise ValueError(
                "Two directions that differ make a plane; here one of them is 0 or a multiple of the other."
            )
        output = loss()
        if not isinstance(output, Tensor) or output.ndim:
            given = f"a Tensor of shape {output.shape}" if isinstance(output, Tensor) else type(output).__name__
            raise ValueError(f"The loss must be a Tensor that holds a single number; the function returned {given}.")
        self._graph = Graph(output)
        missing = [position for position, p in enumerate(self.parameters) if p not in set(self._graph.leaves)]
        if missing:
            raise ValueError(
                f"The loss does not depend on parameter number {missing[0]}, so it has no landscape there."
            )
        self._moved = _depends_on(self._graph, self.parameters)

    def at(self, a: float, b: float) -> list[np.ndarray]:
        """The parameters at the point (a, b)."""
        return [o + a * u + b * v for o, u, v in zip(self.origin, self.first, self.second)]

    def project(self, parameters: Arrays) -> tuple[float, float, float]:
        """The point (a, b) of the plane that is nearest to these parameters, and how far they lie off the plane."""
        away = _flat(_arrays(parameters, self.parameters, "parameters")) - _flat(self.origin)
        point = np.linalg.lstsq(self._axes, away, rcond=None)[0]
        return float(point[0]), float(point[1]), float(np.linalg.norm(away - self._axes @ point))

    # ---- heights, slopes and curvatures ------------------------------------------------------------------------------

    def grid(self, a: Any, b: Any) -> np.ndarray:
        """The loss at every pair of a (n,) and b (m,): shape (m, n), b upwards as in a picture."""
        return self.loss_at(np.asarray(a, float)[None, :], np.asarray(b, float)[:, None])

    def loss_at(self, a: Any, b: Any) -> np.ndarray:
        """The loss at the points (a, b), two numbers or two arrays that broadcast; of their common shape."""
        return self._in_passes(a, b, self._losses, ())

    def gradient_at(self, a: Any, b: Any) -> np.ndarray:
        """∂loss/∂a and ∂loss/∂b at the points (a, b): their shape, and a last axis of length 2."""
        return self._in_passes(a, b, self._gradients, (2,))

    def hessian_at(self, a: Any, b: Any) -> np.ndarray:
        """The exact second derivatives at the points (a, b): their shape, and two last axes of length 2."""
        return self._in_passes(a, b, self._hessians, (2, 2))

    def whole_gradient(self, a: float, b: float) -> np.ndarray:
        """The gradient at (a, b) for all parameters, not only along the plane; one row of numbers."""
        leaves = [Tensor(value) for value in self.at(a, b)]
        return _flat(gradients_of(self._replayed(leaves), leaves))

    def whole_hessian(self, a: float, b: float) -> np.ndarray:
        """The exact second derivatives at (a, b) for all parameters: as many rows and columns as there are numbers."""
        leaves = [Tensor(value) for value in self.at(a, b)]
        return _hessian_of(self._replayed(leaves), leaves)

    def _in_passes(self, a: Any, b: Any, compute: Callable, extra: tuple[int, ...]) -> np.ndarray:
        a, b = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float))
        points = np.stack([a.ravel(), b.ravel()])
        largest = max(node.size for node in self._graph.nodes)
        stride = max(1, LARGEST_PASS // largest)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # far away a loss may be infinite
            parts = [compute(*points[:, start : start + stride]) for start in range(0, points.shape[1], stride)]
        return np.concatenate(parts).reshape(a.shape + extra) if parts else np.zeros(a.shape + extra)

    @no_grad()
    def _losses(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return self.height(Tensor(a), Tensor(b)).numpy()

    def _gradients(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        leaves = Tensor(a), Tensor(b)
        return np.stack(gradients_of(self.height(*leaves), leaves, np.ones(len(a))), axis=-1)

    def _hessians(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        leaves = Tensor(a), Tensor(b)
        slopes = gradients_of(self.height(*leaves), leaves, np.ones(len(a)), create_graph=True)
        return np.stack([np.stack(_slopes_of(slope, leaves), axis=-1) for slope in slopes], axis=-2)

    def height(self, a: Tensor, b: Tensor) -> Tensor:
        """The loss as a function of two Tensors, to be differentiated: single numbers, or a row of points (n,)."""
        if a.ndim:
            return self._replayed([_placed(*each, a, b) for each in zip(self.origin, self.first, self.second)], len(a))
        return self._replayed([_placed(*each, a, b) for each in zip(self.origin, self.first, self.second)])

    def _replayed(self, parameters: list[Tensor], rows: int | None = None) -> Tensor:
        """The loss computed anew for other parameters; with `rows`, those with one more axis hold one row a point."""
        values: dict[Tensor, Tensor] = dict(zip(self.parameters, parameters))
        for node in self._moved:
            inputs = [values.get(t, t) for t in node.inputs]
            stacked = [v.ndim > t.ndim for v, t in zip(inputs, node.inputs)]
            if any(stacked):
                values[node] = _by_rows(node, inputs, stacked)
            else:
                values[node] = apply(node.operation, tuple(inputs), node.attributes)
        result = values[self._graph.output]
        return result if rows is None or result.ndim else result.broadcast_to((rows,))

    # ---- where it is level -------------------------------------------------------------------------------------------

    def critical_points(
        self, a_range: tuple[float, float], b_range: tuple[float, float], points: int = 61
    ) -> list[CriticalPoint]:
        """The places in this rectangle where both slopes are 0, the lowest first.

        Where both slopes change sign within a cell of a grid of `points` × `points`, Newton's method with the exact
        Hessian takes over. Two that lie in one cell may be found as one. A plain, where the slope is below a millionth
        of the steepest one, has no points to be found.
        """
        a, b = (np.linspace(*_range(r), points) for r in (a_range, b_range))
        slopes = self.gradient_at(a[None, :], b[:, None])
        corners = np.stack([slopes[:-1, :-1], slopes[:-1, 1:], slopes[1:, :-1], slopes[1:, 1:]])
        turns = ((corners.min(axis=0) <= 0) & (corners.max(axis=0) >= 0)).all(axis=-1)
        steepest = np.max(np.abs(slopes[np.isfinite(slopes)]), initial=0)
        row, column = np.nonzero(turns & (np.abs(corners).max(axis=(0, -1)) > 1e-6 * steepest))
        if not len(row):
            return []
        cell = np.array([a[1] - a[0], b[1] - b[0]])
        start = np.stack([a[column], b[row]], axis=-1) + cell / 2
        place, step = start, np.zeros_like(start)
        for _ in range(40):
            step = _newton(self.gradient_at(*place.T), self.hessian_at(*place.T))
            place = place - np.clip(step, -cell, cell)
        level = (np.abs(self.gradient_at(*place.T)) < 1e-9 * steepest).all(axis=1)
        arrived = (np.abs(step) < 1e-7 * cell).all(axis=1) & level
        near = (np.abs(place - start) <= 3 * cell).all(axis=1)
        inside = ((place >= [a[0], b[0]]) & (place <= [a[-1], b[-1]])).all(axis=1)
        found: list[np.ndarray] = []
        for one in place[arrived & near & inside]:
            one = np.array([round(x, 6 - int(np.log10(side))) + 0.0 for x, side in zip(one.tolist(), cell)])
            if not any((np.abs(one - other) < 1e-3 * cell).all() for other in found):
                found.append(one)
        # A curvature is 0 if it is nothing beside those elsewhere on the plane: as fast as slopes change over a cell.
        sharpest = max(
            float(np.max(np.abs(change[np.isfinite(change)]), initial=0)) / side
            for change, side in ((np.diff(slopes, axis=1), cell[0]), (np.diff(slopes, axis=0), cell[1]))
        )
        described = [self._described(one, 1e-9 * sharpest) for one in found]
        return sorted(described, key=lambda p: (_rounded(p.loss), _rounded(p.a), _rounded(p.b)))

    def _described(self, place: np.ndarray, zero: float) -> CriticalPoint:
        a, b = place.tolist()
        low, high = np.linalg.eigvalsh(self.hessian_at(a, b)).tolist()
        beyond = float(np.linalg.norm(self.whole_gradient(a, b)))
        return CriticalPoint(kind_of((low, high), zero), a, b, float(self.loss_at(a, b)), (low, high), beyond)


class Descent:
    """The way of an optimizer over a plane. Only a and b are trained.

    points : (steps + 1, 2), the first is the start. losses : (steps + 1,).
    stopped : why it ended early, in a sentence; None if it did not. That is where the loss or the gradient is no longer
    a finite number.
    """

    def __init__(self, plane: Plane, start: tuple[float, float], optimizer: Callable[[list[Tensor]], Optimizer]):
        self._place = [Tensor(float(start[0]), name="a"), Tensor(float(start[1]), name="b")]
        self._optimizer = optimizer(self._place)
        with np.errstate(all="ignore"):
            self._graph = Graph(plane.height(*self._place))
        self._losses = [self._graph.output.item()]
        self._points = [[t.item() for t in self._place]]
        self.stopped: str | None = None
        if not np.isfinite([*self._points[0], *self._losses]).all():
            raise ValueError(f"At the start {tuple(start)} the loss is {self._losses[0]}: no place to walk from.")

    @property
    def points(self) -> np.ndarray:
        return np.array(self._points)

    @property
    def losses(self) -> np.ndarray:
        return np.array(self._losses)

    @property
    def steps(self) -> int:
        """Steps done so far."""
        return len(self._losses) - 1

    def go(self, steps: int) -> None:
        """So many steps more."""
        with np.errstate(all="ignore"):
            for _ in range(0 if self.stopped else steps):
                self._optimizer.zero_grad()
                self._graph.backward()
                self._optimizer.step()
                loss = self._graph.forward().item()
                place = [t.item() for t in self._place]
                if not np.isfinite([*place, loss]).all():
                    self.stopped = f"After {self.steps + 1} steps the loss is no finite number any more."
                    return
                self._points.append(place)
                self._losses.append(loss)


def descend(
    plane: Plane, start: tuple[float, float], optimizer: Callable[[list[Tensor]], Optimizer], steps: int
) -> Descent:
    """Walk over the plane, from (a, b) = start.

    optimizer : makes one for the two Tensors, for example `lambda ab: Momentum(ab, learning_rate=0.5)`.
    """
    way = Descent(plane, start, optimizer)
    way.go(steps)
    return way


# ---- planes ----------------------------------------------------------------------------------------------------------


def along_two_weights(loss: Callable[[], Tensor], parameters: Sequence[Tensor], one: Weight, other: Weight) -> Plane:
    """The plane in which two weights take all values and the others stay: a and b are the weights themselves.

    one, other : (parameter or its name, index of the entry), for example ("0.weight", (1, 0)); () for a single number.
    """
    parameters = list(parameters)
    origin = [p.numpy() for p in parameters]
    directions, names = [], []
    for which, index in (one, other):
        position = _position(which, parameters)
        direction = [np.zeros(p.shape) for p in parameters]
        try:
            entry = np.zeros(parameters[position].shape, bool)
            entry[index] = True
        except IndexError as error:
            raise ValueError(f"{which!r} has shape {parameters[position].shape}; there is no entry {index}.") from error
        if entry.sum() != 1:
            raise ValueError(
                f"An index must name one weight; {index} of {which!r}, shape {entry.shape}, names {entry.sum()}."
            )
        direction[position][entry] = 1.0
        origin[position] = np.where(entry, 0.0, origin[position])
        directions.append(direction)
        where_in = list(index) if isinstance(index, tuple) else [index]
        names.append((parameters[position].name or f"parameter {position}") + (f"{where_in}" if where_in else ""))
    return Plane(loss, parameters, *directions, origin=origin, names=(names[0], names[1]))


def along_random_directions(
    loss: Callable[[], Tensor], parameters: Sequence[Tensor], rng: np.random.Generator
) -> Plane:
    """The plane through the present parameters in two random directions, each normalised filter by filter.

    The part of a direction that belongs to one neuron's weights (a row of a weight matrix) gets the length which those
    weights have, and a bias vector likewise; so a step of 1 changes every neuron in proportion, whatever its scale.
    Source: Li and others, 2018, "Visualizing the loss landscape of neural nets".
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a generator, for example np.random.default_rng(0); given was {rng!r}.")
    parameters = list(parameters)
    first, second = ([_like(p.numpy(), rng) for p in parameters] for _ in range(2))
    return Plane(loss, parameters, first, second, names=("random direction 1", "random direction 2"))


def _like(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    direction = rng.standard_normal(weights.shape)
    filters = (len(weights), -1) if weights.ndim > 1 else (1, -1)
    rows, drawn = weights.reshape(filters), direction.reshape(filters)
    lengths, own = (np.linalg.norm(each, axis=1, keepdims=True) for each in (rows, drawn))
    return (drawn * (lengths / own)).reshape(weights.shape)


def through_three_points(
    loss: Callable[[], Tensor], parameters: Sequence[Tensor], start: Arrays, end: Arrays, third: Arrays
) -> Plane:
    """The plane through three sets of parameters. `start` is at (0, 0) and `end` on the axis of a.

    The axes are at right angles and of length 1, so distances in the picture are distances between parameters.
    """
    parameters = list(parameters)
    origin, to, other = (_arrays(p, parameters, name) for p, name in ((start, "start"), (end, "end"), (third, "third")))
    u, v = _flat(to) - _flat(origin), _flat(other) - _flat(origin)
    length = np.linalg.norm(u)
    if length > 0:
        u = u / length
        v = v - (v @ u) * u
    rest = np.linalg.norm(v)
    if not (length > 0 and rest > 1e-9 * length):
        raise ValueError(
            "The three points lie on one line, and many planes go through a line. Choose another third point."
        )
    first, second = _unflat(u, parameters), _unflat(v / rest, parameters)
    return Plane(
        loss,
        parameters,
        first,
        second,
        origin=origin,
        names=("from the start to the end", "across, to the third point"),
    )


def hessian(loss: Callable[[], Tensor], parameters: Sequence[Tensor]) -> np.ndarray:
    """The exact second derivatives of the loss with respect to every entry of the parameters, at their present values.

    Each entry of the gradient is differentiated once more. Returns (n, n) for n numbers in all, in the order of
    `parameters`. Touches no `.grad`.
    """
    return _hessian_of(loss(), list(parameters))


def _hessian_of(output: Tensor, leaves: Sequence[Tensor]) -> np.ndarray:
    slopes = gradients_of(output, leaves, create_graph=True)
    entries = (slope.reshape(-1)[i] for slope in slopes for i in range(slope.size))
    return np.stack([_flat(_slopes_of(entry, leaves)) for entry in entries])


def _slopes_of(slope: Tensor, leaves: Sequence[Tensor]) -> list[np.ndarray]:
    if not slope.requires_grad:  # the slope is the same everywhere
        return [np.zeros(leaf.shape) for leaf in leaves]
    return gradients_of(slope, leaves, np.ones(slope.shape))


# ---- one pass for all points -----------------------------------------------------------------------------------------


def _placed(origin: np.ndarray, first: np.ndarray, second: np.ndarray, a: Tensor, b: Tensor) -> Tensor:
    """origin + a·first + b·second, with one row for each entry of a and b if they are rows; origin where both are 0."""
    value = Tensor(origin, requires_grad=False)
    for along, direction in ((a, first), (b, second)):
        if direction.any():
            value = value + (along.reshape((-1,) + (1,) * origin.ndim) if along.ndim else along) * direction
    return value


def _depends_on(graph: Graph, parameters: Sequence[Tensor]) -> list[Tensor]:
    """The computed nodes that change with the parameters, in the order of computation."""
    moved = set(parameters)
    found = []
    for node in graph.nodes:
        if node.operation is not None and any(t in moved for t in node.inputs):
            moved.add(node)
            found.append(node)
    return found


def _by_rows(node: Tensor, inputs: list[Tensor], stacked: list[bool]) -> Tensor:
    """What `node` computes, done for every row of the inputs that are stacked.

    An operation that is not in the table below is done row by row, which is right and slow.
    """
    rule = _elementwise if node.operation.elementwise else _BY_ROWS.get(node.operation)
    if rule is not None:
        return rule(node, inputs, stacked)
    rows = next(len(t) for t, is_stacked in zip(inputs, stacked) if is_stacked)
    return stack(
        [
            apply(
                node.operation,
                tuple(t[i] if is_stacked else t for t, is_stacked in zip(inputs, stacked)),
                node.attributes,
            )
            for i in range(rows)
        ]
    )


def _lifted(t: Tensor, ndim: int) -> Tensor:
    """A stack of rows that each have `ndim` axes: new ones of length 1 in front of the old, as broadcasting has it."""
    missing = ndim + 1 - t.ndim
    return t.reshape(t.shape[:1] + (1,) * missing + t.shape[1:]) if missing > 0 else t


def _elementwise(node: Tensor, inputs: list[Tensor], stacked: list[bool]) -> Tensor:
    aligned = [_lifted(t, node.ndim) if is_stacked else t for t, is_stacked in zip(inputs, stacked)]
    return apply(node.operation, tuple(aligned), node.attributes)


def _matmul(node: Tensor, inputs: list[Tensor], stacked: list[bool]) -> Tensor:
    left, right = inputs
    a, b = node.inputs
    ndim = max(a.ndim, b.ndim, 2)
    if stacked[0]:
        left = _lifted(left if a.ndim > 1 else left.expand_dims(1), ndim)
    if stacked[1]:
        right = _lifted(right if b.ndim > 1 else right.expand_dims(2), ndim)
    return apply(ops.matmul, (left, right)).reshape(-1, *node.shape)


def _reduction(node: Tensor, inputs: list[Tensor], stacked: list[bool]) -> Tensor:
    axes, *rest = node.attributes
    axes = tuple(range(node.inputs[0].ndim)) if axes is None else axes
    return apply(node.operation, tuple(inputs), (tuple(axis + 1 for axis in axes), *rest))


def _transpose(node: Tensor, inputs: list[Tensor], stacked: list[bool]) -> Tensor:
    axes = node.attributes[0]
    if axes is None:
        axes = tuple(reversed(range(node.ndim)))
    return inputs[0].transpose(0, *(axis + 1 for axis in axes))


def _reshape(node: Tensor, inputs: list[Tensor], stacked: list[bool]) -> Tensor:
    return inputs[0].reshape(-1, *node.shape)


def _broadcast(node: Tensor, inputs: list[Tensor], stacked: list[bool]) -> Tensor:
    lifted = _lifted(inputs[0], node.ndim)
    return lifted.broadcast_to((len(lifted), *node.shape))


def _own_axes(node: Tensor) -> tuple[int, ...]:
    """The axes of a stack that the node's first input has without it."""
    return tuple(range(1, node.inputs[0].ndim + 1))


def _squared_error(node: Tensor, inputs: list[Tensor], stacked: list[bool]) -> Tensor:
    p, y = inputs
    size = node.inputs[0].size
    difference = (p - y).reshape(-1, 1, size)
    return (difference @ difference.transpose(0, 2, 1)).reshape(-1) / size


def _probability_error(node: Tensor, inputs: list[Tensor], stacked: list[bool]) -> Tensor:
    p, y = inputs
    log_p, log_rest = log(where(y != 0, p, 1)), log(where(y != 1, 1 - p, 1))  # 0·log 0 = 0
    return -(y * log_p + (1 - y) * log_rest).mean(_own_axes(node))


def _logit_error(node: Tensor, inputs: list[Tensor], stacked: list[bool]) -> Tensor:
    z, y = inputs
    return (softplus(z) - z * y).mean(_own_axes(node))


def _class_error(node: Tensor, inputs: list[Tensor], stacked: list[bool]) -> Tensor:
    z, y = inputs
    return -(y * where(y == 0, 0, log_softmax(z, -1))).sum(_own_axes(node)) / ops.rows(node.inputs[0])


_BY_ROWS: dict[Operation, Callable[[Tensor, list[Tensor], list[bool]], Tensor]] = {
    ops.matmul: _matmul,
    ops.transpose: _transpose,
    ops.broadcast_to: _broadcast,
    **dict.fromkeys((ops.reshape, ops.expand_dims, ops.squeeze), _reshape),
    **dict.fromkeys(
        (ops.sum, ops.mean, ops.prod, ops.var, ops.max, ops.min, ops.logsumexp, ops.log_softmax, ops.softmax),
        _reduction,
    ),
    ops.mean_squared_error: _squared_error,
    ops.binary_cross_entropy: _probability_error,
    ops.binary_cross_entropy_with_logits: _logit_error,
    ops.cross_entropy: _class_error,
}


# ---- small things ----------------------------------------------------------------------------------------------------


def _newton(slope: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    """The step H⁻¹·g for each point; nan where there is none, which then never counts as arrived."""
    (p, q), (r, s) = np.moveaxis(curvature, (-2, -1), (0, 1))
    g, h = slope.T
    with np.errstate(all="ignore"):
        step = np.stack([s * g - q * h, p * h - r * g], axis=-1) / (p * s - q * r)[:, None]
    step[(slope == 0).all(axis=1)] = 0
    return step


def _position(which: Tensor | str, parameters: list[Tensor]) -> int:
    for position, p in enumerate(parameters):
        if p is which or (isinstance(which, str) and p.name == which):
            return position
    raise ValueError(
        f"There is no parameter {which!r}; their names are {[p.name for p in parameters]}. "
        "A weight is given as (parameter or its name, index), for example ('0.weight', (0, 1))."
    )


def _arrays(values: Arrays, parameters: Sequence[Tensor], name: str) -> list[np.ndarray]:
    listed = list(values.values()) if isinstance(values, Mapping) else list(values)
    shapes = [np.shape(value) for value in listed]
    expected = [p.shape for p in parameters]
    if shapes != expected:
        raise ValueError(
            f"{name} needs one array for each parameter, of its shape: expected {expected}; given was {shapes}."
        )
    return [np.array(value, float) for value in listed]


def _range(limits: tuple[float, float]) -> tuple[float, float]:
    low, high = limits
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(f"A range is (low, high) with low below high; given was {limits}.")
    return float(low), float(high)


def _flat(arrays: Sequence[Any]) -> np.ndarray:
    return np.concatenate([np.ravel(array) for array in arrays])


def _unflat(row: np.ndarray, parameters: Sequence[Tensor]) -> list[np.ndarray]:
    ends = np.cumsum([p.size for p in parameters])[:-1]
    return [part.reshape(p.shape) for part, p in zip(np.split(row, ends), parameters)]


def _rounded(value: float) -> float:
    return float(f"{value:.4g}") + 0.0
