"""What the parts of a graph are to somebody who derives its backward pass by hand.

The engine knows operations. A learner knows layers: this is a weight, that an activation, here the loss takes the mean
over m examples. `Landmarks(walk)` finds those, so that each mistake knows the places where it can be made.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .. import operations as ops
from .walk import Edge, Walk

# An activation's derivative, written in its value a (as it is memorised) and in its argument z.
DERIVATIVE_IN_A = {
    "sigmoid": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a * a,
    "relu": lambda a: (a > 0) * 1.0,
}
DERIVATIVE_IN_Z = {
    "sigmoid": lambda z: DERIVATIVE_IN_A["sigmoid"](ops._sigmoid(np.asarray(z))),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0) * 1.0,
    "softplus": lambda z: ops._sigmoid(np.asarray(z)),
}
ACTIVATIONS = frozenset({"sigmoid", "tanh", "relu", "leaky_relu", "softplus"})
FUNCTIONS = frozenset({ops.exp, ops.log, ops.sqrt, ops.square, ops.sin, ops.cos, ops.abs, ops.power})
ALONG = frozenset({ops.transpose, ops.reshape, ops.expand_dims, ops.squeeze})
SMALL = 1e-9
MOST_TARGETS = 20  # of one shape; in a graph with more constants than that the rest are not targets


def _same(a: Any, b: Any) -> bool:
    """Equal as far as rounding lets anybody see. Of equal shape."""
    a, b = np.asarray(a), np.asarray(b)
    scale = max(np.max(np.abs(a), initial=0.0), np.max(np.abs(b), initial=0.0))
    return a.shape == b.shape and bool(np.max(np.abs(a - b), initial=0.0) <= SMALL * scale)


def _ratio(a: Any, b: Any) -> float | None:
    """The number c with a = c·b, if there is one and it is not 0."""
    a, b = np.asarray(a), np.asarray(b)
    square = float(np.sum(b * b))
    c = float(np.sum(a * b)) / square if square > 0 else 0.0
    return c if c != 0 and np.isfinite(c) and _same(a, c * b) else None


@dataclass(frozen=True)
class Activation:
    """`value` = function(`argument`). `edge`: the one step between them; None where it is written out in several."""

    function: str
    value: int
    argument: int
    edge: Edge | None


@dataclass(frozen=True)
class Product:
    """A parameter (`edge` leads to it) times something that the layer below computed, `other`."""

    edge: Edge
    parameter: int
    other: int


@dataclass(frozen=True)
class Repeated:
    """A parameter (`edge` leads to it) that is added to several examples at once: along `axes` it is repeated."""

    edge: Edge
    parameter: int
    axes: tuple[int, ...]
    copies: int


@dataclass(frozen=True)
class Average:
    """A mean over `entries` numbers: `examples` in a batch, of each `outputs`. Only outputs: then `examples` is 1."""

    node: int
    edges: tuple[Edge, ...]
    entries: int
    examples: int
    outputs: int


@dataclass(frozen=True)
class Site:
    """Where a well-known loss meets the network: the gradient at `node` is `weight` · (prediction − target).

    kind: "squared" (`node` holds the prediction), "sigmoid" or "softmax" (cross-entropy; `node` holds the logits).
    """

    kind: str
    node: int
    prediction: Any
    target: Any
    weight: float


class Landmarks:
    """The parts of a walk's graph, each found when it is first asked for."""

    def __init__(self, walk: Walk):
        self.walk = walk

    # ---- parameters -----------------------------------------------------------------------------------------------

    def parameter_behind(self, i: int) -> int | None:
        """The leaf with a gradient whose entries, perhaps in another shape, are value i; None if there is none."""
        first = self.same_entries(i)[-1]
        t = self.walk.tensors[first]
        return first if t.operation is None and t.requires_grad else None

    def same_entries(self, i: int) -> list[int]:
        """Value i, and the values before it that hold the same entries in another shape."""
        found = [i]
        while self.walk.operation(i) in ALONG:
            (i,) = self.walk.inputs(i)
            found.append(i)
        return found

    @cached_property
    def leaves(self) -> list[int]:
        """The leaves that get a gradient, those nearest the loss first."""
        return [i for i in self.walk.schedule if self.walk.operation(i) is None]

    @cached_property
    def inner(self) -> list[int]:
        """The computed values that get a gradient, those nearest the loss first, without the loss itself."""
        output = self.walk.at[self.walk.loss]
        return [i for i in self.walk.schedule if i != output and self.walk.operation(i) is not None]

    @cached_property
    def products(self) -> list[Product]:
        found = []
        for edge in self.walk.edges:
            if self.walk.operation(edge.consumer) in (ops.matmul, ops.multiply):
                parameter = self.parameter_behind(edge.source)
                other = self.walk.inputs(edge.consumer)[1 - edge.position]
                if parameter is not None and other != edge.source and not self.is_number(other):
                    found.append(Product(edge, parameter, other))
        return found

    @cached_property
    def weights(self) -> set[int]:
        """The parameters that multiply what the layer below computed."""
        return {layer.parameter for layer in self.layers}

    @cached_property
    def layers(self) -> list[Product]:
        """The products of a weight with what enters it: on the weight's side of a matrix product, else any product."""
        matrices = [p for p in self.products if self.walk.operation(p.edge.consumer) is ops.matmul]
        return [p for p in matrices if p.edge.position == self.weight_side] or matrices or self.products

    @cached_property
    def weight_side(self) -> int:
        """Where a weight stands in a matrix product: 1 for X @ W (an example is a row), 0 for W @ X (a column).

        If both factors are leaves with a gradient, the layers above or the biases tell which of them is the weight.
        """
        walk = self.walk
        matrices = [p for p in self.products if walk.operation(p.edge.consumer) is ops.matmul]
        for product in matrices:
            if walk.operation(product.other) is not None and self.parameter_behind(product.other) is None:
                return product.edge.position
        for bias in self.biases:
            if len(bias.axes) == 1 and walk.values[bias.edge.consumer].ndim == 2:
                return 1 - bias.axes[0]
        for product in matrices:
            if self.parameter_behind(product.other) is None:
                return product.edge.position
        return 1

    @cached_property
    def biases(self) -> list[Repeated]:
        found = []
        for edge in self.walk.edges:
            if self.walk.operation(edge.consumer) not in (ops.add, ops.subtract):
                continue
            parameter = self.parameter_behind(edge.source)
            small, large = self.walk.values[edge.source].shape, self.walk.values[edge.consumer].shape
            if parameter is None or small == large or 0 in large:
                continue
            padded = (1,) * (len(large) - len(small)) + small
            axes = tuple(k for k, (a, b) in enumerate(zip(padded, large)) if a != b or k < len(large) - len(small))
            found.append(Repeated(edge, parameter, axes, int(np.prod([large[k] for k in axes]))))
        return found

    @cached_property
    def forks(self) -> list[int]:
        """The values that are used more than once."""
        return [i for i in self.walk.schedule if len(self.walk.into[i]) > 1]

    def is_number(self, i: int) -> bool:
        """Whether value i is a plain number of the formula, such as the 2 of 2·x."""
        t = self.walk.tensors[i]
        return t.operation is None and not t.requires_grad and t.name is None and t.size == 1

    # ---- the batch ------------------------------------------------------------------------------------------------

    @property
    def batch_axis(self) -> int:
        """Which axis counts the examples: 0 if an example is a row, −1 if it is a column."""
        return 0 if self.weight_side == 1 else -1

    @cached_property
    def _batch(self) -> int | None:
        """How many examples the layers see at once, if they tell."""
        for layer in self.layers:
            if self.walk.operation(layer.edge.consumer) is ops.matmul:
                passed = self.walk.values[layer.edge.consumer]
                return passed.shape[self.batch_axis] if passed.ndim > 1 else 1
        return max((bias.copies for bias in self.biases), default=None)

    @cached_property
    def examples(self) -> int:
        """How many examples go through the network at once: m."""
        return self._batch or max((average.examples for average in self.averages), default=1)

    def _example_axis(self, shape: tuple[int, ...]) -> int:
        """Which axis of an array of that shape counts the examples."""
        usual = self.batch_axis % len(shape)
        alike = [axis for axis, length in enumerate(shape) if length == self._batch]
        return usual if usual in alike or not alike else alike[0]

    def split(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        """Of an array of predictions or errors: how many entries, examples, and outputs of each example."""
        entries = int(np.prod(shape))
        m = self._batch
        if len(shape) == 1 and m is not None and entries % m == 0:
            examples = m
        else:
            examples = shape[self._example_axis(shape)] if shape else 1
        return entries, examples, entries // examples if examples else 1

    @cached_property
    def averages(self) -> list[Average]:
        walk = self.walk
        found = []
        for i in walk.schedule:
            operation, edges = walk.operation(i), tuple(walk.out_of[i])
            if not edges or walk.values[edges[0].source].size == 0:
                continue
            summed = walk.values[edges[0].source].shape
            if operation is ops.mean:
                found.append(Average(i, edges, *self._averaged_over(summed, walk.arguments[i][1])))
            elif operation is ops.cross_entropy:
                rows = ops.rows(walk.values[edges[0].source])
                found.append(Average(i, edges, rows, rows, 1))
            elif operation in LOSSES:
                found.append(Average(i, edges, *self.split(summed)))
            elif operation in (ops.multiply, ops.divide) and walk.values[i].size == 1:
                counts = self._divided_by(i)
                if counts is not None:
                    found.append(Average(i, edges, *counts))
        return found

    def _averaged_over(self, shape: tuple[int, ...], axes: tuple[int, ...] | None) -> tuple[int, int, int]:
        if axes is None or len(axes) == len(shape):
            return self.split(shape)
        entries = int(np.prod([shape[axis] for axis in axes]))
        over_examples = self._example_axis(shape) in axes
        examples = shape[self._example_axis(shape)] if over_examples else 1
        return entries, examples, entries // examples if examples else 1

    @cached_property
    def sums(self) -> list[int]:
        """The sums over several numbers."""
        walk = self.walk
        return [
            i
            for i in walk.schedule
            if walk.operation(i) is ops.sum and walk.out_of[i] and walk.values[walk.out_of[i][0].source].size > 1
        ]

    def _divided_by(self, i: int) -> tuple[int, int, int] | None:
        """The m of `… / m`, `… * (1/m)`, `… / (2*m)`: a plain number that divides what was summed."""
        walk = self.walk
        numbers = [k for k in walk.inputs(i) if self.is_number(k)]
        if len(numbers) != 1 or (walk.operation(i) is ops.divide and walk.inputs(i)[1] != numbers[0]):
            return None
        value = abs(float(walk.values[numbers[0]].item()))
        ratio = value if walk.operation(i) is ops.divide else 1 / value if value else 0.0
        if ratio < 1.5 or abs(ratio - round(ratio)) > SMALL * ratio:
            return None
        splits = [self.split(walk.values[walk.out_of[s][0].source].shape) for s in self.sums]
        for count in (round(ratio), round(ratio / 2)):
            for entries, examples, outputs in splits:
                if count == entries > 1:
                    return entries, examples, outputs
                if count == examples > 1:
                    return examples, examples, 1
                if count == outputs > 1:
                    return outputs, 1, outputs
        return (round(ratio), round(ratio), 1) if ratio > 2.5 else None

    # ---- activations and functions --------------------------------------------------------------------------------

    @cached_property
    def activations(self) -> list[Activation]:
        walk = self.walk
        found = []
        for edge in walk.edges:
            function = self._activation_at(edge)
            if function:
                found.append(Activation(function, edge.consumer, edge.source, edge))
        return found + self._written_out()

    def _activation_at(self, edge: Edge) -> str | None:
        """The activation that a single step is: its own operation, or relu as a maximum, a choice or a masked copy."""
        walk = self.walk
        operation, inputs = walk.operation(edge.consumer), walk.inputs(edge.consumer)
        if operation.name in ACTIVATIONS:
            return operation.name
        z = edge.source
        if operation is ops.maximum and self._is_zero(inputs[1 - edge.position]):
            return "relu"
        if operation is ops.where and edge.position == 1 and self._is_zero(inputs[2]) and self._is_open(inputs[0], z):
            return "relu"
        if operation is ops.multiply and self._is_open(inputs[1 - edge.position], z):
            return "relu"
        return None

    def _is_zero(self, i: int) -> bool:
        return not self.walk.tensors[i].requires_grad and not np.any(self.walk.values[i])

    def _is_open(self, i: int, z: int) -> bool:
        """Whether value i is the comparison z > 0."""
        walk = self.walk
        if walk.operation(i) in (ops.greater, ops.greater_equal):
            left, right = walk.inputs(i)
            return left == z and self._is_zero(right)
        return False

    def _written_out(self) -> list[Activation]:
        """Sigmoids and tanhs composed of exp and arithmetic: 1 / (1 + exp(−z))."""
        walk = self.walk
        found: list[Activation] = []
        taken: set[int] = set()
        for i in walk.schedule:
            if walk.operation(i) is not ops.exp:
                continue
            z = walk.out_of[i][0].source
            while walk.operation(z) in (ops.negative, ops.multiply) and len(walk.out_of[z]) == 1:
                z = walk.out_of[z][0].source
            for candidate in (walk.out_of[i][0].source, z):
                made = self._made_of(candidate) if candidate not in taken else None
                if made:
                    found.append(made)
                    taken.add(candidate)
                    break
        return found

    def _made_of(self, z: int) -> Activation | None:
        walk = self.walk
        value = walk.values[z]
        inside, frontier = {z}, [z]
        for _ in range(6):
            frontier = sorted({e.consumer for i in frontier for e in walk.into[i]} - inside)
            inside.update(frontier)
            for a in frontier:
                if walk.values[a].shape != value.shape:
                    continue
                for function in ("sigmoid", "tanh"):
                    expected = ops._sigmoid(np.asarray(value)) if function == "sigmoid" else np.tanh(value)
                    if _same(walk.values[a], expected) and self._only_through(z, a):
                        return Activation(function, a, z, None)
        return None

    def _only_through(self, z: int, a: int) -> bool:
        """Whether all that reaches z has come through a."""
        pending, seen = [z], {a}
        while pending:
            i = pending.pop()
            if i in seen:
                continue
            if not self.walk.into[i]:
                return False
            seen.add(i)
            pending += [e.consumer for e in self.walk.into[i]]
        return True

    @cached_property
    def functions(self) -> list[Edge]:
        """Steps through other functions of one number, and through products: each has a factor to forget."""
        walk = self.walk
        activations = {a.edge.number for a in self.activations if a.edge is not None}
        averages = {edge.number for average in self.averages for edge in average.edges}
        found = []
        for edge in walk.edges:
            operation, inputs = walk.operation(edge.consumer), walk.inputs(edge.consumer)
            if edge.number in activations or edge.number in averages:
                continue
            if operation is ops.power and edge.position == 1:
                continue
            if operation in FUNCTIONS:
                found.append(edge)
            elif operation in (ops.multiply, ops.divide) and not self.is_same(*inputs):
                if operation is ops.divide and edge.position == 1:
                    continue
                other = inputs[1 - edge.position]
                if not (self.is_number(other) and float(walk.values[other].item()) in (0.5, 1.0, 2.0)):
                    found.append(edge)
        return found

    @cached_property
    def squares(self) -> list[tuple[Edge, ...]]:
        """The steps through a square, each with a 2 to bring down: square(d), d ** 2, d * d, the mean squared error."""
        walk = self.walk
        found = []
        for i in walk.schedule:
            operation, edges = walk.operation(i), tuple(walk.out_of[i])
            if not edges:
                continue
            if operation in (ops.square, ops.mean_squared_error, ops.var):
                found.append(edges)
            elif operation is ops.power:
                exponent = walk.inputs(i)[1]
                if self.is_number(exponent) and float(walk.values[exponent].item()) == 2 and edges[0].position == 0:
                    found.append(edges)
            elif operation is ops.multiply and len(edges) == 2 and self.is_same(*walk.inputs(i)):
                found.append(edges)
        return found

    def is_same(self, i: int, k: int, depth: int = 4) -> bool:
        """Whether two values are one, or were computed in the same way: (p − y)·(p − y)."""
        walk, a, b = self.walk, self.walk.tensors[i], self.walk.tensors[k]
        if i == k:
            return True
        if a.operation is None or b.operation is None:
            constant = a.operation is b.operation and not (a.requires_grad or b.requires_grad)
            return constant and np.array_equal(walk.values[i], walk.values[k])
        if a.operation is not b.operation or depth == 0:
            return False
        return all(self.is_same(left, right, depth - 1) for left, right in zip(walk.inputs(i), walk.inputs(k)))

    # ---- losses ---------------------------------------------------------------------------------------------------

    @cached_property
    def sites(self) -> list[Site]:
        """Where a squared error or a cross-entropy meets the network, however it is written.

        A loss is known by the gradient that it sends: weight · (prediction − target), with a target that is a leaf, or
        stands beside the prediction in the loss.
        """
        found: list[Site] = []
        for i in self.inner + self.leaves:
            if np.any(self.walk.totals[i]) and not any(site.target is self.walk.values[i] for site in found):
                found += self._squared_site(i) or self._cross_entropy_site(i)
        return found

    def _squared_site(self, i: int) -> list[Site]:
        gradient, value = self.walk.totals[i], self.walk.values[i]
        for target in self._targets(i):
            weight = _ratio(gradient, value - target)
            # Two single numbers always have a ratio; only that of a mean or of half a square is believed.
            if weight is not None and (value.size > 1 or any(abs(weight - k) <= SMALL for k in (1, 2))):
                return [Site("squared", i, value, target, weight)]
        return []

    def _cross_entropy_site(self, i: int) -> list[Site]:
        gradient = self.walk.totals[i]
        for kind, prediction in self._squashed(i):
            for target in self._targets(i, leaves=True):
                weight = _ratio(gradient, prediction - target)
                if weight is not None and (gradient.size > 1 or abs(weight - 1) <= SMALL):
                    return [Site(kind, i, prediction, target, weight)]
            implied = self._implied_target(i, kind, prediction)
            if implied is not None:
                return [Site(kind, i, prediction, *implied)]
        return []

    def _targets(self, i: int, leaves: bool = False) -> list[Any]:
        """What value i might be compared with."""
        walk = self.walk
        shape = walk.values[i].shape
        beside = [
            k
            for edge in walk.into[i]
            if walk.operation(edge.consumer) is ops.subtract or walk.operation(edge.consumer) in LOSSES
            for k in walk.inputs(edge.consumer)
            if k != i
        ]
        if leaves:
            beside += [k for k in self._leaves_of_shape.get(shape, []) if k != i]
        return [walk.values[k] for k in dict.fromkeys(beside) if walk.values[k].shape == shape]

    @cached_property
    def _leaves_of_shape(self) -> dict[tuple[int, ...], list[int]]:
        shapes: dict[tuple[int, ...], list[int]] = {}
        for k, t in enumerate(self.walk.tensors):
            if t.operation is None:
                shapes.setdefault(t.shape, []).append(k)
        return {shape: found[:MOST_TARGETS] for shape, found in shapes.items()}

    def _squashed(self, i: int) -> list[tuple[str, Any]]:
        z = self.walk.values[i]
        kinds = [("sigmoid", ops._sigmoid(np.asarray(z)))]
        if z.ndim in (1, 2) and z.shape[-1] > 1:
            kinds.append(("softmax", ops.softmax.forward(z, (z.ndim - 1,))))
        if z.ndim == 2 and z.shape[0] > 1 and self.batch_axis == -1:
            kinds.append(("softmax", ops.softmax.forward(z, (0,))))
        return kinds

    def _implied_target(self, i: int, kind: str, prediction: Any) -> tuple[Any, float] | None:
        """A target of ones and zeros that the graph does not hold as an array, such as class numbers in an index."""
        if self.walk.values[i].size < 2:
            return None
        gradient = self.walk.totals[i]
        entries, examples, _ = self.split(gradient.shape)
        if np.max(np.abs(gradient)) * entries < 1e-6:
            return None
        for count in (1, examples, entries):
            target = prediction - gradient * count
            rounded = np.round(target)
            if np.max(np.abs(target - rounded)) > SMALL or not np.all((rounded == 0) | (rounded == 1)):
                continue
            axis = -1 if gradient.ndim == 1 or self.batch_axis == 0 else 0
            if kind == "sigmoid" or np.all(rounded.sum(axis=axis) == 1):
                return rounded, 1 / count
        return None

    def activation_before(self, i: int) -> Activation | None:
        """The activation whose value, perhaps in another shape, is value i."""
        behind = set(self.same_entries(i))
        return next((a for a in self.activations if a.value in behind), None)

    # ---- names ----------------------------------------------------------------------------------------------------

    def label(self, i: int) -> str:
        """What value i is called: its name, else its formula, cut short, with a number where several look alike."""
        text = self._text(i)
        alike = self._texts[text]
        return text if len(alike) < 2 else f"{text} (number {alike.index(i) + 1})"

    @cached_property
    def _texts(self) -> dict[str, list[int]]:
        texts: dict[str, list[int]] = {}
        for i in range(len(self.walk.tensors)):
            texts.setdefault(self._text(i), []).append(i)
        return texts

    def _text(self, i: int, depth: int = 2) -> str:
        walk, t = self.walk, self.walk.tensors[i]
        if t.name is not None:
            return t.name
        if t.operation is None:
            if t.requires_grad:
                return f"leaf of shape {t.shape}"
            return f"{float(walk.values[i].item()):.6g}" if t.size == 1 else "array"
        if depth == 0:
            return "…"
        if t.operation in LOSSES or t.operation is ops.cross_entropy:
            return str(t.operation.name)
        inputs, operation = walk.inputs(i), t.operation
        parts = [self._text(k, depth - (walk.operation(k) is not ops.transpose)) for k in inputs]
        # Only a formula of two parts needs brackets inside another; sums need none inside sums.
        loose = [" " in part and walk.operation(k) in INFIX for k, part in zip(inputs, parts)]
        if operation is ops.transpose:
            return f"({parts[0]})ᵀ" if loose[0] else f"{parts[0]}ᵀ"
        if operation in INFIX and len(parts) == 2:
            if operation is not ops.add:
                parts = [f"({part})" if bound else part for part, bound in zip(parts, loose)]
            return f"{parts[0]} {operation.symbol} {parts[1]}"
        return f"{operation.name}({', '.join(parts)})"


LOSSES = frozenset({ops.mean_squared_error, ops.binary_cross_entropy, ops.binary_cross_entropy_with_logits})
INFIX = frozenset({ops.add, ops.subtract, ops.multiply, ops.divide, ops.matmul, ops.power})
