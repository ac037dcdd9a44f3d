"""Every error shows what was given, what was expected, and what to try."""

import numpy as np
import pytest

A, B = np.zeros((2, 3)), np.zeros((4, 3))


def t(lib, shape, name=None, requires_grad=True):
    return lib.Tensor(np.ones(shape), requires_grad=requires_grad, name=name)


# what is done, the kind of error, and words that must be in the message: given, expected, what to try
ERRORS = {
    # shapes
    "add": (lambda lib: t(lib, (2, 3), "a") + t(lib, (2,), "b"), ValueError,
            ["add", "(2, 3) (a)", "(2,) (b)", "last axis", "equal", "reshape"]),
    "multiply by an array": (lambda lib: t(lib, (2, 3)) * np.ones((3, 2)), ValueError,
                             ["multiply", "(2, 3)", "(3, 2)"]),
    "an array times": (lambda lib: np.ones((3, 2)) * t(lib, (2, 3)), ValueError, ["multiply", "(3, 2) and (2, 3)"]),
    "maximum": (lambda lib: lib.maximum(t(lib, 2), t(lib, 3)), ValueError, ["maximum", "(2,)", "(3,)"]),
    "where": (lambda lib: lib.where(np.ones(4) > 0, t(lib, 2), 1.0), ValueError, ["where", "(4,)", "(2,)"]),
    "matmul": (lambda lib: t(lib, (2, 3), "x") @ t(lib, (4, 3), "W"), ValueError,
               ["matmul", "(2, 3) (x)", "(4, 3) (W)", "last axis", "3", "4", "a @ b.T", "which one is right"]),
    "matmul, both transposes": (lambda lib: t(lib, (2, 3)) @ t(lib, (2, 3)), ValueError, ["a.T @ b", "a @ b.T"]),
    "matmul, wrong order": (lambda lib: t(lib, (2, 3)) @ t(lib, (4, 2)), ValueError, ["b @ a"]),
    "matmul with a vector": (lambda lib: t(lib, (2, 3)) @ t(lib, 2), ValueError, ["(2, 3)", "(2,)", "only axis", "3"]),
    "matmul of vectors": (lambda lib: t(lib, 3) @ t(lib, 2), ValueError, ["(3,)", "(2,)"]),
    "matmul of stacks": (lambda lib: t(lib, (5, 2, 3)) @ t(lib, (4, 3, 2)), ValueError, ["(5, 2, 3)", "(4, 3, 2)"]),
    "matmul by a number": (lambda lib: t(lib, (2, 3)) @ 2.0, ValueError, ["matmul", "(2, 3)", "()", "*"]),
    "matmul of numbers": (lambda lib: lib.Tensor(3.0) @ lib.Tensor(2.0), ValueError, ["matmul", "() and ()", "*"]),
    "a list @": (lambda lib: [1.0, 2.0] @ t(lib, (3, 2)), ValueError, ["matmul", "(2,)", "(3, 2)"]),
    "reshape": (lambda lib: t(lib, (2, 3)).reshape(4, 2), ValueError, ["reshape", "(2, 3)", "(4, 2)"]),
    "reshape by half": (lambda lib: t(lib, (2, 3)).reshape(1.5, 4), TypeError, ["float"]),
    "broadcast_to": (lambda lib: lib.broadcast_to(t(lib, (2, 3)), (2, 4)), ValueError,
                     ["broadcast_to", "(2, 3)", "(2, 4)"]),
    "broadcast_to by half": (lambda lib: lib.broadcast_to(lib.Tensor(1.0), 2.5), TypeError, ["float"]),
    "concatenate": (lambda lib: lib.concatenate([t(lib, (2, 3)), t(lib, (2, 4))]), ValueError,
                    ["concatenate", "(2, 3) and (2, 4)"]),
    "concatenate nothing": (lambda lib: lib.concatenate([]), ValueError, ["at least one", "empty"]),
    "concatenate numbers": (lambda lib: lib.concatenate([lib.Tensor(1.0)]), ValueError, ["single number", "stack"]),
    "stack": (lambda lib: lib.stack([t(lib, 2), t(lib, 3)]), ValueError, ["stack", "equal shapes", "(2,)", "(3,)"]),
    "squeeze": (lambda lib: lib.squeeze(t(lib, (1, 3)), 1), ValueError, ["squeeze", "length 1", "(1, 3)", "axis 1"]),
    "transpose": (lambda lib: t(lib, (2, 3)).transpose(0, 0), ValueError, ["(2, 3)", "(0, 0)"]),
    "transpose with too few": (lambda lib: t(lib, (2, 3, 4)).transpose(1, 0), ValueError,
                               ["(2, 3, 4)", "(1, 0)", "once"]),
    # axes
    "axis": (lambda lib: t(lib, (2, 3)).sum(axis=2), ValueError, ["Axis 2", "(2, 3)", "0 to 1", "−1 to −2"]),
    "negative axis": (lambda lib: lib.softmax(t(lib, (2, 3)), axis=-3), ValueError, ["Axis -3", "(2, 3)"]),
    "axis of a number": (lambda lib: lib.mean(lib.Tensor(1.0), axis=0), ValueError, ["Axis 0", "()", "single number"]),
    "axis named twice": (lambda lib: lib.max(t(lib, (2, 3)), axis=(0, -2)), ValueError, ["twice", "(0, -2)", "(2, 3)"]),
    "half an axis": (lambda lib: lib.sum(t(lib, (2, 3)), axis=0.5), TypeError, ["axis", "whole number", "0.5"]),
    "axis as text": (lambda lib: lib.logsumexp(t(lib, (2, 3)), axis="rows"), TypeError, ["whole number", "rows"]),
    "axis for flip": (lambda lib: lib.flip(t(lib, 2), 1), ValueError, ["Axis 1"]),
    "axis for expand_dims": (lambda lib: lib.expand_dims(t(lib, 2), 3), ValueError, ["Axis 3", "(2,)"]),
    "axis for cumsum": (lambda lib: lib.cumsum(t(lib, 2), 1), ValueError, ["Axis 1"]),
    "axis for concatenate": (lambda lib: lib.concatenate([t(lib, 2)], axis=1), ValueError, ["Axis 1"]),
    "mean of nothing": (lambda lib: lib.mean(t(lib, 0)), ValueError, ["nothing to reduce", "(0,)"]),
    "max of nothing": (lambda lib: lib.max(t(lib, (0, 3)), axis=0), ValueError, ["nothing to reduce", "(0, 3)"]),
    "softmax of nothing": (lambda lib: lib.softmax(t(lib, (3, 0))), ValueError, ["nothing", "(3, 0)"]),
    "var of one": (lambda lib: lib.var(t(lib, 1), ddof=1), ValueError, ["ddof=1", "more than 1"]),
    # indices
    "index": (lambda lib: t(lib, (2, 3))[5], IndexError, ["(2, 3)", "5", "0 to length − 1"]),
    "too many indices": (lambda lib: t(lib, 2)[0, 0], IndexError, ["(2,)", "(0, 0)"]),
    "index by a float": (lambda lib: t(lib, 2)[1.0], IndexError, ["1.0"]),
    "index by floats": (lambda lib: t(lib, 2)[np.array([0.0, 1.0])], IndexError,
                        ["whole numbers", "float64", "astype(int)"]),
    "index by text": (lambda lib: t(lib, 2)["a"], IndexError, ["(2,)"]),
    "mask of the wrong shape": (lambda lib: t(lib, 2)[np.ones(3, bool)], IndexError, ["(2,)"]),
    # starting the walk back
    "no seed": (lambda lib: (t(lib, (2, 3)) * 2).backward(), ValueError,
                ["single number", "(2, 3)", ".sum()", ".mean()", "backward(gradient)"]),
    "seed of the wrong shape": (lambda lib: (t(lib, (2, 3)) * 2).backward(np.ones(3)), ValueError,
                                ["expected (2, 3)", "given (3,)"]),
    "a number as seed of many": (lambda lib: (t(lib, 3) * 2).backward(1.0), ValueError, ["expected (3,)", "given ()"]),
    "nothing to differentiate": (lambda lib: (t(lib, (), requires_grad=False) * 2).backward(), ValueError,
                                 ["requires_grad=True", "no_grad"]),
    "a comparison's gradient": (lambda lib: (t(lib, 3) > 0).sum().backward(), ValueError, ["requires_grad=True"]),
    # losses
    "squared error": (lambda lib: lib.mean_squared_error(np.zeros((3, 1)), np.zeros(3)), ValueError,
                      ["mean_squared_error", "(3, 1)", "(3,)", "every prediction with every target", "reshape(3, 1)"]),
    "squared error of nothing": (lambda lib: lib.mean_squared_error([], []), ValueError, ["no elements", "(0,)"]),
    "probabilities above 1": (lambda lib: lib.binary_cross_entropy([0.5, 1.25], [0, 1]), ValueError,
                              ["probabilities", "[0, 1]", "1.25", "binary_cross_entropy_with_logits"]),
    "probabilities below 0": (lambda lib: lib.binary_cross_entropy(-0.5, 1), ValueError, ["[0, 1]", "-0.5"]),
    "undefined probabilities": (lambda lib: lib.binary_cross_entropy(np.nan, 1), ValueError, ["[0, 1]", "nan"]),
    "targets": (lambda lib: lib.binary_cross_entropy_with_logits([3.0], [2]), ValueError, ["targets", "[0, 1]", "2"]),
    "shapes of logits": (lambda lib: lib.binary_cross_entropy_with_logits(A, B), ValueError, ["(2, 3)", "(4, 3)"]),
    "label too large": (lambda lib: lib.cross_entropy(A, [0, 3]), ValueError, ["3 classes", "0 to 2", "3"]),
    "label negative": (lambda lib: lib.cross_entropy(A, [0, -1]), ValueError, ["3 classes", "0 to 2", "-1"]),
    "label of one example": (lambda lib: lib.cross_entropy([1.0, 2.0], 2), ValueError, ["2 classes", "0 to 1"]),
    "labels with decimals": (lambda lib: lib.cross_entropy(A, [0.0, 1.0]), TypeError,
                             ["whole numbers", "float64", "astype(int)"]),
    "number of labels": (lambda lib: lib.cross_entropy(A, [0, 1, 2]), ValueError,
                         ["(2, 3)", "(2,)", "(3,)", "one-hot"]),
    "one-hot of the wrong shape": (lambda lib: lib.cross_entropy(A, np.ones((2, 4))), ValueError, ["(2, 3)", "(2, 4)"]),
    "not one-hot": (lambda lib: lib.cross_entropy(A, np.ones((2, 3))), ValueError, ["add up to 1"]),
    "negative one-hot": (lambda lib: lib.cross_entropy(A, [[2.0, -1.0, 0.0]] * 2), ValueError, ["0 or larger"]),
    "undefined one-hot": (lambda lib: lib.cross_entropy(A, [[np.nan, 0.5, 0.5]] * 2), ValueError, ["add up to 1"]),
    "logits of a stack": (lambda lib: lib.cross_entropy(np.zeros((2, 3, 4)), [0, 1]), ValueError,
                          ["(N, C)", "(C,)", "(2, 3, 4)"]),
    "logits of a number": (lambda lib: lib.cross_entropy(1.0, 0), ValueError, ["(N, C)", "()"]),
    "no logits": (lambda lib: lib.cross_entropy(np.zeros((0, 3)), np.zeros(0, int)), ValueError, ["(0, 3)"]),
    # Python
    "if": (lambda lib: bool(t(lib, 3) > 0), ValueError, ["(3,)", "truth value", ".all()", ".any()"]),
    "if nothing": (lambda lib: bool(t(lib, 0)), ValueError, ["(0,)", "truth value"]),
    "chained comparison": (lambda lib: 0 < t(lib, 3) < 1, ValueError, ["(3,)", "truth value"]),
    "in-place +": (lambda lib: t(lib, 3).__iadd__(1.0), TypeError, ["in place", "t = t +", "w.data -= rate * w.grad"]),
    "in-place index": (lambda lib: t(lib, 3).__setitem__(0, 1.0), TypeError, ["in place"]),
    "float of many": (lambda lib: float(t(lib, 3)), ValueError, ["single entry", "(3,)"]),
    "item of many": (lambda lib: t(lib, 3, "w").item(), ValueError, ["single entry", "'w'", "(3,)", "numpy()"]),
    "len of a number": (lambda lib: len(lib.Tensor(1.0)), TypeError, ["single number", "length"]),
    "iterate over a number": (lambda lib: list(lib.Tensor(1.0)), TypeError, ["single number"]),
    "condition of numbers": (lambda lib: lib.where(t(lib, 2), 1.0, 2.0), TypeError,
                             ["truth values", "t > 0", "numbers"]),
    "condition of text": (lambda lib: lib.where(["a"], 1.0, 2.0), TypeError, ["truth values"]),
    "clip upside down": (lambda lib: lib.clip(t(lib, 2), 1.0, 0.0), ValueError, ["a_min ≤ a_max", "1.0", "0.0"]),
    "clip by a leaf": (lambda lib: lib.clip(t(lib, 2), t(lib, ()), None), TypeError, ["fixed", "minimum(maximum("]),
    "a text operand": (lambda lib: t(lib, 2) + "1", TypeError, ["real numbers", "text", "'1'"]),
    "a ragged operand": (lambda lib: t(lib, 2) * [[1], [1, 2]], ValueError, ["regular shape", "[[1], [1, 2]]"]),
    "a value of an inner node": (lambda lib: setattr(t(lib, 2) * 2, "data", [0, 0]), ValueError,
                                 ["computed by multiply", "Change a leaf"]),
    "a new value of another shape": (lambda lib: setattr(t(lib, 2, "w"), "data", [0, 0, 0]), ValueError,
                                     ["'w'", "(2,)", "(3,)", "new Tensor"]),
    "a gradient of another shape": (lambda lib: setattr(t(lib, 2, "w"), "grad", [0, 0, 0]), ValueError,
                                    ["'w'", "expected (2,)", "given (3,)"]),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_message(lib, name):
    do, kind, words = ERRORS[name]
    with pytest.raises(kind) as caught:
        do(lib)
    message = str(caught.value)
    for word in words:
        assert word in message, f"{word!r} is missing in: {message}"
    assert len(message) < 700


@pytest.mark.parametrize("operator", ["+=", "-=", "*=", "/=", "**=", "@=", "//=", "%="])
def test_in_place_operators(lib, operator):
    space = {"w": t(lib, (2, 2))}
    before = space["w"]
    with pytest.raises(TypeError, match=r"in place.*w\.data -= rate"):
        exec(f"w {operator} 2.0", space)
    assert space["w"] is before
    assert before.data.tolist() == [[1.0, 1.0]] * 2


def test_in_place_indexing(lib):
    w = t(lib, 3)
    for change in ("w[0] = 5.0", "w[0] += 5.0", "del w[0]"):
        with pytest.raises(TypeError, match="in place"):
            exec(change, {"w": w})
    assert w.data.tolist() == [1.0] * 3


def test_a_failed_call_leaves_everything_as_it_was(lib):
    """After each refused call the same leaves give the same gradients as before."""
    for name, (do, _, _) in ERRORS.items():
        with pytest.raises((ValueError, TypeError, IndexError)):
            do(lib)
        x = lib.Tensor(3.0)
        (x * x).backward()
        assert x.grad == 6.0, name


def test_a_truth_value_of_one_entry_is_fine(lib):
    assert lib.Tensor([[1.0]])
    assert not lib.Tensor(0.0)
    assert (lib.Tensor([1.0, 2.0]) > 0).data.all()
