"""Referees that share nothing with the engine: the complex step, and differences of high order."""

import numpy as np

STEP = 1e-30


def complex_step(f, inputs, seed):
    """The gradient of Σ seed·f(inputs) in each input, right to the last digits: nothing is subtracted.

    f takes complex arrays and must be differentiable where it is asked; a fork decides on real parts.
    """
    gradients = []
    for i, array in enumerate(inputs):
        gradient = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            moved = [a.astype(complex) for a in inputs]
            moved[i][index] += STEP * 1j
            gradient[index] = np.sum(seed * np.imag(f(*moved))) / STEP
        gradients.append(gradient)
    return gradients


def slope(f, h=0.005):
    """f′(0) of a smooth function of one number, by differences of order eight."""
    weights = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
    return sum(w * (f(k * h) - f(-k * h)) for k, w in enumerate(weights, start=1)) / h


def uneven(shape):
    """An upstream gradient in which no two entries are equal and none is 0 or 1."""
    return 0.7 + 0.31 * np.arange(np.prod(shape, dtype=int)).reshape(shape) % 1.9


def close(actual, expected, digits=12):
    """Equal in shape and, entry by entry, to that many digits of the largest entry."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    scale = np.max(np.abs(expected), initial=1.0)
    np.testing.assert_allclose(actual, expected, rtol=10.0**-digits, atol=scale * 10.0**-digits)
