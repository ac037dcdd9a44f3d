"""Changing a value between forward and backward: refused exactly if a derivative still needs the old one."""

import numpy as np
import pytest

from .referee import close


def set_data(w, value):
    w.data = value


def subtract_in_place(w, value):
    w.data -= w.data - value


def write_into(w, value):
    w.data[...] = value


def write_one_entry(w, value):
    w.data.ravel()[-1:] = np.ravel(value)[-1]


CHANGES = [set_data, subtract_in_place, write_into, write_one_entry]
changes = pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__)

# name: (function of two leaves, which of them some derivative reads)
USES = {
    "sum": (lambda lib, a, b: a + b, ""),
    "difference": (lambda lib, a, b: a - b, ""),
    "product": (lambda lib, a, b: a * b, "ab"),
    "quotient": (lambda lib, a, b: a / b, "b"),
    "power": (lambda lib, a, b: a**b, "ab"),
    "matrix product": (lambda lib, a, b: a @ b.T, "a"),  # b.T keeps the old values of b
    "maximum": (lambda lib, a, b: lib.maximum(a, b), "ab"),
    "exp and tanh": (lambda lib, a, b: lib.exp(a) + lib.tanh(b), ""),
    "sigmoid and log": (lambda lib, a, b: lib.sigmoid(a) + lib.log(b), "b"),
    "square and sine": (lambda lib, a, b: lib.square(a) + lib.sin(b), "ab"),
    "relu and abs": (lambda lib, a, b: lib.relu(a) + lib.abs(b), "b"),
    "affine": (lambda lib, a, b: 2 * a + b, ""),
    "mean and sum": (lambda lib, a, b: a.mean() + b.sum(), ""),
    "max and prod": (lambda lib, a, b: a.max() + b.prod(), "ab"),
    "softmax and logsumexp": (lambda lib, a, b: lib.softmax(a) + lib.logsumexp(b), "b"),
    "joined": (lambda lib, a, b: lib.concatenate([a, b]), ""),
    "moved": (lambda lib, a, b: a.T[0] + lib.flip(b)[:, 0], ""),
    "where": (lambda lib, a, b: lib.where(np.array([True, False]), a, b), ""),
    "squared error": (lambda lib, a, b: lib.mean_squared_error(a, b), "ab"),
    "logits": (lambda lib, a, b: lib.binary_cross_entropy_with_logits(a, lib.sigmoid(b) * 0.5), "a"),
    "through another node": (lambda lib, a, b: (a * 3) * (b + 1), ""),
}
VALUES = {"a": np.array([[1.0, 2.0], [0.5, 4.0]]), "b": np.array([[2.0, 0.5], [1.5, 3.0]])}


@changes
@pytest.mark.parametrize("changed", "ab")
@pytest.mark.parametrize("use", USES)
def test_refused_exactly_if_needed(lib, use, changed, change):
    function, needed = USES[use]
    leaves = {name: lib.Tensor(value, name=name) for name, value in VALUES.items()}
    reference = {name: lib.Tensor(value) for name, value in VALUES.items()}
    loss, expected = function(lib, *leaves.values()).sum(), function(lib, *reference.values()).sum()
    expected.backward()
    leaf = leaves[changed]
    change(leaf, leaf.data + 1.0)
    if changed in needed:
        with pytest.raises(ValueError, match=f"'{changed}'.*shape.*changed.*still needs.*[Cc]all backward.*before"):
            loss.backward()
        assert all(leaf.grad is None for leaf in leaves.values())
    else:
        loss.backward()
        for name in leaves:
            np.testing.assert_array_equal(leaves[name].grad, reference[name].grad)


def test_a_value_set_anew_without_looking_at_it(lib):
    w = lib.Tensor([1.0, 2.0], name="w")
    loss = (w * w).sum()
    w.data = [3.0, 4.0]
    with pytest.raises(ValueError, match="'w'"):
        loss.backward()
    graph = lib.Graph((w * w).sum())
    graph.forward()
    w.data = [5.0, 6.0]
    with pytest.raises(ValueError, match="'w'"):
        graph.backward()


@changes
def test_the_same_values_are_no_change(lib, change):
    w = lib.Tensor([1.0, 2.0])
    loss = (w * w).sum()
    change(w, np.array([1.0, 2.0]))
    loss.backward()
    assert w.grad.tolist() == [2.0, 4.0]


@changes
def test_changed_back_again(lib, change):
    w = lib.Tensor([1.0, 2.0])
    loss = (w * w).sum()
    change(w, np.array([1.0, 5.0]))
    change(w, np.array([1.0, 2.0]))
    loss.backward()
    assert w.grad.tolist() == [2.0, 4.0]


@changes
def test_a_single_number(lib, change):
    w, b = lib.Tensor(3.0, name="w"), lib.Tensor(1.0, name="b")
    loss = w * 2 * w + b
    change(b, 7.0)
    loss.backward()
    assert (w.grad, b.grad) == (12.0, 1.0)
    change(w, 4.0)
    with pytest.raises(ValueError, match="'w'"):
        loss.backward()


def test_a_constant_that_a_derivative_needs(lib):
    """The batch is written over before backward(): the weights' gradient would be the next batch's."""
    x, w = lib.Tensor([1.0, 2.0], requires_grad=False, name="x"), lib.Tensor([3.0, 4.0])
    loss = (x * w).sum()
    x.data[...] = [9.0, 9.0]
    with pytest.raises(ValueError, match="'x'"):
        loss.backward()
    assert w.grad is None


def test_a_constants_own_derivative_is_not_asked_for(lib):
    """x·w needs w for x's gradient only; x wants none, so w may move."""
    x, w = lib.Tensor([1.0, 2.0], requires_grad=False), lib.Tensor([3.0, 4.0])
    loss = (x * w).sum()
    w.data -= 1.0
    loss.backward()
    assert w.grad.tolist() == [1.0, 2.0]


def test_an_array_fetched_before_the_forward_pass(lib):
    w = lib.Tensor([1.0, 2.0], name="w")
    mine = w.data
    mine[0] = 5.0  # before: simply the value
    loss = (w * w).sum()
    assert loss.item() == 29.0
    view = mine[1:]
    view[0] = 7.0  # after, and through a view of a view
    with pytest.raises(ValueError, match="'w'"):
        loss.backward()
    assert w.data.tolist() == [5.0, 7.0]


def test_written_between_two_uses(lib):
    """Each use computes with the value at its own time; the sum of both cannot be differentiated any more."""
    w = lib.Tensor([1.0, 2.0])
    first = w * w
    w.data[0] = 10.0
    second = w * w
    assert first.data.tolist() == [1.0, 4.0]
    assert second.data.tolist() == [100.0, 4.0]
    second.sum().backward()
    assert w.grad.tolist() == [20.0, 4.0]
    with pytest.raises(ValueError, match="changed"):
        (first + second).sum().backward()
    assert w.grad.tolist() == [20.0, 4.0]


def test_the_loop_of_every_course(lib):
    """Forward, backward, update, again: the update comes after backward(), so nothing is refused."""
    w, b = lib.Tensor([0.5, -0.5], name="w"), lib.Tensor(0.0, name="b")
    x, y = np.array([[1.0, 2.0], [3.0, 1.0], [0.0, 1.0]]), np.array([1.0, 2.0, 0.0])
    losses = []
    for step in range(50):
        loss = lib.mean_squared_error(x @ w + b, y)
        w.zero_grad()
        b.zero_grad()
        loss.backward()
        if step % 3 == 0:
            w.data -= 0.05 * w.grad
            b.data = b.data - 0.05 * b.grad
        elif step % 3 == 1:
            w.data[...] = w.data - 0.05 * w.grad
            b.data[...] -= 0.05 * b.grad
        else:
            w.data = w.data - 0.05 * w.grad
            b.data -= 0.05 * b.grad
        losses.append(loss.item())
    assert all(later < earlier for earlier, later in zip(losses, losses[1:], strict=False))


def test_all_the_ways_to_update_agree(lib):
    expected = np.array([1.0, 2.0]) - 0.1 * np.array([2.0, 4.0])
    for number, update in enumerate(CHANGES[:3]):
        w = lib.Tensor([1.0, 2.0])
        (w * w).sum().backward()
        update(w, w.data - 0.1 * w.grad)
        close(w.data, expected)
        assert (w * 1).data.tolist() == w.data.tolist(), number
        (w * w).sum().backward()
        close(w.grad, [2.0 + 2 * expected[0], 4.0 + 2 * expected[1]])


def test_after_create_graph(lib):
    """The graph of the gradient refuses as well."""
    w = lib.Tensor([1.0, 2.0], name="w")
    (w * w * w).sum().backward(create_graph=True)
    first = w.grad
    w.data[0] = 5.0
    with pytest.raises(ValueError, match="'w'"):
        first.sum().backward()


# ---- graphs that share a part, when one of them is replayed ------------------------------------------------------


def shared(lib):
    w = lib.Tensor(2.0, name="w")
    square = w * w
    return w, square, square * 3


@pytest.mark.parametrize("last", ["exp(square + 1)", "exp(square)", "square + 1", "square * square", "reshaped"])
def test_a_replay_of_one_graph_does_not_spoil_another(lib, last):
    """square is computed anew for w = 3; a walk from the other loss would mix both values of w. It may refuse, or be
    right for the values its own loss shows; it must not give a third number."""
    w, square, other = shared(lib)
    loss = {
        "exp(square + 1)": lambda: lib.exp(square + 1),
        "exp(square)": lambda: lib.exp(square),
        "square + 1": lambda: square + 1,
        "square * square": lambda: square * square,
        "reshaped": lambda: lib.tanh(square.reshape(1)).sum(),
    }[last]()
    loss.backward()
    right = w.grad
    w.zero_grad()
    w.data = 3.0
    lib.Graph(other).forward()
    with pytest.raises(ValueError, match="computed anew"):
        loss.backward()
    assert w.grad is None
    lib.Graph(loss).forward()
    loss.backward()
    assert w.grad is not None
    assert w.grad != right


def test_a_replay_with_equal_values_spoils_nothing(lib):
    w, square, other = shared(lib)
    loss = lib.exp(square)
    lib.Graph(other).forward()
    loss.backward()
    close(w.grad, 4 * np.exp(4))


def test_both_graphs_replayed(lib):
    w, square, other = shared(lib)
    loss = lib.exp(square)
    first, second = lib.Graph(loss), lib.Graph(other)
    w.data = 0.5
    first.forward()
    second.forward()
    first.backward()
    close(w.grad, np.exp(0.25))
    second.backward()
    close(w.grad, np.exp(0.25) + 3.0)


def test_a_graph_is_not_replayed_half(lib):
    """Graph.backward() after a change without Graph.forward() refuses like backward() does."""
    w = lib.Tensor([1.0, 2.0], name="w")
    graph = lib.Graph((w * w).sum())
    for change in CHANGES:
        graph.forward()
        graph.backward()
        change(w, w.data + 1.0)
        with pytest.raises(ValueError, match="'w'"):
            graph.backward()


def test_leaves_lent_to_a_thread_or_dropped(lib):
    """A leaf whose array was fetched and that is gone since disturbs nobody."""
    for _ in range(3):
        lib.Tensor([1.0, 2.0]).data[0] = 3.0
    w = lib.Tensor([1.0, 2.0], name="w")
    loss = (w * w).sum()
    loss.backward()
    w.data[0] = 5.0
    with pytest.raises(ValueError, match="'w'"):
        loss.backward()


def test_the_values_are_compared_only_where_one_may_have_changed(lib, monkeypatch):
    """An array in the caller's hands slows down the graphs that use it, and no others."""
    w, other = lib.Tensor([1.0, 2.0]), lib.Tensor([3.0, 4.0])
    lib.Tensor([1.0, 2.0]).data[0] = 3.0  # gone since
    other.data[0] = 5.0
    loss, graph = (w * w).sum(), lib.Graph((w * 2).sum())
    graph.forward()
    monkeypatch.setattr(lib.tensor, "_refuse_if_changed", lambda order: pytest.fail("compared"))
    loss.backward()
    graph.backward()


# ---- what may be given as a new value ------------------------------------------------------------


def test_a_new_value_keeps_shape_and_type(lib):
    w = lib.Tensor(np.ones((2, 3), np.float32), name="w")
    for wrong in (np.ones(3), 1.0, np.ones((3, 2))):
        with pytest.raises(ValueError, match=r"'w'.*\(2, 3\).*given"):
            w.data = wrong
    w.data = [[1, 2, 3], [4, 5, 6]]
    assert w.dtype == np.float32
    w.data = lib.Tensor(np.zeros((2, 3)))
    assert w.dtype == np.float32
    for wrong in ([["a"] * 3] * 2, np.ones((2, 3)) * 1j, None):
        with pytest.raises(TypeError):
            w.data = wrong
    assert w.data.tolist() == [[0.0] * 3] * 2


def test_move_is_the_update_written_shorter(lib):
    w, v = lib.Tensor([1.0, 2.0]), lib.Tensor([1.0, 2.0])
    for _ in range(3):
        for leaf in (w, v):
            leaf.zero_grad()
            (leaf**3).sum().backward()
        w.move(-0.1 * w.grad)
        v.data -= 0.1 * v.grad
        assert w.data.tolist() == v.data.tolist()
    loss = (w * w).sum()
    w.move(1.0)
    with pytest.raises(ValueError, match="changed"):
        loss.backward()
    small = lib.Tensor(np.array([1.0, 2.0], np.float32))
    small.move(np.array([0.5, 0.5]))
    assert small.dtype == np.float32
    single = lib.Tensor(1.0)
    single.move(0.5)
    assert single.item() == 1.5


WRONG_STEPS = [np.ones(3), np.ones((2, 2)), ["a", "b"], np.array([1j, 0.0]), None]


@pytest.mark.parametrize("fetched", [False, True])
@pytest.mark.parametrize("step", [*WRONG_STEPS, "a Tensor"], ids=repr)
def test_move_refuses_what_is_no_step(lib, step, fetched):
    w = lib.Tensor([1.0, 2.0])
    if fetched:
        w.data[0] = 1.0
    if isinstance(step, str):
        (w * w).sum().backward(create_graph=True)
        step = -0.1 * w.grad
    with pytest.raises((ValueError, TypeError)):
        w.move(step)
    assert type(w.data) is np.ndarray
    assert (w * 1).data.tolist() == [1.0, 2.0]


def test_only_leaves_move(lib):
    with pytest.raises(ValueError):
        (lib.Tensor([1.0, 2.0]) * 2).move(1.0)
