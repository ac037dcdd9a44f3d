"""What a loss says to a sigmoid neuron: the squared error falls silent where cross-entropy is loudest."""

from ..figures.losses import LOSSES, loss_sentence, loss_svg
from .explorer import Choice, Explorer, Frame, Slider


class LossExplorer(Explorer):
    """The loss over the logit z of a sigmoid neuron, its gradient ∂L/∂z, and the two factors of that gradient."""

    title = "What does the loss say to the neuron?"
    loss = Choice("cross-entropy", options=list(LOSSES), label="loss L")
    z = Slider(0.0, low=-8, high=8, step=0.1, label="logit z")
    y = Slider(1.0, low=0, high=1, step=0.1, label="label y")

    def draw(self, loss: str, z: float, y: float) -> Frame:
        return Frame(loss_svg(loss, z, y), loss_sentence(loss, z, y))
