"""The suggested inputs tell the mistakes apart; ones, zeros, squares and pairs do not."""

import numpy as np
import pytest

import backprop_lib as lib
from backprop_lib import Tensor, gradients_of
from backprop_lib.diagnosis import diagnose, suggest_probe
from backprop_lib.diagnosis.landmarks import Landmarks
from backprop_lib.diagnosis.replays import confusions
from backprop_lib.diagnosis.walk import walk_of

SHAPES = {"X": ("m", "d"), "W1": ("d", "h"), "b1": ("h",), "W2": ("h", "o"), "b2": ("o",), "y": ("m", "o")}


def squared(X, W1, b1, W2, b2, y):
    return lib.mean_squared_error(lib.sigmoid(lib.tanh(X @ W1 + b1) @ W2 + b2), y)


def binary(X, W1, b1, W2, b2, y):
    return lib.binary_cross_entropy_with_logits(lib.relu(X @ W1 + b1) @ W2 + b2, y)


def classes(X, W1, b1, W2, b2, y):
    return lib.cross_entropy(lib.relu(X @ W1 + b1) @ W2 + b2, y)


# Pairs of mistakes that are the same numbers whatever the inputs.
ALWAYS_ALIKE = {
    squared: {("two_doubled", "accumulated_twice")},
    binary: set(),
    classes: {("gradient_stopped", "bias_summed_over_everything")},
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("loss", [squared, binary, classes])
def test_every_mistake_shows_and_has_its_own_numbers(loss, seed):
    probe = suggest_probe(loss, SHAPES, seed=seed)
    assert probe.confusions.unseen == () and probe.blind == ()
    alike = {tuple(sorted(group)) for group in probe.confusions.groups}
    assert alike <= {tuple(sorted(group)) for group in ALWAYS_ALIKE[loss]}
    lengths = {shape for value in probe.values.values() for shape in value.shape}
    assert not lengths & {0, 1, 2}
    m, d, h, o = (*probe["X"].shape, *probe["W2"].shape)
    assert len({m, d, h, o}) == 4
    for name, value in probe.values.items():
        assert np.array_equal(value, np.round(value, 2))
        if name != "y":
            assert not np.any(np.isin(value, (0, 1, -1))) and len(np.unique(np.abs(value))) == value.size
    leaves = [t for t in lib.Graph(probe.loss).leaves if t.requires_grad]
    assert [t.name for t in leaves] == ["W1", "b1", "W2", "b2"]
    assert diagnose(probe.loss, dict(zip(leaves, gradients_of(probe.loss, leaves)))).unseen == ()


def test_it_is_the_same_each_time_and_differs_by_seed():
    one, two, other = (suggest_probe(squared, SHAPES, seed=seed) for seed in (0, 0, 1))
    assert repr(one) == repr(two) != repr(other)


def test_fixed_lengths_stay():
    """Given numbers are kept, the letters avoid them; what must remain unseen is said, and why."""
    shapes = {"X": (1, "d"), "W1": ("d", 3), "b1": (3,), "W2": (3, "o"), "b2": ("o",), "y": (1, "o")}
    probe = suggest_probe(squared, shapes)
    assert probe["X"].shape[0] == 1 and 3 not in probe["X"].shape and probe["W2"].shape[0] == 3
    assert "bias_averaged" in probe.confusions.unseen and any("one example" in reason for reason in probe.blind)


def test_for_a_loss_that_exists():
    """A graph with zero weights is given weights, and then everything shows; the graph itself is left alone."""
    X = np.random.default_rng(0).normal(size=(5, 3))
    y = np.random.default_rng(1).uniform(size=(5, 4))
    tensors = {"W1": np.zeros((3, 6)), "b1": np.zeros(6), "W2": np.zeros((6, 4)), "b2": np.zeros(4)}
    loss = squared(X, **{name: Tensor(value, name=name) for name, value in tensors.items()}, y=y)
    walk = walk_of(loss)
    assert confusions(walk, Landmarks(walk)).unseen
    probe = suggest_probe(loss)
    assert probe.loss is None and list(probe.values) == list(tensors) and probe.confusions.unseen == ()
    better = squared(X, **{name: Tensor(value, name=name) for name, value in probe.values.items()}, y=y)
    walk = walk_of(better)
    assert confusions(walk, Landmarks(walk)).unseen == ()
    assert all(not np.any(t.data) for t in lib.Graph(loss).leaves if t.name in tensors)


def test_other_graphs():
    shapes = {"W": ("h", "h"), "x": ("m", "h"), "V": ("h", "o"), "y": ("m", "o")}
    recurrent = lambda W, x, V, y: ((lib.tanh(lib.tanh(x @ W) @ W) @ V - y) ** 2).mean()  # noqa: E731
    probe = suggest_probe(recurrent, shapes)
    assert probe.confusions.unseen == ()
    scalars = suggest_probe(lambda w, b: (lib.relu(w * 2 + b) - 4) ** 2, {"w": (), "b": ()})
    assert scalars["w"].shape == () and set(scalars.confusions.unseen) <= {"relu_mask_missing"}


def test_bad_input():
    with pytest.raises(TypeError, match="needs the shapes"):
        suggest_probe(squared)
    with pytest.raises(ValueError, match="could not be computed with inputs of the shapes"):
        suggest_probe(squared, {**SHAPES, "W1": ("q", "h")})
    with pytest.raises(ValueError, match="No leaf of this loss has a name"):
        suggest_probe(Tensor(2.0) * 3)
    with pytest.raises(ValueError, match="nan or inf for every choice"):
        suggest_probe(lambda w: lib.log(w * 0 - 1).sum(), {"w": ("n",)})


def test_as_text_and_as_html():
    probe = suggest_probe(lambda W, y: ((W * W) @ W - y).sum(), {"W": ("<n>", "<n>"), "y": ("<n>", "<n>")})
    assert probe.summary in repr(probe) and "W (5, 5)" in repr(probe)
    html = probe._repr_html_()
    assert html.count("<tr>") == 3 and "<th scope=" in html
