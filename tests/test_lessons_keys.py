"""Every key that a notebook uses leads somewhere and has its place in the token."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from backprop_lib.lessons import course
from backprop_lib.lessons.keys import place

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))


def keys(source: str) -> Iterator[tuple[str, str]]:
    """(function, key) of each call of the lessons in a cell's source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name in ("predict", "reveal", "exercise", "quiz"):
                yield name, str(node.args[0].value)


def faults(number: str, sources: list[str]) -> list[str]:
    """What is wrong with the keys in a notebook's code cells, in their order."""
    found, predicted, revealed = [], [], []
    for name, key in (pair for source in sources for pair in keys(source)):
        if name == "exercise" and key not in course.exercises(key[:2]):
            found.append(f"there is no exercise {key}")
        elif name == "quiz" and key not in course.quizzes(key[:2]):
            found.append(f"there is no quiz {key}")
        elif name == "predict":
            predicted.append(key)
            if place(key) is None:
                found.append(f"append {key} to its notebook's list in backprop_lib/lessons/keys.py")
            if not key.startswith(f"{number}."):
                found.append(f"{key} belongs to another notebook")
        elif name == "reveal":
            revealed.append(key)
            if key not in predicted:
                found.append(f"{key} is revealed before it is asked")
    found += [f"{key} is asked twice" for key in sorted(set(predicted)) if predicted.count(key) > 1]
    found += [f"{key} is never revealed" for key in predicted if key not in revealed]
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_the_keys_of_a_notebook(path):
    cells = nbformat.read(path, as_version=4).cells
    assert not faults(path.stem[:2], [cell.source for cell in cells if cell.cell_type == "code"])


@pytest.mark.parametrize("notebook", course.notebooks())
def test_every_exercise_of_the_course_has_its_place(notebook):
    for key in course.exercises(notebook):
        assert key.startswith(f"{notebook}.") and place(key) is not None
    for key in course.quizzes(notebook):
        assert key.startswith(f"{notebook}.")


def test_planted_faults_are_found():
    sources = [
        'reveal("03.predict.rate", 1)',
        'predict("03.predict.rate", "?")\npredict("03.predict.rate", "?")\npredict("04.predict.other", "?")',
        'exercise("03.check.rleu").check(1)\nquiz("03.quizz")\nprint("03.check.nothing")',
    ]
    assert set(faults("03", sources)) == {
        "03.predict.rate is revealed before it is asked",
        "append 04.predict.other to its notebook's list in backprop_lib/lessons/keys.py",
        "04.predict.other belongs to another notebook",
        "there is no exercise 03.check.rleu",
        "there is no quiz 03.quizz",
        "03.predict.rate is asked twice",
        "04.predict.other is never revealed",
    }
