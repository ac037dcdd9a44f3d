"""Gradients of a layer as matrices: which product has the right shape, and which the right numbers; what a batch is
the sum of.
"""

from ..figures.batch_sum import EXAMPLES, LOSSES, PARAMETERS, batch_sentence, batch_svg
from ..figures.shape_fitting import FACTORS, SIZES, WANTED, shape_sentence, shape_svg
from .explorer import Choice, Explorer, Frame, Slider


class ShapeFitter(Explorer):
    """Pick two factors of δ, W and A, transposed or not: one light for the shape, one for the gradient check."""

    title = "Z = W·A + b. Which product is the gradient?"
    sizes = Choice(next(iter(SIZES)), options=list(SIZES), label="lengths")
    wanted = Choice("∂L/∂W", options=list(WANTED), label="wanted")
    left = Choice("W", options=FACTORS, label="first")
    right = Choice("δ", options=FACTORS, label="second")

    def draw(self, sizes: str, wanted: str, left: str, right: str) -> Frame:
        choice = (SIZES[sizes], wanted, left, right)
        return Frame(shape_svg(*choice), shape_sentence(*choice))


class BatchSlider(Explorer):
    """Add the gradients of the examples one by one, until their sum is the gradient of the batch."""

    title = "A batch: the gradients of its examples, added up"
    parameter = Choice("W1", options=PARAMETERS, label="parameter")
    loss = Choice("mean", options=LOSSES, label="loss L")
    added = Slider(0, low=0, high=EXAMPLES, step=1, label="added", limits=(0, EXAMPLES), multiple=1)

    def draw(self, parameter: str, loss: str, added: float) -> Frame:
        return Frame(batch_svg(parameter, loss, int(added)), batch_sentence(parameter, loss, int(added)))

    @property
    def saved(self) -> Frame:
        """All examples added: what the slider leads to."""
        return self.draw(self.parameter, self.loss, EXAMPLES)
