"""The exercises and quizzes of the course, a module for each notebook: `n03` has those whose keys begin
with "03.".

Such a module defines `exercises`, a list, and `quizzes`, a dictionary from a quiz's key to the Quiz. They
stand here and not in the notebooks, so that a learner who reads a cell does not read the answer.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from ..exercises import Task
from ..keys import UnknownKey
from ..quizzes import Quiz


def notebooks() -> list[str]:
    """The two digits of every notebook that has a module here."""
    return sorted(module.name[1:] for module in iter_modules(__path__) if module.name[1:].isdigit())


def exercises(notebook: str) -> dict[str, Task]:
    """All exercises of a notebook, by key."""
    return {exercise.key: exercise for exercise in _module(notebook).exercises}


def quizzes(notebook: str) -> dict[str, Quiz]:
    """All quizzes of a notebook, by key."""
    return dict(_module(notebook).quizzes)


def exercise(key: str) -> Task:
    """The exercise with this key; the same object each time. Raises KeyError for an unknown key, with
    similar ones.
    """
    return _find(key, exercises(str(key)[:2]))


def quiz(key: str) -> Quiz:
    """The quiz with this key, such as "03.quiz"; the same object each time. Raises KeyError as `exercise`
    does.
    """
    return _find(key, quizzes(str(key)[:2]))


def _find(key: str, known: dict[str, Any]) -> Any:
    if key not in known:
        close = get_close_matches(key, known, n=3) or list(known)
        raise UnknownKey(f"There is no {key!r} in the course. Is it {' or '.join(close)}?")
    return known[key]


def _module(notebook: str) -> ModuleType:
    if notebook not in notebooks():
        raise UnknownKey(
            f"The course has exercises for the notebooks {', '.join(notebooks())}; asked was for {notebook!r}."
        )
    return import_module(f"{__name__}.n{notebook}")
