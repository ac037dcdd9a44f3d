"""The loss explorer says and draws the engine's gradient, and the two factors that it is made of."""

import math
import re

import pytest

from backprop_lib import Tensor, binary_cross_entropy_with_logits
from backprop_lib.figures.losses import COMPARED, LOSSES, loss_svg, signal
from backprop_lib.gradcheck import numerical_gradient
from backprop_lib.widgets import LossExplorer

PLAIN = {
    "cross-entropy": lambda a, y: -(y * math.log(a) + (1 - y) * math.log(1 - a)),
    "½(a − y)²": lambda a, y: (a - y) ** 2 / 2,
    "(a − y)²": lambda a, y: (a - y) ** 2,
}
POINTS = [(z, y) for z in (-8.0, -3.1, -0.7, 0.0, 0.4, 2.5, 8.0) for y in (0.0, 0.3, 1.0)]


def sigma(z):
    return 1 / (1 + math.exp(-z))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("z", "y"), POINTS)
def test_the_signal_is_right(loss, z, y):
    said = signal(loss, z, y)
    assert said.a == pytest.approx(sigma(z), rel=1e-12)
    assert said.loss == pytest.approx(PLAIN[loss](sigma(z), y), rel=1e-9)
    assert said.dL_dz == pytest.approx(said.dL_da * said.slope, rel=1e-12, abs=1e-15)
    by_z = numerical_gradient(lambda z: PLAIN[loss](sigma(float(z)), y), z)
    assert said.dL_dz == pytest.approx(float(by_z), rel=1e-5, abs=1e-9)
    by_a = numerical_gradient(lambda a: PLAIN[loss](float(a), y), sigma(z), eps=1e-7)
    assert said.dL_da == pytest.approx(float(by_a), rel=1e-4)
    slope = numerical_gradient(lambda z: sigma(float(z)), z)
    assert said.slope == pytest.approx(float(slope), rel=1e-6)


@pytest.mark.parametrize(("z", "y"), [*POINTS, (-20.0, 1.0), (20.0, 0.0), (20.0, 1.0)])
def test_with_cross_entropy_the_slope_cancels(z, y):
    assert signal("cross-entropy", z, y).dL_dz == pytest.approx(sigma(z) - y, rel=1e-6, abs=1e-15)
    logit = Tensor(z)
    binary_cross_entropy_with_logits(logit, y).backward()
    assert signal("cross-entropy", z, y).dL_dz == pytest.approx(float(logit.grad), rel=1e-6, abs=1e-15)


@pytest.mark.parametrize(("z", "y"), POINTS)
def test_with_half_the_square_the_slope_is_all_that_differs(z, y):
    half, whole = signal("½(a − y)²", z, y), signal("(a − y)²", z, y)
    assert half.dL_dz == pytest.approx(signal("cross-entropy", z, y).dL_dz * half.slope, rel=1e-9, abs=1e-15)
    assert whole.dL_dz == pytest.approx(2 * half.dL_dz)


def test_the_sentence_and_the_picture_say_the_figures():
    explorer = LossExplorer(z=-3)
    assert explorer.sentence == (
        "With the loss cross-entropy, the logit z = −3 and the label y = 1: a = 0.0474259, L = 3.04859, and "
        "∂L/∂z = (−21.0855) · 0.0451767 = −0.952574; with ½(a − y)² it would be −0.0430341."
    )
    for figure in ("0.0474259", "3.04859", "−0.952574", "−0.0430341", "(−21.0855) · 0.0451767"):
        assert f"{figure}</text>" in explorer.picture
    explorer.loss = "½(a − y)²"
    assert "∂L/∂z = (−0.952574) · 0.0451767 = −0.0430341; with cross-entropy" in explorer.sentence


def bars(picture):
    """(top, bottom) of the three steps in the third panel."""
    found = re.findall(r'<rect x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)" fill="[^"]+" fill-op', picture)
    return [(float(y), float(y) + float(height)) for y, height in found]


def test_the_steps_lead_to_the_product():
    first, second, product = bars(loss_svg("cross-entropy", -6.0, 1.0))
    assert second[0] == pytest.approx(first[0], abs=0.1)  # up to 1/a, and down again
    assert second[1] == pytest.approx(first[1], abs=0.2)
    assert product[1] - product[0] == 2  # nothing is left but the line at 1
    first, second, product = bars(loss_svg("(a − y)²", 6.0, 1.0))
    assert second[0] == pytest.approx(first[1], abs=0.1)  # down, and down once more
    assert product == pytest.approx((first[0], second[1]), abs=0.1)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("z", [-20.0, 0.0, 20.0])
@pytest.mark.parametrize("y", [0.0, 0.5, 1.0])
def test_far_out_nothing_breaks(loss, z, y):
    picture = loss_svg(loss, z, y)
    assert "nan" not in picture and "inf" not in picture
    assert max(bottom for _, bottom in bars(picture)) <= 220 and min(top for top, _ in bars(picture)) >= 33
    assert picture.count("▾") <= 3


def test_a_gradient_of_zero_is_marked_below_the_edge():
    assert LossExplorer(z=0, y=0.5).sentence.count(" 0;") == 1
    assert "▾" in LossExplorer(z=0, y=0.5).picture


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"y": 1.2}, "between 0 and 1; given was 1.2"),
        ({"y": -0.1}, "between 0 and 1"),
        ({"z": 21}, "Choose a z between"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(values, message):
    with pytest.raises(ValueError, match=message):
        LossExplorer(**values)


def test_every_loss_is_compared_with_another():
    assert set(COMPARED) == set(LOSSES) and all(other != loss for loss, other in COMPARED.items())
