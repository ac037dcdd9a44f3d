"""A kink is recognised at x and beside it, and a bend is not taken for one."""

import math

import numpy as np
import pytest

from backprop_lib.diagnosis import slopes_on_both_sides


def relu(x):
    return max(0.0, x)


@pytest.mark.parametrize(
    ("f", "x", "left", "right"), [(relu, 0, 0, 1), (abs, 0, -1, 1), (lambda x: abs(x - 0.3) + x * x, 0.3, -0.4, 1.6)]
)
def test_at_a_kink_the_sides_stay_apart(f, x, left, right):
    sides = slopes_on_both_sides(f, x)
    assert sides.kind == "kink" and sides.reach is None
    assert sides.left[-1] == pytest.approx(left, abs=1e-4) and sides.right[-1] == pytest.approx(right, abs=1e-4)
    assert sides.centred[-1] == pytest.approx((left + right) / 2, abs=1e-4)
    assert "there is a kink" in sides.finding


@pytest.mark.parametrize(
    ("f", "x", "slope", "reach"),
    [
        (relu, 0.003, 1, 0.005), (relu, -0.03, 0, 0.05), (abs, 0.0007, 1, 0.001),
        (lambda x: relu(x) + x * x, 0.003, 1.006, 0.005), (relu, 1e-9, 1, 5e-7),
    ],
)  # fmt: skip
def test_beside_a_kink_the_steps_that_reach_it_are_told(f, x, slope, reach):
    sides = slopes_on_both_sides(f, x)
    assert (sides.kind, sides.reach) == ("near", reach)
    assert sides.slope == pytest.approx(slope, abs=1e-6)
    across = sides.epsilons >= reach
    assert np.all(np.abs(sides.centred[across] - slope) > 1e-3)
    assert np.allclose(sides.centred[~across], slope, atol=1e-6)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (math.sin, 0.5), (lambda x: x * x, 0.0), (lambda x: x**3, 2), (lambda x: relu(x) ** 2, 0), (math.exp, 3),
        (lambda x: math.tanh(30 * x), 0.01), (lambda x: 5.0, 1), (relu, 1), (relu, -1),
        (lambda x: math.log1p(math.exp(50 * x)) / 50, 0),
    ],
)  # fmt: skip
def test_a_bend_is_no_kink(f, x):
    sides = slopes_on_both_sides(f, x)
    assert sides.kind == "smooth" and sides.reach is None
    assert "both sides come together" in sides.finding


def test_the_sentences_state_the_slopes():
    assert slopes_on_both_sides(relu, 0).finding == (
        "At x = 0 there is a kink: however small the step, the slope is 0 on the left and 1 on the right, and the "
        "centred difference says 0.5."
    )
    assert slopes_on_both_sides(relu, 0.004).finding == (
        "At x = 0.004 the slope is 1, but steps of 0.005 and more reach across a kink: with ε = 0.2 the centred "
        "difference says 0.51."
    )
    assert slopes_on_both_sides(lambda x: x**3, 2).finding.endswith("come together at the slope 12.")


def test_bad_input():
    with pytest.raises(ValueError, match="one or more and all larger than 0"):
        slopes_on_both_sides(relu, 0, [])
    with pytest.raises(ValueError, match="all larger than 0"):
        slopes_on_both_sides(relu, 0, [0.1, 0.0])
