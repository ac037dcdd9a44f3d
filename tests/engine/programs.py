"""Random programs: a list of instructions that NumPy, the engine and PyTorch can all carry out.

A program starts from a few leaves and adds one value after another, each made of values that are there already. Every
instruction keeps its result within about ±3, so a program of any length stays in a reasonable range.
"""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from .cases import numbers

LEAF_SHAPES = [(), (3,), (2, 3), (2, 1), (1, 3), (3, 3)]


class Instruction(NamedTuple):
    name: str
    operands: tuple[int, ...]  # positions in the list of values; taken modulo its length
    choice: int  # an axis, an index, …


def fits(name, shapes):
    try:
        shape = np.broadcast_shapes(*shapes) if name != "matmul" else np.zeros(shapes[0]) @ np.zeros(shapes[1])
    except ValueError:
        return False
    return name == "matmul" or len(shape) <= 3


def arithmetic(np, name, values, choice):
    """Carry out one instruction in the vocabulary that NumPy, the engine and PyTorch share."""
    a, b = values[0], values[-1]
    axis = choice % a.ndim if a.ndim else None
    match name:
        case "add":
            return (a + b) * 0.5
        case "subtract":
            return (a - b) * 0.5
        case "multiply":
            return a * b * 0.3
        case "divide":
            return a / (b * b + 1.0)
        case "power":
            return (a * a + 0.5) ** (b * 0.2)
        case "matmul":
            return (a @ b) * 0.2
        case "tanh":
            return np.tanh(a)
        case "sin":
            return np.sin(a)
        case "cos":
            return np.cos(a)
        case "exp":
            return np.exp(a * 0.3)
        case "log":
            return np.log(a * a + 1.0)
        case "sqrt":
            return np.sqrt(a * a + 0.3)
        case "number":
            return 1.5 - a / 2 + 0.1 / (a * a + 1)
        case "sum":
            return a.sum() * 0.3 if axis is None else a.sum(axis) * 0.3
        case "mean":
            return a.mean() if axis is None else a.mean(axis)
        case "transpose":
            return a.T if a.ndim == 2 else a
        case "index":
            return a if axis is None else a[choice % a.shape[0]]
        case "slice":
            return a if axis is None else a[: 1 + choice % a.shape[0]]
        case "repeat":
            return a if axis is None else a[[0, 0, -1]]
        case "reshape":
            return a.reshape(-1)
        case "new axis":
            return a[None] if a.ndim < 3 else a


ONE = ["tanh", "sin", "cos", "exp", "log", "sqrt", "number", "sum", "mean", "transpose", "index", "slice", "repeat",
       "reshape", "new axis"]  # fmt: skip
TWO = ["add", "subtract", "multiply", "divide", "power", "matmul"]


@st.composite
def programs(draw, longest=12):
    instructions = []
    for _ in range(draw(st.integers(1, longest))):
        name = draw(st.sampled_from(ONE + TWO + TWO))
        operands = draw(st.tuples(*[st.integers(0, 40)] * (2 if name in TWO else 1)))
        instructions.append(Instruction(name, operands, draw(st.integers(0, 5))))
    shapes = draw(st.lists(st.sampled_from(LEAF_SHAPES), min_size=1, max_size=4))
    return instructions, [numbers(shape, key=i) for i, shape in enumerate(shapes)]


def carry_out(instructions, leaves, np=np, add_up=True):
    """All values, the leaves first; with add_up the last one is a single number that depends on every one before."""
    values = list(leaves)
    for name, operands, choice in instructions:
        chosen = [values[i % len(values)] for i in operands]
        if name in TWO and not fits(name, [tuple(v.shape) for v in chosen]):
            continue
        values.append(arithmetic(np, name, chosen, choice))
    if add_up:
        total = 0.0
        for k, value in enumerate(values):
            total = total + value.sum() * (0.3 + 0.1 * (k % 4))
        values.append(total)
    return values
