"""Optimizers: what to do with gradients once backpropagation has found them.

An optimizer sees the parameters (a list of Tensors) and their gradients, nothing else: not the network, not the loss.

    optimizer = Adam(model.parameters(), learning_rate=0.01)
    optimizer.zero_grad()
    loss.backward()       # finds the gradients, changes no parameter
    optimizer.step()      # changes the parameters, finds no gradient

In the formulas p is a parameter, g its gradient and η the learning rate; all work entry by entry.
"""

import math
from collections.abc import Callable, Iterable

import numpy as np

from .modes import no_grad
from .tensor import Tensor


class Optimizer:
    """What all optimizers share: the list of parameters, and `zero_grad()`."""

    def __init__(self, parameters: Iterable[Tensor], learning_rate: float):
        self.parameters = _checked_parameters(parameters)
        self.learning_rate = _at_least_0("learning_rate", learning_rate)

    def zero_grad(self) -> None:
        """Forget all gradients, which would otherwise be added to those of the next `backward()`."""
        for p in self.parameters:
            p.zero_grad()

    def step(self) -> None:
        """Change every parameter a little, as its gradient says."""
        raise NotImplementedError


class SGD(Optimizer):
    """Gradient descent: downhill, in proportion to the slope. "Stochastic" if the gradient is that of a random batch.

        p ← p − η·g

    Source: Cauchy, 1847; in its stochastic form Robbins and Monro, 1951.
    """

    def step(self) -> None:
        for p, g in _with_gradients(self.parameters):
            p.move(-self.learning_rate * g)


class Momentum(Optimizer):
    """Gradient descent with inertia: a velocity v collects past gradients and forgets them slowly.

        v ← β·v + g
        p ← p − η·v

    Source: Polyak, 1964; in this form Sutskever and others, 2013. β is `momentum`; v starts at 0.
    """

    def __init__(self, parameters: Iterable[Tensor], learning_rate: float, momentum: float = 0.9):
        super().__init__(parameters, learning_rate)
        self.momentum = _below_1("momentum", momentum)
        self.velocity = [np.zeros(p.shape, p.dtype) for p in self.parameters]

    def step(self) -> None:
        for i, (p, g) in enumerate(_with_gradients(self.parameters)):
            self.velocity[i] = self.momentum * self.velocity[i] + g
            p.move(-self.learning_rate * self.velocity[i])


class RMSprop(Optimizer):
    """Gradient descent with a step of its own for each entry: divided by the usual size of its gradient.

        s ← α·s + (1 − α)·g²
        p ← p − η·g / (√s + ε)

    Source: Tieleman and Hinton, 2012, "Neural Networks for Machine Learning", lecture 6e. α is `decay`; s starts at 0.
    """

    def __init__(
        self, parameters: Iterable[Tensor], learning_rate: float = 0.01, decay: float = 0.99, eps: float = 1e-8
    ):
        super().__init__(parameters, learning_rate)
        self.decay, self.eps = _below_1("decay", decay), _at_least_0("eps", eps)
        self.mean_square = [np.zeros(p.shape, p.dtype) for p in self.parameters]

    def step(self) -> None:
        for i, (p, g) in enumerate(_with_gradients(self.parameters)):
            self.mean_square[i] = self.decay * self.mean_square[i] + (1 - self.decay) * g**2
            p.move(-self.learning_rate * g / (np.sqrt(self.mean_square[i]) + self.eps))


class Adam(Optimizer):
    """Momentum and RMSprop together. The divisions by 1 − βᵗ correct that both averages start at 0.

        m ← β₁·m + (1 − β₁)·g        m̂ = m / (1 − β₁ᵗ)
        s ← β₂·s + (1 − β₂)·g²       ŝ = s / (1 − β₂ᵗ)
        p ← p − η·m̂ / (√ŝ + ε)                            at step t = 1, 2, 3, …

    Source: Kingma and Ba, 2015, "Adam: A Method for Stochastic Optimization", algorithm 1.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ):
        super().__init__(parameters, learning_rate)
        self.beta1, self.beta2, self.eps = _below_1("beta1", beta1), _below_1("beta2", beta2), _at_least_0("eps", eps)
        self.t = 0
        self.mean = [np.zeros(p.shape, p.dtype) for p in self.parameters]
        self.mean_square = [np.zeros(p.shape, p.dtype) for p in self.parameters]

    def step(self) -> None:
        self.t += 1
        for i, (p, g) in enumerate(_with_gradients(self.parameters)):
            self.mean[i] = self.beta1 * self.mean[i] + (1 - self.beta1) * g
            self.mean_square[i] = self.beta2 * self.mean_square[i] + (1 - self.beta2) * g**2
            mean = self.mean[i] / (1 - self.beta1**self.t)
            mean_square = self.mean_square[i] / (1 - self.beta2**self.t)
            p.move(-self.learning_rate * mean / (np.sqrt(mean_square) + self.eps))


class HillClimbing(Optimizer):
    """Learning without a gradient: try a random step, keep it if the loss became smaller, else go back.

    loss : a function without arguments that computes the loss from the parameters' current values.
    step_size : the standard deviation of the random step in each entry. rng : a numpy.random.Generator.

    One gradient says for every parameter at once which way is down; a try only says yes or no to one direction.
    Source: random search, Rastrigin, 1963.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        loss: Callable[[], Tensor | float],
        step_size: float,
        rng: np.random.Generator,
    ):
        super().__init__(parameters, learning_rate=step_size)
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng must be a generator, for example np.random.default_rng(0); given was {rng!r}.")
        self.loss, self.rng = loss, rng

    @no_grad()
    def step(self) -> None:
        before, old = float(self.loss()), [p.numpy() for p in self.parameters]
        for p in self.parameters:
            p.move(self.learning_rate * self.rng.standard_normal(p.shape))
        if not float(self.loss()) < before:
            for p, value in zip(self.parameters, old):
                p.data = value


def clip_gradients_by_norm(parameters: Iterable[Tensor], max_norm: float) -> float:
    """Shorten all gradients together so that their joint norm is at most `max_norm`; the direction stays.

        norm = √(sum of the squares of all entries of all gradients),   g ← g · max_norm / norm   if norm > max_norm

    Returns the norm before clipping. Source: Pascanu, Mikolov and Bengio, 2013.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be larger than 0; given was {max_norm}.")
    pairs = _with_gradients(_checked_parameters(parameters))
    norm = gradient_norm([g for _, g in pairs])
    if not np.isfinite(norm):
        raise ValueError("A gradient holds nan or inf, which no clipping can repair: the norm is not finite.")
    if norm > max_norm:
        for p, g in pairs:
            p.grad = g * (max_norm / norm)
    return norm


def gradient_norm(gradients: Iterable[np.ndarray]) -> float:
    """√(sum of the squares of all entries): how large the gradients are together."""
    flat = [np.ravel(g) for g in gradients]
    with np.errstate(over="ignore"):
        total = sum(float(g.dot(g)) for g in flat)
    if 1e-30 < total < 1e30:
        return math.sqrt(total)
    largest = max((float(np.max(np.abs(g), initial=0)) for g in flat), default=0.0)
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(sum(float(np.sum((g / largest) ** 2)) for g in flat))  # no square overflows


# ---- checks -------------------------------------------------------------------------------------------------------


def _with_gradients(parameters: list[Tensor]) -> list[tuple[Tensor, np.ndarray]]:
    for position, p in enumerate(parameters):
        if p.grad is None:
            called = repr(p.name) if p.name else f"number {position} (shape {p.shape})"
            raise ValueError(
                f"Parameter {called} has no gradient. Call loss.backward() before step(). If you did, the loss does "
                "not depend on this parameter: leave it out, or look where its path to the loss is cut."
            )
    return [(p, p.grad.data if isinstance(p.grad, Tensor) else p.grad) for p in parameters]


def _checked_parameters(parameters: Iterable[Tensor]) -> list[Tensor]:
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not parameters:
        raise ValueError("There are no parameters to train: the list is empty.")
    for position, p in enumerate(parameters):
        if not isinstance(p, Tensor):
            raise TypeError(
                f"Parameters are Tensors; number {position} is {type(p).__name__}. Give model.parameters()."
            )
        if not (p.is_leaf and p.requires_grad):
            raise ValueError(f"Parameters are leaves with requires_grad=True; number {position}, {p!r}, is not.")
        if any(p is other for other in parameters[:position]):
            raise ValueError(f"Parameter number {position} is listed twice: it would be changed twice in each step.")
    return parameters


def _at_least_0(name: str, value: float) -> float:
    if not (np.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a number of at least 0; given was {value}.")
    return value


def _below_1(name: str, value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and below 1; given was {value}.")
    return value
