"""Graph: a computation as a whole, to replay it with other values, to list its steps, and to draw it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .modes import Watcher, mode, watching
from .operations import Operation, matmul
from .tensor import (
    Tensor,
    computation_order,
    deposit,
    has_changed,
    newest_first,
    propagate,
    seed_for,
    tick,
    unbroadcast,
)


@dataclass(frozen=True, eq=False)
class Edge:
    """`source` is input number `position` of the operation that made `target`."""

    source: Tensor
    target: Tensor
    position: int

    @property
    def local(self) -> np.ndarray | None:
        """The local derivative d target / d source at the current values; None where none is defined.

        For an operation that works entry by entry an array of the target's shape, otherwise the whole Jacobian, of
        shape target.shape + source.shape. For two single numbers both are a single number.
        """
        return self._local_at(self.target._data, self.target._arguments)

    def _local_at(self, out: Any, arguments: Sequence[Any]) -> np.ndarray | None:
        operation = self.target.operation
        if not operation.derivatives or operation.derivatives[self.position] is None:
            return None
        rule = operation.derivatives[self.position]
        with np.errstate(divide="ignore", invalid="ignore"):  # (−3)² has no slope in its exponent: that is nan, quietly
            if operation.elementwise:
                ones = np.ones(out.shape, out.dtype)[()]
                return np.array(np.broadcast_to(rule(ones, out, *arguments), out.shape))
            jacobian = np.zeros((out.size, *self.source.shape))
            for k, unit in enumerate(np.eye(out.size, dtype=out.dtype)):
                jacobian[k] = unbroadcast(rule(unit.reshape(out.shape), out, *arguments), self.source.shape)
            return jacobian.reshape(out.shape + self.source.shape)


@dataclass(frozen=True, eq=False)
class Step:
    """One step of the forward pass (a node gets its value) or of the backward pass (a gradient travels along an edge).

    `phase` is "forward" or "backward". Forward: `node`, the `operation` that made it (None for a leaf) and its `value`.
    Backward: `node` receives `downstream` = `upstream` × `local` along `edge` from `consumer`, whose operation is
    `operation`; `total` is what has been added up at `node` so far. The first backward step has no edge: it puts the
    gradient of the output with respect to itself in place. `value` is the node's value in both phases.
    """

    phase: str
    node: Tensor
    operation: Operation | None
    value: np.ndarray
    consumer: Tensor | None = None
    edge: Edge | None = None
    upstream: np.ndarray | None = None
    downstream: np.ndarray | None = None
    total: np.ndarray | None = None
    _used: tuple[Any, Sequence[Any]] | None = None

    @cached_property
    def local(self) -> np.ndarray | None:
        """The local derivative along `edge` at the values of this step, computed when it is first asked for."""
        return None if self.edge is None or self._used is None else self.edge._local_at(*self._used)


class Graph:
    """The computation that leads to `output`, seen as a whole.

    `nodes`: every Tensor in it, leaves and constants included, in the order of computation. `leaves`: those without an
    operation. `edges`: one for each use of a node. The graph keeps its structure; the values may change:

        graph = Graph(loss)
        w.data -= 0.1 * w.grad
        graph.forward()       # every value anew from the leaves' current values
        graph.backward()      # every gradient

    Comparisons and `where` are evaluated anew as well. A Python `if` is not part of the graph: a replay takes the
    branch that was taken when the graph was built. An index stays what it was, too, also one made by a comparison:
    after `x[x > 0]` a replay takes the same entries again.
    """

    def __init__(self, output: Tensor):
        if not isinstance(output, Tensor):
            raise TypeError(f"Graph needs a Tensor to start from; given was {type(output).__name__}.")
        self.output = output
        self.nodes = computation_order(output)
        self.leaves = [node for node in self.nodes if node.operation is None]
        self._computed = [node for node in self.nodes if node.operation is not None]
        self._forward_plan = [(node, node.operation.forward, node.inputs, node.attributes) for node in self._computed]
        self._order = newest_first(output) if output.requires_grad else []
        self._backward_plan = {
            node: (
                _may_repeat_an_input(node),
                [(t, rule) for t, rule in zip(node.inputs, node.operation.derivatives) if t.requires_grad],
            )
            for node in self._order
        }
        self._one = seed_for(output, None, False) if output.requires_grad and output.ndim == 0 else None
        self._computed_at: int | None = None  # the tick before the latest replay

    @property
    def edges(self) -> list[Edge]:
        return [Edge(t, node, position) for node in self._computed for position, t in enumerate(node.inputs)]

    def forward(self) -> Tensor:
        """Recompute every value from the leaves' current values, and return the output."""
        watcher = mode.get().watcher
        computed_at = tick()  # before a leaf is looked at that may be written into unseen
        for leaf in self.leaves:
            if leaf._lent is not None:
                leaf._settle()
        for node, forward, inputs, attributes in self._forward_plan:
            arguments = []
            for t in inputs:
                arguments.append(t._data)
            if attributes:
                arguments += attributes
            if watcher is None:
                node._data = forward(*arguments)
            else:
                node._data = watcher.forward(node.operation, inputs, arguments)
            node._arguments = arguments
        self._computed_at = computed_at
        return self.output

    def backward(self, gradient: Any = None, create_graph: bool = False) -> None:
        """As `output.backward(gradient, create_graph)`, without searching for the order again."""
        if gradient is None and self._one is not None and not create_graph:
            seed = self._one
        else:
            seed = seed_for(self.output, gradient, create_graph)
        gradients = propagate(
            self.output,
            seed,
            self._order,
            create_graph,
            computed_at=self._computed_at,
            plan=self._backward_plan,
        )
        deposit(gradients, create_graph)

    def zero_grad(self) -> None:
        """Forget the gradient of every node."""
        for node in self.nodes:
            node._grad = None

    def steps(self, gradient: Any = None) -> list[Step]:
        """Each step of the forward pass and then of the backward pass. Changes no gradient.

        Raises ValueError if a leaf has changed since the forward pass: call `forward()` first.
        """
        steps = self.forward_steps()
        if not self.output.requires_grad:
            return steps
        seed = np.array(seed_for(self.output, gradient, False))
        steps.append(
            Step(
                "backward",
                self.output,
                self.output.operation,
                np.array(self.output._data),
                downstream=seed,
                total=seed,
            )
        )
        recorder = _Recorder(steps)
        with watching(recorder):
            propagate(self.output, seed[()], self._order, computed_at=self._computed_at)
        return steps

    def forward_steps(self) -> list[Step]:
        """The steps of the forward pass alone. Raises ValueError as `steps` does."""
        for node in self._computed:
            for t, used in zip(node.inputs, node._arguments):
                if has_changed(t, used):
                    raise ValueError(
                        f"The value of {t._called()} was changed after the forward pass, so the steps would not fit "
                        "together. Call forward() on this Graph, then steps()."
                    )
        return [Step("forward", node, node.operation, np.array(node._data)) for node in self.nodes]

    def __repr__(self) -> str:
        return f"Graph({len(self.nodes)} nodes, {len(self.edges)} edges, output of shape {self.output.shape})"


def _may_repeat_an_input(node: Tensor) -> bool:
    """Whether a gradient may arrive at an input of `node` larger than the input. Shapes stay the same in a replay."""
    if node.operation.elementwise:
        return any(t.shape != node.shape for t in node.inputs)
    return node.operation.broadcasts and (node.operation is not matmul or any(t.ndim > 2 for t in node.inputs))


class _Recorder(Watcher):
    """Writes down each step of a backward pass."""

    def __init__(self, steps: list[Step]):
        self.steps = steps
        self.totals: dict[Tensor, np.ndarray] = {}

    def backward(self, node, position, rule, upstream, out, arguments):
        downstream = super().backward(node, position, rule, upstream, out, arguments)
        t = node.inputs[position]
        arrived = np.array(unbroadcast(downstream, t.shape))
        self.totals[t] = arrived + self.totals[t] if t in self.totals else arrived
        edge = Edge(t, node, position)
        self.steps.append(
            Step(
                "backward", t, node.operation, np.array(t._data), consumer=node, edge=edge,
                upstream=np.array(upstream), downstream=arrived, total=self.totals[t], _used=(out, arguments),
            )
        )  # fmt: skip
        return downstream
