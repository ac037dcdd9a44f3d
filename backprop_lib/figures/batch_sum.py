"""A batch of four through a 2–3–1 network: the gradient of each example, and what they add up to.

The network is ReLU, then sigmoid with binary cross-entropy; an example is a column. Every gradient is the engine's.
"""

from functools import cache

import numpy as np

from ..functional import binary_cross_entropy_with_logits, relu
from ..tensor import Tensor
from .graph_svg import GRADIENT, INK, QUIET
from .matrices import frame, grid, shape_text, table_text
from .sketch import document, line, text, value_text

WEIGHTS = {
    "W1": np.array([[0.2, 0.3], [0.4, -0.2], [-0.3, 0.2]]),
    "b1": np.array([[0.1], [0.1], [0.1]]),
    "W2": np.array([[0.1, 0.2, -0.5]]),
    "b2": np.array([[0.1]]),
}
X = np.array([[1.0, 0.0, -1.0, 2.0], [0.5, 1.0, 1.0, -1.0]])
Y = np.array([[1.0, 0.0, 0.0, 1.0]])
EXAMPLES = X.shape[1]
PARAMETERS = tuple(WEIGHTS)
LOSSES = ("mean", "sum")


def gradients(columns: list[int], loss: str) -> dict[str, np.ndarray]:
    """The gradients of the loss over these examples, "mean" or "sum" of their losses, from one walk back."""
    leaves = {name: Tensor(value, name=name) for name, value in WEIGHTS.items()}
    hidden = relu(leaves["W1"] @ X[:, columns] + leaves["b1"])
    logits = leaves["W2"] @ hidden + leaves["b2"]
    mean = binary_cross_entropy_with_logits(logits, Y[:, columns])
    (mean if loss == "mean" else mean * len(columns)).backward()
    return {name: leaf.grad for name, leaf in leaves.items()}


@cache
def shares(parameter: str, loss: str) -> list[np.ndarray]:
    """What each example brings to the gradient of a parameter: with the mean, a fourth of its own gradient."""
    return [gradients([k], "sum")[parameter] / (EXAMPLES if loss == "mean" else 1) for k in range(EXAMPLES)]


def running_sum(parameter: str, loss: str, added: int) -> np.ndarray:
    """The sum of the first shares."""
    return np.sum([np.zeros_like(WEIGHTS[parameter]), *shares(parameter, loss)[:added]], axis=0)


@cache
def whole(parameter: str, loss: str) -> np.ndarray:
    """The gradient of the loss over the whole batch, which knows nothing of single examples."""
    return gradients(list(range(EXAMPLES)), loss)[parameter]


_LEFT, _COLUMN, _CELL, _ROW = 16.0, 187.0, 60.0, 30.0


def batch_svg(parameter: str, loss: str, added: int) -> str:
    """Above, what each example brings, those that are added already in full; below, their sum beside the gradient of
    the whole batch.
    """
    pieces = []
    for k, share in enumerate(shares(parameter, loss)):
        x, now = _LEFT + k * _COLUMN, k < added
        pieces.append(text(x, 26, f"example {k}" + (", added" if now else ""), colour=INK if now else QUIET, size=14))
        inputs = ", ".join(value_text(float(v)) for v in X[:, k])
        pieces.append(text(x, 45, f"x = ({inputs}), y = {Y[0, k]:g}", colour=INK if now else QUIET))
        rows, columns = share.shape
        pieces.append(_grid(x, 56, share) if now else frame(x, 56, columns * _CELL, rows * _ROW, empty=True))
    terms = "each is ¼ of the example’s own gradient" if loss == "mean" else "each is the example’s own gradient"
    pieces.append(line(_LEFT, 158, 744, 158, stroke=QUIET))
    pieces.append(text(_LEFT, 184, _TITLES[added], size=14))
    pieces.append(text(_LEFT, 203, terms, colour=QUIET))
    pieces.append(_grid(_LEFT, 214, running_sum(parameter, loss, added)))
    x = _LEFT + 2 * _COLUMN
    total = whole(parameter, loss)
    pieces.append(text(x, 184, f"∂L/∂{parameter} of the whole batch {shape_text(total)}", size=14))
    pieces.append(text(x, 203, f"L is the {loss} of the losses; in one go: {_IN_ONE_GO[parameter]}", colour=QUIET))
    pieces.append(_grid(x, 214, total))
    sign = "=" if np.allclose(running_sum(parameter, loss, added), total, rtol=1e-9, atol=1e-12) else "≠"
    pieces.append(text(_LEFT + 1.5 * _COLUMN, 214 + 24, sign, anchor="middle", size=26, colour=GRADIENT))
    return document(760, 316, *pieces)


def _grid(x: float, y: float, array: np.ndarray) -> str:
    return grid(x, y, np.round(array, 4) + 0.0, gradient=True, digits=6, width=_CELL, height=_ROW)


_TITLES = ("nothing added yet", "example 0 alone", "sum of the first two", "sum of the first three", "sum of all four")
_IN_ONE_GO = {"W1": "δ1 · Xᵀ", "b1": "columns of δ1, added", "W2": "δ2 · A1ᵀ", "b2": "columns of δ2, added"}


def _first(added: int) -> str:
    names = [str(k) for k in range(added)]
    return f"Examples {', '.join(names[:-1])} and {names[-1]}"


def batch_sentence(parameter: str, loss: str, added: int) -> str:
    """What the picture shows, in one sentence."""
    total = table_text(np.round(whole(parameter, loss), 6) + 0.0)
    name = f"∂L/∂{parameter}"
    if not added:
        return f"No example is added yet; {name} of the whole batch, with the {loss} of the losses, is {total}."
    now = table_text(np.round(running_sum(parameter, loss, added), 6) + 0.0)
    if added == EXAMPLES:
        return f"All {EXAMPLES} examples together bring {now}, which is {name} of the {loss} of their losses."
    who = "Example 0 alone brings" if added == 1 else f"{_first(added)} together bring"
    return f"{who} {now}; {name} of the whole batch is {total}."
