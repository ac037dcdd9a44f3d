"""Plots of the layers: every line and histogram is there, the healthy range is marked, bad input is refused."""

import numpy as np
import pytest

from backprop_lib.figures import layers, style
from backprop_lib.gradient_flow import HEALTHY

RNG = np.random.default_rng(0)
SPREAD = {"epoch 1": [RNG.standard_normal((4, 3)), RNG.standard_normal(5)], "epoch 9": [np.zeros(3), np.ones(4)]}
PLOTS = {
    "norms": lambda: layers.gradient_norms({"σ": [1e-7, 1e-3], "tanh": [0.1, 0.2]}, "σ vanishes"),
    "over epochs": lambda: layers.gradient_norms({"layer 1": np.ones(300)}, "flat", x="epoch", log_x=True),
    "spread": lambda: layers.gradient_spread(SPREAD, "spread"),
}


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
def test_drawn_without_a_warning_and_the_same_twice(plot):
    first, second = style.png_of(plot()), style.png_of(plot())
    assert first == second and len(first) < 60_000
    for axes in plot().axes:
        assert axes.get_title(loc="left") and axes.get_xlabel() and axes.get_ylabel()
        assert axes.get_yscale() == "log"


def test_the_healthy_range_and_the_layers_from_one():
    axes = PLOTS["norms"]().axes[0]
    assert list(axes.lines[0].get_xdata()) == [1, 2]
    (band,) = [patch for patch in axes.patches if patch.get_label() == "healthy"]
    corners = axes.transData.inverted().transform(band.get_extents())
    assert tuple(corners[:, 1]) == pytest.approx(HEALTHY)
    assert PLOTS["over epochs"]().axes[0].get_xscale() == "log"
    assert all(tick == round(tick) for tick in axes.get_xticks())


def test_a_histogram_for_each_layer_with_a_gradient():
    assert len(PLOTS["spread"]().axes[0].collections) == 3


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match=r"norms of σ: .*shape \(2, 2\)"):
        layers.gradient_norms({"σ": np.ones((2, 2))}, "f")
