"""Which textbook mistake produces exactly these wrong gradients?

    from backprop_lib.diagnosis import diagnose
    diagnose(loss, {"W": my_dW, "b": my_db})

`walk.py` walks back through a graph and can do so with a change. `landmarks.py` finds the layers, biases, activations
and losses in it. `bank.py` is the table of mistakes, `places.py` where each can be made and what it changes.
`search.py` looks for the one that gives the claimed numbers, and `verdict.py` says so.
"""

from .bank import MISTAKES, BankTable, Mistake
from .black_box import diagnose_array
from .epsilon import EpsilonCurve, epsilon_curve
from .kinks import Sides, slopes_on_both_sides
from .probes import Probe, suggest_probe
from .replays import gradients_with_mistake
from .report import Diagnosis, Suspect
from .verdict import diagnose
from .zoo import BUG_ZOO, Habitat, Specimen
