"""A classifier of points in the plane while it learns: what it says everywhere, and how the loss falls."""

import base64
import io
from typing import Any

import numpy as np

from .graph_svg import GRADIENT, INK, PAPER, VALUE
from .sketch import GUIDE, VALUE_LINE, Window, document, dot, power, text

WIDTH, HEIGHT = 760, 372
_BOUNDARY: dict[str, Any] = {"stroke": INK, "stroke-width": "2.5"}
_CLASS_0, _CLASS_1 = np.array([201, 226, 241]), np.array([251, 220, 202])  # pale forms of the two colours


def film_svg(
    axis: np.ndarray, score: np.ndarray, points: np.ndarray, labels: np.ndarray, losses: np.ndarray, epoch: int
) -> str:
    """One moment of a training.

    axis (n,): coordinates of the grid, the same for both inputs. score (n, n): the answer at each of its points,
    between 0 and 1, first index upwards. points (k, 2), labels (k,) of 0 or 1: the data. losses: after each epoch;
    epoch: now.
    """
    low, high = float(axis[0]), float(axis[-1])
    plane = Window(40, 30, 290, 290, x=(low, high), y=(low, high))
    ticks = [0.0, 1.0]
    top, bottom = np.ceil(np.log10(max(losses.max(), 1e-12))), np.floor(np.log10(max(losses.min(), 1e-12)))
    curve = Window(420, 30, 320, 290, x=(0, len(losses) - 1), y=(bottom, top))
    decades = list(range(int(bottom), int(top) + 1))
    shown = np.arange(0, len(losses), max(1, (len(losses) - 1) // 150))
    logarithms = np.log10(np.maximum(losses, 1e-12))
    return document(
        WIDTH,
        HEIGHT,
        field_image(plane, score),
        plane.frame("what the network says, and where it changes its mind", "x₁ (x₂ upwards)", ticks, ticks),
        plane.inside(*(plane.curve(x, y, **_BOUNDARY) for x, y in boundary_lines(axis, score))),
        *(target_mark(plane, point, label) for point, label in zip(points, labels)),
        curve.frame(
            "loss, each line a tenth of the one above", "epoch", round_ticks(len(losses) - 1), decades,
            [f"10{power(d)}" for d in decades],
        ),
        curve.inside(
            curve.line(epoch, bottom, epoch, top, **GUIDE),
            curve.curve(shown.tolist(), logarithms[shown].tolist(), **VALUE_LINE),
        ),
        dot(*curve.at(epoch, logarithms[epoch])),
        _legend(plane),
    )  # fmt: skip


def film_sentence(answers: Any, labels: Any, loss: float, epoch: int) -> str:
    """What is to be seen at that moment: the loss, the answers, and how many are on the right side of one half."""
    right = int(np.sum((np.asarray(answers) > 0.5) == (np.asarray(labels) > 0.5)))
    listed = ", ".join(f"{answer:.2f}" for answer in answers)
    return (
        f"After {epoch} epochs the loss is {loss:.4f}; the network answers {listed} for the targets "
        f"{', '.join(f'{label:.0f}' for label in labels)}: {right} of {len(labels)} right."
    )


def field_image(window: Window, score: np.ndarray) -> str:
    """Answers between 0 and 1 as shades between the two classes' pale colours; first index of `score` upwards."""
    from PIL import Image

    share = np.clip(score, 0, 1)[::-1, :, None]
    colours = np.round(_CLASS_0 + share * (_CLASS_1 - _CLASS_0)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(colours, "RGB").quantize(24, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(stream, "PNG")
    coded = base64.b64encode(stream.getvalue()).decode()
    return (
        f'<image x="{window.left:g}" y="{window.top:g}" width="{window.width:g}" height="{window.height:g}" '
        f'preserveAspectRatio="none" href="data:image/png;base64,{coded}"/>'
    )


def boundary_lines(axis: np.ndarray, score: np.ndarray) -> list[tuple[list[float], list[float]]]:
    """The lines along which the answer is one half, each as its x and its y."""
    from contourpy import contour_generator

    lines: Any = contour_generator(axis, axis, score).lines(0.5)
    return [(line[:, 0].tolist(), line[:, 1].tolist()) for line in lines]


def target_mark(window: Window, point: Any, label: float) -> str:
    """An example at its place: a blue dot for target 0, an orange triangle for target 1."""
    x, y = window.at(*point)
    if label < 0.5:
        return dot(x, y, VALUE, 8)
    return f'<path d="M{x:.1f},{y - 10:.1f}l9.5,16.5h-19z" fill="{GRADIENT}" stroke="{PAPER}" stroke-width="1.5"/>'


def _legend(plane: Window) -> str:
    y = plane.top + plane.height + 44
    return "".join(
        (
            dot(plane.left + 8, y, VALUE, 6),
            text(plane.left + 20, y + 4, "target 0"),
            f'<path d="M{plane.left + 110:g},{y - 7:g}l7,12h-14z" fill="{GRADIENT}"/>',
            text(plane.left + 124, y + 4, "target 1"),
            text(plane.left + 210, y + 4, "line: the answer is one half"),
        )
    )


def round_ticks(last: int) -> list[float]:
    """Round numbers from 0 to `last`, six at most."""
    step = 10 ** int(np.floor(np.log10(max(last, 1))))
    return list(range(0, last + 1, step if last // step < 6 else 2 * step))
