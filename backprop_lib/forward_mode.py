"""Forward mode: carry the effect of a nudge from the inputs to the output, in the direction of the computation."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .modes import recording, unwatched
from .tensor import Tensor, _as_numbers, computation_order, gradients_of


def jvp(f: Callable[..., Tensor], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Forward mode: the value of f at `primals`, and how fast it changes when the inputs move along `tangents`.

    f : takes as many Tensors as there are primals, returns a Tensor. tangents : one for each primal, of its shape.
    Returns (value, tangent), arrays of the output's shape. One sweep in the direction of computation: each node's
    tangent is the sum over its inputs of local derivative × the input's tangent.
    """
    if len(primals) != len(tangents):
        raise ValueError(f"jvp needs one tangent for each primal; given were {len(primals)} and {len(tangents)}.")
    inputs = [Tensor(p) for p in primals]
    moving: dict[Tensor, Any] = {}
    for i, (t, tangent) in enumerate(zip(inputs, tangents)):
        moving[t] = _as_numbers(tangent).astype(t.dtype)
        if moving[t].shape != t.shape:
            raise ValueError(
                f"jvp: tangent {i} must have its primal's shape: expected {t.shape}, given {moving[t].shape}."
            )
    with recording():  # forward mode follows the graph, so it needs one inside no_grad too
        output = f(*inputs)
        if not isinstance(output, Tensor):
            raise TypeError(f"jvp: f must return a Tensor; it returned {type(output).__name__}.")
        with unwatched():
            for node in computation_order(output):
                if node.operation is None or not node.requires_grad:
                    continue
                total = np.zeros(node.shape, node.dtype)
                for position, t in enumerate(node.inputs):
                    if t in moving:
                        total = total + push(node, position, moving[t])
                moving[node] = total
    return output.numpy(), np.array(moving.get(output, np.zeros(output.shape, output.dtype)))


def push(node: Tensor, position: int, tangent: np.ndarray) -> np.ndarray:
    """Local derivative × tangent, for one input of one node.

    Entry by entry, the rule that carries gradients back carries tangents forward as well. Otherwise the rule is a
    linear function of the upstream gradient, and its transpose is what is wanted: the gradient of (rule(u) · tangent)
    in u.
    """
    operation = node.operation
    rule = operation.derivatives[position]
    if operation.elementwise:
        return rule(np.broadcast_to(tangent, node.shape), node._data, *node._arguments)
    upstream = Tensor(np.zeros(node.shape, node.dtype))
    constants = [Tensor(t._data, requires_grad=False) for t in node.inputs]
    pulled = rule(upstream, Tensor(node._data, requires_grad=False), *constants, *node.attributes)
    spread = np.broadcast_to(tangent, pulled.shape)
    return gradients_of(pulled, [upstream], gradient=spread)[0]
