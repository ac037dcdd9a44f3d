"""Step through a computation: forward one value at a time, then backward one wire at a time."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from latex2mathml.converter import convert

from ..expressions import ExpressionError, build, names_in, read_values
from ..figures import GraphPicture, Reading, graph_latex, graph_table
from ..graph import Graph
from ..tensor import Tensor
from .explorer import Entry, Explorer, Frame

_LONGEST_DERIVATION = 40  # steps; above that the table has to do


class Stepper(Explorer):
    """Steps through a graph: forward, then backward."""

    def steps_of(self, output: Tensor, groups: dict | None = None) -> list[Frame]:
        """One frame for each step of `Graph(output).steps()`: picture, sentence, and the table and derivation so far.

        All four are made from the same `Reading`, so they cannot say different things.
        """
        reading = Reading(Graph(output))
        picture = GraphPicture(reading, groups)
        at_rest, *frames = (_frame(reading, picture, step) for step in (None, *range(len(reading.steps))))
        self._at_rest = at_rest  # not before all of them are there
        return frames

    @property
    def saved(self) -> Frame:
        """Every value and gradient at once."""
        assert self.frames  # looking at them draws them, if nobody has yet
        return self._at_rest


def _frame(reading: Reading, picture: GraphPicture, step: int | None) -> Frame:
    parts = [f"<details open><summary>Table</summary>{graph_table(reading, step).html}</details>"]
    # A page that does not trust the notebook takes MathML apart, so what is saved has the table only.
    if step is not None and len(reading.steps) <= _LONGEST_DERIVATION:
        # The converter knows neither `aligned` nor extra room between rows.
        latex = graph_latex(reading, step).replace("{aligned}", "{align*}").replace("[4pt]", "")
        derivation = convert(latex, display="block")
        parts.append(f"<details><summary>Derivation by hand</summary>{derivation}</details>")
    return Frame(picture.svg(step), reading.sentence(step), "".join(parts))


class TensorStepper(Stepper):
    """The steps of a computation that exists already, at its present values."""

    title = "Step through the graph"

    def __init__(self, output: Tensor, groups: dict | None = None, **values: Any):
        if not isinstance(output, Tensor):
            raise TypeError(
                f"A stepper needs a Tensor or an expression as text; given was {type(output).__name__}. "
                'Try GraphStepper("(x + y) * z", "x = -2, y = 5, z = -4").'
            )
        self._output, self._groups = output, groups
        super().__init__(**values)

    def draw(self, **values: Any) -> list[Frame]:
        return self.steps_of(self._output, self._groups)


class ExpressionStepper(Stepper):
    """The steps of an expression that the reader types, with the values that the reader gives."""

    title = "Step through your own expression"
    expression = Entry("(x + y) * z", label="expression")
    numbers = Entry("x = -2, y = 5, z = -4", label="values")

    def draw(self, expression: str, numbers: str) -> list[Frame]:
        """Raises ExpressionError, whose sentence the page shows, for a text that is no expression."""
        return self.steps_of(_typed(expression, numbers))


def GraphStepper(source: str | Tensor, numbers: str | None = None, **options: Any) -> Explorer:
    """Step through `source`: an expression as text, with `numbers` such as "x = 2, y = 3", or a Tensor.

    The names of the expression without a number start at 1, 2, 3 … in their order. `groups` (name -> Tensors)
    frames parts of a Tensor's picture.
    """
    if not isinstance(source, str):
        if numbers is not None:
            raise TypeError(f"A Tensor has its values already; given was {numbers!r}. Numbers belong to a text.")
        return TensorStepper(source, **options)
    numbers = numbers or ""
    missing = [name for name in names_in(source) if name not in read_values(numbers)]
    parts = [numbers.strip(" ,;")] if numbers.strip(" ,;") else []
    parts += [f"{name} = {k}" for k, name in enumerate(missing, start=1)]
    return ExpressionStepper(expression=source, numbers=", ".join(parts), **options)


class ChainStepper(Stepper):
    """Two sigmoid neurons in a row, z₁ = w₁·x, h = σ(z₁), z₂ = w₂·h, a = σ(z₂), L = ½(a − y)², step by step."""

    title = "Two neurons in a row"
    expression = "z1 = w1*x; h = sigmoid(z1); z2 = w2*h; a = sigmoid(z2); L = (a - y)**2 / 2"
    numbers = Entry("x = 1, w1 = 0.5, w2 = -0.3, y = 1", label="values")

    def draw(self, numbers: str) -> list[Frame]:
        return self.steps_of(_typed(self.expression, numbers, fixed=("x", "y")))


def _typed(expression: str, numbers: str, fixed: Collection[str] = ()) -> Tensor:
    """The output of the expression. Raises ExpressionError where it or a gradient in it has no finite value."""
    output = build(expression, read_values(numbers), fixed)
    with np.errstate(all="ignore"):
        for step in Graph(output).steps():
            if step.total is not None and not np.isfinite(step.total):
                here = f"of {step.node.name} " if step.node.name else ""
                raise ExpressionError(f"At these values the gradient {here}is no finite number. Choose others.")
    return output
