"""Forward mode, against the complex step and against reverse mode: u·(J v) = (Jᵀ u)·v."""

import numpy as np
import pytest
from hypothesis import given, settings

import backprop_lib

from .cases import every, kinds, numbers
from .programs import carry_out, programs
from .referee import STEP, close, uneven


def check_forward_mode(lib, case):
    tangents = [numbers(x.shape, -1, 1, key=5) for x in case.inputs]
    value, along = lib.jvp(case.engine, case.inputs, tangents)
    nudged = [x + STEP * 1j * v for x, v in zip(case.inputs, tangents, strict=True)]
    assert isinstance(value, np.ndarray)
    assert isinstance(along, np.ndarray)
    close(value, np.real(case.formula(*case.inputs)))
    close(along, np.imag(case.formula(*nudged)) / STEP)

    leaves = [lib.Tensor(x) for x in case.inputs]
    seed = uneven(value.shape)
    case.engine(*leaves).backward(seed)
    back = sum(np.sum(leaf.grad * v) for leaf, v in zip(leaves, tangents, strict=True))
    close(np.sum(seed * along), back)


@kinds
def test_every_operation(lib, kind):
    every(lib, kind, check_forward_mode)


@settings(max_examples=80)
@given(programs())
def test_random_programs(program):
    instructions, arrays = program
    tangents = [numbers(x.shape, -1, 1, key=5) for x in arrays]
    _, along = backprop_lib.jvp(lambda *leaves: carry_out(instructions, leaves)[-1], arrays, tangents)
    nudged = [x + STEP * 1j * v for x, v in zip(arrays, tangents, strict=True)]
    close(along, np.imag(carry_out(instructions, nudged)[-1]) / STEP, 11)


def test_a_column_of_the_jacobian_for_each_input(lib):
    def f(x, y):
        return lib.stack([x * y, lib.sin(x), x + 2 * y])

    _, for_x = lib.jvp(f, [0.5, 3.0], [1.0, 0.0])
    _, for_y = lib.jvp(f, [0.5, 3.0], [0.0, 1.0])
    close(for_x, [3.0, np.cos(0.5), 1.0])
    close(for_y, [0.5, 0.0, 2.0])


def test_what_does_not_move(lib):
    w = lib.Tensor([1.0, 2.0])
    value, along = lib.jvp(lambda x: w * w, [3.0], [1.0])
    assert (value.tolist(), along.tolist()) == ([1.0, 4.0], [0.0, 0.0])
    value, along = lib.jvp(lambda x: x, [3.0], [5.0])
    assert (value, along) == (3.0, 5.0)
    _, along = lib.jvp(lambda x: (x > 0) * 1.0 + lib.sign(x), [3.0], [5.0])
    assert along == 0.0
    _, along = lib.jvp(lambda x: lib.where(x > 0, w, x).sum(), [[3.0, -1.0]], [[1.0, 1.0]])
    assert along == 1.0
    assert w.grad is None


def test_lists_whole_numbers_tensors_and_float32(lib):
    value, along = lib.jvp(lib.square, [[1, 2]], [[1, 0]])
    assert (value.tolist(), along.tolist()) == ([1.0, 4.0], [2.0, 0.0])
    value, along = lib.jvp(lib.square, [lib.Tensor([1.0, 2.0])], [lib.Tensor([1.0, 1.0])])
    assert along.tolist() == [2.0, 4.0]
    x = np.array([1.0, 2.0], np.float32)
    value, along = lib.jvp(lambda t: lib.exp(t).sum(), [x], [x])
    assert value.dtype == along.dtype == np.float32


def test_the_inputs_stay_as_they_are(lib):
    x, v = np.array([1.0, 2.0]), np.array([0.5, 0.5])
    t = lib.Tensor(x)
    lib.jvp(lambda a: a * 2, [x], [v])
    lib.jvp(lambda a: a * 2, [t], [v])
    assert x.tolist() == [1.0, 2.0]
    assert v.tolist() == [0.5, 0.5]
    assert t.grad is None


def test_inside_no_grad(lib):
    with lib.no_grad():
        _, along = lib.jvp(lib.exp, [1.0], [2.0])
        assert not (lib.Tensor(1.0) * 2).requires_grad
    close(along, 2 * np.e)


def test_no_leak_at_closed_branches(lib):
    _, along = lib.jvp(lib.relu, [[-1.0, 0.0, 2.0]], [[np.inf, np.nan, 3.0]])
    assert along.tolist() == [0.0, 0.0, 3.0]


@pytest.mark.parametrize(
    ("f", "primals", "tangents", "error", "message"),
    [
        (lambda x: x, [1.0, 2.0], [1.0], ValueError, "one tangent for each primal.*2 and 1"),
        (lambda x: x, [[1.0, 2.0]], [[1.0]], ValueError, r"tangent 0.*expected \(2,\), given \(1,\)"),
        (lambda x: 3.0, [1.0], [1.0], TypeError, "must return a Tensor.*float"),
        (lambda x: x, [1.0], [1j], TypeError, "complex"),
        (lambda x: x, ["1"], [1.0], TypeError, "text"),
        (lambda x: x, [[1.0, 2.0]], [["1", "2"]], TypeError, "text"),
    ],
)
def test_errors(lib, f, primals, tangents, error, message):
    with pytest.raises(error, match=message):
        lib.jvp(f, primals, tangents)
