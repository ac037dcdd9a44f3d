"""The chain rule under one's own hand: a ratio that becomes a slope, slopes that multiply, effects that add."""

from ..figures.nudges import (
    CURVES,
    gears_sentence,
    gears_svg,
    secant_sentence,
    secant_svg,
    two_paths_sentence,
    two_paths_svg,
)
from .explorer import Choice, Explorer, Frame, Slider


class SecantNudger(Explorer):
    """Nudge x by Δx: the secant turns into the tangent, Δy / Δx into the slope."""

    title = "From a nudge to a slope"
    curve = Choice("x²", options=list(CURVES), label="y")
    x = Slider(2.0, low=-1, high=3, step=0.1, label="x")
    nudge = Slider(0.5, low=-1, high=1, step=0.01, label="Δx")

    def draw(self, curve: str, x: float, nudge: float) -> Frame:
        return Frame(secant_svg(curve, x, nudge), secant_sentence(curve, x, nudge))


class GearTrain(Explorer):
    """x turns u, u turns v, v turns y: the slopes along the chain multiply."""

    title = "A train of gears: slopes multiply"
    nudge = Slider(0.5, low=-1, high=1, step=0.05, label="Δx")
    first = Slider(2.0, low=-3, high=3, step=0.1, label="∂u/∂x")
    second = Slider(0.5, low=-3, high=3, step=0.1, label="∂v/∂u")
    third = Slider(3.0, low=-3, high=3, step=0.1, label="∂y/∂v")

    def draw(self, nudge: float, first: float, second: float, third: float) -> Frame:
        slopes = (first, second, third)
        return Frame(gears_svg(nudge, slopes), gears_sentence(nudge, slopes))


class TwoPaths(Explorer):
    """x reaches y by two paths, u = 2x and v = x²: what the paths bring is added."""

    title = "Two paths: effects add"
    x = Slider(3.0, low=-3, high=3, step=0.1, label="x")
    nudge = Slider(0.1, low=-1, high=1, step=0.01, label="Δx")

    def draw(self, x: float, nudge: float) -> Frame:
        return Frame(two_paths_svg(x, nudge), two_paths_sentence(x, nudge))
