"""What may be claimed, in which form; and what is said about what cannot be read."""

import numpy as np
import pytest

import backprop_lib as lib
from backprop_lib import Tensor, gradients_of
from backprop_lib.diagnosis import diagnose

from .networks import rows
from .test_outside_the_bank import leaves_of, true_gradients


@pytest.fixture
def network():
    loss = rows(0, 2, "tanh", "squared error: fused")
    return loss, {t.name: g for t, g in true_gradients(loss).items()}


def test_names_tensors_lists_and_numbers(network):
    loss, true = network
    by_tensor = {t: true[t.name] for t in leaves_of(loss)}
    assert diagnose(loss, by_tensor).ok
    assert diagnose(loss, {name: g.tolist() for name, g in true.items()}).ok
    assert diagnose(loss, {name: Tensor(g) for name, g in true.items()}).ok
    assert diagnose(loss, dict(zip(by_tensor, true.values(), strict=True))).ok == (
        list(true) == [t.name for t in by_tensor]
    )
    w = Tensor(2.0, name="w")
    assert diagnose(w * w, {"w": 4}).ok and diagnose(w * w, {w: np.float32(4)}).ok


def test_some_of_the_leaves_and_inner_values(network):
    """Not all need be claimed, and a named inner value may be."""
    loss, true = network
    assert diagnose(loss, {"W1": true["W1"]}).ok
    found = diagnose(loss, {"b1": true["b1"] / 7})
    assert {s.mistake for s in found.suspects} >= {"bias_averaged"}
    assert any("claimed" in reason for reason in found.blind) == bool(found.also)
    z2 = next(t for t in lib.Graph(loss).nodes if t.name == "z2")
    (delta,) = gradients_of(loss, [z2])
    assert diagnose(loss, {"z2": delta, **true}).ok
    found = diagnose(loss, {"z2": delta, "W2": -true["W2"]})
    assert (found.mistake, found.where) == ("sign_flipped", "W2 (or a1 @ W2)")


def test_a_claim_can_be_none(network):
    """A parameter that got no gradient: as if it were zero, and the table says so."""
    loss, true = network
    found = diagnose(loss, {**true, "W1": None, "b1": None})
    assert found.mistake == "gradient_stopped" and "a1" in found.where
    assert "no gradient" in found.table.text
    assert diagnose(loss, dict.fromkeys(true)).mistake == "gradient_stopped"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_inf(network, bad):
    loss, true = network
    spoilt = true["W1"].copy()
    spoilt[0, 1] = bad
    found = diagnose(loss, {**true, "W1": spoilt})
    assert (found.ok, found.mistake, found.where) == (False, "not_finite", "W1")
    assert "nan or inf" in found.message


@pytest.mark.parametrize("shape", [(), (1,), (20,), (5, 3), (3, 5, 1), (1, 3, 5), (7, 5), (0,), (3, 4)])
def test_wrong_shapes(network, shape):
    """Never a crash; the message shows both shapes."""
    loss, true = network
    found = diagnose(loss, {**true, "W1": np.ones(shape)})
    assert not found.ok and found.mistake == "wrong_shape" and found.where == "W1"
    assert str(shape) in found.message and "(3, 5)" in found.message
    assert str(shape) in found.table.text


def test_right_numbers_in_a_wrong_shape(network):
    loss, true = network
    found = diagnose(loss, {**true, "b1": true["b1"][None, :], "b2": true["b2"][:, None]})
    assert (found.mistake, found.where) == ("wrong_shape", "b1 and b2")
    assert "numbers are right" in found.message
    found = diagnose(loss, {**true, "b1": true["b1"][None, :] / 7})
    assert found.mistake == "bias_averaged" and "(1, 5)" in found.message


def test_digits(network):
    """Claims copied from a printout are right to the digits that were printed, and no further."""
    loss, true = network
    for digits in (3, 4, 6):
        rounded = {name: np.round(g, digits) for name, g in true.items()}
        assert diagnose(loss, rounded, digits=digits).ok
        assert not diagnose(loss, rounded)
        assert not diagnose(loss, rounded, digits=digits + 2)
        significant = {
            name: np.array([float(f"{x:.{digits}g}") for x in g.ravel()]).reshape(g.shape) for name, g in true.items()
        }
        large = {name: 1e4 * g for name, g in significant.items()}
        assert diagnose(loss * 1e4, large, digits=digits).ok
    printed = {name: np.round(g, 6) for name, g in {**true, "W1": true["W1"] / 28}.items()}
    assert "one_over_m_twice" in {s.mistake for s in diagnose(loss, printed, digits=6).suspects}
    scaled = {name: np.round(1.01 * g, 6) for name, g in true.items()}
    assert diagnose(loss, scaled, digits=6).mistake is None


def test_errors_that_help(network):
    loss, true = network
    with pytest.raises(TypeError, match="must be a Tensor.*diagnose_array"):
        diagnose(3.0, true)
    with pytest.raises(ValueError, match="single number"):
        diagnose(Tensor([1.0, 2.0], name="w") * 2, {"w": [2, 2]})
    with pytest.raises(ValueError, match="requires_grad"):
        diagnose(Tensor(2.0, requires_grad=False) * 2, {"w": 1})
    with pytest.raises(TypeError, match="claimed maps names"):
        diagnose(loss, [true["W1"]])
    with pytest.raises(TypeError, match="empty"):
        diagnose(loss, {})
    with pytest.raises(ValueError, match="called 'W9'.*'W1'"):
        diagnose(loss, {"W9": true["W1"]})
    with pytest.raises(ValueError, match="not part of the computation"):
        diagnose(loss, {Tensor(1.0, name="other"): 1.0})
    with pytest.raises(TypeError, match="keyed by names or by Tensors"):
        diagnose(loss, {3: true["W1"]})
    with pytest.raises(ValueError, match="claimed twice"):
        diagnose(loss, {**true, leaves_of(loss)[0]: true[leaves_of(loss)[0].name]})
    with pytest.raises(ValueError, match="'X' gets no gradient.*requires_grad"):
        diagnose(loss, {"X": np.ones((7, 3))})
    with pytest.raises((TypeError, ValueError), match="claimed for W1 cannot be read as numbers"):
        diagnose(loss, {**true, "W1": "a lot"})
    with pytest.raises((TypeError, ValueError), match="claimed for W1 cannot be read as numbers"):
        diagnose(loss, {**true, "W1": [[1, 2], [3]]})
    for rate in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="learning_rate must be larger than 0"):
            diagnose(loss, true, learning_rate=rate)
    for digits in (0, -2, 1.5):
        with pytest.raises(ValueError, match="digits is the number of digits"):
            diagnose(loss, true, digits=digits)


def test_two_tensors_of_one_name():
    a, b = Tensor(1.0, name="w"), Tensor(2.0, name="w")
    with pytest.raises(ValueError, match="2 Tensors of this loss are called 'w'"):
        diagnose(a * b, {"w": 1})
    assert diagnose(a * b, {a: 2, b: 1}).ok
    unnamed = Tensor(1.0)
    with pytest.raises(ValueError, match="None of them has a name"):
        diagnose(unnamed * 2, {"w": 1})
    assert "leaf of shape ()" in diagnose(unnamed * 2, {unnamed: 5}).where


def test_a_value_changed_after_the_forward_pass():
    """As in backward(): the graph no longer belongs to the values."""
    w = Tensor(3.0, name="w")
    loss = w * w
    w.data -= 1.0
    with pytest.raises(ValueError, match="changed after the forward pass"):
        diagnose(loss, {"w": 6})


def test_a_truth_that_is_not_finite():
    """Nothing is judged against nan."""
    w = Tensor([0.0, 1.0], name="w")
    with np.errstate(all="ignore"):
        loss = lib.sqrt(w * w).sum()
        with pytest.raises(ValueError, match="true gradient of w holds nan or inf"):
            diagnose(loss, {"w": [0.0, 1.0]})
