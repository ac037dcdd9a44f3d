"""The figures of notebook 07, and its patients: each has the two mistakes that it should have, and they are named."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pytest
from execute import NOTEBOOKS, cells, printed

from backprop_lib import Tensor, binary_cross_entropy, gradients_of, mean_squared_error, relu, sigmoid
from backprop_lib.diagnosis import BUG_ZOO, diagnose, epsilon_curve, suggest_probe
from backprop_lib.diagnosis.blindness import reasons
from backprop_lib.diagnosis.landmarks import Landmarks
from backprop_lib.diagnosis.replays import confusions
from backprop_lib.diagnosis.walk import walk_of
from backprop_lib.gradcheck import compare_gradients, numerical_gradient
from backprop_lib.lessons.course import exercise

NOTEBOOK = NOTEBOOKS / "07_gradient_checking_and_debugging.ipynb"
CELLS = cells(NOTEBOOK)

# Worked example E, in the order of the notebook's row of 13 parameters.
EXAMPLE_E = (
    "-0.044399 -0.022199 -0.088797 -0.044399 0 0 "  # W1
    "-0.044399 -0.088797 0 "  # b1
    "-0.199794 -0.177594 0 -0.443986"  # W2, b2
).split()
ROW = np.array([0.2, 0.3, 0.4, -0.2, -0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.2, -0.5, 0.1])


def shown(name: str) -> str:
    """What the cell of this id prints and says."""
    return printed(CELLS[name])


def example_e(p):
    W1, b1, W2, b2 = p[:6].reshape(3, 2), p[6:9], p[9:12], p[12]
    return binary_cross_entropy(sigmoid(W2 @ relu(W1 @ np.array([1, 0.5]) + b1) + b2), 1.0)


# --- measured slopes ------------------------------------------------------------------------------


def test_the_cube_by_hand():
    assert (2.1**3 - 8) / 0.1 == pytest.approx(12.61) and (2.1**3 - 1.9**3) / 0.2 == pytest.approx(12.01)
    for line in (
        "one-sided 12.61, off by 0.61; centred off by 0.01",
        "one-sided 12.0601, off by 0.06; centred off by 0.0001",
    ):
        assert line in shown("slope")


def test_worked_example_e_computed_and_measured():
    p = Tensor(ROW)
    (computed,) = gradients_of(example_e(p), [p])
    measured = numerical_gradient(lambda p: example_e(p).item(), ROW)
    for gradient in (computed, measured):
        rounded = [Decimal(float(entry)).quantize(Decimal("0.000001")) for entry in gradient]
        assert rounded == [Decimal(figure) for figure in EXAMPLE_E]
    assert shown("whole-forward") == "L = 0.586962\n"
    lines = shown("whole-measure").splitlines()
    found = [re.findall(r"-?\d\.\d{6}", line) for line in lines]
    assert found == [[f"{Decimal(figure):.6f}"] * 2 for figure in EXAMPLE_E]
    assert sum(set(pair) == {"0.000000"} for pair in found) == 4


def test_the_valley():
    def relative(eps: float) -> tuple[float, float]:
        f = lambda x: x * x * x  # noqa: E731
        return abs((f(2 + eps) - f(2)) / eps - 12) / 12, abs((f(2 + eps) - f(2 - eps)) / (2 * eps) - 12) / 12

    assert [f"{error:.0e}" for error in relative(1e-5)] == ["5e-06", "2e-11"]
    assert [f"{error:.0e}" for error in relative(1e-7)] == ["5e-08", "5e-10"]
    assert [f"{error:.0e}" for error in relative(1e-13)] == ["8e-04", "8e-04"]
    assert "ε = 1e-05: one-sided 5e-06, centred 2e-11" in shown("smaller")
    p = Tensor(ROW)
    (exact,) = gradients_of(example_e(p), [p])
    curve = epsilon_curve(lambda p: example_e(p).item(), ROW, exact)
    assert 1e-6 <= curve.best_epsilon <= 1e-4 and 1e-8 <= curve.best_one_sided <= 1e-6
    assert np.all(curve.centred[3:6] < 1e-9)


# --- the program that names another loss ----------------------------------------------------------


def its_gradients(X, y, W1, b1, W2, b2):
    m = len(X)
    a1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
    dz2 = 1 / (1 + np.exp(-(a1 @ W2 + b2))) - y
    dz1 = (dz2 @ W2.T) * a1 * (1 - a1)
    return X.T @ dz1 / m, dz1.sum(axis=0) / m, a1.T @ dz2 / m, dz2.sum(axis=0) / m


def test_the_verdict_on_source_2():
    """Wrong for the squared error and for half of it, right for cross-entropy; and the mistake has a name."""
    X = np.array([[0.5, -1.0], [1.5, 0.25], [-1.0, 2.0], [0.3, 0.8]])
    y = np.array([[1.0], [0.0], [1.0], [0.0]])
    p = np.array([0.8, -0.5, 0.3, -0.4, 0.9, 0.6, 0.1, -0.2, 0.3, 1.2, -0.7, 0.5, -0.1])
    parts = p[:6].reshape(2, 3), p[6:9], p[9:12].reshape(3, 1), p[12:]
    claimed = its_gradients(X, y, *parts)
    flat = np.concatenate([part.ravel() for part in claimed])

    def output(W1, b1, W2, b2):
        return sigmoid(sigmoid(X @ W1 + b1) @ W2 + b2)

    def split(p):
        return p[:6].reshape(2, 3), p[6:9], p[9:12].reshape(3, 1), p[12:]

    squared = lambda p: mean_squared_error(output(*split(p)), y).item()  # noqa: E731
    entropy = lambda p: binary_cross_entropy(output(*split(p)), y).item()  # noqa: E731
    reports = [compare_gradients(f, p, flat) for f in (squared, lambda p: squared(p) / 2, entropy)]
    assert [report.ok for report in reports] == [False, False, True]
    assert [f"{report.largest_relative_error:.2f}" for report in reports[:2]] == ["0.97", "0.98"]
    names = ("W1", "b1", "W2", "b2")
    tensors = [Tensor(part, name=name) for name, part in zip(names, parts)]
    found = diagnose(mean_squared_error(output(*tensors), y), dict(zip(names, claimed)))
    assert found.mistake == "cross_entropy_delta" and found.also == ()
    measured = np.array([entry.numerical for entry in reports[0].entries])
    assert [f"{factor:.2f}" for factor in sorted(flat / measured)[:: len(flat) - 1]] == ["2.28", "31.02"]
    assert "error: 13 of 13 wrong, relative error up to 0.97, factors from 2.28 to 31.02" in shown("source-check")
    assert "cross-entropy: 0 of 13 wrong, relative error up to 0.00, factors from 1.00" in shown("source-check")
    assert shown("source-diagnose").startswith("cross_entropy_delta\n")


# --- the zoo --------------------------------------------------------------------------------------


def test_what_the_loss_curves_prove():
    ends = {specimen.label: specimen.train(150) for specimen in BUG_ZOO}
    assert sum(curve[-1] < curve[0] / 2 for curve in ends.values()) == 9
    lower = [s.label for s in BUG_ZOO if ends[s.label][-1] < s.train(150, broken=False)[-1]]
    assert lower == ["A", "E", "G", "J", "K"]
    assert "below half: 9 of 12; lower than with the right gradients: A, E, G, J, K" in shown("zoo-curves")


def test_the_figures_to_be_found_in_the_zoo():
    task = exercise("07.check.zoo")
    assert [float(task.truth(name)) for name in task.asks] == [pytest.approx(12), 6, 15]
    gradients, true = BUG_ZOO[4].gradients(), BUG_ZOO[4].true_gradients()
    for name in true:
        assert np.allclose(gradients[name], 12 * true[name], rtol=1e-9)


def test_wrong_figures_from_the_zoo(task):
    check = task("07.check.zoo").check
    assert check(factor_E=11).mistakes == ("residual over true",)
    assert check(factor_E=0.0833).mistakes == ("true over claimed",)
    assert check(wrong_F=5).mistakes == ("b1 only",) and check(wrong_F=15).mistakes == ("right entries counted",)
    assert check(zeros_C=6).mistakes == ("residuals of 0 counted",)
    assert check(wrong_F=1).mistakes == ("b2 only",) and check(zeros_C=10).mistakes == ("W1 only",)
    assert check(zeros_C=5).mistakes == ("b1 alone",)
    residual = BUG_ZOO[2].residual()
    assert sum(int(np.sum(np.abs(entry) < 1e-12)) for entry in residual.values()) == 6


@pytest.mark.parametrize("specimen", BUG_ZOO, ids=lambda specimen: specimen.label)
def test_a_guess_at_the_loss_is_answered_there(specimen):
    """1/m missing and a flipped sign stand at the loss, so each of them changes all gradients by one factor."""
    true = specimen.true_gradients()
    for mistake, factor in (("one_over_m_missing", len(specimen.habitat.X)), ("sign_flipped", -1)):
        claimed = specimen.gradients_if(mistake)
        assert all(np.allclose(claimed[name], factor * true[name], rtol=1e-9) for name in true), mistake


# --- the patients: as they stand in the notebook, and mended ---------------------------------------

PATIENTS = {
    "classes": (
        "backward_1", {"one_over_m_missing", "relu_mask_missing"},
        {"dz2 = p - y": "dz2 = (p - y) / len(X)", "dz1 = dz2 @ W2.T": "dz1 = dz2 @ W2.T * (z1 > 0)"},
    ),
    "tanh": (
        "backward_2", {"bias_averaged", "other_activation"},
        {"a1 * (1 - a1)": "(1 - a1**2)", ".mean(": ".sum("},
    ),
    "loop": (
        "backward_3", {"one_example_only", "derivative_at_z"},
        {
            "z1 * (1 - z1)": "a1 * (1 - a1)",
            "    for x": "    dW1 = db1 = dW2 = db2 = 0\n    for x",
            "dW2, db2 = np.outer(a1, dz2), dz2": "dW2, db2 = dW2 + np.outer(a1, dz2), db2 + dz2",
            "dW1, db1 = np.outer(x, dz1), dz1": "dW1, db1 = dW1 + np.outer(x, dz1), db1 + dz1",
        },
    ),
    "block": (
        "backward_4", {"weight_not_transposed", "overwritten", "path_forgotten"},
        {"dh = dz @ W": "dh = dz @ W.T + ds"},
    ),
}  # fmt: skip


def patient(name: str, repairs: dict[str, str]):
    """The function of the notebook's cell, with these repairs."""
    function, _, _ = PATIENTS[name]
    source = CELLS[name].source.split("\n\n\nexercise(")[0]
    for old, new in repairs.items():
        assert old in source
        source = source.replace(old, new)
    space = {"np": np, "sigma": lambda z: 1 / (1 + np.exp(-z))}
    exec(source, space)
    return space[function]


@pytest.mark.parametrize("name", PATIENTS)
def test_a_patient_with_both_mistakes(name, task):
    _, mistakes, _ = PATIENTS[name]
    feedback = task(f"07.check.{name}").check(patient(name, {}))
    assert feedback.correct is False
    if name == "block":  # both in one line: the checker says that it recognises none
        assert feedback.mistakes == () and "none of the known mistakes" in feedback.text
    else:
        assert set(feedback.mistakes) == mistakes and "exactly one pair does" in feedback.text


@pytest.mark.parametrize("name", PATIENTS)
def test_a_mended_patient(name, task):
    _, _, repairs = PATIENTS[name]
    assert task(f"07.check.{name}").check(patient(name, repairs)).correct is True


@pytest.mark.parametrize(
    ("name", "repair", "left"),
    [
        ("classes", {"dz2 = p - y": "dz2 = (p - y) / len(X)"}, {"relu_mask_missing"}),
        ("classes", {"dz1 = dz2 @ W2.T": "dz1 = dz2 @ W2.T * (z1 > 0)"}, {"one_over_m_missing"}),
        ("tanh", {".mean(": ".sum("}, {"other_activation"}),
        ("tanh", {"a1 * (1 - a1)": "(1 - a1**2)"}, {"bias_averaged"}),
        ("loop", {"z1 * (1 - z1)": "a1 * (1 - a1)"}, {"one_example_only"}),
        ("block", {"dh = dz @ W": "dh = dz @ W.T"}, {"overwritten", "path_forgotten"}),
        ("block", {"dh = dz @ W": "dh = dz @ W + ds"}, {"weight_not_transposed"}),
    ],
)
def test_a_patient_with_one_mistake_left(name, repair, left, task):
    feedback = task(f"07.check.{name}").check(patient(name, repair))
    assert feedback.correct is False and set(feedback.mistakes) == left


@pytest.mark.parametrize("name", PATIENTS)
def test_the_patients_numbers_hide_nothing(name):
    """They are those of suggest_probe, but for the targets of the loop; every mistake shows."""
    task = exercise(f"07.check.{name}")
    if name != "loop":
        probe = suggest_probe(task.loss, {key: value.shape for key, value in task.given.items()})
        for key, value in task.given.items():
            assert np.array_equal(value, probe[key])
    walk = walk_of(task.graph())
    found = confusions(walk, Landmarks(walk))
    assert found.unseen == ()
    assert not [text for text in reasons(Landmarks(walk), PATIENTS[name][1]) if "Square shapes" not in text]


# --- the other exercises: their typical mistakes --------------------------------------------------


def test_by_hand(task):
    by_hand = task("07.check.by-hand")
    assert [float(by_hand.truth(name)) for name in by_hand.asks] == pytest.approx([3.64, 3.04, 0.04 / 3.04])
    assert by_hand.check(one_sided=3.64, centred=3.04, relative_error=0.0132).correct is True


@pytest.mark.parametrize(
    ("answers", "mistake"),
    [
        ({"one_sided": 2.44}, "one-sided to the left"),
        ({"one_sided": 0.728}, "not divided"),
        ({"centred": 1.216}, "not divided"),
        ({"one_sided": 1.82}, "divided by 2ε instead of ε"),
        ({"centred": 6.08}, "divided by ε instead of 2ε"),
        ({"centred": 0.608}, "divided by 2 instead of 2ε"),
        ({"one_sided": 8.64}, "f(x) not subtracted"),
        ({"relative_error": 0.04}, "absolute error"),
        ({"relative_error": 0.01333}, "divided by the smaller"),
        ({"relative_error": 0.006623}, "divided by the sum"),
        ({"relative_error": 0.1758}, "error of the one-sided slope"),
    ],
)
def test_a_mistake_by_hand_is_named_by_its_number(answers, mistake, task):
    assert task("07.check.by-hand").check(**answers).mistakes == (mistake,)


def test_the_second_hint_by_hand_leaves_the_numbers_to_the_learner():
    assert not re.search(r"\d\.\d", exercise("07.check.by-hand").hint(2).text)


def test_the_largest_relative_error(task):
    check = task("07.check.relative-error").check

    def solution(claimed, measured):
        size = np.maximum(abs(claimed), abs(measured))
        return np.max(abs(claimed - measured) / np.where(size > 0, size, 1))

    def mean(claimed, measured):
        size = np.maximum(abs(claimed), abs(measured))
        return np.mean(abs(claimed - measured) / np.where(size > 0, size, 1))

    assert check(solution).correct is True
    assert check(mean).mistakes == ("mean instead of the largest",)
    assert check(lambda a, b: mean(a, b) * a.size).mistakes == ("sum instead of the largest",)
    unsigned = check(lambda a, b: np.max(abs(a - b) / np.where(a == b, 1, np.maximum(a, b))))
    assert unsigned.mistakes == ("sizes without the bars",)
    assert check(lambda a, b: np.max(abs(a - b))).mistakes == ("absolute error",)
    for largest in (lambda a, b: np.max(abs(b)), lambda a, b: max(np.max(abs(a)), np.max(abs(b)))):
        found = check(lambda a, b, largest=largest: np.max(abs(a - b)) / largest(a, b))
        assert found.mistakes == ("divided by the largest entry",)
    for size, mistake in (
        (lambda a, b: abs(a), "divided by the claimed one"),
        (lambda a, b: abs(b), "divided by the measured one"),
        (lambda a, b: np.maximum(abs(a), abs(b)) + 1e-8, "a small number added below"),
        (lambda a, b: np.maximum(abs(a), abs(b)) + 1e-10, "a small number added below"),
        (lambda a, b: np.minimum(abs(a), abs(b)), "divided by the smaller one"),
        (lambda a, b: (abs(a) + abs(b)) / 2, "divided by the mean of the two"),
        (lambda a, b: np.maximum(np.maximum(abs(a), abs(b)), 1), "divided by at least 1"),
    ):
        found = check(lambda a, b, size=size: np.max(abs(a - b) / np.where(size(a, b) > 0, size(a, b), 1)))
        assert found.mistakes == (mistake,)
    for difference, mistake in ((lambda a, b: a - b, "sign kept"), (lambda a, b: b - a, "sign kept, measured first")):
        signed = check(lambda a, b, d=difference: np.max(d(a, b) / np.where(a == b, 1, np.maximum(abs(a), abs(b)))))
        assert signed.mistakes == (mistake,)
    norm = np.linalg.norm
    assert check(lambda a, b: norm(a - b) / (norm(a) + norm(b))).mistakes == ("lengths of the whole arrays",)
    with np.errstate(invalid="ignore"):  # 0 / 0 where both are 0
        nan = check(lambda a, b: np.max(abs(a - b) / np.maximum(abs(a), abs(b))))
    assert nan.correct is False and nan.mistakes == ()


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [("bottom", (4.5, 5, 5.5), (1, 3, 9, 15)), ("float32", (1.5, 2), (0, 5, 7)), ("reach", (2.5,), (1, 2, 3, 9))],
)
def test_what_the_slider_lets_one_find(name, right, wrong, task):
    asked, reach = task(f"07.check.{name}"), task("07.check.reach")
    for k in right:
        assert asked.check(k).correct is True, k
    for k in wrong:
        assert asked.check(k).correct is False, k
    assert asked.check(float(asked.example())).correct is True
    assert "rounding" in reach.check(15.5).text and "right already" in reach.check(3).text
    assert "step ε itself" in asked.check(1e-5).text and "k goes from 0 to 15.5" in asked.check(40).text


def test_every_gradient_has_the_shape_of_its_value():
    """The third line is of Z1, to which dZ1 belongs, and not of A1."""
    lines = ["W1 (4, 2), its gradient (4, 2)", "W2 (1, 4), its gradient (1, 4)", "Z1 (4, 4), its gradient (4, 4)"]
    assert shown("shapes").splitlines() == lines


# --- what a cell shows ---

SHOWN = {
    "slope": ["ε = 0.001: one-sided 12.006, off by 0.006; centred off by 1e-06"],
    "relative": [
        "computed 2e-05, measured 1e-05: relative error 0.5",
        "computed 1.00001, measured 1: relative error 1e-05",
        "computed 0.5, measured -0.5: relative error 2",
    ],
    "report": ["Wrong: 1 of 3 entries. The largest relative error is 0.083, at x[2]: claimed 11, measured 12."],
    "smaller": [
        "ε = 1e-01: one-sided 5e-02, centred 8e-04",
        "ε = 1e-07: one-sided 5e-08, centred 5e-10",
        "ε = 1e-09: one-sided 8e-08, centred 8e-08",
        "ε = 1e-13: one-sided 8e-04, centred 8e-04",
    ],
    "valley": ["From ε = 1e-04 to 1e-06 the centred error is below 1e-09, at 1e-01 it is 9e-05."],
    "slider": ["ε = 1: measured slope 13, true slope 12, relative error 0.083"],
    "kink": ["the slope is 0 on the left and 1 on the right, and the centred difference says 0.5", "steps of 0.005"],
    "kink-report": ["1 of 4 entries lie at a kink", "kink: slope 0 on the left, 1 on the right", "kink within 2e-05"],
    "random": ["The function gave 1 and then 15 for the same x."],
    "source-check": ["½ the mean squared error: 13 of 13 wrong, relative error up to 0.98, factors from 4.56 to 62.03"],
    "falls": ["From 0.360 the loss falls to 0.039 with the wrong gradient and to 0.161 with the right one."],
    "where-map": ["Wrong are 3 of 13 entries (W1 2 of 6, b1 1 of 3); the largest residual is 0.222, at W1[2, 0]"],
    "without-graph": [
        "Every entry is 2 times the true one",
        "4 times the true one: the 1/m of a mean over m = 4 missing",
    ],
    "zoo-curves": [
        "A: from 0.36 to 0.039, with the right gradients to 0.16",
        "B: from 0.29 to 0.55, with the right gradients to 0.045",
        "C: from 0.29 to 0.22, with the right gradients to 0.012",
        "H: from 2.4 to more than 10, with the right gradients to 0.13",
    ],
    "hidden": ["m = 5: bias_averaged", "m = 1: Right: all 4 entries of 2 gradients agree."],
    "probe": [
        "123 replays with a mistake give 115 different sets of gradients",
        "('two_doubled', 'accumulated_twice')",
    ],
    "cost": [
        "2–3–1: 13 parameters, 26 forward passes",
        "784–128–10: 101,770 parameters, 203,540 forward passes",
        "784–1000–1000–10: 1,796,010 parameters, 3,592,020 forward passes",
    ],
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_cell_shows_the_figures(name):
    for figures in SHOWN[name]:
        assert re.search(rf"(?<![\w.]){re.escape(figures)}(?!\.?\w)", shown(name)), shown(name)


def test_the_error_of_the_bend_and_the_digits_that_cancel():
    """What the text says about x³ at 2: ε²/12, and twelve of sixteen digits with 10⁻¹³."""
    assert [f"{eps**2 / 12:.0e}" for eps in (0.1, 1e-5)] == ["8e-04", "8e-12"]
    assert f"{24 * 1e-13:.1e}" == "2.4e-12" and 12 < np.log10(8 / 2.4e-12) < 13
    worse = [5e-6 / 2e-11, 5e-8 / 5e-10, 8e-8 / 8e-8]  # one-sided against centred, as the cell prints them
    assert [round(float(np.log10(times))) for times in worse] == [5, 2, 0]


def test_the_missing_factor_is_a_half_at_most():
    a = np.linspace(0, 1, 101)
    assert (2 * a * (1 - a)).max() == 0.5
