"""However the same network is written, the same wrong numbers get the same name."""

import numpy as np
import pytest

import backprop_lib as lib
from backprop_lib import Tensor
from backprop_lib.diagnosis import diagnose

from .referee import COLUMNS_BUGS, ROWS_BUGS, columns_backward, columns_parameters, rows_backward, rows_parameters


def exp_sigmoid(z):
    return 1 / (1 + lib.exp(-z))


def exp_tanh(z):
    e = lib.exp(2 * z)
    return (e - 1) / (e + 1)


SQUARED_ERRORS = {
    "fused": lib.mean_squared_error,
    "power and mean": lambda p, y: ((p - y) ** 2).mean(),
    "square and mean": lambda p, y: lib.square(p - y).mean(),
    "target first": lambda p, y: lib.square(y - p).mean(),
    "product over a number": lambda p, y: ((p - y) * (p - y)).sum() / 24,
    "number times sum": lambda p, y: (1 / 24) * ((p - y) ** 2).sum(),
    "mean of means": lambda p, y: ((p - y) ** 2).mean(axis=1).mean(),
    "target as a Tensor with gradient": lambda p, y: lib.mean_squared_error(p, Tensor(y)),
    "in another shape": lambda p, y: lib.mean_squared_error(p.reshape(-1), y.reshape(-1)),
    "names everywhere": lambda p, y: named((named(p, "p") - Tensor(y, name="y")) ** 2, "squares").mean(),
}
ACTIVATIONS = {
    "own": (lib.tanh, lib.sigmoid),
    "by exp": (lib.tanh, exp_sigmoid),
    "both by exp": (exp_tanh, exp_sigmoid),
}
# Further names that the same numbers have where the formula has more steps.
MORE_STEPS = {"overwritten", "path_forgotten", "gradient_stopped", "local_derivative_missing", "inputs_not_swapped"}


def named(t, name):
    t.name = name
    return t


def rows_form(p, squared_error, activations, input_form="array"):
    W1, b1, W2, b2 = (Tensor(getattr(p, name), name=name) for name in ("W1", "b1", "W2", "b2"))
    X = p.X if input_form == "array" else Tensor(p.X, name="X")
    first, second = ACTIVATIONS[activations]
    return SQUARED_ERRORS[squared_error](second(first(X @ W1 + b1) @ W2 + b2), p.Y)


@pytest.mark.parametrize("squared_error", SQUARED_ERRORS)
@pytest.mark.parametrize("bug", ROWS_BUGS)
def test_rows(squared_error, bug):
    p = rows_parameters(3)
    claimed = rows_backward(p, bug)
    names, _ = ROWS_BUGS[bug]
    for activations in ACTIVATIONS:
        if activations != "own" and "'" in bug:
            continue  # see test_activations_written_out
        for input_form in ("array", "Tensor with a gradient"):
            found = diagnose(rows_form(p, squared_error, activations, input_form), claimed)
            suspects = {suspect.mistake for suspect in found.suspects}
            assert found.mistake in names, (activations, found)
            assert names <= suspects <= names | MORE_STEPS, (activations, suspects)


@pytest.mark.parametrize("bug", [bug for bug in ROWS_BUGS if "'" in bug or "deriv" in bug or "d_sigmoid" in bug])
def test_activations_written_out(bug):
    """A sigmoid or tanh made of exp and arithmetic is still known as what it is."""
    p = rows_parameters(4)
    names, _ = ROWS_BUGS[bug]
    for activations in ("by exp", "both by exp"):
        found = diagnose(rows_form(p, "fused", activations), rows_backward(p, bug))
        if bug == "sigma' twice":
            continue  # no step has the whole slope, so none has it twice
        assert found.mistake in names, (activations, found)


def index_loss(z, labels):
    return -lib.log_softmax(z)[np.arange(len(labels)), labels].mean()


def softmax_by_exp(z, labels):
    e = lib.exp(z - z.data.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -(np.eye(4)[labels] * lib.log(p)).sum() / len(labels)


CROSS_ENTROPIES = {
    "fused": lib.cross_entropy,
    "one-hot": lambda z, labels: lib.cross_entropy(z, np.eye(4)[labels]),
    "log softmax": lambda z, labels: -(np.eye(4)[labels] * lib.log_softmax(z)).sum(axis=1).mean(),
    "log of softmax": lambda z, labels: -(np.eye(4)[labels] * lib.log(lib.softmax(z))).sum() / len(labels),
    "class numbers as index": index_loss,
    "softmax by exp": softmax_by_exp,
    "logsumexp": lambda z, labels: (lib.logsumexp(z, axis=1) - z[np.arange(len(labels)), labels]).mean(),
}
RELUS = {
    "own": lib.relu,
    "maximum": lambda z: lib.maximum(z, 0),
    "maximum of 0": lambda z: lib.maximum(0.0, z),
    "where": lambda z: lib.where(z > 0, z, 0),
    "mask": lambda z: z * (z > 0),
}


def columns_form(p, cross_entropy, relu):
    W1, b1, W2, b2 = (Tensor(getattr(p, name), name=name) for name in ("W1", "b1", "W2", "b2"))
    return CROSS_ENTROPIES[cross_entropy]((W2 @ RELUS[relu](W1 @ p.X + b1) + b2).T, p.labels)


@pytest.mark.parametrize("cross_entropy", CROSS_ENTROPIES)
@pytest.mark.parametrize("bug", COLUMNS_BUGS)
def test_columns(cross_entropy, bug):
    p = columns_parameters(5)
    names, _ = COLUMNS_BUGS[bug]
    for relu in RELUS:
        found = diagnose(columns_form(p, cross_entropy, relu), columns_backward(p, bug))
        suspects = {suspect.mistake for suspect in found.suspects} or {found.mistake}
        assert found.mistake in names, (relu, found)
        assert names <= suspects <= names | MORE_STEPS, (relu, suspects)
