"""Nudging by hand: the ratio closes in on the slope, slopes multiply along a chain and add up over paths."""

import math
from decimal import Decimal

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


@pytest.mark.parametrize("nudge", [1e-15, -1e-60, 1e-8])
def test_a_nudge_whose_ratio_is_rounding_is_refused(nudge):
    with pytest.raises(ValueError, match=r"notebook 07 shows. Choose 0 or at least 3e−7\."):
        SecantNudger(x=3, nudge=nudge)


@pytest.mark.parametrize("curve", list(CURVES))
@pytest.mark.parametrize("x", [-1000.0, -1.0, 0.0, 1.3, math.pi])
@pytest.mark.parametrize("nudge", [-1e-3, 1e-4, 0.01, 7.0, 1000.0])
def test_every_digit_of_the_distance_is_true(curve, x, nudge):
    """Against the same numbers in 60 digits."""
    away = SecantNudger(curve=curve, x=x, nudge=nudge).sentence.split(", ")[-1].removesuffix(" away.")
    truth = abs(_exact_ratio(curve, x, nudge) - _exact_slope(curve, x))
    figure = away.removeprefix("less than ").replace("−", "-")
    if away.startswith("less than "):
        assert truth < Decimal(figure)
    else:
        digits = -Decimal(figure).normalize().as_tuple().exponent
        assert abs(truth - Decimal(figure)) <= Decimal(10) ** -digits


def _exact_slope(curve: str, x: float) -> Decimal:
    at = Decimal(x)
    return {"x²": 2 * at, "(3x + 1)²": 18 * at + 6, "sin x": _sine(at + _QUARTER)}[curve]


def _exact_ratio(curve: str, x: float, nudge: float) -> Decimal:
    f = {"x²": lambda x: x * x, "(3x + 1)²": lambda x: (3 * x + 1) ** 2, "sin x": _sine}[curve]
    return (f(Decimal(x) + Decimal(nudge)) - f(Decimal(x))) / Decimal(nudge)


_QUARTER = Decimal("1.57079632679489661923132169163975144209858469968755291")


def _sine(x: Decimal) -> Decimal:
    x %= 4 * _QUARTER
    term, total, k = x, x, 1
    while abs(term) > Decimal("1e-40"):
        term *= -x * x / ((k + 1) * (k + 2))
        total, k = total + term, k + 2
    return total


def test_a_nudge_is_told_from_none_even_where_a_number_is_no_number():
    assert "0 / 0" in SecantNudger(x=1000, nudge=0).sentence
    with pytest.raises(ValueError, match="Set x to"):
        SecantNudger(x=1e155)


def test_a_tiny_nudge_goes_through_both_paths_whole():
    assert TwoPaths(x=3, nudge=1e-15).sentence.startswith(
        "Nudging x = 3 by 1e−15 brings 2e−15 through u and 6e−15 through v: together 8e−15, 8 for each unit"
    )
