"""counting: whole numbers that can be checked by hand, forward and backward apart."""

import numpy as np
import pytest

from .cases import every, kinds, numbers
from .referee import uneven


def arithmetic(count):
    return (count.multiplications, count.additions, count.negations, count.comparisons, count.functions)


def test_a_neuron_by_hand(lib):
    """z = w·x + b, ŷ = σ(z), L = (ŷ − y)². Forward: w·x; + b; in σ the sign, the guard against overflow, exp, 1 + …,
    and 1 ÷ …; ŷ − y; the square."""
    w, x, b = lib.Tensor(1.0), lib.Tensor(2.0, requires_grad=False), lib.Tensor(0.5)
    with lib.counting.counting() as counted:
        z = w * x + b
        assert arithmetic(counted.forward) == (1, 1, 0, 0, 0)
        guess = lib.sigmoid(z)
        assert arithmetic(counted.forward) == (1 + 1, 1 + 1, 1, 1, 1)
        loss = (guess - 0.0) ** 2
        assert arithmetic(counted.forward) == (3, 3, 1, 1, 1)
        assert counted.forward.visits == 5
        assert arithmetic(counted.backward) == (0, 0, 0, 0, 0)
        loss.backward()
    # 2·(ŷ−y): upstream × 2 × base (the power 1 costs nothing, but is 2 − 1, and 2 is compared with 0);
    # through −: nothing; through σ: 1 − ŷ, and two products; through +: nothing; through ×: one product.
    assert arithmetic(counted.backward) == (2 + 2 + 1, 1 + 1, 0, 1, 0)
    assert counted.backward.visits == 5 + 2  # five results, and the leaves w and b
    assert counted.backward.stored == 7
    # kept: x for w's derivative, ŷ for σ's, ŷ − y and the exponent for the square's
    assert counted.forward.stored == 4
    assert counted.forward.stored_in_parameters == 0


@pytest.mark.parametrize(("batch", "n", "m"), [(1, 1, 1), (5, 3, 4), (2, 7, 1), (32, 10, 20)])
def test_a_dense_layer(lib, batch, n, m):
    """X (batch, n) times Wᵀ (n, m) plus b: batch·n·m products each way that is asked for."""
    x, w, b = lib.Tensor(numbers((batch, n))), lib.Tensor(numbers((m, n), key=1)), lib.Tensor(numbers((m,), key=2))
    with lib.counting.counting() as counted:
        y = x @ w.T + b
        y.backward(np.ones(y.shape))
    products = batch * n * m
    assert counted.forward.multiplications == products
    assert counted.forward.additions == batch * m * (n - 1) + batch * m
    assert counted.backward.multiplications == 2 * products  # one for X's gradient, one for W's
    assert counted.backward.additions == batch * n * (m - 1) + n * m * (batch - 1) + m * (batch - 1)
    assert counted.forward.stored == batch * n + n * m
    assert counted.forward.stored_in_parameters == batch * n + n * m  # both are leaves here
    assert counted.backward.stored == 2 * batch * m + batch * n + 2 * n * m + m
    assert (counted.forward.visits, counted.backward.visits) == (3, 6)


def test_backward_costs_twice_the_forward_pass_of_dense_layers(lib):
    """784–256–128–10: one product of matrices forward, two backward; the first layer's input wants no gradient."""
    batch, widths = 32, [784, 256, 128, 10]
    x = lib.Tensor(np.ones((batch, 784)), requires_grad=False)
    layers = [(lib.Tensor(np.zeros((m, n))), lib.Tensor(np.zeros(m))) for n, m in zip(widths, widths[1:], strict=False)]
    with lib.counting.counting() as counted:
        a = x
        for w, b in layers[:-1]:
            a = lib.relu(a @ w.T + b)
        loss = lib.cross_entropy(a @ layers[-1][0].T + layers[-1][1], np.zeros(batch, int))
        loss.backward()
    products = [batch * n * m for n, m in zip(widths, widths[1:], strict=False)]
    loss_forward, loss_backward = 10 * batch + 1, 10 * batch + 10 * batch + 1
    assert abs(counted.forward.multiplications - sum(products)) <= loss_forward
    assert abs(counted.backward.multiplications - (2 * sum(products) - products[0])) <= loss_backward
    with lib.counting.counting() as later:  # away from the input the ratio is 2
        hidden = lib.Tensor(np.ones((batch, 256)))
        y = hidden @ layers[1][0].T
        y.backward(np.ones(y.shape))
    assert later.backward.multiplications == 2 * later.forward.multiplications


def test_numbers_to_remember_of_a_batch(lib):
    """The sum in the sources: the inputs of every layer are kept, 784 + 256 + 128 for each row, besides weights, the
    scores and the targets."""
    batch, widths = 32, [784, 256, 128, 64]
    x = lib.Tensor(np.ones((batch, 784), np.float32), requires_grad=False)
    weights = [lib.Tensor(np.ones((m, n), np.float32) / n) for n, m in zip(widths, widths[1:], strict=False)]
    with lib.counting.counting() as counted:
        a = x
        for w in weights:
            a = lib.relu(a @ w.T)
    kept = counted.forward.stored - counted.forward.stored_in_parameters
    assert kept == batch * sum(widths)
    assert kept * 4 == 157_696  # bytes
    assert counted.forward.stored_in_parameters == 256 * 128 + 128 * 64  # the first layer's are not read: x is data


@pytest.mark.parametrize(
    ("expression", "forward", "backward"),
    [
        (lambda lib, a: a + a, (0, 6, 0, 0, 0), (0, 6, 0, 0, 0)),
        (lambda lib, a: a - 2.0, (0, 6, 0, 0, 0), (0, 0, 0, 0, 0)),
        (lambda lib, a: 2.0 - a, (0, 6, 0, 0, 0), (0, 0, 6, 0, 0)),
        (lambda lib, a: a * 3.0, (6, 0, 0, 0, 0), (6, 0, 0, 0, 0)),
        (lambda lib, a: a / 3.0, (6, 0, 0, 0, 0), (6, 0, 0, 0, 0)),
        (lambda lib, a: -a, (0, 0, 6, 0, 0), (0, 0, 6, 0, 0)),
        (lambda lib, a: a**2, (6, 0, 0, 0, 0), (12, 1, 0, 1, 0)),
        (lambda lib, a: a**3, (0, 0, 0, 0, 6), (12 + 6, 1, 0, 1, 0)),
        (lambda lib, a: lib.exp(a), (0, 0, 0, 0, 6), (6, 0, 0, 0, 0)),
        (lambda lib, a: lib.square(a), (6, 0, 0, 0, 0), (12, 0, 0, 0, 0)),
        (lambda lib, a: lib.tanh(a), (0, 0, 0, 0, 6), (12, 6, 0, 0, 0)),
        (lambda lib, a: lib.relu(a), (0, 0, 0, 6, 0), (0, 0, 0, 6, 0)),
        (lambda lib, a: lib.clip(a, 0, 1), (0, 0, 0, 12, 0), (0, 0, 0, 12, 0)),
        (lambda lib, a: a.sum(), (0, 5, 0, 0, 0), (0, 0, 0, 0, 0)),
        (lambda lib, a: a.sum(axis=0), (0, 3, 0, 0, 0), (0, 0, 0, 0, 0)),
        (lambda lib, a: a.mean(axis=1), (2, 4, 0, 0, 0), (2, 0, 0, 0, 0)),
        (lambda lib, a: a.prod(axis=1), (4, 0, 0, 0, 0), None),
        (lambda lib, a: a.max(axis=1), (0, 0, 0, 4, 0), None),
        (lambda lib, a: lib.cumsum(a, 1), (0, 4, 0, 0, 0), (0, 4, 0, 0, 0)),
        (lambda lib, a: a.T, (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        (lambda lib, a: a.reshape(-1), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        (lambda lib, a: a[0], (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        (lambda lib, a: a[[0, 0, 1, 0]], (0, 0, 0, 0, 0), (0, 6, 0, 0, 0)),
        (lambda lib, a: lib.concatenate([a, a]), (0, 0, 0, 0, 0), (0, 6, 0, 0, 0)),
        (lambda lib, a: lib.broadcast_to(a, (4, 2, 3)), (0, 0, 0, 0, 0), (0, 18, 0, 0, 0)),
        (lambda lib, a: a * np.ones((4, 1, 1)), (24, 0, 0, 0, 0), (24, 18, 0, 0, 0)),
        (lambda lib, a: a @ np.ones(3), (6, 4, 0, 0, 0), (6, 0, 0, 0, 0)),
        (lambda lib, a: a @ np.ones((3, 5)), (30, 20, 0, 0, 0), (30, 24, 0, 0, 0)),
        (lambda lib, a: lib.where(a > 0, a, 0.0), (0, 0, 0, 6, 0), (0, 0, 0, 6, 0)),
        (lambda lib, a: lib.mean_squared_error(a, np.zeros((2, 3))), (6 + 1, 6 + 5, 0, 0, 0), (1 + 6, 6, 0, 0, 0)),
    ],
)  # fmt: skip
def test_by_hand(lib, expression, forward, backward):
    a = lib.Tensor(numbers((2, 3)))
    with lib.counting.counting() as counted:
        out = expression(lib, a)
        out.backward(np.ones(out.shape))
    assert arithmetic(counted.forward) == forward
    if backward is not None:
        assert arithmetic(counted.backward) == backward


def check_counting_changes_no_number(lib, case):
    """The same digits, types and kinds of arrays as without, forward, backward, replayed and with create_graph."""

    def run(create_graph):
        leaves = [lib.Tensor(x) for x in case.inputs]
        output = case.engine(*leaves)
        graph = lib.Graph(output)
        graph.forward()
        graph.backward(uneven(output.shape), create_graph=create_graph)
        return [node.data for node in graph.nodes], [getattr(leaf.grad, "data", leaf.grad) for leaf in leaves]

    for create_graph in (False, True):
        values, gradients = run(create_graph)
        with lib.counting.counting() as counted:
            found_values, found_gradients = run(create_graph)
        for found, expected in zip(found_values, values, strict=True):
            assert type(found) is np.ndarray
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
        for found, expected in zip(found_gradients, gradients, strict=True):
            np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
        for count in (counted.forward, counted.backward):
            assert all(type(number) is int and number >= 0 for number in vars(count).values())


@kinds
def test_counting_changes_no_number(lib, kind):
    every(lib, kind, check_counting_changes_no_number)


def test_a_walk_is_counted_node_by_node(lib):
    """x + x ten times over: 11 nodes, where a walk along paths would make 2,047 calls. And again on a second walk."""
    x = lib.Tensor(1.0)
    with lib.counting.counting() as counted:
        top = x
        for _ in range(10):
            top = top + top
        assert counted.forward.visits == 10
        for walk in (1, 2, 3):
            top.backward()
            assert counted.backward.visits == 11 * walk
            assert counted.backward.additions == 10 * walk
        single = x * 2
        single.backward()
        single.backward()
        assert counted.backward.visits == 33 + 2 + 2


def test_a_replay_is_counted_like_building(lib):
    x, w = numbers((4, 3)), lib.Tensor(numbers((3,), key=1))
    with lib.counting.counting() as built:
        loss = lib.tanh(x @ w).sum()
        loss.backward()
    graph = lib.Graph(loss)
    with lib.counting.counting() as replayed:
        graph.forward()
        graph.backward()
    assert replayed.forward == built.forward
    assert replayed.backward == built.backward


def test_nothing_is_stored_without_recording(lib):
    x = lib.Tensor(numbers((4, 3)))
    with lib.counting.counting() as counted, lib.no_grad():
        lib.tanh(x * x).sum()
    assert counted.forward.stored == 0
    assert counted.forward.visits == 3
    constant = lib.Tensor(numbers((4, 3)), requires_grad=False)
    with lib.counting.counting() as counted:
        lib.tanh(constant * constant).sum()
    assert counted.forward.stored == 0


def test_each_number_is_stored_once(lib):
    """tanh keeps its output; the next product keeps the same array; a reshaped or transposed one is no second copy."""
    x = lib.Tensor(numbers((4, 3)), requires_grad=False)
    w = lib.Tensor(numbers((3, 3)))
    with lib.counting.counting() as counted:
        h = lib.tanh(x @ w)
        (h * h + h.T.reshape(4, 3) * h).sum()
    assert counted.forward.stored == 12 + 12 + 12  # x, h, and the reshaped copy of the transpose
    with lib.counting.counting() as counted:
        h = lib.tanh(x @ w)
        (h.reshape(2, 6) * h.reshape(2, 6) + h.reshape(2, 6)).sum()
    assert counted.forward.stored == 12 + 12


def test_create_graph_counts_as_backward(lib):
    x = lib.Tensor(numbers((3,)))
    with lib.counting.counting() as counted:
        loss = (x * x + x).sum()
        before = vars(counted.forward).copy()
        loss.backward(create_graph=True)
        assert vars(counted.forward) == before
        assert counted.backward.multiplications == 6


def test_blocks_inside_blocks_count_both(lib):
    x = lib.Tensor(2.0)
    with lib.counting.counting() as outer:
        y = x * x
        with lib.counting.counting() as inner:
            y = y * x
        y.backward()
    assert (outer.forward.multiplications, inner.forward.multiplications) == (2, 1)
    assert (outer.backward.multiplications, inner.backward.multiplications) == (4, 0)
    x * x
    assert outer.forward.multiplications == 2


def test_with_other_watchers(lib):
    """Steps and anomalies are looked at in the same block; neither changes the count."""
    x = lib.Tensor([1.0, 2.0])
    for first, second in [(lib.counting.counting, lib.detect_anomaly), (lib.detect_anomaly, lib.counting.counting)]:
        with first() as a, second() as b:
            loss = (x * x).sum()
            loss.backward()
        counted = a if isinstance(a, lib.counting.counting) else b
        assert arithmetic(counted.forward) == (2, 1, 0, 0, 0)
        assert arithmetic(counted.backward) == (4, 2, 0, 0, 0)
    graph = lib.Graph(loss)
    with lib.counting.counting() as counted:
        graph.steps()
    assert arithmetic(counted.backward) == (4, 2, 0, 0, 0)


def test_forward_mode_counts_only_the_values(lib):
    with lib.counting.counting() as counted:
        lib.jvp(lambda x: (x * x) @ x, [[1.0, 2.0]], [[1.0, 0.0]])
    assert arithmetic(counted.forward) == (4, 1, 0, 0, 0)
    assert arithmetic(counted.backward) == (0, 0, 0, 0, 0)


def test_what_it_does_not_know_is_an_error(lib):
    """A rule that used an unknown NumPy function would otherwise count as free."""
    x = lib.Tensor([1.0, 2.0])
    for forward in (np.arctan, np.linalg.norm, lambda a: np.add.reduceat(a, [0])):
        unknown = lib.operations.Operation("unknown", "?", forward, lambda g, _out, _a: g)
        with lib.counting.counting(), pytest.raises(NotImplementedError, match="does not know"):
            lib.tensor.apply(unknown, (x,))
        assert lib.exp(x).shape == (2,)


def test_it_prints_as_a_table(lib):
    x = lib.Tensor(np.ones((2, 3)))
    with lib.counting.counting() as counted:
        (x * 2).sum().backward()
    assert str(counted) == "\n".join(
        [
            "                          forward     backward",
            "multiplications                 6            6",
            "additions                       5            0",
            "negations                       0            0",
            "comparisons                     0            0",
            "functions                       0            0",
            "visits                          2            3",
            "stored                          1           13",
            "stored in parameters            0            0",
        ]
    )
    assert "multiplications=6" in repr(counted)
