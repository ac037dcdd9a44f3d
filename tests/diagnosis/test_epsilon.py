"""The valley of the error against ε."""

import re

import numpy as np
import pytest

from backprop_lib.diagnosis import epsilon_curve


def f(x):
    return float(np.sum(np.sin(x) * np.exp(x)))


def exact(x):
    return (np.sin(x) + np.cos(x)) * np.exp(x)


X = np.array([[0.3, -0.7], [1.1, 0.2]])


def test_the_valley():
    """Left of the bottom rounding, right of it the bend; the centred bottom lies lower than the one-sided one."""
    curve = epsilon_curve(f, X, exact(X))
    assert np.all(np.diff(curve.epsilons) < 0) and len(curve.epsilons) == len(curve.centred) == len(curve.one_sided)
    assert 1e-7 <= curve.best_epsilon <= 1e-4 and 1e-9 <= curve.best_one_sided <= 1e-7
    assert curve.centred.min() < 1e-9 < curve.one_sided.min()
    assert curve.centred[-1] > 1e4 * curve.centred.min()
    assert "a smaller step is not a safer one" in curve.finding and curve.finding.count("ε") >= 2


def test_the_slopes_of_the_two_sides():
    """ε² for the centred difference, ε for the one-sided, 1/ε for the rounding."""
    curve = epsilon_curve(f, X, exact(X), [1e-1, 1e-2, 1e-3])
    assert curve.centred[:-1] / curve.centred[1:] == pytest.approx([100, 100], rel=0.05)
    assert curve.one_sided[:-1] / curve.one_sided[1:] == pytest.approx([10, 10], rel=0.2)
    assert curve.rounding[1:] / curve.rounding[:-1] == pytest.approx([10, 10])
    steps = [1e-11, 1e-12, 1e-13]
    noisy = epsilon_curve(f, X, exact(X), steps)
    assert np.all(noisy.centred < 20 * noisy.rounding) and np.all(noisy.centred > noisy.rounding / 100)


def test_one_number_and_a_tensor_function():
    curve = epsilon_curve(lambda x: x**3, 2.0, 12.0, [1e-2, 1e-4])
    assert curve.centred[0] == pytest.approx(1e-4 / 12, rel=1e-3)


def test_the_steps_are_sorted_and_single():
    curve = epsilon_curve(lambda x: x**3, 2.0, 12.0, [1e-4, 1e-2, 1e-4])
    assert curve.epsilons.tolist() == [1e-2, 1e-4]


def test_bad_input():
    with pytest.raises(ValueError, match="must have x's shape"):
        epsilon_curve(f, X, [1.0])
    with pytest.raises(ValueError, match="zero or not finite"):
        epsilon_curve(f, X, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="epsilons is empty"):
        epsilon_curve(f, X, exact(X), [])
    with pytest.raises(ValueError, match="larger than 0"):
        epsilon_curve(f, X, exact(X), [-1e-3])
    with pytest.raises(ValueError, match="lost beside"):
        epsilon_curve(np.sum, 1e6 * np.ones(2), np.ones(2), [1e-12])


def test_the_finding_states_bounds_that_hold_on_every_machine():
    """What rounding leaves differs by a few times; a power of ten with room to spare does not."""
    curve = epsilon_curve(f, X, exact(X))
    below, above = re.search(
        r"below (\S+), near ε = (?:\S+); at ε = 1e-14 it is above (\S+) again", curve.finding
    ).groups()
    assert 3 * curve.centred.min() <= float(below) <= 30 * curve.centred.min()
    assert float(above) <= curve.centred[-1] / 3 <= 10 * float(above)


def test_the_finding_where_nothing_is_rounded():
    """2 ± ε and their cubes are exact here, so that the error never grows."""
    curve = epsilon_curve(lambda x: x * x * x, 2.0, 12.0)
    assert curve.finding.startswith("The error of the centred difference is smallest, 0, near ε = ")
    assert curve.finding.endswith("down to ε = 1e-14 it does not grow again.")
