"""A gradient without a graph: what the numbers alone can tell."""

import numpy as np
import pytest

from backprop_lib.diagnosis import diagnose_array
from backprop_lib.gradcheck import numerical_gradient


@pytest.fixture(params=range(3))
def true(request):
    return np.random.default_rng(request.param).normal(size=(4, 3))


def test_right(true):
    for claimed in (true, true * (1 + 1e-7), true.tolist()):
        found = diagnose_array(true, claimed)
        assert found.ok and found.mistake is None and found.also == () and bool(found)
    assert diagnose_array(np.zeros(3), np.zeros(3)).ok
    assert diagnose_array(2.0, 2.0).ok


def test_shape(true):
    found = diagnose_array(true, true.T)
    assert found.mistake == "gradient_transposed"
    found = diagnose_array(true, true.ravel())
    assert found.mistake == "wrong_shape" and "(12,)" in found.message and "(4, 3)" in found.message
    assert "agree once it is reshaped" in found.message
    for claimed in (1.0, np.ones(5), np.zeros((4, 3, 1)) + 1, np.ones((0,)), np.ones((3, 4))):
        found = diagnose_array(true, claimed)
        assert found.mistake == "wrong_shape" and "agree" not in found.message
    square = true[:3]
    assert diagnose_array(square, square.T).mistake == "gradient_transposed"


def test_constant_factors(true):
    for factor, examples, expected in [
        (-1, None, {"sign_flipped"}), (2, None, {"two_doubled", "accumulated_twice"}), (0.5, None, {"two_missing"}),
        (7, 7, {"one_over_m_missing"}), (1 / 7, 7, {"one_over_m_twice"}), (7, None, {"constant_factor"}),
        (2, 2, {"two_doubled", "accumulated_twice", "one_over_m_missing"}), (0.3, 7, {"constant_factor"}),
        (-7, 7, {"constant_factor"}), (-2, None, {"constant_factor"}),
    ]:  # fmt: skip
        found = diagnose_array(true, factor * true, examples)
        assert {s.mistake for s in found.suspects} == expected, (factor, found)
        assert f"{factor:.6g} times" in found.message and found.where == "all entries"
    assert "sign" in diagnose_array(true, -7 * true, 7).message
    assert any("m = 2" in reason for reason in diagnose_array(true, 2 * true, 2).blind)


def test_all_zero(true):
    assert diagnose_array(true, np.zeros((4, 3))).mistake == "all_zero"


def test_nan(true):
    spoilt = true.copy()
    spoilt[1, 2] = np.nan
    found = diagnose_array(true, spoilt)
    assert found.mistake == "not_finite" and found.where == "entry [1, 2]"


def test_some_rows_columns_and_entries(true):
    claimed = true.copy()
    claimed[1] *= -1
    found = diagnose_array(true, claimed)
    assert (found.mistake, found.where) == ("some_rows", "row 1") and "-1 times" in found.message
    claimed[3] = 0.1
    assert diagnose_array(true, claimed).where == "rows 1 and 3"
    claimed = true.copy()
    claimed[:, 2] = 0
    found = diagnose_array(true, claimed)
    assert (found.mistake, found.where) == ("some_columns", "column 2") and "zero" in found.message
    claimed = true.copy()
    claimed[2, 1] *= 1.01
    found = diagnose_array(true, claimed)
    assert (found.mistake, found.where) == ("some_entries", "entry [2, 1]")
    claimed[0, 0] += 1
    assert diagnose_array(true, claimed).where == "entries [0, 0] and [2, 1]"
    vector = true[:, 0]
    wrong = vector.copy()
    wrong[3] = 9
    assert diagnose_array(vector, wrong).where == "entry [3]"


def test_entries_that_are_zero_anyway_speak_for_nobody():
    true = np.array([[1.0, 0.0], [2.0, 0.0]])
    found = diagnose_array(true, [[3.0, 0.0], [1.0, 0.0]])
    assert found.mistake is None and "no simple relation" in found.message


def test_noise_has_no_name(true):
    for seed in range(10):
        noisy = true * (1 + 0.1 * np.random.default_rng([9, seed]).normal(size=true.shape))
        found = diagnose_array(true, noisy)
        assert not found.ok and found.mistake is None and found.also == ()


def test_with_a_measured_gradient():
    """The truth may be measured: a black-box function, a wrong derivation."""
    rng = np.random.default_rng(0)
    A, x = rng.normal(size=(5, 3)), rng.normal(size=3)
    f = lambda x: float(np.mean((A @ x) ** 2))  # noqa: E731
    measured = numerical_gradient(f, x)
    assert diagnose_array(measured, 2 * A.T @ (A @ x) / 5).ok
    assert diagnose_array(measured, 2 * A.T @ (A @ x), examples=5).mistake == "one_over_m_missing"
    assert diagnose_array(measured, A.T @ (A @ x) / 5).mistake == "two_missing"


def test_bad_input(true):
    with pytest.raises(ValueError, match="holds nan or inf"):
        diagnose_array([np.nan], [1.0])
    with pytest.raises(ValueError, match="examples is a number"):
        diagnose_array(true, true, examples=0)
    with pytest.raises(TypeError):
        diagnose_array(true, "x")
    with pytest.raises(ValueError):
        diagnose_array(true, [[1], [2, 3]])
