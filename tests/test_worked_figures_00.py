"""The figures of notebook 00: the film, one nudge, one step, the first graph; and what its exercises recognise."""

from __future__ import annotations

import numpy as np
import pytest
from execute import NOTEBOOKS, cells, printed

from backprop_lib import Tensor, mean_squared_error, sigmoid
from backprop_lib.widgets import TrainingFilm

NOTEBOOK = NOTEBOOKS / "00_start_here.ipynb"

# Figures are texts: the digits written are the digits tested.
LOSSES = {0: "0.4213", 100: "0.2473", 300: "0.2189", 500: "0.1020", 700: "0.0226", 3000: "0.0009"}
MOVES = {"W2": ("0.0214", "0.0192", "0.0217", "0.0500"), "W1": ("-0.0181", "-0.0160")}

X, TARGETS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]])


@pytest.fixture
def weights() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in ((4, 2), (4,), (1, 4), (1,))]


def loss_of(W1, b1, W2, b2):
    return mean_squared_error(sigmoid(sigmoid(X @ W1.T + b1) @ W2.T + b2), TARGETS)


def gradients(weights) -> list[np.ndarray]:
    """By hand, for the network of the film."""
    W1, b1, W2, b2 = weights
    hidden = 1 / (1 + np.exp(-(X @ W1.T + b1)))
    answers = 1 / (1 + np.exp(-(hidden @ W2.T + b2)))
    dz2 = 2 * (answers - TARGETS) / len(X) * answers * (1 - answers)
    dz1 = dz2 @ W2 * hidden * (1 - hidden)
    return [dz1.T @ X, dz1.sum(axis=0), dz2.T @ hidden, dz2.sum(axis=0)]


def test_the_engine_finds_the_gradients_of_17_parameters(weights):
    tensors = [Tensor(value) for value in weights]
    loss_of(*tensors).backward()
    for tensor, gradient in zip(tensors, gradients(weights)):
        np.testing.assert_allclose(tensor.grad, gradient, rtol=1e-10)
    assert sum(value.size for value in weights) == 17


def test_a_nudge_agrees_with_the_gradient(weights):
    before = loss_of(*weights)
    weights[2][0, 3] += 0.001
    after = loss_of(*weights)
    weights[2][0, 3] -= 0.001
    assert f"{before:.6f} {after:.6f}" == "0.421287 0.421237"
    assert f"{(after.item() - before.item()) / 0.001:.4f}" == f"{gradients(weights)[2][0, 3]:.4f}" == "-0.0500"


def test_one_step_moves_each_weight_in_its_own_way(weights):
    dW1, _, dW2, _ = gradients(weights)
    assert tuple(f"{-g:.4f}" for g in dW2[0]) == MOVES["W2"]
    assert tuple(f"{-g:.4f}" for g in dW1[0]) == MOVES["W1"]
    assert -dW2[0, 3] > 2 * -dW2[0, 1], "the fourth moves more than twice as far as the second"


def test_the_film():
    frames = TrainingFilm().frames
    losses = {
        epoch: frames[epoch // 100]["sentence"].partition("the loss is ")[2].partition(";")[0] for epoch in LOSSES
    }
    assert losses == LOSSES
    right = [frame["sentence"].endswith("4 of 4 right.") for frame in frames]
    assert right.index(True) == 5 and all(right[5:]), "at epoch 500, and from there on"
    half = np.full((4, 1), 0.5)
    assert mean_squared_error(half, TARGETS).item() == 0.25, "what answering one half everywhere costs"


def test_the_first_graph():
    x, y, z = Tensor(-2.0), Tensor(5.0), Tensor(-4.0)
    f = (x + y) * z
    f.backward()
    assert (f.item(), x.grad.item(), y.grad.item(), z.grad.item()) == (-12, -4, -4, 3)


@pytest.mark.parametrize(
    ("cell", "lines"),
    [
        ("s11", ["The answer one half everywhere has the loss 0.25"]),
        ("s11", [f"After {epoch} epochs the loss is {loss}" for epoch, loss in LOSSES.items()]),
        ("s11", ["It is: 201 to 1000. With seed 0 the film shows it for the first time at epoch 500."]),
        ("s13", ["loss before 0.421287, after the nudge 0.421237", "17 weights and biases"]),
        ("s13", ["change of the weight = -0.0500", "gradient from the backward pass           = -0.0500"]),
        ("s15", [f"weight {n} to the output moves by {move}" for n, move in enumerate(MOVES["W2"], start=1)]),
        ("s15", [f"the two weights into hidden neuron 1 move by {MOVES['W1'][0]} and {MOVES['W1'][1]}"]),
        ("s17", ["Going forward, f = -12; going back, x and y get -4 and z gets 3."]),
    ],
)
def test_the_notebook_shows_the_figures(cell, lines):
    shown = printed(cells(NOTEBOOK)[cell])
    assert not [line for line in lines if line not in shown], shown


# --- the exercises ---


@pytest.mark.parametrize(
    ("key", "answer", "mistake"),
    [
        ("00.check.ratio", 0.25, "ratio upside down"),
        ("00.check.ratio", 0.667, "percentages compared"),
        ("00.check.ratio", "2/3", "percentages compared"),
        ("00.check.step", 0.3, "step instead of new weight"),
        ("00.check.step", -0.3, "step with its sign instead of new weight"),
        ("00.check.step", 1.9, "uphill and without the learning rate"),
        ("00.check.function", lambda answer, target: target - answer, "not squared, and turned round"),
        ("00.check.function", lambda answer, target: (answer - target) * 2, "doubled instead of squared"),
        ("00.check.function", lambda answer, target: answer**2 - target**2, "squares subtracted"),
    ],
)
def test_a_likely_wrong_answer_is_named(task, key, answer, mistake):
    feedback = task(key).check(answer)
    assert feedback.correct is False and mistake in feedback.mistakes, feedback.text


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("00.check.ratio", 4),
        ("00.check.step", 0.1),
        ("00.check.function", lambda answer, target: (target - answer) ** 2),
    ],
)
def test_a_right_answer_is_right(task, key, answer):
    assert task(key).check(answer).correct is True


def test_the_function_to_be_written_is_not_answered_yet():
    source = cells(NOTEBOOK)["s25"].source
    assert "return ..." in source and "Not answered yet" in printed(cells(NOTEBOOK)["s25"])
