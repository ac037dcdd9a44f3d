"""A prediction is committed before the reveal, which compares and explains; with nobody there it says so."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backprop_lib import Tensor
from backprop_lib.lessons import predict, predictions, reveal
from backprop_lib.lessons.record import Progress

QUESTION = "With w = 0, is dL/dw zero too?"
CHOICES = ["yes", "no"]
BECAUSE = "dL/dw = dL/dz · x, whatever w is."


@pytest.fixture(autouse=True)
def record(monkeypatch):
    fresh = Progress()
    monkeypatch.setattr(predictions, "_asked", {})
    monkeypatch.setattr(predictions.Prediction.__init__, "__defaults__", ((), fresh))
    return fresh


def asked(answer=None):
    return predict("03.predict.zero", QUESTION, CHOICES, answer=answer)


def number(answer=None):
    return predict("03.predict.number", "What is dL/dw?", answer=answer)


def test_nobody_there():
    assert repr(asked()) == (
        f"? Predict\n{QUESTION}\n  a) yes\n  b) no\n"
        'Not answered yet. Choose before you read on: add `answer="a"`, with your own answer, to the cell.'
    )
    revealed = reveal("03.predict.zero", "no", BECAUSE)
    assert revealed.right is None
    assert repr(revealed) == (
        f"○ Not answered yet\nPredict first, a few cells above; then run this cell again.\n(It is: no. {BECAUSE})"
    )
    assert "<details>" in revealed.box().html
    assert "Not answered yet" in repr(number())


@pytest.mark.parametrize(("answer", "is_right"), [("a", False), ("b", True), ("no", True), (" b ", True), ("b)", True)])
def test_predict_then_reveal(record, answer, is_right):
    assert asked(answer).answer == ("no" if is_right else "yes")
    revealed = reveal("03.predict.zero", "no", BECAUSE)
    said = "no" if is_right else "yes"
    assert revealed.right is is_right
    assert f"You said: {said}. It is: no.\nBecause: {BECAUSE}" in repr(revealed)
    assert record.get("03.predict.zero").right is is_right


@pytest.mark.parametrize(
    ("answer", "is_right"),
    [
        *((answer, True) for answer in (0.13, 0.1296, 0.131, "0,13", np.float32(0.13), Tensor(0.13), [0.13])),
        *((answer, False) for answer in (0.1, -0.1296, 0)),
    ],
)
def test_predicted_numbers(record, answer, is_right):
    number(answer)
    assert reveal("03.predict.number", Tensor(0.12957)).right is is_right
    assert record.get("03.predict.number").right is is_right


def test_setting_the_answer_is_the_same_as_giving_it():
    prediction = asked()
    prediction.answer = "b"
    assert prediction.answer == "no" and asked().answer == "no", "running the cell again keeps it"
    prediction.answer = None
    assert prediction.answer == "no"


def test_an_answer_can_change_before_the_reveal_and_not_after():
    asked("a")
    assert asked("b").answer == "no"
    reveal("03.predict.zero", "no")
    again = asked("a")
    assert again.answer == "no"
    assert "The answer has been revealed, so your prediction stays: no." in repr(again)
    assert reveal("03.predict.zero", "no").right


def test_a_reveal_that_ran_unanswered_leaves_the_answer_open():
    asked()
    reveal("03.predict.zero", "no")
    assert asked("b").answer == "no"
    assert reveal("03.predict.zero", "no").right


@pytest.mark.parametrize(
    "nonsense", ["c", "maybe", "", 1, 1.5, ["a"], math.nan, object(), True, "<script>", "A" * 10_000]
)
def test_answers_that_are_none_of_the_choices(nonsense, record):
    prediction = asked(nonsense)
    assert prediction.answer is None and record.get(prediction.key) is None
    assert "is not one of the answers. Give one of the letters a, b" in repr(prediction)
    assert "<script>" not in prediction.box().html and len(repr(prediction)) < 600


@pytest.mark.parametrize("nonsense", ["much", math.nan, math.inf, [1, 2], {}, object(), True, abs])
def test_predicted_numbers_that_are_none(nonsense, record):
    prediction = number(nonsense)
    assert prediction.answer is None and record.get(prediction.key) is None
    assert "expected is" in repr(prediction) or "not a number" in repr(prediction) or "not finite" in repr(prediction)


def test_a_restored_answer_is_there_before_the_cell_is_run(record):
    asked("b")
    other = Progress()
    other.restore(record.token())
    prediction = predictions.Prediction("03.predict.zero", QUESTION, CHOICES, other)
    assert prediction.answer == "no"
    fewer = predictions.Prediction("03.predict.zero", QUESTION, ["x", "y", "z"], other)
    assert fewer.answer == "y"
    assert predictions.Prediction("03.predict.zero", QUESTION, (), other).answer is None, "now a number is asked for"


def test_mistakes_of_authors_are_errors():
    with pytest.raises(ValueError, match="Nothing was asked under the key '03.predict.typo'"):
        reveal("03.predict.typo", "no")
    asked()
    with pytest.raises(ValueError, match="one of the choices"):
        reveal("03.predict.zero", "perhaps")
    number()
    for truth in (math.nan, "x", [1, 2]):
        with pytest.raises(ValueError, match="The truth must be a number"):
            reveal("03.predict.number", truth)
    for choices in (["one"], ["same", "same"], list("abcdefg"), [1, 2]):
        with pytest.raises(ValueError, match="different answers as text"):
            predict("03.predict.bad", "?", choices)
    with pytest.raises(ValueError, match="A key is"):
        predict("relu", "?", CHOICES)


def test_markup_in_a_question_is_text():
    prediction = predict("03.predict.markup", "Is <b>x</b> & `y < z`?", ["<i>yes</i>", "no"])
    html = prediction.box().html
    assert "<b>" not in html and "<i>" not in html
    assert "&lt;b&gt;x&lt;/b&gt; &amp; <code>y &lt; z</code>" in html


def test_the_form_says_what_the_box_says():
    prediction = asked()
    form = prediction.form()
    assert form["options"] == [["a", "yes"], ["b", "no"]] and form["answer"] == "" and form["reply"] == ""
    assert prediction.submit("b") == "Noted: no. Read on; the reveal compares."
    assert prediction.form()["answer"] == "b" and "Noted: no" in prediction.form()["reply"]
    assert "not a number" in number().submit("many")
    assert number().submit("1/4").startswith("Noted: 0.25.")
