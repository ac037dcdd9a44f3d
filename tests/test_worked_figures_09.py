"""Every figure that notebook 09 states is computed again, without the notebook's own code, to the digits printed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from execute import NOTEBOOKS, read

from backprop_lib import Tensor, leaky_relu, relu, sigmoid
from backprop_lib.gradcheck import check_gradients
from backprop_lib.gradient_flow import measure
from backprop_lib.lessons import exercise
from backprop_lib.lessons.record import Progress

NOTEBOOK = NOTEBOOKS / "09_gradient_flow.ipynb"


@pytest.fixture(autouse=True)
def a_record_of_its_own(monkeypatch):
    for key in ("rescue", "leaky", "clip"):
        monkeypatch.setattr(exercise(f"09.check.{key}"), "_record", Progress())


# ---- the figures -----------------------------------------------------------------------------------------------------


def test_a_factor_a_layer_over_a_hundred_layers():
    assert f"{0.95**100:.4g}" == "0.005921"
    assert f"{1.05**100:.1f}" == "131.5"
    assert f"{0.9**100:.6f}" == "0.000027" and f"{1.1**100:,.0f}" == "13,781"


def test_ten_layers_of_each_activation():
    share = {name: measure(10, 32, name).norms for name in ("σ", "tanh", "ReLU")}
    assert f"{share['σ'][-1]:.2f}" == "0.12" and f"{share['σ'][0]:.1e}" == "4.3e-08"
    assert [f"{norms[0] / norms[-1]:.2g}" for norms in share.values()] == ["3.6e-07", "0.98", "0.25"]
    factors = [measure(10, 32, name).factor for name in ("σ", "tanh", "ReLU", "leaky ReLU")]
    assert [f"{factor:.3f}" for factor in factors] == ["0.226", "0.880", "0.765", "0.763"]
    assert f"{0.226**9:.1e}" == "1.5e-06"


def test_relu_at_every_size_of_the_weights():
    norms = {size: measure(10, 32, "ReLU", "N(0, 1)", scale=size).norms for size in (0.01, 1.0)}
    assert [f"{row[0]:.1e}" for row in norms.values()] == ["6.1e-14", "6.1e+04"]
    assert [f"{row[0] / row[-1]:.2f}" for row in norms.values()] == ["0.25", "0.25"]


def test_the_dead_neuron_wakes_up_with_a_leak():
    w, b, path = Tensor(-0.6), Tensor(-0.8), []
    for _ in range(7):
        for parameter in (w, b):
            parameter.zero_grad()
        z = w * 2 + b
        path.append(z.item())
        ((leaky_relu(z, 0.1) - 4) ** 2).backward()
        for parameter in (w, b):
            parameter.data -= 0.1 * parameter.grad
    assert [f"{z:.3g}" for z in path] == ["-2", "-1.58", "-1.16", "-0.753", "-0.345", "0.0584", "4"]


def test_xavier_and_he():
    assert 1 / math.sqrt(400) == 0.05
    assert f"{0.5**10:.5f}" == "0.00098"
    wanted = {"Xavier": ("0.7", "0.036", "0.00095"), "He": ("0.99", "1.2", "0.98")}
    for name, figures in wanted.items():
        rng = np.random.default_rng(0)
        a, sizes = rng.standard_normal((64, 400)), []
        for _ in range(20):
            spread = math.sqrt((1 if name == "Xavier" else 2) / 400)
            a = np.maximum(0, a @ (spread * rng.standard_normal((400, 400))).T)
            sizes.append(math.sqrt(np.mean(a**2)))
        assert tuple(f"{sizes[k]:.2g}" for k in (0, 9, 19)) == figures
    assert f"{measure(20, 32, 'ReLU', 'He').factor:.2f}" == "1.03"
    assert f"{measure(20, 32, 'ReLU').factor:.2f}" == "0.73"


def test_what_rescues_twenty_sigmoid_layers():
    first = {
        "nothing": measure(20).norms[0],
        "skips": measure(20, skip=True).norms[0],
        "batch": measure(20, normalisation="batch").norms[0],
        "layer": measure(20, normalisation="layer").norms[0],
    }
    assert {name: f"{norm:.1e}" for name, norm in first.items()} == {
        "nothing": "1.9e-14", "skips": "3.4e-02", "batch": "1.1e-02", "layer": "7.6e-11",
    }  # fmt: skip
    assert f"{measure(20, skip=True).factor:.2f}" == "1.01"
    assert f"{measure(20, 32, 'ReLU', skip=True).factor:.2f}" == "1.47"


def test_layer_normalisation_makes_the_size_of_the_weights_matter_less():
    scales, first = (0.3, 1.0, 3.0), {}
    for kind in ("none", "layer"):
        norms = [measure(20, 32, f, scale=s, normalisation=kind).norms[0] for f in ("tanh", "ReLU") for s in scales]
        first[kind] = [f"{min(norms):.1e}", f"{max(norms):.1e}"]
    assert first == {"none": ["2.5e-14", "2.5e+05"], "layer": ["2.6e-02", "5.9e-01"]}


def test_the_step_that_needs_clipping():
    w = Tensor(1.5)
    L = (w**10 - 1) ** 2
    L.backward()
    assert f"{1.5**10:.1f}" == "57.7" and f"{1.5**9:.1f}" == "38.4"
    assert f"{L.item():,.0f}" == "3,211" and f"{w.grad:,.0f}" == "43,568"
    assert f"{1.5 - 0.003 * w.grad:.1f}" == "-129.2"
    assert check_gradients(lambda: (w**10 - 1) ** 2, w).ok


def test_the_notebook_shows_the_figures():
    outputs = [output for cell in read(NOTEBOOK).cells for output in cell.get("outputs", [])]
    shown = "\n".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)
    for figure in (
        *(
            "0.005921",
            "131.5",
            "4.3e-08",
            "3.6e-07",
            "6.1e-14",
            "6.1e+04",
            "-2, -1.58, -1.16, -0.753, -0.345, 0.0584, 4",
        ),
        *("0.7 after 1, 0.036 after 10, 0.00095 after 20", "1.9e-14", "7.6e-11", "w = -129.2", "[0.6 0.8]"),
        *(
            "factor a layer 0.226",
            "weights times 1.0: factor 1.01",
            "0.0037, 0.0045, 0.0161, 0.0580",
            "0.44 in epoch 300",
        ),
    ):
        assert figure in shown, figure


# ---- the exercises that are judged by an experiment ------------------------------------------------------------------


def normalised(z, axis):
    centred = z - z.mean(axis, keepdims=True)
    return centred / ((centred * centred).mean(axis, keepdims=True) + 1e-5) ** 0.5


RESCUES = {
    "a way round": lambda a, W: a + sigmoid(a @ W.T),
    "tanh": lambda a, W: np.tanh(a @ W.T),
    "ReLU with He": lambda a, W: relu(a @ (W.T * 2**0.5)),
    "batch normalisation": lambda a, W: sigmoid(normalised(a @ W.T, 0)),
}
NO_RESCUES = {
    "layer normalisation": (lambda a, W: sigmoid(normalised(a @ W.T, 1)), "It still vanishes"),
    "He alone": (lambda a, W: sigmoid(a @ (W.T * 2**0.5)), "It still vanishes"),
    "ReLU alone": (lambda a, W: relu(a @ W.T), "That is better"),
    "too large": (lambda a, W: relu(a @ (3 * W.T)), "Now it explodes"),
    "no activation": (lambda a, W: a @ W.T, "Without an activation"),
    "normalised outputs": (lambda a, W: normalised(sigmoid(a @ W.T), 0), "Your layer ends with a normalisation"),
    "normalised over the neurons": (lambda a, W: normalised(a + relu(a @ W.T), 1), "ends with a normalisation"),
    "tiny tanh": (lambda a, W: np.tanh(0.1 * (a @ W.T)), "It still vanishes"),
    "no weights": (lambda a, W: sigmoid(a), "must give a Tensor"),
    "first weights only": (lambda a, W: a if a.requires_grad else sigmoid(a @ W.T), "layer 2 are not used"),
    "nothing": (lambda a, W: None, "returns nothing"),
    "an array": (lambda a, W: (a @ W.T).data, "must give a Tensor"),
    "one argument": (lambda a: a, "stopped: TypeError"),
    "no function": (3, "expected is a function"),
}


@pytest.mark.parametrize("layer", RESCUES.values(), ids=RESCUES)
def test_a_rescue_is_right(layer):
    feedback = exercise("09.check.rescue").check(layer)
    assert feedback.correct is True and "Rescued: " in feedback.text


@pytest.mark.parametrize(("layer", "says"), NO_RESCUES.values(), ids=NO_RESCUES)
def test_no_rescue_is_told_why(layer, says):
    feedback = exercise("09.check.rescue").check(layer)
    assert feedback.correct is False and says in feedback.text, feedback.text


def test_the_sick_layer_is_not_answered_yet():
    for nothing in (None, ..., lambda a, W: sigmoid(a @ W.T)):
        assert exercise("09.check.rescue").check(nothing).correct is None


def test_a_leaky_relu_is_confirmed_by_the_gradient_checker():
    task = exercise("09.check.leaky")
    value, slope = lambda z, s: z if z > 0 else s * z, lambda z, s: 1 if z > 0 else s
    feedback = task.check(value, slope)
    assert feedback.correct is True and "The gradient checker says: Right: 4 of 4" in feedback.text
    assert task.check(lambda z, s: ..., lambda z, s: ...).correct is None
    assert task.check(value).correct is None
    plain = task.check(lambda z, s: max(z, 0), slope)
    assert plain.correct is False and plain.mistakes == ("plain ReLU",)
    dead = task.check(value, lambda z, s: float(z > 0))
    assert dead.correct is False and dead.mistakes == ("slope of the ReLU",)
    with_z = task.check(value, lambda z, s: 1 if z > 0 else s * z)
    assert with_z.correct is False and with_z.mistakes == ("value left of 0",)
    fixed = task.check(lambda z, s: value(z, 0.01), lambda z, s: slope(z, 0.01))
    assert fixed.correct is False and set(fixed.mistakes) == {"slope not taken from the argument"}


def test_clipping_that_forgets_the_threshold():
    def clip(dW1, dW2, db, max_norm):
        norm = math.sqrt(sum((g**2).sum() for g in (dW1, dW2, db)))
        return tuple(g / norm if norm > max_norm else g for g in (dW1, dW2, db))

    assert exercise("09.check.clip").check(clip).mistakes == ("threshold left out",)
