"""The saturation explorer says and draws the slope of the engine, and the product of such slopes."""

import math
import re

import pytest

from backprop_lib.figures.saturation import saturation_svg, value_and_slope
from backprop_lib.gradcheck import numerical_gradient
from backprop_lib.widgets import SaturationExplorer


def test_a_quarter_at_zero():
    explorer = SaturationExplorer()
    assert explorer.sentence == (
        "σ(0) = 0.5 with slope 0.25 (its largest); through 10 layers with this slope "
        "a gradient is multiplied by 9.53674e−7."
    )
    assert "σ′(0) = 0.25" in explorer.picture
    assert "never more than 0.25" in explorer.picture


def test_two_layers_leave_a_sixteenth():
    assert "multiplied by 0.0625." in SaturationExplorer(depth=2).sentence


@pytest.mark.parametrize("function", ["σ", "tanh", "ReLU"])
@pytest.mark.parametrize("z", [-4.0, -0.7, 0.3, 2.0, 5.9])
def test_value_and_slope_are_right(function, z):
    plain = {"σ": lambda z: 1 / (1 + math.exp(-z)), "tanh": math.tanh, "ReLU": lambda z: max(z, 0.0)}[function]
    value, slope = value_and_slope(function, z)
    assert value == pytest.approx(plain(z), rel=1e-12)
    assert slope == pytest.approx(float(numerical_gradient(lambda a: plain(float(a)), z)), rel=1e-6, abs=1e-9)


def test_relu_passes_a_gradient_whole_or_not_at_all():
    assert "multiplied by 1." in SaturationExplorer(function="ReLU", z=3).sentence
    assert "multiplied by 0." in SaturationExplorer(function="ReLU", z=-3).sentence
    assert "with slope 0;" in SaturationExplorer(function="ReLU", z=0).sentence


def test_tanh_reaches_slope_one_at_zero():
    assert "slope 1 (its largest)" in SaturationExplorer(function="tanh").sentence


@pytest.mark.parametrize("function", ["σ", "tanh", "ReLU"])
@pytest.mark.parametrize("z", [-1e6, -6.0, 6.0, 1e6])
def test_far_out_nothing_breaks(function, z):
    picture = saturation_svg(function, z, 20)
    assert "nan" not in picture
    assert "inf" not in picture
    assert max(abs(float(x)) for x in re.findall(r'\bx2="([^"]+)"', picture)) <= 1e4


def test_a_product_below_the_panel_is_marked_not_dropped():
    assert saturation_svg("σ", -5.0, 20).count("▾") == 13
    assert saturation_svg("σ", 0.0, 20).count("▾") == 0


@pytest.mark.parametrize("depth", [0, 2.5, 50])
def test_layers_without_room_in_the_panel_are_refused(depth):
    explorer = SaturationExplorer()
    explorer.depth = depth
    assert explorer.problem == f"layers = {depth} cannot be drawn here. Set depth to a whole number from 1 to 20."


@pytest.mark.parametrize("z", [-1e6, 15, 40])
def test_a_z_whose_slope_has_lost_its_digits_is_refused(z):
    with pytest.raises(ValueError, match="Set z to a number from −10 to 10"):
        SaturationExplorer(function="tanh", z=z, depth=20)
