"""backward(create_graph=True): derivatives of derivatives, each order held against differences of the order below."""

import numpy as np
import pytest

import backprop_lib

from .cases import Case, all_cases, every, kinds, numbers, one_of_each
from .referee import close, slope, uneven

# The third order for one case of each kind and for every fifth of all.
SOME = {case.label: case for case in [*one_of_each(backprop_lib), *all_cases(backprop_lib)[::5]]}


def descend(lib, case: Case, arrays, order: int):
    """Take gradients `order` times, between two of them the sum of all entries with uneven weights. Returns leaves."""
    leaves = [lib.Tensor(x) for x in arrays]
    output = case.engine(*leaves)
    total = (output * uneven(output.shape)).sum()
    for n in range(1, order + 1):
        if not total.requires_grad:  # the derivative has become a constant
            for leaf in leaves:
                leaf.zero_grad()
            return leaves
        for leaf in leaves:
            leaf.zero_grad()
        total.backward(create_graph=n < order)
        if n < order:
            total = sum((leaf.grad * uneven(leaf.shape) * 0.8).sum() for leaf in leaves if leaf.grad is not None)
    return leaves


def weighted(leaves, directions):
    """Σ gradient·direction."""
    return sum(np.sum(leaf.grad * d) for leaf, d in zip(leaves, directions) if leaf.grad is not None)


def check_order(lib, case, order):
    """d/dt of last order's weighted gradient along a direction = this order's gradient · direction."""
    weights = [uneven(x.shape) * 0.8 for x in case.inputs]
    for key in (3, 4):
        directions = [numbers(x.shape, -1, 1, key) for x in case.inputs]

        def below(t, directions=directions):
            moved = [x + t * d for x, d in zip(case.inputs, directions)]
            return weighted(descend(lib, case, moved, order - 1), weights)

        close(weighted(descend(lib, case, case.inputs, order), directions), slope(below), digits=8)


@kinds
def test_second_order(lib, kind):
    every(lib, kind, lambda lib, case: check_order(lib, case, 2))


@pytest.mark.parametrize("case", SOME.values(), ids=str)
def test_third_order(lib, case):
    check_order(lib, case, 3)


def test_powers_by_hand(lib):
    x = lib.Tensor(3.0)
    derivative = x**4
    for expected in (4 * 27, 12 * 9, 24 * 3, 24):
        x.zero_grad()
        derivative.backward(create_graph=True)
        derivative = x.grad
        assert derivative.item() == expected


@pytest.mark.parametrize("order", range(1, 8))
def test_sigmoid_to_the_seventh_order(lib, order):
    """Each derivative of σ is a polynomial in σ: d/dz p(σ) = p′(σ)·(σ − σ²)."""
    polynomial = np.polynomial.Polynomial([0, 1])
    for _ in range(order):
        polynomial = polynomial.deriv() * np.polynomial.Polynomial([0, 1, -1])
    z = lib.Tensor(0.3)
    top = lib.sigmoid(z)
    for _ in range(order):
        z.zero_grad()
        top.backward(create_graph=True)
        top = z.grad
    close(top.item(), polynomial(1 / (1 + np.exp(-0.3))))


def test_powers_at_zero(lib):
    """0⁰ = 1 and the slope of a constant is 0, at every order."""
    for exponent, derivatives in [(0, [0, 0, 0]), (1, [1, 0, 0]), (2, [0, 2, 0]), (3, [0, 0, 6])]:
        x = lib.Tensor([0.0, 0.0])
        top = (x**exponent).sum()
        for expected in derivatives:
            x.zero_grad()
            if not top.requires_grad:
                assert expected == 0
                break
            top.backward(create_graph=True)
            assert x.grad.data.tolist() == [expected, expected]
            top = x.grad.sum()


def test_the_hessian_of_a_small_network(lib):
    """Row by row, and symmetric: ∂²L/∂v∂w = ∂²L/∂w∂v."""
    x, y = numbers((4, 2)), np.array([0.0, 1.0, 1.0, 0.0])
    w, v = lib.Tensor(numbers((2, 3), key=1)), lib.Tensor(numbers((3,), key=2))
    loss = lib.binary_cross_entropy_with_logits(lib.tanh(x @ w) @ v, y)
    loss.backward(create_graph=True)
    gradient = lib.concatenate([w.grad.reshape(-1), v.grad])
    hessian = []
    for entry in gradient:
        w.zero_grad()
        v.zero_grad()
        entry.backward()
        hessian.append(np.concatenate([w.grad.ravel(), v.grad]))
    close(hessian, np.transpose(hessian))
    assert np.linalg.matrix_rank(hessian) > 3


def test_the_graph_of_gradients_is_an_ordinary_graph(lib):
    """A gradient can be part of a loss (a gradient penalty), and the first gradient stays what it was."""
    w = lib.Tensor([1.0, -2.0])
    (w**3).sum().backward(create_graph=True)
    slope_of_loss = w.grad
    penalty = (slope_of_loss**2).sum()  # (3w²)² = 9w⁴
    w.zero_grad()
    penalty.backward()
    assert slope_of_loss.data.tolist() == [3.0, 12.0]
    close(w.grad, [36.0, -288.0])


def test_gradients_add_up_with_and_without_create_graph(lib):
    w = lib.Tensor(2.0)
    cube = w**3
    cube.backward()
    cube.backward(create_graph=True)
    assert isinstance(w.grad, lib.Tensor)
    assert w.grad.item() == 24.0
    cube.backward()
    assert isinstance(w.grad, np.ndarray)
    assert w.grad == 36.0


def test_a_seed_that_is_a_tensor_can_be_differentiated_too(lib):
    """The gradient is linear in its seed, so its derivative in the seed is the Jacobian: the way forward mode works."""
    x, seed = lib.Tensor([0.5, 2.0]), lib.Tensor([1.0, 1.0])
    lib.exp(x).backward(seed, create_graph=True)
    x.grad.backward([1.0, 10.0])
    close(seed.grad, np.exp([0.5, 2.0]) * [1, 10])


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_the_second_derivative_of_a_product_with_zeros(lib, zeros):
    """∂²Π/∂xᵢ∂xⱼ is the product of all the others."""
    values = numbers((4,))
    values[:zeros] = 0
    x = lib.Tensor(values)
    lib.prod(x).backward(create_graph=True)
    first = x.grad
    for i in range(4):
        x.zero_grad()
        first[i].backward()
        expected = [0 if i == j else np.prod([values[k] for k in range(4) if k not in (i, j)]) for j in range(4)]
        close(x.grad, expected)
