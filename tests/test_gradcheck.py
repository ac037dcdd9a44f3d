"""The gradient checker never calls a right gradient wrong, never lets a wrong one pass, and says what it saw."""

import inspect
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backprop_lib as bp
from backprop_lib import Tensor, gradcheck
from backprop_lib.gradcheck import check_gradients, compare_gradients, numerical_gradient

X = np.array([[0.3, -1.2, 0.8], [1.7, 0.45, -0.6]])

# f entry by entry, with its derivative
CURVES = {
    "sin": (np.sin, np.cos),
    "exp": (np.exp, np.exp),
    "square": (np.square, lambda a: 2 * a),
    "cube": (lambda a: a**3, lambda a: 3 * a * a),
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
}
SCALES = [10.0**power for power in range(-8, 9, 2)]

# what a claimed gradient is turned into
PLANTED = {
    "1 % off": lambda g: 1.01 * g,
    "twice": lambda g: 2 * g,
    "half": lambda g: g / 2,
    "sign": lambda g: -g,
    "zero": lambda g: 0 * g,
    "one entry 1 % off": lambda g: np.where(np.arange(g.size).reshape(g.shape) == 1, 1.01 * g, g),
    "one entry twice": lambda g: np.where(np.arange(g.size).reshape(g.shape) == 1, 2 * g, g),
    "one entry zero": lambda g: np.where(np.arange(g.size).reshape(g.shape) == 1, 0, g),
    "one entry nan": lambda g: np.where(np.arange(g.size).reshape(g.shape) == 1, np.nan, g),
    "one entry inf": lambda g: np.where(np.arange(g.size).reshape(g.shape) == 1, np.inf, g),
    "transposed": lambda g: g.T,
    "entries rolled": lambda g: np.roll(g, 1),
}


def relu_sum(a):
    return np.maximum(a, 0).sum()


# ---- the plain centred difference ----------------------------------------------------------------------------------


def test_numerical_gradient_is_the_centred_difference():
    """For x³ it is 3x² + ε² exactly; the referee computes in fractions."""
    eps, x = Fraction(1, 8), Fraction(3, 2)
    exact = ((x + eps) ** 3 - (x - eps) ** 3) / (2 * eps)
    assert exact == 3 * x**2 + eps**2
    assert numerical_gradient(lambda a: a**3, 1.5, eps=1 / 8) == float(exact)


def test_numerical_gradient_of_an_array():
    gradient = numerical_gradient(lambda a: np.sum(np.sin(a)), X)
    assert gradient.shape == X.shape and gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, np.cos(X), rtol=1e-9)


def test_the_step_is_the_one_that_floating_point_allows():
    """At 10⁸ the step 10⁻⁵ is rounded by 0.05 %; the slope must not be."""
    assert numerical_gradient(lambda a: 3 * (a - 1e8), 1e8) == 3


@pytest.mark.parametrize("eps", [0, -1e-5, np.nan, np.inf])
def test_a_step_must_be_positive(eps):
    with pytest.raises(ValueError, match="larger than 0"):
        numerical_gradient(np.sin, 1.0, eps)


def test_a_step_that_is_lost_in_rounding_is_refused():
    with pytest.raises(ValueError, match="lost beside x = 1e\\+20"):
        numerical_gradient(np.sin, 1e20)


# ---- right gradients are right, at every scale ---------------------------------------------------------------------


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("curve", CURVES)
def test_right_at_every_scale_of_f(curve, scale):
    f, derivative = CURVES[curve]
    report = compare_gradients(lambda a: scale * f(a).sum(), X, scale * derivative(X))
    assert report.ok, report


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("curve", CURVES)
def test_right_at_every_scale_of_x(curve, scale):
    f, derivative = CURVES[curve]
    report = compare_gradients(lambda a: f(a / scale).sum(), X * scale, derivative(X) / scale)
    assert report.ok, report


@pytest.mark.parametrize("size", [1e-4, 1e-6, 1e-8, 1e-10])
def test_right_where_the_gradient_is_tiny_beside_f(size):
    report = compare_gradients(lambda a: 1 + size * np.sin(a).sum(), X, size * np.cos(X))
    assert report.ok, report
    near_a_minimum = np.full(3, 1 + size)
    exact = np.sinh(near_a_minimum - 1)  # not sinh(size): 1 + size is rounded
    assert compare_gradients(lambda a: 1 + np.cosh(a - 1).sum(), near_a_minimum, exact).ok


@pytest.mark.parametrize(
    "f, x, claimed",
    [
        (lambda a: np.log(a).sum(), [1e-8, 1e-3, 3.0, 1e8], [1e8, 1e3, 1 / 3, 1e-8]),
        (lambda a: np.sqrt(a).sum(), [1e-8, 4.0], [0.5e4, 0.25]),
        (lambda a: np.sin(1e8 * a).sum(), [0.0, 1e-8], [1e8, 1e8 * np.cos(1)]),
        (lambda a: (a + np.tanh(1e5 * a) / 1e5).sum(), [0.0], [2.0]),  # a bend much narrower than the first steps
        (lambda a: (a - np.tanh(1e5 * a) / 1e5).sum(), [0.0], [0.0]),
        (lambda a: a[0] * 1e8 + a[1] * 1e-3, [1e-8, 1.0], [1e8, 1e-3]),
    ],
)
def test_right_where_the_usual_step_would_be_too_large(f, x, claimed):
    report = compare_gradients(f, x, claimed)
    assert report.ok, report


@pytest.mark.parametrize(
    "f, x",
    [
        (lambda a: 7.0, [0.0, 3.0]),  # does not depend on x
        (lambda a: np.cos(a).sum(), [0.0]),
        (lambda a: (a**2).sum() + 5, [0.0]),
        (lambda a: (a**3).sum(), [0.0]),
        (lambda a: (a**5).sum(), [0.0]),
        (lambda a: (a**7).sum(), [0.0, 0.0]),
        (relu_sum, [-0.01, -3.0]),
        (lambda a: np.cosh(a - 0.1).sum(), [0.1]),
        (lambda a: ((1e3 * a - 1e3) ** 2).sum(), [1.0]),
    ],
)
def test_right_where_the_true_gradient_is_zero(f, x):
    zeros = np.zeros(len(x))
    report = compare_gradients(f, x, zeros)
    assert report.ok, report
    assert not compare_gradients(f, x, zeros + 1e-6).ok


def test_zero_means_within_rounding():
    """The true slope is 0 and backpropagation leaves 10⁻¹⁷: both are zero as far as anybody can see."""
    report = compare_gradients(lambda a: 1 + 0 * a.sum(), [0.3], [1e-17])
    assert report.ok and report.largest_relative_error == 0


def test_a_single_number_is_an_array_too():
    assert compare_gradients(np.sin, 0.3, np.cos(0.3)).ok
    assert compare_gradients(lambda a: Tensor(a).sum(), [1, 2], [1, 1]).ok  # whole numbers; f may return a Tensor


@given(
    st.floats(-8, 8),
    st.floats(-3, 3),
    st.floats(-2, 2),
    st.sampled_from(list(CURVES)),
    st.sampled_from(["1 % off", "twice", "sign", "zero"]),
)
def test_any_scale_any_place(power, x, offset, curve, mistake):
    f, derivative = CURVES[curve]
    scale = 10**power

    def shifted(a):
        return scale * (f(a) + offset)

    true = scale * derivative(np.float64(x))
    assert compare_gradients(shifted, x, true).ok
    if abs(derivative(x)) > 1e-9:
        assert not compare_gradients(shifted, x, PLANTED[mistake](true)).ok


# ---- planted mistakes are caught -----------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-8, 1e-6, 1.0, 1e8])
@pytest.mark.parametrize("mistake", PLANTED)
def test_planted_mistakes_are_caught(mistake, scale):
    wrong = PLANTED[mistake](scale * np.cos(X))
    report = compare_gradients(lambda a: scale * np.sin(a).sum(), X, wrong)
    assert not report.ok and not report
    assert report.worst.verdict == "wrong"


@pytest.mark.parametrize("mistake", [name for name in PLANTED if "one entry" in name])
def test_it_says_which_entry(mistake):
    report = compare_gradients(lambda a: np.sin(a).sum(), X, PLANTED[mistake](np.cos(X)))
    assert [e.where for e in report.with_verdict("wrong")] == ["x[0, 1]"]
    assert report.where == "x[0, 1]" and report.worst.index == (0, 1)
    assert len(report.entries) == X.size


def test_a_square_gradient_transposed_is_caught():
    weights = np.arange(9.0).reshape(3, 3)
    assert compare_gradients(lambda a: (weights * a).sum(), np.ones((3, 3)), weights).ok
    assert not compare_gradients(lambda a: (weights * a).sum(), np.ones((3, 3)), weights.T).ok


def test_a_small_gradient_off_by_two_is_wrong():
    """|2·10⁻⁶ − 10⁻⁶| is small, but only in absolute terms."""
    report = compare_gradients(lambda a: 1e-6 * a.sum(), [1.0], [2e-6])
    assert not report.ok
    assert report.largest_relative_error == pytest.approx(0.5)


def test_an_entry_is_not_excused_by_a_large_neighbour():
    f = lambda a: 1e3 * np.sin(a[0]) + 1e-3 * np.sin(a[1])  # noqa: E731
    assert compare_gradients(f, [0.2, 0.2], [1e3 * np.cos(0.2), 1e-3 * np.cos(0.2)]).ok
    report = compare_gradients(f, [0.2, 0.2], [1e3 * np.cos(0.2), 2e-3 * np.cos(0.2)])
    assert [e.where for e in report.with_verdict("wrong")] == ["x[1]"]


def test_a_wrong_shape_is_a_wrong_gradient_not_a_broadcast():
    report = compare_gradients(lambda a: a.sum(), X, np.ones((3, 2)))
    assert not report.ok
    assert "(2, 3)" in report.summary and "(3, 2)" in report.summary and "transposed" in report.summary
    assert not compare_gradients(lambda a: a.sum(), X, 1.0).ok
    assert not compare_gradients(lambda a: a.sum(), X, np.ones((1, 3))).ok


def test_tolerance_is_the_callers():
    f, claimed = (lambda a: np.sin(a).sum()), 1.001 * np.cos(X)
    assert not compare_gradients(f, X, claimed).ok
    assert compare_gradients(f, X, claimed, tolerance=0.01).ok


# ---- kinks and jumps -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("distance", [1e-9, 1e-8, 1e-7, 1e-6, 1e-5])
@pytest.mark.parametrize("side", [-1, 1])
def test_a_kink_within_the_step_is_named_and_not_called_an_error(distance, side):
    x, true = np.array([side * distance]), np.array([1.0 if side > 0 else 0.0])
    report = compare_gradients(relu_sum, x, true)
    assert report.ok and "kink" in str(report), report
    if distance > 1e-7:
        at_the_usual_step = numerical_gradient(relu_sum, x, 10 * distance)
        assert 0.4 < at_the_usual_step[0] < 0.6  # what would have been called an error
    assert not compare_gradients(relu_sum, x, 1 - true).ok  # the slope of the other side is wrong all the same
    assert not compare_gradients(relu_sum, x, [0.5]).ok


@pytest.mark.parametrize("claim, ok", [(0, True), (1, True), (0.5, True), (-0.3, False), (1.3, False), (7, False)])
def test_at_a_kink_the_claim_must_lie_between_the_slopes(claim, ok):
    report = compare_gradients(relu_sum, [0.0], [claim])
    assert report.ok is ok
    assert "slope 0 on the left, 1 on the right" in str(report)
    assert report.worst.verdict == ("kink" if ok else "wrong")


def test_kinks_on_a_curved_function():
    def f(a):
        return relu_sum(a) + np.sin(3 * a).sum() + np.exp(a).sum() + 100

    for x in (0.0, 1e-7, -1e-7, 1e-4, -0.02):
        smooth = 3 * np.cos(3 * x) + np.exp(x)
        assert compare_gradients(f, [x], [smooth + (x > 0)]).ok
        assert not compare_gradients(f, [x], [smooth + 3]).ok


@pytest.mark.parametrize("x", [1e-3, 0.05, 0.4, 2.0])
def test_a_kink_farther_away_is_none_of_its_business(x):
    report = compare_gradients(relu_sum, [x, -x], [1, 0])
    assert report.ok and "kink" not in str(report)


def test_ties_share_the_gradient():
    tied = [1.0, 1.0, 1.0, 0.0]
    assert compare_gradients(np.max, tied, [1 / 3, 1 / 3, 1 / 3, 0]).ok
    assert not compare_gradients(np.max, tied, [1 / 3, 1 / 3, 1 / 3, 1 / 3]).ok


def test_every_kink_convention_of_the_engine_is_accepted():
    w = Tensor([0.0, 1.0, 1.0, -2.0], name="w")
    for loss in (
        lambda: bp.relu(w).sum(),
        lambda: abs(w).sum(),
        lambda: bp.leaky_relu(w).sum(),
        lambda: bp.clip(w, 0, 1).sum(),
        lambda: bp.max(w),
        lambda: bp.maximum(w, 1).sum(),
    ):
        report = check_gradients(loss, w)
        assert report.ok and report.with_verdict("kink"), report


def test_a_jump_is_not_a_slope():
    step = lambda a: np.sum(a > 0)  # noqa: E731
    report = compare_gradients(step, [0.0], [0.0])
    assert not report.ok and "jumps" in report.summary
    assert compare_gradients(step, [1.0, -1.0], [0.0, 0.0]).ok
    assert compare_gradients(step, [1e-7], [0.0]).ok


def test_an_infinite_slope_is_not_confirmed():
    assert not compare_gradients(lambda a: np.sqrt(np.abs(a)).sum(), [0.0], [np.inf]).ok
    assert not compare_gradients(lambda a: np.sqrt(np.abs(a)).sum(), [0.0], [1e8]).ok


# ---- honest about what cannot be told --------------------------------------------------------------------------------


def rough(a):
    """sin with a noise of one thousandth, as a simulation or a quantised network has it."""
    return np.sum(np.sin(a) + 1e-3 * np.sin(1e17 * a))


def test_cannot_tell_is_not_ok():
    report = compare_gradients(rough, [0.3], [np.cos(0.3)])
    assert not report.ok and report.worst.verdict == "cannot tell"
    assert "known only to within" in report.summary
    assert compare_gradients(rough, [0.3], [2.0]).worst.verdict == "wrong"


def test_below_the_rounding_of_f_nothing_can_be_told_and_all_is_zero():
    f = lambda a: 1e12 + 1e-3 * np.sin(a).sum()  # noqa: E731
    assert compare_gradients(f, [0.3], [1e-3 * np.cos(0.3)]).largest_relative_error == 0
    assert not compare_gradients(f, [0.3], [1.0]).ok


def test_outside_its_domain_f_is_not_needed():
    """One-sided at the border: log is not defined for the larger steps, and at 0 on no step to the left."""
    assert compare_gradients(lambda a: np.log(a).sum(), [1e-7], [1e7]).ok
    report = compare_gradients(lambda a: np.sqrt(a).sum(), [0.0], [0.0])
    assert report.worst.verdict == "cannot tell" and "both sides" in report.summary
    p = Tensor([0.999, 1e-6])
    assert check_gradients(lambda: bp.binary_cross_entropy(p, [1, 0]), p).ok  # refuses p outside [0, 1]


def test_float32_functions_are_judged_by_their_own_rounding():
    def f(a):
        return float(np.sin(a.astype(np.float32)).sum())

    assert compare_gradients(f, X, np.cos(X)).ok
    assert not compare_gradients(f, X, 1.01 * np.cos(X)).ok
    assert not compare_gradients(f, X, PLANTED["one entry zero"](np.cos(X))).ok


def test_float32_claims_are_judged_by_theirs():
    x, claimed = X.astype(np.float32), np.cos(X).astype(np.float32)
    seen = []

    def f(a):
        seen.append(a.dtype)
        return np.sin(a).sum()

    assert compare_gradients(f, x, claimed).ok
    assert set(seen) == {np.dtype(np.float64)}
    assert not compare_gradients(f, x, np.float32(1.01) * claimed).ok


def test_cancellation_inside_f():
    assert compare_gradients(lambda a: ((1e6 + a) - 1e6).sum(), X, np.ones_like(X)).ok


# ---- nothing is disturbed --------------------------------------------------------------------------------------------


def test_x_is_not_disturbed_even_by_an_exception():
    x, claimed = X.copy(), np.cos(X)
    compare_gradients(lambda a: np.sin(a).sum(), x, claimed)
    numerical_gradient(lambda a: np.sin(a).sum(), x)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(claimed, np.cos(X))

    def breaks(a):
        if a[1, 1] != X[1, 1]:
            raise RuntimeError("half way")
        return a.sum()

    for check in (lambda: compare_gradients(breaks, x, X), lambda: numerical_gradient(breaks, x)):
        with pytest.raises(RuntimeError, match="half way"):
            check()
        np.testing.assert_array_equal(x, X)


def test_a_function_that_writes_into_its_argument_harms_nobody():
    def f(a):
        total = np.sin(a).sum()
        a[...] = 99
        return total

    x = X.copy()
    assert compare_gradients(f, x, np.cos(X)).ok
    np.testing.assert_array_equal(x, X)


def test_check_gradients_leaves_values_gradients_and_types_alone():
    w = Tensor(np.float32([0.1, -0.7]), name="w")
    other = Tensor([3.0])
    held = w.data
    loss = lambda: (bp.tanh(w) * other).sum()  # noqa: E731
    loss().backward()
    gradient = w.grad.copy()
    assert check_gradients(loss, [w]).ok
    assert w.data is held and w.dtype == np.float32
    np.testing.assert_array_equal(w.data, np.float32([0.1, -0.7]))
    np.testing.assert_array_equal(w.grad, gradient)
    np.testing.assert_allclose(other.grad, np.tanh(np.float32([0.1, -0.7])).sum(), rtol=1e-6)

    calls = []

    def breaks():
        calls.append(w.numpy())
        if len(calls) == 5:
            raise RuntimeError("half way")
        return loss()

    with pytest.raises(RuntimeError, match="half way"):
        check_gradients(breaks, [w])
    assert any(not np.array_equal(value, calls[0]) for value in calls)
    np.testing.assert_array_equal(w.data, np.float32([0.1, -0.7]))
    assert w.dtype == np.float32
    w.data[0] = 0.5  # the array that was fetched before is still the leaf's own
    np.testing.assert_array_equal(w.data, np.float32([0.5, -0.7]))


# ---- check_gradients on the engine -----------------------------------------------------------------------------------


def network(seed, activation, dtype=np.float64):
    rng = np.random.default_rng(seed)
    shapes = [("W1", (4, 2)), ("b1", (4,)), ("W2", (3, 4)), ("b2", (3,))]
    parameters = [Tensor(rng.normal(size=shape).astype(dtype), name=name) for name, shape in shapes]
    w1, b1, w2, b2 = parameters
    inputs, target = rng.normal(size=(5, 2)).astype(dtype), rng.integers(0, 3, size=5)
    return lambda: bp.cross_entropy(activation(inputs @ w1.T + b1) @ w2.T + b2, target), parameters


@pytest.mark.parametrize("activation", [bp.sigmoid, bp.tanh, bp.relu, bp.softplus, bp.leaky_relu])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_networks_are_right(activation, dtype):
    for seed in range(5):
        report = check_gradients(*network(seed, activation, dtype))
        assert report.ok, report
        assert [e.name for e in report.entries] == ["W1"] * 8 + ["b1"] * 4 + ["W2"] * 12 + ["b2"] * 3


def test_a_dead_relu_is_right():
    loss, parameters = network(0, bp.relu)
    parameters[1].data = [-100.0] * 4
    report = check_gradients(loss, parameters)
    assert report.ok and not np.any([e.claimed for e in report.entries if e.name == "W1"])


RULES = {
    "sign flipped": lambda rule: lambda g, out, a: -rule(g, out, a),
    "1 % off": lambda rule: lambda g, out, a: 1.01 * rule(g, out, a),
    "forgotten": lambda rule: lambda g, out, a: g,
    "taken at z": lambda rule: lambda g, out, a: g * a * (1 - a),
    "stopped": lambda rule: lambda g, out, a: 0 * g,
}


@pytest.mark.parametrize("mistake", RULES)
def test_a_wrong_rule_in_the_engine_is_caught(mistake, monkeypatch):
    row = bp.operations.sigmoid
    monkeypatch.setattr(row, "derivatives", (RULES[mistake](row.derivatives[0]),))
    loss, parameters = network(1, bp.sigmoid)
    report = check_gradients(loss, parameters)
    wrong = {e.name for e in report.with_verdict("wrong")}
    assert wrong == {"W1", "b1"}  # the second layer lies before the mistake on the way back


def test_a_path_that_is_cut_is_caught():
    w = Tensor([0.5, 2.0], name="w")
    assert not check_gradients(lambda: (w * w.detach()).sum(), w).ok
    assert not check_gradients(lambda: w.sum() * Tensor(w.numpy()).sum(), w).ok


def test_one_tensor_or_several_named_or_not():
    a, b = Tensor(2.0), Tensor([1.0, 3.0])
    report = check_gradients(lambda: (a * b).sum(), [a, b])
    assert [e.where for e in report.entries] == ["tensors[0]", "tensors[1][0]", "tensors[1][1]"]
    assert check_gradients(lambda: (a * b).sum(), a).ok


# ---- bad input -------------------------------------------------------------------------------------------------------


def test_errors_teach():
    for f, message in [
        (lambda a: None, "returned nothing"),
        (lambda a: a, r"shape \(2, 3\)"),
        (lambda a: 1j, "real number"),
    ]:
        with pytest.raises(TypeError, match=message):
            compare_gradients(f, X, X)
    with pytest.raises(ValueError, match="nan at x itself"):
        compare_gradients(lambda a: np.nan, X, X)
    with pytest.raises(ValueError, match="no entries"):
        compare_gradients(np.sum, [], [])
    with pytest.raises(ValueError, match="must be finite"):
        compare_gradients(np.sum, [np.inf], [1.0])
    with pytest.raises(TypeError, match="complex"):
        compare_gradients(np.sum, [1j], [1.0])
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="for the same x"):
        compare_gradients(lambda a: a.sum() + rng.normal(), X, X)


def test_errors_of_check_gradients_teach():
    w = Tensor([1.0, 2.0], name="w")
    with pytest.raises(TypeError, match="returned float"):
        check_gradients(lambda: 1.0, w)
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        check_gradients(lambda: w * 2, w)
    with pytest.raises(ValueError, match="empty"):
        check_gradients(lambda: w.sum(), [])
    with pytest.raises(TypeError, match="compare_gradients"):
        check_gradients(lambda: w.sum(), [np.ones(2)])
    with pytest.raises(ValueError, match="leaves"):
        check_gradients(lambda: w.sum(), [w * 2])
    with pytest.raises(ValueError, match="'fixed'"):
        check_gradients(lambda: w.sum(), [Tensor(1.0, requires_grad=False, name="fixed")])


# ---- the report ------------------------------------------------------------------------------------------------------


def test_the_report_reads_well():
    report = compare_gradients(lambda a: np.sum(a**2), [1.0, 2.0, 3.0], [2.0, 4.0, 9.0])
    assert str(report).splitlines() == [
        "Wrong: 1 of 3 entries. The largest relative error is 0.33, at x[2]: claimed 9, measured 6.",
        "",
        "entry  claimed  measured  relative error  verdict  note",
        "x[2]   9        6         0.33            wrong",
        "x[0]   2        2         below 1e-07     right",
        "x[1]   4        4         below 1e-07     right",
    ]
    right = compare_gradients(lambda a: np.sum(a**2), [1.0, 2.0], [2.0, 4.0])
    assert right.summary == "Right: 2 of 2 entries agree with the measured slopes (relative error below 1e-07)."


def test_a_long_table_shows_the_worst_first():
    x = np.arange(30.0)
    claimed = np.where(x == 17, 2, 1) * np.cos(x)
    lines = str(compare_gradients(lambda a: np.sin(a).sum(), x, claimed)).splitlines()
    assert lines[3].startswith("x[17]") and lines[-1] == "… and 10 more, none of them worse."
    assert len(lines) == 3 + gradcheck.SHOWN_ROWS + 1


def test_the_html_table_is_escaped_and_says_the_same():
    w = Tensor([1.0], name="<script>alert(1)</script>&")
    report = check_gradients(lambda: (w * w.detach()).sum(), w)
    html = report._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html and "&amp;" in html
    for entry in report.entries:
        assert entry.verdict in html
    assert html.count("<th scope") == 6 and "<caption>Wrong: 1 of 1" in html


def test_the_report_is_the_same_each_time():
    def once():
        report = check_gradients(*network(3, bp.relu))
        return str(report), report._repr_html_()

    assert once() == once()


# ---- the checker on trial: each change to it must show as a gradient judged wrongly ---------------------------------

RIGHT_CLAIMS = [
    (lambda a: np.sin(a).sum(), X, np.cos(X)),
    (relu_sum, [0.0, 1e-7, -1e-7], [0, 1, 0]),
    (lambda a: 1 + 1e-8 * np.sin(a).sum(), X, 1e-8 * np.cos(X)),
    (lambda a: (a**5).sum(), [0.0], [0.0]),
    (lambda a: np.log(a).sum(), [1e-8], [1e8]),
    (lambda a: float(np.sin(a.astype(np.float32)).sum()), X, np.cos(X)),
    (lambda a: np.sin(1e8 * a).sum(), [0.0], [1e8]),
    (lambda a: np.maximum(np.abs(a) - 1, 0).sum() * 1e-6 + 1, [1 + 1e-6], [1e-6]),
]
WRONG_CLAIMS = [
    (lambda a: np.sin(a).sum(), X, 1.01 * np.cos(X)),
    (lambda a: np.sin(a).sum(), X, PLANTED["one entry 1 % off"](np.cos(X))),
    (lambda a: np.sin(a).sum(), X, PLANTED["one entry inf"](np.cos(X))),
    (lambda a: np.sin(a).sum(), X, -np.cos(X)),
    (lambda a: np.sin(a).sum(), X, np.cos(X) * [[1, 1, 1], [1, 1, 2]]),
    (lambda a: 1e-8 * np.sin(a).sum(), X, 2e-8 * np.cos(X)),
    (relu_sum, [0.0], [7.0]),
    (lambda a: np.sum(a > 0), [0.0], [0.0]),
    (rough, [0.3], [np.cos(0.3)]),
]
MUTANTS = [
    ("absolute instead of relative", "difference > tolerance * size + error", "difference > tolerance + error"),
    ("error forgotten", "difference > tolerance * size + error", "difference > tolerance * size"),
    ("nan lets pass", "if not np.isfinite(claimed):", "if False:"),
    ("signs ignored", "abs(claimed - measured)", "abs(abs(claimed) - abs(measured))"),
    ("anything undecided is right", "return entry(CANNOT_TELL, relative_error", "return entry(RIGHT, relative_error"),
    ("the kink accepts all", "if outside <= tolerance", "if True or outside <= tolerance"),
    ("no kinks", "kink = _stays(gap, noise)", "kink = None"),
    ("forward difference", "centred, gap = (right + left) / 2, right - left", "centred, gap = right, right - left"),
    ("2 forgotten", "(right + left) / 2", "(right + left)"),
    (
        "Richardson the wrong way",
        "(16 * centred[1:] - centred[:-1]) / 15",
        "(4 * centred[1:] - centred[:-1]) / 3 * 1.01",
    ),
    ("one step for all", "STEPS = 4.0 ** -np.arange(23)", "STEPS = 4.0 ** -np.arange(10)"),
    ("no smaller steps after the first look", "line.slope(STEPS)", "line.slope(FIRST_LOOK)"),
    ("single precision not noticed", "np.finfo(np.float32 if single else", "np.finfo(np.float64 if single else"),
    ("exceptions outside the domain", "except (ValueError, ArithmeticError):", "except ZeroDivisionError:"),
    ("x is moved for good", "moved = x.copy()", "moved = x"),
    (
        "only the first row",
        "in np.ndindex(x.shape):\n        claim",
        "in np.ndindex((1, *x.shape[1:])):\n        claim",
    ),
    ("zero is never known", "known = (error <= CLEAR * abs(value)) | is_zero", "known = error <= CLEAR * abs(value)"),
    ("all is known", "known = (error <= CLEAR * abs(value)) | is_zero", "known = error < np.inf"),
]


def misjudged(module):
    def ok(f, x, claimed):
        try:
            return module.compare_gradients(f, x, claimed).ok
        except Exception as error:
            return error

    def strict_log(a):
        if np.any(a <= 0):
            raise ValueError("outside the domain")
        return np.log(a).sum()

    right = [*RIGHT_CLAIMS, (strict_log, [1e-8], [1e8])]
    return [c for c in right if ok(*c) is not True] + [c for c in WRONG_CLAIMS if ok(*c) is not False]


def test_the_trial_starts_from_a_checker_that_misjudges_nothing():
    assert misjudged(gradcheck) == []


@pytest.mark.parametrize("name, old, new", MUTANTS, ids=[m[0] for m in MUTANTS])
def test_mistakes_in_the_checker_are_noticed(name, old, new):
    source = inspect.getsource(gradcheck)
    assert source.count(old) >= 1, "the line to change is no longer there"
    mutant = type(gradcheck)("backprop_lib._mutant")
    mutant.__package__ = "backprop_lib"
    exec(compile(source.replace(old, new), "mutant", "exec"), vars(mutant))
    assert misjudged(mutant)
