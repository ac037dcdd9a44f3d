"""Data sets have the shapes that are documented and are the same each time."""

from pathlib import Path

import numpy as np
import pytest

from backprop_lib import datasets
from backprop_lib.datasets import digits, spirals, two_moons, xor


def test_xor():
    inputs, targets = xor()
    assert inputs.shape == (4, 2) and targets.shape == (4, 1)
    assert inputs.dtype == targets.dtype == np.float64
    for (a, b), y in zip(inputs, targets[:, 0]):
        assert y == (int(a) ^ int(b))
    assert len({tuple(row) for row in inputs}) == 4


def test_nobody_can_spoil_the_points():
    xor()[0][...] = 9
    assert xor()[0].max() == 1


@pytest.mark.parametrize("n", [2, 7, 100])
def test_two_moons_without_noise_lie_on_their_circles(n):
    inputs, targets = two_moons(n, noise=0)
    assert inputs.shape == (n, 2) and targets.shape == (n, 1) and targets.sum() == n // 2
    upper, lower = inputs[targets[:, 0] == 0], inputs[targets[:, 0] == 1]
    np.testing.assert_allclose(np.hypot(upper[:, 0], upper[:, 1]), 1, rtol=1e-12)
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5), 1, rtol=1e-12)
    assert upper[:, 1].min() > -1e-12 and lower[:, 1].max() < 0.5 + 1e-12


def test_no_line_separates_the_moons():
    """The best straight line, found by least squares, leaves some points on the wrong side."""
    inputs, targets = two_moons(200, noise=0)
    columns = np.column_stack([inputs, np.ones(200)])
    line = np.linalg.lstsq(columns, targets[:, 0] - 0.5, rcond=None)[0]
    assert 0.05 < np.mean((columns @ line > 0) != (targets[:, 0] > 0)) < 0.3


@pytest.mark.parametrize("n, classes", [(2, 2), (100, 2), (100, 3), (101, 5)])
def test_spirals(n, classes):
    inputs, targets = spirals(n, classes, noise=0)
    assert inputs.shape == (n, 2) and targets.shape == (n,) and targets.dtype.kind == "i"
    counts = np.bincount(targets)
    assert len(counts) == classes and counts.sum() == n and np.ptp(counts) <= 1
    radius = np.hypot(*inputs.T)
    assert radius.max() == pytest.approx(1) and radius.min() > 0
    for arm in range(classes):  # an arm winds once: its angle, unrolled, grows by a full turn
        points = inputs[targets == arm]
        if len(points) > 10:
            turned = np.unwrap(np.arctan2(points[:, 1], points[:, 0]))
            assert np.ptp(turned) == pytest.approx(2 * np.pi * (1 - 1 / len(points)))


@pytest.mark.parametrize("make", [two_moons, spirals])
def test_noise_and_seed(make):
    clean, noisy, again, other = (make(2000, noise=s, seed=k)[0] for s, k in [(0, 0), (0.1, 0), (0.1, 0), (0.1, 1)])
    np.testing.assert_array_equal(noisy, again)
    assert not np.array_equal(noisy, other)
    assert (noisy - clean).std() == pytest.approx(0.1, rel=0.05)


def test_the_values_do_not_drift():
    """The same digits on every machine and in every version."""
    np.testing.assert_allclose(two_moons(4, seed=1)[0][0], [1.034558, 0.082162], atol=1e-6)
    np.testing.assert_allclose(spirals(4, seed=1)[0][1], [1.006609, -0.026063], atol=1e-6)


@pytest.mark.parametrize("held_out", ["every third", "last third"])
def test_digits(held_out):
    inputs, numbers, held_inputs, held_numbers = digits(held_out)
    assert inputs.shape == (1198, 64) and numbers.shape == (1198,)
    assert held_inputs.shape == (599, 64) and held_numbers.shape == (599,)
    assert inputs.dtype == np.float64 and numbers.dtype.kind == "i"
    everything = np.concatenate([inputs, held_inputs])
    assert everything.min() == 0 and everything.max() == 1
    assert np.array_equal(everything * 16, np.round(everything * 16))  # 17 shades
    assert np.bincount(numbers).min() > 100 and np.bincount(held_numbers).min() > 50  # every digit in both parts
    counts = np.bincount(np.concatenate([numbers, held_numbers]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as UCI lists them


def test_both_ways_of_holding_out_share_out_the_same_images():
    both = [digits(held_out) for held_out in ("every third", "last third")]
    rows = [sorted(map(tuple, np.concatenate([d[0], d[2]]).tolist())) for d in both]
    assert rows[0] == rows[1]
    assert {tuple(row) for row in both[0][0].tolist()}.isdisjoint(map(tuple, both[0][2].tolist()))


def test_the_first_digit_is_a_nought():
    """Its left half, so that rows and columns cannot be exchanged, nor the image stand on its head."""
    inputs, numbers, _, _ = digits()
    assert numbers[0] == 0
    left = (16 * inputs[0].reshape(8, 8)).astype(int)[:, :4]
    assert left.tolist() == [
        [0, 0, 5, 13], [0, 0, 13, 15], [0, 3, 15, 2], [0, 4, 12, 0],
        [0, 5, 8, 0], [0, 4, 11, 0], [0, 2, 14, 5], [0, 0, 6, 13],
    ]  # fmt: skip


def test_the_digits_are_small_and_their_licence_is_beside_them():
    data = Path(datasets.__file__).parent / "data"
    assert (data / "digits.npz").stat().st_size < 300_000
    licence = (data / "digits_licence.txt").read_text(encoding="utf-8")
    project = (data.parent.parent / "LICENSE").read_text(encoding="utf-8")
    for words in ("Alpaydin", "UCI Machine Learning Repository", "CC BY 4.0"):
        assert words in licence and words in project


@pytest.mark.parametrize(
    "bad, message",
    [
        (lambda: two_moons(1), "at least 2"),
        (lambda: two_moons(10.0), "whole number"),
        (lambda: spirals(2, 3), "at least 3"),
        (lambda: spirals(10, 1), "at least 2 classes"),
        (lambda: two_moons(10, noise=-1), "at least 0"),
        (lambda: spirals(10, noise=np.nan), "at least 0"),
        (lambda: digits("none"), "every third"),
    ],
)
def test_errors_teach(bad, message):
    with pytest.raises(ValueError, match=message):
        bad()
