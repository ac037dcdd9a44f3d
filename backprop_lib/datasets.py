"""Small data sets, the same on every machine for the same seed.

Inputs have one row for each example. The made ones come in the order of their classes: shuffle them for batches.
"""

from pathlib import Path

import numpy as np


def xor() -> tuple[np.ndarray, np.ndarray]:
    """The four points of "exclusive or": 1 where exactly one input is 1. No straight line separates the classes.

    Returns inputs (4, 2) and targets (4, 1), both 0.0 or 1.0.
    """
    inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return inputs, np.array([[0.0], [1.0], [1.0], [0.0]])


def two_moons(n: int, noise: float = 0.1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles that reach into each other, n points in all; an odd one out goes to the first.

    noise : the standard deviation of the normal noise added to each coordinate (the circles have radius 1).
    Returns inputs (n, 2) and targets (n, 1): 0.0 for the upper moon, 1.0 for the lower.
    """
    upper, lower = _split(n, 2)
    angle = np.linspace(0, np.pi, upper)
    first = np.column_stack([np.cos(angle), np.sin(angle)])
    angle = np.linspace(0, np.pi, lower)
    second = np.column_stack([1 - np.cos(angle), 0.5 - np.sin(angle)])
    targets = np.repeat([0.0, 1.0], [upper, lower])[:, None]
    return _noisy(np.concatenate([first, second]), noise, seed), targets


def spirals(n: int, classes: int = 2, noise: float = 0.02, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Arms that wind once around the centre, one for each class, n points in all, as even as possible.

    noise : the standard deviation of the normal noise added to each coordinate (the arms end at radius 1).
    Returns inputs (n, 2) and targets (n,): the class numbers 0 … classes − 1, as `cross_entropy` takes them.
    """
    sizes = _split(n, classes)
    arms = []
    for number, size in enumerate(sizes):
        along = (np.arange(size) + 1) / size
        angle = 2 * np.pi * (along + number / classes)
        arms.append(along[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]))
    return _noisy(np.concatenate(arms), noise, seed), np.repeat(np.arange(classes), sizes)


def digits(held_out: str = "every third") -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """1,797 digits as 13 people wrote them, in two parts: 1,198 to learn from, and 599 held out to test with.

    held_out : "every third" image; or the "last third", which is harder: neighbours are alike, probably because they
    are by one hand, and a block at the end is less like the rest.
    Returns inputs (1198, 64) and digits (1198,), then held-out inputs (599, 64) and digits (599,). Each row of inputs
    is an image of 8 × 8 pixels, row by row from the top, 0.0 for paper to 1.0 for ink; digits are the numbers 0 … 9.

    Source: Alpaydin and Kaynak, 1998, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository,
    CC BY 4.0 (see data/digits_licence.txt).
    """
    with np.load(Path(__file__).parent / "data" / "digits.npz") as stored:
        inputs, numbers = stored["images"].reshape(-1, 64) / 16, stored["digits"].astype(int)
    tests = {"every third": np.arange(len(numbers)) % 3 == 2, "last third": np.arange(len(numbers)) >= 1198}
    if held_out not in tests:
        raise ValueError(f"held_out is {' or '.join(map(repr, tests))}; given was {held_out!r}.")
    test = tests[held_out]
    return inputs[~test], numbers[~test], inputs[test], numbers[test]


def _split(n: int, classes: int) -> list[int]:
    if not isinstance(classes, int) or classes < 2:
        raise ValueError(f"There must be at least 2 classes; given was {classes!r}.")
    if not isinstance(n, int) or n < classes:
        raise ValueError(f"n is the number of points, a whole number of at least {classes}; given was {n!r}.")
    return [n // classes + (number < n % classes) for number in range(classes)]


def _noisy(points: np.ndarray, noise: float, seed: int) -> np.ndarray:
    if not (np.isfinite(noise) and noise >= 0):
        raise ValueError(f"noise is a standard deviation, at least 0; given was {noise}.")
    return points + noise * np.random.default_rng(seed).standard_normal(points.shape)
