"""Questions with several answers, each of which gets its own reply, until the right one is found.

Question("03.quiz.dead", "A ReLU neuron has z = −2. What is dL/dw?", [
    right("0", "The ReLU's slope is 0 left of 0, and every path from w to the loss goes through it."),
    wrong("−2 · x", "That would need a slope of 1, which the ReLU has only right of 0."),
])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

from .answers import Unreadable, shown, unanswered
from .boxes import Box
from .live import display, show
from .predictions import checked_choices, letter_of, lettered
from .record import Progress, checked_key, progress


@dataclass(frozen=True)
class Option:
    """A possible answer and what is said to a learner who chooses it."""

    text: str
    reply: str
    right: bool


def right(text: str, reply: str) -> Option:
    return Option(text, reply, True)


def wrong(text: str, reply: str) -> Option:
    return Option(text, reply, False)


class Question:
    """One question. `tells` is False in a test before the course: then an answer is noted and not judged.

    Raises ValueError unless there are 2 to 6 different options with a reply each, exactly one of them right.
    """

    def __init__(self, key: str, text: str, options: Sequence[Option], tells: bool = True, record: Progress = progress):
        self.key = checked_key(key)
        self.text = text
        self.options = tuple(options)
        self.tells = tells
        self._choices = checked_choices([option.text for option in options])
        if sum(option.right for option in options) != 1 or not all(option.reply for option in options):
            raise ValueError(f"{key}: exactly one option is right, and every option has a reply.")
        self._record = record
        self._chosen: int | None = None
        self._note = ""
        self._redraw: list[Callable[[], None]] = []

    @property
    def first(self) -> Option | None:
        """The option chosen first, None while the question is not answered."""
        entry = self._record.get(self.key)
        return self.options[entry.choice - 1] if entry and entry.choice <= len(self.options) else None

    @property
    def solved(self) -> bool:
        entry = self._record.get(self.key)
        return bool(entry and entry.right)

    def answer(self, answer: Any) -> Box:
        """Choose an option by its letter or its text, and get its reply. None, ... and "-" choose nothing."""
        self._note = ""
        if unanswered(answer) or (isinstance(answer, str) and answer.strip() == "-"):
            return self.box()
        try:
            chosen = letter_of(answer, self._choices)
        except Unreadable as refusal:
            self._note = str(refusal)
            return self.box()
        self._chosen = chosen
        if not self.tells:
            self._record.note(self.key, chosen + 1)
        elif self.first is None:
            self._record.note(self.key, chosen + 1, right=self.options[chosen].right)
        elif self.options[chosen].right and not self.solved:
            self._record.mark_right(self.key)
        for redraw in self._redraw:
            redraw()
        return self.box()

    def box(self) -> Box:
        kind, reply = self._state()
        return Box(kind, self.text, (lettered(self._choices), reply), place=self.key, replaced=2)

    def _state(self) -> tuple[str, str]:
        """The kind of box, and what is said below the options."""
        if self._note:
            return "question", self._note
        if self.first is None:
            return "question", "Not answered yet."
        if not self.tells:
            return "note", f"Noted: {lettered(self._choices)[self.options.index(self.first)]}."
        if self._chosen is not None:
            option = self.options[self._chosen]
        else:  # brought back from a token
            option = next(o for o in self.options if o.right) if self.solved else self.first
        letter = ascii_lowercase[self.options.index(option)]
        if option.right:
            return "right", f"✓ {letter}) is right. {option.reply}"
        return "wrong", f"✗ {letter}) is not it. {option.reply} Choose again."

    def form(self) -> dict[str, Any]:
        kind, reply = self._state()
        chosen = self._chosen
        if chosen is None and self.first is not None:
            chosen = self.options.index(self.first)
        return {
            "name": self.text,
            "options": [[letter, text] for letter, text in zip(ascii_lowercase, self._choices, strict=False)],
            "button": "Check" if self.tells else "Note my answer",
            "answer": "" if chosen is None else ascii_lowercase[chosen],
            "reply": "" if self.first is None and not self._note else reply,
        }

    def submit(self, answer: str) -> str:
        self.answer(answer)
        return self._state()[1]

    def __repr__(self) -> str:
        return self.box().text

    def _ipython_display_(self) -> None:
        show(self)


class Quiz:
    """Several questions. Answer in the page, or with `quiz.answer("ba-d")`: a letter for each question, -
    for none.
    """

    def __init__(self, questions: Iterable[Question]):
        self.questions = tuple(questions)

    def __getitem__(self, number: int) -> Question:
        """A question by its number, from 1."""
        if not 1 <= number <= len(self.questions):
            raise IndexError(f"There are the questions 1 to {len(self.questions)}; asked was for {number}.")
        return self.questions[number - 1]

    def __len__(self) -> int:
        return len(self.questions)

    def answer(self, letters: str | Sequence[str] | None) -> Quiz:
        """Answer all questions at once; None answers none. Raises ValueError unless there is a letter or - for each."""
        if unanswered(letters):
            return self
        if not isinstance(letters, (str, list, tuple)) or len(letters) != len(self.questions):
            raise ValueError(
                f"Give {len(self.questions)} letters, one for each question, with - for none, as in "
                f'"{"a" * len(self.questions)}"; given was {shown(letters)}.'
            )
        for question, letter in zip(self.questions, letters, strict=True):
            question.answer(letter)
        return self

    @property
    def answered(self) -> int:
        return sum(question.first is not None for question in self.questions)

    @property
    def score(self) -> int:
        """How many were right at the first answer."""
        return sum(question.first is not None and question.first.right for question in self.questions)

    def summary(self) -> Box:
        count = len(self.questions)
        if not self.answered:
            return Box(
                "open",
                "Not answered yet",
                ((f'{count} questions. Choose in the page, or add `.answer("{"-" * count}")`, with your letters.'),),
            )
        if not all(question.tells for question in self.questions):
            return Box(
                "note",
                f"{self.answered} of {count} answered",
                ("You will meet them again at the end of the course.",),
            )
        solved = sum(question.solved for question in self.questions)
        return Box(
            "note",
            f"{self.answered} of {count} answered",
            (f"{self.score} right at once, {solved} solved by now.",),
        )

    def __repr__(self) -> str:
        return "\n\n".join([*(repr(question) for question in self.questions), repr(self.summary())])

    def _ipython_display_(self) -> None:
        for question in self.questions:
            show(question)
        update = display(self.summary())
        for question in self.questions:
            question._redraw = [lambda: update(self.summary())]


def again(quiz: Quiz, key: str) -> Quiz:
    """The same questions under new keys, `key` and a number, now with replies: the test after the course."""
    return Quiz(
        Question(f"{key}.{number}", question.text, question.options, record=question._record)
        for number, question in enumerate(quiz.questions, start=1)
    )


def gain(before: Quiz, after: Quiz) -> Box:
    """What was learnt between two quizzes with the same questions: of what could be gained, the part that
    was.
    """
    count = len(before)
    if [question.text for question in before.questions] != [question.text for question in after.questions]:
        raise ValueError("The two quizzes do not ask the same questions.")
    if before.answered < count or after.answered < count:
        answered = f"Answered: {before.answered} of {count} before, {after.answered} of {count} after."
        return Box("open", "Not answered yet", (answered,))
    first, last = before.score, after.score
    lines = [f"before: {first} of {count} right", f"after: {last} of {count} right"]
    if first == count:
        return Box("note", "What you have learnt", (lines, "There was nothing to gain: you knew it all before."))
    part = (last - first) / (count - first)
    return Box(
        "note",
        "What you have learnt",
        (lines, f"Of what you did not know, you have gained {100 * part:.3g} %."),
    )
