"""Random networks with a loss, small and rectangular: what the diagnosis is tried on."""

from collections.abc import Callable

import numpy as np

import backprop_lib as lib
from backprop_lib import Tensor

ACTIVATIONS = {"tanh": lib.tanh, "sigmoid": lib.sigmoid, "relu": lib.relu}


def weight(r: np.random.Generator, *shape: int, name: str) -> Tensor:
    return Tensor(r.normal(size=shape), name=name)


def one_hot(r: np.random.Generator, rows: int, classes: int) -> np.ndarray:
    return np.eye(classes)[r.integers(classes, size=rows)]


def squared(prediction, y, form):
    if form == "fused":
        return lib.mean_squared_error(prediction, y)
    if form == "power":
        return ((prediction - y) ** 2).mean()
    if form == "half":
        return (lib.square(prediction - y) * 0.5).mean()
    if form == "sum over m":
        return lib.square(prediction - y).sum() / len(prediction)
    d = y - prediction
    return (d * d).sum(axis=1).mean()


SQUARED_FORMS = ("fused", "power", "half", "sum over m", "product")


def rows(seed: int, layers: int, activation: str, loss: str) -> Tensor:
    """z = a @ W + b, an example in each row."""
    r = np.random.default_rng(seed)
    sizes = [3, 5, 6][:layers] + [4]
    a = Tensor(r.normal(size=(7, 3)), requires_grad=False, name="X")
    for k in range(layers):
        w = weight(r, sizes[k], sizes[k + 1], name=f"W{k + 1}")
        b = weight(r, sizes[k + 1], name=f"b{k + 1}")
        z = a @ w + b
        z.name = f"z{k + 1}"
        if k < layers - 1:
            a = ACTIVATIONS[activation](z)
            a.name = f"a{k + 1}"
    return finished(r, z, loss)


def finished(r, z, loss):
    name, _, form = loss.partition(": ")
    if name == "squared error":
        p = lib.sigmoid(z)
        p.name = "p"
        return squared(p, r.uniform(0.1, 0.9, size=z.shape), form)
    if name == "squared error of tanh":
        p = lib.tanh(z)
        p.name = "p"
        return squared(p, r.uniform(-0.9, 0.9, size=z.shape), form)
    if name == "binary cross-entropy":
        y = (r.uniform(size=z.shape) < 0.5) * 1.0
        if form == "with logits":
            return lib.binary_cross_entropy_with_logits(z, y)
        p = lib.sigmoid(z)
        p.name = "p"
        if form == "of probabilities":
            return lib.binary_cross_entropy(p, y)
        return -(y * lib.log(p) + (1 - y) * lib.log(1 - p)).mean()
    y = one_hot(r, *z.shape)
    if form == "fused":
        return lib.cross_entropy(z, y)
    if form == "of softmax":
        p = lib.softmax(z)
        p.name = "p"
        return -(y * lib.log(p)).sum() / len(z)
    return -(y * lib.log_softmax(z)).sum(axis=1).mean()


LOSSES = (
    *(f"squared error: {form}" for form in SQUARED_FORMS),
    "squared error of tanh: fused",
    "binary cross-entropy: with logits", "binary cross-entropy: of probabilities", "binary cross-entropy: written out",
    "cross-entropy: fused", "cross-entropy: of softmax", "cross-entropy: of log softmax",
)  # fmt: skip


def columns(seed: int, activation: str = "relu") -> Tensor:
    """z = W @ x + b, an example in each column."""
    r = np.random.default_rng(seed)
    x = Tensor(r.normal(size=(3, 5)), requires_grad=False, name="X")
    w1, b1 = weight(r, 4, 3, name="W1"), weight(r, 4, 1, name="b1")
    w2, b2 = weight(r, 2, 4, name="W2"), weight(r, 2, 1, name="b2")
    a1 = ACTIVATIONS[activation](w1 @ x + b1)
    a1.name = "a1"
    p = lib.sigmoid(w2 @ a1 + b2)
    p.name = "p"
    return lib.mean_squared_error(p, r.uniform(size=(2, 5)))


def torch_style(seed: int) -> Tensor:
    """z = x @ W.T + b, weights (out, in)."""
    r = np.random.default_rng(seed)
    x = r.normal(size=(6, 3))
    w1, b1 = weight(r, 4, 3, name="W1"), weight(r, 4, name="b1")
    w2, b2 = weight(r, 2, 4, name="W2"), weight(r, 2, name="b2")
    return lib.cross_entropy(lib.tanh(x @ w1.T + b1) @ w2.T + b2, one_hot(r, 6, 2))


def one_example(seed: int) -> Tensor:
    """z = W @ x + b with a vector x."""
    r = np.random.default_rng(seed)
    w1, b1 = weight(r, 4, 3, name="W1"), weight(r, 4, name="b1")
    w2, b2 = weight(r, 2, 4, name="W2"), weight(r, 2, name="b2")
    return lib.mean_squared_error(lib.sigmoid(w2 @ lib.tanh(w1 @ r.normal(size=3) + b1) + b2), r.uniform(size=2))


def shared_weight(seed: int) -> Tensor:
    """The same square weight in both layers, and the same bias."""
    r = np.random.default_rng(seed)
    w, b, v = weight(r, 3, 3, name="W"), weight(r, 3, name="b"), weight(r, 3, 2, name="V")
    a1 = lib.tanh(r.normal(size=(5, 3)) @ w + b)
    a2 = lib.tanh(a1 @ w + b)
    return lib.mean_squared_error(lib.sigmoid(a2 @ v), r.uniform(size=(5, 2)))


def convergent(seed: int) -> Tensor:
    """Two branches meet, and a skip connection passes both; weight decay besides."""
    r = np.random.default_rng(seed)
    x = Tensor(r.normal(size=(5, 3)), name="X")
    w, s, v = weight(r, 3, 4, name="W"), weight(r, 3, 2, name="S"), weight(r, 4, 2, name="V")
    b = weight(r, 4, name="b")
    hidden = lib.tanh(x @ w + b)
    hidden.name = "h"
    out = hidden @ v + x @ s + (hidden * lib.sigmoid(hidden)) @ v
    return lib.mean_squared_error(out, r.normal(size=(5, 2))) + 0.01 * lib.square(w).sum()


def square_shapes(seed: int) -> Tensor:
    """As many examples as inputs, neurons and outputs: every wrong transpose passes the shape check."""
    r = np.random.default_rng(seed)
    w1, b1, w2, b2 = (weight(r, *shape, name=name) for name, shape in zip(("W1", "b1", "W2", "b2"), ((4, 4), (4,)) * 2))
    a1 = lib.tanh(r.normal(size=(4, 4)) @ w1 + b1)
    return lib.mean_squared_error(lib.sigmoid(a1 @ w2 + b2), r.uniform(size=(4, 4)))


def residual(seed: int) -> Tensor:
    r = np.random.default_rng(seed)
    x, u = r.normal(size=(5, 4)), weight(r, 4, 4, name="U")
    w, v = weight(r, 4, 4, name="W"), weight(r, 4, 3, name="V")
    h = x @ u
    h.name = "h"
    h = h + lib.relu(h @ w)
    return lib.cross_entropy(h @ v, one_hot(r, 5, 3))


def one_sum(seed: int) -> Tensor:
    """A loss that is a sum over the examples, written with what an engine without activations has."""
    r = np.random.default_rng(seed)
    w1, b1 = weight(r, 3, 5, name="W1"), weight(r, 5, name="b1")
    w2 = weight(r, 5, 4, name="W2")
    a1 = 1 / (1 + lib.exp(-(r.normal(size=(7, 3)) @ w1 + b1)))
    a1.name = "a1"
    return 0.5 * ((a1 @ w2 - r.normal(size=(7, 4))) ** 2).sum()


def attention(seed: int) -> Tensor:
    """Products of values that are both computed, and a softmax inside the network."""
    r = np.random.default_rng(seed)
    x = r.normal(size=(5, 3))
    q, k, v = (x @ weight(r, 3, 4, name=name) for name in ("Q", "K", "V"))
    a = lib.softmax(q @ k.T / 2)
    a.name = "a"
    return lib.mean_squared_error(a @ v, r.normal(size=(5, 4)))


def normalised(seed: int) -> Tensor:
    """Batch normalisation, a dropout mask, a pool, pieces joined and cut."""
    r = np.random.default_rng(seed)
    x, w, u = r.normal(size=(7, 3)), weight(r, 3, 4, name="W"), weight(r, 6, 2, name="U")
    scale, shift = weight(r, 4, name="scale"), weight(r, 4, name="shift")
    z = x @ w
    z = (z - z.mean(axis=0)) / lib.sqrt(z.var(axis=0) + 1e-3) * scale + shift
    h = lib.leaky_relu(z) * ((r.uniform(size=(7, 4)) < 0.8) / 0.8)
    pooled = lib.concatenate([h.max(axis=1, keepdims=True), h[:, 1:3], x], axis=1)
    return lib.cross_entropy(pooled @ u, r.integers(2, size=7))


def two_neurons(seed: int) -> Tensor:
    """Single numbers only."""
    r = np.random.default_rng(seed)
    x, w1, w2 = (Tensor(r.normal(), name=name) for name in ("x", "w1", "w2"))
    return 0.5 * (lib.sigmoid(w2 * lib.sigmoid(w1 * x)) - 1.0) ** 2


def formula(seed: int) -> Tensor:
    """No network at all."""
    r = np.random.default_rng(seed)
    x, y, z = (Tensor(r.uniform(0.5, 2, size=4), name=name) for name in "xyz")
    return (lib.exp(-x) * y + lib.log(z) * lib.sin(x) - lib.sqrt(y) / z).sum() + (lib.maximum(x, y) * z**3).max()


def networks() -> dict[str, Callable[[int], Tensor]]:
    """All kinds, each to be made from a seed."""
    found: dict[str, Callable[[int], Tensor]] = {}
    for layers in (2, 3):
        for activation in ACTIVATIONS:
            for loss in LOSSES:
                found[f"{layers} layers, {activation}, {loss}"] = lambda seed, n=layers, a=activation, k=loss: rows(
                    seed, n, a, k
                )
    for activation in ACTIVATIONS:
        found[f"columns, {activation}"] = lambda seed, a=activation: columns(seed, a)
    for make in (
        torch_style,
        one_example,
        shared_weight,
        convergent,
        square_shapes,
        residual,
        attention,
        normalised,
        one_sum,
        two_neurons,
        formula,
    ):
        found[make.__name__.replace("_", " ")] = make
    return found
