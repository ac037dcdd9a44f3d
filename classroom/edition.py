"""The instructor's edition, made from the very notebooks that the students have.

    python classroom/edition.py DIR

writes into DIR

    student/        the notebooks with their blanks
    solution/       the same with every blank filled in, executed, and the worked solution below each exercise
    answer_key.md   every exercise and every quiz question with its answer and why
    plan.md         minutes for each section
    nbgrader/       a course folder for nbgrader: each notebook is an assignment in source/

nbgrader is an extra: `pip install nbgrader`, then in DIR/nbgrader `nbgrader generate_assignment NAME`, and after the
hand-in `nbgrader autograde NAME`. A right value is a point; a right function is three, also where a student may give
its numbers instead.
"""

from __future__ import annotations

import argparse
import ast
import copy
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from backprop_lib.lessons import course
from backprop_lib.lessons.answers import shown
from backprop_lib.lessons.exercises import Task
from backprop_lib.lessons.gradient_exercises import GradientExercise
from backprop_lib.lessons.steps import label

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
FUNCTION_POINTS = 3
# What a section takes, by rule of thumb; only the proportions count.
WORDS_A_MINUTE, MINUTES_A_CELL, MINUTES_A_QUIZ, MINUTES_AN_EXERCISE = 130, 1.0, 4.0, 4.0

NBGRADER_CONFIG = """\
from nbformat.v4 import new_output
from nbgrader.preprocessors import (
    CheckCellMetadata, ClearOutput, DeduplicateIds, NbGraderPreprocessor, OverwriteCells, OverwriteKernelspec
)
from nbgrader.utils import is_grade


class NoEmptyMetadata(NbGraderPreprocessor):
    # DeduplicateIds leaves empty metadata in a cell that a student has copied; nbgrader takes that for an old format,
    # and stops before the next student.
    def preprocess_cell(self, cell, resources, index):
        if cell.metadata.get("nbgrader") == {}:
            del cell.metadata["nbgrader"]
        return cell, resources


class AddDeletedTests(OverwriteCells):
    # nbgrader's own way puts a deleted test behind its answer, and fails where the answer has been deleted too.
    def add_missing_grade_cells(self, nb, resources):
        source = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        written = {cell.name: cell for cell in source.source_cells}
        ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells]
        for test in source.grade_cells:
            if test.name not in ids:
                answer = test.name.replace("test_", "answer_", 1)
                place = ids.index(answer) + 1 if answer in ids else len(ids)
                nb.cells.insert(place, self.missing_cell_transform(written[test.name], test.max_score))
                ids.insert(place, test.name)
        return nb, resources


class AsDisplayed(NbGraderPreprocessor):
    # The points of a test are what it displays. By itself nbgrader gives none where there is a warning beside them, and
    # all of them where nothing is displayed, which a student's notebook can bring about.
    def preprocess_cell(self, cell, resources, index):
        if is_grade(cell) and cell.cell_type == "code":
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"
            if not any(output.output_type in ("execute_result", "error") for output in cell.outputs):
                said = "This test displayed no points, so it gives none."
                cell.outputs.append(new_output("error", ename="NoPoints", evalue=said, traceback=[said]))
        return cell, resources


c = get_config()
c.CourseDirectory.course_id = "backprop"
c.ClearSolutions.code_stub = {"python": "# Replace each None or ... above; a call of check is not graded."}
c.ExecutePreprocessor.timeout = 300
c.OverwriteCells.add_missing_cells = True
c.Autograde.sanitize_preprocessors = [
    ClearOutput, DeduplicateIds, NoEmptyMetadata, OverwriteKernelspec, AddDeletedTests, CheckCellMetadata
]
c.Autograde.autograde_preprocessors.insert(1, AsDisplayed)  # after Execute
"""


@dataclass(frozen=True)
class Check:
    """A cell that ends with `exercise("key").check(...)`: what stands before that, and the arguments as written."""

    task: Task
    before: str
    arguments: list[ast.expr]
    named: list[str]

    @property
    def slug(self) -> str:
        return re.sub(r"\W", "_", self.task.key)

    @property
    def functions(self) -> list[str]:
        """The names of the functions that are handed to the check."""
        return [argument.id for argument in self.arguments if isinstance(argument, ast.Name)]

    @property
    def asks_function(self) -> bool:
        """Whether a function is asked for, or may be given; the notebook may only say `check(None)`."""
        if self.functions or self.named:
            return bool(self.functions)
        return isinstance(self.task, GradientExercise) or any(map(callable, self.task.solution().arguments))

    @property
    def points(self) -> int:
        return FUNCTION_POINTS if self.asks_function else max(1, len(self.named))


def check_in(cell: NotebookNode) -> Check | None:
    """The check that a code cell ends with, if it does."""
    if cell.cell_type != "code":
        return None
    body = ast.parse(cell.source).body
    last = body[-1] if body else None
    match last:
        case ast.Expr(
            ast.Call(
                func=ast.Attribute(value=ast.Call(ast.Name("exercise"), [ast.Constant(key)]), attr="check"),
                args=arguments,
                keywords=keywords,
            )
        ):
            before = "\n".join(cell.source.splitlines()[: last.lineno - 1])
            return Check(course.exercise(str(key)), before, arguments, [str(keyword.arg) for keyword in keywords])
    return None


# ---- the solution ------------------------------------------------------------------------------------------------


def short(value: object) -> object:
    """A number, or lists of numbers, with 6 significant digits."""
    if isinstance(value, list):
        return [short(entry) for entry in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def hint(task: Task, level: int = 3) -> str:
    return str(task.hint(level).blocks[0])


def solved(notebook: NotebookNode) -> NotebookNode:
    """The notebook with every blank filled in, and the worked solution below each exercise; not executed."""
    made = copy.deepcopy(notebook)
    cells = []
    for cell in made.cells:
        cells.append(cell)
        check = check_in(cell)
        if check is None:
            continue
        solution = check.task.solution()
        task = f'exercise("{check.task.key}")'
        if check.functions or any(map(callable, solution.arguments)):
            call = f"{task}.check({right_functions(check)})"
        else:
            filled = [repr(short(value)) for value in solution.arguments]
            filled += [f"{name}={short(value)!r}" for name, value in solution.named.items()]
            call = f"{task}.check({', '.join(filled)})"
        cell.source = f"{check.before}\n{call}".strip()
        cells.append(new_markdown_cell(f"**Solution.** {hint(check.task)}", id=f"{cell.id}-solution"))
    made.cells = cells
    return made


def right_functions(check: Check) -> str:
    """Code for the functions that an exercise asks for."""
    task = f'exercise("{check.task.key}")'
    return f"{task}.backward" if isinstance(check.task, GradientExercise) else f"*{task}.solution().arguments"


def executed(notebook: NotebookNode) -> NotebookNode:
    made = copy.deepcopy(notebook)
    NotebookClient(made, timeout=600, kernel_name="python3", store_widget_state=False).execute()
    return made


# ---- the answer key ----------------------------------------------------------------------------------------------


def answer_key(paths: list[Path]) -> str:
    lines = ["# Answer key", "", "Computed from the exercises themselves when this file was made."]
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        lines += ["", f"## {title_of(notebook)}", "", "### Exercises"]
        for check in filter(None, map(check_in, notebook.cells)):
            solution = check.task.solution()
            values = [shown(value) for value in solution.arguments if not callable(value)]
            values += [f"{label(name)} = {shown(value)}" for name, value in solution.named.items()]
            lines += ["", f"**{check.task.key}** ({points(check.points)}). {check.task.question}", ""]
            lines += [f"- Answer: {', '.join(values)}"] if values else []
            lines += [f"- Worked: {hint(check.task)}"]
        if path.stem[:2] in course.notebooks():
            lines += ["", "### Quizzes"]
            for quiz in course.quizzes(path.stem[:2]).values():
                for question in quiz.questions:
                    [k] = [k for k, option in enumerate(question.options) if option.right]
                    right = question.options[k]
                    lines += ["", f"**{question.key}**. {question.text}", ""]
                    lines += [f"- {ascii_lowercase[k]}) {right.text} {right.reply}"]
    return "\n".join(lines) + "\n"


def points(number: int) -> str:
    return "1 point" if number == 1 else f"{number} points"


# ---- the plan ----------------------------------------------------------------------------------------------------


def title_of(notebook: NotebookNode) -> str:
    return str(notebook.cells[0].source.splitlines()[0].removeprefix("# "))


def sections(notebook: NotebookNode) -> Iterator[tuple[str, list[NotebookNode]]]:
    """What stands before the first heading of level 2, then each such section."""
    name, cells = "Opening", []
    for cell in notebook.cells:
        parts = re.split(r"^## (.+)$", cell.source, flags=re.M) if cell.cell_type == "markdown" else [cell.source]
        if len(parts) == 1:
            cells.append(cell)
            continue
        cells.append(new_markdown_cell(parts[0]))
        for heading, text in zip(parts[1::2], parts[2::2], strict=True):
            yield name, cells
            name, cells = heading.strip(), [new_markdown_cell(text)]
    yield name, cells


def effort(cells: list[NotebookNode]) -> float:
    """Minutes by rule of thumb: reading, running and looking, and working out an exercise."""
    words = sum(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
    code = [cell for cell in cells if cell.cell_type == "code"]
    tasks = sum(check_in(cell) is not None for cell in code)
    quizzes = sum(cell.source.startswith("quiz(") for cell in code)
    return words / WORDS_A_MINUTE + MINUTES_A_CELL * len(code) + MINUTES_A_QUIZ * quizzes + MINUTES_AN_EXERCISE * tasks


def minutes(notebook: NotebookNode) -> dict[str, int]:
    """Whole minutes for each section, which add up to what the notebook itself says."""
    [said] = re.findall(r"^\*\*Minutes:\*\* (\d+)", notebook.cells[0].source, flags=re.M)
    parts = {name: effort(cells) for name, cells in sections(notebook)}
    exact = {name: int(said) * part / sum(parts.values()) for name, part in parts.items()}
    whole = {name: int(value) for name, value in exact.items()}
    for name in sorted(exact, key=lambda name: whole[name] - exact[name])[: int(said) - sum(whole.values())]:
        whole[name] += 1
    return whole


def plan(paths: list[Path]) -> str:
    lines = [
        "# Plan",
        "",
        "Each notebook says how many minutes it takes; they are shared out by words, cells and tasks.",
    ]
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        spent = minutes(notebook)
        lines += ["", f"## {title_of(notebook)} ({sum(spent.values())} minutes)", ""]
        lines += ["| from | minutes | section |", "|---:|---:|---|"]
        start = 0
        for name, length in spent.items():
            lines.append(f"| {start} | {length} | {name} |")
            start += length
    return "\n".join(lines) + "\n"


# ---- the assignment ----------------------------------------------------------------------------------------------


def graded(kind: str, name: str, points: int = 0) -> dict[str, object]:
    test = kind == "test"
    made = {"grade": test, "grade_id": f"{kind}_{name}", "locked": test, "schema_version": 3, "solution": not test}
    return {**made, "task": False, **({"points": points} if test else {})}


def assignment(notebook: NotebookNode) -> NotebookNode:
    """The notebook as nbgrader's source: each exercise is a cell to fill in and a locked one that gives the points."""
    made = copy.deepcopy(notebook)
    cells = []
    for cell in made.cells:
        check = check_in(cell)
        if check is None:
            cells.append(cell)
            continue
        name, task = check.slug, f'exercise("{check.task.key}")'
        answer, solution = f"answer_{name}", check.task.solution()
        asked = ", ".join(check.functions) or answer
        if check.functions:
            blank = check.before
            filled = f"[{', '.join(check.functions)}] = [{right_functions(check)}]"
            handed = ", ".join(check.functions)
        elif check.named:
            blank = f"{check.before}\n{answer} = dict({', '.join(f'{name}=None' for name in check.named)})"
            filled = f"{answer} = { {name: short(value) for name, value in solution.named.items()}!r}"
            handed = f"**{answer}"
        elif solution.arguments:
            blank = f"{check.before}\n{answer} = None"
            [value] = solution.arguments
            filled = f"[{answer}] = [{right_functions(check)}]" if callable(value) else f"{answer} = {short(value)!r}"
            handed = answer
        else:  # gradients, or a function that computes them
            names = ", ".join(f"{name}=…" for name in solution.named)
            blank = f"{check.before}\n{answer} = None  # a function, or dict({names})"
            filled = f"{answer} = {task}.backward"
            handed = f"**{answer}) if isinstance({answer}, dict) else {task}.check({answer}"
        source = f"{blank.strip()}\n### BEGIN SOLUTION\n{filled}\n### END SOLUTION"
        cells.append(new_code_cell(source, id=f"{cell.id}-answer", metadata={"nbgrader": graded("answer", name)}))
        test = (
            "from backprop_lib.lessons import exercise\n\n"  # whatever a student has made of that name
            f"feedback = {task}.check({handed})\n"
            f'print(feedback if feedback.kind != "open" else "Not answered yet: set {asked} in the cell above.")\n'
            f"right, asked = feedback.score\n{check.points} * right / asked"
        )
        metadata = {"nbgrader": graded("test", name, check.points)}
        cells.append(new_code_cell(test, id=f"{cell.id}-test", metadata=metadata))
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    made.cells = cells
    return made


# ---- all of it ---------------------------------------------------------------------------------------------------


def write(folder: Path, paths: list[Path], run: bool = True) -> None:
    for name in ("student", "solution", "nbgrader/source"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for other in (ROOT / "notebooks").iterdir():  # what the notebooks link to
        if other.suffix != ".ipynb":
            for name in ("student", "solution"):
                place = folder / name / other.name
                if other.is_dir():
                    shutil.copytree(other, place, dirs_exist_ok=True)
                else:
                    shutil.copy(other, place)
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        shutil.copy(path, folder / "student" / path.name)
        solution = solved(notebook)
        nbformat.write(executed(solution) if run else solution, folder / "solution" / path.name)
        source = folder / "nbgrader" / "source" / path.stem
        source.mkdir(exist_ok=True)
        nbformat.write(assignment(notebook), source / path.name)
        print(f"{path.name}: done")
    (folder / "answer_key.md").write_text(answer_key(paths), encoding="utf-8")
    (folder / "plan.md").write_text(plan(paths), encoding="utf-8")
    (folder / "nbgrader" / "nbgrader_config.py").write_text(NBGRADER_CONFIG, encoding="utf-8")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Write the instructor's edition of the course.")
    parser.add_argument("folder", type=Path, help="where to; it must be empty or not there yet")
    parser.add_argument("--no-run", action="store_true", help="leave the solutions unexecuted")
    parser.add_argument("--only", nargs="*", default=[], metavar="NN", help="these notebooks only, such as 03 04")
    given = parser.parse_args(arguments)
    if given.folder.exists() and not given.folder.is_dir():
        parser.error(f"{given.folder} is a file; name a folder.")
    if given.folder.resolve().is_relative_to(ROOT / "notebooks"):  # what stands there is copied into the edition
        parser.error(f"{given.folder} lies among the notebooks; name a folder elsewhere.")
    if given.folder.exists() and any(given.folder.iterdir()):
        parser.error(f"{given.folder} is not empty; name another folder, or remove it first.")
    unknown = set(given.only) - {path.stem[:2] for path in NOTEBOOKS}
    if unknown:
        parser.error(f"there is no notebook {', '.join(sorted(unknown))}.")
    write(given.folder, [p for p in NOTEBOOKS if not given.only or p.stem[:2] in given.only], run=not given.no_run)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
