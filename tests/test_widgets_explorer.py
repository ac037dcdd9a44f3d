"""Without a browser: a control is set, a pure function runs, one view changes; what is saved stands alone."""

import gc
import re
import statistics
import sys
import time
from pathlib import Path

import ipywidgets
import pytest
import traitlets
from ipywidgets.comm import create_comm

import backprop_lib.widgets
from backprop_lib.widgets import (
    BatchSlider,
    ChainStepper,
    Choice,
    DescentPath,
    Entry,
    Explorer,
    Frame,
    GearTrain,
    GraphStepper,
    LossExplorer,
    NeuronNudge,
    SaturationExplorer,
    SecantNudger,
    ShapeFitter,
    Slider,
    TwoPaths,
    XORLab,
    button,
)

EVERY_WIDGET = {
    "saturation": SaturationExplorer,
    "secant": SecantNudger,
    "gears": GearTrain,
    "paths": TwoPaths,
    "neuron": NeuronNudge,
    "stepper": lambda: GraphStepper("(x + y) * z", "x = -2, y = 5, z = -4"),
    "chain": ChainStepper,
    "shapes": ShapeFitter,
    "batch": BatchSlider,
    "losses": LossExplorer,
    "xor": XORLab,
    "descent": DescentPath,
}


class Square(Explorer):
    title = "The square"
    x = Slider(1.0, low=-3, high=3, step=0.1, label="x")
    letter = Choice("a", options=["a", "b"], label="letter")
    note = Entry("", label="note")
    drawings = 0

    def draw(self, x, letter, note):
        Square.drawings += 1
        if note == "bad":
            raise ValueError("This note cannot be drawn.")
        if note == "worse":
            return 1 / 0
        return [
            Frame(f'<svg viewBox="0 0 9 9"><text>{x}{letter}{k}</text></svg>', f"Here {x:g} squared is {x * x:g}.")
            for k in range(3)
        ]

    @button("Double it")
    def double(self):
        self.x *= 2


def test_setting_a_control_changes_the_view():
    square = Square(x=2)
    assert square.sentence == "Here 2 squared is 4."
    square.x = 3
    assert square.sentence == "Here 3 squared is 9."
    assert ">3.0a0<" in square.picture
    assert square.drawn == square.values == {"x": 3.0, "letter": "a", "note": ""}


def test_controls_set_together_are_drawn_once():
    square = Square()
    before = Square.drawings
    with square.hold_trait_notifications():
        square.x, square.letter = 2, "b"
    assert Square.drawings == before + 1


def test_a_message_from_the_page_does_what_a_control_does():
    square = Square()
    square.set_state({"x": 2.5})
    assert square.sentence == "Here 2.5 squared is 6.25."


def test_a_button_by_name_and_nothing_else_by_name():
    square = Square(x=2)
    square._press(square, {"press": "double"}, [])
    assert square.x == 4
    for other in ({"press": "close"}, {"press": "x"}, {"press": None}, {}, "double"):
        square._press(square, other, [])
    assert square.x == 4
    assert square.comm is not None


def test_a_page_that_started_late_is_told_what_it_missed():
    square = Square(x=2)
    square.comm = create_comm(target_name="test", primary=False)
    messages = Messages(square.comm)
    for current in ({"shows": square.drawn}, {}, "shows"):
        square._catch_up(square, current, [])
    assert messages.sent == 0
    square._catch_up(square, {"shows": {"x": 1}}, [])
    assert messages.sent == 1


def test_stepping_shows_another_frame_of_the_same_values():
    square = Square()
    square.step = 2
    assert ">1.0a2<" in square.picture
    square.step = 99
    assert ">1.0a2<" in square.picture
    square.step = -1
    assert ">1.0a0<" in square.picture


def test_what_cannot_be_drawn_is_said_and_the_last_good_view_stays():
    square = Square(x=2)
    square.note = "bad"
    assert square.problem == "This note cannot be drawn."
    assert square.sentence == "Here 2 squared is 4."
    square.note = "good"
    assert square.problem == ""
    with pytest.raises(ValueError, match="cannot be drawn"):
        Square(note="bad")


def test_a_fault_of_ours_is_said_too_before_it_is_raised():
    square = Square(x=2)
    with pytest.raises(ZeroDivisionError):
        square.note = "worse"
    assert square.problem == "This cannot be drawn (ZeroDivisionError: division by zero). Choose other values."
    assert square.drawn == square.values
    square.note = "good"
    assert square.problem == ""


@pytest.mark.parametrize("value", [-1000.5, 1e100, 1e-80])
def test_a_number_that_cannot_be_drawn_truly_is_refused_with_one_that_can(value):
    square = Square(x=2)
    square.x = value
    assert square.problem.startswith("x = ")
    assert "cannot be drawn here. Set x to a number from −1000 to 1000" in square.problem
    assert square.sentence == "Here 2 squared is 4."
    with pytest.raises(ValueError, match="Set x to a number"):
        Square(x=value)


def test_what_is_saved_of_refused_values_says_whose_picture_it_is():
    square = Square(x=2)
    square.note = "bad"
    bundle, _ = square._repr_mimebundle_()
    note = "This note cannot be drawn. The picture still shows earlier values."
    assert bundle["text/plain"] == f"{note} Here 2 squared is 4."
    assert f'<p class="note">{note}</p>' in bundle["text/html"]
    assert f'alt="{note} Here 2 squared is 4."' in bundle["text/html"]
    square.note = "<b>"
    assert "earlier" not in square._repr_mimebundle_()[0]["text/html"]


EXTREMES = [1e308, 1e155, 1e100, 1e7, 999.5, 7.5, 0.0, 1e-8, 1e-60, 1e-300]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [sign * size for size in EXTREMES for sign in (1, -1)])
@pytest.mark.parametrize("name", [name for name in backprop_lib.widgets.__all__ if name[0].isupper()])
def test_any_finite_number_is_drawn_truly_or_refused(name, value, monkeypatch):
    make = getattr(backprop_lib.widgets, name)
    if name in ("Choice", "Entry", "Explorer", "Frame", "Slider", "GraphStepper"):
        return
    monkeypatch.setattr("backprop_lib.widgets.xor_lab.EPOCHS", 40)
    widget = make()
    for control in widget.controls:
        if control["kind"] != "slider":
            continue
        earlier, sentence = getattr(widget, control["name"]), widget.sentence
        setattr(widget, control["name"], value)
        shown = widget.picture + widget.sentence
        assert not re.search(r"\b(nan|inf)\b|∞", shown)
        assert widget.problem or value == earlier or widget.sentence != sentence or _stays(widget, control["name"])
        assert "domain" not in widget.problem
        setattr(widget, control["name"], earlier)
        assert not widget.problem
        assert widget.sentence == sentence


def _stays(widget, name):
    """Where a picture may stay as it is: the epochs are shortened here, and a number of 6 digits may look the same."""
    return name == "epoch" or abs(getattr(widget, name)) < 1e-6


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("x", float("nan"), "finite number"),
        ("x", float("inf"), "finite number"),
        ("x", "two", "x"),
        ("letter", "c", "any of"),
        ("note", 3, "unicode string"),
    ],
)
def test_a_value_that_a_control_cannot_take_is_refused_and_changes_nothing(name, value, message):
    square = Square()
    before = square.values
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(square, name, value)
    assert square.values == before


def test_an_unknown_control_is_refused_with_the_known_ones():
    with pytest.raises(TypeError, match="no control y. Its controls are x, letter, note"):
        Square(y=2)


def test_a_number_beyond_the_slider_is_taken():
    square = Square()
    square.x = 50
    assert square.sentence == "Here 50 squared is 2500."


def test_the_page_learns_the_controls_in_their_order():
    kinds = [(control["name"], control["kind"], control["label"]) for control in Square().controls]
    assert kinds == [
        ("x", "slider", "x"),
        ("letter", "choice", "letter"),
        ("note", "entry", "note"),
        ("double", "button", "Double it"),
    ]


def test_repr_is_how_to_make_it_again():
    assert repr(Square(x=2)) == "Square(x=2.0, letter='a', note='')"


# ---- what a notebook saves ---------------------------------------------------------------------------


@pytest.mark.parametrize("make", EVERY_WIDGET.values(), ids=EVERY_WIDGET)
def test_the_saved_form_needs_no_widget(make):
    widget = make()
    bundle, metadata = widget._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"}
    assert metadata == {}
    assert bundle["text/plain"] == widget.saved.sentence
    assert re.search(r"\d", bundle["text/plain"])
    assert 'src="data:image/svg+xml;base64,' in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert bundle["image/svg+xml"].startswith("<svg")


def _saved_in_a_new_process(count: int) -> list[dict]:
    Explorer._seen.clear()
    return [make()._repr_mimebundle_()[0] for make in EVERY_WIDGET.values() for _ in range(count)]


def test_the_saved_form_is_the_same_in_every_run():
    assert _saved_in_a_new_process(2) == _saved_in_a_new_process(2)


def test_every_explorer_has_its_own_place_in_the_page(monkeypatch):
    keys = [make().key for make in EVERY_WIDGET.values() for _ in range(2)]
    assert len(set(keys)) == len(keys)
    Explorer._seen.clear()
    here = Square().key
    Explorer._seen.clear()
    monkeypatch.setenv("JPY_SESSION_NAME", "another.ipynb")
    assert Square().key != here
    Explorer._seen.clear()
    monkeypatch.delenv("JPY_SESSION_NAME")
    monkeypatch.setattr("backprop_lib.widgets.explorer._SESSION_IN_PAGE", "a kernel in the page")
    assert Square().key != here


@pytest.mark.parametrize("make", EVERY_WIDGET.values(), ids=EVERY_WIDGET)
def test_every_frame_fills_the_same_view(make):
    frames = make().frames
    views = {re.match(r"<svg[^>]*?viewBox=\"([^\"]*)\"", frame["picture"])[1] for frame in frames}
    assert len(views) == 1


def test_every_widget_is_exported_with_a_title():
    classes = [getattr(backprop_lib.widgets, name) for name in backprop_lib.widgets.__all__]
    widgets = [c for c in classes if isinstance(c, type) and issubclass(c, Explorer) and c is not Explorer]
    assert len(widgets) >= 5
    assert all(widget.title for widget in widgets)


# ---- speed and size ----------------------------------------------------------------------------------

MOVES = {
    "saturation": (SaturationExplorer, "z"),
    "secant": (SecantNudger, "nudge"),
    "gears": (GearTrain, "first"),
    "paths": (TwoPaths, "x"),
    "neuron": (NeuronNudge, "w"),
    "batch": (BatchSlider, "added"),
    "losses": (LossExplorer, "z"),
}


@pytest.mark.parametrize(("make", "name"), MOVES.values(), ids=MOVES)
def test_a_move_costs_the_kernel_at_most_5_ms(make, name):
    widget = make()
    times = []
    for k in range(60):
        start = time.process_time()
        setattr(widget, name, (k % 20) / 10)
        times.append(time.process_time() - start)
    assert statistics.median(times) <= 0.005, f"{1000 * statistics.median(times):.2f} ms"


class Messages:
    """Stands in for the comm and counts what is sent through it."""

    def __init__(self, comm):
        self.sent = 0
        comm.send = self.send

    def send(self, *arguments, **keywords):
        self.sent += 1


@pytest.mark.parametrize(("make", "name"), MOVES.values(), ids=MOVES)
def test_nothing_grows_over_ten_thousand_changes(make, name):
    widget = make()
    widget.comm = create_comm(target_name="test", primary=False)
    messages = Messages(widget.comm)
    times = 10_000 if make is TwoPaths else 1_000

    def change(times):
        for k in range(times):
            setattr(widget, name, (k % 200) / 100 - 1.001)
        gc.collect()
        return len(ipywidgets.widgets.widget._instances), sys.getallocatedblocks()

    change(400)
    models, blocks = change(200)
    messages.sent = 0
    models_after, blocks_after = change(times)
    assert models_after == models
    assert blocks_after - blocks < 500
    assert times <= messages.sent <= 2 * times


def test_a_refusal_can_be_read_on_a_light_page_and_on_a_dark_one():
    css = Path(backprop_lib.widgets.__file__).with_name("explorer.css").read_text(encoding="utf-8")
    light, dark = re.findall(r"\.note \{[^}]*color: (#\w{6})", css)
    assert _contrast(light, "#ffffff") >= 4.5
    assert _contrast(dark, "#111111") >= 4.5


def _contrast(one: str, other: str) -> float:
    lights = []
    for colour in (one, other):
        shares = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        lights.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(lights) + 0.05) / (min(lights) + 0.05)
