"""Each specimen of the Bug Zoo is caught and named; some train anyway, some do not."""

import numpy as np
import pytest

from backprop_lib.diagnosis import BUG_ZOO, MISTAKES

from .referee import sigmoid

by_label = pytest.mark.parametrize("specimen", BUG_ZOO, ids=lambda specimen: specimen.label)


@by_label
def test_each_is_caught_and_named(specimen):
    found = specimen.diagnose()
    assert not found.ok and found.mistake is not None and found.blind == ()
    assert specimen.mistake in {suspect.mistake for suspect in found.suspects}
    always_alike = {"overwritten", "path_forgotten"}
    assert found.mistake == specimen.mistake or {found.mistake, specimen.mistake} <= always_alike
    assert len(found.suspects) == 1 or {suspect.mistake for suspect in found.suspects} == always_alike


@by_label
def test_the_residual_is_claimed_minus_true(specimen):
    claimed, true, residual = specimen.gradients(), specimen.true_gradients(), specimen.residual()
    loss = specimen.loss()
    loss.backward()
    assert list(residual) == list(specimen.habitat.start) == list(true)
    for name, value in residual.items():
        assert value.shape == specimen.habitat.start[name].shape
        assert np.array_equal(value, claimed[name] - true[name])
    assert any(np.any(value) for value in residual.values())


@by_label
def test_the_right_gradients_train_every_network(specimen):
    right, broken = specimen.train(150, broken=False), specimen.train(150)
    assert right.shape == broken.shape == (151,) and right[0] == broken[0]
    assert right[-1] < right[0] / 2
    assert not np.allclose(right, broken)
    again = specimen.train(150)
    assert np.array_equal(broken, again)


def test_what_a_falling_curve_proves():
    """Source 2's mistake is among those that train anyway, even faster; others climb, stand still or explode."""
    ends = {specimen.mistake: specimen.train(150)[-1] / specimen.train(0)[0] for specimen in BUG_ZOO}
    source_2 = next(specimen for specimen in BUG_ZOO if specimen.mistake == "cross_entropy_delta")
    assert "squared error" in source_2.says and "a2 − y" in source_2.says
    assert source_2.train(150)[-1] < source_2.train(150, broken=False)[-1]
    assert sum(end < 0.2 for end in ends.values()) >= 3
    assert ends["sign_flipped"] > 1 and ends["softmax_elementwise"] > 1


def test_specimen_a_is_the_code_of_source_2():
    """Its backward pass, line by line in NumPy, gives the specimen's numbers."""
    specimen = BUG_ZOO[0]
    x, y, p = specimen.habitat.X, specimen.habitat.y, specimen.habitat.start
    m = x.shape[0]
    a1 = sigmoid(x @ p["W1"] + p["b1"])
    a2 = sigmoid(a1 @ p["W2"] + p["b2"])
    dz2 = a2 - y
    dz1 = (dz2 @ p["W2"].T) * a1 * (1 - a1)
    claimed = {
        "W1": x.T @ dz1 / m, "b1": np.sum(dz1, axis=0) / m, "W2": a1.T @ dz2 / m, "b2": np.sum(dz2, axis=0) / m,
    }  # fmt: skip
    for name, gradient in specimen.gradients().items():
        assert np.allclose(gradient, claimed[name], rtol=1e-12)
    assert specimen.loss().item() == pytest.approx(np.mean((a2 - y) ** 2))


def test_the_broken_backward_pass_at_other_parameters():
    specimen = next(specimen for specimen in BUG_ZOO if specimen.mistake == "bias_averaged")
    moved = {name: value + 0.1 for name, value in specimen.habitat.start.items()}
    assert np.allclose(specimen.gradients(moved)["b1"] * 12, specimen.true_gradients(moved)["b1"], rtol=1e-12)
    assert not np.allclose(specimen.true_gradients(moved)["b1"], specimen.true_gradients()["b1"])


def test_there_are_enough_of_different_kinds():
    kinds = {specimen.mistake for specimen in BUG_ZOO}
    assert len(BUG_ZOO) >= 8 and len(kinds) == len(BUG_ZOO)
    assert kinds <= {mistake.name for mistake in MISTAKES}
    assert "cross_entropy_delta" in kinds
    for specimen in BUG_ZOO:
        assert specimen.mistake not in specimen.says and specimen.label not in specimen.mistake
