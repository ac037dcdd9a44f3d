"""The mistakes of the source documents and of the misconceptions, in the figures that are printed there."""

import numpy as np
import pytest

import backprop_lib as lib
from backprop_lib import Tensor, gradients_of
from backprop_lib.diagnosis import diagnose

from .referee import sigmoid


def source_2(seed, m=5, h=4):
    """The two-layer network of S2 in row form, with what its text says: the mean squared error."""
    r = np.random.default_rng(seed)
    x, y = r.normal(size=(m, 2)), (r.uniform(size=(m, 1)) < 0.5) * 1.0
    W1, b1, W2, b2 = (
        Tensor(r.normal(size=shape), name=name)
        for name, shape in (("W1", (2, h)), ("b1", (h,)), ("W2", (h, 1)), ("b2", (1,)))
    )
    a1 = lib.sigmoid(x @ W1 + b1)
    a2 = lib.sigmoid(a1 @ W2 + b2)
    dz2 = a2.numpy() - y  # as its code begins
    dz1 = (dz2 @ W2.numpy().T) * a1.numpy() * (1 - a1.numpy())
    claimed = {
        "W2": a1.numpy().T @ dz2 / m, "b2": np.sum(dz2, axis=0) / m, "W1": x.T @ dz1 / m, "b1": np.sum(dz1, axis=0) / m,
    }  # fmt: skip
    return a2, y, claimed


@pytest.mark.parametrize("seed", range(10))
def test_source_2_computes_the_gradient_of_another_loss(seed):
    a2, y, claimed = source_2(seed)
    found = diagnose(lib.mean_squared_error(a2, y), claimed)
    assert found.mistake == "cross_entropy_delta" and found.also == ()
    assert diagnose(lib.binary_cross_entropy(a2, y), claimed).ok
    half = diagnose(0.5 * lib.mean_squared_error(a2, y), claimed)
    assert {s.mistake for s in half.suspects} == {"cross_entropy_delta", "activation_derivative_missing"}
    assert "sigmoid" in half.where or "@ W2 + b2" in half.where


def source_1():
    """Two sigmoid neurons in a row, in the figures of worked example C."""
    x, w1, w2 = (Tensor(v, name=n) for v, n in ((1.0, "x"), (0.5, "w1"), (-0.3, "w2")))
    return 0.5 * (lib.sigmoid(w2 * lib.sigmoid(w1 * x)) - 1.0) ** 2


def test_source_1_with_the_updated_weight():
    """Misconception 7: with w2 = −0.215686 instead of −0.3 the first gradient is 0.006866 instead of 0.009550."""
    for options in ({"learning_rate": 1.0, "digits": 6}, {"digits": 6}):
        assert diagnose(source_1(), {"w1": 0.009550, "w2": -0.084314}, **options).ok
        found = diagnose(source_1(), {"w1": 0.006866, "w2": -0.084314}, **options)
        assert (found.mistake, found.where, found.rate) == ("updated_weight", "w2", 1.0)
    assert diagnose(source_1(), {"w1": 0.00686}, digits=3, learning_rate=1.0).mistake is None
    assert diagnose(source_1(), {"w1": 0.00687, "w2": -0.0843}, digits=3, learning_rate=1.0).mistake == "updated_weight"


def test_an_unknown_rate_that_is_not_round_is_not_believed_of_one_number():
    """Any wrong number has some rate; where the numbers can say no more, nothing is guessed."""
    for wrong in (0.007, 0.009, 0.02):
        assert diagnose(source_1(), {"w1": wrong, "w2": -0.08431417}, digits=7).mistake != "updated_weight"


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.0123, 1.7])
def test_the_rate_is_solved_for(rate):
    r = np.random.default_rng(0)
    X, y = r.normal(size=(6, 3)), r.uniform(size=(6, 2))
    W1, W2, W3 = (Tensor(r.normal(size=s), name=n) for n, s in (("W1", (3, 5)), ("W2", (5, 4)), ("W3", (4, 2))))
    a1 = np.tanh(X @ W1.data)
    a2 = np.tanh(a1 @ W2.data)
    d3 = 2 * (a2 @ W3.data - y) / y.size
    dW3 = a2.T @ d3
    loss = lib.mean_squared_error(lib.tanh(lib.tanh(X @ W1) @ W2) @ W3, y)
    for both in (False, True):
        d2 = d3 @ (W3.data - rate * dW3).T * (1 - a2**2)
        dW2 = a1.T @ d2
        d1 = d2 @ (W2.data - (rate * dW2 if both else 0)).T * (1 - a1**2)
        claimed = {"W1": X.T @ d1, "W2": dW2, "W3": dW3}
        found = diagnose(loss, claimed)
        assert found.mistake == "updated_weight" and found.also == ()
        assert found.where == ("everywhere: W2 and W3" if both else "W3")
        assert found.rate == pytest.approx(rate, rel=1e-6)
        assert f"{rate:.6g}" in found.message
        assert diagnose(loss, claimed, learning_rate=rate).mistake == "updated_weight"
        assert diagnose(loss, claimed, learning_rate=2 * rate).mistake is None


def test_worked_example_a():
    """One ReLU neuron: w = 3, b = 1, x = 2, y = 4: dL/dw = 12, dL/db = 6, dL/dx = 18."""
    w, b, x = (Tensor(v, name=n) for v, n in ((3.0, "w"), (1.0, "b"), (2.0, "x")))
    loss = (lib.relu(w * x + b) - 4.0) ** 2
    assert diagnose(loss, {"w": 12, "b": 6, "x": 18}).ok
    assert diagnose(loss, {"w": 6, "b": 6, "x": 18}).mistake == "local_derivative_missing"
    assert diagnose(loss, {"w": 18, "b": 6, "x": 12}).mistake == "inputs_not_swapped"
    assert diagnose(loss, {"w": 18, "b": 6, "x": 12}).where == "everywhere: w and x"
    assert diagnose(loss, {"w": 6, "b": 3, "x": 9}).mistake == "two_missing"
    assert diagnose(loss, {"w": -12, "b": -6, "x": -18}).mistake == "sign_flipped"


def test_worked_example_d():
    """S3's two layers with softmax and cross-entropy, one example, to the printed digits."""
    x = np.array([1.5, -0.5])
    W1 = Tensor([[0.5, -0.2], [-0.3, 0.4], [0.8, 0.1]], name="W1")
    W2, b2 = Tensor([[0.6, -0.4, 0.2], [-0.1, 0.3, 0.5]], name="W2"), Tensor([0, 0.1], name="b2")
    a1 = lib.relu(W1 @ x)
    a1.name = "a1"
    loss = lib.cross_entropy(W2 @ a1 + b2, 0)
    claimed = {
        "W2": [[-0.393185, 0, -0.531956], [0.393185, 0, 0.531956]], "b2": [-0.462570, 0.462570],
        "a1": [-0.323799, 0.323799, 0.138771], "W1": [[-0.485699, 0.161900], [0, 0], [0.208157, -0.069386]],
    }  # fmt: skip
    assert diagnose(loss, claimed, digits=6).ok
    assert not diagnose(loss, claimed)
    unmasked = {**claimed, "W1": np.outer([-0.323799, 0.323799, 0.138771], x)}
    assert diagnose(loss, unmasked, digits=5).mistake == "relu_mask_missing"


def test_worked_example_e():
    """S4's 2–3–1 network with ReLU, sigmoid and binary cross-entropy, written as columns."""
    x = np.array([[1.0], [0.5]])
    W1 = Tensor([[0.2, 0.3], [0.4, -0.2], [-0.3, 0.2]], name="W1")
    b1, b2 = Tensor([[0.1]] * 3, name="b1"), Tensor([[0.1]], name="b2")
    W2 = Tensor([[0.1, 0.2, -0.5]], name="W2")
    p = lib.sigmoid(W2 @ lib.relu(W1 @ x + b1) + b2)
    loss = lib.binary_cross_entropy(p, [[1.0]])
    claimed = {
        "W2": [[-0.199794, -0.177594, 0]], "b2": [[-0.443986]], "b1": [[-0.044399], [-0.088797], [0]],
        "W1": [[-0.044399, -0.022199], [-0.088797, -0.044399], [0, 0]],
    }  # fmt: skip
    assert diagnose(loss, claimed, digits=6).ok
    as_vectors = {**claimed, "b1": [-0.044399, -0.088797, 0]}
    found = diagnose(loss, as_vectors, digits=6)
    assert (found.mistake, found.where) == ("wrong_shape", "b1")
    assert "numbers are right" in found.message


def test_equals_instead_of_plus_equals():
    """Misconception 2: b = a + a has slope 2; with = instead of += it comes out as 1."""
    a = Tensor(3.0, name="a")
    found = diagnose(a + a, {"a": 1.0})
    assert {s.mistake for s in found.suspects} == {"overwritten", "path_forgotten", "paths_multiplied"}
    assert found.mistake == "overwritten" and found.where == "a"
    assert diagnose(a + a, {"a": 2.0}).ok


def test_backward_called_twice():
    """Misconception 9, in the figures of example A: 12, then 24."""
    w = Tensor(3.0, name="w")
    loss = (lib.relu(w * 2.0 + 1.0) - 4.0) ** 2
    loss.backward()
    assert diagnose(loss, {"w": w.grad}).ok
    loss.backward()
    assert "accumulated_twice" in {s.mistake for s in diagnose(loss, {"w": w.grad}).suspects}


def test_the_square_network_passes_the_shape_check():
    """Misconception 11: every shape fits, and the checker still tells which matrix was not transposed."""
    r = np.random.default_rng(0)
    X, y = r.normal(size=(3, 3)), r.uniform(size=(3, 3))
    W1, W2 = (Tensor(r.normal(size=(3, 3)), name=name) for name in ("W1", "W2"))
    a1 = sigmoid(X @ W1.data)
    a2 = sigmoid(a1 @ W2.data)
    d2 = 2 / 9 * (a2 - y) * a2 * (1 - a2)
    loss = lib.mean_squared_error(lib.sigmoid(lib.sigmoid(X @ W1) @ W2), y)
    right = {"W1": X.T @ (d2 @ W2.data.T * a1 * (1 - a1)), "W2": a1.T @ d2}
    assert diagnose(loss, right).ok
    wrong = diagnose(loss, {**right, "W1": X.T @ (d2 @ W2.data * a1 * (1 - a1))})
    assert (wrong.mistake, wrong.where) == ("weight_not_transposed", "W2")
    wrong = diagnose(loss, {**right, "W2": a1 @ d2})
    assert wrong.mistake == "activations_not_transposed"
    assert diagnose(loss, {**right, "W2": d2.T @ a1}).mistake == "gradient_transposed"
    assert diagnose(loss, {**right, "W2": X.T @ d2}).mistake == "wrong_activations"


def test_the_weight_decay_forgotten():
    """A penalty is a path of its own."""
    r = np.random.default_rng(0)
    X, y, W = r.normal(size=(6, 3)), r.normal(size=(6, 2)), Tensor(r.normal(size=(3, 2)), name="W")
    data = lib.mean_squared_error(X @ W, y)
    loss = data + 0.1 * lib.square(W).sum()
    (without,) = gradients_of(data, [W])
    assert "path_forgotten" in {s.mistake for s in diagnose(loss, {"W": without}).suspects}
    only_data_scaled = 12 * without + 0.2 * W.data
    assert diagnose(loss, {"W": only_data_scaled}).mistake == "one_over_m_missing"


def test_all_hidden_layers_but_not_the_output():
    """Every tanh′ forgotten, the sigmoid's not; and the mean taken anew in each hidden layer."""
    r = np.random.default_rng(1)
    X, y = r.normal(size=(6, 3)), r.uniform(size=(6, 2))
    W1, W2, W3 = (Tensor(r.normal(size=s), name=n) for n, s in (("W1", (3, 5)), ("W2", (5, 4)), ("W3", (4, 2))))
    a1 = np.tanh(X @ W1.data)
    a2 = np.tanh(a1 @ W2.data)
    p = sigmoid(a2 @ W3.data)
    hidden = [lib.tanh(X @ W1)]
    hidden.append(lib.tanh(hidden[0] @ W2))
    hidden[0].name, hidden[1].name = "a1", "a2"
    loss = lib.mean_squared_error(lib.sigmoid(hidden[1] @ W3), y)
    d3 = 2 * (p - y) / y.size * p * (1 - p)

    def passed_back(slope, factor):
        d2 = factor * (d3 @ W3.data.T) * slope(a2)
        d1 = factor * (d2 @ W2.data.T) * slope(a1)
        return {"W1": X.T @ d1, "W2": a1.T @ d2, "W3": a2.T @ d3}

    assert diagnose(loss, passed_back(lambda a: 1 - a**2, 1)).ok
    found = diagnose(loss, passed_back(lambda a: 1, 1))
    assert (found.mistake, found.where) == ("activation_derivative_missing", "everywhere: a1 and a2")
    found = diagnose(loss, passed_back(lambda a: a * (1 - a), 1))
    assert (found.mistake, found.where) == ("other_activation", "everywhere: a1 and a2")
    found = diagnose(loss, passed_back(lambda a: 1 - a**2, 1 / 12))
    assert found.mistake == "one_over_m_twice" and found.where.startswith("everywhere: ")
