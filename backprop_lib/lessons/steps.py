"""A calculation as named steps, and the textbook mistakes that change one of them.

    neuron = {
        "z": lambda w, x, b: w * x + b,
        "a": lambda z: relu(z),
        "dL_da": lambda a, y: 2 * (a - y),
        ...
    }

A step is a function whose arguments are the names of earlier steps or of given values. A mistake puts other
functions in the place of some steps; replaying the calculation with it gives exactly the numbers of a
learner who makes that mistake.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Step = Callable[..., Any]
Steps = Mapping[str, Step]
Values = Mapping[str, Any]


@cache
def arguments(step: Step) -> tuple[str, ...]:
    """The names of the values that a step is computed from."""
    return tuple(inspect.signature(step).parameters)


def named(function: Step, *names: str) -> Step:
    """The function as a step that is computed from the values of these names, in this order."""

    def step(*values: Any) -> Any:
        return function(*values)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    step.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    return step


def gradient_of(function: Step, name: str) -> Step:
    """A step for ∂function/∂name, computed by the engine from the arguments of `function`, which returns
    one number.
    """

    def gradient(*values: Any) -> Any:
        from backprop_lib import Tensor

        tensors = {argument: Tensor(value, name=argument) for argument, value in zip(names, values, strict=True)}
        function(**tensors).backward()
        return tensors[name].grad

    names = arguments(function)
    return named(gradient, *names)


@dataclass(frozen=True)
class Mistake:
    """A textbook mistake: what it does to a calculation, and what to tell the learner.

    name: short and stable. cause: completes the sentence "0.006866 is what comes out …". remedy: one
    sentence that says where to look. instead: the steps that it replaces; such a step may take its own name
    as an argument, which then is the value of the right step. every: applied to the result of every step on
    the way.
    """

    name: str
    cause: str
    remedy: str
    instead: Steps = field(default_factory=dict)
    every: Callable[[Any], Any] | None = None


def replay(steps: Steps, given: Values, wanted: str, mistake: Mistake | None = None) -> Any:
    """The value of the step `wanted`, computed from the given values, with one mistake if there is one.

    A given value takes the place of a step of the same name. Raises KeyError for a name that is neither a
    step nor given, and ValueError for steps that need one another.
    """
    instead: Steps = mistake.instead if mistake else {}
    every = mistake.every if mistake else None
    found = dict(given)
    open_steps: list[str] = []

    def value(name: str) -> Any:
        if name in found:
            return found[name]
        if name in open_steps:
            raise ValueError(f"The steps need one another: {' → '.join([*open_steps, name])}.")
        if name not in steps:
            raise KeyError(f"{name!r} is neither a step ({', '.join(steps)}) nor given ({', '.join(given)}).")
        open_steps.append(name)
        step = instead.get(name, steps[name])
        result = step(*(right(name) if argument == name else value(argument) for argument in arguments(step)))
        open_steps.pop()
        found[name] = every(result) if every and name != wanted else result
        return found[name]

    def right(name: str) -> Any:
        return steps[name](*map(value, arguments(steps[name])))

    return value(wanted)


def label(name: str) -> str:
    """A step's name as it is written: dL_dw1 becomes dL/dw1."""
    top, slash, bottom = name.partition("_d")
    return f"{top}/d{bottom}" if slash and name.startswith("d") and bottom else name
