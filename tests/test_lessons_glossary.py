"""Every term has one sentence and a notebook, and every link to a term leads to one."""

from __future__ import annotations

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
    with pytest.raises(KeyError, match=re.escape(terms.PAGE)):
        glossary("<b>qqqqqqq</b>")


def test_the_page_has_a_heading_for_each_term():
    assert re.findall(r"^## (.+)$", terms.page(), flags=re.M) == list(terms.TERMS)
    anchors = [terms.anchor(term) for term in terms.TERMS]
    assert len(set(anchors)) == len(anchors) and all(re.fullmatch(r"[a-z0-9-]+", anchor) for anchor in anchors)


def test_the_page_in_the_course_is_the_one_that_is_generated():
    path = NOTEBOOKS / terms.PAGE
    assert path.read_text(encoding="utf-8") == terms.page(), f"write it as {terms.__name__} says at its top"


def unknown_terms(markdown: str) -> list[str]:
    anchors = {terms.anchor(term) for term in terms.TERMS}
    linked = re.findall(rf"{re.escape(terms.PAGE)}#([^)\s\"']+)", markdown)
    return [term for term in map(unquote, linked) if term not in anchors]


def test_every_term_that_a_notebook_links_to_exists():
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        assert not unknown_terms("\n".join(cell.source for cell in cells)), path.name
    assert unknown_terms("[x](glossary.md#no-such-term) [g](glossary.md#chain-rule)") == ["no-such-term"]
