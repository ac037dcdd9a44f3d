"""A deep network under the reader's hand: where its gradient vanishes or explodes, and what helps."""

from ..figures.gradient_flow import flow_sentence, flow_svg
from ..gradient_flow import ACTIVATIONS, INITIALISATIONS, NORMALISATIONS, Flow, measure
from .explorer import Choice, Explorer, Frame, Slider

_ACTIVATIONS = {name.removesuffix(" ReLU"): name for name in ACTIVATIONS}  # short, so that the choice keeps to a line
_CLIPPING = {"off": None, "5": 5.0, "1": 1.0}


class GradientFlow(Explorer):
    """The gradient in each layer of a deep network, live, beside the powers of 0.95 and 1.05."""

    title = "Gradient flow: what reaches the first layer?"
    activation = Choice("σ", options=list(_ACTIVATIONS), label="activation")
    initialisation = Choice("Xavier", options=list(INITIALISATIONS), label="weights")
    scale = Slider(1.0, low=0.1, high=4, step=0.1, label="times", limits=(0.001, 1000))
    depth = Slider(10, low=2, high=30, step=1, label="layers", limits=(2, 30), multiple=1)
    width = Slider(32, low=4, high=64, step=4, label="neurons a layer", limits=(2, 64), multiple=1)
    skip = Choice("no", options=["no", "yes"], label="skip connections")
    normalisation = Choice("none", options=list(NORMALISATIONS), label="normalise")
    clipping = Choice("off", options=list(_CLIPPING), label="clip the joint norm at")

    @property
    def flow(self) -> Flow:
        """The numbers behind the picture, before clipping."""
        return self._measured(**{name: value for name, value in self.drawn.items() if name != "clipping"})

    def _measured(self, depth: float, width: float, activation: str, skip: str, **choices) -> Flow:
        return measure(int(depth), int(width), _ACTIVATIONS[activation], skip=skip == "yes", **choices)

    def draw(self, clipping: str, **values) -> Frame:
        flow, largest = self._measured(**values), _CLIPPING[clipping]
        return Frame(flow_svg(flow, largest), flow_sentence(flow, _described(len(flow.norms), **values), largest))


def _described(layers: int, activation: str, initialisation: str, scale: float, skip: str, normalisation: str, **_):
    times = "" if scale == 1 else f" times {scale:g}"
    with_skip = ", skip connections" if skip == "yes" else ""
    normalised = "" if normalisation == "none" else f", {normalisation} normalisation"
    return f"{layers} layers of {_ACTIVATIONS[activation]} with {initialisation}{times}{with_skip}{normalised}"
