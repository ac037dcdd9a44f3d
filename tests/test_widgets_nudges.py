"""Nudging by hand: the ratio closes in on the slope, slopes multiply along a chain and add up over paths."""

import math

import pytest

from backprop_lib.figures.nudges import CURVES, ratio, slope_at
from backprop_lib.widgets import GearTrain, SecantNudger, TwoPaths


def test_the_slope_of_the_syllabus():
    nudger = SecantNudger(curve="(3x + 1)²", x=2, nudge=0.5)
    assert nudger.sentence == (
        "y = (3x + 1)² at x = 2: a nudge Δx = 0.5 changes y by 23.25, that is Δy / Δx = 46.5; "
        "the slope is 42, 4.5 away."
    )


def test_without_a_nudge_there_is_no_ratio():
    nudger = SecantNudger(nudge=0)
    assert "0 / 0; what it closes in on is the slope 4." in nudger.sentence
    assert "Δy / Δx = 0 / 0" in nudger.picture
    assert "nan" not in nudger.picture


@pytest.mark.parametrize("curve", list(CURVES))
@pytest.mark.parametrize("x", [-1.0, 0.0, 0.5, 3.0])
def test_a_smaller_nudge_comes_closer(curve, x):
    distances = [abs(ratio(curve, x, nudge) - slope_at(curve, x)) for nudge in (1.0, 0.1, 0.01)]
    assert distances[0] >= distances[1] >= distances[2]
    assert distances[2] < 0.1


def test_slopes():
    assert slope_at("x²", 3.0) == 6
    assert slope_at("(3x + 1)²", 2.0) == 42
    assert slope_at("sin x", 1.0) == pytest.approx(math.cos(1.0))


def test_slopes_multiply_along_the_train():
    train = GearTrain(nudge=0.5, first=2, second=0.5, third=3)
    assert (
        train.sentence == "Nudging x by 0.5 moves u by 1, v by 0.5 and y by 1.5: the slopes multiply, 2 × 0.5 × 3 = 3."
    )
    assert "∂y/∂x = 2 × 0.5 × 3 = 3" in train.picture
    train.second = 0
    assert "y by 0: the slopes multiply, 2 × 0 × 3 = 0." in train.sentence
    train.second, train.third = -1, -3
    assert "2 × (−1) × (−3) = 6." in train.sentence


def test_effects_add_over_two_paths():
    paths = TwoPaths(x=3, nudge=0.1)
    assert "brings 0.2 through u and 0.61 through v: together 0.81, 8.1 for each unit" in paths.sentence
    assert paths.sentence.endswith("2 + 6 = 8.")
    paths.nudge = 0.01
    assert "8.01 for each unit" in paths.sentence
    paths.nudge = 0
    assert "each unit" not in paths.sentence
    paths.x = -1
    assert paths.sentence.endswith("2 + (−2) = 0.")


@pytest.mark.parametrize("value", [-1e9, 1e9])
def test_far_out_nothing_breaks(value):
    for picture in (
        SecantNudger(x=value).picture,
        GearTrain(first=value).picture,
        TwoPaths(x=value).picture,
    ):
        assert "nan" not in picture
        assert "inf" not in picture
