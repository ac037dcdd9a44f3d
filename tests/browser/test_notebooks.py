"""Every notebook in a real page: it runs from top to bottom, its widgets come alive, nothing is in the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from driver import REPOSITORY
from playwright.sync_api import expect

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))

# A widget or a form that is live says so; a static one waits for the page.
_WAITING = (
    """() => [...document.querySelectorAll('.backprop-explorer')].filter((e) => !e.querySelector('.live')).length"""
)


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
