"""Small plots as SVG text, fast enough to be drawn anew for each tick of a slider.

    window = Window(left=40, top=30, width=200, height=150, x=(-6, 6), y=(0, 1))
    document(300, 220, window.frame("σ(z)", "z"), window.inside(window.curve(x, y, **VALUE_LINE)))

Every function returns SVG text; `document` puts the pieces together. Lengths are pixels, from the top left corner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from .graph_svg import FONT, GRADIENT, INK, PAPER, QUIET, SMALL, VALUE
from .reading import number, printed

# A value is blue and solid, a gradient or slope orange and dashed, as in the pictures of graphs.
THIN: dict[str, Any] = {"stroke": INK, "stroke-width": "1.5"}
VALUE_LINE: dict[str, Any] = {"stroke": VALUE, "stroke-width": "2.5"}
GRADIENT_LINE: dict[str, Any] = {"stroke": GRADIENT, "stroke-width": "2.5", "stroke-dasharray": "7 4"}
GUIDE: dict[str, Any] = {"stroke": QUIET, "stroke-width": "1", "stroke-dasharray": "2 3"}
PALE = "#E4E4E4"


def document(width: float, height: float, *pieces: str) -> str:
    """An SVG document on white paper, which keeps it readable on a dark page."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="{FONT}" font-size="{SMALL}" fill="{INK}">'
        f'<rect width="{width:g}" height="{height:g}" fill="{PAPER}"/>{"".join(pieces)}</svg>'
    )


def text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = INK, size: float = SMALL) -> str:
    """Words with their baseline at y. anchor : "start", "middle" or "end"."""
    return (
        f'<text x="{_p(x)}" y="{_p(y)}" text-anchor="{anchor}" fill="{colour}" font-size="{size:g}">'
        f"{escape(words)}</text>"
    )


def line(x0: float, y0: float, x1: float, y1: float, **look: Any) -> str:
    return f'<line x1="{_p(x0)}" y1="{_p(y0)}" x2="{_p(x1)}" y2="{_p(y1)}"{_attributes(look)}/>'


def dot(x: float, y: float, colour: str = VALUE, radius: float = 5.5) -> str:
    """A point with a white rim, to stand out from the curve that it lies on."""
    return f'<circle cx="{_p(x)}" cy="{_p(y)}" r="{radius:g}" fill="{colour}" stroke="{PAPER}" stroke-width="1.5"/>'


def value_text(value: float, digits: int = 6) -> str:
    """A number as it stands in a picture or in a sentence: −0.924142, 7.6131e−9."""
    return printed(number(value, digits))


def power(exponent: int) -> str:
    """A whole number, raised: ⁻¹⁶."""
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


@dataclass(frozen=True)
class Window:
    """A rectangle of a picture with coordinates of its own: `x` and `y` are the ranges that it shows."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where in the picture the point (x, y) lies."""
        (x0, x1), (y0, y1) = self.x, self.y
        return (
            self.left + self.width * (x - x0) / (x1 - x0),
            self.top + self.height * (y1 - y) / (y1 - y0),
        )

    def frame(
        self,
        title: str,
        x_name: str,
        x_ticks: Sequence[float],
        y_ticks: Sequence[float],
        y_labels: Sequence[str] | None = None,
    ) -> str:
        """Border, grid, numbers at the ticks, the title above and the name of the x axis below."""
        right, bottom = self.left + self.width, self.top + self.height
        pieces = [
            f'<rect x="{self.left:g}" y="{self.top:g}" width="{self.width:g}" height="{self.height:g}" '
            f'fill="none" stroke="{QUIET}"/>'
        ]
        for tick in x_ticks:
            x, _ = self.at(tick, self.y[0])
            pieces.append(line(x, self.top, x, bottom, stroke=PALE))
            pieces.append(text(x, bottom + 15, value_text(tick), anchor="middle", size=11.5))
        for tick, label in zip(y_ticks, y_labels or [value_text(tick) for tick in y_ticks], strict=True):
            _, y = self.at(self.x[0], tick)
            pieces.append(line(self.left, y, right, y, stroke=PALE))
            pieces.append(text(self.left - 6, y + 4, label, anchor="end", size=11.5))
        pieces.append(pieces.pop(0))  # the border lies above the grid
        pieces.append(text(self.left, self.top - 9, title))
        pieces.append(text((self.left + right) / 2, bottom + 31, x_name, anchor="middle"))
        return "".join(pieces)

    def inside(self, *pieces: str) -> str:
        """The pieces, cut off at the border."""
        box = f"{self.left:g} {self.top:g} {self.width:g} {self.height:g}"
        return (
            f'<svg x="{self.left:g}" y="{self.top:g}" width="{self.width:g}" height="{self.height:g}" '
            f'viewBox="{box}">{"".join(pieces)}</svg>'
        )

    def curve(self, x: Sequence[float], y: Sequence[float], **look: Any) -> str:
        """A line through the points (x, y)."""
        points = " ".join(f"{_p(a)},{_p(b)}" for a, b in map(self.at, x, y))
        return f'<polyline points="{points}" fill="none"{_attributes(look)}/>'

    def line(self, x0: float, y0: float, x1: float, y1: float, **look: Any) -> str:
        return line(*self.at(x0, y0), *self.at(x1, y1), **look)

    def through(self, x: float, y: float, slope: float, **look: Any) -> str:
        """The straight line through (x, y) with this slope, from side to side."""
        left, right = self.x
        return self.line(left, y + slope * (left - x), right, y + slope * (right - x), **look)

    def dot(self, x: float, y: float, colour: str = VALUE) -> str:
        return dot(*self.at(x, y), colour)


def _attributes(look: dict[str, Any]) -> str:
    return "".join(f' {name}="{value}"' for name, value in look.items())


def _p(x: float) -> str:
    """A coordinate: a twentieth of a pixel is enough, and far outside is outside.

    On a grid it is often just half of the last digit, and machines differ in a number's sixteenth digit. So it is
    rounded to the seventh first, and all of them round the half alike.
    """
    return f"{min(max(round(x, 7), -1e4), 1e4):.2f}".rstrip("0").rstrip(".")
