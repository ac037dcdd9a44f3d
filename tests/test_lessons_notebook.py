"""A notebook that uses every piece of the lessons: the same in every run, and the same code with no notebook."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from execute import WIDGET_VIEW, execute, text

from backprop_lib.lessons import boxes, form, live, predictions, record
from backprop_lib.lessons.boxes import KINDS, Box, rich

REPOSITORY = Path(__file__).resolve().parent.parent

CELLS = [
    """
from backprop_lib import Tensor
from backprop_lib.lessons import again, exercise, gain, glossary, predict, progress, quiz, reveal
progress.restore()
""",
    'predict("03.predict.zero", "With w = 0, is dL/dw zero too?", ["yes", "no"])',
    """
w = Tensor(0.0)
loss = (w * 2 - 1) ** 2
loss.backward()
reveal("03.predict.zero", "yes" if w.grad == 0 else "no", f"dL/dw = {w.grad:.6g}, whatever w is.")
""",
    'predict("03.predict.size", "What is dL/dw at w = 1?")',
    'reveal("03.predict.size", 4)',
    'neuron = exercise("03.check.sigmoid")\nneuron',
    "neuron.check(z=2.5, a=None, dL_dz=None, dL_dw=None)",
    "neuron.check()",
    "neuron.hint()",
    'exercise("01.check.square").check(None)',
    'exercise("02.check.multiply-backward").check(...)',
    'exercise("03.check.kill").check()',
    'quiz("03.gate")',
    'quiz("00.pre")',
    'quiz("03.quiz")[1]',
    'gain(quiz("00.pre"), again(quiz("00.pre"), "12.post"))',
    'glossary("gradient")',
    "progress",
    "progress.token()",
    'exercise("04.check.backward").check(dL_dw1=0.006866)',
    "import sys\nprint(sorted({'anywidget', 'ipywidgets', 'matplotlib'} & set(sys.modules)))",
]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source.strip()) for source in CELLS])
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    os.environ["PYTHONPATH"] = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    done = execute(notebook, folder)
    path = folder / "lesson.ipynb"
    path.write_text(text(done), encoding="utf-8")
    return done, path


def test_two_runs_give_the_same_file(executed):
    notebook, path = executed
    assert text(execute(notebook, path.parent)) == path.read_text(encoding="utf-8")


def test_strict_nbval_passes(executed):
    path = executed[1]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env", str(path)],
        capture_output=True,
        text=True,
        cwd=path.parent,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(CELLS)} passed" in run.stdout


def test_every_output_reads_well_without_a_kernel(executed):
    for cell in executed[0].cells[:-1]:
        assert cell.outputs, cell.source
        for output in cell.outputs:
            assert output.output_type in ("execute_result", "display_data")
            assert output.data["text/plain"].strip()
            assert WIDGET_VIEW not in output.data
            assert cell.source == "progress.token()" or "<p" in output.data["text/html"]
            assert "<script" not in output.data.get("text/html", "") and "0x" not in str(output.data)


def test_nobody_there_loads_no_widget(executed):
    assert executed[0].cells[-1].outputs[0].text == "[]\n"


def test_each_question_of_a_quiz_is_an_output_of_its_own(executed):
    (cell,) = [cell for cell in executed[0].cells if cell.source == 'quiz("00.pre")']
    assert len(cell.outputs) == 13


PLAIN = """
import sys
for name in ("IPython", "ipywidgets", "anywidget", "traitlets", "matplotlib"):
    sys.modules[name] = None
from backprop_lib.lessons import exercise, predict, progress, quiz, reveal
print(predict("03.predict.zero", "?", ["yes", "no"], answer="b"))
print(reveal("03.predict.zero", "no"))
assert exercise("03.check.update").check(new_w=0.935214, new_b=0.4676).correct
assert exercise("03.check.update").check(new_w=0.935214).score == (1, 2)
assert exercise("03.check.update").check().correct is None
assert quiz("03.quiz").answer("bbcbb").score == 4
token = progress.token()
progress.restore(token)
print(token)
"""


def test_a_grader_needs_no_notebook_and_no_widget_and_a_read_only_folder_will_do(tmp_path):
    tmp_path.chmod(0o500)
    try:
        run = subprocess.run(
            [sys.executable, "-W", "error", "-c", PLAIN],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=60,
        )
    finally:
        tmp_path.chmod(0o700)
    assert run.returncode == 0, run.stderr
    assert "As you predicted" in run.stdout and re.search(r"^BP1\.[\w-]+$", run.stdout, flags=re.M)
    assert not list(tmp_path.iterdir())


# --- the boxes ---


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_borders_are_seen_on_a_light_and_on_a_dark_page_and_told_apart_without_colour():
    for _, _, colour in KINDS.values():
        assert contrast(colour, "#ffffff") >= 3 and contrast(colour, "#111111") >= 3
    assert len({icon for icon, _, _ in KINDS.values()}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_text_keeps_the_page_s_own_colours(kind):
    html = Box(kind, "Title", ("A paragraph.", ["one", "two"]), folded="More.").html
    for style in re.findall(r'style="([^"]*)"', html):
        assert "background" not in style and not re.search(r"(^|;)\s*color", style)


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "`<b>`",
    "</div></details>",
    "&lt;b&gt;",
    "' onmouseover='alert(1)",
    "\u202e reversed \0",
    "x" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
@pytest.mark.parametrize("where", ["title", "blocks", "list", "folded", "place"])
def test_hostile_text_is_text(where, text):
    parts = {"title": "t", "blocks": ("b",), "list": (), "folded": "f", "place": "p"} | {where: text}
    blocks = (parts["list"] and [parts["list"]] or parts["blocks"],)
    if where == "blocks":
        blocks = (text,)
    box = Box("note", parts["title"], blocks, folded=parts["folded"], place=parts["place"], replaced=1)
    tags = set(re.findall(r"<\s*/?\s*([a-z]+)", box.html))
    assert tags <= {"div", "p", "strong", "ul", "li", "details", "summary", "code"}
    assert set(re.findall(r"<[^>]*?\s([a-z-]+)=", box.html)) <= {"style", "class", "data-lesson"}
    assert box.html.count("<div") == box.html.count("</div") == 2
    assert text in box.text or where == "place"


def test_backticks_are_code():
    assert rich("use `+=` & <b>") == "use <code>+=</code> &amp; &lt;b&gt;"
    assert rich("one ` alone") == "one ` alone"


# --- the live form, with no browser ---


@pytest.fixture
def page(monkeypatch):
    """A page that answers: every display is listed, and every change of one."""
    shown: list[tuple[str, str]] = []

    class Handle:
        def update(self, bundle, raw):
            shown.append(("update", bundle["text/plain"]))

    def display(bundle, raw, display_id=False):
        shown.append(("display", bundle["text/plain"]))
        return Handle() if display_id else None

    fresh = record.Progress()
    fresh._looked_for_file = True
    for module in (live, record):
        monkeypatch.setattr(module, "somebody_is_there", lambda: True)
    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(form, "_forms", {})
    monkeypatch.setattr(predictions, "_asked", {})
    monkeypatch.setattr(predictions.Prediction.__init__, "__defaults__", ((), fresh))
    return shown


def test_answering_in_the_page_reveals_at_once(page):
    prediction = predictions.predict("03.predict.live", "?", ["yes", "no"])
    prediction._ipython_display_()
    predictions.reveal("03.predict.live", "no", "So it is.")._ipython_display_()
    assert [what for what, _ in page] == ["display", "display"] and "Not answered yet" in page[1][1]
    (live_form,) = form._forms.values()
    live_form.answer = "b"
    assert prediction.answer == "no" and live_form.reply[1] == "Noted: no. Read on; the reveal compares."
    assert page[2][0] == "update" and "As you predicted\nYou said: no. It is: no.\nBecause: So it is." in page[2][1]
    live_form.answer = "a"
    assert prediction.answer == "no" and "your prediction stays: no" in live_form.reply[1]


def test_one_form_for_each_key_however_often_a_cell_is_run(page, monkeypatch):
    for _ in range(50):
        predictions.predict("03.predict.live", "?", ["yes", "no"])._ipython_display_()
    (live_form,) = form._forms.values()
    submitted = []
    monkeypatch.setattr(predictions.Prediction, "submit", lambda self, answer: submitted.append(answer) or "noted")
    live_form.answer = "a"
    assert submitted == ["a"]
    assert len(page) == 50


def test_a_form_serves_what_its_key_asks_now(page):
    predictions.predict("03.predict.live", "?", ["yes", "no"])._ipython_display_()
    (live_form,) = form._forms.values()
    live_form.answer = "a"
    predictions.predict("03.predict.live", "How many?")._ipython_display_()
    assert form._forms["03.predict.live"] is live_form and live_form.options == [] and live_form.answer == ""
    live_form.answer = "<b>12</b>"
    assert "is not a number" in live_form.reply[1]
    live_form.answer = "12"
    assert live_form.reply[1].startswith("Noted: 12.")


def test_a_form_s_place_has_the_name_of_its_session_and_a_saved_box_has_none(page, monkeypatch):
    """Two copies of a notebook in one page are told apart; what nobody runs at a page is the same in every run."""
    prediction = predictions.predict("03.predict.live", "?", ["yes", "no"])
    shown: list[str] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, **kwargs: shown.append(bundle["text/html"]))
    places = []
    for name, in_page in (("a.ipynb", ""), ("b.ipynb", ""), (None, "a kernel in the page"), (None, "")):
        monkeypatch.setattr(form, "_forms", {})
        monkeypatch.setattr(live, "_SESSION_IN_PAGE", in_page)
        monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
        if name:
            monkeypatch.setenv("JPY_SESSION_NAME", name)
        prediction._ipython_display_()
        places.append(form._forms["03.predict.live"].place)
        assert f'data-lesson="{places[-1]}"' in shown[-1]
    assert len(set(places)) == 4 and places[-1] == "03.predict.live"
    assert not any("ipynb" in place for place in places)
    monkeypatch.setattr(live, "somebody_is_there", lambda: False)
    monkeypatch.setenv("JPY_SESSION_NAME", "a.ipynb")
    prediction._ipython_display_()
    assert 'data-lesson="03.predict.live"' in shown[-1]


def test_the_form_shows_text_as_text_and_keeps_the_keys_to_itself():
    script = (Path(form.__file__).with_name("form.js")).read_text(encoding="utf-8")
    assert "innerHTML" not in script and "insertAdjacentHTML" not in script and "eval" not in script
    for made in re.findall(r'element\("(?:input|button)"[^)]*\)', script):
        assert "...own_keys" in made, made
    assert boxes.Box("note", "t", ("b",), place="03.x", replaced=1).html.count("data-lesson") == 1


def test_nobody_is_there_in_a_plain_process():
    assert live.somebody_is_there() is False
