"""Predict first, then look: an answer is committed before the reveal, which compares and explains.

    predict("03.predict.zero-weight", "With w = 0, is dL/dw zero too?", ["yes", "no"])

    reveal("03.predict.zero-weight", "yes" if w.grad == 0 else "no", "dL/dw is …, whatever w is.")

The truth is computed in the cell of the reveal, so that nothing that is stored can give it away or be out
of date.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from string import ascii_lowercase
from typing import Any

import numpy as np

from .answers import Unreadable, agrees, read, shown, unanswered
from .boxes import Box
from .live import display, show
from .record import A_NUMBER, MOST_CHOICES, Progress, checked_key, progress

CLOSE = 0.05  # a predicted number counts as right within this part of the truth


def letter_of(answer: Any, choices: Sequence[str]) -> int:
    """The index of the choice that is meant, given as its letter or its text. Raises Unreadable."""
    if isinstance(answer, str):
        if answer.strip() in choices:
            return list(choices).index(answer.strip())
        letter = answer.strip().strip("()").lower()
        if len(letter) == 1 and letter in ascii_lowercase[: len(choices)]:
            return ascii_lowercase.index(letter)
    raise Unreadable(
        f"{shown(answer)} is not one of the answers. Give one of the letters"
        f' {", ".join(ascii_lowercase[: len(choices)])}, in quotes, such as "a".'
    )


def checked_choices(choices: Sequence[str]) -> tuple[str, ...]:
    """Raises ValueError unless there are 2 to 6 different texts."""
    given = tuple(choices)
    if not 2 <= len(set(given)) == len(given) <= MOST_CHOICES or not all(isinstance(c, str) for c in given):
        raise ValueError(f"Give 2 to {MOST_CHOICES} different answers as text to choose from; given were {choices!r}.")
    return given


def lettered(choices: Sequence[str]) -> list[str]:
    return [f"{letter}) {choice}" for letter, choice in zip(ascii_lowercase, choices, strict=False)]


class Prediction:
    """A question whose answer is committed before the reveal. Made by `predict`."""

    def __init__(self, key: str, question: str, choices: Sequence[str] = (), record: Progress = progress):
        self.key = checked_key(key)
        self.question = question
        self.choices = checked_choices(choices) if choices else ()
        self.revealed = False
        self._record = record
        self._note = ""
        self._redraw: list[Callable[[], None]] = []

    @property
    def answer(self) -> str | float | None:
        """The committed answer: one of the choices, or a number; None while there is none.

        Set it to a choice's text or letter, or to a number. What is no possible answer is refused, with a
        sentence in the box. After the reveal the answer stays as it is.
        """
        entry = self._record.get(self.key)
        if entry is None or (entry.choice == A_NUMBER) == bool(self.choices):
            return None
        if not self.choices:
            return entry.number
        return self.choices[entry.choice - 1] if entry.choice <= len(self.choices) else None

    @answer.setter
    def answer(self, answer: Any) -> None:
        self._note = ""
        if unanswered(answer):
            return
        try:
            wanted: str | float = self.choices[letter_of(answer, self.choices)] if self.choices else _number(answer)
        except Unreadable as refusal:
            self._note = str(refusal)
            return
        if self.revealed and self.answer is not None:
            if wanted != self.answer:
                self._note = f"The answer has been revealed, so your prediction stays: {shown_answer(self.answer)}."
            return
        if isinstance(wanted, str):
            self._record.note(self.key, 1 + self.choices.index(wanted))
        else:
            self._record.note(self.key, A_NUMBER, number=wanted)
        for redraw in self._redraw:
            redraw()

    def box(self) -> Box:
        if self.answer is None:
            example = '"a"' if self.choices else "1.5"
            state = (
                f"Not answered yet. Choose before you read on: add `answer={example}`, with your own answer,"
                " to the cell."
            )
        else:
            state = f"Your prediction: {shown_answer(self.answer)}."
        listed = [lettered(self.choices)] if self.choices else []
        blocks = [self.question, *listed, *([self._note] if self._note else []), state]
        return Box("question", "Predict", tuple(blocks), place=self.key, replaced=len(blocks) - 1)

    def form(self) -> dict[str, Any]:
        answer = self.answer
        letter = ascii_lowercase[self.choices.index(str(answer))] if self.choices and answer is not None else ""
        return {
            "name": f"Your prediction: {self.question}",
            "options": [[letter, text] for letter, text in zip(ascii_lowercase, self.choices, strict=False)],
            "button": "Commit",
            "answer": letter if self.choices else "" if answer is None else shown(answer),
            "reply": self._note or ("" if answer is None else self._reply()),
        }

    def submit(self, answer: str) -> str:
        self.answer = answer
        return self._note or self._reply()

    def _reply(self) -> str:
        return f"Noted: {shown_answer(self.answer)}. Read on; the reveal compares."

    def __repr__(self) -> str:
        return self.box().text

    def _ipython_display_(self) -> None:
        show(self)


_asked: dict[str, Prediction] = {}


def predict(key: str, question: str, choices: Sequence[str] = (), answer: Any = None) -> Prediction:
    """Ask for a prediction: of one of the choices, or of a number where no choices are given.

    End a cell with it. The answer is given in the page, or as `answer=`: a letter, a choice's text, or a
    number. Raises ValueError for a key or for choices that cannot be used.
    """
    prediction = _asked.get(key)
    if prediction is None or (prediction.question, prediction.choices) != (question, tuple(choices)):
        prediction = _asked[key] = Prediction(key, question, choices)
    prediction.answer = answer
    return prediction


class Reveal:
    """What was predicted beside what is so. Made by `reveal`."""

    def __init__(self, prediction: Prediction, truth: str | float, because: str, right: bool | None):
        self.prediction, self.truth, self.because, self.right = prediction, truth, because, right

    def box(self) -> Box:
        is_so = f"It is: {shown_answer(self.truth)}."
        if self.right is None:
            return Box(
                "open",
                "Not answered yet",
                ("Predict first, a few cells above; then run this cell again.",),
                folded=f"{is_so} {self.because}".strip(),
            )
        said = f"You said: {shown_answer(self.prediction.answer)}."
        title = "As you predicted" if self.right else "Not as you predicted"
        because = (f"Because: {self.because}",) if self.because else ()
        return Box("right" if self.right else "wrong", title, (f"{said} {is_so}", *because))

    def __repr__(self) -> str:
        return self.box().text

    def _ipython_display_(self) -> None:
        update = display(self.box())
        # Answered later in the page, the box above the learner's eyes must not go on saying "not answered
        # yet".
        self.prediction._redraw = [lambda: update(_compare(self.prediction, self.truth, self.because).box())]


def reveal(key: str, truth: Any, because: str = "") -> Reveal:
    """Compare the prediction made under this key with the truth, computed here, and explain.

    truth: one of the choices, or a finite number. Raises ValueError for a key under which nothing was asked
    and for a truth that is not among the choices.
    """
    prediction = _asked.get(key)
    if prediction is None:
        asked = ", ".join(sorted(_asked)) or "none"
        raise ValueError(
            f"Nothing was asked under the key {key!r}. Run the cell with predict({key!r}, …) first. Asked so"
            f" far: {asked}."
        )
    return _compare(prediction, truth, because)


def _compare(prediction: Prediction, truth: Any, because: str) -> Reveal:
    if prediction.choices:
        if truth not in prediction.choices:
            raise ValueError(f"The truth must be one of the choices {prediction.choices}; given was {truth!r}.")
    else:
        try:
            truth = _number(truth)
        except Unreadable as refusal:
            raise ValueError(f"The truth must be a number, as the prediction is. {refusal}") from None
    answer = prediction.answer
    if answer is None:
        return Reveal(prediction, truth, because, None)
    right = answer == truth if prediction.choices else _close(float(answer), truth)
    prediction.revealed = True
    if right:
        prediction._record.mark_right(prediction.key)
    return Reveal(prediction, truth, because, right)


def _close(answer: float, truth: float) -> bool:
    return agrees(read(answer), np.asarray(truth)) or math.isclose(answer, truth, rel_tol=CLOSE)


def _number(answer: Any) -> float:
    values = read(answer).values
    if values.size != 1:
        raise Unreadable(f"You gave {shown(answer)}; expected is one number.")
    return float(values.ravel()[0])


def shown_answer(answer: str | float | None) -> str:
    return answer if isinstance(answer, str) else shown(answer)
