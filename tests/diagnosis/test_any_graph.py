"""Whatever the engine can build can be diagnosed: every operation, empty and single shapes, long chains, forks."""

import numpy as np
import pytest
from engine.cases import all_cases

import backprop_lib as lib
from backprop_lib import Tensor, gradients_of
from backprop_lib.diagnosis import diagnose

KINDS = sorted({case.kind for case in all_cases(lib)})


@pytest.mark.parametrize("kind", KINDS)
def test_every_operation(kind):
    """The right gradient is right, a reversed one is not; and a sign is recognised, where it is not the only number."""
    cases = [case for case in all_cases(lib) if case.kind == kind]
    for case in cases[:: max(1, len(cases) // 12)]:
        leaves = [Tensor(x, name=f"x{k}") for k, x in enumerate(case.inputs)]
        out = case.engine(*leaves)
        weights = np.random.default_rng(0).uniform(0.5, 2, size=out.shape)
        loss = (out * weights).sum()
        if not loss.requires_grad:
            continue
        true = dict(zip(leaves, gradients_of(loss, leaves)))
        true = {t: g for t, g in true.items() if t in reached_by(loss)}
        assert diagnose(loss, true).ok, case
        if all(g.size == 0 or not np.any(g) for g in true.values()):
            continue
        found = diagnose(loss, {t: -g for t, g in true.items()})
        assert not found.ok and "sign_flipped" in {suspect.mistake for suspect in found.suspects}, (case, found)
        found = diagnose(loss, {t: 1.234 * g + 0.1 for t, g in true.items()})
        assert not found.ok and found.mistake is None, (case, found)
        for broken in (np.zeros((2, 7, 1)), np.full((3, 3), np.nan), None, 1.0, []):
            assert isinstance(str(diagnose(loss, dict.fromkeys(true, broken))), str)


def reached_by(loss):
    from backprop_lib.diagnosis.walk import walk_of

    walk = walk_of(loss)
    return {t for i, t in enumerate(walk.tensors) if walk.totals[i] is not None}


def test_a_long_chain():
    """No recursion, and no path is walked twice: 2000 steps with a fork in each."""
    x = Tensor([0.3, 0.4], name="x")
    t = x
    for _ in range(2000):
        t = t * 0.5 + t * 0.5
    loss = t.sum()
    assert diagnose(loss, {"x": [1.0, 1.0]}).ok


def test_the_loss_itself_is_a_leaf():
    w = Tensor(3.0, name="w")
    assert diagnose(w, {"w": 1.0}).ok
    assert not diagnose(w, {"w": 2.0}).ok


def test_a_loss_of_shape_1():
    w = Tensor([3.0], name="w")
    assert diagnose(w * w, {"w": [6.0]}).ok
    assert diagnose(w * w, {"w": [3.0]}).mistake == "two_missing"


def test_branches_and_loops():
    """A graph that a Python `if` and a loop have built."""
    w = Tensor(0.7, name="w")
    for start in (1.0, -1.0):
        s = Tensor(start, requires_grad=False)
        for _ in range(3):
            s = lib.tanh(w * s) if s > 0 else w * s - 0.1
        (gradient,) = gradients_of(s, [w])
        assert diagnose(s, {"w": gradient}).ok
        assert not diagnose(s, {"w": gradient * 1.01}).ok


def test_nothing_is_changed():
    """Values, gradients and names are as before, and the graph can still be walked."""
    w = Tensor([[1.0, 2.0], [3.0, 5.0]], name="W")
    x = Tensor([0.5, 0.25], name="x")
    loss = lib.mean_squared_error(lib.tanh(w @ x), [0.1, 0.2])
    loss.backward()
    before = [(t, t.numpy(), np.array(t.grad), t.name) for t in (w, x, loss)]
    diagnose(loss, {"W": np.ones((2, 2)), "x": np.ones(2)})
    for t, value, gradient, name in before:
        assert np.array_equal(t.numpy(), value) and np.array_equal(t.grad, gradient) and t.name == name
    loss.backward()
    assert np.array_equal(w.grad, 2 * before[0][2])
