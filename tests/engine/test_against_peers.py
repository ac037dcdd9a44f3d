"""The same expressions in PyTorch and in HIPS autograd, where they are installed: values and gradients agree."""

import importlib.util

import numpy as np
import pytest

from .cases import MATRIX_PRODUCTS, apart, numbers
from .referee import close, uneven

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed here")
needs_autograd = pytest.mark.skipif(
    importlib.util.find_spec("autograd") is None, reason="autograd is not installed here"
)

X, Y = numbers((2, 3)), numbers((2, 3), 0.2, 0.9, 1)
POSITIVE = numbers((2, 3), 0.3, 2.0)
CLASSES = np.array([2, 0])

# name: (with backprop_lib, with torch and its functional module F, inputs)
WITH_TORCH = {
    "exp": (lambda lib, x: lib.exp(x), lambda torch, F, x: torch.exp(x), [X]),
    "log": (lambda lib, x: lib.log(x), lambda torch, F, x: torch.log(x), [POSITIVE]),
    "sqrt": (lambda lib, x: lib.sqrt(x), lambda torch, F, x: torch.sqrt(x), [POSITIVE]),
    "square": (lambda lib, x: lib.square(x), lambda torch, F, x: torch.square(x), [X]),
    "sin": (lambda lib, x: lib.sin(x), lambda torch, F, x: torch.sin(x), [X]),
    "cos": (lambda lib, x: lib.cos(x), lambda torch, F, x: torch.cos(x), [X]),
    "tanh": (lambda lib, x: lib.tanh(x), lambda torch, F, x: torch.tanh(x), [X]),
    "sigmoid": (lambda lib, x: lib.sigmoid(x), lambda torch, F, x: torch.sigmoid(x), [X]),
    "softplus": (lambda lib, x: lib.softplus(x), lambda torch, F, x: F.softplus(x), [X]),
    "relu at 0": (lambda lib, x: lib.relu(x), lambda torch, F, x: F.relu(x), [np.array([-1.0, 0.0, 2.0])]),
    "leaky_relu": (lambda lib, x: lib.leaky_relu(x, 0.2), lambda torch, F, x: F.leaky_relu(x, 0.2), [apart((2, 3))]),
    "abs at 0": (lambda lib, x: lib.abs(x), lambda torch, F, x: torch.abs(x), [np.array([-1.0, 0.0, 2.0])]),
    "clip at its limits": (
        lambda lib, x: lib.clip(x, -1, 1), lambda torch, F, x: torch.clamp(x, -1, 1), [np.arange(-2.0, 3.0)],
    ),
    "maximum with ties": (
        lambda lib, x, y: lib.maximum(x, y), lambda torch, F, x, y: torch.maximum(x, y),
        [np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])],
    ),
    "max with ties": (
        lambda lib, x: lib.max(x, axis=1), lambda torch, F, x: torch.amax(x, 1),
        [np.array([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0]])],
    ),
    "power": (lambda lib, x, y: x**y, lambda torch, F, x, y: x**y, [POSITIVE, X]),
    "prod with a zero": (
        lambda lib, x: lib.prod(x, axis=1), lambda torch, F, x: torch.prod(x, 1),
        [np.array([[2.0, 0.0, 3.0], [1.0, 2.0, 4.0]])],
    ),
    "var": (lambda lib, x: lib.var(x, axis=0, ddof=1), lambda torch, F, x: torch.var(x, 0), [X]),
    "cumsum": (lambda lib, x: lib.cumsum(x, 1), lambda torch, F, x: torch.cumsum(x, 1), [X]),
    "logsumexp": (lambda lib, x: lib.logsumexp(x, axis=1), lambda torch, F, x: torch.logsumexp(x, 1), [X]),
    "softmax": (lambda lib, x: lib.softmax(x), lambda torch, F, x: F.softmax(x, -1), [X]),
    "softmax of huge scores": (lambda lib, x: lib.softmax(x), lambda torch, F, x: F.softmax(x, -1), [X * 1e6]),
    "log_softmax": (lambda lib, x: lib.log_softmax(x, 0), lambda torch, F, x: F.log_softmax(x, 0), [X]),
    "where": (lambda lib, x: lib.where(x > 0, x, x * x), lambda torch, F, x: torch.where(x > 0, x, x * x), [X]),
    "index": (lambda lib, x: x[[0, 0, 1], [1, 1, 2]], lambda torch, F, x: x[[0, 0, 1], [1, 1, 2]], [X]),
    "stack": (lambda lib, x, y: lib.stack([x, y], 1), lambda torch, F, x, y: torch.stack([x, y], 1), [X, Y]),
    "concatenate": (lambda lib, x, y: lib.concatenate([x, y], 1), lambda torch, F, x, y: torch.cat([x, y], 1), [X, Y]),
    "flip": (lambda lib, x: lib.flip(x, 1), lambda torch, F, x: torch.flip(x, (1,)), [X]),
    "mean_squared_error": (
        lambda lib, x, y: lib.mean_squared_error(x, y), lambda torch, F, x, y: F.mse_loss(x, y), [X, Y],
    ),
    "binary_cross_entropy": (
        lambda lib, p: lib.binary_cross_entropy(p, Y),
        lambda torch, F, p: F.binary_cross_entropy(p, torch.tensor(Y)), [numbers((2, 3), 0.1, 0.9)],
    ),
    "binary_cross_entropy_with_logits": (
        lambda lib, z: lib.binary_cross_entropy_with_logits(z, Y),
        lambda torch, F, z: F.binary_cross_entropy_with_logits(z, torch.tensor(Y)), [X * 100],
    ),
    "cross_entropy of classes": (
        lambda lib, z: lib.cross_entropy(z, CLASSES), lambda torch, F, z: F.cross_entropy(z, torch.tensor(CLASSES)),
        [X],
    ),
    "cross_entropy of probabilities": (
        lambda lib, z: lib.cross_entropy(z, np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])),
        lambda torch, F, z: F.cross_entropy(z, torch.tensor([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]], dtype=torch.float64)),
        [X * 10],
    ),
}  # fmt: skip


@needs_torch
@pytest.mark.parametrize("name", WITH_TORCH)
def test_against_pytorch(lib, name):
    import torch

    ours, theirs, inputs = WITH_TORCH[name]
    leaves, peers = [lib.Tensor(x) for x in inputs], [torch.tensor(x, requires_grad=True) for x in inputs]
    out, peer = ours(lib, *leaves), theirs(torch, torch.nn.functional, *peers)
    seed = uneven(out.shape)
    out.backward(seed)
    peer.backward(torch.tensor(seed))
    digits = 9 if "huge" in name else 11
    close(out.data, peer.detach().numpy(), digits)
    for leaf, other in zip(leaves, peers, strict=True):
        close(leaf.grad, other.grad.numpy(), digits)


@needs_torch
@pytest.mark.parametrize(("left", "right"), MATRIX_PRODUCTS)
def test_matrix_products_against_pytorch(lib, left, right):
    import torch

    a, b = numbers(left), numbers(right, key=1)
    ours, theirs = [lib.Tensor(a), lib.Tensor(b)], [torch.tensor(v, requires_grad=True) for v in (a, b)]
    out, peer = ours[0] @ ours[1], theirs[0] @ theirs[1]
    seed = uneven(out.shape)
    out.backward(seed)
    peer.backward(torch.tensor(seed))
    for leaf, other in zip(ours, theirs, strict=True):
        close(leaf.grad, other.grad.numpy())


# The same line for both: np is NumPy for Tensors, autograd.numpy for the peer.
WITH_AUTOGRAD = {
    "tanh net": lambda np, x, y: np.sum(np.tanh(x @ y.T) ** 2, axis=0),
    "exp and log": lambda np, x, y: np.exp(x) * np.log(y) - np.sqrt(y),
    "sines": lambda np, x, y: np.sin(x) / (np.cos(y) + 2) + np.square(x),
    "power": lambda np, x, y: y**x,
    "reductions": lambda np, x, y: np.mean(x, axis=1, keepdims=True) * np.sum(y, axis=0) - np.prod(y),
    "max and min": lambda np, x, y: np.max(x, axis=1) + np.min(y, axis=1) * np.var(x),
    "maximum": lambda np, x, y: np.maximum(x, y) - np.minimum(x * 2, y),
    "shapes": lambda np, x, y: np.transpose(np.reshape(np.concatenate([x, y], axis=1), (3, 4)))[::-1, None],
    "cumsum": lambda np, x, y: np.cumsum(x, axis=1) * y[:, ::-1],
    "where and abs": lambda np, x, y: np.where(y > 0.5, np.abs(x), x * y),
    "broadcasting": lambda np, x, y: x[:, :1] * y[0] + np.expand_dims(x, 0) / np.squeeze(np.sum(y)),
}


@needs_autograd
@pytest.mark.parametrize("name", WITH_AUTOGRAD)
def test_against_autograd(lib, name):
    import autograd
    import autograd.numpy as anp

    expression = WITH_AUTOGRAD[name]
    x, y = lib.Tensor(X), lib.Tensor(Y)
    out = expression(np, x, y)
    seed = uneven(out.shape)
    out.backward(seed)
    total = autograd.grad(lambda x, y: anp.sum(seed * expression(anp, x, y)), (0, 1))
    for leaf, expected in zip((x, y), total(X, Y), strict=True):
        close(leaf.grad, expected)
    close(out.data, expression(anp, X, Y))
