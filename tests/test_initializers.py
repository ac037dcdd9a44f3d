"""Starting values have the spread their formulas promise, and follow from the generator alone."""

from functools import partial

import numpy as np
import pytest

from backprop_lib import initializers
from backprop_lib.initializers import (
    constant,
    he_normal,
    he_uniform,
    normal,
    xavier_normal,
    xavier_uniform,
    zeros,
)

OUT, IN = 200, 300
SPREAD = {
    xavier_normal: np.sqrt(2 / (IN + OUT)),
    xavier_uniform: np.sqrt(2 / (IN + OUT)),
    he_normal: np.sqrt(2 / IN),
    he_uniform: np.sqrt(2 / IN),
    normal: 1.0,
}
RANDOM = list(SPREAD)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("initializer", RANDOM)
def test_mean_and_spread(initializer):
    """60,000 draws: the mean is within 4 standard errors of 0, the standard deviation within 2 %."""
    weights = initializer((OUT, IN), rng())
    assert weights.shape == (OUT, IN) and weights.dtype == np.float64
    assert abs(weights.mean()) < 4 * SPREAD[initializer] / np.sqrt(weights.size)
    assert weights.std() == pytest.approx(SPREAD[initializer], rel=0.02)


@pytest.mark.parametrize("initializer", [xavier_uniform, he_uniform])
def test_uniform_ones_fill_their_interval_and_no_more(initializer):
    limit = np.sqrt(3) * SPREAD[initializer]  # a uniform distribution on ±a has standard deviation a / √3
    weights = initializer((OUT, IN), rng())
    assert np.abs(weights).max() <= limit
    assert np.abs(weights).max() > 0.999 * limit
    assert np.histogram(weights, bins=4, range=(-limit, limit))[0] == pytest.approx([15000] * 4, rel=0.05)


def test_in_and_out_are_not_mixed_up():
    assert he_normal((4, 20000), rng()).std() == pytest.approx(0.01, rel=0.02)
    assert he_normal((20000, 4), rng()).std() == pytest.approx(np.sqrt(0.5), rel=0.02)


def test_sizes_are_kept_through_a_layer():
    """What the formulas are for: after He and ReLU, values keep their mean square; after Xavier, about."""
    x = rng(1).standard_normal((2000, 512))
    for _ in range(10):
        x = np.maximum(x @ he_normal((512, 512), rng(2)).T, 0)
    assert 0.3 < np.mean(x**2) < 3


@pytest.mark.parametrize("initializer", RANDOM)
def test_the_seed_decides(initializer):
    np.testing.assert_array_equal(initializer((3, 2), rng(7)), initializer((3, 2), rng(7)))
    assert not np.array_equal(initializer((3, 2), rng(7)), initializer((3, 2), rng(8)))
    generator = rng(7)
    assert not np.array_equal(initializer((3, 2), generator), initializer((3, 2), generator))


def test_zeros_constant_and_settings():
    np.testing.assert_array_equal(zeros((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(constant((4,), value=0.5), [0.5] * 4)
    np.testing.assert_array_equal(partial(constant, value=2)((1,), rng()), [2.0])
    np.testing.assert_array_equal(normal((5,), rng(), std=0.1), 0.1 * normal((5,), rng()))


@pytest.mark.parametrize("initializer", [xavier_normal, xavier_uniform, he_normal, he_uniform])
@pytest.mark.parametrize("shape", [(3,), (), (2, 3, 4), (0, 3)])
def test_only_weight_matrices_have_a_fan(initializer, shape):
    with pytest.raises(ValueError, match=r"\(out, in\)"):
        initializer(shape, rng())


@pytest.mark.parametrize("initializer", RANDOM)
@pytest.mark.parametrize("not_a_generator", [None, 0, np.random.RandomState(0)])
def test_a_generator_must_be_given(initializer, not_a_generator):
    with pytest.raises(TypeError, match="default_rng"):
        initializer((3, 2), not_a_generator)


def test_numpys_global_generator_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    for initializer in RANDOM:
        initializer((3, 2), rng())
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert not hasattr(initializers, "random")
