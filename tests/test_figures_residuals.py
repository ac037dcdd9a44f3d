"""Claimed minus true: zero where they agree, the number in its cell, and a sentence that counts what is wrong."""

import re

import numpy as np
import pytest

from backprop_lib.diagnosis import BUG_ZOO
from backprop_lib.figures import residual_sentence, residual_svg
from backprop_lib.figures.residuals import residuals, wrong_entries

TRUE = {"W": np.array([[0.5, -0.25, 1.0], [2.0, 0.0, -1.0]]), "b": np.array([0.125, 4.0])}


def claimed(**changes):
    return {**{name: value.copy() for name, value in TRUE.items()}, **changes}


def test_claimed_minus_true_and_rounding_is_right():
    found = residuals(claimed(b=np.array([0.125 + 1e-12, 3.0])), TRUE)
    assert not np.any(found["W"])
    assert found["b"].tolist() == [0.0, -1.0]
    noisy = residuals({"W": TRUE["W"] + 1e-13, "b": TRUE["b"] * (1 + 1e-9)}, TRUE)
    assert not any(np.any(array) for array in noisy.values())
    small = {"w": np.array([1e-9, 1.0])}
    assert residuals({"w": np.array([2e-9, 1.0])}, small)["w"].tolist() == [1e-9, 0.0]


def test_the_sentence_counts_and_names_the_largest():
    wrong = claimed(b=np.array([0.125, 3.0]))
    wrong["W"][1, 2] = 1.5
    assert wrong_entries(wrong, TRUE) == "2 of 8 entries (W 1 of 6, b 1 of 2)"
    assert residual_sentence(wrong, TRUE) == (
        "Wrong are 2 of 8 entries (W 1 of 6, b 1 of 2); the largest residual is 2.5, at W[1, 2], where the true "
        "gradient is −1."
    )
    assert residual_sentence(TRUE, TRUE) == "All 8 entries agree: claimed − true is 0 everywhere."


def cells(picture):
    """(fill, strength, number) of every cell."""
    return re.findall(r'fill="(#\w+)" fill-opacity="([\d.]+)"[^>]*/><text[^>]*>([^<]*)</text>', picture)


def test_every_cell_holds_its_number_and_colour_follows_sign_and_size():
    wrong = claimed(b=np.array([0.125, 3.0]))
    wrong["W"][1, 2] = 1.5
    found = cells(residual_svg(wrong, TRUE))
    assert [number for *_, number in found] == ["0", "0", "0", "0", "0", "2.5", "0", "−1"]
    strengths = {number: float(strength) for _, strength, number in found}
    assert strengths["0"] == 0 < strengths["−1"] < strengths["2.5"] <= 0.5
    assert len({colour for colour, _, _ in found}) == 3


@pytest.mark.parametrize("specimen", BUG_ZOO, ids=lambda specimen: specimen.label)
def test_every_map_stays_inside_its_picture(specimen):
    picture = residual_svg(specimen.gradients(), specimen.true_gradients())
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', picture).groups())
    for x, y, w, h in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', picture):
        assert float(x) + float(w) <= width and float(y) + float(h) <= height
    assert len(cells(picture)) == sum(value.size for value in specimen.habitat.start.values())


def test_bad_input():
    with pytest.raises(ValueError, match="No gradient is claimed for b; claimed are W"):
        residuals({"W": TRUE["W"]}, TRUE)
    with pytest.raises(ValueError, match=r"has shape \(3, 2\), W itself has \(2, 3\)"):
        residuals(claimed(W=TRUE["W"].T), TRUE)
