"""Pictures that answer: controls move, a pure function runs, one picture changes. Needs anywidget and ipywidgets."""

from .bug_zoo import BugZoo
from .descent_path import DescentPath
from .explorer import Choice, Entry, Explorer, Frame, Slider, button
from .gradient_checks import EpsilonSlider
from .gradient_flow import GradientFlow
from .losses import LossExplorer
from .matrices import BatchSlider, ShapeFitter
from .neuron import NeuronNudge
from .nudges import GearTrain, SecantNudger, TwoPaths
from .saturation import SaturationExplorer
from .stepper import ChainStepper, GraphStepper
from .training_film import TrainingFilm
from .xor_lab import XORLab

__all__ = [
    "BatchSlider",
    "BugZoo",
    "ChainStepper",
    "Choice",
    "DescentPath",
    "Entry",
    "EpsilonSlider",
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
    "XORLab",
    "button",
]
