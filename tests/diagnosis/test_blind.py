"""Where numbers cannot tell mistakes apart, all that fit are named, and why the numbers cannot tell."""

import numpy as np
import pytest

import backprop_lib as lib
from backprop_lib import Tensor
from backprop_lib.diagnosis import diagnose

from .referee import rows_backward, rows_loss, rows_parameters
from .test_outside_the_bank import true_gradients


def names(found):
    return {suspect.mistake for suspect in found.suspects}


def says(found, words):
    return any(words in reason for reason in found.blind)


@pytest.mark.parametrize("seed", range(5))
def test_one_example(seed):
    """With m = 1 nothing that has to do with the batch shows: right is right, and the blind spot is named."""
    p = rows_parameters(seed, m=1)
    for bug in ("", "b2 averaged", "both biases averaged", "last example only, W1", "loop that assigns"):
        found = diagnose(rows_loss(p), rows_backward(p, bug))
        assert found.ok and says(found, "only one example"), (bug, found)
        assert "a bias gradient averaged" in found.unseen and "only one example counted" in found.unseen
        assert "a bias gradient averaged" in repr(found)


@pytest.mark.parametrize("seed", range(5))
def test_two_examples(seed):
    """m = 2: a missing 1/m, a doubled 2, and a gradient added up twice are the same numbers."""
    p = rows_parameters(seed, m=2, o=1)
    found = diagnose(rows_loss(p), rows_backward(p, "no mean"))
    assert names(found) == {"one_over_m_missing", "two_doubled", "accumulated_twice"} and says(found, "m = 2")
    found = diagnose(rows_loss(p), rows_backward(p, "no 2"))
    assert {"two_missing", "one_over_m_twice"} <= names(found) and says(found, "m = 2")


def test_two_outputs():
    p = rows_parameters(0, m=5, o=2)
    found = diagnose(rows_loss(p), rows_backward(p, "divided by m only"))
    assert names(found) == {"mean_over_examples_only", "two_doubled", "accumulated_twice"}
    assert says(found, "two outputs")


@pytest.mark.parametrize("seed", range(3))
def test_zero_weights(seed):
    """Behind a weight of zeros no mistake shows."""
    p = rows_parameters(seed)
    p.W2[...] = 0
    for bug in ("", "no tanh'", "sigmoid' for tanh", "forgot to go back", "W1 never computed", "b1 over"):
        found = diagnose(rows_loss(p), rows_backward(p, bug))
        assert found.ok and says(found, "W2 is all zeros"), (bug, found)
        assert "the activation's derivative missing" in found.unseen


def test_equal_weights():
    """All weights 1: rows and columns are alike, and a transposed gradient of a symmetric problem is the gradient."""
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([[0], [1], [1], [0.0]])
    W1, b1 = Tensor(np.ones((2, 2)), name="W1"), Tensor(np.ones(2), name="b1")
    W2, b2 = Tensor(np.ones((2, 1)), name="W2"), Tensor(np.ones(1), name="b2")
    loss = lib.mean_squared_error(lib.sigmoid(lib.sigmoid(X @ W1 + b1) @ W2 + b2), y)
    true = {t.name: g for t, g in true_gradients(loss).items()}
    found = diagnose(loss, {**true, "W1": true["W1"].T})
    assert found.ok and says(found, "all ones") and says(found, "Square shapes (W1)") and says(found, "symmetric")
    assert "a parameter's gradient transposed" in found.unseen
    assert says(found, "The inputs are zeros and ones")


def test_symmetric_square_weight():
    r = np.random.default_rng(0)
    w = r.normal(size=(3, 3))
    W = Tensor(w + w.T, name="W")
    X = r.normal(size=(5, 3))
    V = Tensor(r.normal(size=(3, 3)), name="V")
    loss = lib.mean_squared_error(lib.tanh(X @ V) @ W, r.normal(size=(5, 3)))
    found = diagnose(loss, true_gradients(loss))
    assert found.ok and "W not transposed on the way back" in found.unseen and says(found, "W is symmetric")


@pytest.mark.parametrize("sign, state", [(1, "open"), (-1, "closed")])
def test_a_relu_that_is_open_or_closed_everywhere(sign, state):
    r = np.random.default_rng(0)
    X, W = r.uniform(0.1, 1, size=(5, 3)), Tensor(sign * r.uniform(0.1, 1, size=(3, 4)), name="W")
    V = Tensor(r.normal(size=(4, 2)), name="V")
    h = lib.relu(X @ W)
    h.name = "h"
    loss = lib.mean_squared_error(h @ V, r.normal(size=(5, 2)))
    found = diagnose(loss, true_gradients(loss))
    assert found.ok and says(found, f"The ReLU at h is {state} everywhere")
    assert ("the ReLU's mask missing" in found.unseen) == (state == "open")


def test_a_good_probe_is_not_blind():
    for seed in range(5):
        p = rows_parameters(seed)
        found = diagnose(rows_loss(p), rows_backward(p))
        assert found.ok and found.blind == () and found.unseen == ()
        found = diagnose(rows_loss(p), rows_backward(p, "no mean"))
        assert found.blind == () and found.also == ()


def test_a_partial_claim_is_blind():
    """One gradient alone leaves open where the sign was lost; the others would tell."""
    p = rows_parameters(0)
    claimed = rows_backward(p, "target minus output")
    found = diagnose(rows_loss(p), {"b1": claimed["b1"] / 6})
    assert found.mistake is None
    found = diagnose(rows_loss(p), {"b1": rows_backward(p)["b1"] / 24})
    assert "one_over_m_twice" in names(found)
