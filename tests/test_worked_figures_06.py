"""The losses of notebook 06: each figure that it prints, computed by the engine or measured by a nudge."""

from __future__ import annotations

import math
import re
from decimal import Decimal

import numpy as np
import pytest
from execute import NOTEBOOKS, cells, printed

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
from backprop_lib.lessons.course.n06 import network, rows

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


def test_the_program_has_the_gradient_of_cross_entropy(task):
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

    asked = task("06.check.repair")

    def backward(X, y, W1, b1, W2, b2, right=False):
        a1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
        a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        delta2 = (a2 - y) / len(X) * (2 * a2 * (1 - a2) if right else 1)
        delta1 = (delta2 @ W2.T) * a1 * (1 - a1)
        return X.T @ delta1, delta1.sum(axis=0), a1.T @ delta2, delta2.sum(axis=0)

    feedback = asked.check(backward)
    assert feedback.correct is False and feedback.mistakes == ("cross_entropy_delta",)
    assert asked.check(lambda *values: backward(*values, right=True)).correct is True
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


def test_softmax_treated_entry_by_entry_is_named(task):
    asked = task("06.check.softmax")
    p = softmax([2.0, 1.0, -1.0]).data
    feedback = asked.check(p0=p[0], p1=p[1], p2=p[2], dL_dz0=0, dL_dz1=p[1] - 1, dL_dz2=0)
    assert feedback.correct is False and feedback.mistakes == ("softmax entry by entry",)
    assert asked.check(dL_dz0=p[0], dL_dz1=p[1], dL_dz2=p[2]).score == (2, 6)
    logits = Tensor([2.0, 1.0, -1.0])
    cross_entropy(logits, [0, 1, 0]).backward()
    np.testing.assert_allclose(logits.grad, p - [0, 1, 0])
    np.testing.assert_allclose([asked.truth(f"dL_dz{i}") for i in range(3)], logits.grad)


def test_a_wrong_slope_is_named_also_beside_a_delta_from_memory(task):
    asked = task("06.check.way-back")

    def second_term_negative(a, y):
        return -y / a - (1 - y) / (1 - a), a * (1 - a), a - y

    feedback = asked.check(second_term_negative)
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


def test_the_largest_logit_taken_out(task):
    assert_figures(softmax([1000.0, 1001.0, 1002.0]).data, ["0.090031", "0.244728", "0.665241"])
    asked = task("06.check.log-sum-exp")
    for probe in asked.probes:
        assert asked.truth(probe)[0] == pytest.approx(logsumexp(probe["z"]).item(), rel=1e-12)


# ---- mistakes by their numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "answers", "mistake"),
    [
        ("neuron", {"L": 0.854, "dL_da": 1.848}, "the whole square taken"),
        ("neuron", {"L": 1.12}, "logarithm to the base 10"),
        ("neuron", {"L": 0.0759}, "logarithm forgotten"),
        ("neuron", {"dL_da": 0.0759}, "quotient forgotten"),
        ("neuron", {"da_dz": 0.924}, "σ's value taken for da/dz"),
        ("neuron", {"da_dz": 0.0759}, "only 1 − a in da/dz"),
        ("neuron", {"da_dz": -3.75}, "da/dz taken at z"),
        ("neuron", {"dL_dz": 0.0701}, "dL/da forgotten in dL/dz"),
        ("neuron", {"dL_dw": 2}, "dL/dz forgotten in dL/dw"),
        ("neuron", {"dL_db": 1}, "dL/dz forgotten in dL/db"),
        ("softmax", {"dL_dz0": -0.2946, "dL_dz1": 0.2595}, "the first class taken"),
        ("softmax", {"dL_dz1": 0.2595, "dL_dz2": -0.9649}, "the third class taken"),
        ("softmax", {"p0": 0.8808, "p1": 0.7311, "p2": 0.2689}, "a sigmoid for each"),
        ("softmax", {"p0": 1, "p1": 0.5, "p2": -0.5}, "logits divided by their sum"),
        ("softmax", {"p0": 0.5761, "p1": 0.2119, "p2": 0.2119}, "minus of the third logit lost"),
        ("softmax", {"dL_dz0": -0.183, "dL_dz1": 0.1922, "dL_dz2": -0.00911}, "1/p forgotten"),
        ("softmax", {"dL_dz0": 0.2351, "dL_dz1": -0.2468, "dL_dz2": 0.01171}, "divided by the classes"),
    ],
)
def test_a_mistake_is_named_by_its_numbers(task, key, answers, mistake):
    feedback = task(f"06.check.{key}").check(**answers)
    assert feedback.correct is False and mistake in feedback.mistakes, feedback.text


def test_probabilities_with_three_places_are_too_short_and_not_mistaken(task):
    """0.035 has two digits. It is not called a mistake on the way."""
    asked = task("06.check.softmax")
    feedback = asked.check(p0=0.705, p1=0.259, p2=0.035)
    assert feedback.mistakes == () and feedback.score == (2, 6) and "at least 3 significant digits" in feedback.text
    assert asked.check(p2=0.0351).score == (1, 6)


def test_the_deepest_point_is_asked_for_to_one_decimal(task):
    asked = task("06.check.deepest")
    assert all(asked.check(z).correct for z in (-0.7, -0.69, "−0,7", -math.log(2)))
    assert "further to the left" in asked.check(-0.6).text and "further to the right" in asked.check(-0.8).text


def test_a_slip_in_the_network_is_named(task):
    asked, one, zero = task("06.check.network"), two_layers(1.0), two_layers(0.0)

    def answer(run, *names, sign=1):
        return {f"dL_d{name}": (sign * run[name].grad).round(6).tolist() for name in names}

    everything = ("W1", "b1", "W2", "b2")
    assert asked.check(**answer(zero, *everything)).correct is True
    assert asked.check(**answer(one, *everything)).mistakes == ("the label of the text",)
    assert asked.check(**answer(one, *everything, sign=-1)).mistakes == ("1 − a taken",)
    first = asked.check(**answer(one, "W1", "b1"), **answer(zero, "W2", "b2"))
    assert first.mistakes == ("first layer of the text",) and first.score == (2, 4)
    assert asked.check(dL_db2=[0.5683]).mistakes == ("no ReLU",)
    assert asked.check(dL_db2=[0.5312]).mistakes == ("b2 forgotten on the way forward",)
    assert asked.check(dL_dW1=[[0.0556, 0.0556], [0.1112, 0.1112], [0, 0]]).mistakes == ("x forgotten in dL/dW1",)


@pytest.mark.parametrize(
    ("first_line", "mistake"),
    [
        ("2 * (a2 - y) * a2 * (1 - a2) / len(X)", None),
        ("(a2 - y) / len(X)", "cross_entropy_delta"),
        ("(a2 - y) * a2 * (1 - a2) / len(X)", "two_missing"),
        ("2 * (a2 - y) / len(X)", "activation_derivative_missing"),
        ("(a2 - y) / 2 / len(X)", "halved"),
        ("2 * (a2 - y) * a2 / len(X)", "a2 for the slope"),
        ("2 * (a2 - y) * (1 - a2) / len(X)", "1 − a2 for the slope"),
        ("2 * (a2 - y) / (a2 * (1 - a2)) / len(X)", "divided by the slope"),
        ("(a2 - y) ** 2 / len(X)", "the square for its slope"),
        ("(a2 - y) ** 2 * a2 * (1 - a2) / len(X)", "the square for its slope"),
        ("2 * (a2 - y) * a2 * 1 - a2 / len(X)", "brackets of 1 − a2"),
    ],
)
def test_a_repair_that_is_none_is_named(task, first_line, mistake):
    source = cells(NOTEBOOK)["check-repair"].source.partition("\n\n\n")[0]
    space = {"sigma": lambda z: 1 / (1 + np.exp(-z))}
    assert source.count("(a2 - y) / len(X)") == 1
    exec(source.replace("(a2 - y) / len(X)", first_line), space)
    feedback = task("06.check.repair").check(space["backward"])
    assert feedback.correct is (mistake is None) and feedback.mistakes == ((mistake,) if mistake else ()), feedback.text


@pytest.mark.parametrize(
    ("line", "code", "mistake"),
    [
        ("dL_da", "a - y", "dL/da of the squared error"),
        ("dL_da", "y / a - (1 - y) / (1 - a)", "sign of dL/da flipped"),
        ("dL_da", "y / a + (1 - y) / (1 - a)", "sign of the first term"),
        ("dL_da", "-1 / a + 1 / (1 - a)", "labels left out"),
        ("dL_da", "-(y * np.log(a) + (1 - y) * np.log(1 - a))", "the loss for its slope"),
        ("dL_da", "(a - y) / a * (1 - a)", "brackets of the denominator"),
        ("da_dz", "a", "σ's value taken for da/dz"),
        ("da_dz", "1 - a", "only 1 − a in da/dz"),
        ("da_dz", "a * (a - 1)", "sign of da/dz flipped"),
        ("da_dz", "1 / (1 + np.exp(-a)) * (1 - 1 / (1 + np.exp(-a)))", "σ applied twice"),
        ("da_dz", "1 - a * a", "slope of tanh"),
    ],
)
@pytest.mark.parametrize("product", ["dL_da * da_dz", "a - y"])
def test_a_wrong_slope_is_named_with_the_product_and_with_a_delta_from_memory(task, line, code, mistake, product):
    def way_back(a, y):
        lines = {"dL_da": "-y / a + (1 - y) / (1 - a)", "da_dz": "a * (1 - a)", line: code}
        known = {"np": np, "a": a, "y": y}
        known["dL_da"], known["da_dz"] = eval(lines["dL_da"], known), eval(lines["da_dz"], known)
        return known["dL_da"], known["da_dz"], eval(product, known)

    assert task("06.check.way-back").check(way_back).mistakes == (mistake,)


def test_y_minus_a_is_named(task):
    feedback = task("06.check.way-back").check(lambda a, y: (-y / a + (1 - y) / (1 - a), a * (1 - a), y - a))
    assert feedback.mistakes == ("sign of dL/dz flipped",)


@pytest.mark.parametrize(
    ("total", "mistake"),
    [
        (lambda z, m, rest: m * np.log(rest), "multiplied"),
        (lambda z, m, rest: np.sum(z), "sum of the logarithms"),
        (lambda z, m, rest: m + np.log2(rest), "another logarithm"),
        (lambda z, m, rest: m + np.log10(rest), "another logarithm"),
        (lambda z, m, rest: m + np.log1p(rest), "1 added once more"),
    ],
)
def test_a_mistaken_log_sum_exp_is_named(task, total, mistake):
    feedback = task("06.check.log-sum-exp").check(lambda z: total(z, z.max(), np.sum(np.exp(z - z.max()))))
    assert feedback.mistakes == (mistake,)


def test_the_last_hint_has_every_line_and_the_second_leaves_the_point(task):
    for key in ("neuron", "softmax", "network"):
        asked = task(f"06.check.{key}")
        for name in asked.asks:
            for value in np.ravel(asked.truth(name)):
                assert f"{value + 0:.6g}" in asked.hint(3).text, (key, name)
    assert "a * (1 - a)" in task("06.check.way-back").hint(3).text
    for key, point in {"way-back": "a(1", "repair": "2(a2"}.items():
        assert point not in task(f"06.check.{key}").hint(2).text.replace(" ", "")


# ---- the notebook ----------------------------------------------------------------------------------------------------

SHOWN = {
    "forward": ["z1 = [ 0.45  0.4  -0.1 ], a1 = [0.45 0.4  0.  ]", "z2 = 0.225000, a2 = 0.556014"],
    "tenth": [
        "a = 0.99: label 1 0.01005, label 0 4.60517", "a =  0.9: label 1 0.10536, label 0 2.30259",
        "a =  0.5: label 1 0.69315, label 0 0.69315", "a = 0.01: label 1 4.60517, label 0 0.01005",
        "from 0.1 to 0.01: 2.30259",
    ],
    "loss": ["−ln 0.556014 = 0.586962", "−ln 0.56 = 0.579818", "−ln 0.5 = 0.693147"],
    "first": [
        "label 1, a =  0.1: formula -10.0000, nudged -10.0000", "label 1, a =  0.9: formula  -1.1111, nudged  -1.1111",
        "label 1, a = 0.99: formula  -1.0101, nudged  -1.0101", "label 0, a =  0.9: formula  10.0000, nudged  10.0000",
        "label 0, a =  0.1: formula   1.1111, nudged   1.1111", "our network: -1.79852",
    ],
    "product": [
        "a = 0.556014: -1.79852 · 0.246862 = -0.443986", "a =      0.5:       -2 · 0.250000 = -0.500000",
        "a =     0.01:     -100 · 0.009900 = -0.990000", "a =    0.001:    -1000 · 0.000999 = -0.999000",
    ],
    "picture": ["L = 0.586962; going back, -1.79852 arrives at a and -0.443986 at z, which is a − y."],
    "rest": [
        "dL/dW2 = [[-0.199794, -0.177594, 0.0]]", "dL/db2 = [-0.443986]", "dL/da1 = [-0.044399, -0.088797, 0.221993]",
        "dL/db1 = [-0.044399, -0.088797, 0.0]", "dL/dW1 = [[-0.044399, -0.022199], [-0.088797, -0.044399], [0.0, 0.0]]",
    ],
    "wrong": [
        "-0.999877 · 0.000123 = -0.000123 at z, -0.000246728 at w",
        "-8104.08 · 0.000123 = -0.999877 at z, -1.99975 at w",
        "1 / slope = 8,105",
    ],
    "wrong-picture": [
        "the gradient is -0.1481 at most, where a = 0.33, and -0.0003 at z = -8",
        "with cross-entropy it is -0.9997 there",
    ],
    "wrong-walk": ["from 0.0097 to 0.1481 at its largest, and down to 0.0003"],
    "soft-loss": [
        "a = 0.2: loss 0.639032, gradient -0.1", "a = 0.3: loss 0.610864, gradient  0.0",
        "a = 0.4: loss 0.632465, gradient  0.1",
    ],
    "program": [
        "dL/dW2 = [0.063293 0.036835 0.046845]",
        "dL/dW1 = [[0.007745, -0.023476, 0.009053], [-0.005731, -0.014738, 0.0062]]",
    ],
    "program-nudged": [
        "the mean of (a − y)²         : [0.031109 0.016927 0.024408], relative error 0.51",
        "the mean of ½(a − y)²        : [0.015555 0.008463 0.012204], relative error 0.75",
        "the mean binary cross-entropy: [0.063293 0.036835 0.046845], relative error below 1e-6",
    ],
    "softmax": ["p = 0.537430 and 0.462570, sum 1", "L = 0.620957", "σ(0.74 − 0.59) = 0.537430"],
    "jacobian": [
        "J = [[0.248599, -0.248599], [-0.248599, 0.248599]]", "nudged: [[0.248599, -0.248599], [-0.248599, 0.248599]]",
        "z0 + 0.01: p1 changes by -0.002485",
    ],
    "softmax-back": [
        "dL/dp = -1.86071 and 0", "Jᵀ @ dL/dp = [-0.46257  0.46257]", "p − y = [-0.46257  0.46257]",
        "the diagonal alone: [-0.46257  0.     ]",
    ],
    "pairs": [
        "half the square: 3, and z − y = 3", "sigmoid, binary cross-entropy: -0.443986, and a − y = -0.443986",
        "softmax, cross-entropy: [-0.46257  0.46257]",
    ],
    "overflow": [
        "z =   30: 1 − a = 9.35e-14, loss 30.001, gradient 1", "z =   40: 1 − a = 0, loss inf, gradient nan",
        "e^700 = 1.01e+304, e^1000 = inf",
    ],
    "clip": ["z =   30: loss 30, gradient 1", "z =   40: loss 34.54, gradient 0", "z = 1000: loss 34.54, gradient 0"],
    "stable": [
        "z = 0.225: label 1 0.586962; label 0 0.811962, gradient 0.556014",
        "z =    40: label 1 4.24835e-18; label 0 40, gradient 1", "z =  1000: label 1 0; label 0 1000, gradient 1",
    ],
    "stable-sigma": ["[0.       0.075858 0.924142 1.      ]"],
    "shift": ["as it stands: [nan nan nan]", "largest logit taken out: [0.090031 0.244728 0.665241]"],
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_the_cell_shows_the_figures(name):
    shown = printed(cells(NOTEBOOK)[name])
    for figures in SHOWN[name]:
        assert re.search(rf"(?<![\w.]){re.escape(figures)}(?!\.?\w)", shown), shown


def test_what_the_text_says_besides_its_figures():
    assert f"{math.exp(-0.225):.6f} {math.exp(0.74):.6f} {math.exp(0.59):.6f}" == "0.798516 2.095936 1.803988"
    assert f"{math.exp(0.74) + math.exp(0.59):.6f}" == "3.899924"
    promised = 0.01 * 0.537430 * 0.462570
    assert f"{promised:.6f}" == "0.002486"
    assert f"{1 / (1 + math.exp(-30)):.16f}".startswith("0." + 13 * "9") and len(f"{np.finfo(float).max:.0f}") == 309
    a = 1 / (1 + math.exp(-2.5))
    assert round(1 / (a * (1 - a))) == 14


def test_the_notebook_does_not_show_what_its_exercises_ask():
    text = NOTEBOOK.read_text(encoding="utf-8")
    a, other = 1 / (1 + math.exp(-2.5)), two_layers(0.0)
    asked = [-math.log(1 - a), 1 / (1 - a), *softmax([2.0, 1.0, -1.0]).data, other["W2"].grad[0, 0]]
    asked += [other["W2"].grad[0, 1], other["W1"].grad[0, 1], other["W1"].grad[1, 0]]
    assert not [value for value in asked if f"{value:.6f}"[:6] in text]
