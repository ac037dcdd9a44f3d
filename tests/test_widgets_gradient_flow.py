"""GradientFlow measures what it says, tells sick from healthy, and fits its fixed view whatever is chosen."""

import itertools
import re
import time

import numpy as np
import pytest

from backprop_lib import Tensor, relu, sigmoid
from backprop_lib.figures.gradient_flow import clipping_factor, flow_svg
from backprop_lib.gradcheck import check_gradients, numerical_gradient
from backprop_lib.gradient_flow import (
    ACTIVATIONS,
    BEARABLE,
    HEALTHY,
    INITIALISATIONS,
    NORMALISATIONS,
    measure,
    normalise,
    verdict,
)
from backprop_lib.optim import clip_gradients_by_norm
from backprop_lib.widgets import GradientFlow

# ---- what is measured ------------------------------------------------------------------------------------------------


def by_hand(depth: int, f, std: float) -> np.ndarray:
    """The norms of ∂L/∂W of `depth` layers of 32 neurons, written out."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 32))
    weights = [Tensor(std * rng.standard_normal((32, 32))) for _ in range(depth)]
    a = x
    for W in weights:
        a = f(a @ W.T)
    a.mean().backward()
    return np.array([np.linalg.norm(W.grad) for W in weights])


def test_the_norms_are_those_of_the_network_written_out():
    np.testing.assert_allclose(measure(10).norms, by_hand(10, sigmoid, np.sqrt(1 / 32)), rtol=1e-9)
    np.testing.assert_allclose(measure(7, 32, "ReLU", "He").norms, by_hand(7, relu, np.sqrt(2 / 32)), rtol=1e-9)


def test_ten_sigmoids_leave_less_than_a_millionth():
    norms = measure(10).norms
    assert f"{norms[0] / norms[-1]:.1e}" == "3.6e-07"


def test_relu_has_one_ratio_at_every_scale_and_sizes_from_vanished_to_exploded():
    small, large = (measure(10, 32, "ReLU", "N(0, 1)", scale=scale).norms for scale in (0.01, 1.0))
    assert small[0] / small[-1] == pytest.approx(large[0] / large[-1], rel=1e-9)
    assert large[0] / small[0] == pytest.approx(100.0**9, rel=1e-9)
    assert verdict(small) == "vanishes" and verdict(large) == "explodes"


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes_are_the_local_derivatives(activation):
    flow = measure(2, 4, activation)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 4))
    z = x @ INITIALISATIONS["Xavier"]((4, 4), rng).T
    f = ACTIVATIONS[activation]
    slopes = numerical_gradient(lambda z: f(Tensor(z)).sum().item(), z)
    np.testing.assert_allclose(flow.slopes[0], slopes, rtol=1e-5, atol=1e-8)


def test_the_factor_multiplied_over_all_layers_is_the_whole():
    flow = measure(12, 16, "tanh")
    assert flow.factor**11 == pytest.approx(flow.sizes[0] / flow.sizes[-1], rel=1e-9)


def test_a_skip_connection_is_a_way_round():
    """With weights of almost 0 nothing comes through σ(W·a), and all of it comes round."""
    flow = measure(20, 8, "tanh", scale=1e-9, skip=True)
    np.testing.assert_allclose(flow.sizes, flow.sizes[-1], rtol=1e-6)
    assert measure(20, 8, "tanh", scale=1e-9).norms[0] < 1e-150


@pytest.mark.parametrize(("axis", "name"), [(0, "batch"), (1, "layer")])
def test_normalise(axis, name):
    assert NORMALISATIONS[name] == axis
    z = Tensor(3 + 5 * np.random.default_rng(1).standard_normal((6, 4)))
    out = normalise(z, axis)
    np.testing.assert_allclose(out.data.mean(axis), 0, atol=1e-12)
    np.testing.assert_allclose(out.data.std(axis), 1, rtol=1e-5)
    weights = np.random.default_rng(2).standard_normal((6, 4))
    assert check_gradients(lambda: (normalise(z, axis) * weights).sum(), z).ok


def test_a_batch_of_equal_examples_is_normalised_to_zero():
    np.testing.assert_array_equal(normalise(Tensor(np.full((3, 2), 7.0)), 0).data, 0)


@pytest.mark.parametrize(
    ("norms", "expected"),
    [
        ([0.1, 1.0], "healthy"),
        ([HEALTHY[0], HEALTHY[1]], "healthy"),
        ([1e-4, 1.0], "doubtful"),
        ([1.0, 50.0], "doubtful"),
        ([BEARABLE[0] / 2, 1.0], "vanishes"),
        ([0.0, 0.0], "vanishes"),
        ([1.0, 2 * BEARABLE[1]], "explodes"),
        ([np.nan, 1.0], "explodes"),
        ([np.inf, 1.0], "explodes"),
    ],
)
def test_verdicts(norms, expected):
    assert verdict(np.array(norms)) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"depth": 1}, "depth is a whole number of at least 2; given was 1"),
        ({"width": 2.5}, "width is a whole number"),
        ({"scale": 0.0}, "larger than 0"),
        ({"scale": np.nan}, "larger than 0"),
        ({"activation": "softmax"}, "There is no 'softmax' here; choose one of σ, tanh, ReLU, leaky ReLU"),
        ({"normalisation": "group"}, "choose one of none, batch, layer"),
        ({"initialisation": "he"}, "choose one of Xavier, He"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        measure(**arguments)


def test_clipping_is_that_of_the_optimizers():
    flow = measure(10, 32, "ReLU", "N(0, 1)")
    tensors = [Tensor(np.zeros(1)) for _ in flow.norms]
    for tensor, norm in zip(tensors, flow.norms):
        tensor.grad = np.array([norm])
    clip_gradients_by_norm(tensors, 5.0)
    np.testing.assert_allclose(flow.norms * clipping_factor(flow, 5.0), [t.grad[0] for t in tensors], rtol=1e-9)
    assert clipping_factor(flow, None) == 1
    assert clipping_factor(measure(10), 5.0) == 1


# ---- the widget ------------------------------------------------------------------------------------------------------


def test_ten_sigmoid_layers():
    widget = GradientFlow()
    assert widget.sentence == (
        "10 layers of σ with Xavier: ‖∂L/∂W‖ is 0.12 in the last layer and 4.27e−8 in the first; "
        "a gradient is multiplied by about 0.226 a layer, and the gradient vanishes."
    )
    assert ">first layer 4.27e−8<" in widget.picture
    for words in ("too small", "healthy", "too large", "0.95¹⁰⁰ = 0.005921", "1.05¹⁰⁰ = 131.5"):
        assert words in widget.picture


def test_what_the_choices_do():
    widget = GradientFlow(depth=20)
    assert "the gradient vanishes" in widget.sentence
    widget.skip = "yes"
    assert "σ with Xavier, skip connections: " in widget.sentence and "healthy range" in widget.sentence
    widget.skip, widget.normalisation = "no", "batch"
    assert "batch normalisation: " in widget.sentence and "all layers are in the healthy" in widget.sentence
    widget.normalisation, widget.activation, widget.initialisation = "none", "ReLU", "N(0, 1)"
    assert "the gradient explodes" in widget.sentence
    widget.clipping = "5"
    assert "after clipping, which multiplies by " in widget.sentence
    assert "○ before clipping" in widget.picture
    assert widget.sentence.endswith("and the gradient explodes: clipping only makes the steps short.")
    widget.clipping, widget.initialisation = "off", "He"
    assert "all layers are in the healthy range" in widget.sentence
    widget.scale = 0.3
    assert "ReLU with He times 0.3: " in widget.sentence


def test_a_dead_network_is_not_called_a_vanishing_one():
    widget = GradientFlow(depth=30, width=4, activation="ReLU")
    assert not widget.flow.norms.any()
    assert widget.sentence.endswith("and every weight's gradient is exactly 0: the network is dead.")
    assert ">this network: about 0 a layer<" in widget.picture
    assert "vanishes" in GradientFlow(depth=30, width=4, scale=0.1).sentence


def test_a_verdict_after_clipping_says_so():
    widget = GradientFlow(depth=6, activation="ReLU", initialisation="N(0, 1)", scale=0.8, clipping="1")
    assert widget.sentence.endswith("and with the clipping all layers are in the healthy range.")
    widget.clipping = "off"
    assert "not all layers are in the healthy range" in widget.sentence


def test_the_numbers_behind_the_picture():
    widget = GradientFlow(depth=7, width=16, activation="tanh", clipping="1")
    np.testing.assert_array_equal(widget.flow.norms, measure(7, 16, "tanh").norms)


def test_short_names_of_the_activations():
    widget = GradientFlow(activation="leaky")
    assert widget.sentence.startswith("10 layers of leaky ReLU with Xavier: ")
    np.testing.assert_array_equal(widget.flow.norms, measure(10, 32, "leaky ReLU").norms)


@pytest.mark.parametrize(
    ("control", "value"), [("depth", -5), ("depth", 500), ("depth", 7.5), ("width", 1), ("width", 2.5), ("width", 100)]
)
def test_what_is_no_network_for_the_panel_is_refused(control, value):
    with pytest.raises(ValueError, match=f"Set {control} to a whole number from 2 to"):
        GradientFlow(**{control: value})
    assert GradientFlow(depth=30).sentence.startswith("30 layers of σ")


def test_a_scale_that_is_none_is_told():
    widget = GradientFlow()
    before = widget.picture
    widget.scale = -1
    assert "Set scale to a number from 0.001 to 1000." in widget.problem
    assert widget.picture == before


CHOICES = list(itertools.product(ACTIVATIONS, INITIALISATIONS, NORMALISATIONS, (False, True)))


@pytest.mark.parametrize(("activation", "initialisation", "normalisation", "skip"), CHOICES)
def test_every_choice_fills_the_same_view(activation, initialisation, normalisation, skip):
    for depth, scale in ((2, 0.1), (30, 4.0)):
        flow = measure(depth, 8, activation, initialisation, scale=scale, normalisation=normalisation, skip=skip)
        picture = flow_svg(flow, 1.0)
        assert picture.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 940 352"')
        assert "nan" not in picture and "inf" not in picture
        assert max(abs(float(x)) for x in re.findall(r'\bc?[xy][12]?="([^"]+)"', picture)) <= 1e4


def test_norms_beyond_the_panel_are_marked_not_dropped():
    assert flow_svg(measure(30, 64, "σ"), None).count("▾") > 3
    assert flow_svg(measure(30, 64, "ReLU", "N(0, 1)"), None).count("▴") > 20
    assert "▾" not in flow_svg(measure(30, 32, "ReLU", "He"), None)


def test_a_change_of_a_control_costs_the_kernel_little():
    """Processor time, the best of several, at the sizes that the widget opens with; measured: 2 ms."""
    widget, spent = GradientFlow(), []
    for _ in range(15):
        before = time.process_time()
        widget.draw(**widget.values)
        spent.append(time.process_time() - before)
    assert min(spent) < 0.02
