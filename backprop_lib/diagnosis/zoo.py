"""The Bug Zoo: networks with a mistake in their backward pass, as a student meets them.

First only what the mistake does is seen: a loss curve, and which gradients are wrong by how much. Then the checker, and
the name. The broken backward passes are made from the bank, so they are exactly the mistakes that `diagnose` knows.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .. import functional as F
from ..gradcheck import GradientReport, compare_gradients
from ..modes import no_grad
from ..tensor import Tensor, computation_order
from .landmarks import Landmarks
from .replays import broken_gradients
from .report import Diagnosis
from .verdict import diagnose
from .walk import DoesNotFit, Walk

Parameters = dict[str, np.ndarray]
AT_THE_LOSS = ("one_over_m_missing", "sign_flipped")  # their first place; everywhere else they spoil less


@dataclass(frozen=True)
class Habitat:
    """A small network with its data and its loss.

    X, y : the examples, one in each row, and their targets. build(**Tensors) returns the loss of these parameters.
    start : the first parameters.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    build: Callable[..., Tensor]
    start: Parameters

    def loss(self, parameters: Parameters | None = None) -> Tensor:
        """The loss as a graph, at the start or at other parameters."""
        values = self.start if parameters is None else parameters
        return self.build(**{name: Tensor(value, name=name) for name, value in values.items()})


@dataclass(frozen=True)
class Specimen:
    """A network with a mistake in its backward pass.

    label : what it is called while its mistake is not known. says : what its author says about it. habitat : the
    network. mistake, where : the bank's name for what is wrong, and the place. learning_rate : for its training.
    """

    label: str
    says: str
    habitat: Habitat
    mistake: str
    where: str
    learning_rate: float

    @cached_property
    def _graph(self) -> tuple[Tensor, dict[str, Tensor]]:
        loss = self.habitat.loss()
        return loss, {t.name: t for t in computation_order(loss) if t.is_leaf and t.name is not None}

    def _walk(self, parameters: Parameters | None) -> Walk:
        loss, leaves = self._graph
        values = self.habitat.start if parameters is None else parameters
        return Walk(loss, {leaves[name]: value for name, value in values.items()})

    def loss(self) -> Tensor:
        """The correct loss at the start, for the checker."""
        return self.habitat.loss()

    def gradients(self, parameters: Parameters | None = None) -> Parameters:
        """The broken backward pass: the gradients that it claims, at the start or at other parameters."""
        walk = self._walk(parameters)
        return broken_gradients(walk, Landmarks(walk), self.mistake, self.where, self.learning_rate)

    def true_gradients(self, parameters: Parameters | None = None) -> Parameters:
        walk = self._walk(parameters)
        return {str(walk.tensors[i].name): np.array(walk.totals[i]) for i in sorted(Landmarks(walk).leaves)}

    def residual(self) -> Parameters:
        """Claimed minus true gradient of each parameter at the start."""
        claimed, true = self.gradients(), self.true_gradients()
        return {name: claimed[name] - true[name] for name in self.habitat.start}

    def train(self, steps: int = 200, broken: bool = True) -> np.ndarray:
        """The loss before each of `steps` steps of gradient descent with the claimed gradients, and after the last.

        broken=False trains the same network with the right ones. Stops early, with a shorter curve, at a loss that is
        no longer finite.
        """
        parameters = {name: value.copy() for name, value in self.habitat.start.items()}
        losses = []
        with np.errstate(all="ignore"):
            for step in range(steps + 1):
                walk = self._walk(parameters)
                losses.append(float(walk.values[walk.at[walk.loss]]))
                if step == steps or not np.isfinite(losses[-1]):
                    break
                gradients = self.gradients(parameters) if broken else self.true_gradients(parameters)
                parameters = {name: w - self.learning_rate * gradients[name] for name, w in parameters.items()}
        return np.array(losses)

    def check(self) -> GradientReport:
        """The claimed gradients at the start against measured slopes: which entries are wrong, not why."""
        start, claimed = self.habitat.start, self.gradients()
        entries = []
        for name, value in start.items():

            def loss_at(moved: np.ndarray, name: str = name) -> float:
                with no_grad():
                    return self.habitat.loss({**start, name: moved}).item()

            report = compare_gradients(loss_at, value, claimed[name])
            entries += [replace(entry, name=name) for entry in report.entries]
        return GradientReport(tuple(entries))

    def diagnose(self) -> Diagnosis:
        """The mistake that gives exactly the claimed gradients at the start."""
        return diagnose(self.loss(), self.gradients())

    def gradients_if(self, mistake: str) -> Parameters | None:
        """What the gradients at the start would be with this mistake of the bank: this specimen's own numbers if it
        explains them, else those of the mistake at the loss if that is where it is usually made, else at all places of
        its kind or at the first. None where it cannot be made in this network, or would stop with an error of shapes.
        """
        if mistake in {suspect.mistake for suspect in self.diagnose().suspects}:
            return self.gradients()
        walk = self._walk(None)
        for where in ("",) if mistake in AT_THE_LOSS else ("everywhere", ""):
            try:
                return broken_gradients(walk, Landmarks(walk), mistake, where, self.learning_rate)
            except (ValueError, DoesNotFit):
                continue
        return None


def _numbers(random: np.random.Generator, *shape: int) -> np.ndarray:
    return np.round(random.uniform(0.1, 0.9, size=shape) * random.choice([-1, 1], size=shape), 2)


def _points(random: np.random.Generator, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Points in the plane; 1 where the two coordinates have the same sign: XOR with some air around it."""
    X = np.round(random.uniform(0.2, 1.3, size=(m, 2)) * random.choice([-1, 1], size=(m, 2)), 2)
    return X, (X[:, :1] * X[:, 1:] > 0) * 1.0


def _classifier() -> Habitat:
    """2–5–1: tanh, sigmoid, mean squared error over 12 points."""
    random = np.random.default_rng(3)
    X, y = _points(random, 12)

    def build(W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
        z1 = F.matmul(X, W1) + b1
        a1 = F.tanh(z1)
        z2 = a1 @ W2 + b2
        a2 = F.sigmoid(z2)
        z1.name, a1.name, z2.name, a2.name = "z1", "a1", "z2", "a2"
        return F.mean_squared_error(a2, y)

    start = {"W1": _numbers(random, 2, 5), "b1": _numbers(random, 5), "W2": _numbers(random, 5, 1)}
    return Habitat("2–5–1, tanh and sigmoid, mean squared error", X, y, build, {**start, "b2": _numbers(random, 1)})


def _two_sigmoids() -> Habitat:
    """2–4–1, a sigmoid in both layers, mean squared error: the network and the code of source S2."""
    random = np.random.default_rng(2)
    X, y = _points(random, 12)

    def build(W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
        z1 = F.matmul(X, W1) + b1
        a1 = F.sigmoid(z1)
        z2 = a1 @ W2 + b2
        a2 = F.sigmoid(z2)
        z1.name, a1.name, z2.name, a2.name = "z1", "a1", "z2", "a2"
        return F.mean_squared_error(a2, y)

    start = {"W1": _numbers(random, 2, 4), "b1": _numbers(random, 4), "W2": _numbers(random, 4, 1)}
    return Habitat("2–4–1, two sigmoids, mean squared error", X, y, build, {**start, "b2": _numbers(random, 1)})


def _three_classes() -> Habitat:
    """2–6–3: ReLU, softmax with cross-entropy over 10 points."""
    random = np.random.default_rng(5)
    X, _ = _points(random, 10)
    labels = np.digitize(X[:, 0] - X[:, 1], [-0.6, 0.6])

    def build(W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
        z1 = F.matmul(X, W1) + b1
        a1 = F.relu(z1)
        z2 = a1 @ W2 + b2
        z1.name, a1.name, z2.name = "z1", "a1", "z2"
        return F.cross_entropy(z2, labels)

    start = {"W1": _numbers(random, 2, 6), "b1": _numbers(random, 6), "W2": _numbers(random, 6, 3)}
    return Habitat("2–6–3, ReLU and softmax, cross-entropy", X, labels, build, {**start, "b2": _numbers(random, 3)})


def _skip() -> Habitat:
    """A square weight used twice, and a skip connection around it; half the mean squared error of a curve."""
    random = np.random.default_rng(8)
    x = np.round(np.linspace(-1.4, 1.3, 9), 2)[:, None]
    y = np.round(np.sin(2 * x), 2)

    def build(U: Tensor, c: Tensor, W: Tensor, V: Tensor) -> Tensor:
        h = F.tanh(x @ U + c)
        h.name = "h"
        deep = F.tanh(F.tanh(h @ W) @ W)
        return 0.5 * F.square((h + deep) @ V - y).mean()

    start = {"U": _numbers(random, 1, 4), "c": _numbers(random, 4), "W": _numbers(random, 4, 4)}
    start["V"] = _numbers(random, 4, 1)
    return Habitat("1–4–4–4–1, one weight twice and a skip, half the squared error", x, y, build, start)


TWO_SIGMOIDS, CLASSIFIER, THREE_CLASSES, SKIP = _two_sigmoids(), _classifier(), _three_classes(), _skip()

BUG_ZOO: tuple[Specimen, ...] = (
    Specimen("A", "Mean squared error; at the output the error is a2 − y.", TWO_SIGMOIDS, "cross_entropy_delta", "", 2),
    Specimen("B", "It worked until I tidied up the loss.", CLASSIFIER, "sign_flipped", "the error", 0.5),
    Specimen("C", "It learns a little, then no more.", CLASSIFIER, "gradient_stopped", "a1", 1.0),
    Specimen("D", "I swapped sigmoid for tanh in the hidden layer.", CLASSIFIER, "other_activation", "a1", 1.0),
    Specimen("E", "With more data I need a smaller learning rate.", CLASSIFIER, "one_over_m_missing", "mean", 1.0),
    Specimen("F", "The shapes all fit, and it learns.", CLASSIFIER, "bias_averaged", "everywhere", 1.0),
    Specimen("G", "ReLU has slope 1, so I left it out.", THREE_CLASSES, "relu_mask_missing", "a1", 0.5),
    Specimen("H", "The derivative of softmax is p·(1 − p).", THREE_CLASSES, "softmax_elementwise", "z2", 0.2),
    Specimen("I", "I update each weight as soon as I have its gradient.", THREE_CLASSES, "updated_weight", "W2", 0.5),
    Specimen("J", "All shapes fit: the matrix is square.", SKIP, "weight_not_transposed", "everywhere", 0.3),
    Specimen("K", "W is used twice, its gradient computed twice.", SKIP, "overwritten", "W", 0.3),
    Specimen("L", "The short way around the block is only an addition.", SKIP, "path_forgotten", "h", 0.3),
)  # fmt: skip

BY_LABEL: dict[str, Specimen] = {specimen.label: specimen for specimen in BUG_ZOO}
