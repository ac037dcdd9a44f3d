"""Pictures that answer: controls move, a pure function runs, one picture changes. Needs anywidget and ipywidgets."""

from .explorer import Choice, Entry, Explorer, Frame, Slider, button
from .losses import LossExplorer
from .neuron import NeuronNudge
from .nudges import GearTrain, SecantNudger, TwoPaths
from .saturation import SaturationExplorer
from .stepper import ChainStepper, GraphStepper
from .training_film import TrainingFilm

__all__ = [
    "ChainStepper",
    "Choice",
    "Entry",
    "Explorer",
    "Frame",
    "GearTrain",
    "GraphStepper",
    "LossExplorer",
    "NeuronNudge",
    "SaturationExplorer",
    "SecantNudger",
    "Slider",
    "TrainingFilm",
    "TwoPaths",
    "button",
]
