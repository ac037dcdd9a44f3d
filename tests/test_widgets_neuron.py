"""NeuronNudge shows the worked examples' figures, and what a step promises beside what it does."""

from decimal import Decimal

import numpy as np
import pytest

from backprop_lib.widgets import NeuronNudge
from backprop_lib.widgets.neuron import LOSSES

A = {"activation": "ReLU", "loss": "(a − y)²", "x": 2, "w": 3, "b": 1, "y": 4}
B = {"activation": "σ", "loss": "½(a − y)²", "x": 2, "w": 1, "b": 0.5, "y": 0, "rate": 0.5}


def six(number: float) -> str:
    return f"{number:.6g}"


def test_worked_example_a():
    neuron = NeuronNudge(**A)
    outcome = neuron.outcome
    assert outcome.loss == 9
    assert outcome.gradients == {"w": 12, "x": 18, "b": 6}
    for text in ("z = 7", "a = 7", "L = 9", "∂L/∂a = 6", "∂L/∂w = 12", "∂L/∂b = 6", "∂L/∂x = 18"):
        assert f">{text}<" in neuron.picture


def test_worked_example_b_and_its_step():
    neuron = NeuronNudge(**B)
    assert six(neuron.outcome.loss) == "0.427019"
    assert six(neuron.outcome.gradients["w"]) == "0.129572"
    assert six(neuron.outcome.gradients["b"]) == "0.0647858"
    assert ">a = 0.924142<" in neuron.picture
    assert "to 0.415852." in neuron.sentence
    neuron.take_step()
    assert (six(neuron.w), six(neuron.b)) == ("0.935214", "0.467607")
    assert neuron.sentence.startswith("L = 0.415852 with ")
    assert ">a = 0.911979<" in neuron.picture


@pytest.mark.parametrize(("rate", "end"), [(0.1, "by −9, to 0."), (0.2, "by 0, to 9."), (0.3, "by 7, to 16.")])
def test_a_rate_that_lands_bounces_or_kills(rate, end):
    neuron = NeuronNudge(**A, rate=rate)
    assert neuron.sentence.endswith(f"the loss really changes {end}")
    neuron.take_step()
    if rate == 0.3:
        assert neuron.outcome.gradients == {"w": 0, "x": 0, "b": 0}
        assert ">z = −2<" in neuron.picture


def test_the_prediction_comes_true_for_a_small_rate():
    def off(rate):
        outcome = NeuronNudge(**A, rate=rate).outcome
        return abs(outcome.change - outcome.predicted) / abs(outcome.predicted)

    assert off(0.01) < 0.1
    assert off(0.001) < off(0.01) / 9


def test_how_wrong_it_is_does_not_decide_how_much_it_learns():
    wrong = {"activation": "σ", "w": -3, "b": -3, "x": 2, "y": 1}
    square = NeuronNudge(**wrong, loss="½(a − y)²").outcome.gradients["w"]
    cross = NeuronNudge(**wrong, loss="cross-entropy").outcome.gradients["w"]
    assert (six(square), six(cross)) == ("-0.000246728", "-1.99975")
    assert round(cross / square) == 8105


def test_the_graph_shows_the_values_before_the_step():
    neuron = NeuronNudge(**A, rate=0.1)
    assert ">z = 7<" in neuron.picture
    assert ">z = 4<" not in neuron.picture


def test_a_loss_that_does_not_fit_is_refused_with_a_sentence():
    neuron = NeuronNudge(**A)
    neuron.loss = "cross-entropy"
    assert neuron.problem == "Cross-entropy needs an a between 0 and 1; ReLU does not promise it. Choose σ."
    neuron.activation = "σ"
    assert neuron.problem == "Cross-entropy needs a target y between 0 and 1; given was 4."
    neuron.y = 1
    assert neuron.problem == ""
    neuron.y, neuron.w = 0, 400
    assert neuron.problem == "With w = 400 and b = 1 the loss is no finite number."
    assert NeuronNudge(**A).outcome.loss == 9
    with pytest.raises(ValueError, match="Choose σ"):
        NeuronNudge(activation="tanh", loss="cross-entropy")


def test_a_step_is_refused_where_nothing_could_be_drawn():
    neuron = NeuronNudge(**{**A, "activation": "σ", "loss": "cross-entropy", "y": 0})
    neuron.w = 400
    assert "no finite number" in neuron.problem
    before = neuron.values
    neuron.take_step()
    assert neuron.values == before


@pytest.mark.parametrize("activation", ["ReLU", "σ", "tanh"])
@pytest.mark.parametrize("loss", list(LOSSES))
def test_every_choice_fills_the_same_view(activation, loss):
    if loss == "cross-entropy" and activation != "σ":
        return
    picture = NeuronNudge(activation=activation, loss=loss, y=1, w=-1.23456, b=0.98765).picture
    assert picture.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 408"')


FAR_LEFT = {"activation": "σ", "loss": "½(a − y)²", "w": -4, "x": 3, "b": -4, "rate": 0.1}


def test_a_change_below_the_rounding_of_the_loss_is_not_told_as_none():
    end = NeuronNudge(**FAR_LEFT, y=0).sentence.split("predicts a change of ")[1]
    assert end == "−1.60381e−28, and the loss really changes by less than 1e−27, to 6.33208e−15."


def test_of_a_small_change_only_the_digits_that_are_sure_are_told():
    """The change is the difference of two losses of 18, whose last digit is 4e-15."""
    end = NeuronNudge(**FAR_LEFT, y=6).sentence.split("predicts a change of ")[1]
    assert end == "−4.5591e−13, and the loss really changes by −5e−13, to 18."


@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize("activation", ["ReLU", "σ", "tanh"])
def test_every_digit_of_the_change_is_true(activation, loss):
    """Against the same numbers in 60 digits, at places of the sliders and near a target that is nearly met."""
    if loss == "cross-entropy" and activation != "σ":
        return
    rng = np.random.default_rng(0)
    for k in range(60):
        x, w, b = (round(each, 1) for each in rng.uniform(-3, 3, size=3))
        y = round(rng.uniform(0, 1), 1)
        if k % 3 == 0:
            y = round(float(_exact_answer(activation, w, b, x)), 9)
        rate = float(rng.choice([1e-9, 1e-4, 0.01, 0.5]))
        neuron = NeuronNudge(activation=activation, loss=loss, x=x, y=y, w=w, b=b, rate=rate)
        outcome = neuron.outcome
        before = _exact_loss(loss, _exact_answer(activation, w, b, x), y)
        after = _exact_loss(loss, _exact_answer(activation, outcome.after["w"], outcome.after["b"], x), y)
        said = neuron.sentence.split("really changes by ")[1].split(", to ")[0].replace("−", "-")
        if said.startswith("less than "):
            assert abs(after - before) < Decimal(said.removeprefix("less than "))
        else:
            # Six digits, or fewer: the last one that is told is worth up to 10 × unsure, and may be rounded by half.
            off = abs(after - before - Decimal(said))
            assert off <= max(abs(Decimal(said)) / 100_000, Decimal(6 * outcome.unsure))


def _exact_answer(activation: str, w: float, b: float, x: float) -> Decimal:
    z = Decimal(w) * Decimal(x) + Decimal(b)
    up, down = z.exp(), (-z).exp()
    return {"ReLU": max(z, Decimal(0)), "σ": 1 / (1 + down), "tanh": (up - down) / (up + down)}[activation]


def _exact_loss(loss: str, a: Decimal, y: float) -> Decimal:
    y = Decimal(y)
    if loss == "cross-entropy":
        return -(y * a.ln() + (1 - y) * (1 - a).ln())
    return (a - y) ** 2 / (2 if loss.startswith("½") else 1)


def test_a_tiny_step_is_made():
    neuron = NeuronNudge(**{**FAR_LEFT, "rate": 0.3}, y=0)
    assert neuron.outcome.after["w"] != neuron.w
