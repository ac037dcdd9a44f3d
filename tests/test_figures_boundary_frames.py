"""A training in a few pictures: each has its own boundary, and the sentence counts what they show."""

import numpy as np
import pytest

from backprop_lib.datasets import xor
from backprop_lib.figures.boundary_frames import frames_sentence, frames_svg

AXIS = np.linspace(-0.5, 1.5, 21)
X, Y = xor()
ACROSS, UP = np.meshgrid(AXIS, AXIS)
SCORES = {
    "the start": np.full((21, 21), 0.4),
    "one line": 1 / (1 + np.exp(-10 * (ACROSS - UP - 0.5))),
    "two lines": 1 / (1 + np.exp(-20 * (np.abs(ACROSS - UP) - 0.5))),
}


def test_the_sentence_counts_the_points_on_their_own_side():
    assert frames_sentence(AXIS, SCORES, X, Y[:, 0]) == (
        "Of 4 points are right: 2 at the start, 3 at one line, 4 at two lines."
    )


def test_rows_go_upwards():
    """The answer 1 above the diagonal: of the two targets 1 that is the point (0, 1)."""
    above = {"now": (UP - ACROSS > 0.5).astype(float)}
    assert frames_sentence(AXIS, above, X[1:2], Y[1:2, 0]).endswith("right: 1 at now.")
    assert frames_sentence(AXIS, above, X[2:3], Y[2:3, 0]).endswith("right: 0 at now.")


@pytest.mark.parametrize(("moments", "lines"), [(["the start"], 0), (["one line"], 1), (["one line", "two lines"], 3)])
def test_each_moment_has_its_name_its_field_and_its_boundary(moments, lines):
    picture = frames_svg(AXIS, {name: SCORES[name] for name in moments}, X, Y[:, 0])
    assert picture.count("<image") == len(moments) and picture.count("<polyline") == lines
    assert all(f">{name}</text>" in picture for name in moments)


def test_it_fits_the_page_and_is_drawn_the_same_twice():
    four = {f"epoch {k}": SCORES["two lines"] for k in range(4)}
    first, second = (frames_svg(AXIS, four, X, Y[:, 0]) for _ in range(2))
    assert first == second and 'width="880"' in first
