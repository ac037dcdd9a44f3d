"""One layer, Z = W·A + b, whose δ = ∂L/∂Z has arrived: which product of two matrices is ∂L/∂W, which is ∂L/∂A?

Every number is whole, so that each product can be redone in the head.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..gradcheck import numerical_gradient
from .graph_svg import QUIET
from .matrices import CELL, frame, grid, light, shape_text
from .sketch import document, text

SIZES = {  # inputs, neurons, examples
    "different": (2, 3, 4),
    "square W": (3, 3, 4),
    "equal": (3, 3, 3),
}
WANTED = {"∂L/∂W": "W", "∂L/∂A": "A"}
FACTORS = ("δ", "δᵀ", "W", "Wᵀ", "A", "Aᵀ")

_W = np.array([[1, -2, 1], [0, 3, -1], [2, 1, 2]])
_A = np.array([[1, 0, 2, -1], [3, 1, -1, 2], [1, 2, 0, -3]])
_DELTA = np.array([[1, -1, 0, 2], [0, 2, -1, 1], [-2, 1, 1, 0]])


def layer(inputs: int, neurons: int, examples: int) -> dict[str, np.ndarray]:
    """W (neurons, inputs), A (inputs, examples) and δ = ∂L/∂Z (neurons, examples); at most 3, 3 and 4."""
    values = {"W": _W[:neurons, :inputs], "A": _A[:inputs, :examples], "δ": _DELTA[:neurons, :examples]}
    return {name: array.astype(float) for name, array in values.items()}


@dataclass(frozen=True)
class Fit:
    """What comes of a choice. product : None where the two cannot be multiplied; wrong : which entries are not those
    of the gradient, None where the shape is another one.
    """

    wanted: str
    left: np.ndarray
    right: np.ndarray
    product: np.ndarray | None
    gradient: np.ndarray
    wrong: np.ndarray | None

    @property
    def shape_fits(self) -> bool:
        return self.wrong is not None

    @property
    def gradient_fits(self) -> bool:
        return self.wrong is not None and not self.wrong.any()


@cache
def measured(inputs: int, neurons: int, examples: int, wanted: str) -> np.ndarray:
    """∂L/∂W or ∂L/∂A by nudging each entry. L is ½ the sum of (Z − Y)², with targets Y such that ∂L/∂Z is δ."""
    values = layer(inputs, neurons, examples)
    target = values["W"] @ values["A"] - values["δ"]
    name = WANTED[wanted]

    def loss(moved: np.ndarray) -> float:
        now = {**values, name: moved}
        return float(((now["W"] @ now["A"] - target) ** 2).sum() / 2)

    return numerical_gradient(loss, values[name])


def fit(sizes: tuple[int, int, int], wanted: str, left: str, right: str) -> Fit:
    """The product of two factors ("δ", "Wᵀ", …), held against the measured gradient."""
    values = layer(*sizes)
    factors = [values[name[0]].T if name.endswith("ᵀ") else values[name[0]] for name in (left, right)]
    gradient = measured(*sizes, wanted)
    product = factors[0] @ factors[1] if factors[0].shape[1] == factors[1].shape[0] else None
    wrong = None
    if product is not None and product.shape == gradient.shape:
        wrong = ~np.isclose(product, gradient, rtol=1e-6, atol=1e-6)
    return Fit(wanted, factors[0], factors[1], product, gradient, wrong)


def fitting(sizes: tuple[int, int, int], wanted: str) -> tuple[int, int]:
    """Of all pairs of factors, how many give the right shape, and how many the right gradient."""
    fits = [fit(sizes, wanted, left, right) for left in FACTORS for right in FACTORS]
    return sum(each.shape_fits for each in fits), sum(each.gradient_fits for each in fits)


_TOP = 62.0
_SLOTS = (20.0, 216.0, 422.0, 684.0)


def shape_svg(sizes: tuple[int, int, int], wanted: str, left: str, right: str) -> str:
    """The two factors, their product, and the gradient as measured; below, a light for the shape and one for the
    gradient check.
    """
    found = fit(sizes, wanted, left, right)
    name = WANTED[wanted]
    pieces = []
    for x, factor, array in ((_SLOTS[0], left, found.left), (_SLOTS[1], right, found.right)):
        pieces.append(text(x, 26, factor, size=16))
        pieces.append(text(x, 46, shape_text(array)))
        pieces.append(grid(x, _TOP, array, gradient=factor.startswith("δ")))
    pieces.append(text(_SLOTS[1] - 24, _TOP + 40, "·", size=20))
    pieces.append(text(_SLOTS[2] - 28, _TOP + 40, "=", size=18))
    pieces.append(_product(found, left, right))
    pieces.append(text(_SLOTS[3], 26, f"{wanted}, measured", size=16))
    pieces.append(text(_SLOTS[3], 46, shape_text(found.gradient)))
    pieces.append(grid(_SLOTS[3], _TOP, np.round(found.gradient, 6), gradient=True))
    pieces.append(light(32, 236, found.shape_fits, "Shape:", _shape_words(found, name)))
    pieces.append(light(32, 272, found.gradient_fits, "Gradient check:", _check_words(found)))
    inputs, neurons, examples = sizes
    pieces.append(text(_SLOTS[3], 240.5, f"{inputs} inputs, {neurons} neurons,", colour=QUIET))
    pieces.append(text(_SLOTS[3], 258.5, f"{examples} examples", colour=QUIET))
    return document(840, 296, *pieces)


def _product(found: Fit, left: str, right: str) -> str:
    x = _SLOTS[2]
    title = text(x, 26, f"{left} · {right}", size=16)
    if found.product is None:
        inner = f"{found.left.shape[1]} columns, {found.right.shape[0]} rows:"
        words = text(x + 10, _TOP + 40, inner) + text(x + 10, _TOP + 58, "no product")
        return title + frame(x, _TOP, 5 * CELL, 3 * CELL, empty=True) + words
    return (
        title + text(x, 46, shape_text(found.product)) + grid(x, _TOP, found.product, gradient=True, wrong=found.wrong)
    )


def _shape_words(found: Fit, name: str) -> str:
    wanted = f"{name} has {shape_text(found.gradient)}"
    if found.product is None:
        return f"there is no product; {wanted}"
    same = "as" if found.shape_fits else "but"
    return f"{shape_text(found.product)}, {same} {wanted}"


def _check_words(found: Fit) -> str:
    if found.wrong is None:
        return "nothing to compare"
    if found.gradient_fits:
        return f"all {found.wrong.size} entries agree with the nudges"
    return f"{int(found.wrong.sum())} of {found.wrong.size} entries disagree with the nudges"


def shape_sentence(sizes: tuple[int, int, int], wanted: str, left: str, right: str) -> str:
    """What the picture shows, in one sentence."""
    found = fit(sizes, wanted, left, right)
    name = WANTED[wanted]
    product = f"{left} · {right}, that is {shape_text(found.left)} · {shape_text(found.right)}"
    if found.product is None:
        return f"For {wanted}: {product}, cannot be multiplied; the gradient needs the shape of {name}, " + (
            f"{shape_text(found.gradient)}."
        )
    got = f"For {wanted}: {product}, gives {shape_text(found.product)}"
    if found.wrong is None:
        return f"{got}, but {name} has the shape {shape_text(found.gradient)}."
    return f"{got}, the shape of {name}, and {_check_words(found)}."
