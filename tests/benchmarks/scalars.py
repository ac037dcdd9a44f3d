"""Graphs of single numbers: a mixed one in this library and in micrograd, a long chain, and a wide sum."""

import math
import random
import sys

from backprop_lib import Tensor, relu, tanh

LEAVES = 20


def mixed_program(nodes: int) -> list[tuple[str, int, int]]:
    """A random program of that many steps: an operation and which two of the latest numbers it takes.

    Each step uses the step before, so that every one of them matters; and a sum or product that would be larger
    than 2 becomes a tanh, so that nothing overflows.
    """
    choose = random.Random(0)
    values = [choose.uniform(-1, 1) for _ in range(LEAVES)]
    program = []
    for _ in range(nodes):
        i, j = -1, -choose.randint(1, LEAVES)
        a, b = values[i], values[j]
        results = {"+": a + b, "*": a * b, "relu": max(a, 0.0), "tanh": math.tanh(a)}
        operation = choose.choice(list(results))
        if abs(results[operation]) > 2:
            operation = "tanh"
        values.append(results[operation])
        program.append((operation, i, j))
    return program


def _run(program, number, relu, tanh):
    choose = random.Random(0)
    leaves = [number(choose.uniform(-1, 1)) for _ in range(LEAVES)]
    values = list(leaves)
    for operation, i, j in program:
        if operation == "+":
            values.append(values[i] + values[j])
        elif operation == "*":
            values.append(values[i] * values[j])
        else:
            values.append(relu(values[i]) if operation == "relu" else tanh(values[i]))
    values[-1].backward()
    return [leaf.grad or 0.0 for leaf in leaves]  # None for one that no step has taken


def mixed(program):
    return lambda: _run(program, Tensor, relu, tanh)


def mixed_micrograd(program):
    from micrograd.engine import Value

    sys.setrecursionlimit(max(sys.getrecursionlimit(), 10 * len(program)))  # it walks by recursion

    def tanh(x):  # micrograd has none; this is one in the manner of its relu
        out = Value(math.tanh(x.data), (x,), "tanh")

        def backward():
            x.grad += (1 - out.data**2) * out.grad

        out._backward = backward
        return out

    return lambda: _run(program, Value, Value.relu, tanh)


def chain(nodes: int) -> Tensor:
    """t ← w·t + b over and over: a single path, whose value stays 1."""
    w, b = Tensor(0.5), Tensor(0.5)
    t = Tensor(1.0)
    for _ in range(nodes // 2):
        t = w * t + b
    return t


def wide(nodes: int) -> Tensor:
    """nodes/2 products side by side, added up in pairs."""
    w, x = Tensor(0.5), Tensor(2.0)
    level = [w * x for _ in range(nodes // 2)]
    while len(level) > 1:
        pairs = [a + b for a, b in zip(level[::2], level[1::2])]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]
