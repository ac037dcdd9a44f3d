"""Every widget in a real page, in JupyterLab and in Notebook 7: by mouse, by keyboard, spoken, fast, steady."""

from __future__ import annotations

import json
import re

import pytest
from driver import Notebook
from measure import Latency, change, footprint, latency, messages, steadiness
from playwright.sync_api import Locator, expect

CELLS = {
    "saturation": "from backprop_lib.widgets import *\nsaturation = SaturationExplorer()\nsaturation",
    "secant": "secant = SecantNudger()\nsecant",
    "gears": "gears = GearTrain()\ngears",
    "paths": "paths = TwoPaths()\npaths",
    "neuron": "neuron = NeuronNudge()\nneuron",
    "stepper": 'stepper = GraphStepper("(x + y) * z", "x = -2, y = 5, z = -4")\nstepper',
    "chain": "chain = ChainStepper()\nchain",
    "film": "film = TrainingFilm()\nfilm",
    "flow": "flow = GradientFlow()\nflow",
    "shapes": "shapes = ShapeFitter()\nshapes",
    "batch": "batch = BatchSlider()\nbatch",
    "losses": "losses = LossExplorer()\nlosses",
    "epsilon": "epsilon = EpsilonSlider()\nepsilon",
    "zoo": "zoo = BugZoo()\nzoo",
    "xor": "xor = XORLab()\nxor",
    "race": "race = DescentPath()\nrace",
}


@pytest.fixture(scope="module", params=["lab", "notebook"])
def notebook(request, open_notebook):
    notebook = open_notebook(request.param, list(CELLS.values()))
    notebook.run_all()
    return notebook


def live(notebook: Notebook, name: str) -> Locator:
    """The live half of a widget."""
    place = notebook.output(list(CELLS).index(name)).locator(".live")
    expect(place).to_be_visible()
    return place


def value_of(notebook: Notebook, expression: str) -> str:
    return notebook.run(f"print({expression})").strip()


def kernel_gets(notebook: Notebook, expression: str, value: str) -> None:
    """The kernel has this value, or gets it within five seconds."""
    for _ in range(50):
        if value_of(notebook, expression) == value:
            return
        notebook.page.wait_for_timeout(100)
    pytest.fail(f"{expression} is {value_of(notebook, expression)} in the kernel and should be {value}")


@pytest.mark.parametrize("name", CELLS)
def test_live_spoken_and_free_of_barriers(notebook, name, screenshots):
    place = live(notebook, name)
    sentence = place.locator(".sentence").inner_text()
    assert value_of(notebook, f"{name}.sentence") == sentence
    picture = place.locator(".picture")
    expect(picture).to_have_role("img")
    expect(picture).to_have_accessible_name(sentence)
    expect(place.locator(".sentence")).to_have_attribute("role", "status")
    assert notebook.axe(place) == []
    place.screenshot(path=screenshots / f"{name}-{notebook.server.app}.png")


@pytest.mark.parametrize(
    ("name", "label", "variable"),
    [("saturation", "z", "z"), ("secant", "Δx", "nudge"), ("gears", "∂u/∂x", "first"), ("paths", "x", "x")]
    + [
        ("batch", "added", "added"),
        ("neuron", "weight w", "w"),
        ("epsilon", "k in ε = 10⁻ᵏ", "k"),
        ("losses", "logit z", "z"),
        ("xor", "show epoch", "epoch"),
        ("race", "show step", "shown"),
        ("flow", "layers", "depth"),
    ],
)
def test_a_slider_by_mouse_and_by_keyboard(notebook, name, label, variable):
    place = live(notebook, name)
    slider = place.get_by_role("slider", name=label, exact=True)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    notebook.page.mouse.move(box["x"] + box["width"] / 2, middle)
    notebook.page.mouse.down()
    notebook.page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=8)
    notebook.page.mouse.up()
    shows(notebook, name, variable, slider)
    before = slider.input_value()

    cells = notebook.cells
    notebook.page.keyboard.press("ArrowRight")
    assert float(slider.input_value()) > float(before)
    notebook.page.keyboard.type("ddxyaabm")  # would delete and insert cells, if the notebook heard it
    notebook.page.keyboard.press("ArrowUp")
    shows(notebook, name, variable, slider)
    assert notebook.cells == cells


def shows(notebook: Notebook, name: str, variable: str, slider: Locator) -> None:
    """The picture is drawn for the slider's value, and the kernel has that value too."""
    value = float(slider.input_value())
    place = live(notebook, name)
    expect(place).to_have_attribute("data-drawn", re.compile(rf'"{variable}":{re.escape(f"{value:g}")}[,}}]'))
    kernel_gets(notebook, f"{name}.{variable}", str(value))
    expect(place.locator(".sentence")).to_have_text(value_of(notebook, f"{name}.sentence"))


def test_letters_stay_in_the_widget_wherever_it_was_clicked(notebook):
    place, cells = live(notebook, "saturation"), notebook.cells
    for spot in (".title", ".picture", ".sentence"):
        place.locator(spot).click()
        notebook.page.keyboard.type("ddxyaabm")
    for focusable in place.locator("input, button, summary, [tabindex]").all():
        expect(focusable).to_have_attribute("data-lm-suppress-shortcuts", "true")
    assert notebook.cells == cells


def test_a_choice_by_keyboard(notebook):
    place = live(notebook, "saturation")
    place.get_by_role("radio", name="σ").focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(place.get_by_role("radio", name="tanh")).to_be_checked()
    expect(place.locator(".picture")).to_contain_text("value tanh(z), with tangent")
    kernel_gets(notebook, "saturation.function", "tanh")
    place.get_by_role("radio", name="σ").click()
    expect(place.locator(".picture")).to_contain_text("value σ(z), with tangent")


def test_setting_a_control_in_python_moves_the_page(notebook):
    place = live(notebook, "saturation")
    notebook.run("saturation.z, saturation.depth = -1.23, 3")
    expect(place.get_by_role("slider", name="layers")).to_have_value("3")
    expect(place.locator("output").first).to_have_text("−1.23")
    expect(place.locator(".sentence")).to_contain_text("σ(−1.23) = 0.22")


def test_a_step_of_learning(notebook):
    notebook.run('neuron.activation, neuron.loss, neuron.rate = "ReLU", "(a − y)²", 0.1')
    notebook.run("neuron.x, neuron.y, neuron.w, neuron.b = 2, 4, 3, 1")
    place = live(notebook, "neuron")
    expect(place.locator(".sentence")).to_contain_text("predicts a change of −18, and the loss really changes by −9")
    place.get_by_role("button", name="Take a step").focus()
    notebook.page.keyboard.press("Enter")
    expect(place.locator(".sentence")).to_contain_text("L = 0 with")
    expect(place.get_by_role("slider", name="weight w")).to_have_value("1.8")
    expect(place.locator(".picture")).to_contain_text("z = 4")


def test_what_does_not_fit_is_said_and_the_picture_stays(notebook):
    place = live(notebook, "neuron")
    before = place.locator(".picture").inner_html()
    place.get_by_role("radio", name="cross-entropy").click()
    expect(place.get_by_role("alert")).to_contain_text("Choose σ.")
    assert place.locator(".picture").inner_html() == before
    place.get_by_role("radio", name="(a − y)²", exact=True).click()
    expect(place.get_by_role("alert")).to_have_count(0)


def test_a_square_layer_lights_the_shape_and_not_the_gradient(notebook):
    place, page = live(notebook, "shapes"), notebook.page

    def pick(control: str, option: str) -> Locator:
        return place.get_by_role("group", name=control).get_by_role("radio", name=option, exact=True)

    pick("lengths", "square W").click()
    pick("wanted", "∂L/∂A").click()
    expect(place.locator(".sentence")).to_contain_text("12 of 12 entries disagree")
    expect(place.locator(".picture")).to_contain_text("✓Shape: (3, 4), as A has (3, 4)✗Gradient check:")
    pick("first", "W").focus()
    page.keyboard.press("ArrowRight")
    expect(pick("first", "Wᵀ")).to_be_checked()
    expect(place.locator(".sentence")).to_contain_text("all 12 entries agree with the nudges.")
    kernel_gets(notebook, "shapes.left", "Wᵀ")
    pick("first", "W").click()
    pick("wanted", "∂L/∂W").click()
    pick("lengths", "different").click()
    expect(place.locator(".sentence")).to_contain_text("cannot be multiplied")


def test_a_guess_in_the_zoo(notebook):
    """By keyboard: another specimen, its residuals, a wrong guess, the right one, the name; the next one is unnamed."""
    place, page = live(notebook, "zoo"), notebook.page
    place.get_by_role("radio", name="A", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(place.locator(".sentence")).to_contain_text("Specimen B: 2–5–1")
    at_step(place, 0, last=1)
    place.get_by_role("button", name="Next").click()
    expect(place.locator(".sentence")).to_contain_text("What is your guess?")
    place.locator("summary").click()
    expect(place.locator("table")).to_contain_text("b2[0]")
    place.get_by_role("radio", name="1/m missing").click()
    at_step(place, 2, last=3)
    expect(place.locator(".sentence")).to_contain_text("gives other numbers")
    place.get_by_role("radio", name="sign flipped").click()
    expect(place.locator(".sentence")).to_contain_text("gives exactly these numbers")
    assert notebook.axe(place) == []
    place.get_by_role("slider", name="Step").press("End")
    expect(place.locator(".sentence")).to_contain_text("is called “sign flipped”")
    kernel_gets(notebook, "zoo.solved", "True")
    place.get_by_role("radio", name="A", exact=True).click()
    at_step(place, 0, last=1)
    expect(place.get_by_role("radio", name="none yet")).to_be_checked()


# ---- stepping ----------------------------------------------------------------------------------------


def at_step(place: Locator, step: int, last: int = 9) -> None:
    expect(place.locator(".steps output")).to_have_text(f"{step} of {last}")


def test_stepping_by_button_slider_and_arrow_keys(notebook):
    place, page = live(notebook, "stepper"), notebook.page
    cells = notebook.cells
    slider = place.get_by_role("slider", name="Step")
    slider.focus()
    page.keyboard.press("Home")
    at_step(place, 0)
    place.get_by_role("button", name="Next").click()
    at_step(place, 1)
    page.keyboard.press("ArrowRight")
    at_step(place, 2)
    place.get_by_role("button", name="Back").click()
    at_step(place, 1)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # there is no step before the first
    at_step(place, 0)
    place.locator(".picture").click()
    page.keyboard.press("ArrowRight")
    at_step(place, 1)
    page.keyboard.press("End")
    at_step(place, 9)
    page.keyboard.type("ddab")
    expect(place.locator(".sentence")).to_have_text("Backward: ∂f/∂y = ∂f/∂(x + y) × ∂(x + y)/∂y = (−4) × 1 = −4.")
    assert notebook.cells == cells
    kernel_gets(notebook, "stepper.step", "9")


def test_table_and_derivation_follow_the_step_and_stay_open(notebook):
    place = live(notebook, "stepper")
    derivation = place.locator("details", has_text="Derivation")
    if not derivation.evaluate("(details) => details.open"):
        derivation.locator("summary").click()
    slider = place.get_by_role("slider", name="Step")
    slider.focus()
    notebook.page.keyboard.press("Home")
    rows = derivation.locator("mtr").count()
    notebook.page.keyboard.press("End")
    assert derivation.evaluate("(details) => details.open")
    assert derivation.locator("mtr").count() > rows
    assert "&" not in derivation.locator("math").text_content()
    expect(place.locator("table")).to_contain_text("−12")
    assert notebook.axe(place) == []


def test_an_expression_of_ones_own_and_a_hostile_one(notebook):
    place, page = live(notebook, "stepper"), notebook.page
    entry = place.get_by_role("textbox", name="expression")
    entry.fill("x * x + y")
    entry.press("Enter")
    expect(place.locator(".picture")).to_contain_text("x·x")
    before = place.locator(".picture").inner_html()
    for hostile in ("<img src=x onerror=document.title='bad'>", "__import__('os').getcwd()", "x.real", "9**9**9**9"):
        entry.fill(hostile)
        entry.press("Enter")
        expect(place.get_by_role("alert")).not_to_have_text("")
        assert place.locator(".picture").inner_html() == before
        entry.fill("x * x + y")
        entry.press("Enter")
        expect(place.get_by_role("alert")).to_have_count(0)
    assert page.title() != "bad"
    entry.fill("(x + y) * z")
    entry.press("Enter")
    at_step(place, 9)


# ---- fast, steady, and no larger after 10,000 changes ------------------------------------------------


@pytest.mark.parametrize(("name", "label"), [("saturation", "z"), ("neuron", "weight w"), ("flow", "layers")])
def test_from_slider_to_pixels_within_60_ms(notebook, name, label):
    """A step that needs no kernel, measured just before, has its 95th percentile below 30 ms on a quiet machine. What
    it takes beyond that is other programs' work, and is allowed for each of page, server and kernel."""
    rounds = []
    for _ in range(3):
        local = timed(notebook, "stepper", "Step")
        measured = timed(notebook, name, label)
        rounds.append((measured, local))
        print(f"\n{notebook.server.app}, {name}: {measured}; without the kernel {local}", end="")
        if measured.p95 <= 60 + 3 * max(0, local.p95 - 30):
            return
    pytest.fail(f"{name}: {rounds}")


def timed(notebook: Notebook, name: str, label: str) -> Latency:
    place = live(notebook, name)
    return latency(notebook, place.get_by_role("slider", name=label, exact=True), place.locator(".picture"))


@pytest.mark.parametrize(
    ("name", "label"),
    [("saturation", "z"), ("neuron", "bias b"), ("chain", "Step"), ("flow", "times"), ("epsilon", "k in ε = 10⁻ᵏ")],
)
def test_no_blank_frame_and_no_jump_while_a_slider_is_dragged(notebook, name, label):
    place = live(notebook, name)
    seen = steadiness(notebook, place.get_by_role("slider", name=label, exact=True), place.locator(".picture"))
    print(f"\n{notebook.server.app}, {name}: {seen}", end="")
    assert seen.pictures > 10
    assert seen.blank == 0
    assert seen.heights == 1


def test_nothing_grows_over_ten_thousand_changes(notebook):
    place = live(notebook, "paths")
    slider = place.get_by_role("slider", name="Δx")
    change(notebook, slider, 500)
    before = footprint(notebook)
    with messages(notebook) as exchanged:
        last = change(notebook, slider, 10_000)
    shows(notebook, "paths", "nudge", slider)
    assert float(slider.input_value()) == last
    after = footprint(notebook)
    print(f"\n{notebook.server.app}: {before} → {after}, {dict(exchanged)}", end="")
    assert 10 < exchanged["sent"] <= 20_000
    assert exchanged["received"] <= 50_000
    assert after.widgets == before.widgets
    assert after.elements - before.elements < 100
    assert after.listeners - before.listeners < 20
    assert after.page_bytes - before.page_bytes < 1_000_000
    assert after.kernel_blocks - before.kernel_blocks < 5_000


def test_twice_as_large_letters_lose_nothing(notebook, screenshots):
    """At 200 % zoom a window of 1280 pixels has room for 640."""
    page = notebook.page
    try:
        page.set_viewport_size({"width": 640, "height": 450})
        for name in CELLS:
            place = live(notebook, name)
            place.scroll_into_view_if_needed()
            beyond = place.evaluate(
                """(live) => [...live.querySelectorAll('label, button, output, input, .sentence, .title')]
                    .filter((e) => e.getBoundingClientRect().right > live.getBoundingClientRect().right + 1
                                   || e.scrollWidth > e.clientWidth + 1 && e.clientWidth).map((e) => e.outerHTML)"""
            )
            assert beyond == []
            assert notebook.axe(place) == []
            place.screenshot(path=screenshots / f"{name}-{notebook.server.app}-narrow.png")
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})


def test_a_slow_start_leaves_no_deaf_widget(context, servers):
    """anywidget stops waiting after two seconds."""
    slow = """
from backprop_lib.widgets import SaturationExplorer
class Slow(SaturationExplorer):
    _esm = "await new Promise((done) => setTimeout(done, 3000));" + str(SaturationExplorer._esm)
slow = Slow()
slow"""
    notebook = servers("lab").open(context, [slow])
    try:
        notebook.run_all()
        place = notebook.output(0).locator(".live")
        expect(place).to_be_visible(timeout=15_000)
        place.get_by_role("slider", name="z").press("End")
        expect(place.locator(".sentence")).to_contain_text("σ(6) = 0.997527")
    finally:
        notebook.close()


def test_a_second_window_follows(notebook):
    notebook.command("docmanager:save")
    other = notebook.page.context.new_page()
    try:
        second = Notebook(notebook.server, other, notebook.path)
        live(notebook, "gears").get_by_role("slider", name="Δx").press("End")
        place = live(second, "gears")
        expect(place.locator(".picture")).to_contain_text("Δx = 1")
        expect(place.get_by_role("slider", name="Δx")).to_have_value("1")
        place.get_by_role("slider", name="Δx").press("Home")
        expect(live(notebook, "gears").get_by_role("slider", name="Δx")).to_have_value("-1")
        kernel_gets(notebook, "gears.nudge", "-1.0")
    finally:
        other.close()


# ---- last, since they take the kernel away -----------------------------------------------------------


def test_after_a_restart_the_first_cell_and_ones_own_are_enough(notebook):
    """Midway through a notebook: what is not run again says so, what is run again lives, the page stays."""
    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    left = live(notebook, "gears")
    left.get_by_role("slider", name="Δx").press("End")
    expect(left.get_by_role("alert")).to_contain_text("this cell has to be run again", timeout=10_000)
    for name in ("saturation", "paths"):
        notebook.run_cell(list(CELLS).index(name))
        slider = live(notebook, name).get_by_role("slider").first
        slider.press("End")
        expect(live(notebook, name)).to_have_attribute("data-drawn", re.compile(re.escape(slider.input_value())))
        expect(live(notebook, name).get_by_role("alert")).to_have_count(0)
    notebook.run_all()
    live(notebook, "saturation").get_by_role("slider", name="z").press("Home")
    shows(notebook, "saturation", "z", live(notebook, "saturation").get_by_role("slider", name="z"))


def test_stepping_needs_no_kernel_and_a_slider_says_that_it_does(notebook):
    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    place = live(notebook, "stepper")
    place.get_by_role("slider", name="Step").press("End")
    at_step(place, 9)
    expect(place.locator(".sentence")).to_contain_text("= (−4) × 1 = −4.")
    other = live(notebook, "saturation")
    other.get_by_role("slider", name="z").press("End")
    expect(other.get_by_role("alert")).to_contain_text("No answer yet", timeout=10_000)
    notebook.complaints.clear()  # the page itself complains that it has no kernel


def test_what_is_saved_is_a_picture_with_its_sentence(notebook):
    notebook.command("docmanager:save")
    saved = json.loads(notebook.path.read_text())
    assert "widgets" not in saved["metadata"]
    kinds = {kind for cell in saved["cells"] for output in cell["outputs"] for kind in output.get("data", {})}
    assert kinds == {"text/plain", "text/html", "image/svg+xml"}
    notebook.load()  # with a new kernel, in which nothing has run
    for index, name in enumerate(CELLS):
        output = notebook.output(index)
        expect(output.locator(".live")).to_have_count(0)
        image = output.locator("img")
        expect(image).to_be_visible()
        sentence = "".join(saved["cells"][index]["outputs"][0]["data"]["text/plain"])
        expect(image).to_have_attribute("alt", sentence)
        assert image.evaluate("(image) => image.naturalWidth") > 300
        assert notebook.axe(output.locator(".backprop-explorer")) == [], name
