"""The shape fitter lets one product alone through both lights; the batch slider ends at the batch's own gradient."""

import itertools
import re
import statistics
import time

import numpy as np
import pytest

from backprop_lib.figures.batch_sum import EXAMPLES, PARAMETERS, WEIGHTS, X, Y, running_sum, shares, whole
from backprop_lib.figures.shape_fitting import FACTORS, SIZES, WANTED, fit, fitting, layer, measured
from backprop_lib.widgets import BatchSlider, ShapeFitter

RIGHT = {"∂L/∂W": ("δ", "Aᵀ"), "∂L/∂A": ("Wᵀ", "δ")}


# ---- the shape fitter ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("wanted", WANTED)
def test_one_product_alone_passes_both_lights(sizes, wanted):
    both = [
        (left, right)
        for left, right in itertools.product(FACTORS, repeat=2)
        if fit(SIZES[sizes], wanted, left, right).gradient_fits
    ]
    assert both == [RIGHT[wanted]]


def test_how_many_pass_the_first_light():
    rectangle, square, equal = SIZES.values()
    assert [fitting(rectangle, wanted) for wanted in WANTED] == [(1, 1), (1, 1)]
    assert [fitting(square, wanted) for wanted in WANTED] == [(8, 1), (4, 1)]
    assert [fitting(equal, wanted) for wanted in WANTED] == [(36, 1), (36, 1)]


@pytest.mark.parametrize("sizes", SIZES.values())
def test_the_measured_gradient_is_the_textbook_one(sizes):
    values = layer(*sizes)
    assert np.allclose(measured(*sizes, "∂L/∂W"), values["δ"] @ values["A"].T, atol=1e-7)
    assert np.allclose(measured(*sizes, "∂L/∂A"), values["W"].T @ values["δ"], atol=1e-7)


def test_a_square_network_passes_the_first_light_and_fails_the_second():
    fitter = ShapeFitter(sizes="square W", wanted="∂L/∂A", left="W", right="δ")
    assert fitter.sentence == (
        "For ∂L/∂A: W · δ, that is (3, 3) · (3, 4), gives (3, 4), the shape of A, and 12 of 12 entries disagree "
        "with the nudges."
    )
    assert ">✓</text>" in fitter.picture and ">✗</text>" in fitter.picture
    fitter.sizes = "different"
    assert fitter.sentence == (
        "For ∂L/∂A: W · δ, that is (3, 2) · (3, 4), cannot be multiplied; the gradient needs the shape of A, (2, 4)."
    )
    assert ">✓</text>" not in fitter.picture
    fitter.left = "Wᵀ"
    assert "gives (2, 4), the shape of A, and all 8 entries agree with the nudges." in fitter.sentence
    assert ">✗</text>" not in fitter.picture


def test_a_product_of_another_shape_is_no_gradient():
    fitter = ShapeFitter(wanted="∂L/∂W", left="A", right="δᵀ")
    assert fitter.sentence == ("For ∂L/∂W: A · δᵀ, that is (2, 4) · (4, 3), gives (2, 3), but W has the shape (3, 2).")
    assert "nothing to compare" in fitter.picture


@pytest.mark.parametrize("sizes", SIZES)
def test_every_choice_fills_the_same_view(sizes):
    for wanted, left, right in itertools.product(WANTED, FACTORS, FACTORS):
        picture = ShapeFitter(sizes=sizes, wanted=wanted, left=left, right=right).picture
        assert 'viewBox="0 0 840 296"' in picture
        assert max(float(x) for x in re.findall(r'<rect x="([\d.]+)"', picture)) < 840 - 34
        assert not re.search(r"\d\.\d{3}", "".join(re.findall(r">([^<]+)</text>", picture)))


# ---- the batch slider ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_the_shares_add_up_to_the_gradient_of_the_batch(parameter):
    for loss in ("mean", "sum"):
        assert np.allclose(running_sum(parameter, loss, EXAMPLES), whole(parameter, loss), rtol=1e-12, atol=1e-15)
        for added in range(EXAMPLES):
            assert not np.allclose(running_sum(parameter, loss, added), whole(parameter, loss))
    assert np.allclose(whole(parameter, "sum"), EXAMPLES * whole(parameter, "mean"))


def test_the_batch_by_plain_numpy():
    """The formulas of the notebook, with the 1/m in the first delta."""
    Z1 = WEIGHTS["W1"] @ X + WEIGHTS["b1"]
    A1 = np.maximum(0, Z1)
    delta2 = (1 / (1 + np.exp(-(WEIGHTS["W2"] @ A1 + WEIGHTS["b2"]))) - Y) / EXAMPLES
    delta1 = WEIGHTS["W2"].T @ delta2 * (Z1 > 0)
    found = {"W1": delta1 @ X.T, "b1": delta1.sum(axis=1, keepdims=True)}
    found |= {"W2": delta2 @ A1.T, "b2": delta2.sum(axis=1, keepdims=True)}
    for parameter, gradient in found.items():
        assert np.allclose(whole(parameter, "mean"), gradient, rtol=1e-12)


def test_the_slider_ends_at_the_batch():
    slider = BatchSlider(parameter="W2")
    assert "No example is added yet" in slider.sentence and ">≠</text>" in slider.picture
    slider.added = 2
    assert slider.sentence.startswith("Examples 0 and 1 together bring [−0.000198, −0.044399, 0.037313];")
    slider.added = 4
    assert slider.sentence == (
        "All 4 examples together bring [0.001767, −0.158746, 0.105581], which is ∂L/∂W2 of the mean of their losses."
    )
    assert ">=</text>" in slider.picture
    slider.loss = "sum"
    assert "[0.007069, −0.634985, 0.422323]" in slider.sentence


def test_what_is_saved_is_the_whole_sum():
    slider = BatchSlider(parameter="b1", added=1)
    assert slider.sentence.startswith("Example 0 alone brings")
    assert slider.saved.sentence.startswith("All 4 examples together bring")
    assert slider._repr_mimebundle_()[0]["text/plain"] == slider.saved.sentence


def test_a_closed_neuron_learns_nothing_from_an_example():
    """The middle neuron is open for the examples 0 and 3, the last one for 1 and 2."""
    rows = [share.any(axis=1).tolist() for share in shares("W1", "mean")]
    assert [row[1] for row in rows] == [True, False, False, True]
    assert [row[2] for row in rows] == [False, True, True, False]


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_every_batch_picture_fills_the_same_view(parameter):
    for loss, added in itertools.product(("mean", "sum"), range(EXAMPLES + 1)):
        assert 'viewBox="0 0 760 316"' in BatchSlider(parameter=parameter, loss=loss, added=added).picture


def test_a_choice_costs_the_kernel_at_most_5_ms():
    fitter, times = ShapeFitter(), []
    for sizes, wanted, left in itertools.product(SIZES, WANTED, FACTORS):
        start = time.process_time()
        fitter.sizes, fitter.wanted, fitter.left = sizes, wanted, left
        times.append(time.process_time() - start)
    assert statistics.median(times) <= 0.005, f"{1000 * statistics.median(times):.2f} ms for three choices"


@pytest.mark.parametrize("added", [-1, EXAMPLES + 1, 2.5])
def test_examples_that_are_not_there_are_refused(added):
    slider = BatchSlider()
    slider.added = added
    assert slider.problem.endswith("cannot be drawn here. Set added to a whole number from 0 to 4.")
