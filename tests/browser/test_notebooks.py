"""Every notebook in a real page: it runs from top to bottom, its widgets come alive, nothing is in the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from driver import REPOSITORY
from playwright.sync_api import expect

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))

# The places of widgets and of forms that are still static: what is live says so, the rest waits for the page.
_WAITING = """() => [...document.querySelectorAll('.backprop-explorer, .backprop-lesson')]
  .filter((place) => !place.querySelector('.live')).length"""


# What reaches beyond the page and cannot be scrolled to.
_OUT_OF_REACH = """() => {
  const scrolls = (e) => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth;
  const within = (e) => e && (scrolls(e) || within(e.parentElement));
  return [...document.querySelectorAll('.jp-Cell-outputWrapper *, .jp-MarkdownOutput *')]
    .filter((e) => !e.closest('svg, mjx-container') && e.getBoundingClientRect().width)
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !within(e.parentElement))
    .map((e) => e.outerHTML.slice(0, 200));
}"""


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("place", ["backprop-explorer", "backprop-lesson"])
def test_what_stays_static_is_noticed(place, context):
    page = context.new_page()
    page.set_content(f'<div class="{place}"><div class="live"></div></div><div class="{place}"><p>still</p></div>')
    assert page.evaluate(_WAITING) == 1
    page.close()


@pytest.mark.parametrize("app", ["lab", "notebook"])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_top_to_bottom(path: Path, app: str, context, servers, screenshots):
    notebook = servers(app).open(context, path)
    try:
        notebook.run_all()
        notebook.page.wait_for_function(f"({_WAITING})() === 0", timeout=20_000)
        assert notebook.cell_errors == []
        alive = notebook.page.locator(".backprop-explorer .live")
        for k in range(alive.count()):
            expect(alive.nth(k).locator(".sentence")).not_to_be_empty()
        assert notebook.axe() == []
        if app == "notebook":
            notebook.page.set_viewport_size({"width": 640, "height": 450})  # as at 200 % zoom in a window of 1280
            notebook.page.wait_for_timeout(500)
            assert notebook.page.evaluate(_OUT_OF_REACH) == []
            assert notebook.axe() == []
        assert notebook.complaints + notebook.outside == []
    finally:
        notebook.page.screenshot(path=screenshots / f"{path.stem}-{app}.png")
        notebook.close()
