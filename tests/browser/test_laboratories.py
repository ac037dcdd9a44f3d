"""Training goes on in the background of a real page, which stays awake; the map of a loss can be pointed at."""

from __future__ import annotations

import re

import pytest
from driver import Notebook
from playwright.sync_api import Locator, expect

CELLS = ["from backprop_lib.widgets import *\nlab = XORLab()\nlab", "race = DescentPath()\nrace"]
LONG = 60_000  # milliseconds; a training takes two seconds where nothing else runs


@pytest.fixture(scope="module", params=["lab", "notebook"])
def notebook(request, open_notebook):
    notebook = open_notebook(request.param, CELLS)
    notebook.run_all()
    return notebook


def live(notebook: Notebook, cell: int) -> Locator:
    place = notebook.output(cell).locator(".live")
    expect(place).to_be_visible()
    place.scroll_into_view_if_needed()
    return place


def test_training_runs_as_a_film_while_page_and_kernel_stay_awake(notebook):
    place = live(notebook, 0)
    place.evaluate(
        """(live) => {
          live.epochs = [];
          const sentence = live.querySelector('.sentence');
          const look = () => live.epochs.push(Number(sentence.textContent.match(/after (\\d+)/)[1]));
          new MutationObserver(look).observe(sentence, {childList: true});
          live.longest = 0;
          let last = performance.now();
          const tick = () => {
            live.longest = Math.max(live.longest, performance.now() - last);
            last = performance.now();
            requestAnimationFrame(tick);
          };
          requestAnimationFrame(tick);
        }"""
    )
    seed = place.get_by_role("slider", name="random seed")
    seed.press("ArrowRight")
    assert notebook.run("print(6 * 7)").strip() == "42"  # in the midst of it
    expect(place.locator(".sentence")).to_have_text(re.compile("seed 1,.*after 3000 of 3000"), timeout=LONG)
    expect(place.locator(".work output")).to_have_text("done")
    expect(place.locator(".sentence")).to_have_attribute("aria-busy", "false")
    epochs = place.evaluate("(live) => live.epochs")
    print(
        f"\n{notebook.server.app}: longest pause of the page {place.evaluate('(live) => live.longest'):.0f} ms", end=""
    )
    assert len(epochs) > 10
    assert epochs == sorted(epochs)
    assert place.locator(".sentence").inner_text() == notebook.run("print(XORLab(seed=1).sentence)").strip()


def test_stop_go_on_and_scrub_by_keyboard(notebook):
    place, page = live(notebook, 0), notebook.page
    place.get_by_role("slider", name="hidden neurons").press("ArrowRight")
    place.get_by_role("button", name="Stop").press("Enter")
    expect(place.locator(".work output")).to_contain_text("stopped")
    before = place.locator(".sentence").inner_text()
    page.wait_for_timeout(500)
    assert place.locator(".sentence").inner_text() == before
    assert "after 3000" not in before
    place.get_by_role("button", name="Train").press("Enter")
    expect(place.locator(".work output")).to_have_text("done", timeout=LONG)
    epoch = place.get_by_role("slider", name="show epoch")
    epoch.press("Home")
    expect(place.locator(".sentence")).to_contain_text("after 0 of 3000")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(place.locator(".sentence")).to_contain_text("after 100 of 3000")
    epoch.press("End")
    expect(place.locator(".sentence")).to_contain_text("after 3000 of 3000")
    assert notebook.axe(place) == []


def test_settings_moved_quickly_end_with_the_last_one(notebook):
    place = live(notebook, 0)
    rate = place.get_by_role("slider", name="learning rate η")
    rate.focus()
    for _ in range(12):
        notebook.page.keyboard.press("ArrowRight")
    shown = rate.get_attribute("aria-valuetext")
    expect(place.locator(".sentence")).to_have_text(re.compile(f"η = {shown} .*after 3000 of 3000"), timeout=LONG)
    assert notebook.run("print(lab.rate)").strip() == f"{float(shown)}"
    assert notebook.run("print(lab.sentence)").strip() == place.locator(".sentence").inner_text()


def test_a_start_pointed_at_dragged_and_typed(notebook):
    place, page = live(notebook, 1), notebook.page
    place.locator(".map").scroll_into_view_if_needed()
    box = place.locator(".map").bounding_box()
    start, sentence = place.get_by_role("textbox", name="start a, b"), place.locator(".sentence")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    expect(start).to_have_value(re.compile(r"-(3\.9|4\.0)\d, (2\.9|3\.0)\d"))
    expect(sentence).to_have_text(re.compile(r"from \(−(3\.9|4).*after 100 steps"), timeout=LONG)

    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] - 40, steps=10)  # beyond the edge: it stops there
    page.mouse.up()
    expect(start).to_have_value(re.compile(r"(3\.9|4\.0)\d, 7\.00"))
    expect(sentence).to_have_text(re.compile(r"from \((3\.9|4).*, 7\).*after 100 steps"), timeout=LONG)

    start.fill("-7.8, -3.8")
    start.press("Enter")
    expect(sentence).to_have_text(re.compile(r"from \(−7\.8, −3\.8\).*SGD .* at the minimum;"), timeout=LONG)
    start.fill("nowhere")
    start.press("Enter")
    expect(place.get_by_role("alert")).to_contain_text("A start is two numbers")


def test_diverging_is_shown(notebook):
    place = live(notebook, 1)
    place.get_by_role("radio", name="narrow valley").click()
    expect(place.get_by_role("textbox", name="start a, b")).to_have_value("-7, 2")
    expect(place.locator(".work output")).to_have_text("done", timeout=LONG)
    place.get_by_role("slider", name="first η").press("PageUp")
    expect(place.locator(".sentence")).to_contain_text("diverges", timeout=LONG)
    expect(place.locator(".picture")).to_contain_text("off the map", timeout=LONG)
    assert notebook.axe(place) == []
