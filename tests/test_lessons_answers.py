"""Answers are read in every form in which people give numbers, and judged by the digits that they wrote."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_lib import Tensor
from backprop_lib.lessons.answers import Unreadable, agrees, read, relation, rounding, same, same_shape, shown


def right(answer: object, truth: object, **options: bool) -> bool:
    return agrees(read(answer), np.asarray(truth, dtype=float), **options)


@pytest.mark.parametrize(
    "form",
    [
        0.25,
        Fraction(1, 4),
        Decimal("0.25"),
        np.float32(0.25),
        np.array(0.25),
        Tensor(0.25),
        Tensor(0.5) * 0.5,
        "0.25",
        "0,25",
        " 1/4 ",
        "2.5e-1",
        "25e-2",
    ],
    ids=repr,
)
def test_a_number_is_read_in_every_form(form):
    assert right(form, 0.25)
    assert not right(form, -0.25)


def test_minus_signs_as_people_write_them():
    assert right("−0.0843", -0.084314)
    assert right("- 0.0843", -0.084314)


@pytest.mark.parametrize(
    "form", [[1, 2.5], (1, 2.5), np.array([1, 2.5]), Tensor([1, 2.5]), [Fraction(1), 2.5]], ids=repr
)
def test_an_array_is_read_in_every_form(form):
    assert right(form, [1, 2.5])
    assert not right(form, [1, 2.6])


def test_whole_numbers_and_truth_values_in_an_array():
    assert right(12, 12.0) and right(np.int8(12), 12) and right(12.0, 12)
    assert right(np.array([True, False]), [1, 0])


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        (0.129572, True),
        (0.12957, True),
        (0.1296, True),
        (0.130, True),
        ("0.130", True),
        (0.13, True),  # Python cannot tell 0.13 from 0.130
        (0.12955239, True),  # computed on with figures of four digits
        (0.1298, False),  # S3 rounded on the way
        (0.131, False),
        (0.129, False),
        (0.1, False),
    ],
)
def test_rounding_to_the_digits_that_were_written(answer, accepted):
    assert right(answer, 0.12957155239054208) is accepted


def test_the_source_that_rounds_early_is_not_right_and_is_told_why():
    for answer, truth in [(0.00952, 0.00954959), (0.1298, 0.1295716), (-0.135, -0.135453)]:
        verdict = right(answer, truth)
        assert verdict or "Rounding on the way" in rounding(read(answer), np.asarray(truth))
    assert not right(0.00952, 0.00954959)


def test_too_few_digits_are_said_to_be_too_few():
    assert not right(0.14, 0.13508)
    assert "at least 3 significant digits" in rounding(read(0.14), np.asarray(0.13508))
    assert rounding(read(0.2), np.asarray(0.13508)) == ""


@pytest.mark.parametrize(
    ("answer", "truth"), [(0.09, 0.1), (8, 10), (-0.6, -1), (-9, -12), (9, 12), (10, 12), (40, 42), (1, 1.5), (20, 21)]
)
def test_what_is_off_by_a_whole_digit_is_not_called_right_as_far_as_it_goes(answer, truth):
    """Nor is a round number, where the truth has no more digits than the answer should have."""
    assert rounding(read(answer), np.asarray(float(truth))) == ""


def test_a_comma_that_may_be_part_of_a_thousand_is_asked_about():
    for text in ("2,047", "-2,047", "−12,500"):
        with pytest.raises(Unreadable, match="can be read as .* or as"):
            read(text)
    assert right("0,047", 0.047) and right("2,04", 2.04) and right("2,0471", 2.0471)


def test_cut_off_instead_of_rounded():
    assert not right(0.1295, 0.129572)
    assert right(0.1295, 0.129572, cut=True)
    assert right(-0.1295, -0.129572, cut=True)
    assert not right(0.1294, 0.129572, cut=True)
    assert right(0.3, 0.3, cut=True)


def test_zero_is_only_zero():
    assert right(0, 0.0) and right(1e-12, 0.0)
    assert not right(0.001, 0.0)
    assert not right(0, 1e-9), "a tiny gradient is not zero"
    assert right(7.61e-9, 7.6131e-9) and not right(0, 7.6131e-9)
    assert right([0, 1], [1e-17, 1.0]), "beside 1, what only rounding left is zero"


@given(st.floats(1e-12, 1e12), st.sampled_from([-1, 1]), st.integers(3, 12))
@settings(max_examples=500)
def test_the_truth_rounded_to_three_or_more_digits_is_right(size, sign, digits):
    truth = sign * size
    assert right(float(f"{truth:.{digits}g}"), truth)
    assert right(f"{truth:.{digits}g}", truth)


@given(st.floats(1e-12, 1e12), st.floats(0.006, 0.5), st.sampled_from([-1, 1]))
@settings(max_examples=500)
def test_what_is_off_by_more_than_the_digits_allow_is_wrong(truth, off, sign):
    assert not right(truth * (1 + sign * off), truth)


@pytest.mark.parametrize(
    ("nonsense", "says"),
    [
        ("about a half", "not a number"),
        ("", "not a number"),
        ("1/0", "not a number"),
        ("1e999", "not a finite number"),
        ("9" * 10_000, "not a number"),
        ("0.1.2", "not a number"),
        ("1,234,567", "not a number"),
        ("__import__('os')", "not a number"),
        (True, "expected is a number"),
        (np.True_, "expected is a number"),
        (math.nan, "not finite"),
        (math.inf, "not finite"),
        ([1.0, math.nan], "not finite"),
        (10**400, "expected is a number"),
        (1 + 2j, "expected is a number"),
        ([[1, 2], [3]], "rows of the same length"),
        ([1, None], "expected is a number"),
        (["1", "2"], "expected is a number"),
        ({"dw": 1}, "of type dict"),
        ({1.0}, "of type set"),
        (b"1", "of type bytes"),
        (object(), "of type object"),
        (abs, "You gave a function"),
        (lambda w: w, "You gave a function"),
        (np.array(["a"]), "expected is a number"),
        ((i for i in range(3)), "of type generator"),
    ],
    ids=lambda value: repr(value).partition(" at 0x")[0][:30],
)
def test_nonsense_is_explained(nonsense, says):
    with pytest.raises(Unreadable, match=says) as refusal:
        read(nonsense)
    assert len(str(refusal.value)) < 400


class Hostile:
    def __repr__(self):
        raise RuntimeError("no")

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no")

    def __float__(self):
        raise RuntimeError("no")


def test_an_object_that_answers_nothing_is_only_named():
    assert shown(Hostile()) == "an object of type Hostile"
    with pytest.raises(Unreadable, match="Hostile"):
        read(Hostile())


def test_shown_is_short_and_has_six_digits_at_most():
    assert shown(1 / 3) == "0.333333"
    assert shown(np.float32(0.1)) == "0.1"
    assert shown(-0.0) == "0"
    assert shown([1 / 3, (2,)]) == "[0.333333, (2,)]"
    assert shown(Tensor([1 / 3])) == "[0.333333]"
    assert shown(np.zeros((100, 100))) == "an array of shape (100, 100)"
    assert len(shown("x" * 10_000)) <= 120 and len(shown(list(range(1000)))) <= 120


TRUTH = np.array([[1.5, -2.0, 0.25], [0.5, 3.0, -0.75]])


@pytest.mark.parametrize(
    ("answer", "truth", "says"),
    [
        (-0.13, 0.13, "the sign is not"),
        (2.4, 1.2, "exactly twice"),
        (0.6, 1.2, "exactly half of"),
        (-2.4, 1.2, "exactly minus twice"),
        (12.0, 1.2, "decimal point"),
        (0.012, 1.2, "decimal point"),
        (-TRUTH, TRUTH, "the sign is not"),
        (2 * TRUTH, TRUTH, "exactly twice"),
        (TRUTH.T, TRUTH, "transposed: expected is the shape (2, 3), you gave (3, 2)"),
        (TRUTH[:, :2].T, TRUTH[:, :2], "transposed"),
        (TRUTH[0], TRUTH, "You gave an array of shape (3,); expected is an array of shape (2, 3)"),
        (1.5, TRUTH, "You gave one number"),
        ([1.0, 2.0], 1.0, "expected is one number"),
        ([3.0, 1.0], [1.0, 3.0], "in another order"),
        (np.where(TRUTH == 3, 0, TRUTH), TRUTH, "5 of 6 numbers are right; the first wrong one is at [1, 1]"),
        (0.7, 0.2, ""),
        ([0.7, 0.9], [0.2, 0.3], ""),
    ],
)
def test_what_a_wrong_answer_has_to_do_with_the_truth(answer, truth, says):
    said = relation(read(answer), np.asarray(truth, dtype=float))
    assert says in said and (says or not said)


def test_a_row_is_taken_for_a_column_but_a_transposed_matrix_is_not():
    assert same_shape(np.zeros((1, 3)), np.zeros(3)).shape == (3,)
    assert same_shape(np.zeros((3, 1)), np.zeros(3)).shape == (3,)
    assert same_shape(np.zeros((1, 1)), np.zeros(())).shape == ()
    assert same_shape(np.zeros((3, 2)), np.zeros((2, 3))) is None


def test_results_of_functions_are_compared_more_strictly():
    truth = np.array([1.0, 0.0])
    assert same(truth + 1e-9, truth)
    assert not same(truth * 1.001, truth)
    assert not same(np.ones(3), truth)
