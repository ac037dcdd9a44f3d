"""What is wrong in another way is not given a name, and what is right is never called wrong."""

import numpy as np
import pytest

import backprop_lib as lib
from backprop_lib import Tensor, gradients_of
from backprop_lib.diagnosis import diagnose
from backprop_lib.tensor import computation_order

from .networks import LOSSES, networks, rows
from .test_every_mistake import replays_of, same

NETWORKS = networks()
SOME = [name for name in NETWORKS if "layers" not in name or "squared error: fused" in name or "of softmax" in name]
SEEDS = range(4)


def leaves_of(loss):
    return [t for t in computation_order(loss) if t.is_leaf and t.requires_grad]


def true_gradients(loss):
    leaves = leaves_of(loss)
    return dict(zip(leaves, gradients_of(loss, leaves)))


def assert_unrecognised(found):
    assert not found.ok and found.mistake is None and found.suspects == () and found.pair == (), found
    assert "none of the known mistakes" in found.message


# ---- right --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", NETWORKS)
def test_a_right_gradient_is_right(network):
    for seed in range(3):
        loss = NETWORKS[network](seed)
        found = diagnose(loss, true_gradients(loss))
        assert found.ok and found.mistake is None and found.suspects == () and bool(found), found


@pytest.mark.parametrize("network", SOME)
def test_right_with_another_rounding(network):
    """Other code rounds differently: a few units in the last place more or less are right too."""
    for seed in SEEDS:
        loss = NETWORKS[network](seed)
        r = np.random.default_rng(seed)
        claimed = {t: g * (1 + 1e-13 * r.normal(size=g.shape)) for t, g in true_gradients(loss).items()}
        assert diagnose(loss, claimed).ok


def test_right_at_a_perfect_fit():
    """Where prediction and target agree, the gradient is nothing but rounding, and any rounding is right."""
    for seed in SEEDS:
        r = np.random.default_rng(seed)
        X, true_w = r.normal(size=(7, 3)), r.normal(size=(3, 2))
        y = np.array([[sum(x[k] * true_w[k, j] for k in range(3)) for j in range(2)] for x in X])
        w = Tensor(true_w + 1e-16, name="W")
        loss = lib.mean_squared_error(X @ w, y)
        error = np.einsum("ik,kj->ij", X, w.data) - y
        claimed = np.einsum("ik,ij->kj", X, 2 * error / error.size)
        assert np.max(np.abs(claimed)) < 1e-15
        assert diagnose(loss, {"W": claimed}).ok
        found = diagnose(loss, {"W": np.zeros((3, 2))})
        assert found.ok and "nothing but rounding" in found.blind[0]
        assert not diagnose(loss, {"W": claimed + 1e-9}).ok


def test_right_with_a_cancelling_sum():
    """Softmax errors add up to zero in each row; so does the sum over everything, up to rounding."""
    for seed in SEEDS:
        r = np.random.default_rng(seed)
        z, y = Tensor(r.normal(size=(40, 3)), name="z"), np.eye(3)[r.integers(3, size=40)]
        shift = Tensor(0.3, name="shift")
        loss = lib.cross_entropy(z + shift, y)
        assert diagnose(loss, {"shift": 0.0}).ok
        assert diagnose(loss, {"shift": 3e-17}).ok
        assert not diagnose(loss, {"shift": 1e-6}).ok


def test_right_through_a_saturated_output():
    """The unstable way, dL/dp first and then times p·(1 − p), loses digits that nobody is blamed for."""
    for seed in SEEDS:
        r = np.random.default_rng(seed)
        X, y = r.normal(size=(6, 3)), (r.uniform(size=(6, 1)) < 0.5) * 1.0
        w = Tensor(4 * r.normal(size=(3, 1)), name="W")
        p = 1 / (1 + np.exp(-(X @ w.data)))
        assert np.all(p * (1 - p) > 0)
        by_hand = X.T @ ((p - y) / (p * (1 - p)) / 6 * p * (1 - p))
        assert diagnose(lib.binary_cross_entropy_with_logits(X @ w, y), {"W": by_hand}).ok


def test_right_deep_down_where_gradients_vanish():
    """Small gradients are judged by their own size."""
    r = np.random.default_rng(0)
    x = a = Tensor(r.normal(size=(5, 3)), requires_grad=False)
    weights = [Tensor(0.1 * r.normal(size=(3, 3)), name=f"W{k}") for k in range(10)]
    for w in weights:
        a = lib.sigmoid(a @ w)
    loss = lib.mean_squared_error(a, r.uniform(size=x.shape))
    true = true_gradients(loss)
    first = true[weights[0]]
    assert 0 < np.max(np.abs(first)) < 1e-12
    assert diagnose(loss, true).ok
    assert diagnose(loss, {**true, weights[0]: 2 * first}).mistake == "accumulated_twice"
    assert not diagnose(loss, {**true, weights[0]: 1.0001 * first})


def test_right_at_the_kink_of_relu():
    """With zeros as input and as bias z is exactly 0; slope 0 and slope 1 are both right there, slope 2 is not."""
    r = np.random.default_rng(0)
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([[0.3], [1], [1], [0.0]])
    W1, b1 = Tensor(r.normal(size=(2, 3)), name="W1"), Tensor(np.zeros(3), name="b1")
    W2 = Tensor(r.normal(size=(3, 1)), name="W2")
    z1 = X @ W1.data
    a1 = np.maximum(z1, 0)
    d = 2 / 4 * (a1 @ W2.data - y)
    loss = lib.mean_squared_error(lib.relu(X @ W1 + b1) @ W2, y)
    for at_zero, ok in ((0, True), (1, True), (2, False)):
        d1 = d @ W2.data.T * np.where(z1 == 0, at_zero, z1 > 0)
        found = diagnose(loss, {"W1": X.T @ d1, "b1": d1.sum(0), "W2": a1.T @ d})
        assert found.ok == ok and found.mistake is None, found
    assert "exactly 0" in diagnose(loss, {"b1": (d @ W2.data.T * (z1 >= 0)).sum(0)}).message


def test_right_in_float32():
    r = np.random.default_rng(0)
    X, y = r.normal(size=(6, 3)).astype(np.float32), r.uniform(size=(6, 2)).astype(np.float32)
    W, b = (
        Tensor(r.normal(size=(3, 2)).astype(np.float32), name="W"),
        Tensor(np.ones(2, np.float32) / 3, name="b"),
    )
    loss = lib.mean_squared_error(lib.sigmoid(X @ W + b), y)
    true = true_gradients(loss)
    assert all(g.dtype == np.float32 for g in true.values())
    assert diagnose(loss, true).ok
    assert diagnose(loss, {**true, b: true[b] / 6}).mistake == "bias_averaged"
    assert diagnose(loss, {W: true[W] * np.float32(1.01)}).mistake is None


# ---- wrong, but not known -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", SOME)
def test_noise_has_no_name(network):
    for seed in SEEDS:
        loss = NETWORKS[network](seed)
        r = np.random.default_rng([1, seed])
        for size in (1e-3, 0.1, 1.0):
            claimed = {
                t: g + size * np.max(np.abs(g)) * r.normal(size=g.shape) for t, g in true_gradients(loss).items()
            }
            assert_unrecognised(diagnose(loss, claimed))


@pytest.mark.parametrize("network", SOME)
def test_one_entry_off_by_one_per_cent_has_no_name(network):
    for seed in SEEDS:
        loss = NETWORKS[network](seed)
        true = true_gradients(loss)
        r = np.random.default_rng([2, seed])
        for t, g in true.items():
            peak = np.max(np.abs(g))
            entries = [index for index in np.ndindex(g.shape) if abs(g[index]) > 1e-6 * peak]
            if not entries:
                continue
            off = g.copy()
            off[entries[r.integers(len(entries))]] *= 1.01
            assert_unrecognised(diagnose(loss, {**true, t: off}))


@pytest.mark.parametrize("network", SOME)
def test_a_constant_factor_that_nobody_makes_has_no_name(network):
    for seed in SEEDS:
        loss = NETWORKS[network](seed)
        for factor in (0.99, 1.7, -0.37, 1e-3):
            assert_unrecognised(diagnose(loss, {t: factor * g for t, g in true_gradients(loss).items()}))


@pytest.mark.parametrize("network", SOME)
def test_entries_in_another_order_have_no_name(network):
    for seed in SEEDS:
        loss = NETWORKS[network](seed)
        true = true_gradients(loss)
        shuffled = {t: np.roll(g.ravel(), 1).reshape(g.shape) for t, g in true.items()}
        _, replays = replays_of(loss)
        if any(same(shuffled, gradients, 1.0) for _, _, gradients in replays) or all(g.size < 3 for g in true.values()):
            continue
        assert_unrecognised(diagnose(loss, shuffled))


@pytest.mark.parametrize("loss_name", LOSSES)
def test_two_mistakes_at_a_time_are_not_taken_for_one(loss_name):
    """Two gradients spoilt by different mistakes: no single name, unless one mistake does just that."""
    for seed in range(3):
        loss = rows(seed, 2, "tanh", loss_name)
        true, replays = replays_of(loss)
        r = np.random.default_rng(seed)
        scale = max(np.max(np.abs(g)) for g in true.values())
        for _ in range(10):
            (one, _, first), (two, _, second) = (replays[k] for k in r.choice(len(replays), 2, replace=False))
            leaves = list(true)
            half = {t: (first if k % 2 else second)[t] for k, t in enumerate(leaves)}
            if same(half, true, scale) or any(same(half, gradients, scale) for _, _, gradients in replays):
                continue
            found = diagnose(loss, half)
            assert not found.ok
            if found.mistake != "wrong_shape":
                assert found.mistake is None, (one, two, found)
            assert len(found.pair) in (0, 2)
