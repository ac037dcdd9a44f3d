"""Huge numbers, zeros, kinks and ties. Floating-point warnings are errors here, so right is not enough: quiet too."""

import math

import numpy as np
import pytest

from .referee import close

INF, NAN = math.inf, math.nan


@pytest.fixture(autouse=True)
def loud():
    with np.errstate(all="raise", under="ignore"):
        yield


def gradient(lib, f, *values, seed=None):
    leaves = [lib.Tensor(v) for v in values]
    out = f(*leaves)
    out.backward(np.ones(out.shape) if seed is None else seed)
    return [leaf.grad.tolist() for leaf in leaves] if len(leaves) > 1 else leaves[0].grad.tolist()


# ---- sigmoid and its relatives -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("z", [0.0, 1.0, 40.0, 1000.0, 1e30])
def test_functions_that_saturate(lib, z, dtype):
    for sign in (1, -1):
        x = lib.Tensor(np.array([sign * z], dtype))
        values = {f: getattr(lib, f)(x).item() for f in ("sigmoid", "tanh", "softplus", "relu")}
        exact = 1 / (1 + math.exp(-sign * z)) if sign * z > -700 else 0.0
        digits = 14 if dtype == np.float64 else 6
        close(values["sigmoid"], exact, digits)
        close(values["tanh"], math.tanh(sign * z), digits)
        close(values["softplus"], max(sign * z, 0) + math.log1p(math.exp(-z)), digits)
        for f in ("sigmoid", "tanh", "softplus", "relu"):
            x.zero_grad()
            getattr(lib, f)(x).backward(np.ones(1, dtype))
            assert np.isfinite(x.grad).all()
            assert 0 <= x.grad[0] <= 1


def test_the_left_tail_of_sigmoid_keeps_its_relative_accuracy(lib):
    z = np.array([-1.0, -20.0, -36.7, -37.0, -100.0, -500.0, -700.0, -708.0])
    exact = np.exp(z) / (1 + np.exp(z))
    np.testing.assert_allclose(lib.sigmoid(z).data, exact, rtol=1e-13)
    slopes = gradient(lib, lib.sigmoid, z)
    np.testing.assert_allclose(slopes, exact * (1 / (1 + np.exp(z))), rtol=1e-13)
    np.testing.assert_allclose(gradient(lib, lib.softplus, z), exact, rtol=1e-12)
    np.testing.assert_allclose(lib.softplus(z).data, np.log1p(np.exp(z)), rtol=1e-13)


def test_the_slope_of_softplus_where_it_has_no_bend_any_more(lib):
    for kind in (np.float64, np.float32):
        z = np.array([INF, -INF, 800.0, -800.0], kind)
        assert gradient(lib, lib.softplus, z) == [1, 0, 1, 0]
    assert gradient(lib, lib.softplus, INF) == 1


def test_the_left_tail_in_float32(lib):
    z = np.array([-1.0, -17.0, -50.0, -86.0, -87.2], np.float32)
    exact = 1 / (1 + np.exp(-z.astype(float)))
    np.testing.assert_allclose(lib.sigmoid(z).data, exact, rtol=2e-5)
    np.testing.assert_allclose(gradient(lib, lib.sigmoid, z), exact * (1 - exact), rtol=2e-5)


def test_sigmoid_increases_everywhere(lib):
    z = np.linspace(-745, 745, 5001)
    assert (np.diff(lib.sigmoid(z).data) >= 0).all()


# ---- softmax and log-sum-exp -------------------------------------------------------------------------------------


def test_log_softmax_of_a_million(lib):
    z = np.array([[1e6, 1e6 - 1, -1e6], [-1e6, -1e6, -1e6 - 2]])
    shifted = z - z.max(axis=1, keepdims=True)
    expected = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    close(lib.log_softmax(z).data, expected)
    close(lib.softmax(z).data, np.exp(expected))
    close(lib.logsumexp(z, axis=1).data, z.max(axis=1) + np.log(np.sum(np.exp(shifted), axis=1)))
    close(gradient(lib, lambda t: lib.logsumexp(t, axis=1), z), np.exp(expected))
    seed = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]])
    close(
        gradient(lib, lib.log_softmax, z, seed=seed),
        seed - np.exp(expected) * seed.sum(axis=1, keepdims=True),
    )


@pytest.mark.parametrize("size", [1e6, 1e12, 1e15, 1e300])
def test_only_the_distance_to_the_peak_counts(lib, size):
    """Two equal scores are ½ each at any height. Subtracting the finished log-sum-exp would lose the log 2 in 10¹⁵."""
    for z in ([size, size], [-size, -size]):
        assert lib.log_softmax(z).data.tolist() == [-math.log(2)] * 2
        assert lib.softmax(z).data.tolist() == [0.5, 0.5]
        assert lib.cross_entropy(z, 0).item() == math.log(2)
        assert gradient(lib, lib.logsumexp, z) == [0.5, 0.5]
        assert gradient(lib, lambda t: lib.cross_entropy(t, 0), z) == [-0.5, 0.5]


def test_each_row_is_shifted_by_its_own_maximum(lib):
    """With one shift for all rows the small rows would come out as 0/0."""
    rows = np.array([[0.0, 1.0, 2.0], [1000.0, 1001.0, 1002.0], [-1000.0, -999.0, -998.0]])
    softmax = lib.softmax(rows).data
    for row in softmax[1:]:
        np.testing.assert_allclose(row, softmax[0], rtol=1e-12)
    columns = lib.softmax(rows.T, axis=0).data
    np.testing.assert_allclose(columns.T, softmax, rtol=1e-12)
    close(np.diff(lib.logsumexp(rows, axis=1).data), [1000.0, -2000.0])
    labels = [2, 2, 2]
    assert lib.cross_entropy(rows, labels).item() == pytest.approx(-math.log(softmax[0, 2]))


def test_an_impossible_class(lib):
    """A logit of −∞ is probability 0; the other classes are as if it were not there."""
    z = np.array([[0.0, -INF, 1.0], [2.0, 1.0, -INF]])
    for function in (lib.softmax, lambda t: lib.exp(lib.log_softmax(t))):
        close(function(z).data[0][[0, 2]], lib.softmax(np.array([0.0, 1.0])).data)
        assert function(z).data[0, 1] == 0
    close(lib.cross_entropy(z, [2, 0]).item(), lib.cross_entropy([[0.0, 1.0], [1.0, 2.0]], [1, 1]).item())
    slopes = np.array(gradient(lib, lambda t: lib.cross_entropy(t, [2, 0]), z))
    assert np.isfinite(slopes).all()
    assert slopes[0, 1] == slopes[1, 2] == 0
    assert np.isfinite(gradient(lib, lambda t: lib.logsumexp(t, axis=1), z)).all()


# ---- losses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_cross_entropies_at_a_thousand(lib, dtype):
    z = np.array([1000.0, -1000.0, 1000.0, -1000.0, 0.0], dtype)
    y = np.array([1.0, 0.0, 0.0, 1.0, 1.0], dtype)
    loss = lib.binary_cross_entropy_with_logits(z, y)
    assert loss.item() == pytest.approx((0 + 0 + 1000 + 1000 + math.log(2)) / 5)
    slopes = gradient(lib, lambda t: lib.binary_cross_entropy_with_logits(t, y), z)
    np.testing.assert_allclose(slopes, np.array([0, 0, 1, -1, -0.5]) / 5, atol=1e-30)

    rows = np.stack([z, np.zeros_like(z)], axis=1)  # two classes, and the same losses again
    assert lib.cross_entropy(rows, 1 - y.astype(int)).item() == pytest.approx(loss.item())
    slopes = np.array(gradient(lib, lambda t: lib.cross_entropy(t, 1 - y.astype(int)), rows))
    np.testing.assert_allclose(slopes[:, 0], np.array([0, 0, 1, -1, -0.5]) / 5, atol=1e-30)
    np.testing.assert_allclose(slopes.sum(axis=1), 0, atol=1e-7)


def test_small_losses_keep_their_digits(lib):
    """log(1 + e⁻⁴⁰) is 4·10⁻¹⁸, not 0."""
    assert lib.binary_cross_entropy_with_logits(40.0, 1.0).item() == pytest.approx(math.exp(-40), rel=1e-12)
    assert lib.softplus(-40.0).item() == pytest.approx(math.exp(-40), rel=1e-12)
    slope = gradient(lib, lambda z: lib.binary_cross_entropy_with_logits(z, 0.0), -40.0)
    assert slope == pytest.approx(math.exp(-40), rel=1e-12)


def test_probabilities_of_exactly_0_and_1(lib):
    """0·log 0 is 0, and the other term decides alone."""
    p, y = [0.0, 1.0, 0.25, 0.75], [0.0, 1.0, 0.0, 1.0]
    loss = lib.binary_cross_entropy(p, y)
    assert loss.item() == pytest.approx(-math.log(0.75) / 2)
    close(gradient(lib, lambda t: lib.binary_cross_entropy(t, y), p), np.array([1, -1, 1 / 0.75, -1 / 0.75]) / 4)


def test_a_certain_mistake_costs_infinitely_much(lib):
    with np.errstate(divide="ignore"):
        assert lib.binary_cross_entropy([0.0, 1.0], [1.0, 0.0]).item() == INF


# ---- products with zeros -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ([2.0, 3.0, 4.0], [12.0, 8.0, 6.0]),
        ([2.0, 0.0, 4.0], [0.0, 8.0, 0.0]),
        ([0.0, 3.0, 0.0], [0.0, 0.0, 0.0]),
        ([0.0], [1.0]),
        ([-0.0, 5.0], [5.0, 0.0]),
        ([1e-200, 1e-200, 0.0], [0.0, 0.0, 0.0]),
        ([], []),
    ],
)
def test_prod_with_zeros_is_exact(lib, factors, expected, dtype):
    x = lib.Tensor(np.array(factors, dtype))
    lib.prod(x).backward()
    assert x.grad.tolist() == expected
    assert x.grad.dtype == dtype


def test_a_long_product(lib):
    factors = np.array([1.0, -1.0] * 500)
    factors[[10, 700]] = [2.0, 0.5]
    x = lib.Tensor(factors)
    lib.prod(x).backward()
    np.testing.assert_array_equal(x.grad, np.prod(factors) / factors)


# ---- 0·∞ and 0·nan -----------------------------------------------------------------------------------------------

BRANCHES = {
    "where": (lambda lib, x: lib.where(x > 0, x, 0.0), [-1.0, 2.0], [0.0, 1.0]),
    "where, other side": (lambda lib, x: lib.where(x > 0, 0.0, x), [2.0, -1.0], [0.0, 1.0]),
    "relu": (lambda lib, x: lib.relu(x), [-1.0, 2.0], [0.0, 1.0]),
    "relu at 0": (lambda lib, x: lib.relu(x), [0.0, 2.0], [0.0, 1.0]),
    "clip": (lambda lib, x: lib.clip(x, 0.0, 5.0), [-1.0, 2.0], [0.0, 1.0]),
    "clip above": (lambda lib, x: lib.clip(x, 0.0, 5.0), [7.0, 2.0], [0.0, 1.0]),
    "maximum": (lambda lib, x: lib.maximum(x, 0.0), [-1.0, 2.0], [0.0, 1.0]),
    "minimum": (lambda lib, x: lib.minimum(x, 0.0), [1.0, -2.0], [0.0, 1.0]),
    "abs at 0": (lambda lib, x: lib.abs(x), [0.0, 2.0], [0.0, 1.0]),
}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("upstream", [INF, -INF, NAN])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("branch", BRANCHES)
def test_a_closed_branch_stays_closed(lib, branch, dtype, upstream, create_graph):
    """An infinite or undefined upstream gradient does not leak through a derivative of 0."""
    function, values, open_ = BRANCHES[branch]
    x = lib.Tensor(np.array(values, dtype))
    function(lib, x).backward(np.array([upstream, 1.0], dtype), create_graph=create_graph)
    slopes = x.grad.data if create_graph else x.grad
    assert slopes.tolist() == open_
    for value, expected in zip(values, open_, strict=True):  # single numbers take another way
        single = lib.Tensor(dtype(value))
        function(lib, single).backward(dtype(1.0 if expected else upstream))
        assert single.grad == expected


def test_the_safe_square_root(lib):
    """The usual guard: where(x > 0, √(the safe x), 0) has the slope 0 at 0, not nan."""
    x = np.array([0.0, 4.0, -1.0])

    def guarded(t):
        return lib.where(t > 0, lib.sqrt(lib.where(t > 0, t, 1.0)), 0.0)

    assert gradient(lib, guarded, x) == [0.0, 0.25, 0.0]


def test_the_unchosen_side_may_be_infinite(lib):
    """where takes 1/x only where x ≠ 0. The unchosen side's own slope is infinite; what reaches it is exactly 0."""
    x = lib.Tensor([0.0, 2.0])
    with np.errstate(all="ignore"):
        side = 1 / x
        chosen = lib.where(x != 0, side, 0.0)
        chosen.backward([1.0, 1.0])
    assert chosen.data.tolist() == [0.0, 0.5]
    assert side.grad.tolist() == [0.0, 1.0]


def test_relu_of_nan_shows_the_nan(lib):
    assert math.isnan(lib.relu(NAN).item())
    assert math.isnan(lib.max([1.0, NAN]).item())


# ---- kinks and ties: a choice, the same everywhere -----------------------------------------------------------------


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_kinks(lib, zero):
    assert gradient(lib, lib.relu, [zero, 1e-300, -1e-300]) == [0.0, 1.0, 0.0]
    assert gradient(lib, lib.abs, [zero, 1e-300, -1e-300]) == [0.0, 1.0, -1.0]
    assert gradient(lib, lib.leaky_relu, [zero, 1.0, -1.0]) == [0.01, 1.0, 0.01]
    assert gradient(lib, lambda x: lib.clip(x, 0.0, 1.0), [zero, 1.0, 0.5, -0.1, 1.1]) == [1.0, 1.0, 1.0, 0.0, 0.0]


def test_ties_of_two(lib):
    a, b = [1.0, 2.0, 3.0], [2.0, 2.0, 2.0]
    assert gradient(lib, lib.maximum, a, b) == [[0.0, 0.5, 1.0], [1.0, 0.5, 0.0]]
    assert gradient(lib, lib.minimum, a, b) == [[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]
    assert gradient(lib, lambda x: lib.maximum(x, x), [5.0]) == [1.0]
    assert gradient(lib, lib.maximum, 1.0, 1.0) == [0.5, 0.5]


def test_ties_of_many(lib):
    values = [[3.0, 1.0, 3.0], [2.0, 2.0, 2.0]]
    third = 1 / 3
    assert gradient(lib, lambda x: lib.max(x, axis=1), values) == [[0.5, 0.0, 0.5], [third] * 3]
    assert gradient(lib, lambda x: lib.min(x, axis=1), values) == [[0.0, 1.0, 0.0], [third] * 3]
    assert gradient(lib, lambda x: lib.max(x, axis=1), values, seed=[2.0, 6.0]) == [[1.0, 0.0, 1.0], [2.0] * 3]
    assert gradient(lib, lib.max, values) == [[0.5, 0.0, 0.5], [0.0] * 3]
    assert gradient(lib, lambda x: lib.max(x, axis=(0, 1), keepdims=True), values) == [[0.5, 0.0, 0.5], [0.0] * 3]
    assert gradient(lib, lib.max, [INF, INF, 1.0]) == [0.5, 0.5, 0.0]
    assert gradient(lib, lib.min, [-0.0, 0.0]) == [0.5, 0.5]


def test_powers_of_zero(lib):
    zeros = [0.0, 0.0]
    for exponent, slope in [(0, 0.0), (1, 1.0), (2, 0.0), (3, 0.0), (1.5, 0.0)]:
        assert gradient(lib, lambda x, e=exponent: x**e, zeros) == [slope, slope]
    assert gradient(lib, lambda x: x**0, [2.0, -3.0]) == [0.0, 0.0]
    assert gradient(lib, lambda x: x**3, [-2.0, 5.0]) == [12.0, 75.0]
    assert gradient(lib, lambda x: x**-2, [-2.0]) == [0.25]
    bases, exponents = gradient(lib, lambda a, b: a**b, [0.0, 2.0], [2.0, 3.0])
    assert bases == [0.0, 12.0]
    close(exponents, [0.0, 8 * math.log(2)])


def test_repeated_indices_add_up(lib):
    assert gradient(lib, lambda x: x[[0, 0, 2, 0]], [1.0, 2.0, 3.0], seed=[1.0, 10.0, 100.0, 1000.0]) == [
        1011.0,
        0.0,
        100.0,
    ]


def test_a_variance_far_from_zero(lib):
    """Mean squared distance from the mean, not mean of squares minus square of mean: 10⁸ away no digit is lost."""
    x = np.array([1.0, 2.0, 4.0])
    assert lib.var(x + 1e8).item() == pytest.approx(np.var(x), rel=1e-12)
    close(gradient(lib, lib.var, x + 1e8), 2 / 3 * (x - x.mean()), 7)
