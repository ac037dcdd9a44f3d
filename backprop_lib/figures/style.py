"""One look for every matplotlib figure: what it has found stands in its title, and both axes are labelled.

Figures are made without pyplot and without touching anybody's settings: matplotlib is imported when the first figure is
made, and the settings below hold only inside `house_style()`.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours that the colour-blind can tell apart: those of Okabe and Ito (2008) that are dark enough for a line on white,
# and two more. tests/test_colours.py measures both.
BLUE, ORANGE, GREEN, PURPLE, BLACK, VIOLET = "#0072B2", "#D55E00", "#009E73", "#A8327D", "#000000", "#7800E1"

# A value is blue and solid, a gradient orange and dashed, here as in the pictures of graphs.
VALUE: dict[str, Any] = {"color": BLUE, "linestyle": "-"}
GRADIENT: dict[str, Any] = {"color": ORANGE, "linestyle": "--"}

# The k-th line, and the k-th class of points: told apart by more than their colour.
LINES: list[dict[str, Any]] = [
    {"color": BLUE, "linestyle": "-"},
    {"color": ORANGE, "linestyle": "--"},
    {"color": GREEN, "linestyle": "-."},
    {"color": PURPLE, "linestyle": ":"},
    {"color": BLACK, "linestyle": (0, (6, 1, 1, 1, 1, 1))},
    {"color": VIOLET, "linestyle": (0, (1, 1))},
]
POINTS: list[dict[str, Any]] = [
    {"color": BLUE, "marker": "o"},
    {"color": ORANGE, "marker": "^"},
    {"color": GREEN, "marker": "s"},
    {"color": PURPLE, "marker": "D"},
    {"color": BLACK, "marker": "P"},
    {"color": VIOLET, "marker": "X"},
]

_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "mathtext.fontset": "dejavusans",
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.use_mathtext": True,
    "axes.unicode_minus": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.8,
    "lines.linewidth": 2.0,
    "lines.markersize": 7,
    "legend.frameon": True,
    "legend.framealpha": 0.9,
    "hatch.linewidth": 0.6,
    "hatch.color": "#C8A48E",
    "figure.facecolor": "white",  # pictures keep their light paper on a dark page
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "backprop",  # without it every SVG has other ids
    "svg.fonttype": "path",
    "path.simplify": True,
}
_DPI = 150

PAGE = 900  # width of a cell's output on a laptop, in pixels
NARROW = 480  # and with letters twice as large, or in a small window
SHOWS_ROUNDING = "shows rounding"  # the group id of a figure whose finest detail is the rounding of the machine


@contextmanager
def house_style() -> Iterator[None]:
    """The settings of every figure here, for the time of a `with` block; whatever was set before comes back."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def new_figure(width: float = 7.2, height: float = 4.2) -> "Figure":
    """An empty figure (inches) that belongs to no backend and no list of open figures."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def label_axes(axes: "Axes", finding: str, x: str, y: str) -> None:
    """Put the finding into the title and name both axes. Refuses to leave any of them out."""
    for what, text in (
        ("a finding for its title", finding),
        ("a name for the x axis", x),
        ("a name for the y axis", y),
    ):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(
                f"Every plot needs {what}; given was {text!r}. Say what it shows, with its unit if there is one."
            )
    axes.set_title(finding, wrap=True)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def png_of(figure: "Figure") -> bytes:
    """The figure as PNG, without a date or the version of any software."""
    for axes in figure.axes:
        if not axes.get_xlabel().strip() or not axes.get_ylabel().strip():
            raise ValueError(
                "Every plot needs a name on both axes; one is missing. Use label_axes(axes, finding, x, y)."
            )
    with house_style():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from PIL import Image

        before = figure.canvas
        try:
            FigureCanvasAgg(figure)
            stream = io.BytesIO()
            figure.savefig(stream, format="png", dpi=_DPI)
        finally:
            figure.set_canvas(before)
    # a palette makes the file three to four times smaller; lines on paper do not need more colours
    image = Image.open(stream).convert("RGB")
    small = io.BytesIO()
    image.quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()
