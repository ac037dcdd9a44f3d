"""A small network while it learns XOR, from all sides at once: answers, loss, hidden space, weights and gradients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .graph_svg import GRADIENT, INK, PAPER, QUIET, VALUE
from .sketch import GUIDE, PALE, VALUE_LINE, Window, document, dot, line, power, text, value_text
from .training_film import boundary_lines, field_image, round_ticks, target_mark

WIDTH, HEIGHT = 900, 660
AXIS = np.linspace(-0.5, 1.5, 41)  # of the plane of inputs, both ways

_PLANE = Window(44, 34, 250, 250, x=(-0.5, 1.5), y=(-0.5, 1.5))
_DECADES = (-6, 1)
_BOTTOM = 372.0  # where the graph and the table begin
_ROW = 27.0


@dataclass(frozen=True)
class Moment:
    """A 2-h-1 network after so many epochs.

    weights, gradients : W1 (h, 2), b1 (h,), W2 (1, h), b2 (1,), and the gradient of each.
    score (41, 41) : the answer over AXIS × AXIS, first index upwards. answers (4,), hidden (4, h) : at the four points.
    losses : after each epoch of the training so far. largest : size of the largest gradient of the training so far.
    """

    epoch: int
    weights: Sequence[np.ndarray]
    gradients: Sequence[np.ndarray]
    score: np.ndarray
    answers: np.ndarray
    hidden: np.ndarray
    losses: np.ndarray
    largest: float


def lab_svg(moment: Moment, points: np.ndarray, labels: np.ndarray, epochs: int) -> str:
    """The picture. points (4, 2), labels (4,) : the data. epochs : how long a whole training is."""
    return document(
        WIDTH,
        HEIGHT,
        field_image(_PLANE, moment.score),
        _PLANE.frame("answers; the line is one half", "x₁ (x₂ upwards)", [0.0, 1.0], [0.0, 1.0]),
        _PLANE.inside(
            *(_PLANE.curve(x, y, stroke=INK, **{"stroke-width": "2.5"}) for x, y in boundary_lines(AXIS, moment.score))
        ),
        *(target_mark(_PLANE, point, label) for point, label in zip(points, labels)),
        _losses(moment, epochs),
        _hidden_space(moment, labels),
        _graph(moment),
        _table(moment),
    )


def _losses(moment: Moment, epochs: int) -> str:
    low, high = _DECADES
    window = Window(362, 34, 222, 250, x=(0, epochs), y=(low, high))
    every = max(1, epochs // 150)
    shown = np.log10(np.clip(moment.losses[::every], 10.0**low, 10.0**high))
    here = float(np.log10(np.clip(moment.losses[moment.epoch], 10.0**low, 10.0**high)))
    return (
        window.frame(
            "loss", "epoch", round_ticks(epochs), range(low, high + 1), [f"10{power(d)}" for d in range(low, high + 1)]
        )
        + window.inside(
            window.line(moment.epoch, low, moment.epoch, high, **GUIDE),
            window.curve([every * k for k in range(len(shown))], shown.tolist(), **VALUE_LINE),
        )
        + dot(*window.at(moment.epoch, here))
    )


def _hidden_space(moment: Moment, labels: np.ndarray) -> str:
    """The four points as the output neuron gets them: across its sum z, upwards what the first hidden neuron says."""
    _, _, w2, b2 = moment.weights
    z, first = moment.hidden @ w2[0] + b2[0], moment.hidden[:, 0]
    reach = max(1.0, 1.15 * float(np.max(np.abs(z))))
    low, high = min(-0.15, 1.2 * float(first.min())), max(1.15, 1.2 * float(first.max()))
    window = Window(650, 34, 226, 250, x=(-reach, reach), y=(low, high))
    ticks = sorted({float(f"{t:.1g}") for t in (-0.75 * reach, 0.0, 0.75 * reach)})
    upright = sorted({float(f"{t:.1g}") for t in (0.0, 0.8 * high, 0.8 * low) if abs(t) > 0.3 or t == 0})
    names = _points_names(window, z, first, labels)
    return (
        _shaded(window)
        + window.frame("hidden space, as the output cuts it", "z = w₂·h + b₂ (h₁ upwards)", ticks, upright)
        + window.inside(window.line(0, low, 0, high, stroke=INK, **{"stroke-width": "2.5"}))
        + names
    )


def _points_names(window: Window, z: np.ndarray, first: np.ndarray, labels: np.ndarray) -> str:
    marks = "".join(target_mark(window, (x, y), label) for x, y, label in zip(z, first, labels))
    words = []
    for right in (False, True):
        side = [k for k in np.argsort(-first, kind="stable").tolist() if (z[k] > 0) == right]
        for rank, k in enumerate(side):  # the upper ones are named above, the lower ones below
            x, y = window.at(float(z[k]), float(first[k]))
            place = (x - 11 if right else x + 11, y - 7 if rank < (len(side) + 1) // 2 else y + 15)
            words.append(text(*place, ("00", "01", "10", "11")[k], anchor="end" if right else "start", size=11))
    return marks + "".join(words)


def _shaded(window: Window) -> str:
    """The side of each answer in its pale colour."""
    middle, top = window.at(0, window.y[1])
    half = window.left + window.width - middle
    return (
        f'<rect x="{window.left:g}" y="{top:g}" width="{middle - window.left:g}" height="{window.height:g}" '
        f'fill="#C9E2F1"/><rect x="{middle:g}" y="{top:g}" width="{half:g}" height="{window.height:g}" fill="#FBDCCA"/>'
    )


def _graph(moment: Moment) -> str:
    """Inputs, hidden neurons, output. A wire is as thick as its weight; dashed beside it, as its gradient."""
    w1, _, w2, _ = moment.weights
    g1, _, g2, _ = moment.gradients
    middle = _BOTTOM + 20 + 4 * _ROW
    inputs = [(70.0, middle - 50), (70.0, middle + 50)]
    hidden = [(200.0, _row_of(k, len(w1))) for k in range(len(w1))]
    output = (330.0, middle)
    pieces = [text(44, _BOTTOM - 16, "thickness: weight; dashed: its gradient; ring: negative")]
    for k, place in enumerate(hidden):
        for i, source in enumerate(inputs):
            pieces.append(_wire(source, place, w1[k, i], g1[k, i], moment.largest))
        pieces.append(_wire(place, output, w2[0, k], g2[0, k], moment.largest))
    names = ["x₁", "x₂", *(f"h{_below(k + 1)}" for k in range(len(hidden))), "ŷ"]
    for name, (x, y) in zip(names, [*inputs, *hidden, output]):
        radius = 13 if name.startswith("h") and len(hidden) > 6 else 15
        pieces.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius}" fill="{PAPER}" stroke="{QUIET}"/>')
        pieces.append(text(x, y + 4.5, name, anchor="middle", size=13))
    return "".join(pieces)


def _row_of(neuron: int, width: int) -> float:
    """Where a hidden neuron stands, in the graph and in the table."""
    return _BOTTOM + 20 + 4 * _ROW + min(48.0, 8 * _ROW / width) * (neuron - (width - 1) / 2)


def _wire(source: tuple[float, float], target: tuple[float, float], weight: float, slope: float, largest: float) -> str:
    (x0, y0), (x1, y1) = source, target
    length = float(np.hypot(x1 - x0, y1 - y0))
    along, across = ((x1 - x0) / length, (y1 - y0) / length), (-(y1 - y0) / length, (x1 - x0) / length)
    x0, y0, x1, y1 = x0 + 15 * along[0], y0 + 15 * along[1], x1 - 15 * along[0], y1 - 15 * along[1]
    thick = min(0.6 + 0.55 * abs(weight), 7.0)
    pieces = [line(x0, y0, x1, y1, stroke=VALUE, **{"stroke-width": f"{thick:.1f}"})]
    strength = min(float(np.sqrt(abs(slope) / largest)), 1.0) if largest > 0 else 0.0
    if strength > 0.02:
        shift = thick / 2 + 2.5
        dx, dy = shift * across[0], shift * across[1]
        look: dict[str, Any] = {"stroke-width": f"{0.8 + 2.6 * strength:.1f}", "stroke-dasharray": "5 3"}
        pieces.append(line(x0 + dx, y0 + dy, x1 + dx, y1 + dy, stroke=GRADIENT, **look))
    if weight < 0:
        x, y = x1 - 6 * along[0], y1 - 6 * along[1]
        pieces.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{PAPER}" stroke="{VALUE}" stroke-width="1.5"/>')
    return "".join(pieces)


_COLUMNS = (486.0, 616.0, 746.0, 876.0)  # right edges


def _table(moment: Moment) -> str:
    """Each neuron's weights and their gradients as numbers, beside its place in the graph."""
    w1, b1, w2, b2 = moment.weights
    g1, h1, g2, h2 = moment.gradients
    top = _BOTTOM - 16
    pieces = [
        text(right, top, name, anchor="end") for right, name in zip(_COLUMNS, ("from x₁", "from x₂", "bias", "to ŷ"))
    ]
    for k in range(len(w1)):
        y = _row_of(k, len(w1)) + 4.5
        cells = ((w1[k, 0], g1[k, 0]), (w1[k, 1], g1[k, 1]), (b1[k], h1[k]), (w2[0, k], g2[0, k]))
        pieces.append(text(352, y, f"h{_below(k + 1)}"))
        pieces += [_cell(right, y, *cell) for right, cell in zip(_COLUMNS, cells)]
    y = _BOTTOM + 20 + 8.9 * _ROW
    pieces.append(line(352, y - 18, 876, y - 18, stroke=PALE))
    pieces.append(text(352, y, "ŷ"))
    pieces.append(_cell(_COLUMNS[2], y, b2[0], h2[0]))
    pieces.append(text(352, y + 19, "weight", colour=VALUE))
    pieces.append(text(398, y + 19, "and its gradient", colour=GRADIENT))
    return "".join(pieces)


def _cell(right: float, y: float, weight: float, slope: float) -> str:
    shown = value_text(weight, 3) if abs(weight) >= 100 else f"{weight:.2f}".replace("-", "−")
    return text(right - 69, y, shown, anchor="end", colour=VALUE) + text(
        right, y, _small(slope), anchor="end", colour=GRADIENT
    )


def _small(slope: float) -> str:
    """A gradient in few letters; rounding noise is none."""
    return "0" if abs(slope) < 1e-12 else value_text(slope, 2)


def _below(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def lab_sentence(moment: Moment, labels: np.ndarray, of: str, epochs: int, stopped: str | None = None) -> str:
    """What is to be seen: how the loss fell, what the network answers, how many answers are right."""
    right = int(np.sum((moment.answers > 0.5) == (labels > 0.5)))
    listed = ", ".join(f"{answer:.2f}" for answer in moment.answers)
    ending = f" {stopped}" if stopped else ""
    return (
        f"{of}, after {moment.epoch} of {epochs} epochs: the loss went from {_loss(moment.losses[0])} to "
        f"{_loss(moment.losses[moment.epoch])}; the answers are {listed} for the targets "
        f"{', '.join(f'{label:.0f}' for label in labels)}, {right} of {len(labels)} right.{ending}"
    )


def _loss(loss: float) -> str:
    """Three digits; what lies below a millionth is said so, since its digits differ between machines."""
    return value_text(loss, 3) if not loss < 1e-6 else "below 0.000001"
