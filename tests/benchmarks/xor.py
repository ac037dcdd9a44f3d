"""One training step on XOR, written the way each library's own users write it: a 2-4-1 network of sigmoids.

Every function returns a step: it moves the parameters once and returns the loss before that. They all start at the
same parameters, in double precision, so all compute the same numbers. A library is imported by its own function only.

    python tests/benchmarks/xor.py pytorch 3000     # a cold start: import, train, print the last loss
"""

import math
import sys

from ours import built_anew, by_move

X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
Y = [[0.0], [1.0], [1.0], [0.0]]
START = (
    [[-0.7, -0.2, 1.7, 0.7], [-1.6, -0.1, -0.6, 0.1]],  # W1
    [0.0, 0.0, 0.0, 0.0],  # b1
    [[-1.6], [0.2], [0.2], [1.6]],  # W2
    [0.0],  # b2
)
RATE = 1.0


def numpy_by_hand():
    """The textbook's lines."""
    import numpy as np

    x, y = np.array(X), np.array(Y)
    W1, b1, W2, b2 = (np.array(p) for p in START)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    def step():
        nonlocal W1, b1, W2, b2
        a1 = sigmoid(x @ W1 + b1)
        a2 = sigmoid(a1 @ W2 + b2)
        loss = np.mean((a2 - y) ** 2)
        d2 = 2 * (a2 - y) / y.size * a2 * (1 - a2)
        dW2 = a1.T @ d2
        db2 = d2.sum(axis=0)
        d1 = d2 @ W2.T * a1 * (1 - a1)
        dW1 = x.T @ d1
        db1 = d1.sum(axis=0)
        W1 -= RATE * dW1
        b1 -= RATE * db1
        W2 -= RATE * dW2
        b2 -= RATE * db2
        return loss

    return step


def ours(form=built_anew, update=by_move):
    from backprop_lib import Tensor, mean_squared_error, sigmoid

    x, y = Tensor(X, requires_grad=False), Tensor(Y, requires_grad=False)
    W1, b1, W2, b2 = parameters = [Tensor(p) for p in START]

    def forward():
        return mean_squared_error(sigmoid(sigmoid(x @ W1 + b1) @ W2 + b2), y)

    return form(parameters, forward, RATE, update)


def pytorch():
    """The same lines as with this library."""
    import torch
    from torch.nn.functional import mse_loss

    torch.set_num_threads(1)
    x, y = torch.tensor(X, dtype=torch.float64), torch.tensor(Y, dtype=torch.float64)
    W1, b1, W2, b2 = parameters = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in START]

    def step():
        for p in parameters:
            p.grad = None
        loss = mse_loss(torch.sigmoid(torch.sigmoid(x @ W1 + b1) @ W2 + b2), y)
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= RATE * p.grad
        return loss

    return step


def pytorch_fewest_calls():
    """Product and sum in one call, and the update in one."""
    import torch
    from torch.nn.functional import mse_loss

    torch.set_num_threads(1)
    x, y = torch.tensor(X, dtype=torch.float64), torch.tensor(Y, dtype=torch.float64)
    W1, b1, W2, b2 = parameters = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in START]

    def step():
        for p in parameters:
            p.grad = None
        loss = mse_loss(torch.sigmoid(torch.addmm(b2, torch.sigmoid(torch.addmm(b1, x, W1)), W2)), y)
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p.add_(p.grad, alpha=-RATE)
        return loss

    return step


def autograd():
    import autograd.numpy as np
    from autograd import value_and_grad

    x, y = np.array(X), np.array(Y)
    parameters = [np.array(p) for p in START]

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    def loss_of(parameters):
        W1, b1, W2, b2 = parameters
        return np.mean((sigmoid(sigmoid(x @ W1 + b1) @ W2 + b2) - y) ** 2)

    loss_and_gradients = value_and_grad(loss_of)

    def step():
        loss, gradients = loss_and_gradients(parameters)
        for p, gradient in zip(parameters, gradients):
            p -= RATE * gradient
        return loss

    return step


def mygrad():
    import mygrad as mg
    from mygrad.nnet.activations import sigmoid

    mg.turn_memory_guarding_off()  # as its documentation advises for speed
    x, y = mg.tensor(X, constant=True), mg.tensor(Y, constant=True)
    W1, b1, W2, b2 = parameters = [mg.tensor(p) for p in START]

    def step():
        loss = mg.mean((sigmoid(sigmoid(x @ W1 + b1) @ W2 + b2) - y) ** 2)
        loss.backward()
        for p in parameters:
            p.data -= RATE * p.grad
        return loss

    return step


def micrograd():
    """Number by number: micrograd has no arrays."""
    from micrograd.engine import Value

    W1 = [[Value(weight) for weight in column] for column in zip(*START[0])]
    b1 = [Value(bias) for bias in START[1]]
    W2 = [Value(weight) for (weight,) in START[2]]
    b2 = Value(START[3][0])
    parameters = [weight for weights in W1 for weight in weights] + b1 + W2 + [b2]

    def sigmoid(z):  # micrograd has none; this is one in the manner of its relu
        out = Value(1 / (1 + math.exp(-z.data)), (z,), "sigmoid")

        def backward():
            z.grad += out.data * (1 - out.data) * out.grad

        out._backward = backward
        return out

    def predict(x):
        hidden = [sigmoid(w[0] * x[0] + w[1] * x[1] + b) for w, b in zip(W1, b1)]
        return sigmoid(sum((w * h for w, h in zip(W2, hidden)), b2))

    def step():
        for p in parameters:
            p.grad = 0
        loss = sum((predict(x) - y) ** 2 for x, (y,) in zip(X, Y)) * (1 / len(X))
        loss.backward()
        for p in parameters:
            p.data -= RATE * p.grad
        return loss.data

    return step


def jax():
    """Compiled as a whole; the first step takes as long as the compiler does."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    x, y = jnp.array(X), jnp.array(Y)
    parameters = [jnp.array(p) for p in START]

    def loss_of(parameters):
        W1, b1, W2, b2 = parameters
        return jnp.mean((jax.nn.sigmoid(jax.nn.sigmoid(x @ W1 + b1) @ W2 + b2) - y) ** 2)

    @jax.jit
    def updated(parameters):
        loss, gradients = jax.value_and_grad(loss_of)(parameters)
        return loss, [p - RATE * gradient for p, gradient in zip(parameters, gradients)]

    def step():
        nonlocal parameters
        loss, parameters = updated(parameters)
        return float(loss)  # waits until it has been computed

    return step


if __name__ == "__main__":
    train, steps = globals()[sys.argv[1]](), int(sys.argv[2])
    for _ in range(steps):
        last_loss = train()
    print(last_loss.item() if hasattr(last_loss, "item") else last_loss)
