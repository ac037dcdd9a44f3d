"""Where in a graph a mistake can be made, and what is done there instead of what is right.

One function for each row of the bank, in the order of its table. Each yields `Place`s, and a place holds the change of
the backward walk. What is said about a mistake stands in bank.py.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import add, mul
from typing import Any

import numpy as np

from .. import operations as ops
from .landmarks import DERIVATIVE_IN_A, DERIVATIVE_IN_Z, Activation, Average, Landmarks, Product, Repeated, Site
from .walk import Change, Edge, EdgeChange, Walk

Places = Iterator["Place"]


@dataclass(frozen=True)
class Place:
    """One place where a mistake can be made.

    where : the values that it concerns, by number, or words. change : what is done there. kin : places of the same
    mistake with equal `kin` are also tried all at once; None for a place that is only tried alone. group : so are the
    places of each group among them. alone : whether it is tried alone. at_rate : the change for a given learning rate,
    where the mistake depends on one. everywhere : whether this is all places of its kin at once.
    """

    where: tuple[int | str, ...]
    change: Change = field(default_factory=Change)
    kin: Hashable = ""
    alone: bool = True
    group: Hashable = None
    at_rate: Callable[[float], Change] | None = None
    everywhere: bool = False


def all_at_once(places: list[Place]) -> list[Place]:
    """For each kin with several places one place that stands for all of them."""
    kinds: dict[tuple[Hashable, Hashable], list[Place]] = {}
    for place in places:
        if place.kin is not None:
            kinds.setdefault((place.kin, None), []).append(place)
            if place.group is not None:
                kinds.setdefault((place.kin, place.group), []).append(place)
    found = []
    for (kin, group), members in kinds.items():
        if group is not None and len(members) == len(kinds[kin, None]):
            continue
        where = tuple(sorted({w for place in members for w in place.where if isinstance(w, int)}))
        if len(members) == 1 or _overlap(members):
            continue
        if members[0].at_rate is None:
            found.append(Place(where, _joined(place.change for place in members), everywhere=True))
        else:
            found.append(Place(where, at_rate=_joined_at_rate(members), everywhere=True))
    return found


def _overlap(members: list[Place]) -> bool:
    edges = [e for place in members for e in place.change.edges]
    nodes = [n for place in members for n in place.change.nodes]
    return len(set(edges)) < len(edges) or len(set(nodes)) < len(nodes)


def _joined(changes: Iterable[Change]) -> Change:
    changes = list(changes)
    edges = {e: step for change in changes for e, step in change.edges.items()}
    nodes = {n: step for change in changes for n, step in change.nodes.items()}
    return Change(edges, nodes)


def _joined_at_rate(members: list[Place]) -> Callable[[float], Change]:
    return lambda rate: _joined(place.at_rate(rate) for place in members if place.at_rate is not None)


# ---- ways to change a step -------------------------------------------------------------------------------------------


def _on_edge(edge: Edge, step: EdgeChange) -> Change:
    """step(upstream) arrives at the edge's source."""
    return Change({edge.number: step})


def _scaled(walk: Walk, edges: Iterable[Edge], factor: float) -> Change:
    """The right gradient times a factor."""
    return _joined(_on_edge(edge, _times(walk, edge, factor)) for edge in edges)


def _times(walk: Walk, edge: Edge, factor: float) -> EdgeChange:
    return lambda g: walk.send(edge, g) * factor


def _with_slope(walk: Walk, edge: Edge, slope: Any) -> Change:
    """Upstream × slope, instead of upstream × the right local derivative."""
    return _on_edge(edge, lambda g: walk.fit(edge, g * slope))


def _after(i: int, f: Callable[[Any], Any]) -> Change:
    """f of the gradient at value i, instead of that gradient."""
    return Change(nodes={i: lambda arrived, _: f(reduce(add, arrived))})


def _instead(i: int, gradient: Any) -> Change:
    """Another gradient at value i, whatever arrives."""
    return Change(nodes={i: lambda arrived, _: gradient})


def _meeting(i: int, f: Callable[[list], Any]) -> Change:
    """f of the list of all that arrives at value i, instead of its sum."""
    return Change(nodes={i: lambda arrived, _: f(arrived)})


def _with_other_input(walk: Walk, edge: Edge, position: int, value: Any) -> EdgeChange:
    """The right rule, with another value in the place of one input."""
    arguments = list(walk.arguments[edge.consumer])
    arguments[position] = value
    is_product = walk.operation(edge.consumer) is ops.matmul

    def step(g: Any) -> Any:
        raw = edge.rule(g, walk.values[edge.consumer], *arguments)
        # A matrix product may come out in another shape: that is then the learner's gradient.
        return raw if is_product and raw.ndim <= 2 else walk.fit(edge, raw)

    return step


# ---- the loss --------------------------------------------------------------------------------------------------------


def one_over_m_missing(marks: Landmarks) -> Places:
    yield from _at_averages(marks, lambda m: m)
    for m in _batch_sizes(marks):
        yield from _at_hidden_layers(marks, m)
        yield from _at_parameters(marks, m, ("weight", "bias", "other"), m)


def one_over_m_twice(marks: Landmarks) -> Places:
    yield from _at_averages(marks, lambda m: 1 / m)
    for m in _batch_sizes(marks):  # a bias divided once more is bias_averaged
        yield from _at_hidden_layers(marks, 1 / m)
        yield from _at_parameters(marks, 1 / m, ("weight", "other"), m)


def _at_averages(marks: Landmarks, factor: Callable[[int], float]) -> Places:
    for average in marks.averages:
        alone = not _only_over_outputs(average, marks)
        for kin, m in enumerate(dict.fromkeys((average.entries, average.examples))):
            yield Place((average.node,), _scaled(marks.walk, average.edges, factor(m)), ("loss", kin), alone)


def _only_over_outputs(average: Average, marks: Landmarks) -> bool:
    """Whether this is one half of a mean of means, the other half of which is over the examples."""
    return average.examples == 1 < average.outputs and any(other.examples > 1 for other in marks.averages)


def _batch_sizes(marks: Landmarks) -> list[int]:
    sizes = [m for average in marks.averages for m in (average.entries, average.examples)]
    together = int(np.prod([average.entries for average in marks.averages]))
    return list(dict.fromkeys([*sizes, together])) if sizes else []


def _at_hidden_layers(marks: Landmarks, factor: float) -> Places:
    """In the delta of a layer: some divide by m in each layer anew."""
    at_the_output = {marks.activation_before(site.node) for site in marks.sites}
    for activation in marks.activations:
        if activation not in at_the_output:
            z = activation.argument
            yield Place((z,), _after(z, lambda g: g * factor), ("layer", factor))


def _at_parameters(marks: Landmarks, factor: float, roles: tuple[str, ...], m: int) -> Places:
    """Some divide by m not at the loss, but in each parameter's gradient."""
    biases = {bias.parameter for bias in marks.biases}
    for i in marks.leaves:
        role = "bias" if i in biases else "weight" if i in marks.weights else "other"
        if role not in roles:
            continue
        yield Place((i,), _after(i, lambda g: g * factor), None if role == "other" else (role, m))
        if len(marks.walk.into[i]) > 1:  # one path of several, such as the data's beside the weight decay's
            for edge in marks.walk.into[i]:
                yield Place((i,), _scaled(marks.walk, [edge], factor), None)


def two_missing(marks: Landmarks) -> Places:
    for edges in marks.squares:
        yield Place((edges[0].consumer,), _scaled(marks.walk, edges, 0.5))


def two_doubled(marks: Landmarks) -> Places:
    for edges in marks.squares:
        yield Place((edges[0].consumer,), _scaled(marks.walk, edges, 2.0))


def one_over_m_added(marks: Landmarks) -> Places:
    if marks.averages:
        return
    for node in marks.sums:
        edges = marks.walk.out_of[node]
        entries = marks.walk.values[edges[0].source].size
        for kin, m in enumerate(dict.fromkeys((entries, marks.examples))):
            if m > 1:
                yield Place((node,), _scaled(marks.walk, edges, 1 / m), ("loss", kin))
    if marks.sums and marks.examples > 1:
        yield from _at_parameters(marks, 1 / marks.examples, ("weight", "other"), marks.examples)


def mean_over_outputs_too(marks: Landmarks) -> Places:
    for site in marks.sites:
        _, examples, outputs = marks.split(np.shape(site.prediction))
        mean_over_examples = any(abs(site.weight * examples - k) < 1e-9 for k in (1, 2))
        if outputs > 1 and (site.kind == "softmax" or (site.kind == "squared" and mean_over_examples)):
            yield Place((site.node,), _after(site.node, _divided_by(outputs)), None)


def _divided_by(n: int) -> Callable[[Any], Any]:
    return lambda g: g / n


def mean_over_examples_only(marks: Landmarks) -> Places:
    for average in marks.averages:
        if average.outputs > 1 and (average.examples > 1 or _only_over_outputs(average, marks)):
            yield Place((average.node,), _scaled(marks.walk, average.edges, average.outputs), None)


def cross_entropy_delta(marks: Landmarks) -> Places:
    walk = marks.walk
    for site in marks.sites:
        if site.kind != "squared":
            continue
        activation = marks.activation_before(site.node)
        softmax = [i for i in marks.same_entries(site.node) if walk.operation(i) is ops.softmax]
        if activation is None and not softmax:
            continue
        z = walk.inputs(softmax[0])[0] if activation is None else activation.argument
        error = np.reshape(site.prediction - site.target, walk.values[z].shape)
        for weight in _weights_of_the_error(site, marks):
            yield Place((z,), _instead(z, weight * error), None)


def squared_error_delta(marks: Landmarks) -> Places:
    for site in marks.sites:
        if site.kind == "squared":
            continue
        p, error = site.prediction, site.prediction - site.target
        deltas = [error * p * (1 - p)]
        if site.kind == "softmax":
            axis = 0 if np.ndim(p) == 2 and marks.batch_axis == -1 else -1
            deltas.append(p * (error - np.sum(error * p, axis=axis, keepdims=True)))
        for weight in dict.fromkeys(k * w for w in _weights_of_the_error(site, marks) for k in (1, 2)):
            for delta in deltas:
                yield Place((site.node,), _instead(site.node, weight * delta), None)


def _weights_of_the_error(site: Site, marks: Landmarks) -> list[float]:
    """What a learner may multiply prediction − target with: what this loss divides by, or the number of examples."""
    entries, examples, _ = marks.split(np.shape(site.prediction))
    usual = [1 / n for n in (1, examples, entries) if any(abs(site.weight * n - k) < 1e-9 for k in (1, 2))]
    return list(dict.fromkeys([*(usual or [site.weight, site.weight / 2]), 1 / examples]))


def softmax_elementwise(marks: Landmarks) -> Places:
    walk = marks.walk
    for edge in walk.edges:
        a = walk.values[edge.consumer]
        if walk.operation(edge.consumer) is ops.softmax:
            yield Place((edge.consumer,), _with_slope(walk, edge, a * (1 - a)))
        elif walk.operation(edge.consumer) is ops.log_softmax:
            yield Place((edge.consumer,), _with_slope(walk, edge, 1 - np.exp(a)))
    for site in marks.sites:
        if site.kind == "softmax":
            delta = -site.weight * site.target * (1 - site.prediction)
            yield Place((site.node,), _instead(site.node, delta), None)


# ---- signs -----------------------------------------------------------------------------------------------------------


def sign_flipped(marks: Landmarks) -> Places:
    walk = marks.walk
    for site in marks.sites:
        yield Place((f"the error at {marks.label(site.node)}",), _after(site.node, np.negative), None)
    for i in marks.inner + marks.leaves:
        yield Place((i,), _after(i, np.negative), None)
    for i in marks.forks:
        for edge in walk.into[i]:
            yield Place((i,), _scaled(walk, [edge], -1.0), None)
    for activation in marks.activations:  # the derivative written with the wrong sign, wherever it is used
        if activation.edge is not None:
            change = _scaled(walk, [activation.edge], -1.0)
            yield Place((activation.value,), change, activation.function, alone=False)


# ---- activations -----------------------------------------------------------------------------------------------------


def _sloped(marks: Landmarks, activation: Activation, slope: Any, kin: Hashable = "", alone: bool = True) -> Place:
    """The activation with another slope than its own."""
    if activation.edge is not None:
        change = _with_slope(marks.walk, activation.edge, slope)
    else:
        change = Change(nodes={activation.argument: lambda _, gradient: gradient(activation.value) * slope})
    return Place((activation.value,), change, kin, alone, group=activation.function)


def _argument_and_value(marks: Landmarks, activation: Activation) -> tuple[Any, Any]:
    return marks.walk.values[activation.argument], marks.walk.values[activation.value]


def activation_derivative_missing(marks: Landmarks) -> Places:
    for activation in marks.activations:
        yield _sloped(marks, activation, 1.0, alone=activation.function != "relu")


def relu_mask_missing(marks: Landmarks) -> Places:
    for activation in marks.activations:
        if activation.function == "relu":
            yield _sloped(marks, activation, 1.0)


def relu_mask_inverted(marks: Landmarks) -> Places:
    for activation in marks.activations:
        if activation.function == "relu":
            z, _ = _argument_and_value(marks, activation)
            yield _sloped(marks, activation, (z <= 0) * 1.0)


def relu_mask_of_the_gradient(marks: Landmarks) -> Places:
    for activation in marks.activations:
        if activation.function == "relu" and activation.edge is not None:
            yield Place((activation.value,), _on_edge(activation.edge, lambda g: g * (g > 0)))


def derivative_at_z(marks: Landmarks) -> Places:
    for activation in marks.activations:
        z, _ = _argument_and_value(marks, activation)
        if activation.function in ("sigmoid", "tanh"):
            yield _sloped(marks, activation, DERIVATIVE_IN_A[activation.function](z))


def derivative_at_a(marks: Landmarks) -> Places:
    for activation in marks.activations:
        _, a = _argument_and_value(marks, activation)
        if activation.function in ("sigmoid", "tanh", "softplus"):
            yield _sloped(marks, activation, DERIVATIVE_IN_Z[activation.function](a))


def other_activation(marks: Landmarks) -> Places:
    for activation in marks.activations:
        z, a = _argument_and_value(marks, activation)
        for other in ("sigmoid", "tanh", "relu"):
            if other != activation.function and (activation.function, other) != ("sigmoid", "relu"):
                yield _sloped(marks, activation, DERIVATIVE_IN_A[other](a), (other, "in a"))
                yield _sloped(marks, activation, DERIVATIVE_IN_Z[other](z), (other, "in z"))


def derivative_twice(marks: Landmarks) -> Places:
    for activation in marks.activations:
        if activation.edge is not None and activation.function != "relu":
            change = _on_edge(activation.edge, _twice(marks.walk, activation.edge))
            yield Place((activation.value,), change, group=activation.function)


def _twice(walk: Walk, edge: Edge) -> EdgeChange:
    return lambda g: walk.send(edge, walk.send(edge, g))


def local_derivative_missing(marks: Landmarks) -> Places:
    walk = marks.walk
    for edge in marks.functions:
        alone = len(walk.out_of[edge.consumer]) == 1
        where = edge.consumer if alone else edge.source
        yield Place((where,), _with_slope(walk, edge, 1.0), (walk.operation(edge.consumer).name, edge.position))


def inputs_not_swapped(marks: Landmarks) -> Places:
    walk = marks.walk
    for edge in marks.functions:
        if walk.operation(edge.consumer) is ops.multiply:
            yield Place((edge.source,), _with_slope(walk, edge, walk.values[edge.source]))


def choice_ignored(marks: Landmarks) -> Places:
    walk = marks.walk
    activations = {activation.edge for activation in marks.activations}
    for edge in walk.edges:
        operation = walk.operation(edge.consumer)
        if operation in (ops.maximum, ops.minimum, ops.where, ops.clip) and edge not in activations:
            yield Place((edge.consumer,), _with_slope(walk, edge, 1.0))
        elif operation in (ops.max, ops.min):
            yield Place((edge.consumer,), _on_edge(edge, _to_all(walk, edge)))


def _to_all(walk: Walk, edge: Edge) -> EdgeChange:
    a, axis, keepdims = walk.arguments[edge.consumer]
    return lambda g: np.array(ops.spread(g, a, axis, keepdims))


# ---- weights ---------------------------------------------------------------------------------------------------------


def weight_not_transposed(marks: Landmarks) -> Places:
    return _untransposed(marks, to_parameter=False)


def activations_not_transposed(marks: Landmarks) -> Places:
    return _untransposed(marks, to_parameter=True)


def _untransposed(marks: Landmarks, to_parameter: bool) -> Places:
    walk = marks.walk
    for edge in walk.edges:
        if walk.operation(edge.consumer) is not ops.matmul:
            continue
        other = walk.inputs(edge.consumer)[1 - edge.position]
        if walk.values[other].ndim > 1 and to_parameter == (marks.parameter_behind(edge.source) is not None):
            step = _product_with(walk.values[other], first=edge.position == 1)
            if _shape_of(step, walk.totals[edge.consumer]) == walk.values[edge.source].shape:
                yield Place((other,), _on_edge(edge, step))


def _product_with(matrix: Any, first: bool) -> EdgeChange:
    return lambda g: matrix @ g if first else g @ matrix


def _shape_of(step: EdgeChange, upstream: Any) -> tuple[int, ...] | None:
    try:
        return step(upstream).shape
    except ValueError:
        return None


def gradient_transposed(marks: Landmarks) -> Places:
    for i in marks.leaves:
        if marks.walk.values[i].ndim == 2 and marks.walk.values[i].size > 1:
            yield Place((i,), _after(i, np.transpose))


def updated_weight(marks: Landmarks) -> Places:
    for layer in marks.layers:
        for edge in marks.walk.out_of[layer.edge.consumer]:
            if edge.source != layer.edge.source:
                yield Place((layer.parameter,), at_rate=_with_updated(marks.walk, edge, layer.edge))


def _with_updated(walk: Walk, edge: Edge, to_weight: Edge) -> Callable[[float], Change]:
    """Along `edge` goes what the weight lets pass after its own update: weight − rate × its gradient."""
    weight = walk.values[to_weight.source]

    def at_rate(rate: float) -> Change:
        def step(g: Any) -> Any:
            updated = weight - rate * walk.send(to_weight, g)
            return walk.fit(edge, _with_other_input(walk, edge, to_weight.position, updated)(g))

        return _on_edge(edge, step)

    return at_rate


def pre_activations_used(marks: Landmarks) -> Places:
    for layer in marks.layers:
        activation = marks.activation_before(layer.other)
        if activation is not None and activation.value == layer.other:
            yield _with_factor(marks, layer, activation.argument, "")


def wrong_activations(marks: Landmarks) -> Places:
    values = marks.walk.values
    known = dict.fromkeys([layer.other for layer in marks.layers] + [a.value for a in marks.activations])
    for layer in marks.layers:
        for other in known:
            if values[other].ndim == values[layer.other].ndim and not marks.is_same(other, layer.other):
                yield _with_factor(marks, layer, other, other)


def _with_factor(marks: Landmarks, layer: Product, other: int, kin: Hashable) -> Place:
    step = _with_other_input(marks.walk, layer.edge, 1 - layer.edge.position, marks.walk.values[other])
    return Place((layer.parameter,), _on_edge(layer.edge, step), kin)


def one_example_only(marks: Landmarks) -> Places:
    walk, axis = marks.walk, marks.batch_axis
    for index in (-1, 0):  # the last, left by a loop that assigns; or the first
        for factor in dict.fromkeys((1, marks.examples)):  # the 1/m may be missing at the same time
            kin = (index, factor)
            for layer in marks.layers:
                values = walk.values[layer.other]
                if walk.operation(layer.edge.consumer) is ops.matmul and values.ndim == 2 and values.size:
                    change = _on_edge(layer.edge, _example(walk, layer, index, axis, factor))
                    yield Place((layer.parameter,), change, kin)
            for bias in marks.biases:
                if len(bias.axes) == 1:  # alone and without a factor it is bias_not_summed
                    change = _on_edge(bias.edge, _line(walk, bias, index, factor))
                    yield Place((bias.parameter,), change, kin, alone=factor > 1)


def _example(walk: Walk, layer: Product, index: int, axis: int, factor: float) -> EdgeChange:
    example = np.take(walk.values[layer.other], [index], axis=axis)
    step = _with_other_input(walk, layer.edge, 1 - layer.edge.position, example)
    return lambda g: factor * step(np.take(g, [index], axis=axis))


# ---- biases ----------------------------------------------------------------------------------------------------------


def _line(walk: Walk, bias: Repeated, index: int, factor: float = 1) -> EdgeChange:
    """What a single one of the examples sends back to a bias."""
    shape = walk.values[bias.edge.source].shape
    return lambda g: factor * np.take(walk.raw(bias.edge, g), index, axis=bias.axes[0]).reshape(shape)


def bias_averaged(marks: Landmarks) -> Places:
    for bias in marks.biases:
        yield Place((bias.parameter,), _scaled(marks.walk, [bias.edge], 1 / bias.copies))


def bias_not_summed(marks: Landmarks) -> Places:
    for bias in marks.biases:
        yield Place((bias.parameter,), _on_edge(bias.edge, _unsummed(marks.walk, bias)), "all examples")
        if len(bias.axes) == 1:
            for index in (0, -1):
                yield Place((bias.parameter,), _on_edge(bias.edge, _line(marks.walk, bias, index)), index)


def _unsummed(walk: Walk, bias: Repeated) -> EdgeChange:
    return lambda g: walk.raw(bias.edge, g)


def bias_wrong_axis(marks: Landmarks) -> Places:
    for bias in marks.biases:
        axes = range(marks.walk.values[bias.edge.consumer].ndim)
        if len(bias.axes) == len(axes):
            continue
        for axis in axes:
            for keepdims in (False, True):
                if bias.axes != (axis,):
                    step = _summed(marks.walk, bias, axis, keepdims)
                    yield Place((bias.parameter,), _on_edge(bias.edge, step), (axis, keepdims))


def _summed(walk: Walk, bias: Repeated, axis: int | None, keepdims: bool) -> EdgeChange:
    return lambda g: np.sum(walk.raw(bias.edge, g), axis=axis, keepdims=keepdims)


def bias_summed_over_everything(marks: Landmarks) -> Places:
    for bias in marks.biases:
        if marks.walk.values[bias.edge.source].size > 1:
            total = _summed(marks.walk, bias, None, False)
            yield Place((bias.parameter,), _on_edge(bias.edge, _filled(marks.walk, bias, total)), "in every entry")
            yield Place((bias.parameter,), _on_edge(bias.edge, total), "one number")


def _filled(walk: Walk, bias: Repeated, total: EdgeChange) -> EdgeChange:
    return lambda g: np.full(walk.values[bias.edge.source].shape, total(g))


# ---- paths -----------------------------------------------------------------------------------------------------------


def overwritten(marks: Landmarks) -> Places:
    for i, k, kin in _uses(marks):
        yield Place((i,), _meeting(i, _only(k)), kin)


def path_forgotten(marks: Landmarks) -> Places:
    for i, k, kin in _uses(marks):
        yield Place((i,), _meeting(i, _all_but(k)), kin)


def _uses(marks: Landmarks) -> Iterator[tuple[int, int, str | None]]:
    for i in marks.forks:
        last = len(marks.walk.into[i]) - 1
        for k in range(last, -1, -1):
            yield i, k, "last" if k == last else "first" if k == 0 else None


def _only(k: int) -> Callable[[list], Any]:
    return lambda arrived: arrived[k]


def _all_but(k: int) -> Callable[[list], Any]:
    return lambda arrived: reduce(add, arrived[:k] + arrived[k + 1 :])


def paths_multiplied(marks: Landmarks) -> Places:
    for i in marks.forks:
        yield Place((i,), _meeting(i, lambda arrived: reduce(mul, arrived)))


def gradient_stopped(marks: Landmarks) -> Places:
    for i in marks.inner + marks.leaves:
        yield Place((i,), _after(i, np.zeros_like), None)


def accumulated_twice(marks: Landmarks) -> Places:
    for i in marks.leaves:
        yield Place((i,), _after(i, lambda g: 2 * g))


# ---- no mistake ------------------------------------------------------------------------------------------------------


def other_conventions(marks: Landmarks) -> Places:
    """ReLU has no slope at 0. The engine takes 0 there; who takes 1 has made no mistake."""
    for activation in marks.activations:
        z, _ = _argument_and_value(marks, activation)
        if activation.function == "relu" and np.any(z == 0):
            yield _sloped(marks, activation, (z >= 0) * 1.0)
