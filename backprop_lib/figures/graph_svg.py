"""The picture of a graph as SVG: values above the wire, gradients below it, local derivatives on the wires."""

import unicodedata
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from ..graph import Graph
from ..tensor import Tensor
from .groups import neurons, numbers_of_groups
from .layout import Extent, Layout, Point, Spacing, layered_layout
from .notation import notation_of
from .reading import LONGEST_NAME, MORE, Reading, State, clean_text, printed, reading_of
from .style import PAGE

FONT = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"
SIZE, SMALL = 13.5, 12.5  # of the letters
_LINE = 16.0  # from one line of text to the next
_SHAPE = 30.0  # least width and height of a node's shape
_ARROW = 12.0  # length of an arrow's head, with a little wire before it
_MARGIN = 12.0

VALUE, GRADIENT, INK, QUIET, PAPER, FOCUS = "#0067A3", "#B34700", "#222222", "#666666", "#FFFFFF", "#FFF0B3"


def graph_svg(
    graph: Graph | Tensor | Reading,
    step: int | None = None,
    *,
    digits: int | None = None,
    groups: Mapping[str, Collection[Tensor]] | None = None,
    gradient: Any = None,
) -> str:
    """A picture of a graph, drawn from left to right, as an SVG document.

    graph : a Tensor, its Graph, or a Reading of it.
    step : the state after that step of `Graph.steps()`, with its node and wire in focus; None: everything, at rest.
        All steps of a graph fill the same view, so nothing jumps.
    digits : significant digits; by default 6, or as few as 4 if the picture is too wide for a page otherwise. A Reading
        has its own, and its own `gradient`.
    groups : name -> Tensors that get a frame. By default the neurons (or layers), where there are several; {} for none.
    gradient : the upstream gradient to start from, where the output is not a single number.

    Drawing many steps, or the same graph again with other values: make a `GraphPicture` once.
    """
    if isinstance(graph, Reading):
        return GraphPicture(reading_of(graph, digits, gradient), groups).svg(step)
    picture = None
    for tried in (6, 5, 4) if digits is None else (digits,):
        picture = GraphPicture(Reading(graph, tried, gradient), groups)
        if picture.width <= PAGE:
            break
    assert picture is not None
    return picture.svg(step)


class GraphPicture:
    """The picture of one graph, laid out once: `svg(step)` draws it at any step in the same view.

    groups : as for `graph_svg`.
    roomy : keep room for any number of the reading's digits, so that the view stays the same when the values change
        (`reading.refresh()` after `graph.forward()`).
    """

    def __init__(self, reading: Reading, groups: Mapping[str, Collection[Tensor]] | None = None, roomy: bool = False):
        self.reading = reading
        self.roomy = roomy
        self.folded = _folded_constants(reading)
        self.drawn = [k for k in range(len(reading.nodes)) if k not in self.folded]
        self.links = [k for k, link in enumerate(reading.links) if link.source not in self.folded]
        self.symbols = {k: self._symbol(k) for k in self.drawn}
        self.kinds = {k: self._kind(k) for k in self.drawn}
        named = neurons(reading) if groups is None else numbers_of_groups(reading, groups)
        self.groups = {n: [k for k in g if k not in self.folded] for n, g in named.items()}
        self.legend = self._legend()
        self.banner = 30.0
        self._lay_out(narrow=False)
        if self.width > PAGE:
            self._lay_out(narrow=True)

    def _lay_out(self, narrow: bool) -> None:
        """Give every node its form and place. Narrow: a name stands above its number where that saves room."""
        self.narrow = narrow
        widest = self._widest()
        self.forms = {k: self._form(k, *widest[k]) for k in self.drawn}
        ends = [(self.reading.links[k].source, self.reading.links[k].target) for k in self.links]
        extents = {k: form.extent for k, form in self.forms.items()}
        self.layout: Layout = layered_layout(self.drawn, ends, extents, self.groups, Spacing())
        self.wires = dict(zip(self.links, self.layout.wires, strict=True))
        legend_width = sum(text_width(text, SMALL) + 46 for _, text in self.legend)
        self.width = round(max(self.layout.width, legend_width, 320) + 2 * _MARGIN)
        self.height = round(self.layout.height + 2 * _MARGIN + 26)

    def svg(self, step: int | None = None) -> str:
        """The picture after that step; None: everything, at rest, in a view without the line that tells the step."""
        state = self.reading.state(step)
        body = [*self._frames(), *self._all_wires(state)]
        for k in self.drawn:
            body += self._node(k, state)
        down = _MARGIN + (self.banner if step is not None else 0.0)
        across = (self.width - self.layout.width) / 2
        height = self.height + (self.banner if step is not None else 0.0)
        parts = [f'<rect width="{self.width}" height="{_n(height)}" rx="6" fill="{PAPER}" stroke="#CCCCCC"/>']
        if step is not None:
            parts += self._banner(step, state)
        parts.append(f'<g transform="translate({_n(across)} {_n(down)})">{"".join(body)}</g>')
        parts += self._draw_legend(height - 16)
        title, description = self._title(step), self.description(step)
        drawing = "".join(parts)
        name = f"g{zlib.crc32((title + description + drawing).encode()):08x}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {_n(height)}" width="{self.width}" '
            f'height="{_n(height)}" role="img" aria-labelledby="{name}-t {name}-d" font-family="{FONT}" '
            f'font-size="{SIZE}" style="max-width:100%;height:auto">'
            f'<title id="{name}-t">{escape(title)}</title>'
            f'<desc id="{name}-d">{escape(description)}</desc>{drawing}</svg>'
        )

    # ---- words -----------------------------------------------------------------------------------

    def _title(self, step: int | None) -> str:
        name = self.reading.names[self.reading.output]
        if step is None:
            return f"Computation graph of {name}"
        return f"Computation graph of {name}, step {step} of {len(self.reading.steps) - 1}"

    def description(self, step: int | None = None) -> str:
        """The picture in words: the step, then every value and gradient that it shows."""
        reading, state = self.reading, self.reading.state(step)
        values = [f"{reading.names[k]} = {reading.text(state.values[k])}" for k in self.drawn if k in state.values]
        gradients = [
            f"{reading.gradient_name(k)} = {reading.gradient_text(k, state)}" for k in self.drawn if k in state.totals
        ]
        words = [] if step is None else [reading.sentence(step)]
        words += [f"Values: {', '.join(values)}."] if values else []
        words += [f"Gradients: {', '.join(gradients)}."] if gradients else []
        return " ".join(words)

    def _legend(self) -> list[tuple[str, str]]:
        entries = [("value", "value, above the wire")]
        if self.reading.has_backward:
            entries.append(("gradient", "gradient, below the wire"))
            entries.append(("local", "local derivative, on the wire"))
        return entries

    # ---- what each node looks like ---------------------------------------------------------------

    def _kind(self, k: int) -> str:
        if k == self.reading.output:
            return "output"
        if self.reading.nodes[k].operation is not None:
            return "inner"
        return "constant" if self.reading.constant[k] else "leaf"

    def _symbol(self, k: int) -> str:
        reading, node = self.reading, self.reading.nodes[k]
        if node.operation is None:
            return reading.short_name(k)
        symbol = node.operation.symbol
        if node.operation.name == "power" and reading.inputs[k][1] in self.folded:
            written = notation_of(node).text
            return written(["( )", reading.names[reading.inputs[k][1]]], node) if callable(written) else symbol
        sides = [reading.names[i] if i in self.folded else "" for i in reading.inputs[k]]
        if len(sides) == 2 and any(sides):
            return (
                f"{symbol}({sides[0] or '·'}, {sides[1] or '·'})"
                if symbol.isalpha()
                else f"{sides[0]} {symbol} {sides[1]}".strip()
            )
        return symbol

    def _widest(self) -> dict[int, tuple["_Text", "_Text | None"]]:
        """For each node its value, and the widest of the gradients that it shows at the steps."""
        reading = self.reading
        totals: dict[int, list[np.ndarray]] = {}
        for step in reading.steps:
            if step.phase == "backward" and step.total is not None:
                totals.setdefault(reading.number_of[step.node], []).append(step.total)
        last = {k: len(found) - 1 for k, found in totals.items()}
        widest: dict[int, tuple[_Text, _Text | None]] = {}
        for k in self.drawn:
            gradients = [self._gradient_text(k, total, n < last[k]) for n, total in enumerate(totals.get(k, []))]
            value = self._value_text(k, np.asarray(reading.nodes[k].data))
            widest[k] = value, max(gradients, key=lambda text: text.width, default=None)
        return widest

    def _value_text(self, k: int, value: np.ndarray) -> "_Text":
        kind = self.kinds[k]
        if kind == "constant" and value.ndim == 0:
            return _Text([])
        name = "" if kind == "leaf" else self.reading.short_name(k)
        return self._quantity(name, value, self.reading.summary(value).partition("), ")[2])

    def _gradient_text(self, k: int, total: np.ndarray, waiting: bool) -> "_Text":
        norm = f"norm {printed(self.reading.plain(np.sqrt(np.sum(total * total))))}" if total.ndim else ""
        return self._quantity(self.reading.gradient_name(k, short=True), total, norm, MORE if waiting else "")

    def _quantity(self, name: str, array: np.ndarray, summary: str, more: str = "") -> "_Text":
        reading = self.reading
        if array.ndim == 0:
            written = printed(reading.plain(array)) + more
            head = f"{name} = " if name else ""
            room = max(self._room(SIZE) + text_width(more, SIZE), text_width(written, SIZE))
            if self.narrow and len(head) > 4:
                return _Text([name, written], width=room)
            return _Text([head + written], width=text_width(head, SIZE) + room)
        heading = name + (" so far" if more else "") if name.startswith("∂") else f"{name} {array.shape}".strip()
        if not reading.in_full(array):
            return _Text([heading, summary or "no entries"])
        return _Text([heading], self._cells(array), column=self._room(SIZE))

    def _cells(self, array: np.ndarray) -> list[list[str]]:
        rows = array.reshape(-1, 1) if array.ndim == 1 else array
        return [[printed(self.reading.plain(x)) for x in row] for row in rows]

    def _room(self, size: float) -> float:
        """The width that any number gets if the picture is roomy."""
        return text_width("−0." + "0" * self.reading.digits, size) if self.roomy else 0.0

    def _form(self, k: int, value: "_Text", gradient: "_Text | None") -> "_Form":
        reading = self.reading
        pills = {}
        for position in range(len(reading.inputs[k])):
            link = reading.link_of[k, position]
            if reading.links[link].source not in self.folded:
                shown = self._pill(link)
                if shown.width:
                    pills[link] = shown
        symbol_width = text_width(self.symbols[k], SIZE, bold=self.kinds[k] != "constant")
        wires = sum(
            reading.links[reading.link_of[k, p]].source not in self.folded for p in range(len(reading.inputs[k]))
        )
        port = max([20.0, *(pill.height + 8 for pill in pills.values())])
        pill_height = max((pill.height for pill in pills.values()), default=0.0)
        tall = max(_SHAPE, (wires - 1) * port + pill_height + 6) if self.kinds[k] != "constant" else 24.0
        wide = max(_SHAPE if self.kinds[k] != "constant" else 20.0, symbol_width + 16)
        reach = max((pill.width + 10 for pill in pills.values()), default=0.0)
        core = reach + (_ARROW if wires else 0) + wide
        width = max(core, value.width, gradient.width if gradient else 0.0)
        extent = Extent(
            round(width, 1),
            round(tall / 2 + (value.height + 4 if value.height else 0), 1),
            round(tall / 2 + (gradient.height + 5 if gradient else 0), 1),
            round(port, 1),
        )
        return _Form(extent, wide, tall, core, pills)

    def _pill(self, link: int) -> "_Text":
        shown = self.reading.local_text(link)
        if isinstance(shown, str):
            return _Text([shown] if shown else [], width=self._room(SMALL) if shown else 0.0, size=SMALL)
        if shown.ndim == 0:
            return _Text([printed(self.reading.plain(shown))], width=self._room(SMALL), size=SMALL)
        return _Text([], self._cells(shown), column=self._room(SMALL), size=SMALL)

    # ---- drawing ---------------------------------------------------------------------------------

    def _frames(self) -> list[str]:
        parts = []
        for name, place in self.layout.frames.items():
            parts.append(
                f'<rect x="{_n(place.left)}" y="{_n(place.top)}" width="{_n(place.extent.width)}" '
                f'height="{_n(place.bottom - place.top)}" rx="10" fill="#F5F5F8" stroke="#9A9AA5"/>'
            )
            shown = clean_text(name, LONGEST_NAME)
            parts.append(_label(place.left + 10, place.top + 15, shown, QUIET, SMALL, "start", full=clean_text(name)))
        return parts

    def _shape_left(self, k: int) -> float:
        place, form = self.layout.places[k], self.forms[k]
        return place.left + (place.extent.width - form.core) / 2 + form.core - form.wide

    def _all_wires(self, state: State) -> list[str]:
        lines, pills = [], []
        for link in self.links:
            source, target, _ = self.reading.links[link]
            form, left = self.forms[target], self._shape_left(target)
            points = [(self._shape_left(source) + self.forms[source].wide, self.wires[link][0][1]), *self.wires[link]]
            points.append((left, points[-1][1]))
            flows = source in state.values
            focus = state.link == link or (state.link is None and state.phase == "forward" and state.node == target)
            quiet = self.kinds[source] == "constant"
            colour = "#BBBBBB" if not flows else "#999999" if quiet else VALUE
            thick = 3.5 if focus and state.link is None else 1.2 if quiet or not flows else 1.8
            lines.append(
                f'<path class="wire" data-link="{link}" d="{_curve(points)}" fill="none" stroke="{colour}" '
                f'stroke-width="{thick}"/>'
            )
            y = points[-1][1]
            if state.link != link:
                lines.append(_arrow(left, y, -1, colour))
            if link in state.sent:
                back = [(x, y + 4.5) for x, y in points]  # beside the forward wire, with the same room everywhere
                thick = 4 if state.link == link else 2
                lines.append(
                    f'<path class="wire back" data-link="{link}" d="{_curve(back, aside=4.5)}" fill="none" '
                    f'stroke="{GRADIENT}" stroke-width="{thick}" stroke-dasharray="{"8 5" if thick == 4 else "6 4"}"/>'
                )
                lines.append(_arrow(points[0][0], points[0][1] + 4.5, 1, GRADIENT, 5 if thick == 4 else 4))
            if link in form.pills and target in state.values:
                room = form.pills[link]
                pill = self._pill(link) if self.roomy else room
                middle = left - _ARROW - room.width / 2 - 5
                pills.append(f'<g class="local" data-link="{link}">')
                pills += [*self._draw_pill(pill, room, middle, y, state.link == link), "</g>"]
        return lines + pills

    def _draw_pill(self, pill: "_Text", room: "_Text", x: float, y: float, focus: bool) -> list[str]:
        width, height = room.width + 10, room.height + 3
        border = f'fill="{FOCUS}" stroke="{INK}" stroke-width="2.5"' if focus else 'fill="#F0F0F0" stroke="#888888"'
        return [
            f'<rect x="{_n(x - width / 2)}" y="{_n(y - height / 2)}" width="{_n(width)}" height="{_n(height)}" '
            f'rx="8" {border}/>',
            *pill.draw(x, y - pill.height / 2, INK, room.width),
        ]

    def _node(self, k: int, state: State) -> list[str]:
        place, form, kind = self.layout.places[k], self.forms[k], self.kinds[k]
        left, y = self._shape_left(k), place.y
        top, known, focus = y - form.tall / 2, k in state.values, state.node == k
        stroke, width = (INK, 3.2) if focus else (INK if known else "#AAAAAA", 1.3)
        fill = FOCUS if focus else PAPER if known else "#F7F7F7"
        box = f'x="{_n(left)}" y="{_n(top)}" width="{_n(form.wide)}" height="{_n(form.tall)}"'
        parts = [f'<g class="node {kind}" data-node="{k}">', f"<title>{escape(self._tooltip(k, state))}</title>"]
        if kind == "constant":
            parts.append(f'<rect {box} fill="{fill}" stroke="{INK if focus else "none"}" stroke-width="{width}"/>')
        else:
            corner = {"leaf": form.tall / 2, "inner": 6, "output": 0}[kind]
            parts.append(f'<rect {box} rx="{_n(corner)}" fill="{fill}" stroke="{stroke}" stroke-width="{width}"/>')
        if kind == "output":
            inset = 4
            parts.append(
                f'<rect x="{_n(left + inset)}" y="{_n(top + inset)}" width="{_n(form.wide - 2 * inset)}" '
                f'height="{_n(form.tall - 2 * inset)}" fill="none" stroke="{stroke}" stroke-width="1.3"/>'
            )
        centre = left + form.wide / 2
        colour = INK if kind != "constant" and known else QUIET
        size = 18.0 if len(self.symbols[k]) == 1 and kind in ("inner", "output") else SIZE
        parts.append(_label(centre, y + size * 0.36, self.symbols[k], colour, size, bold=kind != "constant"))
        if focus:
            parts.append(f'<path d="M{_n(centre - 7)} {_n(y - form.tall / 2 - 1)}h14l-7 8z" fill="{INK}"/>')
        middle = place.left + place.extent.width / 2
        if known:
            text = self._value_text(k, state.values[k])
            parts += text.draw(middle, y - form.tall / 2 - 4 - text.height, VALUE, place.extent.width)
        if k in state.totals:
            text = self._gradient_text(k, state.totals[k], k in state.waiting)
            parts += text.draw(middle, y + form.tall / 2 + 5, GRADIENT, place.extent.width)
        return [*parts, "</g>"]

    def _tooltip(self, k: int, state: State) -> str:
        reading = self.reading
        text = reading.names[k]
        if reading.nodes[k].operation is not None and reading.formula(k) != text:
            text += f" = {reading.formula(k)}"
        if k in state.values:
            text += f" = {reading.text(state.values[k])}"
        if k in state.totals:
            text += f"; {reading.gradient_name(k)} = {reading.gradient_text(k, state)}"
        return text

    def _banner(self, step: int, state: State) -> list[str]:
        words = f"Step {step} of {len(self.reading.steps) - 1}.  {self.reading.sentence(step)}"
        shown = words
        while text_width(shown, SIZE) > self.width - 2 * _MARGIN:
            shown = shown[: max(len(shown) - 5, 1)].rstrip() + "…"
        return [
            f'<rect x="1" y="1" width="{self.width - 2}" height="{_n(self.banner)}" rx="5" fill="#EEF1F6"/>',
            _label(_MARGIN, 21, shown, INK, SIZE, anchor="start", full=words),
        ]

    def _draw_legend(self, y: float) -> list[str]:
        parts, x = [], _MARGIN
        for kind, text in self.legend:
            if kind == "local":
                parts.append(
                    f'<rect x="{_n(x)}" y="{_n(y - 8)}" width="26" height="16" rx="8" fill="#F0F0F0" stroke="#888888"/>'
                )
            else:
                colour, dash = (VALUE, "") if kind == "value" else (GRADIENT, ' stroke-dasharray="6 4"')
                parts.append(f'<path d="M{_n(x)} {_n(y)}h26" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
            parts.append(_label(x + 32, y + 4.5, text, INK, SMALL, anchor="start"))
            x += text_width(text, SMALL) + 46
        return parts


# ---- pieces --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Form:
    """How a node is built: its extent, its shape's width and height, shape and wires' ends together, and the pills."""

    extent: Extent
    wide: float
    tall: float
    core: float
    pills: dict[int, "_Text"]


class _Text:
    """Lines of text, and below them, if there is one, an array in square brackets.

    `width`, `column`: the least width of the whole, and of a column of the array.
    """

    def __init__(
        self,
        lines: list[str],
        cells: Sequence[Sequence[str]] = (),
        width: float = 0.0,
        column: float = 0.0,
        size: float = SIZE,
    ):
        self.lines, self.cells, self.size = lines, cells, size
        self.columns = [max(column, *(text_width(cell, size) for cell in cells)) for cells in zip(*cells)]
        self.grid = sum(self.columns) + 9 * len(self.columns) + 7 if self.columns else 0.0
        self.width = max([width, self.grid, *(text_width(line, size) for line in lines)])
        self.line = _LINE * size / SIZE
        self.height = self.line * (len(lines) + len(cells)) + (4 if cells else 0)

    def draw(self, x: float, top: float, colour: str, room: float) -> list[str]:
        """Centred about x, from `top` downwards, no wider than `room`."""
        parts = []
        y = top
        for text in self.lines:
            parts.append(_label(x, y + self.line * 0.76, text, colour, self.size, room=room))
            y += self.line
        if self.cells:
            y += 2
            left, height = x - self.grid / 2, self.line * len(self.cells)
            for row in self.cells:
                right = left + 3
                for text, width in zip(row, self.columns):
                    right += width + 9
                    parts.append(_label(right - 4, y + self.line * 0.76, text, colour, self.size, "end"))
                y += self.line
            for side, turn in ((left, 4), (left + self.grid, -4)):
                parts.append(
                    f'<path d="M{_n(side + turn)} {_n(y - height)}H{_n(side)}V{_n(y)}H{_n(side + turn)}" '
                    f'fill="none" stroke="{colour}" stroke-width="1.2"/>'
                )
        return parts


def _folded_constants(reading: Reading) -> set[int]:
    """Single numbers that are written into the shape of the operation that uses them, such as × 0.5."""
    folded = {k for k, constant in enumerate(reading.constant) if constant and reading.nodes[k].ndim == 0}
    for k, node in enumerate(reading.nodes):
        if node.operation is None:
            continue
        mine = [i for i in reading.inputs[k] if i in folded]
        if mine and not (node.operation.elementwise and len(node.inputs) == 2 and len(mine) == 1):
            folded.difference_update(mine)
    return folded


def _n(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")


def _label(
    x: float,
    y: float,
    text: str,
    colour: str,
    size: float,
    anchor: str = "middle",
    bold: bool = False,
    full: str | None = None,
    room: float | None = None,
) -> str:
    """Text whose width is fixed, so that it fits whichever font is there. `full`: the whole of a shortened text."""
    wide = text_width(text, size, bold)
    wide = wide if room is None else min(wide, room)
    weight = ' font-weight="bold"' if bold else ""
    width = f' textLength="{_n(wide)}" lengthAdjust="spacingAndGlyphs"' if len(text) > 1 else ""
    tip = f"<title>{escape(full)}</title>" if full is not None and full != text else ""
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"{weight}{width}>'
        f"{tip}{escape(text)}</text>"
    )


def _curve(points: Sequence[Point], aside: float = 0.0) -> str:
    """A smooth line through the points; where it is steep, `aside` moves it away from the line it runs below."""
    x, y = points[0]
    path = [f"M{_n(x)} {_n(y)}"]
    for x1, y1 in points[1:]:
        if abs(y1 - y) < 0.05:
            path.append(f"H{_n(x1)}")
        else:
            half = (x + x1) / 2 - aside * max(min((y1 - y) / 25, 1.0), -1.0)
            path.append(f"C{_n(half)} {_n(y)} {_n(half)} {_n(y1)} {_n(x1)} {_n(y1)}")
        x, y = x1, y1
    return "".join(path)


def _arrow(x: float, y: float, direction: int, colour: str, size: float = 4) -> str:
    back = direction * size * 2
    return f'<path d="M{_n(x)} {_n(y)}l{_n(back)} {_n(-size)}v{_n(2 * size)}z" fill="{colour}"/>'


# Widths of the letters of Arial and Liberation Sans, in thousandths of the font size.
_WIDTHS = {
    **dict.fromkeys("0123456789abdeghnopqu$_?«»L#", 556), **dict.fromkeys("ijl|'", 222),
    **dict.fromkeys(" ftI!.,:;/\\[]·", 278), **dict.fromkeys("cksvxyzJŷᵀ", 500), **dict.fromkeys("r()-{}`²³¹", 340),
    **dict.fromkeys("ABEKPSVXY&", 667), **dict.fromkeys("CDHNRUw", 722), **dict.fromkeys("GOQ", 778),
    **dict.fromkeys("FTZ", 611), **dict.fromkeys("mM", 833), **dict.fromkeys("+−=<>×÷~^", 584),
    "W": 944, "%": 889, "@": 1015, "…": 1000, "*": 389, '"': 355, "∂": 494, "σ": 615, "←": 1000, "∞": 713, "√": 549,
    "Σ": 618, "∇": 713,
}  # fmt: skip


def text_width(text: str, size: float, bold: bool = False) -> float:
    """About how wide a text is drawn."""
    total = 0
    for character in text:
        width = _WIDTHS.get(character)
        if width is None:
            if unicodedata.combining(character):
                width = 0
            else:
                width = 1000 if unicodedata.east_asian_width(character) in "WF" or ord(character) > 0x1F000 else 640
        total += width
    return round(total * size / 1000 * (1.08 if bold else 1.0), 1)
