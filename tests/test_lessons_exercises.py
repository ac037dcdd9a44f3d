"""Every exercise takes the right answer in any form, names each mistake by its number, and survives nonsense."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest

from backprop_lib import Tensor, relu, sigmoid
from backprop_lib.lessons import Exercise, FunctionExercise, Mistake, Target, course, glossary, gradient_of
from backprop_lib.lessons import exercise as course_exercise
from backprop_lib.lessons.answers import agrees, read
from backprop_lib.lessons.mistakes import rounded_early, sign_flipped
from backprop_lib.lessons.record import Progress
from backprop_lib.lessons.steps import arguments, label, named, replay

ALL = [task for notebook in course.notebooks() for task in course.exercises(notebook).values()]
NUMBERS = [task for task in ALL if isinstance(task, Exercise)]
FUNCTIONS = [task for task in ALL if isinstance(task, FunctionExercise)]
PAIRS = [task for task in FUNCTIONS if len(task.truth(task.probes[0])) == 2]  # their functions return two values
TARGETS = [task for task in ALL if isinstance(task, Target)]


def by_key(tasks):
    return pytest.mark.parametrize("task", tasks, ids=[task.key for task in tasks])


@pytest.fixture(autouse=True)
def a_record_of_its_own(monkeypatch):
    record = Progress()
    for task in ALL:
        monkeypatch.setattr(task, "_record", record)
        monkeypatch.setattr(task, "_level", 0)
    return record


def truths(task: Exercise) -> dict[str, float]:
    return {name: task.truth(name).item() for name in task.asks}


FORMS = {
    "float": float,
    "six digits": lambda v: float(f"{v:.6g}"),
    "three digits": lambda v: float(f"{v:.3g}"),
    "text": lambda v: f"{v:.5g}",
    "text with a typeset minus": lambda v: f"{v:.5g}".replace("-", "−"),
    "fraction": lambda v: Fraction(v),
    "array": np.array,
    "array of one": lambda v: np.array([v]),
    "list": lambda v: [v],
    "float32": np.float32,
    "Tensor": Tensor,
    "column": lambda v: [[v]],
}


def test_there_is_a_module_for_each_of_the_first_notebooks():
    assert course.notebooks()[:5] == ["00", "01", "02", "03", "04"]
    assert all(len(course.exercises(notebook)) >= 3 for notebook in ("01", "02", "03", "04"))


@by_key(NUMBERS)
@pytest.mark.parametrize("form", FORMS)
def test_the_right_answer_is_right_in_every_form(task, form):
    feedback = task.check(**{name: FORMS[form](value) for name, value in truths(task).items()})
    assert feedback.correct is True, feedback.text
    assert feedback.score == (len(task.asks), len(task.asks))


def taken(mistake: Mistake, answer: float, truth: np.ndarray) -> bool:
    """Whether this wrong number is right by the rule for digits: what rounding gives may also be the truth cut off."""
    return agrees(read(answer), truth) or (mistake.every is not None and agrees(read(answer), truth, cut=True))


@by_key(NUMBERS)
def test_each_mistake_is_named_by_each_number_that_it_gives(task):
    for mistake in task.mistakes:
        seen = False
        for name in task.asks:
            truth, value = task.truth(name), task.truth(name, mistake)
            if np.allclose(value, truth, rtol=1e-9, atol=0):
                continue
            seen = True
            for digits in (4, 6, 17):
                answer = float(f"{value.item():.{digits}g}")
                if taken(mistake, answer, truth):
                    continue  # only with so few digits
                feedback = task.check(**{name: answer})
                assert feedback.correct is False
                assert mistake.name in feedback.mistakes, (name, answer, feedback.text)
                assert mistake.cause in feedback.text and mistake.remedy in feedback.text
        assert seen, f"{mistake.name} cannot be told from the truth in {task.key}: choose other given values"


@by_key(NUMBERS)
def test_a_mistake_at_all_lines_is_named(task):
    for mistake in task.mistakes:
        answers = {name: task.truth(name, mistake).item() for name in task.asks}
        if all(taken(mistake, answers[name], task.truth(name)) for name in task.asks):
            continue
        feedback = task.check(**answers)
        assert feedback.correct is False
        assert mistake.name in feedback.mistakes or "follows correctly" in feedback.text


NONSENSE = [
    *("abc", "'; import os", "<b>0.5</b>", True, math.nan, math.inf, 1e300, -1e300, 10**400, 3j),
    *([1, 2, 3], (), [[1], [2, 3]], np.zeros((3, 4)), np.array([]), {}, object(), type, lambda x: x),
]


@by_key(NUMBERS)
@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda value: repr(value)[:20])
def test_nonsense_is_wrong_with_a_sentence(task, nonsense):
    for name in task.asks:
        feedback = task.check(**{name: nonsense})
        assert feedback.correct is False and not feedback.mistakes
        assert len(feedback.text) < 1500 and "Try again" in feedback.text
        assert "<b>" not in feedback.html


@by_key(NUMBERS)
def test_a_number_that_nothing_gives_is_honestly_not_recognised(task):
    name = task.asks[-1]
    feedback = task.check(**{name: 0.0123 + 7.7777 * task.truth(name).item()})
    assert feedback.correct is False and not feedback.mistakes
    assert "None of the typical mistakes gives exactly this." in feedback.text


@by_key(ALL)
def test_unanswered_is_quiet_and_the_same_each_time(task, a_record_of_its_own):
    for nothing in (None, ...):
        if isinstance(task, Exercise):
            first, second = task.check(**dict.fromkeys(task.asks, nothing)), task.check()
        else:
            first, second = task.check(nothing), task.check()
        assert first.correct is None and first.text == second.text and first.html == second.html
        assert first.title == "Not answered yet"
    assert not a_record_of_its_own._entries


@by_key(ALL)
def test_three_hints_of_which_only_the_last_gives_it_away(task):
    texts = [task.hint().text for _ in range(4)]
    assert [text.splitlines()[0] for text in texts] == [f"→ Hint {n} of 3" for n in (1, 2, 3, 3)]
    assert texts[2] == texts[3] and len(set(texts)) == 3
    assert task.hint(1).text == texts[0]
    if isinstance(task, Exercise):
        given = [float(value) for value in task.given.values()]
        for text in texts[:2]:
            for number in re.findall(r"(?<![\w.])[−-]?\d+\.?\d*(?:e-?\d+)?(?![\w.])", text.partition("\n")[2]):
                value = float(number.replace("−", "-"))
                if value not in (*given, 0, 1, 2, 3, 5, 6):  # written in the exercise, or small counts
                    assert not any(agrees(read(value), task.truth(name)) for name in task.asks[-1:]), text
        for name in task.asks[-1:]:
            shown_value = f"{task.truth(name).item():.6g}"
            assert shown_value in texts[2], f"the last hint does not give {name} = {shown_value}"


def test_hint_levels_that_are_not_there():
    task = course_exercise("03.check.sigmoid")
    for level in (0, 4, "1", 1.5):
        with pytest.raises(ValueError, match="hints 1 to 3"):
            task.hint(level)
    with pytest.raises(ValueError, match="give 3 hints"):
        Exercise("03.check.x", "?", {"a": lambda: 1}, "a", {}, hints=["one"])


# --- the worked examples, digit by digit ---


@pytest.mark.parametrize(
    ("key", "figures"),
    [
        ("03.check.relu", {"z": 7, "a": 7, "L": 9, "dL_da": 6, "da_dz": 1, "dL_dz": 6, "dL_dw": 12, "dL_db": 6,
                           "dL_dx": 18}),
        ("03.check.sigmoid", {"z": 2.5, "a": 0.924142, "L": 0.427019, "dL_da": 0.924142, "da_dz": 0.070104,
                              "dL_dz": 0.064786, "dL_dw": 0.129572, "dL_db": 0.064786}),
        ("03.check.update", {"new_w": 0.935214, "new_b": 0.467607}),
        ("04.check.forward", {"z1": 0.5, "h": 0.622459, "z2": -0.186738, "a": 0.453451, "L": 0.149358}),
        ("04.check.backward", {"dL_da": -0.546549, "dL_dz2": -0.135453, "dL_dw2": -0.084314, "dL_dh": 0.040636,
                               "dL_dz1": 0.009550, "dL_dw1": 0.009550}),
        ("04.check.update", {"new_w1": 0.490450, "new_w2": -0.215686}),
        ("02.check.first-graph", {"q": 3, "f": -12, "df_dq": -4, "df_dz": 3, "df_dx": -4, "df_dy": -4}),
        ("01.check.square", {"df_dx": 42}),
    ],
)  # fmt: skip
def test_the_worked_figures(key, figures):
    task = course_exercise(key)
    assert task.check(**figures).correct is True
    for name, figure in figures.items():
        assert f"{task.truth(name).item():.6f}" == f"{figure:.6f}"


@pytest.mark.parametrize("key", ["03.check.relu", "03.check.sigmoid", "03.check.on-your-own"])
def test_the_engine_is_the_referee_of_one_neuron(key):
    task = course_exercise(key)
    activation, half = (relu, 1) if "relu" in key else (sigmoid, 2)

    def loss(w, x, b, y):
        return (activation(w * x + b) - y) ** 2 / half

    for name in ("w", "b", *(["x"] if "dL_dx" in task.asks else [])):
        referee = replay({"gradient": gradient_of(loss, name)}, task.given, "gradient")
        np.testing.assert_allclose(task.truth(f"dL_d{name}"), referee, rtol=1e-12)


@pytest.mark.parametrize("key", ["04.check.backward", "04.check.target-zero"])
def test_the_engine_is_the_referee_of_two_neurons(key):
    task = course_exercise(key)

    def loss(w1, w2, x, y):
        return (sigmoid(w2 * sigmoid(w1 * x)) - y) ** 2 / 2

    for name in ("w1", "w2"):
        referee = replay({"gradient": gradient_of(loss, name)}, task.given, "gradient")
        np.testing.assert_allclose(task.truth(f"dL_d{name}"), referee, rtol=1e-12)


def test_the_already_updated_weight_is_named():
    feedback = course_exercise("04.check.backward").check(dL_dw1=0.006866)
    assert feedback.mistakes == ("updated w2 used in dL/dh",)
    assert "0.006866 is what comes out if the already updated w2 is used on the way back" in feedback.text


# --- several lines at once ---


@by_key(NUMBERS)
@pytest.mark.parametrize("wild", [1e300, -1e300, 0, 1e-300, -1, [[5.25]]])
def test_wild_values_in_earlier_lines_stop_nothing(task, wild):
    for first in task.asks:
        feedback = task.check(**{name: wild if name == first else 0.7 for name in task.asks})
        assert feedback.correct is not None and "inf" not in feedback.text


def test_a_line_that_follows_from_an_earlier_wrong_one_is_told_so():
    feedback = course_exercise("03.check.sigmoid").check(z=2.5, a=0.924, dL_dz=0.9, dL_dw=1.8, dL_db=0.9)
    assert feedback.correct is False and feedback.score == (2, 8)
    assert "dL/dw: 1.8 follows correctly from your earlier values" in feedback.text
    assert "dL/db: 0.9 follows correctly from your earlier values" in feedback.text


def test_an_earlier_wrong_line_that_plays_no_part_excuses_nothing():
    feedback = course_exercise("03.check.sigmoid").check(L=99, dL_dw=0.1298)
    assert "rounded to 3 digits on the way" in feedback.mistakes and "follows" not in feedback.text


def test_what_follows_from_a_mistake_is_not_held_against_the_learner_twice():
    feedback = course_exercise("04.check.backward").check(dL_dz2=-0.1355, dL_dh=0.02922, dL_dw1=0.006866)
    assert feedback.mistakes == ("updated w2 used in dL/dh",)
    assert "dL/dw1: 0.006866 follows correctly" in feedback.text


def test_a_mistake_on_top_of_an_earlier_wrong_line_is_named():
    feedback = course_exercise("03.check.sigmoid").check(dL_dz=0.9, dL_dw=0.9)
    assert "dL/dw: 0.9 is what comes out if the factor x is left out" in feedback.text


def test_rounded_right_lines_do_not_make_later_ones_wrong():
    task = course_exercise("03.check.sigmoid")
    answers = {name: float(f"{value:.3g}") for name, value in truths(task).items()}
    assert task.check(**answers).correct is True


def test_right_so_far():
    feedback = course_exercise("03.check.relu").check(z=7, a=7)
    assert feedback.correct is None and feedback.title == "Right so far" and feedback.score == (2, 9)
    assert "not answered yet: L, dL/da" in feedback.text


def test_names_that_are_not_asked_for():
    with pytest.raises(ValueError, match="There is no dw here"):
        course_exercise("03.check.relu").check(dw=12)
    with pytest.raises(ValueError, match="Say which value is which"):
        course_exercise("03.check.relu").check(12)
    with pytest.raises(KeyError, match=re.escape("03.check.relu")):
        course_exercise("03.check.rleu")
    with pytest.raises(KeyError, match="asked was for '99'"):
        course_exercise("99.check.relu")


# --- exercises that a notebook makes itself ---

HINTS = ["Look.", "Look closer.", "It is {slope}."]


def an_exercise(steps, asks, given, mistakes=()):
    return Exercise("09.check.own", "?", steps, asks, given, mistakes, ["Look.", "Look closer.", "There."], Progress())


def test_a_single_number_needs_no_name_and_the_engine_can_give_the_truth():
    def loss(w, x):
        return (w * x - 1) ** 2

    task = an_exercise({"dL_dw": gradient_of(loss, "w")}, "dL_dw", {"w": 3, "x": 2})
    assert task.check(20).correct and task.check("20").correct
    assert not task.check(10).correct


def test_array_truths():
    truth = np.array([[1.5, -2.0, 0.25], [0.5, 3.0, -0.75]])
    task = an_exercise(
        {"dL_dW": lambda d, x: np.outer(d, x)},
        "dL_dW",
        {"d": np.array([2.0, -1.0]), "x": np.array([0.5, 1.0, -3.0])},
        [
            Mistake(
                "reversed",
                "if the outer product is the wrong way round",
                "δ comes first.",
                {"dL_dW": lambda d, x: np.outer(x, d)},
            )
        ],
    )
    truth = np.outer([2, -1], [0.5, 1, -3])
    assert task.check(truth).correct and task.check(truth.tolist()).correct and task.check(Tensor(truth)).correct
    assert task.check(truth.T).mistakes == ("reversed",)
    assert "the sign is not" in task.check(-truth).text
    off = truth.copy()
    off[1, 2] = 9
    assert "5 of 6 numbers are right; the first wrong one is at [1, 2]" in task.check(off).text
    assert "expected is an array of shape (2, 3)" in task.check(truth[0]).text


def test_a_row_for_a_column_is_right_with_a_remark():
    task = an_exercise({"v": lambda: np.array([1.0, 2.0, 3.0])}, "v", {})
    feedback = task.check([[1], [2], [3]])
    assert feedback.correct and "You gave the shape (3, 1); its own is (3,)" in feedback.text


def test_several_mistakes_that_give_the_same_number_are_all_named():
    task = an_exercise(
        {"e": lambda a, y: a - y},
        "e",
        {"a": 3, "y": 1},
        [sign_flipped("e"), Mistake("target doubled", "if …", "…", {"e": lambda a, y: a - 5 * y})],
    )
    feedback = task.check(-2)
    assert feedback.mistakes == ("sign of e flipped", "target doubled")
    assert "It is also what comes out" in feedback.text


def test_a_mistake_that_gives_the_truth_is_never_named():
    task = an_exercise(
        {"g": lambda d, x: d * x}, "g", {"d": 0.5, "x": 1}, [Mistake("x forgotten", "if …", "…", {"g": lambda d: d})]
    )
    assert task.check(0.5).correct and task.check(0.5).mistakes == ()


def test_a_mistake_nearer_than_the_cut_off_truth_is_the_diagnosis():
    task = an_exercise({"g": lambda: 1.009}, "g", {}, [Mistake("one", "if 1 is taken", "No.", {"g": lambda: 1})])
    assert task.check(1).mistakes == ("one",)
    assert an_exercise({"g": lambda: 1.009}, "g", {}).check(1).correct, "without it, cut off is taken as right"


def test_solved_stays_solved_and_tries_are_counted(a_record_of_its_own):
    task = course_exercise("01.check.square")
    task.check(14)
    task.check(14)
    assert a_record_of_its_own.get(task.key).choice == 2 and not a_record_of_its_own.get(task.key).right
    task.check(42)
    task.check(1)
    assert a_record_of_its_own.get(task.key).right and a_record_of_its_own.get(task.key).choice == 3
    assert "Solved." in repr(task)
    for _ in range(20):
        course_exercise("01.check.cube").check(1)
    assert a_record_of_its_own.get("01.check.cube").choice == 6


# --- functions ---


def as_function(task: FunctionExercise, mistake: Mistake | None = None):
    names = list(task.probes[0])
    return lambda *values: replay(task.steps, dict(zip(names, values, strict=True)), task.asks, mistake)


@by_key(PAIRS)
def test_the_right_function_is_right_whatever_it_returns_its_values_in(task):
    function = as_function(task)
    for form in (lambda v: v, list, np.array, lambda v: tuple(Tensor(float(part)) for part in v)):
        feedback = task.check(lambda *values, form=form: form(function(*values)))
        assert feedback.correct is True, feedback.text


@by_key(FUNCTIONS)
def test_each_mistaken_function_is_named(task):
    for mistake in task.mistakes:
        feedback = task.check(as_function(task, mistake))
        assert feedback.correct is False and mistake.name in feedback.mistakes, feedback.text
        assert "your function returns" in feedback.text and "right is" in feedback.text


def raises(*values):
    return values[0] + undefined_name  # noqa: F821


def recurses(*values):
    return recurses(*values)


def says_nothing(*values):
    print(end="")


def leaves(*values):
    raise SystemExit


class Refuses(Exception):
    def __str__(self):
        raise RuntimeError


def refuses(*values):
    raise Refuses


@by_key(PAIRS)
@pytest.mark.parametrize(
    ("function", "says"),
    [
        (raises, "stopped: NameError in the line `return values[0] + undefined_name"),
        (recurses, "It calls itself without end"),
        (says_nothing, "returns nothing. Is the line with `return` missing?"),
        (leaves, "stopped: SystemExit"),
        (refuses, "stopped: Refuses"),
        (lambda: 1, "must take {count} arguments, in this order: {names}. It takes: nothing."),
        (lambda a, b: 1, "It takes: a, b."),
        (lambda *v: "zero", "expected are 2 values"),
        (lambda *v: ("a", "b"), "not a number"),
        (lambda *v: (math.nan, 1.0), "not finite"),
        (lambda *v: (None, 1.0), "your function returns None"),
        (lambda *v: (1.0, 2.0, 3.0), "expected are 2 values"),
        (lambda *v: 1.0, "expected are 2 values"),
        (lambda *v: ([1.0, 2.0], 1.0), "expected is one number"),
        (lambda *v: (1e300, 1e300), "None of the typical mistakes"),
        (3.0, "expected is a function: give its name, without brackets"),
        ("backward", "expected is a function"),
        (math.sin, "must take {count} arguments"),
    ],
)
def test_broken_functions_are_explained(task, function, says):
    feedback = task.check(function)
    says = says.format(count=len(task.probes[0]), names=", ".join(task.probes[0]))
    assert feedback.correct is False and says in feedback.text, feedback.text


def test_a_function_with_every_value_still_open_is_not_answered_yet(a_record_of_its_own):
    task = course_exercise("03.check.gradients")
    assert task.check(lambda x, w, b, y: (None, None)).correct is None
    assert not a_record_of_its_own._entries
    assert task.check(lambda x, w, b, y: (None, 6.0)).correct is False


def test_what_all_results_have_in_common_is_said():
    task = course_exercise("02.check.multiply-backward")
    assert "the sign is not" in task.check(lambda u, x, y: (-u * y, -u * x)).text
    assert "exactly twice" in task.check(lambda u, x, y: (2 * u * y, 2 * u * x)).text


def test_a_function_that_is_only_sometimes_right_is_told_where_it_is_not():
    task = course_exercise("02.check.multiply-backward")
    feedback = task.check(lambda u, x, y: (u * y, u * x) if x else (0.0, 0.0))
    assert "For upstream = 2, x = 0, y = 5 your function returns 0, 0, right is 10, 0." in feedback.text


def test_a_function_cannot_change_what_it_is_tried_on():
    steps = {"out": lambda x: 2 * x}
    task = FunctionExercise(
        "09.check.f", "?", steps, "out", [{"x": np.array([1.0, 2.0])}], hints=["a", "b", "c"], record=Progress()
    )

    def doubles_in_place(x):
        x *= 2
        return x

    assert task.check(doubles_in_place).correct
    assert task.check(doubles_in_place).correct
    assert not task.check(lambda x: x).correct
    with pytest.raises(ValueError, match="one or more probes"):
        FunctionExercise("09.check.f", "?", steps, "out", [], hints=["a", "b", "c"])


# --- targets ---


@by_key(TARGETS)
def test_the_example_of_a_target_meets_it(task):
    assert task.check(task.example(**task.given)).correct is True
    for nonsense in NONSENSE:
        assert task.check(nonsense).correct in (False, True) and len(task.check(nonsense).text) < 800
    assert task.check("abc").correct is False


def test_the_rate_that_kills():
    kill = course_exercise("03.check.kill")
    assert kill.check(0.3).correct and kill.check("1/4").correct
    assert "z = 4" in kill.check(0.1).text and "z = 1" in kill.check(0.2).text
    assert not kill.check(-1).correct


# --- the machinery ---


def test_replaying_steps():
    steps = {"b": lambda a: a + 1, "c": lambda b, a: b * a, "d": lambda c: c - 1}
    assert replay(steps, {"a": 2}, "d") == 5
    assert replay(steps, {"a": 2, "b": 10}, "d") == 19, "a given value takes the place of a step"
    twice = Mistake("", "", "", {"c": lambda c: 2 * c})
    assert replay(steps, {"a": 2}, "d", twice) == 11
    assert replay(steps, {"a": 2}, "c", Mistake("", "", "", {"c": lambda a: a})) == 2
    with pytest.raises(KeyError, match="neither a step"):
        replay(steps, {}, "d")
    with pytest.raises(ValueError, match="x → y → x"):
        replay({"x": lambda y: y, "y": lambda x: x}, {}, "x")


def test_rounding_on_the_way_leaves_the_last_step_alone():
    steps = {"b": lambda a: a / 3, "c": lambda b: b * 2}
    assert replay(steps, {"a": 1}, "c", rounded_early(2)) == 0.66
    assert replay({"v": lambda: np.array([1 / 3, 2 / 3]), "w": lambda v: v}, {}, "w", rounded_early(2)).tolist() == [
        0.33,
        0.67,
    ]


def test_names_and_labels():
    assert arguments(named(max, "p", "q")) == ("p", "q")
    assert [label(name) for name in ("dL_dw1", "da_dz", "z", "new_w", "delta_d")] == [
        "dL/dw1",
        "da/dz",
        "z",
        "new_w",
        "delta_d",
    ]


def test_the_checks_of_a_learner_s_text_are_escaped():
    feedback = course_exercise("01.check.square").check("<img src=x onerror=alert(1)>")
    assert "<img" not in feedback.html and "&lt;img" in feedback.html


@by_key(ALL)
def test_every_exercise_takes_its_own_solution(task):
    solution = task.solution()
    assert task.check(*solution.arguments, **solution.named).correct is True


# ---- one line beside the others ----------------------------------------------------------------------


def neuron(record: Progress) -> Exercise:
    """z = w·x, a = z + b, L = ½a², with the mistakes of a forgotten b, a turned sign, a forgotten upstream."""
    steps = {
        "z": lambda w, x: w * x,
        "a": lambda z, b: z + b,
        "L": lambda a: a**2 / 2,
        "dL_da": lambda a: a,
        "dL_dw": lambda dL_da, x: dL_da * x,
        "dL_dx": lambda dL_da, w: dL_da * w,
    }
    mistakes = [
        Mistake("b left out", "if b is left out", "Add b.", {"a": named(lambda z: z, "z")}),
        sign_flipped("dL_da"),
        Mistake("twice w", "if w counts twice", "Once.", {"dL_dw": named(lambda g, x: g * x * 3, "dL_da", "x")}),
        Mistake("both", "if both", "No.", {"dL_da": named(lambda a: 3 * a, "a")}),
    ]
    asks = ("a", "dL_da", "dL_dw", "dL_dx")
    return Exercise("77.check.neuron", "?", steps, asks, {"w": 3, "x": 7, "b": 0.5}, mistakes, ["1", "2", "3"], record)


def test_a_mistake_that_a_right_line_belies_is_not_named(a_record_of_its_own):
    """Of the causes that fit the number only those count that do not spoil a line that is right."""
    task = neuron(a_record_of_its_own)
    right = truths(task)
    named_alone = task.check(dL_dw=3 * right["dL_dw"])
    assert named_alone.mistakes == ("twice w", "both")
    beside = task.check(a=right["a"], dL_da=right["dL_da"], dL_dw=3 * right["dL_dw"], dL_dx=right["dL_dx"])
    assert beside.mistakes == ("twice w",)
    assert "if both" not in beside.text


def test_a_sign_lost_in_one_line_is_not_put_on_an_earlier_one(a_record_of_its_own):
    task = neuron(a_record_of_its_own)
    right = truths(task)
    assert task.check(dL_dx=-right["dL_dx"]).mistakes == ("sign of dL/da flipped",)
    beside = task.check(a=right["a"], dL_da=right["dL_da"], dL_dx=-right["dL_dx"])
    assert beside.mistakes == () and "The size is right, the sign is not." in beside.text


def test_a_mistake_made_in_one_line_only_is_placed_there(a_record_of_its_own):
    """dL/dw computed with an `a` that lacks its b, although the line for `a` has it."""
    task = neuron(a_record_of_its_own)
    right = truths(task)
    without_b = task.truth("dL_dw", task.mistakes[0]).item()
    beside = task.check(a=right["a"], dL_dw=without_b)
    assert beside.mistakes == ("b left out",)
    assert "But your a is right, so the slip is in this line." in beside.text


def test_what_explains_all_wrong_lines_is_named_alone(a_record_of_its_own):
    task = neuron(a_record_of_its_own)
    right = truths(task)
    both = task.check(dL_dw=3 * right["dL_dw"], dL_dx=3 * right["dL_dx"])
    assert both.mistakes == ("both",)


def test_two_and_a_half_are_put_on_a_loss_only_where_there_is_one(a_record_of_its_own):
    task = neuron(a_record_of_its_own)
    assert "A square brings a factor 2" in task.check(dL_dx=2 * truths(task)["dL_dx"]).text
    plain = Exercise("77.check.plain", "?", {"q": lambda x: x * 1.7}, "q", {"x": 3}, (), ["1", "2", "3"])
    assert plain.check(10.2).text.count("exactly twice the right value.") == 1
    assert "square" not in plain.check(10.2).text


def test_a_decimal_comma_in_code_is_explained():
    task = Exercise("77.check.comma", "?", {"q": lambda x: x / 10}, "q", {"x": 1}, (), ["1", "2", "3"])
    with pytest.raises(ValueError, match=r"given were 2: 0, 1\. A decimal number is written with a point"):
        task.check(0, 1)


def test_a_function_may_return_comparisons():
    task = FunctionExercise("77.check.step", "?", {"s": lambda z: float(z > 0)}, "s", [{"z": 2}, {"z": -1}], (), "123")
    assert task.check(lambda z: z > 0).correct is True
    assert task.check(lambda z: z < 0).correct is False


# ---- what a learner may also write -------------------------------------------------------------------


def test_a_learners_line_is_shown_as_it_is():
    task = FunctionExercise("77.check.line", "?", {"s": lambda z: z}, "s", [{"z": 2.0}], (), "123")
    assert "in the line `return z[..., 0]`" in task.check(indexes).text


def indexes(z):
    return z[..., 0]


def test_the_arguments_of_a_function_are_shown_as_they_stand():
    task = FunctionExercise("77.check.one", "?", {"s": lambda z: z}, "s", [{"z": 2.0}], (), "123")
    assert "must take 1 argument: z. It takes: nothing." in task.check(lambda: 3).text

    def keyword_only(z, *, t) -> float:
        return z

    assert "It takes: z, *, t." in task.check(keyword_only).text


def test_an_interrupted_function_is_no_traceback():
    def endless(z):
        raise KeyboardInterrupt

    task = FunctionExercise("77.check.endless", "?", {"s": lambda z: z}, "s", [{"z": 2.0}], (), "123")
    assert "was interrupted. Does a loop in it never end?" in task.check(endless).text


@pytest.mark.parametrize("level", [0, 4, 1.0, "1", True])
def test_a_hint_that_is_none_is_refused_and_the_next_one_still_comes(level):
    task = Exercise("77.check.hint", "?", {"q": lambda x: x}, "q", {"x": 1}, (), ["one", "two", "three"])
    with pytest.raises(ValueError, match="There are the hints 1 to 3"):
        task.hint(level)
    assert "one" in task.hint().text


def test_a_huge_answer_warns_of_nothing():
    task = Exercise("77.check.huge", "?", {"q": lambda x: -x}, "q", {"x": 1e308}, (), ["1", "2", "3"])
    assert task.check(1.7e308).correct is False


def test_the_shape_of_a_gradient_is_spoken_of_only_where_there_is_one():
    steps = {"q": lambda x: x, "dL_dq": lambda x: x}
    task = Exercise("77.check.shape", "?", steps, ("q", "dL_dq"), {"x": 1}, (), ["1", "2", "3"])
    assert "A gradient has the shape" not in task.check(q=[1, 2]).text
    assert "A gradient has the shape" in task.check(dL_dq=[1, 2]).text


def test_an_unknown_key_is_said_in_a_plain_sentence():
    for ask in (lambda: course_exercise("03.check.sigmod"), lambda: course_exercise(3), lambda: glossary("backprop")):
        with pytest.raises(KeyError) as refusal:
            ask()
        assert not str(refusal.value).startswith(("'", '"')) or "is not in the glossary" in str(refusal.value)
        assert "\\" not in str(refusal.value)
        assert refusal.value._render_traceback_() == [str(refusal.value)]
