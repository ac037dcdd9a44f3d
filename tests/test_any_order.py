"""Cells run in the wrong order do no lasting harm.

In each section the cells are run from its last to its first, and whatever a cell needs and does not find is said by an
error. Then the section, run from its top, gives what the notebook shows.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from execute import execute, strip
from nbformat.v4 import new_notebook
from notebook_rules import Notebook
from test_notebook_rules import PATHS, results

Cells = list[nbformat.NotebookNode]


def disordered(path: Path) -> tuple[Cells, list[int]]:
    """The cells of a notebook in a careless reader's order, and where each section stands in its right order."""
    nb = Notebook(path)
    first, setup = nb.code[0]
    order, late = [setup], []
    for title in (title for _, level, title in nb.headings if level == 2):
        cells = [cell for i, cell in nb.section(title) if cell.cell_type == "code" and i != first]
        for cell in reversed(cells):
            copy = nbformat.from_dict(cell)
            copy.id = f"early-{cell.id}"
            copy.metadata["tags"] = ["raises-exception"]
            order.append(copy)
        late += range(len(order), len(order) + len(cells))
        order += cells
    return order, late


def seen(cell: nbformat.NotebookNode) -> str:
    """What a reader sees of its outputs: not the number by which the page finds a widget's place."""
    return re.sub(r'data-explorer=\\"\w+-\d+\\"', "", json.dumps(results(cell), sort_keys=True, ensure_ascii=False))


def harm(path: Path) -> list[str]:
    order, late = disordered(path)
    saved = [seen(cell) for cell in order]
    done = strip(execute(new_notebook(cells=order), path.parent)).cells
    assert late
    return [
        f"{done[k].source.splitlines()[0]!r} shows something else\n"
        f"saved: {saved[k][:1000]}\nnow:   {seen(done[k])[:1000]}"
        for k in late
        if seen(done[k]) != saved[k]
    ]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_section_recovers_from_any_order(path):
    found = harm(path)
    assert not found, "\n" + "\n".join(found)


def planted(tmp_path: Path, *sources: str) -> Path:
    cells = [nbformat.v4.new_markdown_cell("# One\n"), nbformat.v4.new_code_cell("data = []")]
    cells += [nbformat.v4.new_markdown_cell("## Two")] + [nbformat.v4.new_code_cell(source) for source in sources]
    path = tmp_path / "planted.ipynb"
    nbformat.write(strip(execute(new_notebook(cells=cells), tmp_path)), path)
    return path


def test_what_does_not_recover_is_found(tmp_path):
    assert harm(planted(tmp_path, "x = 1", "print(x)")) == []
    assert "shows something else" in harm(planted(tmp_path, "data.append(1)", "print(len(data))"))[0]
