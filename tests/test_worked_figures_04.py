"""The two neurons of notebook 04, computed by the engine, agree with every figure to the digits printed."""

from __future__ import annotations

import re
from decimal import Decimal
from math import exp

import pytest
from execute import NOTEBOOKS, cells, printed

from backprop_lib import Graph, Tensor, counting, sigmoid
from backprop_lib.gradcheck import check_gradients
from backprop_lib.lessons import exercise

NOTEBOOK = NOTEBOOKS / "04_two_layers_by_hand.ipynb"

# Figures are texts: the digits written are the digits tested.
FORWARD = {"z1": "0.5", "h": "0.622459", "z2": "-0.186738", "a": "0.453451", "L": "0.149358"}
BACKWARD = {
    "dL_da": "-0.546549", "dL_dz2": "-0.135453", "dL_dw2": "-0.084314", "dL_dh": "0.040636", "dL_dz1": "0.009550",
    "dL_dw1": "0.009550", "da_dz2": "0.247833", "dh_dz1": "0.235004",
}  # fmt: skip
AFTER_ONE_STEP = {"w1": "0.490450", "w2": "-0.215686", "L": "0.142254"}
TARGET_ZERO = {
    "L": "0.102809", "dL_da": "0.453451", "dL_dz2": "0.112380", "dL_dw2": "0.069952", "dL_dh": "-0.033714",
    "dL_dz1": "-0.007923", "dL_dw1": "-0.007923",
}  # fmt: skip


def rounded(value: float, figure: str) -> Decimal:
    """The value with as many digits after the point as the figure has."""
    return Decimal(value).quantize(Decimal(figure))


def chain(x: float = 1.0, w1: float = 0.5, w2: float = -0.3, y: float = 1.0) -> dict[str, float]:
    """Every value, gradient and slope of the two neurons, all from the engine."""
    run = {"x": Tensor(x), "w1": Tensor(w1), "w2": Tensor(w2)}
    run["z1"] = run["w1"] * run["x"]
    run["h"] = sigmoid(run["z1"])
    run["z2"] = run["w2"] * run["h"]
    run["a"] = sigmoid(run["z2"])
    run["L"] = (run["a"] - y) ** 2 / 2
    run["L"].backward()
    slopes = {edge.source: edge.local.item() for edge in Graph(run["L"]).edges}
    return {
        **{name: tensor.item() for name, tensor in run.items()},
        **{f"dL_d{name}": tensor.grad.item() for name, tensor in run.items()},
        "da_dz2": slopes[run["z2"]],
        "dh_dz1": slopes[run["z1"]],
    }


def assert_figures(found: dict[str, float], expected: dict[str, str]) -> None:
    for name, figure in expected.items():
        assert rounded(found[name], figure) == Decimal(figure), f"{name} is {found[name]:.9g}, printed {figure}"


def test_forward_and_backward():
    assert_figures(chain(), FORWARD | BACKWARD)


def test_the_gradients_are_the_slopes_of_the_loss():
    w1, w2 = Tensor(0.5), Tensor(-0.3)
    assert check_gradients(lambda: (sigmoid(w2 * sigmoid(w1 * 1.0)) - 1) ** 2 / 2, [w1, w2])


def test_one_step_for_both_weights():
    before = chain()
    w1, w2 = (before[name] - before[f"dL_d{name}"] for name in ("w1", "w2"))
    after = chain(w1=w1, w2=w2)
    assert_figures(after, AFTER_ONE_STEP)
    assert f"{after['L']:.4f}" == "0.1423"
    promised = before["dL_dw1"] ** 2 + before["dL_dw2"] ** 2
    fall, alone = before["L"] - after["L"], before["L"] - chain(w2=w2)["L"]
    assert [f"{value:.6f}" for value in (promised, fall, alone)] == ["0.007200", "0.007104", "0.007040"]


def test_the_target_zero():
    found = chain(y=0.0)
    assert_figures(found, TARGET_ZERO | {name: FORWARD[name] for name in ("z1", "h", "z2", "a")})
    quotients = [found[name] / chain()[name] for name in TARGET_ZERO if name != "L"]
    assert quotients == pytest.approx([found["dL_da"] / chain()["dL_da"]] * 6)


def test_why_the_first_gradient_is_small():
    found = chain()
    ratio = found["dL_dw1"] / found["dL_dw2"]
    assert f"{ratio:.4f}" == f"{found['w2'] * found['dh_dz1'] * found['x'] / found['h']:.4f}" == "-0.1133"
    assert f"{1 / abs(ratio):.2f}" == "8.83"
    assert f"{ratio / found['dh_dz1']:.2f}" == "-0.48"  # a slope of 1
    assert f"{ratio / -found['w2']:.2f}" == "-0.38"  # a weight of -1
    balanced = found["h"] / found["dh_dz1"]
    assert f"{balanced:.4f}" == "2.6487"
    for w2 in (balanced, -balanced):
        assert abs(chain(w2=w2)["dL_dw1"]) == pytest.approx(abs(chain(w2=w2)["dL_dw2"]))


def test_the_slopes_of_two_sigmoids_leave_a_sixteenth_at_best():
    found = chain()
    assert f"{found['da_dz2'] * found['dh_dz1']:.4f}" == "0.0582"
    assert found["da_dz2"] * found["dh_dz1"] < 0.0625 == 0.25**2


def test_a_heavy_second_weight():
    light, heavy = chain(), chain(w2=3.0)
    assert_figures(heavy, {"a": "0.866155", "dL_dz2": "-0.015517", "dL_dw2": "-0.009659", "dL_dw1": "-0.010940"})
    assert heavy["dL_dw1"] / heavy["dL_dw2"] == pytest.approx(-10 * light["dL_dw1"] / light["dL_dw2"])


def test_a_second_weight_of_zero_cuts_the_relay():
    cut = chain(w2=0.0)
    assert cut["dL_dh"] == cut["dL_dw1"] == 0
    assert f"{cut['dL_dw2']:.6f}" == "-0.077807"


def test_the_updated_weight_gives_the_gradient_of_neither_point():
    found = chain()
    new_w2 = found["w2"] - found["dL_dw2"]
    mixed = found["dL_dz2"] * new_w2 * found["dh_dz1"]
    assert f"{found['dL_dw1']:.6f} {mixed:.6f} {chain(w2=new_w2)['dL_dw1']:.6f}" == "0.009550 0.006866 0.006730"


def test_where_the_rounded_figures_come_from(task):
    """A delta rounded to -0.135 gives the -0.0840 and 0.00952 that are printed elsewhere; the check says so."""
    asked = task("04.check.backward")
    found = chain()
    for_w2, for_w1 = -0.135 * found["h"], -0.135 * found["w2"] * found["dh_dz1"]
    assert f"{for_w2:.4f} {for_w1:.5f}" == "-0.0840 0.00952"
    for answer in ({"dL_dw2": "-0.0840"}, {"dL_dw1": 0.00952}):
        assert asked.check(**answer).mistakes == ("dL/dz2 rounded before going on",)


def test_the_engine_computes_no_sigmoid_on_the_way_back():
    with counting.counting() as counted:
        chain()
    assert (counted.forward.functions, counted.backward.functions) == (2, 0)


# --- what a cell shows ---


SHOWN = {
    "forward": ["z1 = 0.500000", "h  = 0.622459", "z2 = -0.186738", "a  = 0.453451", "L  = 0.149358"],
    "second-neuron": [
        "dL/da  = -0.546549, slope a(1 − a) = 0.247833",
        "dL/dz2 = -0.135453",
        "dL/dw2 = -0.084314",
        "dL/dh  = 0.040636",
    ],
    "engine": ["dL/dw1: engine 0.009550, nudged 0.009550", "dL/dw2: engine -0.084314, nudged -0.084314"],
    "cut": ["dL/dw2 = -0.077807; zero: dL/dw1"],
    "round": [
        "all digits   : dL/dz2 = -0.135453, dL/dw2 = -0.084314, dL/dh = 0.040636, dL/dw1 = 0.009550",
        "rounded once : dL/dz2 = -0.135000, dL/dw2 = -0.084032, dL/dh = 0.040500, dL/dw1 = 0.009518",
    ],
    "step": ["w1 = 0.490450, w2 = -0.215686", "L: 0.149358 → 0.142254", "promised 0.007200, really 0.007104"],
    "share": ["99.1% of the fall; the gradients promised 78 times as much from w2 as from w1"],
    "why": ["σ′(z1) = 0.235004", "-0.1133, so 8.83 times smaller", "equally large at w2 = 2.6487"],
    "vanish": [
        "our two slopes: 0.0582, at most 0.0625",
        "layers:  2   slopes at most 0.0625, with weights of 0.3 at most 0.01875",
        "layers: 10   slopes at most 9.537e-07, with weights of 0.3 at most 1.877e-11",
    ],
    "price-count": ["kept 0, again 3", "kept 0, again 55", "kept 0, again 5050"],
    "old": ["the old one, −0.3: dL/dw1 = 0.009550", "the new one, −0.215686: dL/dw1 = 0.006866", "nudged: 0.009550"],
    "fresh": ["dL/dw1 = 0.006730"],
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_cell_shows_the_figures(name):
    shown = printed(cells(NOTEBOOK)[name])
    for figures in SHOWN[name]:
        assert re.search(rf"(?<![\w.]){re.escape(figures)}(?!\.?\w)", shown), shown


def test_the_product_for_the_first_weight_is_within_the_bound_for_two_layers():
    """n slopes and n - 1 weights: the worked network's own product may not exceed what is said to be the most."""
    found = chain()
    product = abs(found["da_dz2"] * found["w2"] * found["dh_dz1"])
    assert f"{product:.4f}" == "0.0175" and product < 0.25**2 * 0.3
    assert 0.25**10 < 1e-6 and 0.25**10 * 0.3**9 < 1e-10


# --- mistakes by their numbers ---


@pytest.mark.parametrize(
    ("key", "answers", "mistake"),
    [
        ("04.check.forward", {"h": 0.3775}, "sign of z1 flipped in h"),
        ("04.check.forward", {"a": 0.5465}, "sign of z2 flipped in a"),
        ("04.check.forward", {"h": 0.6065}, "e^−z1 taken for h"),
        ("04.check.forward", {"h": 1.6065}, "quotient forgotten in h"),
        ("04.check.forward", {"a": 1.2053}, "e^−z2 taken for a"),
        ("04.check.forward", {"a": 2.2053}, "quotient forgotten in a"),
        ("04.check.forward", {"L": -0.2733}, "square forgotten in L"),
        ("04.check.first-neuron", {"dL_dz1": 0.0253}, "σ's value taken for dh/dz1"),
        ("04.check.backward", {"dL_dw1": 0.004775}, "inputs not swapped in dL/dw1"),
        ("04.check.backward", {"dL_dz1": 0.0253, "dL_dw1": 0.0253}, "σ's value taken for dh/dz1"),
        ("04.check.backward", {"dL_dz2": -0.2478}, "σ's value taken for da/dz2"),
        ("04.check.update", {"new_w1": 0.00955}, "step instead of new_w1"),
        ("04.check.update", {"new_w2": -0.08431}, "step instead of new_w2"),
        ("04.check.update", {"new_w1": 0.5843, "new_w2": -0.3095}, "gradients exchanged"),
        ("04.check.target-zero", {"L": 0.2267}, "square forgotten in L"),
        ("04.check.target-zero", {"dL_dw1": -0.003961}, "inputs not swapped in dL/dw1"),
        ("04.check.target-zero", {"dL_dz1": -0.02099}, "σ's value taken for dh/dz1"),
        ("04.check.on-your-own", {"h": 0.7685}, "sign of z1 flipped in h"),
        ("04.check.weight-three", {"dL_dh": 0.004655}, "old w2 kept in dL/dh"),
        ("04.check.weight-three", {"a": 0.1338}, "sign of z2 flipped in a"),
        ("04.check.weight-three", {"dL_dw1": -0.02898}, "σ's value taken for dh/dz1"),
        ("04.check.weight-three", {"dL_dw1": -0.00547}, "inputs not swapped in dL/dw1"),
    ],
)
def test_a_mistake_is_named_by_its_numbers(key, answers, mistake, named_by_its_numbers):
    named_by_its_numbers(key, answers, mistake)


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({}, None),
        ({"dL_dh": "d2 * (w2 - d2 * h)"}, "updated w2 used in dL/dh"),
        ({"dL_dh": "d2 * h"}, "inputs not swapped in dL/dh"),
        ({"dL_dw2": "d2"}, "h forgotten in dL/dw2"),
        ({"dL_dw2": "d2 * x"}, "x in the place of h"),
        ({"dL_dw2": "d2 * w2"}, "inputs not swapped in dL/dw2"),
        ({"dL_dw1": "d1 * w1"}, "inputs not swapped in dL/dw1"),
    ],
)
def test_a_mistaken_function_is_named(changes, mistake, task):
    asked = task("04.check.without-h")
    code = {"dL_dh": "d2 * w2", "dL_dw1": "d1 * x", "dL_dw2": "d2 * h"} | changes

    def gradients(x, w1, w2, y, a):
        h = 1 / (1 + exp(-w1 * x))
        known = {"x": x, "w1": w1, "w2": w2, "h": h, "d2": (a - y) * a * (1 - a)}
        known["d1"] = eval(code["dL_dh"], {}, known) * h * (1 - h)
        return tuple(eval(code[name], {}, known) for name in ("dL_dw1", "dL_dw2"))

    feedback = asked.check(gradients)
    assert feedback.correct is (mistake is None), feedback.text
    assert feedback.mistakes == (() if mistake is None else (mistake,))


@pytest.mark.parametrize("key", ["04.check.backward", "04.check.target-zero", "04.check.on-your-own"])
def test_the_last_hint_has_every_line(key):
    task = exercise(key)
    text = task.hint(3).text
    for name in task.asks:
        assert f"{task.truth(name).item():.6g}" in text, name


def test_the_second_hints_leave_the_point_to_the_learner():
    assert "sigma" not in exercise("04.check.without-h").hint(2).text
    assert "6" not in exercise("04.check.recount").hint(2).text


def test_the_notebook_does_not_show_what_its_exercises_ask():
    text = NOTEBOOK.read_text(encoding="utf-8")
    heavy, own = chain(w2=3.0), chain(x=-1.5, w1=0.8, w2=2.0, y=0.0)
    asked = [
        *(TARGET_ZERO[name] for name in ("L", "dL_dz2", "dL_dw2", "dL_dh", "dL_dw1")),
        *(f"{heavy[name]:.6f}" for name in ("a", "dL_dz2", "dL_dw2", "dL_dh", "dL_dw1")),
        *(f"{own[name]:.6f}" for name in ("h", "z2", "a", "L", "dL_dz2", "dL_dw2", "dL_dh", "dL_dz1", "dL_dw1")),
    ]
    assert not [figure for figure in asked if figure.lstrip("-")[:6] in text]
