"""no_grad and detect_anomaly: block and decorator, nested, restored after an exception, apart in each thread."""

import asyncio
import threading

import numpy as np
import pytest

from .cases import every, kinds
from .referee import uneven


def records(lib):
    return (lib.Tensor(1.0) * 2).requires_grad


# ---- no_grad -----------------------------------------------------------------------------------------------------


def test_a_block_does_not_record(lib):
    x = lib.Tensor([1.0, 2.0], name="x")
    with lib.no_grad():
        y = lib.exp(x * 2).sum()
        assert not y.requires_grad
        assert (y.operation, y.inputs, y.is_leaf) == (None, (), True)
        with pytest.raises(ValueError, match="no_grad"):
            y.backward()
    assert records(lib)
    assert x.requires_grad
    (x * y).sum().backward()
    assert x.grad.tolist() == [y.item()] * 2


def test_a_leaf_made_inside_works_outside(lib):
    with lib.no_grad():
        w = lib.Tensor(3.0)
        result = w * 2
    (w * w).backward()
    assert w.grad == 6.0
    result.data -= 1.0  # a result without history is an ordinary leaf
    assert result.item() == 5.0


def test_backward_inside_a_block(lib):
    """A graph that exists already may be walked inside."""
    x = lib.Tensor(3.0)
    y = x * x
    with lib.no_grad():
        y.backward()
        lib.Graph(y).forward()
    assert x.grad == 6.0


def test_a_decorator(lib):
    @lib.no_grad()
    def evaluate(x, depth=0):
        """Says what it does."""
        assert not records(lib)
        return evaluate(x, depth - 1) if depth else x * 2

    assert not evaluate(lib.Tensor(1.0)).requires_grad
    assert not evaluate(lib.Tensor(1.0), depth=3).requires_grad  # recursion nests the block
    assert records(lib)
    assert evaluate.__name__ == "evaluate"
    assert evaluate.__doc__ == "Says what it does."


def test_restored_after_an_exception(lib):
    with pytest.raises(ZeroDivisionError), lib.no_grad():
        with pytest.raises(KeyError), lib.no_grad():
            raise KeyError
        assert not records(lib)
        raise ZeroDivisionError
    assert records(lib)

    @lib.no_grad()
    def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert records(lib)


def test_nested_and_reused(lib):
    switch = lib.no_grad()
    for _ in range(2):
        with switch:
            with switch, lib.no_grad():
                assert not records(lib)
            assert not records(lib)
        assert records(lib)


def test_threads_do_not_disturb_one_another(lib):
    inside, done = threading.Event(), threading.Event()
    seen = {}

    def evaluate():
        with lib.no_grad():
            inside.set()
            done.wait(10)
            seen["inside"] = records(lib)
        seen["after"] = records(lib)

    thread = threading.Thread(target=evaluate)
    thread.start()
    assert inside.wait(10)
    seen["meanwhile"] = records(lib)
    done.set()
    thread.join()
    with lib.no_grad():
        other = threading.Thread(target=lambda: seen.update(new=records(lib)))
        other.start()
        other.join()
    assert seen == {"inside": False, "after": True, "meanwhile": True, "new": True}


def test_tasks_do_not_disturb_one_another(lib):
    async def evaluate():
        with lib.no_grad():
            await asyncio.sleep(0)
            assert not records(lib)
            await asyncio.sleep(0)

    async def train():
        for _ in range(4):
            assert records(lib)
            await asyncio.sleep(0)

    async def both():
        await asyncio.gather(evaluate(), train(), evaluate())

    asyncio.run(both())


# ---- detect_anomaly ----------------------------------------------------------------------------------------------


def report(lib, compute):
    with pytest.raises(FloatingPointError) as caught, lib.detect_anomaly():
        compute()
    return str(caught.value)


def holds(text, *words):
    for word in words:
        assert word in text, (word, text)


def test_a_value_is_reported_where_it_arises(lib):
    p = lib.Tensor([0.5, 0.0, 2.0], name="p")
    text = report(lib, lambda: (lib.exp(lib.log(p * 1.0)) + 1).sum())
    holds(text, "log", "multiply", "(3,)", "-inf", "[1]", "1 of 3", "input is 0", "log_softmax")
    text = report(lib, lambda: 1.0 / p)
    holds(text, "divide", "'p'", "inf at [1]", "1 and 0", "divisor")
    holds(report(lib, lambda: lib.exp(p * 1000)), "exp", "inf at [2]", "2000", "softmax")
    holds(report(lib, lambda: (p - 1) ** 0.5), "power", "nan at [0]", "-0.5 and 0.5")
    holds(report(lib, lambda: lib.sqrt(-p)), "sqrt", "nan at [0]")
    holds(report(lib, lambda: lib.Tensor([[1e200]], name="W") @ lib.Tensor([1e200])), "matmul", "'W'", "(1, 1)", "(1,)")
    holds(report(lib, lambda: lib.binary_cross_entropy([0.0], [1.0])), "binary_cross_entropy_with_logits")


def test_a_value_that_comes_in_is_reported_as_such(lib):
    x = lib.Tensor([[1.0, np.nan]], name="x")
    holds(report(lib, lambda: x * 2), "'x'", "(1, 2)", "nan at [0, 1]", "before multiply", "data", "update")
    inner = lib.Tensor([np.inf]) * 2
    holds(report(lib, lambda: lib.tanh(inner)), "result of multiply", "inf", "before tanh")


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_gradient_is_reported_where_it_arises(lib, create_graph):
    """√ at 0: the value is fine, the slope is not. Without the report it would arrive as nan at a leaf far away."""
    x = lib.Tensor([0.0, 4.0], name="x")
    text = report(lib, lambda: lib.sqrt(x * x).sum().backward(create_graph=create_graph))
    holds(text, "sqrt", "inf at [0]", "1 of 2", "(2,)")
    assert x.grad is None


def test_a_gradient_that_comes_in_is_reported_as_such(lib):
    x = lib.Tensor([1.0, 2.0])
    holds(report(lib, lambda: (x * 2).backward([np.nan, 1.0])), "given to backward()", "nan at [0]")


def test_an_overflow_of_the_sum_is_reported(lib):
    x = lib.Tensor(1.0, name="x")
    y = x * 1e308 - x * -1e308 * 0.5
    holds(report(lib, lambda: y.backward(1.5)), "sum of the gradients", "'x'", "inf")
    b = lib.Tensor(1.0, name="b")
    z = b * np.ones(4)
    holds(report(lib, lambda: z.backward([1e308] * 4)), "multiply sends back to 'b'", "inf")


def test_the_gradients_stay_as_they_were(lib):
    x = lib.Tensor([0.0, 4.0])
    (x * 2).sum().backward()
    report(lib, lambda: lib.sqrt(x).sum().backward())
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_replayed_graph_is_watched_and_recovers(lib):
    x = lib.Tensor([1.0, 2.0], name="x")
    graph = lib.Graph(lib.log(x * 1.0).sum())
    x.data = [0.0, 2.0]
    holds(report(lib, graph.forward), "log", "-inf at [0]")
    with pytest.raises(ValueError, match="still needs|computed anew"):
        graph.backward()
    x.data = [4.0, 2.0]
    graph.forward()
    graph.backward()
    assert x.grad.tolist() == [0.25, 0.5]


def check_finite_computations_pass(lib, case):
    def run():
        leaves = [lib.Tensor(x) for x in case.inputs]
        output = case.engine(*leaves)
        output.backward(uneven(output.shape))
        output.backward(uneven(output.shape), create_graph=True)
        return [output.data, *(leaf.grad.data for leaf in leaves)]

    expected = run()
    with lib.detect_anomaly():
        found = run()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@kinds
def test_finite_computations_pass_unchanged(lib, kind):
    every(lib, kind, check_finite_computations_pass)


def test_detection_is_restored_and_works_as_a_decorator(lib):
    def spoil():
        with np.errstate(divide="ignore"):
            return lib.log(lib.Tensor(0.0)).item()

    @lib.detect_anomaly()
    def watched(depth):
        return watched(depth - 1) if depth else spoil()

    for depth in (0, 3):
        with pytest.raises(FloatingPointError):
            watched(depth)
    detection = lib.detect_anomaly()
    with pytest.raises(FloatingPointError), detection, detection:
        spoil()
    assert spoil() == -np.inf
    seen = []
    with lib.detect_anomaly():
        thread = threading.Thread(target=lambda: seen.append(spoil()))
        thread.start()
        thread.join()
    assert seen == [-np.inf]


def test_both_modes_at_once(lib):
    with lib.no_grad(), lib.detect_anomaly():
        with pytest.raises(FloatingPointError):
            lib.log(lib.Tensor(0.0))
        assert not records(lib)
    with lib.detect_anomaly():
        with lib.no_grad():
            assert not records(lib)
        assert records(lib)


def test_benign_infinities_inside_a_rule_are_no_anomaly(lib):
    """Limits of clip, the guard in softmax: infinities that never show in a value or a gradient."""
    x = lib.Tensor([-3.0, 0.5, 1000.0])
    with lib.detect_anomaly():
        (lib.clip(x, a_max=2.0) + lib.softmax(x) + lib.sigmoid(x)).sum().backward()
    assert np.isfinite(x.grad).all()
