"""A backward walk over a graph that can be replayed with a change in it.

`Walk(loss)` computes every value and every gradient once, correctly. `replay(change)` walks again with something done
differently at one place or at several, and computes anew only what that reaches.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any, NamedTuple

import numpy as np

from .. import operations as ops
from ..tensor import Tensor, computation_order, newest_first, propagate, seed_for, unbroadcast

# The rules that choose among their inputs: a last digit must not make them choose differently.
CHOOSING = frozenset(
    {
        ops.relu, ops.leaky_relu, ops.abs, ops.clip, ops.maximum, ops.minimum, ops.where, ops.max, ops.min,
    } | ops.COMPARISONS
)  # fmt: skip

MOVING = frozenset({ops.transpose, ops.reshape, ops.expand_dims, ops.squeeze, ops.flip})


class Edge(NamedTuple):
    """One use of a value: `source` is input number `position` of `consumer`. Values are known by their number."""

    number: int
    consumer: int
    position: int
    source: int
    rule: Callable[..., Any]


Totals = Callable[[int], Any]
EdgeChange = Callable[[Any], Any]  # upstream gradient -> what arrives at the source
NodeChange = Callable[[list, Totals], Any]  # what arrived, and the gradients behind it -> the gradient here


@dataclass(frozen=True)
class Change:
    """What is done differently: on which edges, and on which values when all that arrives there is put together."""

    edges: dict[int, EdgeChange] = field(default_factory=dict)
    nodes: dict[int, NodeChange] = field(default_factory=dict)

    def __or__(self, other: "Change") -> "Change":
        return Change({**self.edges, **other.edges}, {**self.nodes, **other.nodes})

    def overlaps(self, other: "Change") -> bool:
        return bool(self.edges.keys() & other.edges.keys() or self.nodes.keys() & other.nodes.keys())


class DoesNotFit(Exception):
    """The changed backward pass stops with an error of shapes, as the learner's would."""


class Walk:
    """Every value and every gradient of a scalar loss, in float64.

    tensors : everything the loss is computed from, in the order of computation; a number stands for its place here.
    values : their values. totals : the gradients, None where none arrives. edges, into, out_of : the uses of values,
    all, by source (in the order in which their gradients arrive), and by consumer.
    leaf_values : other values for some leaves, to walk elsewhere; the Tensors themselves are not touched.
    """

    def __init__(self, loss: Tensor, leaf_values: dict[Tensor, Any] | None = None, rounding: Any = None):
        self.loss = loss
        self.tensors = computation_order(loss)
        self.at = {t: i for i, t in enumerate(self.tensors)}
        self._noise = rounding
        self.values: list[Any] = []
        self.arguments: list[tuple] = []
        self._forward(leaf_values or {})
        self._connect(newest_first(loss))
        self.totals: list[Any] = [None] * len(self.tensors)
        self.sent: list[Any] = [None] * len(self.edges)
        self._backward()

    # ---- the correct passes ---------------------------------------------------------------------------------------

    def _forward(self, leaf_values: dict[Tensor, Any]) -> None:
        for t in self.tensors:
            if t.operation is None:
                given = leaf_values.get(t)
                value = np.asarray(t._settle() if given is None else given, np.float64)
                self.arguments.append(())
                self.values.append(value if value.ndim else value[()])
            else:
                arguments = (*(self.values[self.at[i]] for i in t.inputs), *t.attributes)
                self.arguments.append(arguments)
                self.values.append(self._rounded(t.operation, t.operation.forward(*arguments)))

    def _connect(self, order: list[Tensor]) -> None:
        self.edges: list[Edge] = []
        self.into: list[list[Edge]] = [[] for _ in self.tensors]
        self.out_of: list[list[Edge]] = [[] for _ in self.tensors]
        for node in order:
            consumer = self.at[node]
            for position, (t, rule) in enumerate(zip(node.inputs, node.operation.derivatives)):
                if t.requires_grad:
                    edge = Edge(len(self.edges), consumer, position, self.at[t], rule)
                    self.edges.append(edge)
                    self.into[edge.source].append(edge)
                    self.out_of[consumer].append(edge)
        last_use = {edge.source: edge.number for edge in self.edges}
        output = self.at[self.loss]
        # A leaf's turn comes as soon as its last contribution is in, so that a wrong replay is given up early.
        self.schedule = [output]
        for node in order:
            consumer = self.at[node]
            if consumer != output:
                self.schedule.append(consumer)
            self.schedule += [
                edge.source
                for edge in self.out_of[consumer]
                if last_use[edge.source] == edge.number and self.tensors[edge.source].operation is None
            ]
        self.turn = {i: turn for turn, i in enumerate(self.schedule)}

    def _backward(self) -> None:
        output = self.at[self.loss]
        self.seed = np.ones(self.loss.shape)[()]
        for i in self.schedule:
            self.totals[i] = self.seed if i == output else reduce(add, [self.sent[e.number] for e in self.into[i]])
            for edge in self.out_of[i]:
                self.sent[edge.number] = self.send(edge, self.totals[i])

    # ---- one step -------------------------------------------------------------------------------------------------

    def operation(self, i: int) -> Any:
        return self.tensors[i].operation

    def inputs(self, i: int) -> list[int]:
        return [self.at[t] for t in self.tensors[i].inputs]

    def raw(self, edge: Edge, upstream: Any) -> Any:
        """Upstream × local derivative, before the copies of a broadcast source are summed."""
        return edge.rule(upstream, self.values[edge.consumer], *self.arguments[edge.consumer])

    def fit(self, edge: Edge, downstream: Any) -> Any:
        shape = self.values[edge.source].shape
        return downstream if downstream.shape == shape else unbroadcast(downstream, shape)

    def send(self, edge: Edge, upstream: Any) -> Any:
        return self.fit(edge, self._rounded(self.operation(edge.consumer), self.raw(edge, upstream)))

    # ---- replays --------------------------------------------------------------------------------------------------

    def replay(self, change: Change) -> Iterator[tuple[int, Any]]:
        """Walk back with that change. Yields each value reached, by number, with its gradient as soon as it is known.

        Raises DoesNotFit where arrays of such shapes cannot be computed with.
        """
        totals: dict[int, Any] = {}
        sent: dict[int, Any] = {}
        reached = set(change.nodes)
        first = [self.turn[i] for i in change.nodes] + [self.turn[self.edges[e].consumer] for e in change.edges]
        changed_consumers = {self.edges[e].consumer for e in change.edges}

        def total(i: int) -> Any:
            return totals[i] if i in totals else self.totals[i]

        for i in self.schedule[min(first) :]:
            if i in reached:
                try:
                    totals[i] = self._gathered(i, sent, change, total)
                except (ValueError, IndexError) as error:
                    raise DoesNotFit from error
                yield i, totals[i]
                edges = self.out_of[i]
            elif i in changed_consumers:
                edges = [edge for edge in self.out_of[i] if edge.number in change.edges]
            else:
                continue
            for edge in edges:
                step = change.edges.get(edge.number)
                try:
                    sent[edge.number] = self.send(edge, total(i)) if step is None else step(total(i))
                except (ValueError, IndexError) as error:
                    raise DoesNotFit from error
                reached.add(edge.source)

    def _gathered(self, i: int, sent: dict[int, Any], change: Change, total: Totals) -> Any:
        arrived = [sent[e.number] if e.number in sent else self.sent[e.number] for e in self.into[i]] or [self.seed]
        step = change.nodes.get(i)
        gradient = reduce(add, arrived) if step is None else step(arrived, total)
        # A parameter may get a gradient of the wrong shape, and a transpose passes it on; elsewhere it cannot go on.
        if gradient.shape != self.values[i].shape and self.out_of[i] and self.operation(i) not in MOVING:
            raise DoesNotFit
        return gradient

    def gradients_with(self, change: Change) -> dict[int, Any]:
        """All gradients of a replay that differ, by number. Raises DoesNotFit."""
        with np.errstate(all="ignore"):
            return dict(self.replay(change))

    # ---- rounding -------------------------------------------------------------------------------------------------

    def _rounded(self, operation: Any, values: Any) -> Any:
        if self._noise is None or operation in CHOOSING:
            return values
        epsilon, random = self._noise
        return values * (1 + epsilon * random.uniform(-1, 1, np.shape(values)))

    def rounding(self, epsilon: float, repeats: int = 3) -> list[float]:
        """How far each gradient moves if every step on the way, forward and back, is off in its last digit.

        Almost nothing, unless large numbers cancel: near a perfect fit p − y is nothing but rounding, and so are the
        gradients that come of it.
        """
        furthest = [0.0] * len(self.tensors)
        random = np.random.default_rng(0)
        with np.errstate(all="ignore"):
            for _ in range(repeats):
                shaken = _Shaken(self, epsilon, random)
                for i, (there, here) in enumerate(zip(shaken.totals, self.totals)):
                    if here is not None and here.size:
                        moved = float(np.max(np.abs(there - here)))
                        furthest[i] = max(furthest[i], moved if np.isfinite(moved) else 0.0)
        return furthest


class _Shaken(Walk):
    """The same walk, each step off by a relative error of up to `epsilon`, every choice as it was."""

    def __init__(self, walk: Walk, epsilon: float, random: np.random.Generator):
        self._steady = walk
        leaves = {t: walk.values[i] for i, t in enumerate(walk.tensors) if t.operation is None}
        super().__init__(walk.loss, leaves, (epsilon, random))

    def _forward(self, leaf_values: dict[Tensor, Any]) -> None:
        super()._forward(leaf_values)
        for i, t in enumerate(self.tensors):
            if t.operation in CHOOSING:
                self.arguments[i] = self._steady.arguments[i]
                self.values[i] = self._steady.values[i]


def walk_of(loss: Any) -> Walk:
    """The walk back from a scalar loss, refused where the engine's own `backward()` would refuse."""
    if not isinstance(loss, Tensor):
        raise TypeError(
            f"The loss must be a Tensor, the end of a computation that can be walked back; given was "
            f"{type(loss).__name__}. For a gradient without a graph use diagnose_array."
        )
    seed = seed_for(loss, None, False)
    propagate(loss, seed, newest_first(loss))  # raises if a value was changed since the forward pass
    with np.errstate(all="ignore"):
        return Walk(loss)
