"""Graph: the order of a computation, its edges with their local derivatives, its replay, and its steps."""

import math

import numpy as np
import pytest
from hypothesis import given, settings

import backprop_lib

from .cases import apart, every, kinds, numbers
from .programs import carry_out, programs
from .referee import close, complex_step, uneven

# ---- nodes and edges -----------------------------------------------------------------------------------------------


def neuron(lib):
    w, x, b, y = (lib.Tensor(v, name=n) for v, n in [(3.0, "w"), (2.0, "x"), (1.0, "b"), (4.0, "y")])
    z = w * x + b
    z.name = "z"
    return (w, x, b, y), (lib.relu(z) - y) ** 2


def test_nodes_are_in_the_order_of_computation(lib):
    leaves, loss = neuron(lib)
    graph = lib.Graph(loss)
    assert graph.output is loss
    assert graph.nodes[-1] is loss
    assert len(set(graph.nodes)) == len(graph.nodes) == 4 + 5 + 1  # leaves, operations, and the constant 2
    position = {node: k for k, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        for t in node.inputs:
            assert position[t] < position[node]
    assert set(leaves) < set(graph.leaves)
    assert [leaf.item() for leaf in graph.leaves] == [3.0, 2.0, 1.0, 4.0, 2.0]
    assert [t.operation.name for t in graph.nodes if t.operation] == ["multiply", "add", "relu", "subtract", "power"]


def test_each_use_is_an_edge(lib):
    x = lib.Tensor(3.0)
    graph = lib.Graph(x * x)
    assert [(e.source, e.target, e.position) for e in graph.edges] == [(x, graph.output, 0), (x, graph.output, 1)]
    assert [float(e.local) for e in graph.edges] == [3.0, 3.0]
    assert len(lib.Graph(lib.concatenate([x.reshape(1)] * 3)).edges) == 4
    assert lib.Graph(x).edges == []


def test_what_operations_tell_about_themselves(lib):
    x = lib.Tensor([[1.0, 2.0]])
    total = x.sum(axis=1, keepdims=True)
    assert (total.operation.name, total.operation.symbol, total.operation.elementwise) == ("sum", "Σ", False)
    assert total.attributes == ((1,), True)
    product = x * 3
    assert (product.operation.name, product.operation.symbol, product.operation.elementwise) == ("multiply", "×", True)
    assert product.inputs[0] is x
    assert product.inputs[1].name is None
    assert not product.inputs[1].requires_grad
    graph = lib.Graph(total)
    graph.forward()
    assert total.attributes == ((1,), True)
    assert isinstance(total.attributes, tuple)
    assert x.operation is None
    assert x.inputs == x.attributes == ()
    assert x.is_leaf
    assert not total.is_leaf


def check_local_derivatives(lib, case):
    """Σ over the output of upstream × local = what a walk sends along that edge."""
    leaves = [lib.Tensor(x) for x in case.inputs]
    graph = lib.Graph(case.engine(*leaves))
    for edge in graph.edges:
        local = edge.local
        if not (edge.source.requires_grad and edge.target.requires_grad):
            continue
        target, source = edge.target, edge.source
        upstream = uneven(target.shape)
        if target.operation.elementwise:
            assert local.shape == target.shape
            sent = upstream * local
            for _ in range(sent.ndim - source.ndim):
                sent = sent.sum(axis=0)
            stretched = tuple(k for k, n in enumerate(source.shape) if n == 1)
            sent = sent.sum(axis=stretched, keepdims=True)
        else:
            assert local.shape == target.shape + source.shape
            sent = np.tensordot(upstream, local, axes=target.ndim)
        (step,) = [
            s
            for s in lib.Graph(target).steps(upstream)
            if s.edge is not None and s.edge.target is target and s.edge.position == edge.position
        ]
        close(step.downstream, sent)
        close(step.local, local)


@kinds
def test_local_derivatives(lib, kind):
    every(lib, kind, check_local_derivatives)


def test_local_derivatives_by_hand(lib):
    x, w = lib.Tensor([1.0, 2.0]), lib.Tensor([[3.0, 4.0], [5.0, 6.0]])
    (to_w, to_x) = lib.Graph(w @ x).edges
    assert to_x.local.tolist() == [[3.0, 4.0], [5.0, 6.0]]
    assert to_w.local.tolist() == [[[1.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 2.0]]]
    p = lib.softmax(x)
    close(lib.Graph(p).edges[0].local, np.diag(p.data) - np.outer(p.data, p.data))
    assert lib.Graph(x > 1).edges[0].local is None
    assert lib.Graph(lib.where(x > 1, x, 0.0)).edges[-3].local is None
    single = lib.Graph(lib.exp(lib.Tensor(0.0))).edges[0].local
    assert isinstance(single, np.ndarray)
    assert single.shape == ()


# ---- the replay ----------------------------------------------------------------------------------------------------


@settings(max_examples=120)
@given(programs())
def test_a_replay_equals_building_anew(program):
    lib = backprop_lib
    instructions, arrays = program
    leaves = [lib.Tensor(x) for x in arrays]
    values = carry_out(instructions, leaves)
    graph = lib.Graph(values[-1])
    for round_ in range(3):
        fresh = [lib.Tensor(x * 0.8 + 0.1 * round_) for x in arrays]
        for k, (leaf, new) in enumerate(zip(leaves, fresh, strict=True)):
            if (k + round_) % 2:
                leaf.data = new.data
            else:
                leaf.data[...] = new.data
        assert graph.forward() is values[-1]
        anew = carry_out(instructions, fresh)
        for value, expected in zip(values, anew, strict=True):
            np.testing.assert_array_equal(value.data, expected.data)
        graph.zero_grad()
        graph.backward()
        anew[-1].backward()
        for value, expected in zip(values, anew, strict=True):
            np.testing.assert_array_equal(value.grad, expected.grad)


def check_replay(lib, case):
    """Every operation, replayed with other values: values, gradients, and gradients of a plain backward() agree."""
    leaves = [lib.Tensor(x) for x in case.inputs]
    output = case.engine(*leaves)
    graph = lib.Graph(output)
    for leaf, x in zip(leaves, case.inputs, strict=True):
        leaf.data = x * 0.9
    graph.forward()
    fresh = [lib.Tensor(x * 0.9) for x in case.inputs]
    anew = case.engine(*fresh)
    np.testing.assert_array_equal(output.data, anew.data)
    seed = uneven(output.shape)
    graph.backward(seed)
    anew.backward(seed)
    output.backward(seed)
    for leaf, expected in zip(leaves, fresh, strict=True):
        close(leaf.grad, 2 * expected.grad)


@kinds
def test_every_operation_can_be_replayed(lib, kind):
    every(lib, kind, check_replay)


def test_comparisons_and_branches_are_evaluated_anew(lib):
    x = lib.Tensor([-1.0, 2.0, 3.0])
    loss = (lib.where(x > 0, x * x, -x) * (x < 2.5)).sum() + lib.max(x)
    graph = lib.Graph(loss)
    x.data = [2.0, -3.0, 1.0]
    graph.forward()
    assert loss.item() == 4 + 3 + 1 + 2
    graph.backward()
    assert x.grad.tolist() == [4 + 1, -1.0, 2.0]


def test_an_index_stays_what_it_was(lib):
    """As the docstring says: the entries that were positive when the graph was built."""
    x = lib.Tensor([-1.0, 2.0, 3.0])
    graph = lib.Graph(x[x > 0].sum())
    x.data = [5.0, -7.0, 1.0]
    assert graph.forward().item() == -6.0
    graph.backward()
    assert x.grad.tolist() == [0.0, 1.0, 1.0]


def test_a_training_loop_without_rebuilding(lib):
    x, y = numbers((8, 2)), numbers((8,), key=1)
    w, b = lib.Tensor(numbers((2,), key=2)), lib.Tensor(0.0)
    v, c = lib.Tensor(w), lib.Tensor(b)
    graph = lib.Graph(lib.mean_squared_error(lib.tanh(x @ w + b), y))
    first = graph.output.item()
    for _ in range(20):
        graph.zero_grad()
        graph.backward()
        loss = lib.mean_squared_error(lib.tanh(x @ v + c), y)
        v.zero_grad()
        c.zero_grad()
        loss.backward()
        np.testing.assert_array_equal(graph.output.data, loss.data)
        np.testing.assert_array_equal(w.grad, v.grad)
        for leaf in (w, b, v, c):
            leaf.data -= 0.1 * leaf.grad
        graph.forward()
    assert graph.output.item() < first


def test_backward_of_a_graph_is_backward_of_its_output(lib):
    x = lib.Tensor([1.0, 2.0])
    y = x * x
    graph = lib.Graph(y)
    with pytest.raises(ValueError, match="single number"):
        graph.backward()
    graph.backward([1.0, 10.0])
    graph.backward([1.0, 10.0])
    assert x.grad.tolist() == [4.0, 80.0]
    graph.zero_grad()
    assert x.grad is None
    assert y.grad is None
    graph.backward([1.0, 1.0], create_graph=True)
    assert isinstance(x.grad, lib.Tensor)
    single = lib.Graph((x * x).sum())
    x.zero_grad()
    single.backward()
    single.backward()
    assert x.grad.tolist() == [4.0, 8.0]


def test_a_graph_of_constants(lib):
    graph = lib.Graph(lib.Tensor(2.0, requires_grad=False) * 3)
    graph.leaves[0].data = 5.0
    assert graph.forward().item() == 15.0
    with pytest.raises(ValueError, match="differentiated"):
        graph.backward()
    assert {step.phase for step in graph.steps()} == {"forward"}


def test_a_graph_of_one_leaf(lib):
    leaf = lib.Tensor(2.0)
    graph = lib.Graph(leaf)
    assert graph.forward() is leaf
    graph.backward()
    assert leaf.grad == 1.0
    assert [step.phase for step in graph.steps()] == ["forward", "backward"]


def test_only_a_tensor_has_a_graph(lib):
    for wrong in (3.0, np.ones(2), [1, 2], None):
        with pytest.raises(TypeError, match=f"Tensor.*given was {type(wrong).__name__}"):
            lib.Graph(wrong)


def test_a_replay_in_the_middle_of_an_error(lib):
    """Values that no operation can take stop the replay; setting good ones makes it right again."""
    x = lib.Tensor([1.0, 2.0])
    graph = lib.Graph(lib.log(x * 1).sum())
    x.data = [-1.0, 2.0]
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        graph.forward()
    with pytest.raises(ValueError, match="computed anew|changed"):
        graph.backward()
    x.data = [4.0, 5.0]
    graph.forward()
    graph.backward()
    close(x.grad, [0.25, 0.2])


# ---- the steps -----------------------------------------------------------------------------------------------------


def test_steps_by_hand(lib):
    """f = q·z with q = x + y: the first graph of the course, line by line."""
    x, y, z = (lib.Tensor(v, name=n) for v, n in [(-2.0, "x"), (5.0, "y"), (-4.0, "z")])
    q = x + y
    f = q * z
    steps = lib.Graph(f).steps()
    assert [(s.phase, s.node, s.operation, float(s.value)) for s in steps[:5]] == [
        ("forward", x, None, -2.0),
        ("forward", y, None, 5.0),
        ("forward", z, None, -4.0),
        ("forward", q, q.operation, 3.0),
        ("forward", f, f.operation, -12.0),
    ]
    seed, *backward = steps[5:]
    assert (seed.phase, seed.node, seed.edge, seed.consumer, seed.upstream) == ("backward", f, None, None, None)
    assert seed.downstream == seed.total == 1.0
    assert [
        (s.node, s.consumer, s.operation.name, float(s.upstream), float(s.local), float(s.downstream), float(s.total))
        for s in backward
    ] == [
        (q, f, "multiply", 1.0, -4.0, -4.0, -4.0),
        (z, f, "multiply", 1.0, 3.0, 3.0, 3.0),
        (x, q, "add", -4.0, 1.0, -4.0, -4.0),
        (y, q, "add", -4.0, 1.0, -4.0, -4.0),
    ]
    assert all(t.grad is None for t in (x, y, z, q, f))


def test_contributions_of_several_paths_are_added_step_by_step(lib):
    x = lib.Tensor(3.0)
    square = x * x
    steps = lib.Graph(square * x).steps()
    arrivals = [(float(s.downstream), float(s.total)) for s in steps if s.phase == "backward" and s.node is x]
    assert arrivals == [(9.0, 9.0), (9.0, 18.0), (9.0, 27.0)]


def check_steps(lib, output, seed):
    """Forward: every node once. Backward: an edge each, complete, adding up to what backward() finds."""
    graph = lib.Graph(output)
    before = [node.grad for node in graph.nodes]
    steps = graph.steps(seed)
    assert [node.grad for node in graph.nodes] == before
    forward = [s for s in steps if s.phase == "forward"]
    assert [s.node for s in forward] == graph.nodes
    first, *backward = steps[len(forward) :]
    assert all(s.phase == "backward" for s in backward)
    assert len(backward) == sum(e.source.requires_grad and e.target.requires_grad for e in graph.edges)
    assert len({(s.consumer, s.edge.position) for s in backward}) == len(backward)

    sums = {first.node: first.downstream}
    finished = set()
    for s in backward:
        assert s.edge.target is s.consumer
        assert s.edge.source is s.node
        assert s.operation is s.consumer.operation
        assert s.node not in finished, "a gradient arrived after its node had passed it on"
        np.testing.assert_array_equal(s.upstream, sums[s.consumer])
        finished.add(s.consumer)
        assert s.downstream.shape == s.node.shape
        sums[s.node] = sums[s.node] + s.downstream if s.node in sums else s.downstream
        np.testing.assert_array_equal(s.total, sums[s.node])
        np.testing.assert_array_equal(s.value, s.node.data)
    graph.zero_grad()
    output.backward(seed)
    for node in graph.nodes:
        assert (node.grad is None) == (node not in sums)
        if node in sums:
            close(node.grad, sums[node])


def check_steps_of(lib, case):
    output = case.engine(*[lib.Tensor(x) for x in case.inputs])
    check_steps(lib, output, uneven(output.shape))


@kinds
def test_steps_of_every_operation(lib, kind):
    every(lib, kind, check_steps_of)


@settings(max_examples=60)
@given(programs())
def test_steps_of_random_programs(program):
    instructions, arrays = program
    check_steps(backprop_lib, carry_out(instructions, [backprop_lib.Tensor(x) for x in arrays])[-1], None)


def test_the_steps_of_the_forward_pass_alone(lib):
    x = lib.Tensor([1.0, 2.0], name="x")
    graph = lib.Graph(x * 2.0)  # many entries, so a way back would need a gradient to start from
    steps = graph.forward_steps()
    assert [step.node for step in steps] == graph.nodes and {step.phase for step in steps} == {"forward"}
    assert steps[-1].value.tolist() == [2.0, 4.0]
    x.data = [5.0, 5.0]
    with pytest.raises(ValueError, match="'x' was changed after the forward pass"):
        graph.forward_steps()
    graph.forward()
    assert graph.forward_steps()[-1].value.tolist() == [10.0, 10.0]


def test_steps_after_a_change_do_not_mix_old_and_new(lib):
    """A leaf has moved since the forward pass. Its step must not show a value the others were not made with."""
    w, b = lib.Tensor(2.0, name="w"), lib.Tensor(1.0, name="b")
    graph = lib.Graph(lib.tanh(w * 3.0 + b))
    for change in (lambda: setattr(b, "data", 5.0), lambda: b.data.fill(7.0)):
        change()
        try:
            steps = graph.steps()
        except ValueError as refused:
            assert "changed" in str(refused)
            continue
        shown = {s.node: float(s.value) for s in steps if s.phase == "forward"}
        assert math.tanh(shown[w] * 3.0 + shown[b]) == pytest.approx(shown[graph.output])


def test_the_steps_of_single_numbers_are_arrays(lib):
    _, loss = neuron(lib)
    for s in lib.Graph(loss).steps():
        for array in (s.value, s.upstream, s.local, s.downstream, s.total):
            assert array is None or (isinstance(array, np.ndarray) and array.shape == ())


def test_local_derivatives_agree_with_the_complex_step(lib):
    """An independent referee for whole Jacobians: softmax, and a product of matrices."""
    x = apart((2, 3))
    t = lib.Tensor(x)
    local = lib.Graph(lib.softmax(t, axis=1)).edges[0].local
    for index in np.ndindex(2, 3):
        unit = np.zeros((2, 3))
        unit[index] = 1.0
        (expected,) = complex_step(lambda a: np.exp(a) / np.sum(np.exp(a), axis=1, keepdims=True), [x], unit)
        close(local[index], expected)


def test_repr(lib):
    _, loss = neuron(lib)
    assert repr(lib.Graph(loss)) == "Graph(10 nodes, 9 edges, output of shape ())"
