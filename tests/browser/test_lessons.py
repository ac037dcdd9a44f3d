"""The forms of the lessons in a real page: by mouse and by keyboard, spoken, and beside the static form."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect

CELLS = [
    "from backprop_lib.lessons import exercise, predict, progress, quiz, reveal",
    'predict("03.predict.zero", "With w = 0, is dL/dw <b>zero</b> too?", ["yes", "no"])',
    'reveal("03.predict.zero", "no", "dL/dw = dL/dz · x, whatever w is.")',
    'predict("03.predict.size", "How large is dL/dw?")',
    'reveal("03.predict.size", 12)',
    'quiz("03.gate")',
    'exercise("04.check.backward").check(dL_dw1=0.006866)',
    'quiz("00.pre")[1]',
    'quiz("02.gate")',
]


@pytest.fixture(scope="module", params=["lab", "notebook"])
def notebook(request, open_notebook):
    notebook = open_notebook(request.param, CELLS)
    notebook.run_all()
    return notebook


def form(notebook, cell, number=0):
    place = notebook.output(cell).locator("form.live").nth(number)
    expect(place).to_be_visible()
    return place


def test_a_prediction_by_keyboard_updates_the_reveal(notebook):
    cells = notebook.cells
    expect(notebook.output(2)).to_contain_text("Not answered yet")
    place = form(notebook, 1)
    expect(notebook.output(1).get_by_text("Not answered yet")).to_be_hidden()
    place.get_by_role("radio", name="a) yes").focus()
    notebook.page.keyboard.press("ArrowDown")
    notebook.page.keyboard.type("ddxyaab")  # would delete cells and insert new ones, if the notebook heard it
    expect(place.get_by_role("radio", name="b) no")).to_be_checked()
    notebook.page.keyboard.press("Enter")
    expect(place.get_by_role("status")).to_have_text("Noted: no. Read on; the reveal compares.")
    expect(notebook.output(2)).to_contain_text("You said: no. It is: no.")
    assert notebook.cells == cells
    assert notebook.run("print(progress.get('03.predict.zero').right)") == "True\n"


def test_a_predicted_number_by_keyboard(notebook):
    place = form(notebook, 3)
    place.get_by_role("textbox", name="Your number").focus()
    notebook.page.keyboard.type("a lot")
    notebook.page.keyboard.press("Enter")
    expect(place.get_by_role("status")).to_contain_text("'a lot' is not a number.")
    place.get_by_role("textbox").fill("")
    notebook.page.keyboard.type("1/4")
    notebook.page.keyboard.press("Tab")
    notebook.page.keyboard.press("Space")
    expect(place.get_by_role("status")).to_contain_text("Noted: 0.25.")
    expect(notebook.output(4)).to_contain_text("You said: 0.25. It is: 12.")


def test_a_quiz_by_mouse_until_right(notebook):
    place = form(notebook, 5)
    place.get_by_role("button", name="Check").click()
    expect(place.get_by_role("status")).to_have_text("Choose one first.")
    place.get_by_text("a) (a − y) · x").click()
    place.get_by_role("button", name="Check").click()
    expect(place.get_by_role("status")).to_contain_text("✗ a) is not it. The sigmoid's slope is missing.")
    place.get_by_text("c) (a − y) · a(1 − a) · x").click()
    place.get_by_role("button", name="Check").click()
    expect(place.get_by_role("status")).to_contain_text("✓ c) is right.")
    expect(notebook.output(5)).to_contain_text("1 of 2 answered0 right at once, 1 solved by now.")
    assert notebook.run("print(quiz('03.gate')[1].solved, progress.get('03.gate.1').choice)") == "True 1\n"
    assert form(notebook, 5, 1).get_by_role("radio").first.is_checked() is False


def test_code_in_options_and_replies_is_set_as_code(notebook):
    place = form(notebook, 8, 1)
    place.get_by_role("radio", name="a)").check()
    place.get_by_role("button", name="Check").click()
    expect(place.get_by_role("status").locator("code").first).to_have_text("+=")
    assert "`" not in notebook.output(8).inner_text()


def test_the_boxes_and_forms_are_accessible(notebook):
    for cell in range(1, len(CELLS)):
        assert notebook.axe(notebook.output(cell)) == []
    assert notebook.output(1).get_by_role("group", name="Your prediction").count() == 1
    assert notebook.output(1).locator("b").count() == 0
    for element in notebook.page.locator("form.live input, form.live button").all():
        assert element.get_attribute("data-lm-suppress-shortcuts") == "true"


def test_running_a_cell_again_shows_the_answer_in_one_form(notebook):
    form(notebook, 5)
    notebook.run_all()
    expect(notebook.output(5).locator("form.live")).to_have_count(2)
    place = form(notebook, 5)
    expect(place.get_by_role("radio", name="c)")).to_be_checked()
    expect(place.get_by_role("status")).to_contain_text("✓ c) is right.")
    expect(notebook.output(2)).to_contain_text("You said: no. It is: no.")


def test_a_reload_with_the_kernel_alive_loses_nothing(notebook):
    notebook.command("docmanager:save")
    notebook.load()
    place = form(notebook, 5)
    expect(place.get_by_role("status")).to_contain_text("✓ c) is right.")
    place.get_by_text("a) (a − y) · x").click()
    place.get_by_role("button", name="Check").click()
    expect(place.get_by_role("status")).to_contain_text("✗ a) is not it.")


def test_a_saved_notebook_reads_well_with_no_form(notebook):
    import json

    notebook.command("docmanager:save")
    saved = json.loads(notebook.path.read_text(encoding="utf-8"))
    assert "widgets" not in saved["metadata"]
    outputs = [output for cell in saved["cells"] for output in cell["outputs"]]
    assert all(set(output["data"]) == {"text/html", "text/plain"} for output in outputs)
    assert "With w = 0" in "".join(outputs[0]["data"]["text/plain"])


def test_a_form_that_starts_slowly_still_gets_its_reply(context, servers):
    """anywidget stops waiting after two seconds."""
    slow = """
from backprop_lib.lessons import predict
from backprop_lib.lessons.form import Form
Form._esm = "await new Promise((done) => setTimeout(done, 3000));" + str(Form._esm)"""
    notebook = servers("lab").open(context, [slow, 'predict("03.predict.zero", "Is it zero?", ["yes", "no"])'])
    try:
        notebook.run_all()
        place = notebook.output(1).locator("form.live")
        expect(place).to_be_visible(timeout=15_000)
        place.get_by_role("radio", name="b) no").check()
        place.get_by_role("button").click()
        expect(place.get_by_role("status")).to_contain_text("Noted: no.")
    finally:
        notebook.close()


def test_two_copies_of_a_notebook_in_one_page_keep_their_answers_apart(context, servers):
    """The copy's form reaches the copy's kernel, also where the same cells of the first notebook stand in the page."""
    server = servers("lab")
    notebook = server.open(context, CELLS[:3] + ['quiz("03.gate")', "progress"])
    copy = shutil.copyfile(notebook.path, notebook.path.with_name(f"copy-of-{notebook.path.name}"))
    try:
        notebook.run_all()
        tabs = notebook.page.locator(".jp-NotebookPanel")
        expect(tabs.nth(0).locator("form.live")).to_have_count(3)
        open_too = "(path) => window.jupyterapp.commands.execute('docmanager:open', {path}).then(() => {})"
        notebook.page.evaluate(open_too, copy.name)
        expect(tabs).to_have_count(2)
        notebook.wait_for_kernel()
        notebook.run_all()
        shown = notebook.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        expect(shown.locator("form.live")).to_have_count(3)
        place = shown.locator("form.live").first
        place.get_by_role("radio", name="b) no").check()
        place.get_by_role("button").click()
        expect(place.get_by_role("status")).to_contain_text("Noted: no.")
        expect(shown.get_by_text("You said: no. It is: no.")).to_be_visible()
        answered = "print(progress.get('03.predict.zero') is not None)"
        assert notebook.run(answered) == "True\n"
        notebook.page.evaluate(open_too, notebook.path.name)
        expect(shown.get_by_text("You said: no.")).to_have_count(0)
        assert notebook.run(answered) == "False\n"
        assert notebook.cell_errors + notebook.complaints + notebook.outside == []
    finally:
        notebook.close()
        for session in server.ask("GET", "sessions"):
            if session["path"] == copy.name:
                server.ask("DELETE", f"sessions/{session['id']}")
