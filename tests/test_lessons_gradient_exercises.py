"""An exercise that asks for gradients takes them in any form, and says which textbook mistake gives exactly these."""

import numpy as np
import pytest

from backprop_lib import Tensor, mean_squared_error, sigmoid, tanh
from backprop_lib.diagnosis import gradients_with_mistake
from backprop_lib.lessons import GradientExercise, course
from backprop_lib.lessons.record import Progress

COURSE = [
    task
    for notebook in course.notebooks()
    for task in course.exercises(notebook).values()
    if isinstance(task, GradientExercise)
]
X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [-1.0, 0.5, 0.3], [0.2, 0.9, -0.4]])
Y = np.array([[0.1, 0.7], [0.9, 0.2], [0.4, 0.6], [0.3, 0.8]])
HINTS = ["Look.", "W is {W}.", "dL/db = {dL_db}."]


def layer(X, W, b, Y):
    z = X @ W.T + b
    z.name = "z"
    return mean_squared_error(sigmoid(z), Y)


def task(**more):
    given = {"X": X, "W": np.array([[0.3, -0.2, 0.5], [0.1, 0.4, -0.6]]), "b": np.array([0.05, -0.1]), "Y": Y}
    return GradientExercise(
        "05.check.sample", "?", layer, **{"given": given, "asks": ("W", "b"), "hints": HINTS, **more}, record=Progress()
    )


def backward(X, W, b, Y):
    a = 1 / (1 + np.exp(-(X @ W.T + b)))
    delta = 2 * (a - Y) / Y.size * a * (1 - a)
    return delta.T @ X, delta.sum(axis=0)


def right(exercise):
    return {f"dL_d{name}": exercise.truth(name) for name in exercise.asks}


@pytest.mark.parametrize(
    "form",
    [np.asarray, Tensor, np.ndarray.tolist, lambda v: np.round(v, 4)],
    ids=["array", "Tensor", "list", "rounded"],
)
def test_the_right_gradients_are_right_in_any_form(form):
    feedback = task().check(**{name: form(value) for name, value in right(task()).items()})
    assert feedback.correct is True and feedback.score == (2, 2) and feedback.mistakes == ()


def test_a_mistake_is_named_and_the_right_gradients_stay_right():
    feedback = task().check(dL_dW=task().truth("W"), dL_db=task().truth("b") / 4)
    assert feedback.correct is False and feedback.score == (1, 2)
    assert "bias_averaged" in feedback.mistakes
    assert "✓ dL/dW" in feedback.text and "✗ dL/db" in feedback.text and "Exactly your numbers" in feedback.text


@pytest.mark.parametrize(
    "mistake", ["activation_derivative_missing", "sign_flipped", "one_over_m_missing", "gradient_transposed"]
)
def test_a_mistake_of_the_bank_is_recognised(mistake):
    wrong = gradients_with_mistake(task().graph(), mistake)
    feedback = task().check(dL_dW=wrong["W"], dL_db=wrong["b"])
    assert feedback.correct is False and mistake in feedback.mistakes


def test_unknown_numbers_are_called_wrong_and_not_guessed():
    feedback = task().check(dL_dW=task().truth("W") * 1.01 + 0.003, dL_db=None)
    assert feedback.correct is False and feedback.mistakes == ()
    assert "none of the known mistakes" in feedback.text and "not answered yet: dL/db" in feedback.text


def test_what_is_not_answered_is_open():
    assert task().check().correct is None and task().check(None).correct is None
    half = task().check(dL_db=task().truth("b"))
    assert half.correct is None and half.score == (1, 2)


def test_a_function_is_judged_by_what_it_returns():
    assert task().check(backward).correct is True
    assert task().check(lambda X, W, b, Y: dict(zip(("dL_dW", "b"), backward(X, W, b, Y)))).correct is True
    feedback = task().check(lambda X, W, b, Y: (backward(X, W, b, Y)[0].T, backward(X, W, b, Y)[1]))
    assert "gradient_transposed" in feedback.mistakes and feedback.score == (1, 2)
    assert "expected are 2 gradients" in task().check(lambda X, W, b, Y: 3).text
    assert "returns nothing" in task().check(lambda X, W, b, Y: None).text
    assert "must take 4 arguments" in task().check(lambda X: X).text
    assert "stopped" in task().check(lambda X, W, b, Y: X @ Y).text


def test_a_function_is_tried_on_every_probe():
    def only_for_four(X, W, b, Y):
        dW, db = backward(X, W, b, Y)
        return dW * len(X) / 4, db * len(X) / 4

    assert task().check(only_for_four).correct is True
    exercise = task(probes=[{"X": X[:3], "Y": Y[:3]}])
    feedback = exercise.check(only_for_four)
    assert feedback.correct is False and "set 2 of the values" in feedback.text
    assert exercise.check(backward).correct is True
    assert exercise._record.get("05.check.sample").choice == 2  # one try for each check


def test_a_single_gradient_needs_no_name_and_an_inner_tensor_may_be_asked_for():
    exercise = task(
        asks="z", given={**task().given, "W": np.eye(2, 3), "b": 0.5 * np.ones(2)}, hints=["", "", "{dL_dz}"]
    )
    exercise.loss = lambda X, W, b, Y: layer(X, Tensor(W), b, Y)
    truth = exercise.truth("z")
    assert truth.shape == (4, 2) and exercise.check(truth).correct is True
    assert "dL/dz" in exercise.box().text and str(exercise.hint(3)).count("[") >= 1


def test_nonsense_is_refused_kindly():
    assert "not a number" in task().check(dL_dW="much").text
    assert "not finite" in task().check(dL_dW=task().truth("W") * np.nan).text
    with pytest.raises(ValueError, match="no dW here; this exercise asks for dL_dW, dL_db"):
        task().check(dW=1)
    with pytest.raises(ValueError, match="say which gradient is which"):
        task().check(1.0)
    with pytest.raises(ValueError, match="a probe has other values"):
        task(probes=[{"Z": 1}])


def test_hints_are_filled_in():
    exercise = task()
    assert exercise.hint(2).blocks == ("W is [[0.3, -0.2, 0.5], [0.1, 0.4, -0.6]].",)
    assert "dL/db = [" in exercise.hint(3).text


def test_the_learner_cannot_change_what_is_given():
    exercise = task()

    def careless(X, W, b, Y):
        X *= 0
        return backward(X, W, b, Y)

    exercise.check(careless)
    assert exercise.check(backward).correct is True


def test_tanh_slope_at_z_is_told_from_numbers_on_a_page():
    exercise = GradientExercise(
        "05.check.tanh", "?", lambda w, x, b, y: (tanh(w * x + b) - y) ** 2 / 2,
        {"w": -0.6, "x": 1.5, "b": 0.4, "y": 1.0}, ("w", "b"), ["", "", ""], record=Progress(),
    )  # fmt: skip
    z = -0.5
    delta = (np.tanh(z) - 1) * (1 - z**2)
    feedback = exercise.check(dL_dw=round(delta * 1.5, 4), dL_db=round(delta, 4))
    assert feedback.correct is False and "derivative_at_z" in feedback.mistakes


@pytest.mark.parametrize("exercise", COURSE, ids=[exercise.key for exercise in COURSE])
def test_every_exercise_of_the_course_takes_its_right_answer(exercise, monkeypatch):
    monkeypatch.setattr(exercise, "_record", Progress())
    assert exercise.check(**right(exercise)).correct is True
    wrong = exercise.check(**{name: -2.37 * value for name, value in right(exercise).items()})
    assert wrong.correct is False
    for level in (1, 2, 3):
        assert "{" not in exercise.hint(level).text
    assert exercise.check(exercise.backward).correct is True


def sensible(value: np.ndarray, decimals: int) -> bool:
    """Whether so many places after the point leave the largest entry three digits."""
    largest = np.max(np.abs(value))
    return bool(largest > 0) and decimals + np.floor(np.log10(largest)) + 1 >= 3


@pytest.mark.parametrize("exercise", COURSE, ids=lambda exercise: exercise.key)
def test_each_gradient_is_judged_by_its_own_digits(exercise):
    """Rounded to places, to significant digits, or exact; and any mixture of these."""
    forms = [lambda v: v, lambda v: np.vectorize(lambda x: float(f"{x:.4g}"))(v)]
    forms += [lambda v, k=k: np.round(v, k) if sensible(v, k) else v for k in range(3, 11)]
    exact = {name: exercise.truth(name) for name in exercise.asks}
    for shift in range(len(forms)):
        for step in (0, 1, 3):
            chosen = [forms[(shift + step * k) % len(forms)] for k in range(len(exact))]
            answers = {f"dL_d{name}": form(exact[name]) for form, name in zip(chosen, exact, strict=True)}
            feedback = exercise.check(**answers)
            assert feedback.correct is True, (answers, feedback.text)


@pytest.mark.parametrize("exercise", COURSE, ids=lambda exercise: exercise.key)
def test_too_few_digits_are_not_right(exercise):
    """A number alone needs three digits, an array three in its largest entry."""
    for name in exercise.asks:
        truth = np.asarray(exercise.truth(name))
        largest = float(np.max(np.abs(truth)))
        few = np.vectorize(lambda x, places: round(x, places))(truth, 1 - int(np.floor(np.log10(largest))))
        if np.all(np.abs(few - truth) <= 1e-3 * np.abs(truth)):
            continue  # the truth itself has as few digits
        assert exercise.check(**{f"dL_d{name}": few}).correct is False, (name, few, truth)
