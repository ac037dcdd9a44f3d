"""Exercises that ask for the gradients of a loss, and say which textbook mistake produces exactly these numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..diagnosis import Diagnosis, diagnose
from ..graph import Graph
from ..tensor import Tensor
from .answers import Reading, Unreadable, counted_digits, read, rounding, shown, unanswered
from .boxes import Block
from .exercises import Feedback, Solution, Task, Verdict, call, given_values
from .record import Progress, progress
from .steps import Values, label

PREFIX = "dL_d"


class GradientExercise(Task):
    """An exercise whose answers are the gradients of a loss, or a function that computes them.

    loss: builds the loss, a Tensor with one entry, from the given values by name. given: name → number or array.
    asks: the names of those whose gradients are asked for; `loss` gets these as named Tensors, the others as they are.
    A name in `asks` that is not given is an inner Tensor to which `loss` gives this name. hints: three texts, in which
    {dL_dW} stands for that gradient and {W} for that value. probes: further sets of given values, on which a function
    is tried as well, since some mistakes do not show on the first.

    Answer with `exercise.check(dL_dW=..., dL_db=None)`, or with `exercise.check(backward)`: a function that takes the
    given values in order and returns the gradients in order.
    """

    def __init__(
        self,
        key: str,
        question: str,
        loss: Callable[..., Tensor],
        given: Values,
        asks: str | Sequence[str],
        hints: Sequence[str] = (),
        probes: Sequence[Values] = (),
        record: Progress = progress,
    ):
        super().__init__(key, question, hints, record)
        self.loss = loss
        self.given = _arrays(given)
        self.asks = (asks,) if isinstance(asks, str) else tuple(asks)
        self.probes = [self.given, *({**self.given, **_arrays(probe)} for probe in probes)]
        if any(list(probe) != list(self.given) for probe in self.probes):
            raise ValueError(f"{key}: a probe has other values than {', '.join(self.given)}.")

    def graph(self, probe: Values | None = None) -> Tensor:
        """The loss, built anew from the given values or from those of a probe."""
        values = self.given if probe is None else probe
        return self.loss(
            **{name: Tensor(v, name=name) if name in self.asks else np.array(v) for name, v in values.items()}
        )

    def truth(self, name: str) -> np.ndarray:
        """The gradient with respect to the given value of this name, computed now."""
        return _gradients(self.graph())[name]

    def backward(self, *values: Any) -> Any:
        """A right function: the gradient at these values, or the gradients in the order of `asks`."""
        gradients = _gradients(self.graph(dict(zip(self.given, values, strict=True))))
        found = tuple(gradients[name] for name in self.asks)
        return found if len(found) > 1 else found[0]

    def solution(self) -> Solution:
        return Solution(named={PREFIX + name: self.truth(name).tolist() for name in self.asks})

    def check(self, *answer: Any, **answers: Any) -> Feedback:
        """Judge gradients by name, or a function that returns them; None or ... is not answered yet."""
        names = [PREFIX + name for name in self.asks]
        unknown = [name for name in answers if name not in names]
        if unknown:
            raise ValueError(f"There is no {', '.join(unknown)} here; this exercise asks for {', '.join(names)}.")
        if len(answer) == 1 and not answers and callable(answer[0]) and not hasattr(answer[0], "detach"):
            return self._feedback(*self._judge_function(answer[0]))
        if len(answer) == 1 and unanswered(answer[0]):
            answer = ()
        if len(answer) == len(names) == 1 and not answers:
            answers = {names[0]: answer[0]}
        elif answer:
            raise ValueError(f"Give a function, or say which gradient is which: check({self._call()}).")
        return self._feedback(*self._judge([answers.get(name) for name in names], self.given, written=True))

    def _judge_function(self, function: Any) -> tuple[dict[str, Verdict], Sequence[Block]]:
        for number, probe in enumerate(self.probes, start=1):
            where = f"set {number} of the values" if len(self.probes) > 1 else "the given values"
            returned = call(function, probe, where)
            if isinstance(returned, Verdict):
                return {"": returned}, ()
            if isinstance(returned, Mapping):
                parts = [returned.get(name, returned.get(PREFIX + name)) for name in self.asks]
            elif len(self.asks) == 1:
                parts = list(returned) if isinstance(returned, tuple) and len(returned) == 1 else [returned]
            elif isinstance(returned, (tuple, list)) and len(returned) == len(self.asks):
                parts = list(returned)
            else:
                order = ", ".join(PREFIX + name for name in self.asks)
                text = (
                    f"Your function returns {shown(returned)}; expected are {len(self.asks)} gradients, in this order:"
                    f" {order}."
                )
                return {"": Verdict("wrong", text)}, ()
            verdicts, reasons = self._judge(parts, probe, written=False)
            if any(verdict.kind != "right" for verdict in verdicts.values()):
                first = () if number == 1 else (f"The gradients of {where} are not all right.",)
                return verdicts, (*first, *reasons)
        return verdicts, ()

    def _judge(
        self, answers: Sequence[Any], probe: Values, written: bool
    ) -> tuple[dict[str, Verdict], Sequence[Block]]:
        """The verdicts on gradients at these values, and what explains them. written: the numbers may be rounded
        ones, copied from a page.
        """
        verdicts: dict[str, Verdict] = {}
        claims: dict[str, Reading] = {}
        for name, answer in zip(self.asks, answers, strict=True):
            verdicts[PREFIX + name] = Verdict("open", "not answered yet")
            if unanswered(answer):
                continue
            try:
                reading = read(answer)
            except Unreadable as refusal:
                verdicts[PREFIX + name] = Verdict("wrong", str(refusal))
                continue
            claims[name] = reading
        if not claims:
            return verdicts, ()
        graph = self.graph(probe)
        digits = {name: counted_digits(claim) for name, claim in claims.items()} if written else None
        found = diagnose(graph, {name: claim.values for name, claim in claims.items()}, digits=digits)
        mistakes = tuple(suspect.mistake for suspect in (*found.suspects, *found.pair))
        truths = _gradients(graph) if written and found.wrong and not mistakes else {}
        rounded = {name: rounding(claims[name], truths[name]) for name in found.wrong if name in truths}
        for name, claim in claims.items():
            said = shown(claim.values)
            if name not in found.wrong:
                verdicts[PREFIX + name] = Verdict("right", f"{said} is right.")
            else:
                verdicts[PREFIX + name] = Verdict("wrong", f"{said} {rounded.get(name) or 'is not right.'}", mistakes)
        explained = bool(rounded) and all(rounded.values())
        return verdicts, () if explained else _reasons(found)

    def _hint(self, text: str) -> str:
        gradients = {PREFIX + name: shown(value) for name, value in _gradients(self.graph()).items()}
        return text.format(**{name: shown(value) for name, value in self.given.items()}, **gradients)

    def _how(self) -> Sequence[str]:
        names = [PREFIX + name for name in self.asks]
        asked = ", ".join(map(label, names))
        return (
            *given_values(self.given),
            f"Find: {asked}. Answer with `check({self._call()})`, or give `check` a function of"
            f" {', '.join(self.given)} that returns {'them' if len(names) > 1 else 'it'}.",
        )

    def _call(self) -> str:
        return ", ".join(f"{PREFIX}{name}=…" for name in self.asks)


def _arrays(values: Values) -> dict[str, Any]:
    """Lists become arrays, since a learner's function calculates with them."""
    return {name: np.array(value) if isinstance(value, list) else value for name, value in values.items()}


def _gradients(loss: Tensor) -> dict[str, np.ndarray]:
    """The gradients of all named Tensors of a graph, by name."""
    graph = Graph(loss)
    graph.backward()
    return {t.name: np.asarray(t.grad) for t in graph.nodes if t.name and t.grad is not None}


def _reasons(found: Diagnosis) -> Sequence[Block]:
    """What explains the wrong gradients, and what would explain them as well."""
    if found.ok:
        return ()
    also = [suspect.message.replace("Exactly your numbers", "The same numbers", 1) for suspect in found.also]
    return (found.message, *([also] if also else []), *found.blind)
