"""The two worked neurons of notebook 03, computed by the engine, agree with every figure to the digits printed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from execute import NOTEBOOKS, read

from backprop_lib import Graph, Tensor, binary_cross_entropy, relu, sigmoid

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


def test_the_notebook_shows_the_figures():
    outputs = [output for cell in read(NOTEBOOK).cells for output in cell.get("outputs", [])]
    shown = "\n".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)
    worked = {**SIGMOID_NEURON, **{f"new {name}": figure for name, figure in AFTER_ONE_STEP.items()}}
    worked["new z"] = "2.33804"  # six significant digits, as everywhere in a notebook
    missing = [f"{name} = {figure}" for name, figure in worked.items() if figure not in shown]
    assert not missing
    for line in ("z = 7, a = 7, L = 9", "dL/da = 6, da/dz = 1, dL/dz = 6", "dL/dw = 12, dL/db = 6, dL/dx = 18"):
        assert line in shown
