"""How large the gradient is in each layer of a deep network: one forward pass, one backward pass, and a ruler.

flow = measure(depth=20, activation="σ", initialisation="Xavier")
flow.norms        # ‖∂L/∂W‖ of the layers 1 … 20
flow.verdict      # "vanishes"
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .functional import leaky_relu, relu, sigmoid, sqrt, tanh
from .initializers import he_normal, normal, xavier_normal
from .optim import gradient_norm
from .tensor import Tensor

ACTIVATIONS = {"σ": sigmoid, "tanh": tanh, "ReLU": relu, "leaky ReLU": leaky_relu}
INITIALISATIONS = {"Xavier": xavier_normal, "He": he_normal, "N(0, 1)": normal}
NORMALISATIONS = {"none": None, "batch": 0, "layer": 1}  # the axis of z (examples, width) that is brought to size

# The slope of each activation, from its output.
_SLOPES = {
    "σ": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a**2,
    "ReLU": lambda a: np.where(a > 0, 1.0, 0.0),
    "leaky ReLU": lambda a: np.where(a > 0, 1.0, 0.01),
}

# Rules of thumb for ‖∂L/∂W‖ with usual learning rates (0.001 to 0.1), not laws of nature. Inside the first pair steps
# are neither lost beside the weights nor much larger than they are; outside the second nothing is learnt.
HEALTHY = (1e-3, 10.0)
BEARABLE = (1e-6, 1e3)

EXAMPLES = 64


@dataclass(frozen=True)
class Flow:
    """What was measured; each list has an entry for each layer, the first layer first.

    norms : (depth,), ‖∂L/∂W‖. gradients : ∂L/∂a, where a (examples, width) is what a layer gives out.
    slopes : f′(z) for each example and neuron.
    """

    norms: np.ndarray
    gradients: list[np.ndarray]
    slopes: list[np.ndarray]

    @cached_property
    def sizes(self) -> np.ndarray:
        """‖∂L/∂a‖ of each layer."""
        return np.array([gradient_norm([gradient]) for gradient in self.gradients])

    @property
    def factor(self) -> float:
        """γ, by which ‖∂L/∂a‖ is multiplied on the way back through one layer: the geometric mean over all of them."""
        first, last = self.sizes[[0, -1]]
        return float((first / last) ** (1 / (len(self.sizes) - 1))) if last > 0 else float("nan")

    @property
    def verdict(self) -> str:
        """ "vanishes", "explodes", "healthy", or "doubtful" in between."""
        return verdict(self.norms)


def verdict(norms: np.ndarray) -> str:
    """What the gradient norms of a network's layers say about it, by the limits HEALTHY and BEARABLE."""
    low, high = np.min(norms), np.max(norms)
    if not high <= BEARABLE[1]:  # nan and inf too
        return "explodes"
    if low < BEARABLE[0]:
        return "vanishes"
    return "healthy" if low >= HEALTHY[0] and high <= HEALTHY[1] else "doubtful"


def normalise(z: Tensor, axis: int) -> Tensor:
    """(z − mean) / standard deviation along `axis`: 0 for batch normalisation, 1 for layer normalisation.

    Sources: Ioffe and Szegedy, 2015; Ba, Kiros and Hinton, 2016. Both go on with a learnt scale and shift, which start
    at 1 and 0 and are left out here. The small number under the root is theirs; it only matters where all z are equal.
    """
    centred = z - z.mean(axis, keepdims=True)
    return centred / sqrt((centred * centred).mean(axis, keepdims=True) + 1e-5)


def measure(
    depth: int = 10,
    width: int = 32,
    activation: str = "σ",
    initialisation: str = "Xavier",
    *,
    scale: float = 1.0,
    skip: bool = False,
    normalisation: str = "none",
    seed: int = 0,
) -> Flow:
    """The gradients of `depth` layers a = f(a·Wᵀ) of `width` neurons, for random inputs. L is the mean of all outputs.

    activation, initialisation, normalisation : names in ACTIVATIONS, INITIALISATIONS and NORMALISATIONS.
    scale : what the first weights are multiplied by. skip : each layer's input is added to its output.
    The 64 inputs are normally distributed; the weights follow from the seed and are the same for every depth.
    """
    _check(depth, width, scale)
    f, initializer = _named(ACTIVATIONS, activation), _named(INITIALISATIONS, initialisation)
    axis = _named(NORMALISATIONS, normalisation)
    rng = np.random.default_rng(seed)
    a = Tensor(rng.standard_normal((EXAMPLES, width)), requires_grad=False)
    weights = [Tensor(scale * initializer((width, width), rng)) for _ in range(depth)]
    activated, outputs = [], []
    with np.errstate(all="ignore"):  # what overflows is the finding
        for W in weights:
            z = a @ W.T
            if axis is not None:
                z = normalise(z, axis)
            activated.append(f(z))
            a = a + activated[-1] if skip else activated[-1]
            outputs.append(a)
        a.mean().backward()
        return Flow(
            np.array([gradient_norm([W.grad]) for W in weights]),
            [output.grad for output in outputs],
            [_SLOPES[activation](each.data) for each in activated],
        )


def _named(choices: dict, name: str):
    if name not in choices:
        raise ValueError(f"There is no {name!r} here; choose one of {', '.join(choices)}.")
    return choices[name]


def _check(depth: int, width: int, scale: float) -> None:
    for name, number in (("depth", depth), ("width", width)):
        if not (isinstance(number, int) and number >= 2):
            raise ValueError(f"{name} is a whole number of at least 2; given was {number!r}.")
    if not (np.isfinite(scale) and scale > 0):
        raise ValueError(f"scale is what the first weights are multiplied by, larger than 0; given was {scale!r}.")
