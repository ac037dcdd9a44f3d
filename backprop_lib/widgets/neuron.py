"""One neuron under the reader's hand: every value and gradient live, and what a step against the gradient does."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..figures import GraphPicture, Reading
from ..figures.nudges import resolved, rounding
from ..figures.saturation import ACTIVATIONS
from ..figures.sketch import document, value_text
from ..figures.step_change import change_bars
from ..functional import binary_cross_entropy
from ..graph import Graph
from ..tensor import Tensor
from .explorer import Choice, Explorer, Frame, Slider, button

LOSSES = {
    "(a − y)²": lambda a, y: (a - y) ** 2,
    "½(a − y)²": lambda a, y: (a - y) ** 2 / 2,
    "cross-entropy": binary_cross_entropy,
}
_WIDTH, _GRAPH_HEIGHT, _BARS_HEIGHT = 960, 300, 108  # the same view for every choice


@dataclass(frozen=True)
class Outcome:
    """A neuron's numbers, and what one step w −= rate·∂L/∂w, b −= rate·∂L/∂b does to its loss."""

    loss: float
    gradients: dict[str, float]
    after: dict[str, float]
    loss_after: float
    predicted: float
    unsure: float  # what the change of the loss may be off by, since the numbers that lead to it are rounded

    @property
    def change(self) -> float:
        """In the digits that are sure."""
        return resolved(self.loss_after - self.loss, self.unsure)


class Neuron:
    """z = w·x + b, a = activation(z), L = loss(a, y): built once, replayed for other values.

    Raises ValueError where the loss does not fit the activation or has no finite value.
    """

    def __init__(self, activation: str, loss: str):
        if loss == "cross-entropy" and activation != "σ":
            raise ValueError(f"Cross-entropy needs an a between 0 and 1; {activation} does not promise it. Choose σ.")
        self.loss = loss
        self.leaves = {name: Tensor(0.5, name=name) for name in ("w", "x", "b")}
        self.leaves["y"] = Tensor(0.5, requires_grad=False, name="y")
        product = self.leaves["w"] * self.leaves["x"]
        z = product + self.leaves["b"]
        a = ACTIVATIONS[activation](z)
        output = LOSSES[loss](a, self.leaves["y"])
        z.name, a.name, output.name = "z", "a", "L"
        self.a = a
        self.graph = Graph(output)
        self.picture = GraphPicture(Reading(self.graph), roomy=True)

    def loss_at(self, values: dict[str, float]) -> float:
        if self.loss == "cross-entropy" and not 0 <= values["y"] <= 1:
            raise ValueError(f"Cross-entropy needs a target y between 0 and 1; given was {value_text(values['y'])}.")
        for name, leaf in self.leaves.items():
            leaf.data = values[name]
        with np.errstate(all="ignore"):
            self.graph.forward()
        loss = float(self.graph.output.data)
        if not np.isfinite(loss):
            raise ValueError(
                f"With w = {value_text(values['w'])} and b = {value_text(values['b'])} the loss is no finite number."
            )
        return loss

    def step(self, values: dict[str, float], rate: float) -> Outcome:
        """What one step from these values does. Afterwards the graph holds the values before the step again."""
        loss = self.loss_at(values)
        gradients = self._gradients()
        after = {**values, **{name: _less(values[name], rate * gradients[name]) for name in ("w", "b")}}
        loss_after = self.loss_at(after)
        self.loss_at(values)
        self._gradients()
        predicted = -rate * (gradients["w"] ** 2 + gradients["b"] ** 2)
        shifts = [gradients[name] * number for name in ("w", "b") for number in (values[name], after[name])]
        shifts.append(float(self.a.data) * float(self.a.grad))
        unsure = rounding(max(loss, loss_after, *map(abs, shifts)))
        return Outcome(loss, gradients, after, loss_after, predicted, unsure)

    def _gradients(self) -> dict[str, float]:
        for leaf in self.leaves.values():
            leaf.zero_grad()
        with np.errstate(all="ignore"):
            self.graph.backward()
        return {name: float(leaf.grad) for name, leaf in self.leaves.items() if leaf.grad is not None}

    def svg(self) -> str:
        self.picture.reading.refresh()
        return self.picture.svg()


class NeuronNudge(Explorer):
    """One neuron: values and gradients on its graph, the loss change that the gradient predicts, the real one."""

    title = "One neuron, and one step of learning"
    activation = Choice("ReLU", options=["ReLU", "σ", "tanh"], label="activation")
    loss = Choice("(a − y)²", options=list(LOSSES), label="loss L")
    x = Slider(2.0, low=-3, high=3, step=0.1, label="input x")
    y = Slider(4.0, low=-2, high=6, step=0.1, label="target y")
    w = Slider(3.0, low=-4, high=4, step=0.1, label="weight w")
    b = Slider(1.0, low=-4, high=4, step=0.1, label="bias b")
    rate = Slider(0.1, low=0, high=1, step=0.01, label="learning rate η")

    def __init__(self, **values: Any):
        self._neurons: dict[tuple[str, str], Neuron] = {}
        super().__init__(**values)

    @property
    def outcome(self) -> Outcome:
        """The numbers behind the picture."""
        return self._step(**self.drawn)

    def _step(self, activation: str, loss: str, rate: float, **values: float) -> Outcome:
        if (activation, loss) not in self._neurons:
            self._neurons[activation, loss] = Neuron(activation, loss)
        return self._neurons[activation, loss].step(values, rate)

    def draw(self, activation: str, loss: str, rate: float, **values: float) -> Frame:
        outcome = self._step(activation, loss, rate, **values)
        neuron = self._neurons[activation, loss]
        left, top = (_WIDTH - neuron.picture.width) / 2, (_GRAPH_HEIGHT - neuron.picture.height) / 2
        graph = neuron.svg().replace("<svg ", f'<svg x="{left:g}" y="{top:g}" ', 1)
        bars = change_bars(outcome.predicted, outcome.change, _WIDTH, _GRAPH_HEIGHT)
        return Frame(document(_WIDTH, _GRAPH_HEIGHT + _BARS_HEIGHT, graph, bars), _sentence(outcome, rate))

    @button("Take a step")
    def take_step(self) -> None:
        """w −= η·∂L/∂w, b −= η·∂L/∂b. Nothing where there is no loss to step from."""
        if self.problem:
            return
        after = self.outcome.after
        with self.hold_trait_notifications():
            self.w, self.b = after["w"], after["b"]


def _less(value: float, step: float) -> float:
    """value − step: 1.8 and not 1.7999999999999998, whose loss would be 2e-31 instead of 0."""
    plain = round(value - step, 12)
    return plain if abs(plain - (value - step)) <= rounding(max(abs(value), abs(step))) else value - step


def _sentence(outcome: Outcome, rate: float) -> str:
    change = value_text(outcome.change)
    if outcome.change == 0 and 0 < abs(outcome.predicted) < 10 * outcome.unsure:
        change = f"less than {value_text(10 * outcome.unsure, 1)}"
    gradients = ", ".join(f"∂L/∂{name} = {value_text(outcome.gradients[name])}" for name in ("w", "b"))
    return (
        f"L = {value_text(outcome.loss)} with {gradients}; for a step with η = {value_text(rate)} the gradient "
        f"predicts a change of {value_text(outcome.predicted)}, and the loss really changes by "
        f"{change}, to {value_text(outcome.loss_after)}."
    )
