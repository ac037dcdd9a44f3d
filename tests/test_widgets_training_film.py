"""The film of XOR being learnt shows the training that really happens, epoch by epoch, for every seed on offer."""

import re

import numpy as np
import pytest

from backprop_lib.figures.training_film import film_sentence, film_svg
from backprop_lib.widgets import TrainingFilm


@pytest.fixture(scope="module")
def film() -> TrainingFilm:
    return TrainingFilm()


def by_hand(seed: int, epochs: int) -> tuple[float, np.ndarray]:
    """The same training in plain NumPy: the loss and the four answers after so many epochs."""
    rng = np.random.default_rng(seed)
    w1, b1, w2, b2 = (rng.normal(size=shape) for shape in ((4, 2), (4,), (1, 4), (1,)))
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([[0], [1], [1], [0.0]])
    for epoch in range(epochs + 1):
        a1 = 1 / (1 + np.exp(-(x @ w1.T + b1)))
        a2 = 1 / (1 + np.exp(-(a1 @ w2.T + b2)))
        if epoch == epochs:
            return np.mean((a2 - y) ** 2), a2[:, 0]
        d2 = (a2 - y) / 2 * a2 * (1 - a2)
        d1 = d2 @ w2 * a1 * (1 - a1)
        w2, b2, w1, b1 = w2 - d2.T @ a1, b2 - d2.sum(0), w1 - d1.T @ x, b1 - d1.sum(0)
    raise AssertionError


@pytest.mark.parametrize("frame", [0, 5, 30])
def test_a_frame_tells_the_training_that_happens(film, frame):
    loss, answers = by_hand(0, 100 * frame)
    assert film.frames[frame]["sentence"].startswith(f"After {100 * frame} epochs the loss is {loss:.4f}; ")
    assert ", ".join(f"{a:.2f}" for a in answers) in film.frames[frame]["sentence"]


def test_it_begins_undecided_and_ends_with_all_four_right(film):
    assert "2 of 4 right" in film.frames[0]["sentence"]
    assert "4 of 4 right" in film.frames[-1]["sentence"]
    assert "<polyline" in film.frames[-1]["picture"]


def test_every_frame_fills_the_same_view(film):
    assert len({re.search('viewBox="[^"]*"', frame["picture"]).group() for frame in film.frames}) == 1


def test_every_seed_on_offer_learns_and_each_differs(film):
    ends = set()
    for seed in type(film).seed.values:
        film.seed = seed
        assert "4 of 4 right" in film.frames[-1]["sentence"]
        ends.add(film.frames[-1]["sentence"])
    assert len(ends) == len(type(film).seed.values)


def test_the_boundary_lies_where_the_answer_is_one_half():
    """Answers that grow from left to right: the line is upright, in the middle of the window."""
    axis = np.linspace(-0.5, 1.5, 11)
    score = np.tile(np.linspace(0, 1, 11), (11, 1))
    picture = film_svg(axis, score, np.zeros((1, 2)), np.zeros(1), np.array([1.0, 0.1]), 1)
    points = re.findall(r'<polyline points="([^"]*)"', picture)[0].split()
    assert {float(point.split(",")[0]) for point in points} == {40 + 290 / 2}


def test_the_sentence_counts_what_is_right():
    assert film_sentence([0.6, 0.4], [0, 0], 0.26, 7).endswith("targets 0, 0: 1 of 2 right.")
