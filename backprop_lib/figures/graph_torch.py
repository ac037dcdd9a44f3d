"""The same computation as PyTorch code that runs, and that finds the same gradients."""

import builtins
import keyword
import unicodedata
from typing import Any

import numpy as np

from ..graph import Graph
from ..tensor import Tensor
from .notation import fill, notation_of, torch_dtype
from .reading import Reading, clean_text, reading_of

_OPERATORS = ("add", "subtract", "multiply", "divide", "power")


def graph_torch_code(
    graph: Graph | Tensor | Reading, step: int | None = None, *, digits: int = 6, gradient: Any = None
) -> str:
    """PyTorch code for a graph: the leaves, each operation, the backward pass, and every gradient printed.

    It runs as it is. The leaves' numbers are written with every digit, so the gradients agree as far as the arithmetic
    does; the comments show them with the reading's digits. `step`: the line that this step of `Graph.steps()` is about
    is marked. The other arguments are those of `graph_svg`. Raises ValueError for an operation that PyTorch lacks.
    """
    reading = reading_of(graph, digits, gradient)
    names = torch_names(reading)
    state = reading.state(step)
    lines: list[tuple[str, int | None, str]] = []  # code, node, phase
    leaves: list[tuple[str, int | None, str]] = []
    inner: list[tuple[str, int | None, str]] = []
    for k, node in enumerate(reading.nodes):
        if k not in names:
            continue
        code = f"{names[k]} = {_leaf(node) if node.operation is None else _expression(reading, k, names)}"
        comment = _comment(reading.text(np.asarray(node.data)), reading.names[k], names[k])
        (leaves if node.operation is None else inner).append((f"{code}  # {comment}", k, "forward"))
    lines += [*leaves, ("", None, ""), *inner]
    if reading.has_backward:
        kept = [names[k] for k in sorted(reading.state().totals) if reading.nodes[k].operation is not None]
        lines.append(("", None, ""))
        for name in kept:
            lines.append((f"{name}.retain_grad()", None, ""))
        lines.append((f"{names[reading.output]}.backward({_seed(reading)})", reading.output, "seed"))
        lines.append(("", None, ""))
        for k in reading.state().totals:
            known = reading.text(state.totals[k]) if k in state.totals else "not reached yet"
            what = f"d{names[reading.output]}/d{names[k]}"
            lines.append((f'print("{what} =", {names[k]}.grad)  # {_comment(known)}', k, "backward"))
    body = []
    for code, about_node, phase in lines:
        here = state.node is not None and state.node == about_node
        about = phase == state.phase or (phase == "seed" and state.phase == "backward" and state.link is None)
        body.append(f"{code}  ◀ this step" if here and about and phase != "seed" else code)
    head = ["import torch"]
    if any("F." in code for code in body):
        head.append("import torch.nn.functional as F")
    return "\n".join([*head, "", *body]).rstrip() + "\n"


def torch_names(reading: Reading) -> dict[int, str]:
    """A valid and unused Python name for each node that the code names; numbers written into an operation have none."""
    inline = _inline_constants(reading)
    taken = {"torch", "F", *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
    names: dict[int, str] = {}
    for k in range(len(reading.nodes)):
        if k in inline:
            continue
        name = _identifier(reading.names[k])
        count = 2
        chosen = name
        while chosen in taken:
            chosen = f"{name}_{count}"
            count += 1
        taken.add(chosen)
        names[k] = chosen
    return names


def _identifier(name: str) -> str:
    """A name in letters that Python accepts: ŷ becomes y_hat, w·x becomes w_x."""
    letters = []
    for character in clean_text(name).replace("−", "_minus_").replace("+", "_plus_"):
        plain = unicodedata.normalize("NFD", character)
        if len(plain) == 2 and plain[1] == "\N{COMBINING CIRCUMFLEX ACCENT}":
            letters.append(f"{plain[0]}_hat")
        elif character.isascii() and (character.isalnum() or character == "_"):
            letters.append(character)
        elif unicodedata.name(character, "").startswith("GREEK SMALL LETTER ") and character.isidentifier():
            letters.append(unicodedata.name(character).split()[3].lower())
        elif character in "²³":
            letters.append("_squared" if character == "²" else "_cubed")
        else:
            letters.append(" ")
    identifier = "_".join("".join(letters).replace("_", " ").split())[:40]
    if not identifier:
        return "t"
    return identifier if not identifier[0].isdigit() else f"t_{identifier}"


def _inline_constants(reading: Reading) -> set[int]:
    """Constants that stand in the code as numbers: PyTorch takes them beside a tensor in + − × ÷ and powers."""
    inline = {k for k, constant in enumerate(reading.constant) if constant and reading.nodes[k].ndim == 0}
    for k, node in enumerate(reading.nodes):
        mine = [i for i in reading.inputs[k] if i in inline]
        assert not mine or node.operation is not None
        if mine and (node.operation.name not in _OPERATORS or len(mine) > 1):
            inline.difference_update(mine)
    return {k for k in inline if k != reading.output and np.isfinite(reading.nodes[k].item())}


def _expression(reading: Reading, k: int, names: dict[int, str]) -> str:
    node = reading.nodes[k]
    inputs = []
    for i in reading.inputs[k]:
        value = reading.nodes[i]
        inputs.append(names[i] if i in names else _literal(value.item()))
    return fill(notation_of(node).torch, inputs, node)


def _literal(value: float) -> str:
    written = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return written if value >= 0 else f"({written})"


def _leaf(node: Tensor) -> str:
    return _array(np.asarray(node.data), node, ", requires_grad=True" if node.requires_grad else "")


def _array(array: np.ndarray, node: Tensor, options: str = "") -> str:
    if not array.size:
        return f"torch.zeros({array.shape}, dtype={torch_dtype(node)}{options})"
    numbers = repr(array.tolist())
    for word in ("nan", "inf"):
        numbers = numbers.replace(word, f'float("{word}")')
    return f"torch.tensor({numbers}, dtype={torch_dtype(node)}{options})"


def _seed(reading: Reading) -> str:
    node, gradient = reading.graph.output, reading.gradient
    if gradient is None:
        return ""
    return _array(np.array(gradient.data if isinstance(gradient, Tensor) else gradient, dtype=node.dtype), node)


def _comment(text: str, name: str = "", identifier: str = "") -> str:
    """A number for a comment, after the name that the other readers use where the code's name differs."""
    return clean_text(text if name == identifier or not name else f"{name}: {text}")
