"""Pictures that answer: controls move, a pure function runs, one picture changes. Needs anywidget and ipywidgets."""

from .explorer import Choice, Entry, Explorer, Frame, Slider, button
from .gradient_flow import GradientFlow
from .losses import LossExplorer
from .matrices import BatchSlider, ShapeFitter
from .neuron import NeuronNudge
from .nudges import GearTrain, SecantNudger, TwoPaths
from .saturation import SaturationExplorer
from .stepper import ChainStepper, GraphStepper
from .training_film import TrainingFilm

__all__ = [
    "BatchSlider",
    "ChainStepper",
    "Choice",
    "Entry",
    "Explorer",
    "Frame",
    "GearTrain",
    "GradientFlow",
    "GraphStepper",
    "LossExplorer",
    "NeuronNudge",
    "SaturationExplorer",
    "SecantNudger",
    "ShapeFitter",
    "Slider",
    "TrainingFilm",
    "TwoPaths",
    "button",
]
