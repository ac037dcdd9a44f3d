"""DescentPath: choose a start on a loss landscape and watch optimizers find their way, or lose it."""

import math
from functools import cache, partial
from typing import Any

import numpy as np
import traitlets

from ..datasets import xor
from ..figures.descent import Surface, Walk, descent_sentence, descent_svg
from ..functional import mean_squared_error, sigmoid
from ..landscape import Descent, along_two_weights
from ..optim import SGD, Adam, Momentum, RMSprop
from ..tensor import Tensor
from .explorer import Choice, Entry, Frame, Slider, button
from .laboratory import Laboratory

STEPS = 100
SLICE = 4  # steps between two pictures

OPTIMIZERS: dict[str, Any] = {"SGD": SGD, "momentum": Momentum, "RMSprop": RMSprop, "Adam": Adam}


def _xor_surface() -> Surface:
    """Two biases of a network that knows XOR: h₁ fires for "at least one", h₂ for "both", the output for h₁ without h₂.

    Of its nine numbers b₂, the bias of h₂, and c, that of the output, are free on the map; the others stay.
    """
    inputs, targets = xor()
    values = {"W": [[5, 5], [5, 5]], "b": [-2.5, -7.5], "v": [[8, -8]], "c": [-4]}
    W, b, v, c = parameters = [Tensor(value, name=name) for name, value in values.items()]

    def loss() -> Tensor:
        return mean_squared_error(sigmoid(sigmoid(inputs @ W.T + b) @ v.T + c), targets)

    plane = along_two_weights(loss, parameters, ("b", 1), ("c", 0))
    plane.names = ("a: bias of h₂", "b: bias of the output")
    return Surface("Two biases of the XOR network", plane, (-14.0, 6.0), (-9.0, 7.0))


def _formula(about: str, height: Any, reach: tuple[float, float], logarithmic: bool) -> Surface:
    a, b = Tensor(1.0, name="a"), Tensor(1.0, name="b")
    plane = along_two_weights(lambda: height(a, b), [a, b], ("a", ()), ("b", ()))
    return Surface(about, plane, (-reach[0], reach[0]), (-reach[1], reach[1]), logarithmic)


SURFACES = {
    "XOR network": _xor_surface,
    "narrow valley": lambda: _formula("Valley ½(a² + 20b²)", lambda a, b: (a * a + 20 * b * b) / 2, (8, 3), True),
    "saddle": lambda: _formula("Saddle a² − b²", lambda a, b: a * a - b * b, (2, 2), False),
}
# Where each landscape is worth a walk: start, and the learning rate of the one and of the other.
SUGGESTED: dict[str, dict[str, Any]] = {
    "XOR network": {"start": "0, -6", "rate": 10.0, "second_rate": 0.3},
    "narrow valley": {"start": "-7, 2", "rate": 0.08, "second_rate": 0.3},
    "saddle": {"start": "1.5, 0.01", "rate": 0.1, "second_rate": 0.1},
}


@cache
def surface_named(name: str) -> Surface:
    """One of the landscapes on offer, made when it is first asked for."""
    return SURFACES[name]()


class Race:
    """One or two optimizers that set out from the same place; walked in parts."""

    def __init__(self, surface: Surface, start: tuple[float, float], runners: tuple[tuple[str, float], ...]):
        self.surface, self.start, self.runners = surface, start, runners
        self.restart()

    def restart(self) -> None:
        self.walks = [
            Walk(
                f"{name} with η = {rate:g}",
                Descent(self.surface.plane, self.start, partial(OPTIMIZERS[name], learning_rate=rate)),
            )
            for name, rate in self.runners
        ]
        self.steps = 0

    @property
    def share(self) -> float:
        return self.steps / STEPS

    def advance(self) -> None:
        self.steps = min(self.steps + SLICE, STEPS)
        for walk in self.walks:
            walk.way.go(self.steps - walk.way.steps)


class DescentPath(Laboratory):
    """Gradient descent and its relatives on a map of the loss: choose or click a start, compare, overdo it.

    Choosing a landscape also chooses a start and learning rates that suit it, unless they are given.
    """

    title = "Find the way down"
    surface = Choice("XOR network", options=list(SURFACES), label="landscape")
    start = Entry("0, -6", label="start a, b")
    first = Choice("SGD", options=list(OPTIMIZERS), label="first optimizer")
    rate = Slider(10.0, low=0.001, high=100, label="first η", factors=True, limits=(0, 1000))
    second = Choice("Adam", options=["none", *OPTIMIZERS], label="second optimizer")
    second_rate = Slider(0.3, low=0.001, high=100, label="second η", factors=True, limits=(0, 1000))
    shown = Slider(STEPS, low=0, high=STEPS, step=1, label="show step", limits=(0, STEPS), multiple=1)

    _race: Race | None = None
    _asked: Any = None

    def __init__(self, **values: Any):
        super().__init__(**{**SUGGESTED.get(values.get("surface", ""), {}), **values})

    @traitlets.observe("surface")
    def _suggest(self, change: Any) -> None:
        if self._race is not None:  # not while the first values are set
            for name, value in SUGGESTED[self.surface].items():
                setattr(self, name, value)

    @button("Walk")
    def train(self) -> None:
        """Go on where it was stopped; once all steps are done, walk from the start again."""
        super().train()

    def job(self, shown: float, surface: str, start: str, **runners: Any) -> Race:
        """The race with these settings, as far as it is."""
        wanted = (surface, start, *runners.items())
        if self._race is None or self._asked != wanted:
            self._race = Race(surface_named(surface), _place(start), _runners(**runners))
            self._asked = wanted
        return self._race

    def draw(self, shown: float, **settings: Any) -> Frame:
        race = self.job(shown, **settings)
        step = min(int(shown), race.steps)
        return Frame(
            descent_svg(race.surface, race.walks, step, STEPS), descent_sentence(race.surface, race.walks, step)
        )

    @property
    def ways(self) -> list[Descent]:
        """The descent of each optimizer: `.points`, `.losses`, `.stopped`."""
        return [walk.way for walk in self.job(**self.drawn).walks]


def _runners(first: str, rate: float, second: str, second_rate: float) -> tuple[tuple[str, float], ...]:
    return ((first, rate),) if second == "none" else ((first, rate), (second, second_rate))


def _place(start: str) -> tuple[float, float]:
    parts = start.replace("−", "-").replace("(", " ").replace(")", " ").split(",")
    try:
        a, b = (float(part) for part in parts)
    except ValueError:
        raise ValueError(f"A start is two numbers, such as 3, −1.5; given was {start!r}.") from None
    if not (math.isfinite(a) and math.isfinite(b) and np.hypot(a, b) <= 1000):
        raise ValueError(f"The start must lie within 1000 of the middle of the map; given was {start!r}.")
    return a, b
