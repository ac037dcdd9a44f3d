"""Random programs, against the complex step of the same program in NumPy and against PyTorch where it is installed."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings

import backprop_lib

from .programs import carry_out, programs
from .referee import close, complex_step, slope


def run(lib, program):
    instructions, arrays = program
    leaves = [lib.Tensor(x) for x in arrays]
    values = carry_out(instructions, leaves)
    return leaves, values


def check_program(lib, program):
    instructions, arrays = program
    leaves, values = run(lib, program)
    values[-1].backward()
    for value, expected in zip(values, carry_out(instructions, arrays), strict=True):
        close(value.data, expected)
    expected = complex_step(lambda *leaves: carry_out(instructions, leaves)[-1], arrays, 1.0)
    for leaf, gradient in zip(leaves, expected, strict=True):
        close(leaf.grad, gradient, 11)


@settings(max_examples=250)
@given(programs())
def test_against_the_complex_step(program):
    check_program(backprop_lib, program)


@settings(max_examples=60)
@given(programs(longest=6))
def test_second_derivatives(program):
    """The Hessian times a direction is the slope of the gradient along that direction."""
    lib = backprop_lib
    instructions, arrays = program
    directions = [np.cos(np.arange(x.size)).reshape(x.shape) for x in arrays]

    def gradients(t):
        leaves, values = run(lib, (instructions, [x + t * d for x, d in zip(arrays, directions, strict=True)]))
        values[-1].backward()
        return np.concatenate([leaf.grad.ravel() for leaf in leaves])

    leaves, values = run(lib, program)
    values[-1].backward(create_graph=True)
    along = sum((leaf.grad * d).sum() for leaf, d in zip(leaves, directions, strict=True))
    for leaf in leaves:
        leaf.zero_grad()
    if along.requires_grad:
        along.backward()
    found = [np.zeros(leaf.size) if leaf.grad is None else leaf.grad.ravel() for leaf in leaves]
    close(np.concatenate(found), slope(gradients), 8)


@settings(max_examples=60)
@given(programs())
def test_every_use_counts_once(program):
    """The gradient of a sum of outputs is the sum of their gradients, in whatever order they are walked."""
    lib = backprop_lib
    leaves, values = run(lib, program)
    values[-1].backward()
    together = [leaf.grad for leaf in leaves]
    for leaf in leaves:
        leaf.zero_grad()
    for k in reversed(range(len(values) - 1)):
        values[k].backward(np.full(values[k].shape, 0.3 + 0.1 * (k % 4)))
    for leaf, expected in zip(leaves, together, strict=True):
        close(leaf.grad, expected, 11)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed here")
def test_against_pytorch():
    import torch

    lib = backprop_lib

    @settings(max_examples=150)
    @given(programs(longest=20))
    def compare(program):
        instructions, arrays = program
        leaves, values = run(lib, program)
        values[-1].backward()
        theirs = [torch.tensor(x, requires_grad=True) for x in arrays]
        total = carry_out(instructions, theirs, torch)[-1]
        total.backward()
        close(values[-1].data, total.detach().numpy())
        for leaf, peer in zip(leaves, theirs, strict=True):
            close(leaf.grad, peer.grad.numpy(), 11)

    compare()
