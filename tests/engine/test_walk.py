"""The walk back: each node once, each gradient complete before it is passed on, at any depth."""

import gc
import sys
import threading
import weakref

import numpy as np
import pytest

from .referee import close


def test_accumulation(lib):
    """x·x·x at 3: 27, a second call on the same graph adds exactly 27 again, and after zero_grad it is 27."""
    x = lib.Tensor(3.0)
    cube = x * x * x
    for expected in (27.0, 54.0, 81.0):
        cube.backward()
        assert x.grad == expected
    x.zero_grad()
    assert x.grad is None
    cube.backward()
    assert x.grad == 27.0


def test_inner_nodes_hold_the_last_call(lib):
    x = lib.Tensor(3.0)
    square = x * x
    cube = square * x
    for call in (1, 2):
        cube.backward()
        assert cube.grad == 1.0
        assert square.grad == 3.0
        assert x.grad == call * 27.0
    cube.backward(10.0)
    assert (cube.grad, square.grad, x.grad) == (10.0, 30.0, 2 * 27.0 + 270.0)


def test_two_losses_that_share_a_subgraph(lib):
    """∂(a² + exp a)/∂w with a = w·x: the losses add up in either order, as in one walk from their sum."""
    x, w = 1.5, lib.Tensor(0.4)
    a = w * x
    first, second = a * a, lib.exp(a)
    expected = {first: 2 * 0.6 * x, second: np.exp(0.6) * x}
    for losses in ([first, second], [second, first]):
        w.zero_grad()
        for loss in losses:
            loss.backward()
            close(a.grad, expected[loss] / x)
        close(w.grad, sum(expected.values()))
    w.zero_grad()
    (first + second).backward()
    close(w.grad, sum(expected.values()))


def test_a_leaf_and_a_constant_as_output(lib):
    leaf = lib.Tensor([1.0, 2.0])
    leaf.backward([3.0, 4.0])
    leaf.backward([3.0, 4.0])
    assert leaf.grad.tolist() == [6.0, 8.0]


def test_what_the_output_does_not_depend_on(lib):
    used, unused = lib.Tensor(2.0), lib.Tensor(3.0)
    aside = used * unused
    (used * 5).backward()
    assert used.grad == 5.0
    assert unused.grad is None
    assert aside.grad is None


def test_sixty_stacked_diamonds(lib):
    """2⁶⁰ paths lead from the output to x; the walk follows edges, not paths."""
    x = lib.Tensor(1.0)
    top = x
    for _ in range(60):
        top = top * 0.5 + top * 0.5
    nodes = len(lib.Graph(top).nodes)
    top.backward()
    assert x.grad == 1.0
    assert nodes == 1 + 60 * (3 + 2)


def test_a_node_added_to_itself(lib):
    """x + x, ten times over: 1,024, where a walk that passes on incomplete gradients gives other numbers."""
    x = lib.Tensor(1.0)
    top = x
    for _ in range(10):
        top = top + top
    top.backward()
    assert x.grad == 1024.0


def test_a_ladder(lib):
    """Each node is used by the next one and by the one after: depth-first order meets a node before it is complete."""
    x = lib.Tensor(1.0)
    before, last = x, x * 1.0
    a, b = 1, 1
    for _ in range(40):
        before, last = last, before + last
        a, b = b, a + b
    last.backward()
    assert x.grad == b  # a Fibonacci number


def test_an_input_met_early_and_late(lib):
    """y uses x directly and through a long chain; x must wait for the chain."""
    x = lib.Tensor(2.0)
    chain = x
    for _ in range(50):
        chain = chain + 1.0
    early = x * chain  # x(x + 50)
    late = chain * x
    (early + late + x).backward()
    assert x.grad == 2 * (2 * 2.0 + 50) + 1


def test_nodes_made_in_an_odd_order(lib):
    """The inputs of a sum are made long before and after one another, one is older than the other's leaf."""
    a = lib.Tensor(2.0)
    old = a * a
    b = lib.Tensor(3.0)
    young = b * old
    middle = old * a
    out = middle + young * old
    out.backward()  # a³ + b·a⁴
    assert a.grad == 3 * 4 + 3 * 4 * 8
    assert b.grad == 16.0
    assert old.grad == 2 + 2 * 3 * 4


def chain(lib, length, x):
    top = x
    one = lib.Tensor(1.0, requires_grad=False)
    for _ in range(length):
        top = top + one
    return top


def test_a_chain_of_a_million_nodes(lib):
    """Built, walked, accumulated and freed, with the recursion limit as it is."""
    assert sys.getrecursionlimit() < 100_000
    x = lib.Tensor(0.0)
    top = chain(lib, 1_000_000, x)
    top.backward()
    assert top.item() == 1_000_000
    assert x.grad == 1.0
    alive = weakref.ref(top.inputs[0].inputs[0])
    del top
    assert alive() is None


def test_a_deep_chain_can_be_differentiated_twice_and_replayed(lib):
    x = lib.Tensor(1.0)
    top = x
    for _ in range(20_000):
        top = top * 1.0
    graph = lib.Graph(top * x)
    x.data = 3.0
    assert graph.forward().item() == 9.0
    graph.backward(create_graph=True)
    first = x.grad
    assert first.item() == 6.0
    x.zero_grad()
    first.backward()
    assert x.grad == 2.0


@pytest.mark.parametrize("length", [1, 10, 1000, 10_000])
def test_each_node_is_visited_once(lib, length):
    """Exactly as many visits as nodes, for a chain, for diamonds and for a ladder: the walk is linear."""

    def visits(step):
        x = lib.Tensor(1.0)
        before, top = x, x * 0.5
        for _ in range(length):
            before, top = top, step(before, top)
        with lib.counting.counting() as counted:
            top.backward()
        return counted.backward.visits, sum(node.requires_grad for node in lib.Graph(top).nodes)

    for step in (lambda _, t: t + 1.0, lambda _, t: t * 0.5 + t * 0.5, lambda s, t: s * 0.5 + t * 0.5):
        found, nodes = visits(step)
        assert found == nodes


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_graphs_are_freed_without_the_cycle_collector(lib, no_collector):
    """After forward, backward, a replay, its steps, forward mode, second derivatives: the last reference frees all."""
    x = lib.Tensor([1.0, 2.0])
    hidden = lib.tanh(x * 2)
    loss = lib.cross_entropy(hidden, 1)
    loss.backward(create_graph=True)
    second = (x.grad * x.grad).sum()
    second.backward()
    graph = lib.Graph(loss)
    graph.forward()
    graph.steps()
    lib.jvp(lambda t: lib.exp(t).sum(), [[1.0, 2.0]], [[1.0, 0.0]])
    watched = [weakref.ref(node) for node in (hidden, loss, second, x)]
    x.zero_grad()
    del hidden, loss, second, graph, x
    assert [ref() for ref in watched] == [None] * 4


def test_a_refused_call_frees_its_graph_too(lib, no_collector):
    x = lib.Tensor([1.0, 2.0])
    y = x * x
    alive = weakref.ref(y)
    for complain in (y.backward, lambda y=y: y + [1.0, 2.0, 3.0], lambda y=y: y.sum(5), lambda y=y: y.reshape(3)):
        with pytest.raises(ValueError):
            complain()
    del y, complain
    assert alive() is None


def test_gradients_keep_no_graph_alive(lib, no_collector):
    x = lib.Tensor([1.0, 2.0])
    y = (x * x).sum()
    alive = weakref.ref(y)
    y.backward()
    gradient = x.grad
    del y
    assert alive() is None
    assert gradient.tolist() == [2.0, 4.0]


def test_deep_graphs_are_freed_without_deep_recursion(lib):
    """In a thread with a small stack: a destructor that calls itself node after node would end the process."""
    errors = []

    def build_and_free():
        try:
            x = lib.Tensor(0.0)
            top = x
            for _ in range(30_000):
                top = lib.maximum(top * 0.5, top + 0.25)
            top.backward()
            del top
        except BaseException as error:
            errors.append(error)

    old = threading.stack_size(256 * 1024)
    thread = threading.Thread(target=build_and_free)
    try:
        thread.start()
        thread.join()
    finally:
        threading.stack_size(old)
    assert errors == []


def test_graphs_built_at_the_same_time_in_threads(lib):
    """Each thread gets the gradients of its own graph."""
    results = {}

    def work(k):
        for _ in range(200):
            x = lib.Tensor(float(k))
            y = x * x * x + lib.exp(x * 0.0)
            y.backward()
            if x.grad != 3.0 * k * k:
                results[k] = x.grad
                return
        results[k] = "right"

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(4), "right")
