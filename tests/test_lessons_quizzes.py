"""Every option of every question has its own reply; the first answer counts, and one answers until it is right."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_lib import Tensor
from backprop_lib.lessons import Question, Quiz, again, course, gain, quiz, right, wrong
from backprop_lib.lessons.keys import place
from backprop_lib.lessons.predictions import letter_of
from backprop_lib.lessons.record import Progress

QUIZZES = {key: each for notebook in course.notebooks() for key, each in course.quizzes(notebook).items()}
QUESTIONS = [question for each in QUIZZES.values() for question in each.questions]
by_key = pytest.mark.parametrize("question", QUESTIONS, ids=[question.key for question in QUESTIONS])


@pytest.fixture(autouse=True)
def record(monkeypatch):
    fresh = Progress()
    for question in QUESTIONS:
        monkeypatch.setattr(question, "_record", fresh)
        monkeypatch.setattr(question, "_chosen", None)
    return fresh


def letters(question: Question) -> dict[str, object]:
    return dict(zip("abcdef", question.options, strict=False))


@by_key
def test_each_option_has_its_reply(question, monkeypatch):
    for letter, option in letters(question).items():
        monkeypatch.setattr(question, "_record", Progress())
        box = question.answer(letter)
        if not question.tells:
            assert "Noted" in box.text and option.reply not in box.text and "✓" not in box.text
            continue
        assert option.reply in box.text
        assert (f"✓ {letter}) is right." in box.text) is option.right is question.solved
        assert ("Choose again" in box.text) is not option.right
        assert question.first is option
    assert len({option.reply for option in question.options}) == len(question.options)


@by_key
def test_texts_are_complete_and_the_right_answer_does_not_stand_out(question):
    assert place(question.key) is not None, f"append {question.key} to its notebook's list in keys.py"
    for option in question.options:
        assert option.reply.endswith((".", "!", "?")) and len(option.reply.split()) >= 2
        assert question.text.endswith(("?", ".")) and "`" not in option.text.replace("`", "", 2)


def test_right_answers_are_spread_over_the_letters():
    where = ["abcdef"[[option.right for option in question.options].index(True)] for question in QUESTIONS]
    assert {letter: where.count(letter) for letter in "abc"}.keys() == {"a", "b", "c"}
    assert max(where.count(letter) for letter in "abc") < 0.55 * len(where)
    longest = [max(question.options, key=lambda option: len(option.text)).right for question in QUESTIONS]
    assert sum(longest) < 0.6 * len(QUESTIONS), "the longest option is too often the right one"


@by_key
def test_unanswered_is_quiet(question, record):
    for nothing in (None, ..., "-"):
        assert "Not answered yet." in question.answer(nothing).text
    assert not record._entries


@by_key
def test_nonsense_is_explained_and_not_counted(question, record):
    for nonsense in ("z", "", 1, ["a"], "<script>alert(1)</script>", object()):
        box = question.answer(nonsense)
        assert "is not one of the answers" in box.text and "<script>" not in box.html
    assert not record._entries


def test_the_first_answer_counts_and_the_right_one_solves(record):
    question = quiz("03.quiz")[1]
    question.answer("a")
    assert not question.solved and record.get("03.quiz.1").choice == 1
    question.answer("c")
    question.answer("b")
    assert question.solved and record.get("03.quiz.1").choice == 1
    question.answer("a")
    assert question.solved, "a look at another reply takes nothing away"
    assert "is not it" in question.box().text


def test_answers_come_back_with_their_replies(record):
    each = quiz("03.quiz").answer("bba--")
    other = Progress()
    other.restore(record.token())
    for question in each.questions:
        question._record, question._chosen = other, None
    assert (each.answered, each.score) == (3, 2)
    assert "b) is right" in each[1].box().text and "a) is not it" in each[3].box().text


def test_a_quiz_as_a_whole():
    each = quiz("03.quiz")
    assert len(each) == 5 and quiz("03.quiz") is each
    assert 'add `.answer("-----")`' in each.summary().text
    each.answer(["b", "b", "c", "-", None])
    assert each.summary().text == "• 3 of 5 answered\n3 right at once, 3 solved by now."
    each.answer("a--a-")
    assert each.score == 4
    for letters_ in ("b", "bbbbbbbb", ""):
        with pytest.raises(ValueError, match="Give 5 letters"):
            each.answer(letters_)
    for number in (0, 6, -1):
        with pytest.raises(IndexError, match="questions 1 to 5"):
            each[number]
    with pytest.raises(KeyError, match="03.quiz"):
        quiz("03.quizz")


def test_the_test_before_the_course_asks_for_twelve_beliefs_and_tells_nothing():
    before = quiz("00.pre")
    assert len(before) == 12
    before.answer("a" * 12)
    text = repr(before)
    assert all(option.reply not in text for question in before.questions for option in question.options)
    assert "right" not in before.summary().text
    assert before[1].answer("b") and before[1].first.text == before[1].options[1].text, "it may be changed"


def test_what_was_gained(record):
    before = quiz("00.pre")
    after = again(before, "12.post")
    assert "Answered: 0 of 12 before, 0 of 12 after." in gain(before, after).text
    key = "".join("abcdef"[[option.right for option in question.options].index(True)] for question in before.questions)
    miss = "".join("b" if letter == "a" else "a" for letter in key)
    before.answer(key[:4] + miss[4:])
    after.answer(key[:10] + miss[10:])
    assert "before: 4 of 12 right" in gain(before, after).text
    assert "after: 10 of 12 right" in gain(before, after).text
    assert "you have gained 75 %" in gain(before, after).text
    before.answer(key)
    assert "nothing to gain" in gain(before, after).text
    with pytest.raises(ValueError, match="do not ask the same"):
        gain(before, quiz("03.quiz"))


def test_mistakes_of_authors_are_errors():
    for options in (
        [right("a", "x."), right("b", "x.")],
        [wrong("a", "x."), wrong("b", "x.")],
        [right("a", "x."), wrong("b", "")],
        [right("a", "x.")],
        [right("a", "x."), wrong("a", "y.")],
    ):
        with pytest.raises(ValueError):
            Question("03.quiz.own", "?", options)


def test_markup_is_text():
    question = Question("03.quiz.own", "<b>?</b>", [right("<i>a</i>", "<u>r</u>"), wrong("b", "w")], record=Progress())
    assert all(tag not in question.answer("a").html for tag in ("<b>", "<i>", "<u>"))
    assert repr(Quiz([question])).count("<b>?</b>") == 1


def test_the_form_gives_the_reply():
    question = quiz("03.quiz")[1]
    assert question.form()["answer"] == "" and question.form()["reply"] == ""
    assert question.submit("a") == "✗ a) is not it. tanh reaches 1 at 0, σ does not. Choose again."
    assert question.submit("b").startswith("✓ b) is right.")
    assert question.form()["answer"] == "b" and question.form()["reply"].startswith("✓")


@pytest.mark.parametrize("nothing", [None, ...])
def test_a_quiz_answered_with_nothing_is_not_answered(nothing):
    assert quiz("03.quiz").answer(nothing) is quiz("03.quiz")


@pytest.mark.parametrize("letters", [["a"], 3, "ab", {"a": 1}])
def test_what_are_no_letters_is_refused(letters):
    with pytest.raises(ValueError, match="Give 5 letters, one for each question"):
        quiz("03.quiz").answer(letters)


@pytest.mark.parametrize("answer", [np.array([1, 2]), Tensor([1.0, 2.0]), 3, ["a"], "f", "ab", ""])
def test_a_question_answered_with_what_is_no_letter_says_so(answer):
    assert "is not one of the answers" in quiz("03.quiz")[1].answer(answer).text


@pytest.mark.parametrize("letter", ["b", "B", " b ", "b)", "(b)", "(B)"])
def test_a_letter_is_read_as_people_write_it(letter):
    assert letter_of(letter, ["yes", "no"]) == 1
