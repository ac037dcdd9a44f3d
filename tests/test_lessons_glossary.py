"""Every term has one sentence and a notebook, and every link to a term leads to one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from backprop_lib.lessons import glossary, terms

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


@pytest.mark.parametrize("term", terms.TERMS)
def test_each_term_is_one_sentence(term):
    notebook, meaning = terms.TERMS[term]
    assert notebook in terms.NOTEBOOKS
    assert meaning.endswith(".") and 3 <= len(meaning.split()) <= 35 and "\n" not in meaning
    assert glossary(term).text == f"• {term}\n{meaning}\nTaught in {terms.NOTEBOOKS[notebook]}."


def test_terms_are_in_order_and_different():
    assert list(terms.TERMS) == sorted(terms.TERMS, key=str.lower)
    assert len({term.lower() for term in terms.TERMS}) == len(terms.TERMS)


def test_looking_up():
    assert glossary(" RELU ").title == "ReLU"
    with pytest.raises(KeyError, match="Is it gradient"):
        glossary("gradiant")
    with pytest.raises(KeyError, match=re.escape(terms.page_name())):
        glossary("<b>qqqqqqq</b>")


def test_the_page_is_a_valid_notebook_with_a_heading_for_each_term(tmp_path):
    notebook = nbformat.reads(terms.page(), as_version=4)
    nbformat.validate(notebook)
    headings = re.findall(r"^## (.+)$", "\n".join(cell.source for cell in notebook.cells), flags=re.M)
    assert headings == list(terms.TERMS)
    assert {cell.cell_type for cell in notebook.cells} == {"markdown"}
    assert json.loads(terms.page()) and terms.page() == terms.page()


def test_the_page_in_the_course_is_the_one_that_is_generated():
    path = NOTEBOOKS / terms.page_name()
    if path.exists():
        written = nbformat.read(path, as_version=4)
        made = nbformat.reads(terms.page(), as_version=4)
        assert [cell.source for cell in written.cells] == [cell.source for cell in made.cells], (
            f"run: python -m backprop_lib.lessons.terms notebooks/{terms.page_name()}"
        )


def unknown_terms(markdown: str) -> list[str]:
    anchors = {terms.anchor(term) for term in terms.TERMS}
    linked = re.findall(rf"{re.escape(terms.page_name())}#([^)\s\"']+)", markdown)
    return [term for term in map(unquote, linked) if term not in anchors]


def test_every_term_that_a_notebook_links_to_exists():
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        assert not unknown_terms("\n".join(cell.source for cell in cells)), path.name
    assert unknown_terms("[x](glossary.ipynb#no-such-term) [g](glossary.ipynb#chain-rule)") == ["no-such-term"]
