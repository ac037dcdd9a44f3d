"""The instructor's edition: made from the students' notebooks, solved throughout, and graded as it deserves."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from execute import execute
from nbformat.v4 import new_notebook

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "classroom"))

import edition  # noqa: E402  (a script, not a package)

by_notebook = pytest.mark.parametrize("path", edition.NOTEBOOKS, ids=lambda path: path.stem[:2])


def exercises_only(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The first code cell and the cells with an exercise: all that the checks need."""
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    return new_notebook(
        cells=[first, *(cell for cell in notebook.cells if "exercise(" in cell.source and cell != first)]
    )


def said(cell: nbformat.NotebookNode) -> str:
    return "".join(output.get("data", {}).get("text/plain", output.get("text", "")) for output in cell.outputs)


@by_notebook
def test_every_exercise_cell_is_found(path):
    notebook = nbformat.read(path, as_version=4)
    calls = sum(len(re.findall(r"^exercise\(.*\)\.check\(", cell.source, re.M)) for cell in notebook.cells)
    checks = [check for check in map(edition.check_in, notebook.cells) if check]
    assert len(checks) == calls >= 3
    assert len({check.task.key for check in checks}) == len(checks)


@by_notebook
def test_the_solution_passes_every_check_and_the_student_s_version_none(path):
    notebook = nbformat.read(path, as_version=4)
    for made, solved in ((edition.solved(notebook), True), (notebook, False)):
        for cell in execute(exercises_only(made)).cells[1:]:
            if re.search(r"^exercise\(.*\)\.check\(", cell.source, re.M):
                assert said(cell).startswith("✓ Right") is solved, cell.source


@by_notebook
def test_the_plan_adds_up_to_what_the_notebook_says(path):
    notebook = nbformat.read(path, as_version=4)
    spent = edition.minutes(notebook)
    assert f"**Minutes:** {sum(spent.values())}\n" in notebook.cells[0].source + "\n"
    headings = [h for cell in notebook.cells for h in re.findall(r"^## (.+)$", cell.source, re.M)]
    assert list(spent) == ["Opening", *map(str.strip, headings)]
    assert all(length >= 0 for length in spent.values()) and spent["Exercises"] > spent["Recap"]


def test_the_answer_key_has_every_exercise_and_every_question():
    key = edition.answer_key(edition.NOTEBOOKS)
    for path in edition.NOTEBOOKS:
        for check in filter(None, map(edition.check_in, nbformat.read(path, as_version=4).cells)):
            assert f"**{check.task.key}**" in key
        for quiz in edition.course.quizzes(path.stem[:2]).values():
            for question in quiz.questions:
                [right] = [option.text for option in question.options if option.right]
                assert f"**{question.key}**" in key and right in key
    assert "{" not in re.sub(r"`[^`]*`", "", key).replace("{0, 1}", "")


def test_one_command_writes_it_all(tmp_path):
    made = tmp_path / "edition"
    command = [sys.executable, str(ROOT / "classroom" / "edition.py"), str(made), "--only", "01"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [path] = [path for path in edition.NOTEBOOKS if path.stem.startswith("01")]
    assert (made / "student" / path.name).read_bytes() == path.read_bytes()
    solution = nbformat.read(made / "solution" / path.name, as_version=4)
    assert not [o for cell in solution.cells for o in cell.get("outputs", []) if o.output_type == "error"]
    assert (made / "plan.md").read_text().startswith("# Plan")
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode != 0 and "is not empty" in again.stderr


# ---- graded ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> dict[str, tuple[float, float]]:
    """What nbgrader gives three students for notebook 03, and the most it could give."""
    pytest.importorskip("nbgrader", reason="nbgrader is an extra: pip install nbgrader")
    from nbgrader.api import Gradebook

    [path] = [path for path in edition.NOTEBOOKS if path.stem.startswith("03")]
    folder = tmp_path_factory.mktemp("edition") / "edition"
    edition.write(folder, [path], run=False)
    course, name = folder / "nbgrader", path.stem

    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic

    def nbgrader(*command: str) -> None:
        called = [sys.executable, "-m", "nbgrader", *command]
        env = os.environ | {"PATH": tools}
        done = subprocess.run(called, cwd=course, env=env, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]

    nbgrader("generate_assignment", name)
    released = nbformat.read(course / "release" / name / path.name, as_version=4)
    source = nbformat.read(course / "source" / name / path.name, as_version=4)
    assert "BEGIN SOLUTION" not in nbformat.writes(released)
    answers = {cell.id: cell for cell in source.cells if cell.id.endswith("-answer")}
    for student, chosen in (("right", list(answers)), ("half", list(answers)[::2]), ("empty", [])):
        handed_in = copy.deepcopy(released)
        for cell in handed_in.cells:
            if cell.id in chosen:
                cell.source = re.sub(r"### (BEGIN|END) SOLUTION\n?", "", answers[cell.id].source)
        place = course / "submitted" / student / name
        place.mkdir(parents=True)
        nbformat.write(handed_in, place / path.name)
    nbgrader("autograde", name)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        found = {}
        for student in ("right", "half", "empty"):
            submission = gradebook.find_submission(name, student)
            found[student] = (float(submission.score), float(submission.max_score))
    halves = sum(edition.check_in(cell).points for cell in nbformat.read(path, as_version=4).cells
                 if edition.check_in(cell) and f"{cell.id}-answer" in list(answers)[::2])  # fmt: skip
    shutil.rmtree(course / "autograded")
    return {**found, "expected": (float(halves), 0.0)}


def test_nbgrader_gives_what_each_has_earned(graded):
    most = graded["right"][1]
    assert most > 30
    assert graded["right"] == (most, most)
    assert graded["empty"] == (0.0, most)
    assert graded["half"] == (graded["expected"][0], most)
    assert 0 < graded["half"][0] < most
