"""Plots say what they show, look the same everywhere, and leave settings alone; each is shown with a sentence."""

import base64
import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pytest

from backprop_lib import Tensor, figures
from backprop_lib.figures import classification, plots, style

GRID = np.linspace(-1, 2, 12)
XOR = [[0, 0], [0, 1], [1, 0], [1, 1]]
SCORE = np.add.outer(GRID, GRID) / 2

PLOTS = {
    "loss_curve": lambda: figures.loss_curve([3, 2, 1], "The loss falls to 1"),
    "loss_curves": lambda: figures.loss_curve({"η = 0.1": [3, 2], "η = 1": [3, 0.1]}, "The larger step wins", log=True),
    "function_and_slope": lambda: figures.function_and_slope(
        GRID, {"σ": np.tanh(GRID)}, {"σ′": 1 - np.tanh(GRID) ** 2}, "The slope is 1 at most", at=0.5
    ),
    "secant_and_tangent": lambda: figures.secant_and_tangent(GRID, GRID**2, (1, 1), (2, 4), 2.0, "Slopes 3 and 2"),
    "error_against_step": lambda: figures.error_against_step(
        [1e-3, 1e-2], {"forward": [1e-3, 1e-2], "centred": [0, 1e-4]}, "Centred is closer"
    ),
    "decision_boundary": lambda: figures.decision_boundary(GRID, GRID, SCORE, XOR, [0, 1, 1, 0], "2 of 4 right"),
    "boundary with lines": lambda: figures.decision_boundary(
        GRID, GRID, SCORE, XOR, [0, 1, 1, 0], "2 of 4 right", lines={"h₁ = ½": (1, 1, -0.5), "h₂ = ½": (0, 1, 1)}
    ),
    "one-sided boundary": lambda: figures.decision_boundary(GRID, GRID, SCORE * 0, XOR, [0, 1, 1, 0], "No boundary"),
    "hidden_space": lambda: figures.hidden_space(XOR, ["a", "b", "b", "a"], "One line is enough", line=(1, -1, 0)),
    "gradient_factors": lambda: figures.gradient_factors({"σ′": 0.25, "w": -0.3}, "Two factors below 1"),
    "several gradients": lambda: figures.gradient_factors(
        {"∂L/∂w₂": {"e": -0.5, "h": 0.6}, "∂L/∂w₁": {"e": -0.5, "σ′": 0.2}}, "One more factor", log=True
    ),
    "final_losses": lambda: plots.final_losses({"2": [1e-3, 0.2, 0.25], "4": [1e-3, 1e-4]}, 0.05, "3 of 5 learn"),
    "digit_images": lambda: classification.digit_images(
        np.arange(9 * 64).reshape(9, 8, 8), list("012345678"), "Nine ramps", x="number", y="8 × 8 pixels"
    ),
    "confusion": lambda: classification.confusion([[5, 1], [0, 4]], "9 of 10 right"),
    "no confusion": lambda: classification.confusion([[5, 0], [0, 4]], "9 of 9 right"),
    "calls_by_depth": lambda: figures.calls_by_depth([1, 2], {"naive": [3, 7], "ordered": [2, 3]}, "7 calls against 3"),
}


def in_a_new_process(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


# --- the style ------------------------------------------------------------------------------------


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
def test_every_plot_has_its_finding_and_both_axes_named(plot):
    figure = plot()
    assert figure.axes
    for axes in figure.axes:
        assert axes.get_title(loc="left").strip()
        assert axes.get_xlabel().strip() and axes.get_ylabel().strip()


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
def test_every_plot_is_drawn_without_a_warning_and_the_same_twice(plot):
    first, second = style.png_of(plot()), style.png_of(plot())
    assert first == second
    assert first.startswith(b"\x89PNG") and len(first) < 60_000


def test_a_picture_carries_no_date_and_no_software():
    from PIL import Image

    assert set(Image.open(io.BytesIO(style.png_of(PLOTS["loss_curve"]()))).info) <= {"dpi"}


def test_lines_and_points_are_told_apart_by_more_than_colour():
    assert len({str(look["linestyle"]) for look in style.LINES}) == len(style.LINES)
    assert len({look["marker"] for look in style.POINTS}) == len(style.POINTS)
    assert len({look["color"] for look in style.LINES}) == len(style.LINES)
    assert style.VALUE["linestyle"] != style.GRADIENT["linestyle"]
    axes = PLOTS["loss_curves"]().axes[0]
    assert len({(line.get_color(), line.get_linestyle()) for line in axes.lines}) == 2
    points = PLOTS["hidden_space"]().axes[0].collections
    assert len({path.vertices.shape for group in points for path in group.get_paths()}) == 2
    bars = PLOTS["several gradients"]().axes[0].patches
    assert {bar.get_hatch() for bar in bars} == {"", "//"}


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_plot_without_finding_or_axis_names_is_refused(missing):
    texts = ["finding", "x", "y"]
    texts[missing] = " "
    axes = figures.new_figure().add_subplot()
    with pytest.raises(ValueError, match="Every plot needs"):
        figures.label_axes(axes, *texts)


def test_an_unlabelled_figure_is_not_shown():
    figure = figures.new_figure()
    figure.add_subplot().plot([1, 2])
    with pytest.raises(ValueError, match="both axes"):
        figures.with_sentence(figure, "The line rises from 1 to 2.")


def test_everybodys_settings_stay_as_they_are():
    import matplotlib

    with matplotlib.rc_context({"font.size": 23, "axes.grid": False, "svg.hashsalt": "mine"}):
        before = dict(matplotlib.rcParams)
        style.png_of(PLOTS["loss_curve"]())
        assert dict(matplotlib.rcParams) == before


def test_somebodys_settings_do_not_change_the_picture():
    import matplotlib

    plain = style.png_of(PLOTS["loss_curve"]())
    with matplotlib.rc_context({"font.size": 23, "axes.grid": False, "lines.linewidth": 9, "savefig.dpi": 20}):
        assert style.png_of(PLOTS["loss_curve"]()) == plain


def test_pictures_load_late_and_never_through_pyplot():
    loaded = in_a_new_process(
        "import sys, backprop_lib; print('backprop_lib.figures' in sys.modules, 'matplotlib' in sys.modules)\n"
        "import backprop_lib.figures as f; print('matplotlib' in sys.modules, 'IPython' in sys.modules)\n"
        "f.with_sentence(f.loss_curve([2, 1], 'falls'), 'The loss falls to 1.')\n"
        "print('matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    assert loaded.split() == ["False", "False", "False", "False", "True", "False"]


def test_the_marks_of_a_training_that_failed_are_triangles():
    learned, failed = plots.final_losses({"2": [1e-3, 0.2, 0.25], "4": [1e-3]}, 0.05, "f").axes[0].collections[:2]
    assert (learned.get_label(), failed.get_label()) == ("has learned", "has not learned")
    assert len(learned.get_offsets()) == 1 and len(failed.get_offsets()) == 2
    assert not np.array_equal(learned.get_paths()[0].vertices, failed.get_paths()[0].vertices)


def test_a_table_of_confusions_in_words():
    said = classification.confusion_sentence
    assert said([[5, 1], [0, 4]]) == ("9 of 10 are right (90.0 %); the most frequent mistake: 0 is read as 1, once.")
    assert said([[1, 0, 0], [0, 1, 0], [1, 3, 1]]).endswith(": 2 is read as 1, 3 times.")
    assert said([[5, 0], [0, 4]]) == "9 of 9 are right (100.0 %), and nothing is taken for something else."


# --- numbers that do not fit ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: figures.loss_curve([], "f"), "numbers in a row"),
        (lambda: figures.loss_curve([[1, 2]], "f"), r"shape \(1, 2\)"),
        (lambda: figures.function_and_slope([1, 2], {"f": [1]}, {}, "f"), "f: expected 2 numbers"),
        (lambda: figures.secant_and_tangent([0, 1], [0, 1], (1, 1), (1, 1), 1.0, "f"), "two points"),
        (lambda: figures.decision_boundary([0, 1], [0, 1, 2], np.zeros((2, 3)), XOR, [0] * 4, "f"), r"\(3, 2\)"),
        (lambda: figures.decision_boundary(GRID, GRID, SCORE, XOR, [0] * 4, "f", lines={"h": (0, 0, 1)}), "different"),
        (lambda: plots.final_losses({"2": [[1]]}, 0.1, "f"), "losses of 2"),
        (lambda: plots.final_losses({"2": [1]}, 0, "f"), "above 0"),
        (lambda: classification.digit_images(np.zeros((2, 8, 8)), [1], "f", x="a", y="b"), "1 captions"),
        (lambda: classification.confusion(np.zeros((2, 3)), "f"), "square table"),
        (lambda: figures.hidden_space([1, 2], [0, 1], "f"), r"shape \(k, 2\)"),
        (lambda: figures.hidden_space(XOR, [0] * 4, "f", line=(0, 0, 1)), "different from 0"),
        (
            lambda: figures.hidden_space(XOR, [0] * 4, "f", line=(1, 2)),
            r"three numbers \(a, b, c\); given was \(1, 2\)",
        ),
        (lambda: figures.gradient_factors({"a": {"x": 1}, "b": 3.0}, "f"), r"both: 'a' \(factors\), 'b' \(a number\)"),
        (lambda: figures.gradient_factors({}, "f"), "no factors to draw"),
        (lambda: figures.gradient_factors({"a": {}}, "f"), "no factors to draw"),
        (lambda: figures.error_against_step([1, 0.1], {"a": [0, 0]}, "f"), "All errors are 0"),
    ],
)
def test_bad_numbers_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_gradient_without_factors_beside_one_with_some():
    figure = figures.gradient_factors({"∂L/∂w": {"e": -0.5}, "∂L/∂b": {}}, "One factor is −0.5")
    assert len(figure.axes[0].patches) == 1


# --- show -----------------------------------------------------------------------------------------

SENTENCE = 'The gradient of "L" with respect to w & b is <12> and 6.'


class Html(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.pictures, self.caption, self.inside = [], "", ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        if tag == "img":
            self.pictures.append(dict(attributes))

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "figcaption":
            self.caption += data


def a_graph():
    return figures.graph_svg(Tensor(2.0, name="w") * 3)


@pytest.mark.parametrize(("picture", "kind"), [(a_graph, "image/svg+xml"), (PLOTS["loss_curve"], "image/png")])
def test_one_sentence_everywhere(picture, kind):
    bundle = figures.with_sentence(picture(), SENTENCE)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", kind}
    assert bundle["text/plain"] == SENTENCE
    html = Html(bundle["text/html"])
    assert [img["alt"] for img in html.pictures] == [SENTENCE]
    assert html.caption == SENTENCE
    head, coded = html.pictures[0]["src"].split(",")
    assert head == f"data:{kind};base64"
    if kind == "image/png":
        assert coded == bundle[kind]
    else:
        assert base64.b64decode(coded).decode() == bundle[kind]
        ElementTree.fromstring(bundle[kind])


def test_nothing_but_the_picture_itself_differs_between_versions():
    """What a comparison of outputs sees, once the data of the picture is left out, is the sentence."""
    first, second = (figures.with_sentence(PLOTS[name](), SENTENCE).bundle for name in ("loss_curve", "loss_curves"))
    first, second = (re.sub(r'src="data:image/[^"]*"', "", bundle["text/html"]) for bundle in (first, second))
    assert first == second


def test_the_sentence_stands_on_one_line():
    assert figures.with_sentence(a_graph(), " The slope\n is   3. ").sentence == "The slope is 3."


@pytest.mark.parametrize(
    "alt", ["", "  \n", "A plot.", "The loss falls to 1", "The loss falls quickly and stays low.", "loss_curve.png"]
)
def test_a_picture_without_a_full_sentence_with_a_figure_is_refused(alt):
    with pytest.raises(ValueError, match="needs one sentence"):
        figures.show(a_graph(), alt)


@pytest.mark.parametrize(("what", "error"), [("<p>1</p>", ValueError), ("picture.png", ValueError), (3, TypeError)])
def test_only_pictures_are_shown(what, error):
    with pytest.raises(error, match="matplotlib Figure"):
        figures.show(what, "There is 1 picture here.")


def test_outside_a_notebook_the_sentence_is_printed(capsys):
    figures.show(a_graph(), "The slope of f is 3.")
    assert capsys.readouterr().out.strip() == "The slope of f is 3."
