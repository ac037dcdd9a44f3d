"""One training step of a 784-256-128-10 network: ReLU, softmax, cross-entropy, 256 examples, single precision.

As in `xor.py`, every function returns a step that returns the loss, and all start at the same parameters.
"""

import numpy as np
from ours import built_anew, by_move

SIZES = (784, 256, 128, 10)
EXAMPLES = 256
RATE = 0.01


def _start():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(EXAMPLES, SIZES[0])).astype(np.float32)
    y = rng.integers(0, SIZES[-1], EXAMPLES)
    weights = [(rng.normal(size=(a, b)) * np.sqrt(2 / a)).astype(np.float32) for a, b in zip(SIZES, SIZES[1:])]
    biases = [np.zeros(b, np.float32) for b in SIZES[1:]]
    return x, y, [p for pair in zip(weights, biases) for p in pair]


def numpy_by_hand():
    """The textbook's lines."""
    x, y, (W1, b1, W2, b2, W3, b3) = _start()
    rows = np.arange(EXAMPLES)

    def step():
        nonlocal W1, b1, W2, b2, W3, b3
        z1 = x @ W1 + b1
        a1 = np.maximum(z1, 0)
        z2 = a1 @ W2 + b2
        a2 = np.maximum(z2, 0)
        scores = a2 @ W3 + b3
        shifted = scores - scores.max(axis=1, keepdims=True)
        e = np.exp(shifted)
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[rows, y]))
        d3 = p
        d3[rows, y] -= 1
        d3 /= EXAMPLES
        dW3 = a2.T @ d3
        db3 = d3.sum(axis=0)
        d2 = d3 @ W3.T * (z2 > 0)
        dW2 = a1.T @ d2
        db2 = d2.sum(axis=0)
        d1 = d2 @ W2.T * (z1 > 0)
        dW1 = x.T @ d1
        db1 = d1.sum(axis=0)
        W1 -= RATE * dW1
        b1 -= RATE * db1
        W2 -= RATE * dW2
        b2 -= RATE * db2
        W3 -= RATE * dW3
        b3 -= RATE * db3
        return loss

    return step


def ours(form=built_anew, update=by_move):
    from backprop_lib import Tensor, cross_entropy, relu

    x, y, start = _start()
    x = Tensor(x, requires_grad=False)
    W1, b1, W2, b2, W3, b3 = parameters = [Tensor(p) for p in start]

    def forward():
        return cross_entropy(relu(relu(x @ W1 + b1) @ W2 + b2) @ W3 + b3, y)

    return form(parameters, forward, RATE, update)


def pytorch():
    import torch
    from torch.nn.functional import cross_entropy

    torch.set_num_threads(1)
    x, y, start = _start()
    x, y = torch.tensor(x), torch.tensor(y)
    W1, b1, W2, b2, W3, b3 = parameters = [torch.tensor(p, requires_grad=True) for p in start]

    def step():
        for p in parameters:
            p.grad = None
        loss = cross_entropy(torch.relu(torch.relu(x @ W1 + b1) @ W2 + b2) @ W3 + b3, y)
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= RATE * p.grad
        return loss

    return step
