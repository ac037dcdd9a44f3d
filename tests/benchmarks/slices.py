"""The loss of the XOR network at 101 × 101 points of a plane through its 17 parameters, in three ways.

Every function returns a side that computes the whole grid and returns its heights.
"""

import numpy as np
import xor

from backprop_lib import Tensor, mean_squared_error, no_grad, sigmoid
from backprop_lib.landscape import Plane, along_random_directions

AXIS = np.linspace(-2, 2, 101)


def network() -> tuple[list[Tensor], Plane]:
    W1, b1, W2, b2 = parameters = [Tensor(p) for p in xor.START]
    x, y = Tensor(xor.X, requires_grad=False), Tensor(xor.Y, requires_grad=False)

    def loss():
        return mean_squared_error(sigmoid(sigmoid(x @ W1 + b1) @ W2 + b2), y)

    b1.data += 0.1  # filter-normalised directions of zeros would be zeros
    b2.data -= 0.1
    return parameters, along_random_directions(loss, parameters, np.random.default_rng(0))


def one_pass():
    _, plane = network()
    return lambda: plane.grid(AXIS, AXIS)


def loop():
    """A forward pass for each point, built with the library's own operations."""
    parameters, plane = network()
    x, y = Tensor(xor.X, requires_grad=False), Tensor(xor.Y, requires_grad=False)
    W1, b1, W2, b2 = parameters

    @no_grad()
    def side():
        heights = np.empty((len(AXIS), len(AXIS)))
        for i, j in np.ndindex(heights.shape):
            for p, value in zip(parameters, plane.at(AXIS[j], AXIS[i])):
                p.data = value
            heights[i, j] = mean_squared_error(sigmoid(sigmoid(x @ W1 + b1) @ W2 + b2), y).item()
        return heights

    return side


def numpy_by_hand():
    """One broadcast pass in plain NumPy, the parameters put in place at every point too."""
    _, plane = network()
    x, y = np.array(xor.X), np.array(xor.Y)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    def side():
        a, b = (each.ravel() for each in np.meshgrid(AXIS, AXIS))
        W1, b1, W2, b2 = (
            o + a.reshape(-1, *[1] * o.ndim) * u + b.reshape(-1, *[1] * o.ndim) * v
            for o, u, v in zip(plane.origin, plane.first, plane.second)
        )
        prediction = sigmoid(sigmoid(x @ W1 + b1[:, None]) @ W2 + b2[:, None])
        return np.mean((prediction - y) ** 2, axis=(1, 2)).reshape(len(AXIS), len(AXIS))

    return side
