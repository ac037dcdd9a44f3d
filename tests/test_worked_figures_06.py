"""The losses of notebook 06: each figure that it prints, computed by the engine or measured by a nudge."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from execute import NOTEBOOKS, read

from backprop_lib import (
    Tensor,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    clip,
    cross_entropy,
    log,
    logsumexp,
    mean_squared_error,
    relu,
    sigmoid,
    softmax,
)
from backprop_lib.diagnosis import diagnose
from backprop_lib.gradcheck import check_gradients, numerical_gradient
from backprop_lib.lessons import exercise
from backprop_lib.lessons.course.n06 import network, rows
from backprop_lib.lessons.record import Progress

NOTEBOOK = NOTEBOOKS / "06_losses_and_the_cancellation.ipynb"

# Figures are texts: the digits written are the digits tested.
FORWARD = {
    "z1": ["0.45", "0.4", "-0.1"], "a1": ["0.45", "0.4", "0"], "z2": ["0.225"], "a2": ["0.556014"], "L": "0.586962",
}  # fmt: skip
BACKWARD = {
    "z2": ["-0.443986"], "W2": [["-0.199794", "-0.177594", "0"]], "b2": ["-0.443986"],
    "a1": ["-0.044399", "-0.088797", "0.221993"], "z1": ["-0.044399", "-0.088797", "0"],
    "b1": ["-0.044399", "-0.088797", "0"],
    "W1": [["-0.044399", "-0.022199"], ["-0.088797", "-0.044399"], ["0", "0"]],
}  # fmt: skip
X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])


def rounded(value: float, figure: str) -> Decimal:
    """The value with as many digits after the point as the figure has."""
    return Decimal(float(value)).quantize(Decimal(figure))


def assert_figures(found, expected, name: str = "") -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, name
    for value, figure in zip(found.ravel(), expected.ravel(), strict=True):
        assert rounded(value, str(figure)) == Decimal(str(figure)), f"{name}: {value:.9g}, printed {figure}"


def two_layers(y: float = 1.0) -> dict[str, Tensor]:
    """The 2–3–1 network forward and back; every value with its gradient, all from the engine."""
    run = {
        "x": Tensor([1, 0.5]), "W1": Tensor([[0.2, 0.3], [0.4, -0.2], [-0.3, 0.2]]), "b1": Tensor([0.1] * 3),
        "W2": Tensor([[0.1, 0.2, -0.5]]), "b2": Tensor([0.1]),
    }  # fmt: skip
    run["z1"] = run["W1"] @ run["x"] + run["b1"]
    run["a1"] = relu(run["z1"])
    run["z2"] = run["W2"] @ run["a1"] + run["b2"]
    run["a2"] = sigmoid(run["z2"])
    run["L"] = binary_cross_entropy(run["a2"], [y])
    run["L"].backward()
    return run


def test_the_network_forward_and_backward():
    run = two_layers()
    for name, figures in FORWARD.items():
        assert_figures(run[name].data, figures, name)
    for name, figures in BACKWARD.items():
        assert_figures(run[name].grad, figures, f"dL/d{name}")
        assert run[name].grad.shape == run[name].shape


def test_the_gradients_are_the_slopes_of_the_loss():
    run = two_layers()
    parameters = [Tensor(run[name].data, name=name) for name in ("W1", "b1", "W2", "b2")]
    assert check_gradients(lambda: network(np.array([1, 0.5]), *parameters, np.array([1.0])), parameters)


def test_the_two_factors_and_their_product():
    run = two_layers()
    a = run["a2"].item()
    assert_figures(run["a2"].grad, ["-1.79852"])
    assert_figures([a * (1 - a)], ["0.246862"])
    assert run["z2"].grad.item() == pytest.approx(a - 1, rel=1e-14)


@pytest.mark.parametrize("a", [0.99, 0.9, 0.556014, 0.5, 0.3, 0.1, 0.01, 0.001])
@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
def test_the_slope_cancels_for_every_answer_and_label(a, y):
    def loss(a):
        return -(y * math.log(a) + (1 - y) * math.log(1 - a))

    first, second = (a - y) / (a * (1 - a)), a * (1 - a)
    assert float(numerical_gradient(lambda a: loss(float(a)), a, 1e-7)) == pytest.approx(first, rel=1e-4, abs=1e-6)
    assert first * second == pytest.approx(a - y, abs=1e-15)
    logit = Tensor(math.log(a / (1 - a)))
    binary_cross_entropy(sigmoid(logit), y).backward()
    assert float(logit.grad) == pytest.approx(a - y, rel=1e-9, abs=1e-12)


def test_what_a_probability_costs():
    costs = {0.99: "0.01005", 0.9: "0.10536", 0.5: "0.69315", 0.1: "2.30259", 0.01: "4.60517", 0.556014: "0.586962"}
    for a, figure in costs.items():
        assert rounded(-math.log(a), figure) == Decimal(figure)
    assert f"{-math.log(0.56):.6f} {math.log(10):.5f}" == "0.579818 2.30259"
    assert f"{-math.log(0.556014):.2f} {-math.log(0.56):.2f}" == "0.59 0.58"
    assert f"{binary_cross_entropy(0.3, 0.3).item():.6f}" == "0.610864"


def test_the_very_wrong_neuron_and_its_two_losses():
    """x = 2, w = b = −3, label 1: the same output, and 8,105 times the gradient."""
    gradients = []
    for loss in (lambda a: 0.5 * (a - 1) ** 2, lambda a: binary_cross_entropy(a, 1.0)):
        w, b = Tensor(-3.0), Tensor(-3.0)
        loss(sigmoid(w * 2 + b)).backward()
        gradients.append(float(w.grad))
    assert [f"{gradient:.6g}" for gradient in gradients] == ["-0.000246728", "-1.99975"]
    assert f"{gradients[1] / gradients[0]:,.0f}" == "8,105"


def test_where_the_squared_error_is_loudest():
    """(1 − a)·a(1 − a) has its largest value, 4/27, at a = ⅓, z = −ln 2."""
    z = np.linspace(-8, 8, 160001)
    a = 1 / (1 + np.exp(-z))
    sizes = (1 - a) ** 2 * a
    assert z[sizes.argmax()] == pytest.approx(-math.log(2), abs=1e-4)
    assert a[sizes.argmax()] == pytest.approx(1 / 3, abs=1e-4)
    assert f"{sizes.max():.4f} {sizes[0]:.4f} {1 - a[0]:.4f}" == "0.1481 0.0003 0.9997"


def test_the_program_has_the_gradient_of_cross_entropy(monkeypatch):
    """Source S2 says mean squared error and begins with a − y. It is named, whether it is nudged or diagnosed."""
    W1, W2 = np.array([[1, -1, 0.5], [0.5, 1, -1]]), np.array([[1.0], [-1.0], [0.5]])
    a1 = sigmoid(X @ Tensor(W1)).data
    a2 = sigmoid(Tensor(a1) @ W2).data
    claimed = a1.T @ (a2 - Y) / 4
    assert_figures(claimed.ravel(), ["0.063293", "0.036835", "0.046845"])
    errors = []
    for loss in (mean_squared_error, lambda a, y: mean_squared_error(a, y) / 2, binary_cross_entropy):
        nudged = numerical_gradient(lambda W, loss=loss: loss(sigmoid(Tensor(a1) @ W), Y).item(), W2)
        errors.append(np.abs(nudged - claimed).max() / max(np.abs(nudged).max(), np.abs(claimed).max()))
    assert [f"{error:.2f}" for error in errors] == ["0.51", "0.75", "0.00"] and errors[2] < 1e-6

    task = exercise("06.check.repair")
    monkeypatch.setattr(task, "_record", Progress())

    def backward(X, y, W1, b1, W2, b2, right=False):
        a1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
        a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        delta2 = (a2 - y) / len(X) * (2 * a2 * (1 - a2) if right else 1)
        delta1 = (delta2 @ W2.T) * a1 * (1 - a1)
        return X.T @ delta1, delta1.sum(axis=0), a1.T @ delta2, delta2.sum(axis=0)

    feedback = task.check(backward)
    assert feedback.correct is False and feedback.mistakes == ("cross_entropy_delta",)
    assert task.check(lambda *values: backward(*values, right=True)).correct is True
    named = dict(zip(("W1", "b1", "W2", "b2"), backward(X, Y, W1, np.zeros(3), W2, np.zeros(1)), strict=True))
    tensors = {name: Tensor(value, name=name) for name, value in {"W1": W1, "b1": np.zeros(3)}.items()}
    tensors |= {name: Tensor(value, name=name) for name, value in {"W2": W2, "b2": np.zeros(1)}.items()}
    assert diagnose(rows(X, Y, **tensors), named).mistake == "cross_entropy_delta"


def test_softmax_with_its_jacobian():
    z = Tensor([0.74, 0.59])
    p = softmax(z)
    loss = -log(p)[0]
    loss.backward()
    assert_figures(p.data, ["0.537430", "0.462570"])
    assert_figures(loss.data, "0.620957")
    assert_figures(z.grad, ["-0.462570", "0.462570"])
    assert_figures(p.grad, ["-1.86071", "0"])
    jacobian = np.diag(p.data) - np.outer(p.data, p.data)
    assert_figures(jacobian, [["0.248599", "-0.248599"], ["-0.248599", "0.248599"]])
    for i in (0, 1):
        np.testing.assert_allclose(jacobian[i], numerical_gradient(lambda z, i=i: softmax(z).data[i], z.data))
    np.testing.assert_allclose(jacobian.T @ p.grad, p.data - [1, 0])
    assert f"{softmax([0.75, 0.59]).data[1] - p.data[1]:.6f}" == "-0.002485"
    assert sigmoid(0.74 - 0.59).item() == pytest.approx(p.data[0], rel=1e-12)
    printed_elsewhere = sum(map(float, ("0.538", "0.463")))
    assert f"{printed_elsewhere:.3f}" == "1.001"


def test_every_pair_that_fits_has_prediction_minus_target():
    pairs = {
        "none": (Tensor(7.0), lambda z: 0.5 * (z - 4) ** 2, 3.0),
        "sigmoid": (Tensor(0.225), lambda z: binary_cross_entropy(sigmoid(z), 1.0), 0.556014 - 1),
        "softmax": (Tensor([0.74, 0.59]), lambda z: cross_entropy(z, [1, 0]), [-0.462570, 0.462570]),
    }
    for z, loss, delta in pairs.values():
        loss(z).backward()
        np.testing.assert_allclose(z.grad, delta, atol=1e-6)


def test_softmax_treated_entry_by_entry_is_named(monkeypatch):
    task = exercise("06.check.softmax")
    monkeypatch.setattr(task, "_record", Progress())
    p = softmax([2.0, 1.0, -1.0]).data
    feedback = task.check(p0=p[0], p1=p[1], p2=p[2], dL_dz0=0, dL_dz1=p[1] - 1, dL_dz2=0)
    assert feedback.correct is False and feedback.mistakes == ("softmax entry by entry",)
    assert task.check(dL_dz0=p[0], dL_dz1=p[1], dL_dz2=p[2]).score == (2, 6)
    logits = Tensor([2.0, 1.0, -1.0])
    cross_entropy(logits, [0, 1, 0]).backward()
    np.testing.assert_allclose(logits.grad, p - [0, 1, 0])
    np.testing.assert_allclose([task.truth(f"dL_dz{i}") for i in range(3)], logits.grad)


def test_a_wrong_slope_is_named_also_beside_a_delta_from_memory(monkeypatch):
    task = exercise("06.check.way-back")
    monkeypatch.setattr(task, "_record", Progress())

    def second_term_negative(a, y):
        return -y / a - (1 - y) / (1 - a), a * (1 - a), a - y

    feedback = task.check(second_term_negative)
    assert feedback.correct is False and feedback.mistakes == ("sign of the second term",)


def test_what_breaks_and_what_clipping_leaves():
    with np.errstate(all="ignore"):
        naive = [-np.log(1 - 1 / (1 + np.exp(-np.float64(z)))) for z in (10, 30, 40, 1000)]
    assert [f"{loss:.6g}" for loss in naive] == ["10", "30.001", "inf", "inf"]
    for z in (37.0, 40.0):
        assert 1 / (1 + math.exp(-z)) == 1
    assert 1 / (1 + math.exp(-36.0)) < 1
    for z in (40.0, 1000.0):
        logit = Tensor(z)
        loss = binary_cross_entropy(clip(sigmoid(logit), 1e-15, 1 - 1e-15), 0.0)
        loss.backward()
        assert f"{loss.item():.4g}" == "34.54" and float(logit.grad) == 0


@pytest.mark.parametrize("z", [-1000.0, -40.0, 0.0, 0.225, 10.0, 30.0, 40.0, 1000.0])
@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
def test_the_stable_form_is_the_engines(z, y):
    logit = Tensor(z)
    loss = binary_cross_entropy_with_logits(logit, y)
    loss.backward()
    stable = max(z, 0) - y * z + math.log1p(math.exp(-abs(z)))
    assert loss.item() == pytest.approx(stable, rel=1e-12, abs=1e-300)
    assert float(logit.grad) == pytest.approx((1 / (1 + math.exp(-z)) if z > -700 else 0.0) - y, rel=1e-9, abs=1e-15)


def test_the_largest_logit_taken_out():
    assert_figures(softmax([1000.0, 1001.0, 1002.0]).data, ["0.090031", "0.244728", "0.665241"])
    task = exercise("06.check.log-sum-exp")
    for probe in task.probes:
        assert task.truth(probe)[0] == pytest.approx(logsumexp(probe["z"]).item(), rel=1e-12)


def test_the_notebook_shows_the_figures():
    outputs = [output for cell in read(NOTEBOOK).cells for output in cell.get("outputs", [])]
    shown = "\n".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)
    figures = [*FORWARD["z1"], *FORWARD["z2"], *FORWARD["a2"], FORWARD["L"], *np.ravel(BACKWARD["W2"])[:2]]
    figures += [*BACKWARD["a1"], *np.ravel(BACKWARD["W1"])[:4], *BACKWARD["b2"], "-1.79852", "0.246862"]
    figures += ["0.537430", "0.462570", "0.620957", "-0.46257", "0.248599", "-1.86071", "-0.002485", "0.610864"]
    figures += ["-0.000246728", "-1.99975", "8,105", "-0.1481", "0.579818", "2.30259", "34.54", "30.001"]
    assert not [figure for figure in figures if str(figure) not in shown]


def test_the_notebook_does_not_show_what_its_exercises_ask():
    text = NOTEBOOK.read_text(encoding="utf-8")
    a, other = 1 / (1 + math.exp(-2.5)), two_layers(0.0)
    asked = [-math.log(1 - a), 1 / (1 - a), *softmax([2.0, 1.0, -1.0]).data, other["W2"].grad[0, 0]]
    asked += [other["W2"].grad[0, 1], other["W1"].grad[0, 1], other["W1"].grad[1, 0]]
    assert not [value for value in asked if f"{value:.6f}"[:6] in text]
