"""The two worked neurons of notebook 03, computed by the engine, agree with every figure to the digits printed."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from execute import NOTEBOOKS, cells, printed

from backprop_lib import Graph, Tensor, binary_cross_entropy, relu, sigmoid
from backprop_lib.lessons import exercise

NOTEBOOK = NOTEBOOKS / "03_one_neuron.ipynb"

# Figures are texts: the digits written are the digits tested.
RELU_NEURON = {
    "z": "7", "a": "7", "L": "9", "dL_da": "6", "da_dz": "1", "dL_dz": "6", "dL_dw": "12", "dL_db": "6", "dL_dx": "18",
}  # fmt: skip
SIGMOID_NEURON = {
    "z": "2.5", "a": "0.924142", "L": "0.427019", "dL_da": "0.924142", "da_dz": "0.070104", "dL_dz": "0.064786",
    "dL_dw": "0.129572", "dL_db": "0.064786",
}  # fmt: skip
AFTER_ONE_STEP = {"w": "0.935214", "b": "0.467607", "z": "2.338036", "a": "0.911979", "L": "0.415852"}
FIRST_SETTING = {"z": "-9", "a": "0.000123395", "L": "7.6131e-9"}


def rounded(value: float, figure: str) -> Decimal:
    """The value with as many digits after the point (and the same power of ten) as the figure has."""
    return Decimal(value).quantize(Decimal(figure))


def neuron(activation, half: bool, x: float, w: float, b: float, y: float) -> dict[str, Tensor]:
    x, w, b = (Tensor(value) for value in (x, w, b))
    z = w * x + b
    a = activation(z)
    L = (a - y) ** 2
    L = L / 2 if half else L
    L.backward()
    return {"x": x, "w": w, "b": b, "z": z, "a": a, "L": L}


def figures(run: dict[str, Tensor]) -> dict[str, float]:
    """Everything that the tables show: values, gradients, and the activation's local derivative."""
    slope = next(edge.local for edge in Graph(run["L"]).edges if edge.source is run["z"])
    values = {name: run[name].item() for name in ("w", "b", "z", "a", "L")}
    gradients = {f"dL_d{name}": run[name].grad.item() for name in ("a", "z", "w", "b", "x")}
    return {**values, **gradients, "da_dz": slope.item()}


def assert_figures(found: dict[str, float], expected: dict[str, str]) -> None:
    for name, figure in expected.items():
        assert rounded(found[name], figure) == Decimal(figure), f"{name} is {found[name]:.9g}, printed {figure}"


def test_the_relu_neuron():
    assert_figures(figures(neuron(relu, half=False, x=2.0, w=3.0, b=1.0, y=4.0)), RELU_NEURON)


def test_the_sigmoid_neuron():
    assert_figures(figures(neuron(sigmoid, half=True, x=2.0, w=1.0, b=0.5, y=0.0)), SIGMOID_NEURON)


def test_the_sigmoid_neuron_after_one_step():
    before = neuron(sigmoid, half=True, x=2.0, w=1.0, b=0.5, y=0.0)
    w, b = (before[name].item() - 0.5 * before[name].grad.item() for name in ("w", "b"))
    assert_figures(figures(neuron(sigmoid, half=True, x=2.0, w=w, b=b, y=0.0)), AFTER_ONE_STEP)


def test_the_first_setting_has_nothing_to_learn():
    run = figures(neuron(sigmoid, half=True, x=2.0, w=-3.0, b=-3.0, y=0.0))
    assert_figures(run, FIRST_SETTING)
    assert abs(run["dL_dw"]) < 1e-7


@pytest.mark.parametrize(("rate", "z", "loss"), [(0.1, 4, 0), (0.2, 1, 9), (0.3, -2, 16)])
def test_land_bounce_die(rate, z, loss):
    before = neuron(relu, half=False, x=2.0, w=3.0, b=1.0, y=4.0)
    w, b = (before[name].item() - rate * before[name].grad.item() for name in ("w", "b"))
    after = figures(neuron(relu, half=False, x=2.0, w=w, b=b, y=4.0))
    assert after["z"] == pytest.approx(7 - 30 * rate) == pytest.approx(z)
    assert after["L"] == pytest.approx(loss, abs=1e-12)
    assert (after["dL_dw"] == 0) == (rate == 0.3)


def test_a_weight_of_zero_has_the_larger_gradient():
    gradients = [figures(neuron(sigmoid, half=True, x=2.0, w=w, b=0.5, y=0.0))["dL_dw"] for w in (0.0, 1.0)]
    assert [f"{gradient:.4f}" for gradient in gradients] == ["0.2926", "0.1296"]


def test_very_wrong_and_hardly_any_gradient():
    squared = figures(neuron(sigmoid, half=True, x=2.0, w=-3.0, b=-3.0, y=1.0))
    w = Tensor(-3.0)
    binary_cross_entropy(sigmoid(w * 2.0 - 3.0), 1.0).backward()
    assert f"{squared['a'] - 1:.5f}" == "-0.99988"
    assert f"{squared['dL_dw']:.6f}" == "-0.000247"
    assert f"{w.grad.item():.5f}" == "-1.99975"
    assert f"{w.grad.item() / squared['dL_dw']:,.0f}" == "8,105"


# --- what a cell shows ---

SHOWN = {
    "forward": ["z = 7, a = 7, L = 9"],
    "backward": ["dL/da = 6, da/dz = 1, dL/dz = 6", "dL/dw = 12, dL/db = 6, dL/dx = 18"],
    "hand-first": ["z = -9, a = 0.000123395, L = 7.6131e-09"],
    "hand-second": ["z = 2.5, a = 0.924142, L = 0.427019", "dL/da = 0.924142, da/dz = 0.070104, dL/dz = 0.064786"],
    "hand-engine": ["L = 0.427019", "dL/dz = 0.064786, dL/dw = 0.129572, dL/db = 0.064786"],
    # z to six significant digits, the most that a notebook prints.
    "update-check": ["w = 0.935214, b = 0.467607", "z = 2.33804, a = 0.911979, L = 0.415852"],
    "rounded": ["0.0702", "0.0649", "0.1298", "0.9351", "0.46755", "2.33775"],
    "zero": ["error 0.9241, slope 0.0701, gradient 0.1296", "error 0.6225, slope 0.2350, gradient 0.2926"],
    "wrong": ["error -0.99988, slope 0.000123, dL/dw = -0.000247"],
    "wrong-bce": ["dL/dw = -1.99975, 8,105 times as large"],
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_the_cell_shows_the_figures(name):
    shown = printed(cells(NOTEBOOK)[name])
    for figures in SHOWN[name]:
        assert re.search(rf"(?<![\w.]){re.escape(figures)}(?![\w.]*\d)", shown), shown


def test_the_figures_shown_are_those_of_the_engine():
    tested = {figure for table in (RELU_NEURON, SIGMOID_NEURON, AFTER_ONE_STEP) for figure in table.values()}
    shown = " ".join(" ".join(SHOWN[name]) for name in ("forward", "backward", "hand-second", "hand-engine"))
    shown += " ".join(SHOWN["update-check"]).replace("2.33804", "2.338036")
    assert set(re.findall(r"[\d.]+\d|\d", shown)) == tested


# --- mistakes by their numbers ---


@pytest.mark.parametrize(
    ("key", "answers", "mistake"),
    [
        ("03.check.relu", {"dL_dz": 1, "dL_dw": 2, "dL_db": 1, "dL_dx": 3}, "upstream forgotten"),
        ("03.check.relu", {"da_dz": 7}, "ReLU's value taken for its slope"),
        ("03.check.sigmoid", {"a": 0.0759}, "sign of z flipped in a"),
        ("03.check.sigmoid", {"a": 1.0821}, "quotient forgotten in a"),
        ("03.check.sigmoid", {"a": 0.0821}, "e^−z taken for a"),
        ("03.check.sigmoid", {"L": 0.4621}, "square forgotten in L"),
        ("03.check.sigmoid", {"L": 0.8540}, "½ forgotten in L"),
        ("03.check.sigmoid", {"da_dz": 0.9241, "dL_dz": 0.8540}, "σ's value taken for da/dz"),
        ("03.check.sigmoid", {"da_dz": 0.07586, "dL_dz": 0.0701}, "factor a forgotten in da/dz"),
        ("03.check.sigmoid", {"dL_dz": 0.0701, "dL_dw": 0.1402}, "dL/da forgotten in dL/dz"),
        ("03.check.sigmoid", {"dL_dw": 2, "dL_db": 1}, "upstream forgotten"),
        ("03.check.on-your-own", {"z": 1.7}, "minus of x lost in z"),
        ("03.check.on-your-own", {"dL_dw": -0.2222}, "minus of x lost in dL/dw"),
        ("03.check.on-your-own", {"a": 0.6682}, "sign of z flipped in a"),
        ("03.check.on-your-own", {"dL_dw": -1.5, "dL_db": 1}, "upstream forgotten"),
        ("03.check.last-lines", {"dL_dw": 2, "dL_db": 1}, "upstream forgotten"),
        ("03.check.tanh", {"dL_da": -0.5379}, "minus of a lost in dL/da"),
        ("03.check.tanh", {"da_dz": 0.2350}, "σ′(z) taken"),
        ("03.check.tanh", {"da_dz": 1.2136}, "square of a made negative"),
        ("03.check.tanh", {"da_dz": -0.4621}, "tanh's value taken for da/dz"),
        ("03.check.tanh", {"dL_dw": 1.5, "dL_db": 1}, "upstream forgotten"),
        ("03.check.update", {"new_w": 0.06479}, "step instead of new_w"),
        ("03.check.update", {"new_b": 0.03239}, "step instead of new_b"),
        ("03.check.update", {"new_w": 0.1296}, "gradient instead of new_w"),
        ("03.check.update", {"new_b": 0.06479}, "gradient instead of new_b"),
    ],
)
def test_a_mistake_is_named_by_its_numbers(key, answers, mistake, named_by_its_numbers):
    named_by_its_numbers(key, answers, mistake)


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        ("d = 2 * (max(0, w * x + b) - y) * (w * x + b > 0); out = d * x, d", None),
        ("d = 2 * (max(0, w * x + b) - y) * (w * x + b > 0); out = d * w, d", "w in the place of x"),
        ("d = 2 * (max(0, w * x) - y) * (w * x > 0); out = d * x, d", "bias forgotten in z"),
        ("a = max(0, w * x + b); d = 2 * (a - y) * a; out = d * x, d", "ReLU's value taken for its slope"),
        ("d = 2 * (w * x + b - y); out = d * x, d", "ReLU forgotten"),
        ("d = 2 * (max(0, w * x + b) - y); out = d * x, d", "ReLU′(z) forgotten in dL/dz"),
    ],
)
def test_a_mistaken_function_is_named(body, mistake, task):
    asked = task("03.check.gradients")

    def gradients(x, w, b, y):
        space = {"x": x, "w": w, "b": b, "y": y}
        exec(body, space)
        return space["out"]

    feedback = asked.check(gradients)
    assert feedback.correct is (mistake is None), feedback.text
    assert feedback.mistakes == (() if mistake is None else (mistake,))


def test_the_rate_that_leaves_z_at_0_is_told_to_be_the_edge(task):
    asked = task("03.check.kill")
    for edge in (7 / 30, "7/30"):
        assert "z = 0, which is the edge" in asked.check(edge).text
    assert "alive" in asked.check(0.2333).text and asked.check(0.2334).correct


@pytest.mark.parametrize("key", ["03.check.relu", "03.check.sigmoid", "03.check.on-your-own"])
def test_the_last_hint_has_every_line(key):
    task = exercise(key)
    text = task.hint(3).text
    for name in task.asks:
        assert f"{task.truth(name).item():.6g}" in text, name
