"""Worked figures of notebook 01: the engine agrees with them to the digits printed, and the notebook shows them."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from execute import NOTEBOOKS, read

from backprop_lib import Graph, Tensor
from backprop_lib.gradcheck import check_gradients, numerical_gradient

NOTEBOOK = NOTEBOOKS / "01_slopes_and_the_chain_rule.ipynb"

STEPS = [float(f"1e-{k}") for k in range(1, 13)]


def rounded(value: float, figure: str) -> Decimal:
    return Decimal(value).quantize(Decimal(figure))


def shown() -> str:
    outputs = [output for cell in read(NOTEBOOK).cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)


def gradient(f, *inputs: float) -> list[float]:
    tensors = [Tensor(value) for value in inputs]
    f(*tensors).backward()
    return [tensor.grad.item() for tensor in tensors]


def one_sided(f, x: float, h: float) -> float:
    return (f(x + h) - f(x)) / h


def centred(f, x: float, h: float) -> float:
    return (f(x + h) - f(x - h)) / (2 * h)


def square(x):
    return (3 * x + 1) ** 2


def cube(x):
    u = 3 * x + 1
    return u * u * u  # a product rounds alike on every machine, a power may not


def test_doubles_then_triples():
    assert gradient(lambda x: 3 * (2 * x + 5) - 1, 1.0) == gradient(lambda x: 3 * (2 * x + 5) - 1, 10.0) == [6]


def test_the_composition():
    x = Tensor(2.0)
    u = 3 * x + 1
    f = u**2
    f.backward()
    local = next(edge.local.item() for edge in Graph(f).edges if edge.source is u)
    assert (u.item(), f.item(), local, u.grad.item(), x.grad.item()) == (7, 49, 14, 14, 42)
    assert check_gradients(lambda: (3 * x + 1) ** 2, x).ok


@pytest.mark.parametrize(("h", "figure"), [(0.1, "42.9"), (0.01, "42.09"), (0.001, "42.009")])
def test_one_sided_and_centred_on_a_parabola(h, figure):
    assert rounded(one_sided(square, 2, h), figure) == Decimal(figure)
    assert centred(square, 2, h) == pytest.approx(42, rel=1e-12)


@pytest.mark.parametrize(("nudge", "figure"), [(1, "5"), (0.1, "4.1"), (0.01, "4.01"), (0.001, "4.001")])
def test_the_ratios_of_the_first_nudges(nudge, figure):
    assert rounded(one_sided(lambda x: x**2, 2, nudge), figure) == Decimal(figure)


def test_the_gradient_is_the_steepest_direction():
    found = gradient(lambda w1, w2: w1**2 + 3 * w2, 2.0, 1.0)
    assert found == [4, 3]
    turns = np.linspace(0, 2 * np.pi, 721)
    rises = np.cos(turns) * found[0] + np.sin(turns) * found[1]
    assert rises.max() == pytest.approx(5, rel=1e-4)
    assert np.cos(turns[rises.argmax()]) == pytest.approx(0.8, abs=0.01)


def test_a_chain_of_four_slopes():
    x = Tensor(1.0)
    f1 = 2 * x + 1
    f2 = f1**2
    f3 = f2 - 5
    L = f3**2
    L.backward()
    assert [value.item() for value in (f1, f2, f3, L)] == [3, 9, 4, 16]
    assert [value.grad.item() for value in (f3, f2, f1, x)] == [8, 8, 48, 96]


def test_two_paths_add():
    x = Tensor(3.0)
    p, q = 2 * x, x**2
    y = p + q
    y.backward()
    steps = [step for step in Graph(y).steps() if step.phase == "backward" and step.node is x]
    assert sorted(step.downstream.item() for step in steps) == [2, 6]
    assert steps[-1].total.item() == x.grad.item() == 8
    assert rounded(one_sided(lambda x: 2 * x + x**2, 3, 0.001), "8.001") == Decimal("8.001")
    assert gradient(lambda x: 2 * x + x**2, -1.0) == [0]


@pytest.mark.parametrize(
    ("h", "one", "two"),
    [
        (1e-1, "19", "0.27"),
        (1e-2, "1.9", "0.0027"),
        (1e-5, "0.0019", "1.2e-08"),
        (1e-8, "2.6e-06", "2.6e-06"),
        (1e-12, "0.048", "0.02"),
    ],
)
def test_the_error_against_the_step(h, one, two):
    assert gradient(cube, 2.0) == [441]
    assert f"{abs(one_sided(cube, 2, h) - 441):.2g}" == one
    assert f"{abs(centred(cube, 2, h) - 441):.2g}" == two


def test_the_best_steps():
    assert min(STEPS, key=lambda h: abs(centred(cube, 2, h) - 441)) == 1e-5
    assert min(STEPS, key=lambda h: abs(one_sided(cube, 2, h) - 441)) == 1e-8
    better = (one_sided(cube, 2, 1e-5) - 441) / (centred(cube, 2, 1e-5) - 441)
    assert f"{abs(better):.2g}" == "1.6e+05"
    assert numerical_gradient(lambda x: (3 * x + 1) ** 3, 2.0) == pytest.approx(441, rel=1e-9)


def test_the_notebook_shows_the_figures():
    text = shown()
    for line in (
        "Δy/Δx = 4.001",
        "Δx = 0.5, Δu = 1.0, Δy = 3.0, Δy/Δx = 6.0",
        "u = 7, f = 49, du/dx = 3, df/du = 14, df/dx = 42",
        "Δf/Δx = 42.9",
        "Δf/Δx = 42.009",
        "dL/df3 = 8, dL/df2 = 8, dL/df1 = 48, dL/dx = 96",
        "together:  0.008001, that is 8.001 times the nudge",
        "bring 2 and 6 back to x, where they add up to 8",
        "one-sided 42.009, centred 42",
        "error: one-sided 0.0019, centred 1.2e-08",
        "at h = 1e-05 the one-sided error is 1.6e+05 times the centred one",
        "by hand 441, engine 441, measured 441",
    ):
        assert line in text, line


# --- the exercises ---


@pytest.mark.parametrize(
    ("key", "answers", "mistake"),
    [
        ("01.check.square", {"df_dx": 49}, "value instead of slope"),
        ("01.check.square", {"df_dx": 294}, "exponent kept"),
        ("01.check.square", {"df_dx": 21}, "2 of the square forgotten"),
        ("01.check.square", {"df_dx": 12}, "outer slope taken at x"),
        ("01.check.cube", {"df_dx": 60}, "outer slope taken at x"),
        ("01.check.cube", {"df_dx": 216}, "value instead of slope"),
        ("01.check.two-paths", {"dy_dx": 40}, "paths multiplied, and minus of q forgotten"),
        ("01.check.two-paths", {"dy_dx": 4}, "values instead of slopes"),
        ("01.check.two-paths", {"through_p": 20}, "values instead of slopes"),
        ("01.check.two-paths", {"through_q": -16}, "values instead of slopes"),
        ("01.check.two-paths", {"through_q": 16}, "value of q instead of a slope"),
    ],
)
def test_a_likely_wrong_number_is_named(task, key, answers, mistake):
    feedback = task(key).check(**answers)
    assert feedback.correct is False and mistake in feedback.mistakes, feedback.text


@pytest.mark.parametrize(
    ("slope", "mistakes"),
    [
        (lambda x: 2 * (2 * x - 1) + 2 + 3, {"slopes added in through_u", "outer slope taken at x"}),
        (lambda x: 4 * (2 * x - 1) + 3 * x, {"3x not differentiated"}),
        (lambda x: 4 * (2 * x - 1), {"only the square kept"}),
        (lambda x: 3, {"only 3x kept"}),
    ],
)
def test_a_likely_wrong_function_is_named(task, slope, mistakes):
    feedback = task("01.check.function").check(slope)
    assert feedback.correct is False and set(feedback.mistakes) == mistakes, feedback.text
    assert "directly" not in feedback.text


def test_the_right_function_in_other_words(task):
    assert task("01.check.function").check(lambda x: 8 * x - 1).correct is True


@pytest.mark.parametrize("x", [1.5708, "1.6", 1.52])
def test_the_flat_place(task, x):
    assert task("01.check.flat").check(x).correct is True


@pytest.mark.parametrize("x", [-1.5708, 4.7, -1.6, 3.1])
def test_a_flat_place_that_is_not_on_the_slider(task, x):
    assert "not on the slider, which goes from −1 to 3" in task("01.check.flat").check(x).text


def test_a_place_that_is_not_flat_is_told_its_slope(task):
    assert "there the slope is 0.0707" in task("01.check.flat").check(1.5).text
