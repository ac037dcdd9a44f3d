"""Maps and surfaces of a loss: drawn the same twice, with a sentence whose figures are computed."""

import numpy as np
import pytest

from backprop_lib import Tensor
from backprop_lib.figures import loss_map, loss_surface, map_sentence, style
from backprop_lib.figures.landscape import levels_of
from backprop_lib.landscape import along_two_weights, descend
from backprop_lib.optim import SGD

x, y = Tensor(0.0, name="x"), Tensor(0.0, name="y")
PLANE = along_two_weights(lambda: (x * x - 1) ** 2 + y * y, [x, y], ("x", ()), ("y", ()))
A, B = np.linspace(-2, 2, 21), np.linspace(-1, 1, 11)
HEIGHTS = PLANE.grid(A, B)
CRITICAL = PLANE.critical_points((-2, 2.3), (-1, 1.1))
WAY = descend(PLANE, (0.2, 0.8), lambda ab: SGD(ab, 0.05), 40).points

FIGURES = {
    "map": lambda: loss_map(A, B, HEIGHTS, "Two minima", paths={"SGD": WAY}, critical=CRITICAL, x="x", y="y"),
    "bare map": lambda: loss_map(A, B, HEIGHTS, "Two minima"),
    "map of a plain": lambda: loss_map(A, B, 0 * HEIGHTS, "Nothing to see"),
    "surface": lambda: loss_surface(A, B, HEIGHTS, "Two minima", top=4),
}


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_each_says_what_it_shows_and_is_drawn_the_same_twice(figure):
    first, second = style.png_of(figure()), style.png_of(figure())
    assert first == second
    assert len(first) > 4_000
    axes = figure().axes[0]
    assert axes.get_title(loc="left") or axes.get_title()  # matplotlib's surfaces have theirs in the middle


def test_paths_and_every_kind_of_point_stand_in_the_legend():
    legend = FIGURES["map"]().axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["SGD", "minimum", "saddle"]
    assert legend.get_frame().get_alpha() == 1  # the heights on the lines below it would mix with the names


def test_contour_lines_divide_the_area_evenly():
    levels = levels_of(HEIGHTS)
    shares = np.diff([0, *((HEIGHTS < level).mean() for level in levels), 1])
    assert shares.max() < 0.15
    with pytest.raises(ValueError, match="no finite number"):
        levels_of(np.full((3, 3), np.inf))


def test_the_sentence_counts_and_measures():
    assert map_sentence(A, B, HEIGHTS, CRITICAL) == (
        "The loss on this plane runs from 0, at (−1, 0), to 10; it is level at 2 minima and 1 saddle."
    )
    assert map_sentence(A, B, HEIGHTS, [], of="z") == (
        "z on this plane runs from 0, at (−1, 0), to 10; it is level at no point of it."
    )
    assert map_sentence(A, B, HEIGHTS).endswith("to 10.")


def test_a_grid_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"heights must have shape \(len\(b\), len\(a\)\) = \(11, 21\)"):
        loss_map(A, B, HEIGHTS.T, "Two minima")
