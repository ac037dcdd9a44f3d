"""Where an activation function is flat, and what a stack of such layers does to a gradient."""

from ..figures.saturation import ACTIVATIONS, saturation_sentence, saturation_svg
from .explorer import Choice, Explorer, Frame, Slider


class SaturationExplorer(Explorer):
    """σ, tanh or ReLU with tangent and slope at a movable point, and the product of `depth` such slopes."""

    title = "Saturation: how steep is the activation function here?"
    function = Choice("σ", options=list(ACTIVATIONS), label="function")
    z = Slider(0.0, low=-6, high=6, step=0.1, label="z", limits=(-10, 10))  # beyond, 1 − tanh² loses its digits
    depth = Slider(10, low=1, high=20, step=1, label="layers", limits=(1, 20), multiple=1)

    def draw(self, function: str, z: float, depth: float) -> Frame:
        layers = int(depth)
        return Frame(saturation_svg(function, z, layers), saturation_sentence(function, z, layers))
