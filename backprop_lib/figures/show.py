"""Show a picture together with the sentence that says what it shows.

The one sentence is the alternative text that a screen reader reads, the caption below the picture, and the plain
text of the output, so that a test of the notebook fails when the finding changes. What each place takes of it:

- JupyterLab and Notebook, also when the notebook is not trusted: the HTML, whose `<img>` keeps its alternative text
  (an SVG or PNG shown by itself loses it, and inline SVG is removed from a notebook that is not trusted);
- pages that show code and notebooks without a kernel: the PNG or SVG beside it;
- a terminal, and the test: the sentence.
"""

import base64
import re
from html import escape
from typing import TYPE_CHECKING, Any

from .style import NARROW, SHOWS_ROUNDING, png_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Shown:
    """A picture with its sentence, ready for a notebook: `bundle` is what the notebook stores."""

    def __init__(self, bundle: dict[str, str], sentence: str):
        self.bundle = bundle
        self.sentence = sentence

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.bundle

    def __repr__(self) -> str:
        return self.sentence


def show(figure: "Figure | str", alt: str) -> None:
    """Display a matplotlib Figure or an SVG document with its sentence. Outside a notebook the sentence is printed.

    alt : one full sentence that states what the picture shows, with at least one of its computed figures.
    """
    shown = with_sentence(figure, alt)
    try:
        from IPython.display import display
    except ImportError:
        print(shown.sentence)
    else:
        display(shown)


def with_sentence(figure: "Figure | str", alt: str) -> Shown:
    """As `show`, but the object to be displayed is returned."""
    sentence = checked_sentence(alt)
    if isinstance(figure, str):
        if not figure.lstrip().startswith("<svg"):
            raise ValueError(
                f"show takes a matplotlib Figure or a text that begins with <svg; given was {figure[:40]!r}. "
                "graph_svg(…) makes such a text."
            )
        kind, picture, varies = "image/svg+xml", figure, ""
        coded = base64.b64encode(figure.encode()).decode()
        found = re.search(r'viewBox="0 0 ([\d.]+) ', figure)
        width = float(found.group(1)) if found else 640.0
    elif hasattr(figure, "savefig") and hasattr(figure, "get_figwidth"):
        kind = "image/png"
        picture = coded = base64.b64encode(png_of(figure)).decode()
        width = 100 * figure.get_figwidth()
        # What rounding leaves differs between machines: then the sentence is what tests compare, and not the pixels.
        varies = ' data-pixels="vary"' if figure.get_gid() == SHOWS_ROUNDING else ""
    else:
        raise TypeError(
            f"show takes a matplotlib Figure or an SVG text; given was {type(figure).__name__}. "
            "Of pyplot, hand over plt.gcf(); of axes, axes.figure."
        )
    # In a small window a picture shrinks with the page. A wide one would then be unreadable: it shrinks a little and
    # scrolls, by keyboard too.
    wide = width > 1.5 * NARROW
    least = 0.88 * width if wide else min(0.88 * width, NARROW)
    scrolls = ' tabindex="0"' if wide else ""
    html = (
        f'<figure style="margin:0.5em 0;overflow-x:auto"{scrolls}><img alt="{escape(sentence)}"{varies} '
        f'src="data:{kind};base64,{coded}" style="width:{width:.0f}px;max-width:100%;min-width:{least:.0f}px">'
        f'<figcaption aria-hidden="true">{escape(sentence)}</figcaption></figure>'
    )
    return Shown({"text/plain": sentence, "text/html": html, kind: picture}, sentence)


def checked_sentence(alt: str) -> str:
    """The sentence on one line. Raises ValueError unless it is a full sentence with a number in it."""
    if not isinstance(alt, str):
        raise TypeError(f"The sentence is a text; given was {type(alt).__name__}.")
    sentence = " ".join(alt.split())
    problem = None
    if not sentence:
        problem = "it is empty"
    elif len(sentence.split()) < 4 or sentence[-1] not in ".!?":
        problem = "it is not a full sentence that ends with a full stop"
    elif not re.search(r"\d", sentence):
        problem = "it states no figure"
    if problem:
        raise ValueError(
            f"The picture needs one sentence that says what it shows, and {problem}: {alt!r}. "
            "Write the finding with its computed figures, for example f'After 3000 epochs the loss is {loss:.3g}.'"
        )
    return sentence
