"""No two gradients share memory, and none shares it with a seed or a value: changing one changes no other."""

import itertools

import numpy as np
import pytest

from .cases import every, kinds
from .referee import uneven


def check_nothing_is_shared(lib, case, create_graph=False):
    leaves = [lib.Tensor(x) for x in case.inputs]
    output = case.engine(*leaves)
    seed = uneven(output.shape)
    given = seed.copy()
    output.backward(seed, create_graph=create_graph)
    nodes = lib.Graph(output).nodes
    gradients = [
        np.asarray(n.grad.data if isinstance(n.grad, lib.Tensor) else n.grad) for n in nodes if n.grad is not None
    ]
    values = [np.asarray(n.data) for n in nodes]
    for a, b in itertools.combinations(gradients, 2):
        assert not np.shares_memory(a, b)
    for a, b in itertools.product(gradients, [seed, *values, *case.inputs]):
        assert not np.shares_memory(a, b)
    np.testing.assert_array_equal(seed, given)
    if not create_graph:
        for node in nodes:
            if node.grad is not None:
                assert node.grad.flags.writeable


@kinds
def test_nothing_is_shared(lib, kind):
    every(lib, kind, check_nothing_is_shared)


def test_changing_one_gradient_changes_no_other(lib):
    a, b, c = (lib.Tensor([1.0, 2.0]) for _ in range(3))
    inner = a + b
    outer = inner + c
    outer.sum().backward()
    for changed in (a, b, c, inner, outer):
        changed.grad *= 0
        others = [t.grad.tolist() for t in (a, b, c, inner, outer) if t is not changed]
        assert others == [[1.0, 1.0]] * 4
        changed.grad = [1.0, 1.0]


@pytest.mark.parametrize(
    "view", [lambda t: t.T, lambda t: t.reshape(6), lambda t: t[None]], ids=["T", "reshape", "None"]
)
def test_two_leaves_that_see_the_same_gradient_through_views(lib, view):
    a, b = lib.Tensor(np.ones((2, 3))), lib.Tensor(np.ones((2, 3)))
    total = view(a) + view(b)
    total.backward(np.ones(total.shape))
    a.grad *= 0
    assert b.grad.tolist() == [[1.0] * 3] * 2
    assert total.grad.sum() == 6.0


NUMBER_TO_NUMBER = {
    "itself": lambda lib, u: u,
    "max": lambda lib, u: lib.max(u),
    "min": lambda lib, u: lib.min(u),
    "sum": lambda lib, u: u.sum(),
    "mean": lambda lib, u: lib.mean(u),
    "leaky_relu": lambda lib, u: lib.leaky_relu(u),
    "clip": lambda lib, u: lib.clip(u, 0, 9),
    "where": lambda lib, u: lib.where(u > 0, u, 0),
    "maximum": lambda lib, u: lib.maximum(u, 0),
    "index": lambda lib, u: u[...],
    "new axis": lambda lib, u: u[None],
    "reshape": lambda lib, u: u.reshape(1),
    "transpose": lambda lib, u: u.T,
    "stack": lambda lib, u: lib.stack([u, u]),
    "logsumexp": lambda lib, u: lib.logsumexp(u),
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("function", NUMBER_TO_NUMBER.values(), ids=NUMBER_TO_NUMBER)
def test_single_numbers(lib, function, create_graph):
    """0-d arrays are arrays: they too must not be shared."""
    a, b = lib.Tensor(1.0), lib.Tensor(2.0)
    inner = a + b
    out = function(lib, inner)
    out.backward(np.ones(out.shape), create_graph=create_graph)
    expected = [np.array(t.grad.data) for t in (a, b, inner)]
    for changed in (a, b, inner):
        array = changed.grad.data if isinstance(changed.grad, lib.Tensor) else changed.grad
        if array.flags.writeable:
            array *= 0
            others = [np.array(t.grad.data) for t in (a, b, inner) if t is not changed]
            assert others == [e for e, t in zip(expected, (a, b, inner)) if t is not changed]
            array += expected[0]


ROUTES = [
    lambda lib, x: x + 0,
    lambda lib, x: x - 0,
    lambda lib, x: lib.reshape(x, (2, 3)),
    lambda lib, x: lib.transpose(x),
    lambda lib, x: lib.broadcast_to(x, (3, 2)),
    lambda lib, x: lib.flip(x),
    lambda lib, x: lib.expand_dims(x, 0),
    lambda lib, x: x[...],
    lambda lib, x: x[:, None],
    lambda lib, x: lib.concatenate([x]),
    lambda lib, x: lib.stack([x, x]),
    lambda lib, x: lib.swapaxes(x, 0, 1),
]
routes = pytest.mark.parametrize("route", ROUTES)


@routes
def test_rules_that_hand_the_upstream_on(lib, route):
    """Two inputs on the same route, a seed, and the nodes between: all apart."""
    x, y = lib.Tensor(np.ones((3, 2))), lib.Tensor(np.ones((3, 2)))
    out = route(lib, x + y)
    seed = np.ones(out.shape)
    out.backward(seed)
    gradients = [n.grad for n in lib.Graph(out).nodes if n.grad is not None]
    assert len(gradients) >= 4
    for a, b in itertools.combinations([*gradients, seed], 2):
        assert not np.shares_memory(a, b)
    kept = y.grad.copy()
    x.grad *= 0
    seed *= 0
    np.testing.assert_array_equal(y.grad, kept)


@routes
def test_adding_up_changes_no_gradient_that_was_handed_on(lib, route):
    """x hears first from the route, which hands on a view of its gradient, then from a product. The view stays."""
    x = lib.Tensor(np.ones((3, 2)))
    product = x * 2
    out = route(lib, x)
    weights = uneven(out.shape)
    ((out * weights).sum() + product.sum()).backward()
    np.testing.assert_array_equal(out.grad, weights)
    np.testing.assert_array_equal(product.grad, np.ones((3, 2)))


def test_a_gradient_held_by_the_caller_stays(lib):
    """The next call of backward() does not add into an array that the caller may hold."""
    w = lib.Tensor([1.0, 2.0])
    loss = (w * w).sum()
    loss.backward()
    held = w.grad
    loss.backward()
    assert held.tolist() == [2.0, 4.0]
    assert w.grad.tolist() == [4.0, 8.0]


def test_the_seed_may_be_a_tensor(lib):
    """A leaf or a computed one; its value is not the gradient's array."""
    for seed in (lib.Tensor([3.0, 4.0]), lib.Tensor([1.5, 2.0]) * 2):
        y = lib.Tensor([1.0, 2.0]) * 5
        y.backward(seed)
        y.grad *= 0
        assert seed.data.tolist() == [3.0, 4.0]
    leaf = lib.Tensor([1.0, 2.0])
    leaf.backward(seed)
    leaf.grad *= 0
    assert seed.data.tolist() == [3.0, 4.0]


def test_with_create_graph_too(lib):
    """Inner nodes keep arrays of their own: writing into one changes neither another nor the recorded graph."""
    x = lib.Tensor([1.0, 2.0])
    a, b = x * 1, x * x
    total = a + b
    total.sum().backward(create_graph=True)
    for s, t in itertools.combinations((a, b, total), 2):
        assert not np.shares_memory(s.grad, t.grad)
    for inner in (a, b, total):
        inner.grad *= 0
    first = x.grad
    assert first.data.tolist() == [3.0, 5.0]
    x.zero_grad()
    (first * first).sum().backward()  # (1 + 2x)², so 4(1 + 2x)
    assert x.grad.tolist() == [12.0, 20.0]


def test_two_leaves_with_the_same_gradient_under_create_graph(lib):
    a, b = lib.Tensor([1.0, 2.0]), lib.Tensor([1.0, 2.0])
    (a + b).sum().backward(create_graph=True)
    assert a.grad is not b.grad
    a.grad.name = "of a"
    assert b.grad.name is None


def test_what_a_tensor_is_made_of_is_copied(lib):
    source = np.array([1.0, 2.0])
    made, constant = lib.Tensor(source), lib.Tensor([5.0, 5.0]) * source
    of_tensor = lib.Tensor(made)
    condition, index = np.array([True, False]), np.array([0, 0])
    chosen, picked = lib.where(condition, made, constant), made[index]
    limit = np.array([0.0, 0.0])
    clipped = lib.clip(made, limit, None)
    made.data[0] = 7.0
    source *= 0
    condition[:] = False
    index[:] = 1
    limit[:] = 99.0
    assert of_tensor.data.tolist() == [1.0, 2.0]
    assert constant.data.tolist() == [5.0, 10.0]
    graph = lib.Graph(lib.concatenate([chosen, picked, clipped]))
    graph.forward()
    assert chosen.data.tolist() == [7.0, 10.0]
    assert picked.data.tolist() == [7.0, 7.0]
    assert clipped.data.tolist() == [7.0, 2.0]
    graph.backward([1.0] * 6)
    assert made.grad.tolist() == [4.0, 1.0]


def test_copies_are_copies(lib):
    w = lib.Tensor([1.0, 2.0], name="w")
    for copy in (w.numpy(), w.detach().data, lib.Tensor(w).data, (w * 1).numpy(), (w * 1).detach().data):
        copy *= 0
    assert w.data.tolist() == [1.0, 2.0]
    w.data = given = np.array([3.0, 4.0])
    given *= 0
    assert w.data.tolist() == [3.0, 4.0]
    w.grad = given = np.array([3.0, 4.0])
    given *= 0
    assert w.grad.tolist() == [3.0, 4.0]


def test_values_of_inner_nodes_are_read_only(lib):
    x = lib.Tensor(np.ones((2, 3)))
    inner = [x * 2, x.T, x.reshape(-1), x[0], x.sum(), lib.flip(x), x > 0, lib.broadcast_to(x, (2, 2, 3))]
    for node in inner:
        with pytest.raises(ValueError, match="read-only"):
            node.data[...] = 0
        with pytest.raises(ValueError, match="computed by"):
            node.data = np.zeros(node.shape)


def test_a_slice_of_a_leafs_value_fetched_earlier_is_cut_off_by_an_update(lib):
    """`w.data -= …` gives the leaf a new array, so nothing fetched before can change a value unseen."""
    w = lib.Tensor([1.0, 2.0, 3.0])
    earlier = w.data[:2]
    w.data -= 1.0
    loss = (w * w).sum()
    try:
        earlier[0] = 99.0
    except ValueError:
        pass  # read-only: just as good
    loss.backward()
    assert w.data.tolist() == [0.0, 1.0, 2.0]
    assert w.grad.tolist() == [0.0, 2.0, 4.0]


def test_steps_and_edges_hold_copies(lib):
    x = lib.Tensor([1.0, 2.0])
    loss = (x * 3).sum()
    graph = lib.Graph(loss)
    for step in graph.steps():
        for array in (step.value, step.upstream, step.local, step.downstream, step.total):
            if array is not None:
                array *= 0
    for edge in graph.edges:
        edge.local[...] = 0
    loss.backward()
    assert x.grad.tolist() == [3.0, 3.0]
    assert loss.item() == 9.0


def test_gradients_of_returns_arrays_of_their_own(lib):
    x = lib.Tensor([1.0, 2.0])
    seed = np.array([1.0, 1.0])
    y = x + 0
    a, b, c = lib.gradients_of(y, [x, y, x], seed)
    for first, second in itertools.combinations((a, b, c, seed), 2):
        assert not np.shares_memory(first, second)
    assert x.grad is None
    (single,) = lib.gradients_of(lib.Tensor(2.0) * 3, [lib.Tensor(1.0)])
    assert isinstance(single, np.ndarray)
