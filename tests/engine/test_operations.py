"""Every operation, at every kind of shape: its value and its gradients against the complex step of its formula."""

import numpy as np
import pytest

import backprop_lib

from .cases import all_cases, every, kinds, normalised, numbers
from .referee import close, complex_step, uneven


def check_value_and_gradients(lib, case):
    leaves = [lib.Tensor(x) for x in case.inputs]
    output = case.engine(*leaves)
    close(output.data, np.real(case.formula(*case.inputs)))
    seed = uneven(output.shape)
    output.backward(seed)
    for leaf, expected in zip(leaves, complex_step(case.formula, case.inputs, seed), strict=True):
        assert isinstance(leaf.grad, np.ndarray)
        assert leaf.grad.dtype == np.float64
        close(leaf.grad, expected)


@pytest.mark.parametrize("case", all_cases(backprop_lib), ids=str)
def test_value_and_gradients(lib, case):
    check_value_and_gradients(lib, case)


def test_a_soft_target_of_cross_entropy_gets_its_gradient(lib):
    z, y = numbers((2, 3)), normalised(numbers((2, 3), key=1), 1)
    target = lib.Tensor(y)
    lib.cross_entropy(z, target).backward()
    close(target.grad, -np.log(normalised(z, 1)) / 2)


def test_no_operation_is_left_out(lib):
    """Every row of the table is at work in some case, on the way there or on the way back."""
    seen = set()
    for case in all_cases(lib):
        leaves = [lib.Tensor(x) for x in case.inputs]
        output = case.engine(*leaves)
        output.backward(uneven(output.shape), create_graph=True)
        for top in [output, *(leaf.grad for leaf in leaves)]:
            seen |= {node.operation.name for node in lib.Graph(top).nodes if node.operation}
    flat = {"greater_equal", "less_equal", "not_equal", "sign"}  # no rule needs them: see the next test
    assert set(lib.operations.TABLE) - flat <= seen
    assert seen - set(lib.operations.TABLE) <= {"concatenate"}


def test_what_is_flat_passes_no_gradient(lib):
    x = lib.Tensor([-1.0, 0.0, 2.0])
    for flat in (x > 0, x >= 0, x < 0, x <= 0, x == 0, x != 0, lib.sign(x)):
        assert not flat.requires_grad
    y = (x * (x > 0)).sum() + (lib.sign(x) * x).sum()
    y.backward()
    assert x.grad.tolist() == [-1.0, 0.0, 2.0]
    assert lib.sign(x).data.tolist() == [-1.0, 0.0, 1.0]
    assert (x >= 0).data.tolist() == [False, True, True]
    assert (x != 0).data.tolist() == [True, False, True]
    assert (x <= 0).data.tolist() == [True, True, False]


def check_constants(lib, case):
    leaves = [lib.Tensor(x, requires_grad=False) for x in case.inputs]
    output = case.engine(*leaves)
    assert not output.requires_grad
    with pytest.raises(ValueError, match="differentiated"):
        output.backward(uneven(output.shape))
    assert all(leaf.grad is None for leaf in leaves)


@kinds
def test_a_constant_gets_no_gradient(lib, kind):
    every(lib, kind, check_constants)


def test_a_rule_looks_only_at_what_it_says(lib):
    """A value whose parameter starts with an underscore can be anything. `reads` says the same."""
    checked = 0
    for case in all_cases(lib):
        leaves = [lib.Tensor(x) for x in case.inputs]
        output = case.engine(*leaves)
        for node in lib.Graph(output).nodes:
            if node.operation is None:
                continue
            values = [t.data.astype(float) for t in node.inputs]
            upstream = uneven(node.shape)
            for receiver, rule in enumerate(node.operation.derivatives):
                if not node.inputs[receiver].requires_grad:
                    continue
                expected = rule(upstream, node.data, *values, *node.attributes)
                for argument in range(len(values)):
                    if not node.operation.reads(receiver, argument):
                        spoilt = [np.full(v.shape, np.nan) if i == argument else v for i, v in enumerate(values)]
                        np.testing.assert_array_equal(rule(upstream, node.data, *spoilt, *node.attributes), expected)
                        checked += 1
    assert checked > 1000
