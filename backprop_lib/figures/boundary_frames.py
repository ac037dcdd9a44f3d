"""A few moments of a training side by side: what a classifier says in the plane, and where it changes its mind."""

from collections.abc import Mapping

import numpy as np

from .graph_svg import INK
from .sketch import Window, document
from .training_film import boundary_lines, field_image, target_mark

_SIDE, _LEFT, _TOP, _GAP = 190, 24, 30, 24


def frames_svg(axis: np.ndarray, scores: Mapping[str, np.ndarray], points: np.ndarray, labels: np.ndarray) -> str:
    """A window for each moment.

    axis (n,): coordinates of the grid, the same for both inputs. scores: by name, the answers of a moment, (n, n),
    between 0 and 1, first index upwards. points (k, 2), labels (k,) of 0 or 1: the data.
    """
    span = (float(axis[0]), float(axis[-1]))
    pieces = []
    for k, (name, score) in enumerate(scores.items()):
        window = Window(_LEFT + k * (_SIDE + _GAP), _TOP, _SIDE, _SIDE, x=span, y=span)
        lines = boundary_lines(axis, score)
        pieces += [
            field_image(window, score),
            window.frame(name, "x₁ (x₂ upwards)", [0.0, 1.0], [0.0, 1.0]),
            window.inside(*(window.curve(x, y, stroke=INK, **{"stroke-width": "2.5"}) for x, y in lines)),
            *(target_mark(window, point, label) for point, label in zip(points, labels, strict=True)),
        ]
    width = _LEFT + len(scores) * (_SIDE + _GAP)
    return document(width, _TOP + _SIDE + 40, *pieces)


def frames_sentence(axis: np.ndarray, scores: Mapping[str, np.ndarray], points: np.ndarray, labels: np.ndarray) -> str:
    """How many points lie on their own side of the boundary at each moment. The points are points of the grid."""
    rows, columns = (np.abs(axis[:, None] - points[:, i]).argmin(axis=0) for i in (1, 0))
    wanted = np.asarray(labels) > 0.5
    counts = {name: int(((score[rows, columns] > 0.5) == wanted).sum()) for name, score in scores.items()}
    return f"Of {len(wanted)} points are right: {', '.join(f'{n} at {name}' for name, n in counts.items())}."
