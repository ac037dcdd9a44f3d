"""The same computation as PyTorch code that runs, and that finds the same gradients."""

import builtins
import keyword
import unicodedata
from typing import Any

import numpy as np

from ..graph import Graph
from ..tensor import Tensor
from .notation import fill, notation_of, torch_array, torch_dtype
from .reading import Reading, State, clean_text, reading_of

_OPERATORS = ("add", "subtract", "multiply", "divide", "power")
_OF_ONE_TYPE = (  # PyTorch takes inputs of two types, such as float32 and float64, in all others
    "matmul", "mean_squared_error", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy",
)  # fmt: skip
_LATER = "not reached yet"


def graph_torch_code(
    graph: Graph | Tensor | Reading, step: int | None = None, *, digits: int | None = None, gradient: Any = None
) -> str:
    """PyTorch code for a graph: the leaves, each operation, the backward pass, and every gradient printed.

    It runs as it is. The leaves' numbers are written with every digit, so the gradients agree as far as the arithmetic
    does; the comments show them with the reading's digits, and say where PyTorch chooses another number. `step`: the
    line that this step of `Graph.steps()` is about is marked, and what is computed later is not shown yet. The other
    arguments are those of `graph_svg`; digits are 6 if not given. Raises ValueError for an operation that PyTorch does
    not have.
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
        known = reading.text(state.values[k]) if k in state.values else _LATER
        comment = _comment(known, reading.names[k], names[k]) + _differs(node)
        (leaves if node.operation is None else inner).append((f"{code}  # {comment}", k, "forward"))
    lines += [*leaves, ("", None, ""), *inner]
    if reading.has_backward:
        kept = [names[k] for k in sorted(reading.state().totals) if reading.nodes[k].operation is not None]
        lines.append(("", None, ""))
        for name in kept:
            lines.append((f"{name}.retain_grad()", None, ""))
        lines.append((f"{names[reading.output]}.backward({_seed(reading)})", None, ""))
        lines.append(("", None, ""))
        for k in reading.state().totals:
            known = reading.gradient_text(k, state) or _LATER
            what = f"d{names[reading.output]}/d{names[k]}"
            lines.append((f'print("{what} =", {names[k]}.grad)  # {_comment(known)}', k, "backward"))
    here = _line_of(reading, state, names)
    body = [f"{code}  ◀ this step" if (k, phase) == here else code for code, k, phase in lines]
    head = ["import torch"]
    if any("F." in code for code in body):
        head.append("import torch.nn.functional as F")
    return "\n".join([*head, "", *body]).rstrip() + "\n"


def _line_of(reading: Reading, state: State, names: dict[int, str]) -> tuple[int | None, str]:
    """Node and phase of the line that a step is about. A number without a line stands in that of its first use."""
    k = state.node
    if k is not None and k not in names:
        k = next(link.target for link in reading.links if link.source == k)
    return k, state.phase if k is not None else "at rest"


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
        written = names[i] if i in names else _literal(value.item())
        if node.operation.name in _OF_ONE_TYPE and value.dtype != node.dtype:
            written += f".to({torch_dtype(node)})"
        inputs.append(written)
    return fill(notation_of(node).torch, inputs, node)


def _literal(value: float) -> str:
    written = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return written if value >= 0 else f"({written})"


def _leaf(node: Tensor) -> str:
    return torch_array(np.asarray(node.data), torch_dtype(node), ", requires_grad=True" if node.requires_grad else "")


def _seed(reading: Reading) -> str:
    node, gradient = reading.graph.output, reading.gradient
    if gradient is None:
        return ""
    given = np.array(gradient.data if isinstance(gradient, Tensor) else gradient, dtype=node.dtype)
    return torch_array(given, torch_dtype(node))


def _comment(text: str, name: str = "", identifier: str = "") -> str:
    """A number for a comment, after the name that the other readers use where the code's name differs."""
    return clean_text(text if name == identifier or not name else f"{name}: {text}")


def _differs(node: Tensor) -> str:
    """What is added to the comment where PyTorch does not find what stands here."""
    if node.operation is not None and node.operation.name == "binary_cross_entropy":
        p = np.asarray(node.inputs[0].data)
        if ((p == 0) | (p == 1)).any():
            return "; at a p of 0 or 1 PyTorch cuts the logarithm off at −100 and finds other numbers"
    return ""
