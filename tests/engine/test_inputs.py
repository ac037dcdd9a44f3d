"""What a Tensor takes in: real numbers in a regular shape. Whole numbers become float64, float32 stays float32."""

import copy
import decimal
import fractions
import pickle

import numpy as np
import pytest

from .cases import every, kinds
from .referee import uneven

GOOD = {
    "int": 3, "float": 3.5, "bool": True, "list": [1, 2, 3], "nested list": [[1, 2], [3, 4]], "tuple": (1.0, 2.0),
    "empty list": [], "list of bools": [True, False], "range": range(3), "int array": np.arange(3),
    "unsigned": np.arange(3, dtype=np.uint8), "big int": np.array(2**62), "bool array": np.array([True, False]),
    "float64": np.array([1.5]), "float16": np.array([1.5], np.float16), "0-d array": np.array(2.5),
    "NumPy number": np.float64(2.5), "NumPy int": np.int32(7), "NumPy bool": np.bool_(True),
    "Fortran order": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "strided": np.arange(10.0)[::-3],
    "big-endian": np.array([1.5, 2.5], ">f8"), "big-endian int": np.array([1, 2], ">i4"),
    "not finite": [np.inf, np.nan], "mixed list": [1, 2.5, True], "list of arrays": [np.ones(2), np.zeros(2)],
    "empty": np.zeros((0, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_becomes_float64(lib, name):
    t = lib.Tensor(GOOD[name])
    assert t.dtype == t.data.dtype == np.float64
    assert type(t.data) is np.ndarray
    assert t.data.dtype.isnative
    np.testing.assert_array_equal(t.data, np.asarray(GOOD[name], dtype=float))
    assert t.shape == np.shape(GOOD[name])
    assert (t * 1).dtype == np.float64
    assert lib.exp(np.minimum(np.asarray(GOOD[name], dtype=float), 1)).dtype == np.float64


@pytest.mark.parametrize("made", [np.array([1, 2], np.float32), np.float32(1.5), np.array([1, 2], ">f4")])
def test_float32_stays_float32(lib, made):
    t = lib.Tensor(made)
    assert t.dtype == t.data.dtype == np.float32
    assert t.data.dtype.isnative


def check_float32(lib, case):
    """Values, the gradients of leaves and of every inner node, and the gradients of gradients."""
    leaves = [lib.Tensor(x.astype(np.float32)) for x in case.inputs]
    output = case.engine(*leaves)
    seed = uneven(output.shape)
    output.backward(seed)
    for node in lib.Graph(output).nodes:
        if node.requires_grad:
            assert node.dtype == node.grad.dtype == np.float32, node
    for leaf in leaves:
        leaf.zero_grad()
    output.backward(seed, create_graph=True)
    for leaf in leaves:
        if leaf.grad is not None:
            assert leaf.grad.dtype == np.float32, leaf.grad


@kinds
def test_every_operation_keeps_float32(lib, kind):
    every(lib, kind, check_float32)


MIXED = {
    "add": lambda lib, x: 1 + x + 2.5,
    "divide": lambda lib, x: 1 / x / 3,
    "power": lambda lib, x: 2**x + x**2 + x**0.5,
    "bool": lambda lib, x: x * True,
    "maximum": lambda lib, x: lib.maximum(0.0, x) + lib.minimum(x, 1),
    "where": lambda lib, x: lib.where(x > 1, x, 0.0) + lib.where(x > 1, 0, x),
    "where with an array's condition": lambda lib, x: lib.where(np.array([True, False]), x, 0.0),
    "truth": lambda lib, x: x * (x > 1) + (x == 1) + (1 >= x),
    "clip": lambda lib, x: lib.clip(x, 0, 1.5),
    "clip by arrays": lambda lib, x: lib.clip(x, np.zeros(2), [1.5, 1.5]),
    "stack": lambda lib, x: lib.stack([x, x]) * 0.5,
    "leaky": lambda lib, x: lib.leaky_relu(x, 0.1),
    "squared error": lambda lib, x: lib.mean_squared_error(x, [0, 1]),
    "logits": lambda lib, x: lib.binary_cross_entropy_with_logits(x, [0.0, 1.0]),
    "probabilities": lambda lib, x: lib.binary_cross_entropy(lib.sigmoid(x), np.array([0.0, 1.0])),
    "classes": lambda lib, x: lib.cross_entropy(x, 1),
    "one-hot": lambda lib, x: lib.cross_entropy(x, [0.0, 1.0]),
    "numpy": lambda lib, x: np.add(1.5, x) + np.where(x > 1, x, 0) + np.maximum(x, 0.5),
    "float32 array": lambda lib, x: x * np.ones(2, np.float32),
    "NumPy float32": lambda lib, x: x * np.float32(2),
}


@pytest.mark.parametrize("name", MIXED)
def test_expressions_with_plain_numbers_keep_float32(lib, name):
    x = lib.Tensor(np.array([1.0, 2.0], np.float32))
    out = MIXED[name](lib, x)
    assert out.dtype == np.float32
    out.backward(np.ones(out.shape))
    assert x.grad.dtype == np.float32
    x.zero_grad()
    out.sum().backward(create_graph=True)
    assert x.grad.dtype == np.float32


def test_single_float32_numbers(lib):
    x = lib.Tensor(np.float32(1.5))
    out = lib.where(x > 1, lib.sigmoid(x * 2.0 + 1) ** 2, 0.0)
    out.backward()
    assert out.dtype == out.data.dtype == x.grad.dtype == np.float32


def test_a_float64_array_wins_over_float32_as_in_numpy(lib):
    x = lib.Tensor(np.array([1.0, 2.0], np.float32))
    out = x * np.ones(2)
    assert out.dtype == np.float64
    out.sum().backward()
    assert x.grad.dtype == np.float32  # a leaf's gradient has the leaf's type


BAD = {
    "complex": (1j, "complex"),
    "complex array": (np.ones(2) * 1j, "complex"),
    "complex without imaginary part": (np.array([1 + 0j]), "complex"),
    "text": ("3", "text"),
    "list of text": (["1", "2"], "text"),
    "bytes": (b"3", "bytes"),
    "ragged": ([[1, 2], [3]], "[Rr]ows of different lengths"),
    "ragged deeper": ([[1], 2], "[Rr]ows of different lengths"),
    "None": (None, "object"),
    "None inside": ([1.0, None], "object"),
    "dict": ({"a": 1}, "object"),
    "set": ({1, 2}, "object"),
    "object array": (np.array([1, "a"], dtype=object), "object"),
    "function": (len, "object"),
    "Fraction": (fractions.Fraction(1, 3), "object"),
    "Decimal": (decimal.Decimal("0.1"), "object"),
    "date": (np.datetime64("2020-01-01"), "datetime"),
    "generator": ((i for i in range(3)), "object"),
    "masked": (np.ma.masked_array([1.0, 2.0], [True, False]), "mask"),
    "structured": (np.zeros(2, [("a", float)]), "values"),
}


if np.dtype(np.longdouble) != np.float64:  # on some machines it is the same
    BAD["extended precision"] = (np.longdouble(1), "extended|longdouble|float128")


@pytest.mark.parametrize("name", BAD)
def test_is_refused_everywhere(lib, name):
    """As a Tensor, in an expression on either side, as a function's argument, a new value, a gradient, and a seed."""
    value, message = BAD[name]
    t, w = lib.Tensor([1.0, 2.0]), lib.Tensor([1.0, 2.0])
    for take in (
        lambda: lib.Tensor(value),
        lambda: lib.exp(value),
        lambda: lib.maximum(t, value),
        lambda: lib.mean_squared_error(t, value),
        lambda: lib.binary_cross_entropy(value, [1.0]),
        lambda: lib.binary_cross_entropy_with_logits(t, value),
        lambda: lib.jvp(lib.exp, [value], [1.0]),
        lambda: setattr(w, "data", value),
        lambda: setattr(w, "grad", value) if value is not None else lib.Tensor(None),
        lambda: (t * 1).backward(value) if value is not None else lib.Tensor(None),
        lambda: (t * 1).backward(value, create_graph=True) if value is not None else lib.Tensor(None),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            take()
    if not isinstance(value, np.ma.MaskedArray):
        for take in (lambda: t + value, lambda: value * t, lambda: t**value):
            with pytest.raises((TypeError, ValueError)):
                take()
    assert w.data.tolist() == [1.0, 2.0]
    assert w.grad is None
    assert t.grad is None


def test_targets_of_cross_entropy_are_numbers(lib):
    z = [[0.0, 1.0]]
    for target in ([["1", "0"]], [[1j, 1 - 1j]], [[None, 1.0]], np.ma.masked_array([[1.0, 0.0]], [[False, True]])):
        with pytest.raises(TypeError):
            lib.cross_entropy(z, target)
    for target in (["a"], [1j], [None], [True], [[0], [0, 1]]):
        with pytest.raises((TypeError, ValueError)):
            lib.cross_entropy(z, target)


def test_a_whole_number_too_large_for_float64(lib):
    with pytest.raises((TypeError, OverflowError)):
        lib.Tensor(10**400)
    assert lib.Tensor(10**30).item() == 1e30


def test_messages_show_what_was_given(lib):
    for value, words in [
        (1j, ["real numbers", "float64", "float32", "1j", "float(...)"]),
        ([[1, 2], [3]], ["regular shape", "[[1, 2], [3]]", "different lengths"]),
        ("a" * 500, ["text", "aaa", "…"]),
    ]:
        with pytest.raises((TypeError, ValueError)) as caught:
            lib.Tensor(value)
        for word in words:
            assert word in str(caught.value)
        assert len(str(caught.value)) < 400


def test_attributes(lib):
    t = lib.Tensor([[1, 2, 3]], name="t")
    assert (t.shape, t.ndim, t.size, t.dtype) == ((1, 3), 2, 3, np.float64)
    assert (t.name, t.requires_grad, t.grad, t.operation, t.inputs, t.is_leaf) == ("t", True, None, None, (), True)
    assert t.T.shape == (3, 1)
    t.name = "other"
    assert repr(t) == "Tensor([[1., 2., 3.]], name='other')"
    assert repr(t.sum()) == "Tensor(6., operation=sum)"
    assert repr(lib.Tensor(1.0, requires_grad=False)) == "Tensor(1., requires_grad=False)"
    assert repr(lib.Tensor([0.1234567891, 2.0])) == "Tensor([0.123457, 2.      ])"
    assert not lib.Tensor(1.0, requires_grad=False).requires_grad
    assert t.detach().requires_grad is False
    assert t.detach().data.tolist() == t.data.tolist()
    assert not (t * 2).detach().inputs


def test_items(lib):
    for value in (lib.Tensor(2.5), lib.Tensor([2.5]), lib.Tensor([[2.5]])):
        assert value.item() == 2.5
        assert type(value.item()) is float
    assert type(lib.Tensor(np.float32(0.5)).item()) is float
    with pytest.raises(ValueError, match=r"single entry.*\(2,\)"):
        lib.Tensor([1.0, 2.0]).item()


COPIES = {
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "pickle": lambda t: pickle.loads(pickle.dumps(t)),
    "deepcopy in a list": lambda t: copy.deepcopy([t])[0],
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copied_leaf_shares_nothing(lib, how):
    w = lib.Tensor([1.0, 2.0], name="w")
    (w * w).sum().backward()
    mine = w.data
    mine[0] = 5.0
    twin = COPIES[how](w)
    assert (twin.name, twin.requires_grad, twin.data.tolist(), twin.grad.tolist()) == (
        "w",
        True,
        [5.0, 2.0],
        [2.0, 4.0],
    )
    twin.data -= 1.0
    twin.grad *= 0
    loss = (w * w).sum()
    assert loss.item() == 29.0
    mine[1] = 9.0  # still noticed after the twin has gone its own way
    with pytest.raises(ValueError, match="'w'"):
        loss.backward()
    assert w.grad.tolist() == [2.0, 4.0]
    single = COPIES[how](lib.Tensor(np.float32(2.5), requires_grad=False))
    assert (single.item(), single.dtype, single.requires_grad) == (2.5, np.float32, False)


@pytest.mark.parametrize("how", COPIES)
def test_a_result_is_not_copied(lib, how):
    """A copy of a result would need a copy of everything it was computed from."""
    with pytest.raises(TypeError, match="multiply.*detach"):
        COPIES[how](lib.Tensor([1.0, 2.0]) * 2)


def test_a_gradient_may_be_set(lib):
    w = lib.Tensor(np.ones((2, 3), np.float32), name="w")
    w.grad = np.ones((2, 3))
    assert w.grad.dtype == np.float32
    w.grad += 1
    assert w.grad.tolist() == [[2.0] * 3] * 2
    with pytest.raises(ValueError, match=r"'w'.*expected \(2, 3\), given \(3,\)"):
        w.grad = np.ones(3)
    w.grad = None
    assert w.grad is None
