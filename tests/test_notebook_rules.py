"""Every notebook keeps the house rules, gives the same file when run again, and each section runs alone.

The second half puts the rules themselves on trial: a notebook that keeps them all, and one planted mistake
after another, each of which must be found and named.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import notebook_rules
import pytest
from execute import NOTEBOOK_METADATA, NOTEBOOKS, WIDGET_VIEW, execute, read, strip, text, without_rounding
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_rules import Notebook, violations

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
SECTIONS = [
    pytest.param(path, title, id=f"{path.name}-{title}")
    for path in PATHS
    for _, level, title in Notebook(path).headings
    if level == 2
]


def results(cell: nbformat.NotebookNode) -> list[dict]:
    return without_rounding(cell.outputs)


def changed_cells(saved: nbformat.NotebookNode, again: nbformat.NotebookNode) -> list[str]:
    """The code cells whose outputs differ, the saved ones beside the new ones."""
    changed = []
    for i, (old, new) in enumerate(zip(saved.cells, strip(again).cells, strict=True), start=1):
        if old.cell_type == "code" and results(old) != results(new):
            shown = f"saved: {str(results(old))[:2000]}\nnow:   {str(results(new))[:2000]}"
            changed.append(f"cell {i} ({old.source.splitlines()[0]!r})\n{shown}")
    return changed


def alone(nb: Notebook, title: str) -> nbformat.NotebookNode:
    """The notebook cut down to its first code cell and one section."""
    first, _ = nb.code[0]
    cells = [cell for i, cell in nb.cells if i == first] + [c for i, c in nb.section(title) if i != first]
    return new_notebook(cells=cells)


def rerun_changes(path: Path) -> list[str]:
    saved = read(path)
    again = execute(saved, path.parent)
    changed = changed_cells(saved, again)
    committed = path.read_text(encoding="utf-8")
    for cell, done in zip(saved.cells, again.cells, strict=True):
        if cell.cell_type == "code" and results(cell) == results(done):
            done.outputs = cell.outputs  # with its pixels
    return changed or ([] if committed == text(again) else ["another file, same outputs"])


def section_changes(path: Path, title: str) -> list[str]:
    cut = alone(Notebook(path), title)
    return changed_cells(cut, execute(cut, path.parent))


def test_there_are_notebooks():
    assert PATHS, "there is no notebook in notebooks/"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_house_rules(path):
    found = violations(path)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_running_it_again_gives_the_same_file(path):
    changed = rerun_changes(path)
    assert not changed, "\n" + "\n".join(changed)


@pytest.mark.parametrize(("path", "title"), SECTIONS)
def test_section_runs_alone_after_the_first_code_cell(path, title):
    changed = section_changes(path, title)
    assert not changed, "\n" + "\n".join(changed)


def test_committed_files_are_what_nbstripout_leaves():
    keys = "metadata.widgets cell.metadata.execution metadata.language_info.version"
    keep = ["--keep-output", "--keep-count", "--keep-id", "--extra-keys", keys]
    run = [sys.executable, "-m", "nbstripout", "--verify", *keep, *map(str, PATHS)]
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_existing_notebooks_are_excused():
    assert notebook_rules.LEFT_OUT.keys() <= {path.name for path in PATHS}


# --- the rules on trial ---------------------------------------------------------------------------

SENTENCE = "The loss falls from 0.25 to 0.003 in 3000 steps."


def picture(sentence: str = SENTENCE, html: str = f'<img alt="{SENTENCE}" src="data:image/png;base64,AA==">'):
    data = {"text/plain": sentence, "image/png": "AA=="}
    return new_output("display_data", data={**data, "text/html": html} if html else data)


def printing(value: str, name: str = "stdout"):
    return new_output("stream", name=name, text=value)


def good() -> nbformat.NotebookNode:
    """A notebook that keeps every rule."""
    cells = [
        new_markdown_cell("# Slopes\n\n**Objectives:** read a slope.\n\n**Prerequisites:** none.\n\n**Minutes:** 20"),
        new_code_cell("from backprop_lib import lessons\n\nrate = 0.5"),
        new_markdown_cell("## Already know this?\n\nThen go to the [exercises](#Exercises)."),
        new_code_cell("lessons.quiz('gate')"),
        new_markdown_cell("## A slope"),
        new_code_cell("print(rate)", outputs=[printing("0.5\n")]),
        new_markdown_cell("The loss:"),
        new_code_cell("show(loss_curve)", outputs=[picture()]),
        new_markdown_cell("**Many people think** that `x` matters.\n\n**Watch it fail:**"),
        new_code_cell("print(0 * rate)", outputs=[printing("0.0\n")]),
        new_markdown_cell("**What is true:** the rate does."),
        new_markdown_cell("## Exercises\n\n### Exercise 1: one"),
        new_code_cell("lessons.check_slope(1)"),
        new_markdown_cell("### Exercise 2: two"),
        new_code_cell("lessons.check(2)"),
        new_markdown_cell("### Exercise 3: three"),
        new_code_cell("lessons.check.slope(3)"),
        new_markdown_cell("## Quiz"),
        new_code_cell("lessons.quiz('slopes')"),
        new_markdown_cell("## Recap\n\nA slope is a ratio, $\\frac{a}{b}$."),
        new_markdown_cell("## What next\n\nBack to [the top](01_slopes.ipynb#A-slope)."),
    ]
    nb = new_notebook(cells=cells, metadata=NOTEBOOK_METADATA)
    for k, cell in enumerate(cells):
        cell.id = f"cell-{k}"
    return counted(nb)


def counted(nb: nbformat.NotebookNode) -> nbformat.NotebookNode:
    for count, cell in enumerate((c for c in nb.cells if c.cell_type == "code"), start=1):
        cell.execution_count = count
    return nb


def save(folder: Path, nb: nbformat.NotebookNode) -> Path:
    path = folder / "01_slopes.ipynb"
    path.write_text(text(nb), encoding="utf-8")
    return path


def test_a_good_notebook_passes(tmp_path):
    assert violations(save(tmp_path, good())) == []


def source(k: int, new: str):
    return lambda nb: nb.cells[k].update(source=new)


def outputs(k: int, *new: nbformat.NotebookNode):
    return lambda nb: nb.cells[k].update(outputs=list(new))


def replaced(old: str, new: str):
    def change(nb):
        touched = [cell for cell in nb.cells if old in cell.source]
        assert touched, f"{old!r} stands nowhere"
        for cell in touched:
            cell.source = cell.source.replace(old, new)

    return change


def inserted(k: int, cell: nbformat.NotebookNode):
    def change(nb):
        nb.cells.insert(k, cell)
        counted(nb)

    return change


PLANTED = {
    "thirteen lines": (source(1, "\n".join(f"a{i} = {i}" for i in range(13))), "cell 2: has 13 lines"),
    "two code cells": (inserted(2, new_code_cell("1")), "cell 3: is a code cell straight after another"),
    "empty prose between": (
        lambda nb: (inserted(2, new_code_cell("1"))(nb), nb.cells.insert(2, new_markdown_cell(" "))),
        "cell 4: is a code cell straight after another",
    ),
    "empty cell": (inserted(2, new_markdown_cell("")), "cell 3: is empty"),
    "raw cell": (inserted(2, nbformat.v4.new_raw_cell("x")), "cell 3: is a raw cell"),
    "pip magic": (source(1, "%pip install numpy"), "cell 2: is not plain Python"),
    "pip shell": (source(1, "!pip install numpy"), "cell 2: is not plain Python"),
    "cell magic": (source(1, "%%time\nx = 1"), "cell 2: is not plain Python"),
    "trailing semicolon": (source(5, "plot();"), "cell 6: has a semicolon"),
    "import star": (source(1, "from numpy import *"), "cell 2: imports * from numpy"),
    "clock": (source(1, "import time"), "cell 2: imports time"),
    "date": (source(1, "from datetime import date"), "cell 2: imports datetime"),
    "no seed": (source(1, "import numpy as np\nr = np.random.default_rng()"), "default_rng() with no seed"),
    "global seed": (source(1, "import numpy as np\nnp.random.seed(0)"), "cell 2: calls np.random.seed"),
    "nbval comment": (source(5, "# NBVAL_IGNORE_OUTPUT\nprint(rate)"), "cell 6: switches nbval off"),
    "nbval tag": (lambda nb: nb.cells[5].metadata.update(tags=["nbval-skip"]), "cell 6: switches nbval off"),
    "error tag": (
        lambda nb: nb.cells[5].metadata.update(tags=["raises-exception"]),
        "cell 6: switches nbval off",
    ),
    "stored answer": (source(12, "lessons.check(x, expected=3)"), "cell 13: stores an answer"),
    "not run": (lambda nb: nb.cells[5].update(execution_count=None), "cell 6: has execution count None"),
    "run twice": (lambda nb: nb.cells[5].update(execution_count=17), "cell 6: has execution count 17"),
    "stale result": (
        outputs(5, new_output("execute_result", data={"text/plain": "1"}, execution_count=9)),
        "cell 6: has an output of run 9",
    ),
    "error output": (
        outputs(5, new_output("error", ename="ValueError", evalue="no", traceback=[])),
        "cell 6: stopped with an error: ValueError: no",
    ),
    "warning": (outputs(5, printing("RuntimeWarning: overflow", "stderr")), "cell 6: warns"),
    "widget without static form": (
        outputs(5, new_output("display_data", data={WIDGET_VIEW: {}, "text/plain": "IntSlider(value=0)"})),
        "cell 6: saves a widget with no static form",
    ),
    "address": (outputs(5, printing("<object at 0x7f53cbb2bb10>")), "cell 6: prints a memory address"),
    "path": (outputs(5, printing("/home/ada/notebook.py:3")), "cell 6: prints a path of one machine"),
    "digits": (outputs(5, printing("0.0731058\n2.718281828")), "cell 6: prints 2.718281828"),
    "digits in a table": (
        outputs(5, new_output("display_data", data={"text/plain": "x", "text/html": "<td>0.12345678</td>"})),
        "cell 6: prints 0.12345678",
    ),
    "figure repr": (outputs(7, picture("<Figure size 640x480 with 1 Axes>")), "text/plain states no finding"),
    "svg object": (
        outputs(7, new_output("display_data", data={"text/plain": "<IPython…>", "image/svg+xml": "<svg/>"})),
        "cell 8: shows a picture whose text/plain states no finding",
    ),
    "bare picture": (outputs(7, picture(html="")), "cell 8: shows a picture without alt text: add text/html"),
    "no alt": (outputs(7, picture(html="<img src='x'>")), "cell 8: shows a picture without alt text (img"),
    "svg with no role": (outputs(7, picture(html="<svg></svg>")), "cell 8: shows a picture without alt text"),
    "another alt": (outputs(7, picture(html="<img alt='A loss.'>")), "cell 8: has an alt text that its text"),
    "alt in prose": (source(6, "![](https://example.org/x.png)"), "cell 7: has a picture without alt text"),
    "html in prose": (
        source(6, "<img src='https://example.org/x.png'>"),
        "cell 7: has a picture without alt text",
    ),
    "huge": (outputs(5, printing("x" * 1_000_000)), "at most 1,000,000 are allowed"),
    "no title": (source(0, "Slopes"), "cell 1: does not open with the title"),
    "second title": (source(4, "# A slope"), "cell 5: has a second title"),
    "level skipped": (source(6, "#### Detail"), "cell 7: heading 'Detail' skips a level (2 to 4)"),
    "heading twice": (source(6, "### A slope"), "cell 7: repeats the heading 'A slope'"),
    "no objectives": (replaced("**Objectives:**", "Objectives"), "objectives: the first cell has no line"),
    "no prerequisites": (replaced("**Prerequisites:**", ""), "prerequisites: the first cell has no line"),
    "no minutes": (replaced("20", "some"), "minutes: the first cell has no line"),
    "no gate": (replaced("## Already know this?", "## Start"), "gate: there is no section"),
    "gate without question": (source(3, "1 + 1"), "gate: section '## Already know this?' asks nothing"),
    "no exercises": (replaced("## Exercises", "## Work"), "exercises: there is no section"),
    "two exercises": (replaced("### Exercise 3: three", "### Three"), "exercises: there are not three"),
    "misnumbered": (replaced("Exercise 3: three", "Exercise 4: three"), "exercises: there are not three"),
    "unchecked exercise": (
        replaced("lessons.check(2)", "2"),
        "exercises: 'Exercise 2: two' has no code cell",
    ),
    "no misconception": (replaced("**Many people think**", "Some think"), "misconception: there is no"),
    "misconception told": (
        lambda nb: inserted(9, nb.cells.pop(10))(nb),
        "misconception: the misconception box does not run a cell",
    ),
    "no quiz": (replaced("## Quiz", "## Questions"), "quiz: there is no section '## Quiz'"),
    "empty quiz": (source(18, "1 + 1"), "quiz: section '## Quiz' asks nothing"),
    "no recap": (replaced("## Recap", "## End"), "recap: there is no section '## Recap'"),
    "no what next": (replaced("## What next", "## Goodbye"), "what next: there is no section"),
    "next to nowhere": (source(20, "## What next\n\nThe end."), "what next: section '## What next' links"),
    "missing file": (replaced("#Exercises", "02_graphs.ipynb"), "links to 02_graphs.ipynb, but there is no"),
    "missing heading": (replaced("#Exercises", "#exercises"), "cell 3: links to #exercises, but 01_slopes"),
    "missing far heading": (replaced("#A-slope", "#Two"), "cell 21: links to 01_slopes.ipynb#Two, but 01_s"),
}


@pytest.mark.parametrize(("change", "message"), PLANTED.values(), ids=PLANTED.keys())
def test_planted_mistake_is_named(tmp_path, change, message):
    nb = good()
    change(nb)
    found = violations(save(tmp_path, nb))
    assert any(message in violation for violation in found), found
    assert all(violation.startswith("01_slopes.ipynb") for violation in found)


RAW = {
    "widget state": (lambda nb: nb.metadata.update(widgets={}), "saves widget state"),
    "no language": (lambda nb: nb.metadata.pop("language_info"), "has no metadata.language_info.name"),
    "other kernel": (lambda nb: nb.metadata.kernelspec.update(name="conda"), "has another kernelspec"),
    "python version": (
        lambda nb: nb.metadata.language_info.update(version="3.11"),
        "is not in the committed form",
    ),
    "cell timing": (lambda nb: nb.cells[1].metadata.update(execution={}), "is not in the committed form"),
    "live view": (
        lambda nb: nb.cells[7].outputs[0].data.update({WIDGET_VIEW: {}}),
        "saves a widget with no static form",
    ),
}


@pytest.mark.parametrize(("change", "message"), RAW.values(), ids=RAW.keys())
def test_a_file_saved_by_an_editor_is_named(tmp_path, change, message):
    nb = good()
    change(nb)
    path = tmp_path / "01_slopes.ipynb"
    nbformat.write(nb, path)
    assert any(message in violation for violation in violations(path))
    # What the documented command writes is in order again.
    assert violations(save(tmp_path, nb)) == []


def test_part_left_out_must_be_left_out(tmp_path, monkeypatch):
    nb = good()
    monkeypatch.setitem(notebook_rules.LEFT_OUT, "01_slopes.ipynb", {"quiz"})
    assert violations(save(tmp_path, nb)) == [
        "01_slopes.ipynb: quiz: is there, so take it out of LEFT_OUT in tests/notebook_rules.py"
    ]
    replaced("## Quiz", "## Questions")(nb)
    assert violations(save(tmp_path, nb)) == []


def test_the_script_fails_with_no_notebook(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(notebook_rules, "NOTEBOOKS", tmp_path)
    assert notebook_rules.main() == 1
    save(tmp_path, good())
    assert notebook_rules.main() == 0
    assert "01_slopes.ipynb" in capsys.readouterr().out


# --- running on trial -----------------------------------------------------------------------------


def executed(folder: Path, *cells: nbformat.NotebookNode) -> Path:
    return save(folder, execute(new_notebook(cells=list(cells)), folder))


def test_a_notebook_that_depends_on_nothing_runs_again_and_alone(tmp_path):
    path = executed(
        tmp_path,
        new_code_cell("import numpy as np"),
        new_markdown_cell("## One"),
        new_code_cell("print(np.arange(3))\nprint('and')"),
        new_markdown_cell("## Two"),
        new_code_cell("np.float64(2.5)"),
    )
    assert rerun_changes(path) == []
    assert section_changes(path, "One") == section_changes(path, "Two") == []
    before = path.read_bytes()
    done = subprocess.run([sys.executable, str(NOTEBOOKS.parent / "tests" / "execute.py"), str(path)])
    assert done.returncode == 0
    assert path.read_bytes() == before


def test_what_changes_from_run_to_run_is_found(tmp_path):
    path = executed(tmp_path, new_code_cell("import os"), new_code_cell("print(os.getpid())"))
    [changed] = rerun_changes(path)
    assert changed.startswith("cell 2 ('print(os.getpid())')")


def test_an_edited_output_is_found(tmp_path):
    path = executed(tmp_path, new_code_cell("print(1 + 1)"))
    path.write_text(path.read_text().replace('"2\\n"', '"3\\n"'))
    assert rerun_changes(path) != []


def test_a_section_that_needs_an_earlier_one_is_found(tmp_path):
    path = executed(
        tmp_path,
        new_code_cell("x = 1"),
        new_markdown_cell("## One"),
        new_code_cell("y = 2\nx = 7"),
        new_markdown_cell("## Two"),
        new_code_cell("y"),
        new_markdown_cell("## Three"),
        new_code_cell("x"),
    )
    with pytest.raises(CellExecutionError, match="name 'y' is not defined"):
        section_changes(path, "Two")
    assert section_changes(path, "Three") != []


@pytest.mark.parametrize("category", ["UserWarning", "DeprecationWarning", "RuntimeWarning"])
def test_a_warning_is_an_error(tmp_path, category):
    with pytest.raises(CellExecutionError, match=category):
        executed(tmp_path, new_code_cell(f"import warnings\nwarnings.warn('look', {category})"))


def test_a_widget_keeps_its_static_form_only(tmp_path):
    slider = "from ipywidgets import IntSlider\nfrom IPython.display import display\nslider = IntSlider()\n"
    bundle = "slider._repr_mimebundle_() | {'text/html': '<b>0</b>'}"
    path = executed(tmp_path, new_code_cell(f"{slider}display({bundle}, raw=True)"))
    assert read(path).cells[0].outputs[0].data.keys() == {"text/html", "text/plain"}
    assert rerun_changes(path) == []


# --- pictures that show the rounding of the machine -------------------------------------------------


@pytest.mark.parametrize(
    ("plot", "compared"),
    [("plots.error_against_step([1, 0.1, 0.01], {'centred': errors}, 'Errors')", False)]
    + [("plots.function_and_slope([0, 1, 2], {'f': [0, 1, last * 1e9]}, {}, 'Values')", True)],
)
def test_only_pixels_of_pictures_that_show_rounding_are_left_out(tmp_path, plot, compared):
    """Another machine's rounding is no change, another finding is; and so are the pixels of every other picture."""
    source = (
        "from backprop_lib.figures import plots, show\nimport os\nlast = float(os.environ.get('LAST', '3e-9'))\n"
        f"errors = [1e-3, 1e-5, last]\nshow({plot}, f'The last error is below {{10**-8 if last < 1e-8 else 1}}.')"
    )
    cells = [nbformat.v4.new_markdown_cell("# One"), nbformat.v4.new_code_cell(source)]
    path = tmp_path / "one.ipynb"
    path.write_text(text(execute(new_notebook(cells=cells), tmp_path)), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
    command += [
        "-c",
        "/dev/null",
        "--rootdir",
        str(tmp_path),
        "--nbval-sanitize-with",
        str(NOTEBOOKS.parent / "tests/nbval.cfg"),
        str(path),
    ]
    for last, differs in (("4e-9", compared), ("0.1", True)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LAST", last)
            assert bool(rerun_changes(path)) is differs
            assert subprocess.run(command, capture_output=True).returncode == differs
