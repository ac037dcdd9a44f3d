"""Every figure that notebook 09 states is computed again, without the notebook's own code, to the digits printed."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from execute import NOTEBOOKS, cells, printed

from backprop_lib import Tensor, leaky_relu, relu, sigmoid
from backprop_lib.gradcheck import check_gradients
from backprop_lib.gradient_flow import measure
from backprop_lib.lessons import exercise

NOTEBOOK = NOTEBOOKS / "09_gradient_flow.ipynb"


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
    assert f"{1.5**10:.2f}" == "57.67" and f"{1.5**9:.2f}" == "38.44"
    assert f"{2 * (57.67 - 1) * 10 * 38.44:,.0f}" == "43,568"  # the product as the text writes it
    assert f"{L.item():,.0f}" == "3,211" and f"{w.grad:,.0f}" == "43,568"
    assert f"{1.5 - 0.003 * w.grad:.1f}" == "-129.2"
    assert check_gradients(lambda: (w**10 - 1) ** 2, w).ok


# ---- what a cell shows ---

SHOWN = {
    "hundred": ["factor 0.95: after 100 layers 0.005921", "factor 1.05: after 100 layers 131.5"],
    "powers": [
        "0.0059 is left with γ = 0.95 and 131.5 with γ = 1.05; with γ = 0.9 it is 0.000027, with γ = 1.1 it is 13,781"
    ],
    "ten": ["layer 10: 1.2e-01", "layer  1: 4.3e-08"],
    "luck": ["seed 1: first layer 2.6e-08, that is 2.2e-07 of the", "that is 5.3e-07 of the"],
    "slopes": [
        "sigmoid     0.0177  0.1966  0.2500  0.1966  0.0177",
        "tanh        0.0013  0.4200  1.0000  0.4200  0.0013",
        "relu        0.0000  0.0000  0.0000  1.0000  1.0000",
        "leaky_relu  0.0100  0.0100  0.0100  1.0000  1.0000",
    ],
    "four": [
        "typical slope 0.233   factor a layer 0.226",
        "typical slope 0.887   factor a layer 0.880",
        "typical slope 0.714   factor a layer 0.765",
    ],
    "four-plot": ["3.6e-07 for σ, 0.98 for tanh and 0.25 for ReLU"],
    "relu": [
        "weights 0.01: first layer 6.1e-14, first/last 0.25",
        "weights  1.0: first layer 6.1e+04, first/last 0.25",
    ],
    "leaky": ["slope 0.1:  z = -2, -1.58, -1.16, -0.753, -0.345, 0.0584, 4"],
    "dead": [
        "coordinates from -1.2 to 2.2",
        "ReLU(): 36 of 50 off for every example; weights that never moved: 36",
        "LeakyReLU(0.1): 36 of 50 off for every example; weights that never moved: 0",
    ],
    "init": ["weights of size 1: z is 19.9 large", "weights of size 0.05: z is 0.995 large"],
    "he": ["0.7 after 1, 0.036 after 10, 0.00095 after 20", "0.99 after 1, 1.2 after 10, 0.98 after 20"],
    "init-factor": [
        "tanh with Xavier times 1: factor a layer 0.92",
        "ReLU with Xavier times 1: factor a layer 0.73",
        "ReLU with He     times 1: factor a layer 1.03",
        "σ    with Xavier times 1: factor a layer 0.23",
        "σ    with Xavier times 4: factor a layer 0.62",
    ],
    "widget": [
        "‖∂L/∂W‖ is 0.12 in the last layer and 4.27e−8 in the first; a gradient is multiplied by about 0.226 a layer"
    ],
    "alone": ["alone: activation, skip connections, normalisation"],
    "skip": ["is 1.9e-14 in the plain network, 0.034 with skips", "The last values are 10.2 on average"],
    "skip-relu": ["weights times 1.0: factor 1.01", "ReLU weights times 1.0: factor 1.47, first layer 200"],
    "norm": ["batch [-0.926  1.389] [-0.463 -0.926] [ 1.389 -0.463]", "layer [-1.000  1.000] [ 1.000 -1.000]"],
    "norm-flow": [
        "without  first layer 1.9e-14, at the end the examples differ by 1.8e-13",
        "batch    first layer 1.1e-02, at the end the examples differ by 2.1e-01",
        "layer    first layer 7.6e-11, at the end the examples differ by 3.5e-09",
    ],
    "norm-tanh": ["plain 2.5e-14, normalised 2.6e-01", "plain 2.5e+05, normalised 2.6e-02", "normalised 5.9e-01"],
    "learns": ["is 0.69 in the plain network, 0.54 with skips and 0.20 with batch normalisation"],
    "jump": [
        "step 0: w = 1.5, L = 3.21e+03, dL/dw = 4.36e+04",
        "step 1: w = -129.2, L = 1.68e+42",
        "step 2: w = 7.805e+38, L = inf",
    ],
    "clip": ["From a loss of 3,211 to 2e-07 in 170 steps; w is then at 1.000."],
    "clip-two": ["norm before: 5, clipped by norm: [0.6 0.8], by value: [1. 1.]"],
    "watch-plot": [
        "0.0037, 0.0045, 0.0161, 0.0580 from layer 1 to layer 4",
        "0.69 in epoch 1, 0.69 in epoch 100, 0.44 in epoch 300, 0.27 in epoch 1000, 0.0027 in epoch 4000",
        "the largest of the four norms: 0.0017 in epoch 1000, 0.0011 in epoch 4000",
    ],
    "healthy": ["share 1.2e-03", "share 4.9e-04", "share 1.8e-03", "share 2.3e-02"],
}


def shown(name: str) -> str:
    return printed(cells(NOTEBOOK)[name])


@pytest.mark.parametrize("name", SHOWN)
def test_the_cell_shows_the_figures(name):
    for figures in SHOWN[name]:
        assert re.search(rf"(?<![\w.]){re.escape(figures)}(?!\.?\w)", shown(name)), shown(name)


def test_heavier_weights_make_sigmoid_flatter():
    """Four times the weights do not make up for a slope of a quarter: z is large, and the slope falls."""
    flows = {times: measure(20, 32, "σ", scale=times) for times in (1, 4)}
    slopes = [math.sqrt(np.mean(np.square(flow.slopes))) for flow in flows.values()]
    assert slopes[1] < 0.16 < 0.23 < slopes[0] < 0.25
    assert [f"{flow.factor:.2f}" for flow in flows.values()] == ["0.23", "0.62"]


def test_the_factor_sixteen_of_four_layers_and_where_their_curves_begin():
    start = [float(norm) for norm in re.search("norms are (.*) from layer 1", shown("watch-plot"))[1].split(", ")]
    assert start == sorted(start) and round(start[3] / start[0]) == 16 and all(1e-3 < norm < 10 for norm in start)


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
    "ReLU alone": (lambda a, W: relu(a @ W.T), "That is better, but not all"),
    "ReLU with a way round": (lambda a, W: a + relu(a @ W.T), "above 10"),
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
def test_a_rescue_is_right(layer, task):
    feedback = task("09.check.rescue").check(layer)
    assert feedback.correct is True and "Rescued: " in feedback.text


@pytest.mark.parametrize(("layer", "says"), NO_RESCUES.values(), ids=NO_RESCUES)
def test_no_rescue_is_told_why(layer, says, task):
    feedback = task("09.check.rescue").check(layer)
    assert feedback.correct is False and says in feedback.text, feedback.text


def test_the_sick_layer_is_not_answered_yet(task):
    for nothing in (None, ..., lambda a, W: sigmoid(a @ W.T)):
        assert task("09.check.rescue").check(nothing).correct is None


def test_a_leaky_relu_is_confirmed_by_the_gradient_checker(task):
    asked = task("09.check.leaky")
    value, slope = lambda z, s: z if z > 0 else s * z, lambda z, s: 1 if z > 0 else s
    feedback = asked.check(value, slope)
    assert feedback.correct is True and "The gradient checker says: Right: 4 of 4" in feedback.text
    assert asked.check(lambda z, s: ..., lambda z, s: ...).correct is None
    assert asked.check(value).correct is None
    plain = asked.check(lambda z, s: max(z, 0), slope)
    assert plain.correct is False and plain.mistakes == ("plain ReLU",)
    dead = asked.check(value, lambda z, s: float(z > 0))
    assert dead.correct is False and dead.mistakes == ("slope of the ReLU",)
    with_z = asked.check(value, lambda z, s: 1 if z > 0 else s * z)
    assert with_z.correct is False and with_z.mistakes == ("value left of 0",)
    fixed = asked.check(lambda z, s: value(z, 0.01), lambda z, s: slope(z, 0.01))
    assert fixed.correct is False and set(fixed.mistakes) == {"slope not taken from the argument"}


@pytest.mark.parametrize(
    ("value", "slope", "mistake"),
    [
        (None, lambda z, s: 1.0, "slope 1 everywhere"),
        (None, lambda z, s: s, "leak on both sides"),
        (None, lambda z, s: 1 if z > 0 else -s, "slope with a minus"),
        (None, lambda z, s: z if z > 0 else s, "value right of 0"),
        (None, lambda z, s: 1 if z > 0 else 0.1, "slope not taken from the argument"),
        (lambda z, s: s * z if z > 0 else z, None, "sides exchanged"),
        (lambda z, s: z if z > 0 else z + s, None, "leak added"),
        (lambda z, s: z if z > 0 else -s, None, "leak instead of slope, with a minus"),
        (lambda z, s: z if z > 0 else 0.1 * z, None, "slope not taken from the argument"),
    ],
)
def test_a_mistaken_leaky_relu_is_named(value, slope, mistake, task):
    right = (lambda z, s: z if z > 0 else s * z, lambda z, s: 1 if z > 0 else s)
    feedback = task("09.check.leaky").check(value or right[0], slope or right[1])
    assert feedback.correct is False and feedback.mistakes == (mistake,), feedback.text


def test_a_leaky_relu_may_be_written_with_arrays(task):
    value, slope = lambda z, s: np.where(z > 0, z, s * z), lambda z, s: [1 if z > 0 else s]
    assert task("09.check.leaky").check(value, slope).correct is True


def length(*gradients) -> float:
    return math.sqrt(sum((g**2).sum() for g in gradients))


CLIPPINGS = {
    "threshold left out": lambda gs, c: 1 / length(*gs) if length(*gs) > c else 1,
    "always 1 long": lambda gs, c: 1 / length(*gs),
    "small gradients stretched": lambda gs, c: c / length(*gs),
    "compared with 1": lambda gs, c: c / length(*gs) if length(*gs) > 1 else 1,
    "comparison turned round": lambda gs, c: c / length(*gs) if length(*gs) < c else 1,
    "nothing shortened": lambda gs, c: 1,
    "root forgotten": lambda gs, c: min(1, c / length(*gs) ** 2),
    "norms added": lambda gs, c: min(1, c / sum(map(length, gs))),
    "largest of the norms": lambda gs, c: min(1, c / max(map(length, gs))),
    "largest entry for the norm": lambda gs, c: min(1, c / max(np.abs(g).max() for g in gs)),
    "sizes added": lambda gs, c: min(1, c / sum(np.abs(g).sum() for g in gs)),
    "bias left out": lambda gs, c: min(1, c / length(*gs[:2])),
    "mean for the sum": lambda gs, c: min(1, c / math.sqrt(np.mean(np.concatenate([g.ravel() for g in gs]) ** 2))),
    None: lambda gs, c: min(1, c / length(*gs)),
}


@pytest.mark.parametrize("mistake", CLIPPINGS)
def test_mistaken_clipping_is_named(mistake, task):
    def clip(dW1, dW2, db, max_norm):
        gradients = (dW1, dW2, db)
        return tuple(g * CLIPPINGS[mistake](gradients, max_norm) for g in gradients)

    feedback = task("09.check.clip").check(clip)
    assert feedback.correct is (mistake is None), feedback.text
    assert feedback.mistakes == (() if mistake is None else (mistake,))


@pytest.mark.parametrize(
    ("answers", "mistakes"),
    [
        ({"xavier": 0.0707, "he": 0.0816}, set()),
        ({"xavier": 0.005, "he": 0.00667}, {"variance for standard deviation"}),
        ({"xavier": 0.1, "he": 0.0816}, {"outputs alone", "2 over the mean"}),
        ({"xavier": 0.1225, "he": 0.1414}, {"limit of the uniform distribution"}),
        ({"xavier": 0.1225}, {"limit of the uniform distribution"}),
        ({"he": 0.1414}, {"outputs counted for He", "limit of the uniform distribution"}),
        ({"xavier": 14.1, "he": 12.2}, {"not inverted"}),
        ({"xavier": 0.0816, "he": 0.0707}, {"rules exchanged"}),
        ({"xavier": 0.0577}, {"inputs alone"}),
    ],
)
def test_a_mistaken_standard_deviation_is_named(answers, mistakes, task):
    assert set(task("09.check.spread").check(**answers).mistakes) == mistakes


def test_the_number_of_layers_at_which_the_widget_opens(task):
    asked = task("09.check.layers")
    assert asked.check(8).correct is True and asked.check(10).mistakes == ("as it opens",)
    assert [asked.check(layers).mistakes for layers in (7, 9, 4)] == [
        ("one layer short",), ("one layer too many",), ("healthy range left",),
    ]  # fmt: skip


def test_the_times_of_the_second_task_is_about_the_root_of_two(task):
    asked = task("09.check.scale")
    for right in (1.4, 1.41, 2**0.5, "1.4"):
        assert asked.check(right).correct is True
    assert asked.check(2).correct is False and "√2" in asked.hint(3).text


# ---- the residual block: no mistake may be called by the name of another ---


def block_with(**wrong):
    """What a backward pass gives in which these lines are wrong; each gets the right values by name."""
    given = exercise("09.check.block").given
    known = {name: np.array(value) for name, value in given.items()}
    known["a"] = 1 / (1 + np.exp(-known["W"] @ known["x"]))
    lines = {
        "dh": "x + a - y", "slope": "a * (1 - a)", "dz": "dh * slope", "back": "W.T @ dz", "dx": "dh + back",
        "dW": "np.outer(dz, x)",
    }  # fmt: skip
    for name, line in (lines | wrong).items():
        known[name] = eval(line, {"np": np}, known)
    return {"dL_dx": known["dx"], "dL_dW": known["dW"]}


@pytest.mark.parametrize(
    ("wrong", "mistakes"),
    [
        ({}, set()),
        ({"dx": "back"}, {"overwritten", "path_forgotten"}),
        ({"dx": "dh"}, {"overwritten", "path_forgotten"}),
        ({"dx": "dh * back"}, {"paths_multiplied"}),
        ({"back": "W @ dz"}, {"weight_not_transposed"}),
        ({"dW": "np.outer(x, dz)"}, {"gradient_transposed"}),
        ({"dW": "np.outer(dz, a)"}, {"wrong_activations"}),
        ({"dh": "y - x - a"}, {"sign_flipped"}),
        ({"dh": "2 * (x + a - y)"}, {"two_doubled"}),
        ({"slope": "1"}, {"activation_derivative_missing"}),
        ({"slope": "(W @ x) * (1 - W @ x)"}, {"derivative_at_z"}),
    ],
)
def test_a_mistake_in_the_residual_block_is_named(wrong, mistakes, task):
    feedback = task("09.check.block").check(**block_with(**wrong))
    assert feedback.correct is (not wrong) and set(feedback.mistakes) == mistakes, feedback.text


def test_the_residual_block_takes_rounded_answers_and_a_function(task):
    asked = task("09.check.block")
    right = block_with()
    assert asked.check(**{name: value.round(3).tolist() for name, value in right.items()}).correct is True
    assert asked.check(lambda x, W, y: (right["dL_dx"], right["dL_dW"])).correct is True
    assert asked.check(dL_dx=None, dL_dW=None).correct is None


def test_the_last_hint_of_the_block_has_every_line_and_the_second_none(task):
    asked = task("09.check.block")
    z = np.array(asked.given["W"]) @ np.array(asked.given["x"])
    text = asked.hint(3).text
    assert f"({z[0]:g}, {z[1]:g})" in text
    assert all(f"{entry:.6g}" in text for value in block_with().values() for entry in value.ravel())
    assert "·∂L/∂z" not in asked.hint(2).text and "xᵀ" not in asked.hint(2).text
