"""The ε slider measures what its formula says, in the precision that it names, and shows why small is not safe."""

import re

import numpy as np
import pytest

from backprop_lib.diagnosis import slopes_on_both_sides
from backprop_lib.figures import kinks_svg
from backprop_lib.figures.gradient_checks import CURVES, METHODS, PRECISIONS, errors, measured, step_of, step_text
from backprop_lib.gradcheck import numerical_gradient
from backprop_lib.widgets import EpsilonSlider


def test_the_cube_by_hand():
    """(2.1³ − 1.9³) / 0.2 = 12.01 and (2.1³ − 2³) / 0.1 = 12.61."""
    slider = EpsilonSlider()
    assert slider.sentence == (
        "x³ at 2, centred, float64, ε = 0.1: measured slope 12.01, true slope 12, relative error 0.00083; digits of f "
        "that are left in the difference: about 15 of 16."
    )
    slider.method = "one-sided"
    assert "measured slope 12.61, true slope 12, relative error 0.051;" in slider.sentence
    slider.method, slider.k = "centred", 2
    assert slider.epsilon == 0.01 and slider.measured.slope == pytest.approx(12.0001)


@pytest.mark.parametrize("name", CURVES)
def test_the_true_slopes_are_true(name):
    curve = CURVES[name]
    assert curve.slope == pytest.approx(float(numerical_gradient(lambda x: float(curve.f(x)), curve.x)), rel=1e-8)


def test_the_positions_are_powers_of_ten_and_threes_between_them():
    assert [step_of(k) for k in (0, 1, 2.5, 5, 6.5)] == [1.0, 0.1, 3e-3, 1e-5, 3e-7]
    assert step_of(-4) == 1.0 and step_of(99) == 3e-16
    assert [step_text(step_of(k)) for k in (1, 2.5, 5, 6.5)] == ["0.1", "0.003", "10⁻⁵", "3·10⁻⁷"]


def test_a_smaller_step_is_not_a_safer_one():
    """The valley: the bottom lies in the middle, the centred one lower, and float32 has a shallow one."""
    for name in list(CURVES)[:2]:
        for method, deep, where in (("centred", 1e-9, (3.5, 7)), ("one-sided", 1e-6, (6, 10))):
            valley = np.array(errors(name, method, "float64"))
            bottom = np.argmin(valley[:25]) / 2
            assert where[0] <= bottom <= where[1] and valley.min() < deep
            assert valley[24] > 1000 * valley.min() and valley[0] > 1000 * valley.min()
        single = np.array(errors(name, "centred", "float32"))
        assert 1e-7 < single.min() < 1e-3 and single[12] > 1e-3


def test_a_kink_within_reach_spoils_every_larger_step():
    wrong = np.array(errors("ReLU at 0.001", "centred", "float64"))
    assert np.all(wrong[:6] > 0.3) and np.all(wrong[6:20] < 1e-6)


def test_the_digits_that_are_left():
    curve = CURVES["x³ at 2"]
    digits = [measured(curve, "centred", "float64", step_of(k)).digits for k in range(1, 15)]
    assert np.allclose(np.diff(digits), -1, atol=0.3)
    assert measured(curve, "centred", "float32", 1e-9).digits == 0
    assert measured(curve, "centred", "float32", 1e-9).slope == 0


def test_rounding_noise_is_never_printed_as_a_figure():
    for name in CURVES:
        for k in np.arange(0, 16, 0.5):
            sentence = EpsilonSlider(function=name, k=k).sentence
            error = re.search(r"relative error ([^;]+);", sentence).group(1)
            assert error == "0" or error.startswith("below 10") or float(error.replace("−", "-")) > 0.9e-7


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", CURVES)
def test_the_view_never_changes_and_stays_finite(name, method, precision):
    views = set()
    for k in (0, 0.5, 3, 7.5, 12, 15.5):
        picture = EpsilonSlider(function=name, method=method, precision=precision, k=k).picture
        views.add(re.search(r'viewBox="[^"]*"', picture).group(0))
        assert "nan" not in picture and "inf" not in picture
        assert picture.count("<rect") >= 7
    assert len(views) == 1


def test_kinks_in_a_picture():
    sides = [slopes_on_both_sides(lambda x: max(0.0, x), x) for x in (0, 0.003, 1)]
    picture = kinks_svg(sides, ["z = 0", "z = 0.003", "z = 1"])
    assert picture.count("<polyline") == 9 and "z = 0.003" in picture and "nan" not in picture
    assert picture.count("<circle") == 3 * len(sides[0].epsilons)
    with pytest.raises(ValueError, match="one to three points and a name for each"):
        kinks_svg(sides, ["one name"])


@pytest.mark.parametrize("k", [-1, 2.3, 50])
def test_a_step_that_the_picture_does_not_have_is_refused(k):
    with pytest.raises(ValueError, match="Set k to a multiple of 0.5 from 0 to 15.5"):
        EpsilonSlider(k=k)
