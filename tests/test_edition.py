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
from nbformat.v4 import new_code_cell, new_notebook

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
            [entry] = re.findall(rf"^\*\*{re.escape(check.task.key)}\*\* .*?(?=^\*\*|^#|\Z)", key, re.M | re.S)
            assert f"- Worked: {check.task.hint(3).blocks[0]}\n" in entry
            solution = check.task.solution()
            values = [*solution.arguments, *solution.named.values()]
            answer = "".join(re.findall(r"^- Answer: (.+)$", entry, re.M))
            assert all(callable(value) or edition.shown(value) in answer for value in values), entry
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


@pytest.mark.parametrize("place", ["notebooks/ed", "README.md"])
def test_a_place_where_no_edition_can_be_is_refused_with_a_sentence(place, capsys):
    with pytest.raises(SystemExit):
        edition.main([str(ROOT / place), "--only", "01", "--no-run"])
    assert "name a folder" in capsys.readouterr().err
    assert not (ROOT / "notebooks" / "ed").exists()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no clone")
@pytest.mark.parametrize("place, ignored", [("course/answer_key.md", 0), ("site/index.html", 0), ("classroom/site", 1)])
def test_what_the_instructors_commands_write_into_the_clone_is_not_committed(place, ignored):
    assert subprocess.run(["git", "check-ignore", "-q", place], cwd=ROOT).returncode == ignored


def test_a_function_gives_three_points_also_where_the_notebook_leaves_open_what_is_given():
    found = {check.task.key: check.points for path in edition.NOTEBOOKS
             for check in map(edition.check_in, nbformat.read(path, as_version=4).cells) if check}  # fmt: skip
    for key in ("03.check.gradients", "05.check.missing-m", "06.check.repair", "07.check.loop", "08.check.momentum"):
        assert found[key] == edition.FUNCTION_POINTS == 3, key
    assert (found["03.check.tanh"], found["09.check.block"], found["00.check.step"]) == (5, 2, 1)


# ---- graded ------------------------------------------------------------------------------------------------------


FUNCTION = """def gradients(x, w, b, y):
    z = w * x + b
    dL_dz = 2 * (z - y) if z > 0 else -0.0
    return dL_dz * x, dL_dz
"""
Cells = list[nbformat.NotebookNode]


def answers(cells: Cells) -> Cells:
    return [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]


def locked(cells: Cells) -> Cells:
    return [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]


def answer_to(key: str, cells: Cells) -> nbformat.NotebookNode:
    [found] = [cell for cell in answers(cells) if cell.metadata.nbgrader.grade_id == f"answer_{key}"]
    return found


def without(gone: Cells, cells: Cells) -> Cells:
    return [cell for cell in cells if not any(cell is other for other in gone)]


def copied_answer(cells: Cells) -> Cells:
    copied = copy.deepcopy(answer_to("03_check_relu", cells))
    copied.id = "copied"
    return [cells[0], copied, *cells[1:]]


def warned(cells: Cells) -> Cells:
    answer_to("03_check_gradients", cells).source = "import numpy as np\n\n\n" + FUNCTION.replace(
        "    z =", "    np.log(np.zeros(1))\n    z ="
    )
    return cells


def checked_instead(cells: Cells) -> Cells:
    answer_to("03_check_kill", cells).source = 'answer_03_check_kill = None\nexercise("03.check.kill").check(0.3)'
    return cells


def one_line(line: str):
    return lambda cells: [cells[0], new_code_cell(line), *cells[1:]]


HIDDEN = 'get_ipython().ast_node_interactivity = "none"'
FAKE = """class Fake:
    kind, score = "right", (1, 1)
    check = lambda self, *given, **named: self


exercise = lambda key: Fake()"""
# What is done to the cells, of which the first imports, and the points that this costs; None: all of them.
RIGHT_BUT = {
    "an answer copied": (copied_answer, 0),
    "the tests deleted": (lambda cells: without(locked(cells), cells), 0),
    "an exercise deleted": (lambda cells: without([answers(cells)[1], locked(cells)[1]], cells), 1),
    "everything deleted": (lambda cells: cells[:1], None),
    "the imports deleted": (lambda cells: cells[1:], 0),
    "a warning": (warned, 0),
    "a check for an answer": (checked_instead, 1),
    "an error before": (one_line("1 / 0"), 0),
}
EMPTY_BUT = {"nothing displayed": one_line(HIDDEN), "another exercise": one_line(FAKE)}


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> dict[str, tuple[float, float]]:
    """What nbgrader gives each student for notebook 03, and the most it could give."""
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
        done = subprocess.run(called, cwd=course, env=env, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr[-3000:]

    nbgrader("generate_assignment", name)
    released = nbformat.read(course / "release" / name / path.name, as_version=4)
    source = nbformat.read(course / "source" / name / path.name, as_version=4)
    assert "BEGIN SOLUTION" not in nbformat.writes(released)
    solutions = {cell.id: cell for cell in answers(source.cells)}
    halved = list(solutions)[::2]

    def hand_in(student: str, chosen: list[str], change=None) -> None:
        made = copy.deepcopy(released)
        for cell in made.cells:
            if cell.id in chosen:
                cell.source = re.sub(r"### (BEGIN|END) SOLUTION\n?", "", solutions[cell.id].source)
        if change:  # the lesson around the exercises is not run once more for each of these
            first = next(cell for cell in made.cells if cell.cell_type == "code")
            cells = [first, *(cell for cell in made.cells if cell.metadata.get("nbgrader"))]
            if chosen:
                answer_to("03_check_gradients", cells).source = FUNCTION
            made.cells = change(cells)
        place = course / "submitted" / student / name
        place.mkdir(parents=True)
        nbformat.write(made, place / path.name)

    hand_in("right", list(solutions))
    hand_in("half", halved)
    hand_in("empty", [])
    for student, (change, _) in RIGHT_BUT.items():
        hand_in(student, list(solutions), change)
    for student, change in EMPTY_BUT.items():
        hand_in(student, [], change)
    nbgrader("autograde", name)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        found = {}
        for student in ("right", "half", "empty", *RIGHT_BUT, *EMPTY_BUT):
            submission = gradebook.find_submission(name, student)
            assert not submission.needs_manual_grade, student
            found[student] = (float(submission.score), float(submission.max_score))
    halves = sum(edition.check_in(cell).points for cell in nbformat.read(path, as_version=4).cells
                 if edition.check_in(cell) and f"{cell.id}-answer" in halved)  # fmt: skip
    wrong_door = nbformat.read(course / "autograded" / "a check for an answer" / name / path.name, as_version=4)
    [told] = [cell for cell in locked(wrong_door.cells) if cell.metadata.nbgrader.grade_id == "test_03_check_kill"]
    assert "set answer_03_check_kill in the cell above" in said(told)
    shutil.rmtree(course / "autograded")
    return {**found, "expected": (float(halves), 0.0)}


def test_nbgrader_gives_what_each_has_earned(graded):
    most = graded["right"][1]
    assert most > 30
    assert graded["right"] == (most, most)
    assert graded["empty"] == (0.0, most)
    assert graded["half"] == (graded["expected"][0], most)
    assert 0 < graded["half"][0] < most


@pytest.mark.parametrize("student", RIGHT_BUT)
def test_right_work_is_graded_whatever_else_has_been_done_to_the_notebook(graded, student):
    most, lost = graded["right"][1], RIGHT_BUT[student][1]
    assert graded[student] == (0.0 if lost is None else most - lost, most)


@pytest.mark.parametrize("student", EMPTY_BUT)
def test_a_trick_in_place_of_an_answer_gives_nothing(graded, student):
    assert graded[student] == (0.0, graded["right"][1])
