"""XORLab: choose a small network and how it learns, watch it learn XOR, and go back and forth through its epochs."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..datasets import xor
from ..figures.xor_lab import AXIS, Moment, lab_sentence, lab_svg
from ..functional import binary_cross_entropy_with_logits, mean_squared_error, sigmoid
from ..initializers import he_normal, normal, xavier_normal, zeros
from ..modes import no_grad
from ..nn import LeakyReLU, Linear, Module, ReLU, Sequential, Sigmoid, Tanh
from ..optim import SGD, Adam, Momentum, RMSprop
from ..tensor import Tensor, gradients_of
from ..training import train
from .explorer import Choice, Frame, Slider
from .laboratory import Laboratory

EPOCHS = 3000
KEPT = 20  # epochs from one kept state to the next
SLICE = 100  # epochs that are trained between two pictures

ACTIVATIONS: dict[str, type[Module]] = {"σ": Sigmoid, "tanh": Tanh, "ReLU": ReLU, "leaky ReLU": LeakyReLU}
LOSSES = {"squared error": mean_squared_error, "cross-entropy": binary_cross_entropy_with_logits}
OPTIMIZERS: dict[str, Any] = {"SGD": SGD, "momentum": Momentum, "RMSprop": RMSprop, "Adam": Adam}
# For the weights and for the biases.
STARTS: dict[str, Any] = {
    "normal": (normal, normal),
    "Xavier": (xavier_normal, zeros),
    "He": (he_normal, zeros),
    "tiny": (partial(normal, std=0.01), zeros),
    "all zero": (zeros, zeros),
}

INPUTS, TARGETS = xor()
_PLANE = np.stack(np.meshgrid(AXIS, AXIS), axis=-1).reshape(-1, 2)


@dataclass(frozen=True)
class Settings:
    """All that decides how a training goes."""

    width: int = 4
    activation: str = "σ"
    loss: str = "squared error"
    optimizer: str = "SGD"
    rate: float = 1.0
    seed: int = 0
    start: str = "normal"

    def __str__(self) -> str:
        return (
            f"2-{self.width}-1 network with {self.activation}, {self.start} start, seed {self.seed}, "
            f"{self.optimizer} with η = {self.rate:g} on the {self.loss}"
        )


class Training:
    """A training that can be done in parts and looked at between them; the parts change no number."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.restart()

    def restart(self) -> None:
        s = self.settings
        rng = np.random.default_rng(s.seed)
        weights, biases = STARTS[s.start]
        hidden = Linear(2, s.width, rng, initializer=weights, bias_initializer=biases)
        output = Linear(s.width, 1, rng, initializer=weights, bias_initializer=biases)
        layers = [hidden, ACTIVATIONS[s.activation](), output]
        self._model = Sequential(*layers, *([Sigmoid()] if s.loss == "squared error" else []))
        self._optimizer = OPTIMIZERS[s.optimizer](self._model.parameters(), learning_rate=s.rate)
        self.losses = np.zeros(0)
        self.kept: list[tuple[list[np.ndarray], list[np.ndarray]]] = []  # weights and gradients
        self.largest = 0.0
        self.stopped: str | None = None
        self._train(0)

    @property
    def done(self) -> int:
        """Epochs trained so far."""
        return len(self.losses) - 1

    @property
    def share(self) -> float:
        return 1.0 if self.stopped else self.done / EPOCHS

    def advance(self, epochs: int = SLICE) -> None:
        """Train so many epochs more, or as many as are left."""
        for _ in range(0, min(epochs, EPOCHS - self.done), KEPT):
            if not self.stopped:
                self._train(KEPT)

    def _train(self, epochs: int) -> None:
        history = train(self._model, LOSSES[self.settings.loss], INPUTS, TARGETS, self._optimizer, epochs, replay=True)
        self.losses = np.append(self.losses, history.loss[1 if self.losses.size else 0 :])
        if history.stopped:
            self.losses = self.losses[np.isfinite(self.losses)]
            self.stopped = f"Training ended in epoch {len(self.losses)}: the loss was no finite number any more."
            return
        leaves = [Tensor(p.numpy()) for p in self._model.parameters()]
        gradients = gradients_of(self._loss(leaves), leaves)
        self.kept.append(([leaf.numpy() for leaf in leaves], gradients))
        self.largest = max(self.largest, *(float(np.abs(g).max()) for g in gradients))

    def _loss(self, leaves: list[Tensor]) -> Tensor:
        z, _ = self._forward(leaves, INPUTS)
        if self.settings.loss == "squared error":
            return mean_squared_error(sigmoid(z), TARGETS)
        return binary_cross_entropy_with_logits(z, TARGETS)

    def _forward(self, parameters: Any, points: np.ndarray) -> tuple[Tensor, Tensor]:
        w1, b1, w2, b2 = parameters
        hidden = self._model[1](points @ w1.T + b1)
        return hidden @ w2.T + b2, hidden

    def at(self, epoch: float) -> Moment:
        """The network at this epoch, or at the last one kept before it; the latest where training is not so far yet."""
        position = min(int(epoch) // KEPT, len(self.kept) - 1)
        weights, gradients = self.kept[position]
        with no_grad():
            z, hidden = self._forward([Tensor(w) for w in weights], INPUTS)
            everywhere, _ = self._forward([Tensor(w) for w in weights], _PLANE)
            answers, score = sigmoid(z).numpy()[:, 0], sigmoid(everywhere).numpy().reshape(len(AXIS), -1)
        return Moment(
            epoch=position * KEPT,
            weights=weights,
            gradients=gradients,
            score=score,
            answers=answers,
            hidden=hidden.numpy(),
            losses=self.losses,
            largest=self.largest,
        )


class XORLab(Laboratory):
    """A 2-h-1 network learns XOR in 3,000 epochs: everything that decides how, and every moment of it."""

    title = "Laboratory: a network learns XOR"
    width = Slider(4, low=1, high=8, step=1, label="hidden neurons", limits=(1, 8), multiple=1)
    seed = Slider(0, low=0, high=19, step=1, label="random seed", limits=(0, 9999), multiple=1)
    activation = Choice("σ", options=list(ACTIVATIONS), label="activation")
    loss = Choice("squared error", options=list(LOSSES), label="loss")
    optimizer = Choice("SGD", options=list(OPTIMIZERS), label="optimizer")
    start = Choice("normal", options=list(STARTS), label="first weights")
    rate = Slider(1.0, low=0.001, high=100, label="learning rate η", factors=True, limits=(0, 1000))
    epoch = Slider(EPOCHS, low=0, high=EPOCHS, step=KEPT, label="show epoch", limits=(0, EPOCHS), multiple=1)

    _training: Training | None = None

    def job(self, epoch: float, **settings: Any) -> Training:
        """The training with these settings, as far as it is."""
        wanted = _settings(**settings)
        if self._training is None or self._training.settings != wanted:
            self._training = Training(wanted)
        return self._training

    def draw(self, epoch: float, **settings: Any) -> Frame:
        training = self.job(epoch, **settings)
        moment, labels = training.at(epoch), TARGETS[:, 0]
        ended = training.stopped if moment.epoch // KEPT == len(training.kept) - 1 else None
        return Frame(
            lab_svg(moment, INPUTS, labels, EPOCHS),
            lab_sentence(moment, labels, str(training.settings), EPOCHS, ended),
        )

    @property
    def losses(self) -> np.ndarray:
        """The loss after each epoch trained so far."""
        return self.job(**self.values).losses.copy()

    @property
    def moment(self) -> Moment:
        """The numbers behind the picture."""
        return self.job(**self.drawn).at(self.epoch)


def _settings(width: float, seed: float, rate: float, **words: str) -> Settings:
    return Settings(width=int(width), seed=int(seed), rate=rate, **words)
