"""Step through a computation: forward one value at a time, then backward one wire at a time."""

from __future__ import annotations

from typing import Any

from latex2mathml.converter import convert

from ..expressions import build, names_in, read_values
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
        self._at_rest = _frame(reading, picture, None)
        return [_frame(reading, picture, step) for step in range(len(reading.steps))]

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
        return self.steps_of(build(expression, read_values(numbers)))


def GraphStepper(source: str | Tensor, numbers: str | None = None, **options: Any) -> Explorer:
    """Step through `source`: an expression as text, with `numbers` such as "x = 2, y = 3", or a Tensor.

    A name of the expression without a number starts at 1, 2, 3 … in the order of the names. `groups` (name -> Tensors)
    frames parts of a Tensor's picture.
    """
    if not isinstance(source, str):
        return TensorStepper(source, **options)
    if numbers is None:
        numbers = ", ".join(f"{name} = {k}" for k, name in enumerate(names_in(source), start=1))
    return ExpressionStepper(expression=source, numbers=numbers, **options)


class ChainStepper(Stepper):
    """Two sigmoid neurons in a row, z₁ = w₁·x, h = σ(z₁), z₂ = w₂·h, a = σ(z₂), L = ½(a − y)², step by step."""

    title = "Two neurons in a row"
    expression = "z1 = w1*x; h = sigmoid(z1); z2 = w2*h; a = sigmoid(z2); L = (a - y)**2 / 2"
    numbers = Entry("x = 1, w1 = 0.5, w2 = -0.3, y = 1", label="values")

    def draw(self, numbers: str) -> list[Frame]:
        return self.steps_of(build(self.expression, read_values(numbers), fixed=("x", "y")))
