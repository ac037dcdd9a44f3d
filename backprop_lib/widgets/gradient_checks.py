"""The step of a measured slope, under one's own hand."""

from ..figures.gradient_checks import (
    CURVES,
    LARGEST,
    METHODS,
    PRECISIONS,
    SMALLEST,
    Measured,
    epsilon_sentence,
    epsilon_svg,
    measured,
    step_of,
)
from .explorer import Choice, Explorer, Frame, Slider


class EpsilonSlider(Explorer):
    """Measure a slope with ε = 10⁻ᵏ: the function from as near as ε, the error, and the digits that are left."""

    title = "How small a step? Measuring a slope with ε = 10⁻ᵏ"
    function = Choice("x³ at 2", options=list(CURVES), label="function")
    method = Choice("centred", options=METHODS, label="difference")
    precision = Choice("float64", options=list(PRECISIONS), label="numbers")
    k = Slider(
        1.0, low=LARGEST, high=SMALLEST, step=0.5, label="k in ε = 10⁻ᵏ", limits=(LARGEST, SMALLEST), multiple=0.5
    )

    @property
    def epsilon(self) -> float:
        """The step of the picture: 10⁻ᵏ, or 3 · 10⁻ᵏ⁻¹ᐟ² for a k halfway between two whole ones."""
        return step_of(self.drawn["k"])

    @property
    def measured(self) -> Measured:
        """The numbers behind the picture."""
        shown = self.drawn
        return measured(CURVES[shown["function"]], shown["method"], shown["precision"], self.epsilon)

    def draw(self, function: str, method: str, precision: str, k: float) -> Frame:
        return Frame(epsilon_svg(function, method, precision, k), epsilon_sentence(function, method, precision, k))
