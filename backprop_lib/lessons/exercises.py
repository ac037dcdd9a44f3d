"""Exercises that are answered until they are right, and that say which mistake gives exactly this number.

An exercise is a calculation in named steps (see `steps`) and the steps that it asks for. The truth and the
number of each mistake are computed from the given values at the moment of checking; nothing that could be
copied is stored.
"""

from __future__ import annotations

import copy
import inspect
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import numpy as np

from .answers import (
    EXACTLY,
    FEWEST_DIGITS,
    MOST_DIGITS,
    Reading,
    Unreadable,
    agrees,
    plain,
    read,
    relation,
    rounding,
    same,
    same_shape,
    shown,
    unanswered,
)
from .boxes import Block, Box
from .record import Progress, checked_key, progress
from .steps import Mistake, Steps, Values, label, replay

LEVELS = 3
MOST_TRIES = 6
NOTHING_FITS = "None of the typical mistakes gives exactly this."

LIBRARY = re.compile(r"[\\/](site-packages|dist-packages|backprop_lib|lib[\\/]python3\.\d+)[\\/]")
ADVICE = {
    NameError: "A name in it is not known: a typing error, or a cell above that has not been run.",
    TypeError: "Something in it is not of the kind that the operation needs.",
    IndexError: "It asks for an entry that is not there.",
    RecursionError: "It calls itself without end.",
    ValueError: "Check the shapes of what it combines.",
}


@dataclass(frozen=True, repr=False)
class Feedback(Box):
    """What a check says. correct: True, False, or None while something is not answered; mistakes: the names
    of the mistakes that give exactly these numbers; score: how many of the asked values are right, and how
    many are asked.
    """

    correct: bool | None = None
    mistakes: tuple[str, ...] = ()
    score: tuple[int, int] = (0, 1)


@dataclass(frozen=True)
class Verdict:
    """The judgement on one value."""

    kind: str
    text: str
    mistakes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Solution:
    """What `check` is to be called with: `task.check(*solution.arguments, **solution.named)`."""

    arguments: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)


class Task:
    """What every exercise has: a question, three hints, and a place in the progress."""

    def __init__(self, key: str, question: str, hints: Sequence[str], record: Progress = progress):
        if len(hints) != LEVELS:
            raise ValueError(
                f"{key}: give {LEVELS} hints, from a nudge to the worked solution; given were {len(hints)}."
            )
        self.key = checked_key(key)
        self.question = question
        self._hints = tuple(hints)
        self._level = 0
        self._record = record

    def hint(self, level: int | None = None) -> Box:
        """The next hint, from 1 to 3; the third is the worked solution. `hint(1)` shows one again."""
        if level is not None and (type(level) is not int or not 1 <= level <= LEVELS):
            raise ValueError(f"There are the hints 1 to {LEVELS}; asked was for {level!r}.")
        self._level = min(self._level + 1, LEVELS) if level is None else level
        return Box("hint", f"Hint {self._level} of {LEVELS}", (self._hint(self._hints[self._level - 1]),))

    def _hint(self, text: str) -> str:
        return text

    def solution(self) -> Solution:
        """Arguments for `check` that are right, computed now."""
        raise NotImplementedError

    def _how(self) -> Sequence[str]:
        """How the answer is given."""
        raise NotImplementedError

    def box(self) -> Box:
        entry = self._record.get(self.key)
        solved = ("Solved.",) if entry and entry.right else ()
        return Box("question", "Exercise", (self.question, *self._how(), *solved))

    def __repr__(self) -> str:
        return self.box().text

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return self.box()._repr_mimebundle_()

    def _feedback(self, verdicts: dict[str, Verdict], reasons: Sequence[Block] = ()) -> Feedback:
        """One box for the verdicts on all values that are asked for; an empty name for a single one. reasons:
        what explains several of them at once.
        """
        kinds = [verdict.kind for verdict in verdicts.values()]
        score = (kinds.count("right"), len(kinds))
        if set(kinds) == {"open"}:
            return Feedback("open", "Not answered yet", tuple(self._how()), score=score)
        correct = False if "wrong" in kinds else None if "open" in kinds else True
        entry = self._record.get(self.key)
        if not (entry and entry.right):
            self._record.note(self.key, min((entry.choice if entry else 0) + 1, MOST_TRIES), right=correct is True)
        titles = {True: ("right", "Right"), False: ("wrong", "Not yet"), None: ("note", "Right so far")}
        marks = {"right": "✓", "wrong": "✗"}
        lines = [f"{marks[v.kind]} {label(name)}: {v.text}" for name, v in verdicts.items() if v.kind in marks]
        if "open" in kinds:
            missing = ", ".join(label(name) for name, v in verdicts.items() if v.kind == "open")
            lines.append(f"○ not answered yet: {missing}")
        block = [verdict.text for verdict in verdicts.values()] if len(verdicts) == 1 else [lines]
        more = ("Try again; `.hint()` helps.",) if correct is False else ()
        names = tuple(dict.fromkeys(name for verdict in verdicts.values() for name in verdict.mistakes))
        return Feedback(*titles[correct], (*block, *reasons, *more), correct=correct, mistakes=names, score=score)


@dataclass(frozen=True)
class _Line:
    """A value that is asked for; `given` is the learner's, if it can be read, and `said` that in words. The verdict is
    there as soon as it needs no look at the other lines.
    """

    name: str
    truth: np.ndarray
    given: Reading | None = None
    said: str = ""
    verdict: Verdict | None = None


class Exercise(Task):
    """An exercise whose answers are numbers or arrays.

    steps: the calculation; asks: the name of the step asked for, or several; given: the values that the
    learner is told; mistakes: those that fit; hints: three texts, in which {dL_dw} stands for that value.
    Answer with `exercise.check(0.13)`, or by name where several are asked: `exercise.check(z=2.5,
    dL_dz=None)`.

    A value that is wrong only because an earlier one is, but follows from it, is told so.
    """

    def __init__(
        self,
        key: str,
        question: str,
        steps: Steps,
        asks: str | Sequence[str],
        given: Values,
        mistakes: Sequence[Mistake] = (),
        hints: Sequence[str] = (),
        record: Progress = progress,
    ):
        super().__init__(key, question, hints, record)
        self.steps = steps
        self.asks = (asks,) if isinstance(asks, str) else tuple(asks)
        self.given = dict(given)
        self.mistakes = tuple(mistakes)
        for name in self.asks:
            if name not in steps:
                raise ValueError(f"{key}: asked for {name!r}, which is not one of the steps {', '.join(steps)}.")

    def truth(self, name: str, mistake: Mistake | None = None) -> np.ndarray:
        """The right value of a step, or the one that a mistake gives, computed now."""
        return np.asarray(plain(replay(self.steps, self.given, name, mistake)), dtype=float)

    def solution(self) -> Solution:
        values = {name: self.truth(name).tolist() for name in self.asks}
        return Solution(named=values) if len(values) > 1 else Solution(tuple(values.values()))

    def check(self, *answer: Any, **answers: Any) -> Feedback:
        """Judge the answer, or the answers by name; None or ... is not answered yet."""
        if answer:
            if len(answer) > 1 and len(self.asks) == 1:
                raise ValueError(
                    f"One value is asked for; given were {len(answer)}: {', '.join(map(shown, answer))}. "
                    "A decimal number is written with a point, as in 0.1; an array in brackets, as in [1, 2]."
                )
            if len(self.asks) > 1 or answers:
                raise ValueError(f"Say which value is which: check({', '.join(f'{name}=…' for name in self.asks)}).")
            answers = {self.asks[0]: answer[0]}
        unknown = [name for name in answers if name not in self.asks]
        if unknown:
            raise ValueError(f"There is no {', '.join(unknown)} here; this exercise asks for {', '.join(self.asks)}.")
        lines = {name: self._line(name, answers.get(name)) for name in self.asks}
        causes = self._causes_of(lines)
        return self._feedback({name: self._judge(line, lines, causes) for name, line in lines.items()})

    def _line(self, name: str, answer: Any) -> _Line:
        """One value that is asked for, with the learner's answer read into the shape of the truth."""
        truth = self.truth(name)
        if unanswered(answer):
            return _Line(name, truth, verdict=Verdict("open", "not answered yet"))
        try:
            given = read(answer)
        except Unreadable as refusal:
            return _Line(name, truth, verdict=Verdict("wrong", str(refusal)))
        note = ""
        if given.values.shape != truth.shape and (values := same_shape(given.values, truth)) is not None:
            if truth.ndim:
                note = f" (You gave the shape {given.values.shape}; its own is {truth.shape}.)"
            given = Reading(values, given.digits.reshape(truth.shape))
        said, exactly = shown(answer), shown(truth[()])
        more = f": {label(name)} = {exactly}" if said != exactly else ""
        if agrees(given, truth):
            return _Line(name, truth, given, said, Verdict("right", f"{said} is right{more}.{note}"))
        if agrees(given, truth, cut=True) and not self._origins(given, name, truth, {}, rounding=False):
            cut = f"{said} is right, cut off instead of rounded{more}.{note}"
            return _Line(name, truth, given, said, Verdict("right", cut))
        return _Line(name, truth, given, said)

    def _causes_of(self, lines: Mapping[str, _Line]) -> dict[str, list[Mistake] | None]:
        """For each wrong line the mistakes that give exactly its number; None where it follows from earlier ones.

        What explains all lines that have an explanation is preferred, and before that what no right line belies.
        """
        causes: dict[str, list[Mistake] | None] = {}
        wrong: dict[str, np.ndarray] = {}  # the wrong values of earlier lines
        for name, line in lines.items():
            if line.verdict or line.given is None:
                continue
            given, truth = line.given, line.truth
            loosely = Reading(given.values, np.minimum(given.digits, FEWEST_DIGITS))  # the earlier values were rounded
            if wrong and self._gives(loosely, name, None, {**self.given, **wrong}, truth):
                causes[name] = None
                continue
            found = self._origins(given, name, truth, wrong)
            causes[name] = [m for m in found if not self._belied(m, lines)] or found
            if given.values.shape == truth.shape:
                wrong[name] = given.values[()]
        explained = [found for found in causes.values() if found]
        common = [m for m in explained[0] if all(m in found for found in explained)] if explained else []
        return {name: common if found and common else found for name, found in causes.items()}

    def _origins(
        self, given: Reading, name: str, truth: np.ndarray, wrong: Values, rounding: bool = True
    ) -> list[Mistake]:
        """The mistakes that give exactly this number, from the given values or from earlier wrong ones."""
        bases = [self.given, {**self.given, **wrong}]
        mistakes = [m for m in self.mistakes if rounding or not m.every]
        return [m for m in mistakes if any(self._gives(given, name, m, base, truth) for base in bases)]

    def _belied(self, mistake: Mistake, lines: Mapping[str, _Line]) -> list[str]:
        """The lines that are right and would not be if this mistake had been made in every line."""
        return [
            name
            for name, line in lines.items()
            if line.given is not None and line.verdict and self._gives_else(line.given, name, mistake)
        ]

    def _gives_else(self, given: Reading, name: str, mistake: Mistake) -> bool:
        with np.errstate(all="ignore"):
            value = np.asarray(plain(replay(self.steps, self.given, name, mistake)), dtype=float)
        return not agrees(Reading(given.values, np.minimum(given.digits, FEWEST_DIGITS)), value)

    def _judge(self, line: _Line, lines: Mapping[str, _Line], causes: Mapping[str, list[Mistake] | None]) -> Verdict:
        if line.verdict or line.given is None:
            assert line.verdict
            return line.verdict
        found = causes[line.name]
        if found is None:
            return Verdict(
                "wrong", f"{line.said} follows correctly from your earlier values: correct the first wrong one."
            )
        known = relation(line.given, line.truth)
        if line.given.values.shape != line.truth.shape and "/d" in label(line.name):
            known += " A gradient has the shape of what it belongs to."
        if known.startswith(EXACTLY) and "L" in self.steps:
            known += " A square brings a factor 2, a ½ in the loss takes it away."
        belied = list(dict.fromkeys(name for m in found for name in self._belied(m, lines)))
        if found and not (belied and known):
            text = f"{line.said} is {_causes(found)}"
            if belied:
                text += f" But your {label(belied[0])} is right, so the slip is in this line."
            return Verdict("wrong", text, tuple(m.name for m in found))
        if not known and (rounded := rounding(line.given, line.truth)):
            return Verdict("wrong", f"{line.said} {rounded}")
        return Verdict("wrong", f"{line.said} is not right. {known or NOTHING_FITS}")

    def _gives(self, given: Reading, name: str, mistake: Mistake | None, base: Values, truth: np.ndarray) -> bool:
        """Whether the answer is what comes out of these values with this mistake, and is not just the
        truth.
        """
        try:
            with np.errstate(all="ignore"):
                value = np.asarray(plain(replay(self.steps, base, name, mistake)), dtype=float)
        except ArithmeticError:  # a learner's earlier value may be anything, also far too large for an exponential
            return False
        return bool(np.all(np.isfinite(value))) and not _equal(value, truth) and agrees(given, value)

    def _hint(self, text: str) -> str:
        return text.format_map(_Shown(self))

    def _how(self) -> Sequence[str]:
        asked = ", ".join(label(name) for name in self.asks)
        call = "check(…)" if len(self.asks) == 1 else f"check({', '.join(f'{name}=…' for name in self.asks)})"
        truths = [self.truth(name) for name in self.asks]
        short = all(_is_short(truth) for truth in truths)
        digits = "" if short else f", to at least {FEWEST_DIGITS} significant digits"
        return (*given_values(self.given), f"Find: {asked}. Answer with `{call}`{digits}.")


class _Shown(dict):
    """For a hint: each value of an exercise by its name, to 6 digits."""

    def __init__(self, exercise: Exercise):
        super().__init__()
        self.exercise = exercise

    def __missing__(self, name: str) -> str:
        return shown(plain(replay(self.exercise.steps, self.exercise.given, name)))


class FunctionExercise(Task):
    """An exercise whose answer is a function, tried on several inputs.

    steps, asks, mistakes, hints: as in Exercise, with one step asked for; what it returns may be a number,
    an array or a tuple of them. probes: the inputs to try, each a dictionary with the arguments in the
    order in which they are passed.
    """

    def __init__(
        self,
        key: str,
        question: str,
        steps: Steps,
        asks: str,
        probes: Sequence[Values],
        mistakes: Sequence[Mistake] = (),
        hints: Sequence[str] = (),
        record: Progress = progress,
    ):
        super().__init__(key, question, hints, record)
        self.steps, self.asks, self.mistakes = steps, asks, tuple(mistakes)
        self.probes = [dict(probe) for probe in probes]
        if not self.probes or any(list(probe) != list(self.probes[0]) for probe in self.probes):
            raise ValueError(f"{key}: give one or more probes with the same arguments in the same order.")

    def truth(self, probe: Values, mistake: Mistake | None = None) -> list[np.ndarray]:
        """What the right function returns for a probe, or the one with a mistake; one array for each
        returned value.
        """
        return _parts(replay(self.steps, copy.deepcopy(dict(probe)), self.asks, mistake))

    def solution(self) -> Solution:
        def right(*values: Any) -> Any:
            truth = self.truth(dict(zip(self.probes[0], values, strict=True)))
            return tuple(truth) if len(truth) > 1 else truth[0]

        return Solution((right,))

    def check(self, function: Any = None) -> Feedback:
        """Judge a function; None or ... is not answered yet."""
        return self._feedback({"": self._judge(function)})

    def _judge(self, function: Any) -> Verdict:
        if unanswered(function):
            return Verdict("open", "not answered yet")
        results = []
        for probe in self.probes:
            returned = call(function, probe, _listed(probe))
            if isinstance(returned, Verdict):
                return returned
            try:
                results.append(self._matched(returned, self.truth(probe)))
            except Unreadable as refusal:
                return Verdict(
                    "wrong",
                    f"For {_listed(probe)}: {str(refusal).replace('You gave', 'your function returns')}",
                )
        truths = [self.truth(probe) for probe in self.probes]
        wrong = [
            i for i, (result, truth) in enumerate(zip(results, truths, strict=True)) if not _all_same(result, truth)
        ]
        if not wrong:
            return Verdict("right", f"Your function agrees with the right one on all {len(self.probes)} inputs tried.")
        first = wrong[0]
        text = (
            f"For {_listed(self.probes[first])} your function returns {_tuple(results[first])}, "
            f"right is {_tuple(truths[first])}."
        )
        found = [m for m in self.mistakes if self._gives(m, results, truths)]
        if found:
            return Verdict("wrong", f"{text} That is {_causes(found)}", tuple(m.name for m in found))
        return Verdict("wrong", f"{text} {self._common_relation(results, truths) or NOTHING_FITS}")

    def _matched(self, returned: Any, truth: list[np.ndarray]) -> list[np.ndarray]:
        """What a learner's function returned, as arrays of the truth's shapes where that is only a matter
        of writing.
        """
        returned = plain(returned)
        if len(truth) == 1:
            parts = [returned]
        elif isinstance(returned, (tuple, list, np.ndarray)) and len(returned) == len(truth):
            parts = list(returned)
        else:
            raise Unreadable(f"You gave {shown(returned)}; expected are {len(truth)} values, separated by commas.")
        # In a function a comparison is as good as 1 or 0.
        values = [read(float(part) if isinstance(part, (bool, np.bool_)) else part).values for part in parts]
        matched = [v if (s := same_shape(v, t)) is None else s for v, t in zip(values, truth, strict=True)]
        for value, right in zip(matched, truth, strict=True):
            if value.shape != right.shape:
                raise Unreadable(_relation(value, right))
        return matched

    def _gives(self, mistake: Mistake, results: list[list[np.ndarray]], truths: list[list[np.ndarray]]) -> bool:
        values = [self.truth(probe, mistake) for probe in self.probes]
        differs = not all(_all_same(value, truth) for value, truth in zip(values, truths, strict=True))
        return differs and all(_all_same(result, value) for result, value in zip(results, values, strict=True))

    def _common_relation(self, results: list[list[np.ndarray]], truths: list[list[np.ndarray]]) -> str:
        """What all wrong results have to do with the truth, where it is the same for all."""
        said = set()
        for result, truth in zip(results, truths, strict=True):
            if all(part.ndim == 0 for part in truth):
                result, truth = [np.array(result)], [np.array(truth)]
            for value, right in zip(result, truth, strict=True):
                if not same(value, right):
                    said.add(_relation(value, right))
        return said.pop() if len(said) == 1 else ""

    def _how(self) -> Sequence[str]:
        order = ", in this order," if len(self.probes[0]) > 1 else ""
        return (f"Write a function of {', '.join(self.probes[0])}{order} and give it to `check`.",)


class Target(Task):
    """An exercise with many right answers: find a value that does something.

    meets(answer, **given): None if it does, else a sentence that says what happens instead.
    example(**given): one right answer, for the answer key. hints: three texts, in which {example} stands
    for it.
    """

    def __init__(
        self,
        key: str,
        question: str,
        meets: Callable[..., str | None],
        example: Callable[..., float],
        given: Values,
        hints: Sequence[str] = (),
        record: Progress = progress,
    ):
        super().__init__(key, question, hints, record)
        self.meets, self.example, self.given = meets, example, dict(given)

    def solution(self) -> Solution:
        return Solution((self.example(**self.given),))

    def check(self, answer: Any = None) -> Feedback:
        """Judge a number; None or ... is not answered yet."""
        return self._feedback({"": self._judge(answer)})

    def _judge(self, answer: Any) -> Verdict:
        if unanswered(answer):
            return Verdict("open", "not answered yet")
        try:
            values = read(answer).values
        except Unreadable as refusal:
            return Verdict("wrong", str(refusal))
        if values.size != 1:
            return Verdict("wrong", f"You gave {shown(answer)}; expected is one number.")
        instead = self.meets(float(values.ravel()[0]), **self.given)
        return (
            Verdict("wrong", f"{shown(answer)}: {instead}")
            if instead
            else Verdict("right", f"{shown(answer)} does it.")
        )

    def _hint(self, text: str) -> str:
        return text.format(example=shown(self.example(**self.given)))

    def _how(self) -> Sequence[str]:
        return (*given_values(self.given), "Answer with `check(…)`.")


def call(function: Any, probe: Values, described: str) -> Any:
    """What a learner's function returns for a probe, or the Verdict where it returns nothing that can be judged.

    described: the probe in words, for "For … your function stopped".
    """
    names = ", ".join(probe)
    if not callable(function):
        return Verdict("wrong", f"You gave {shown(function)}; expected is a function: give its name, without brackets.")
    try:
        inspect.signature(function).bind(*probe.values())
    except TypeError:
        takes = str(inspect.signature(function).replace(return_annotation=inspect.Signature.empty))[1:-1]
        count = "1 argument" if len(probe) == 1 else f"{len(probe)} arguments, in this order"
        return Verdict("wrong", f"Your function must take {count}: {names}. It takes: {takes or 'nothing'}.")
    except ValueError:  # a built-in function that does not tell
        pass
    try:
        returned = function(*copy.deepcopy(list(probe.values())))
    except KeyboardInterrupt:
        return Verdict("wrong", f"For {described} your function was interrupted. Does a loop in it never end?")
    except (Exception, SystemExit) as error:
        return Verdict("wrong", f"For {described} your function stopped: {_explained(error)}")
    if returned is ... or (isinstance(returned, tuple) and returned and all(map(unanswered, returned))):
        return Verdict("open", "not answered yet")
    if returned is None:
        return Verdict("wrong", "Your function returns nothing. Is the line with `return` missing?")
    return returned


def given_values(values: Values) -> Sequence[str]:
    """The line that says what is given; none where nothing is."""
    listed = ", ".join(f"{label(name)} = {shown(value)}" for name, value in values.items())
    return (f"Given: {listed}.",) if listed else ()


def _is_short(truth: np.ndarray) -> bool:
    """Whether nobody would round these: whole numbers, or two digits, but for what a machine makes of the sixteenth."""
    return all(
        min(abs(float(f"{entry:.2g}") - entry), abs(round(entry) - entry)) <= 1e-9 * abs(entry)
        for entry in truth.ravel().tolist()
    )


def _equal(value: np.ndarray, truth: np.ndarray) -> bool:
    return value.shape == truth.shape and np.allclose(value, truth, rtol=1e-9, atol=0)


def _relation(value: np.ndarray, truth: np.ndarray) -> str:
    """`relation` for what a function returned."""
    reading = Reading(value, np.full(value.shape, MOST_DIGITS))
    return relation(reading, truth, lambda given, right: same(given.values, np.asarray(right)))


def _causes(found: Sequence[Mistake]) -> str:
    return " It is also ".join(f"what comes out {mistake.cause}. {mistake.remedy}" for mistake in found)


def _parts(value: Any) -> list[np.ndarray]:
    parts = value if isinstance(value, tuple) else (value,)
    return [np.asarray(plain(part), dtype=float) for part in parts]


def _all_same(values: list[np.ndarray], truths: list[np.ndarray]) -> bool:
    return all(same(value, truth) for value, truth in zip(values, truths, strict=True))


def _tuple(values: list[np.ndarray]) -> str:
    return ", ".join(shown(value[()]) for value in values)


def _listed(probe: Values) -> str:
    return ", ".join(f"{name} = {shown(value)}" for name, value in probe.items())


def _explained(error: BaseException) -> str:
    """An exception in a sentence, with the learner's line in which it arose."""
    advice = next((text for kind, text in ADVICE.items() if isinstance(error, kind)), "")
    frames = takewhile(lambda frame: not LIBRARY.search(frame.filename), traceback.extract_tb(error.__traceback__)[1:])
    lines = [frame.line for frame in frames if frame.line]
    where = f" in the line `{lines[-1]}`" if lines else ""
    try:
        message = str(error)[:200]
    except Exception:  # an exception class of the learner's own
        message = ""
    return f"{type(error).__name__}{where}: {message.rstrip('.')}. {advice}"
