"""What notebook 08 says of training XOR and of the digits holds, computed by the engine, to the digits printed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from execute import NOTEBOOKS, read

from backprop_lib import Tensor, cross_entropy, landscape, mean_squared_error, nn, optim, relu, sigmoid, training
from backprop_lib.datasets import digits, xor
from backprop_lib.lessons.course import n08

NOTEBOOK = NOTEBOOKS / "08_training_xor.ipynb"
X, Y = xor()


def network(X, W1, b1, W2, b2):
    return sigmoid(sigmoid(X @ W1.T + b1) @ W2.T + b2)


def drawn(seed: int, width: int = 4, spread: float = 1.0) -> list[Tensor]:
    rng = np.random.default_rng(seed)
    return [Tensor(spread * rng.normal(size=shape)) for shape in ((width, 2), (width,), (1, width), (1,))]


def trained(weights, rate: float = 1.0, epochs: int = 3000, optimizer=optim.SGD) -> np.ndarray:
    """The loss after each epoch; the weights are changed."""
    chosen = optimizer(weights, rate)
    run = training.train(lambda x: network(x, *weights), mean_squared_error, X, Y, chosen, epochs, replay=True)
    return run.loss


@pytest.fixture(scope="module")
def shown() -> str:
    outputs = [output for cell in read(NOTEBOOK).cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)


@pytest.fixture(scope="module")
def prose() -> str:
    return "\n".join(cell.source for cell in read(NOTEBOOK).cells if cell.cell_type == "markdown")


def test_the_loss_at_the_epochs_that_are_printed(shown):
    losses = trained(drawn(0))
    figures = {epoch: f"{losses[epoch]:.4f}" for epoch in (0, 100, 1000, 3000)}
    assert figures == {0: "0.4213", 100: "0.2473", 1000: "0.0069", 3000: "0.0009"}
    assert "  ".join(f"epoch {epoch}: {loss}" for epoch, loss in figures.items()) in shown
    for epoch, loss in figures.items():
        assert f"\nepoch {epoch}: {loss}\n" in f"\n{shown}\n"  # the same from NumPy


def test_one_neuron_ends_at_one_half():
    w, b = Tensor([[0.3, -0.2]]), Tensor([0.1])
    run = training.train(lambda x: sigmoid(x @ w.T + b), mean_squared_error, X, Y, optim.SGD([w, b], 1.0), 3000)
    assert f"{run.loss[-1]:.4f}" == "0.2500"
    np.testing.assert_allclose(sigmoid(X @ w.T + b).data, 0.5, atol=5e-4)


def test_the_perceptron_learns_or_and_and_but_never_xor(shown):
    """Its state after a round of XOR comes back: from then on it goes in circles for ever."""
    for targets, learns in (([0, 1, 1, 1], True), ([0, 0, 0, 1], True), ([0, 1, 1, 0], False)):
        state, seen, mistakes = np.zeros(3), [], []
        for _ in range(40):
            wrong = 0
            for x, target in zip(np.column_stack([X, np.ones(4)]), targets):
                error = target - float(state @ x > 0)
                state = state + error * x
                wrong += abs(error)
            mistakes.append(int(wrong))
            seen.append(tuple(state))
        assert (mistakes[-1] == 0) is learns
        assert len(set(seen)) < len(seen)
        assert str(mistakes[:12]) in shown


def test_seed_seven_folds_the_square(shown):
    W1, b1, W2, b2 = weights = drawn(7, width=2)
    trained(weights)
    h = sigmoid(X @ W1.T + b1).data
    for corner, row in zip(X, h):
        assert f"{corner} becomes h = ({row[0]:.3f}, {row[1]:.3f})" in shown
    score = (h @ W2.data.T + b2.data)[:, 0]
    assert np.array_equal(score > 0, Y[:, 0] > 0.5)  # one line separates them there
    assert np.hypot(*(h[0] - h[3])) < 0.02


def test_backward_alone_changes_nothing():
    weights = drawn(0)
    before = [w.numpy() for w in weights]
    for _ in range(1000):
        mean_squared_error(network(X, *weights), Y).backward()
    assert all(np.array_equal(w.data, old) for w, old in zip(weights, before))


@pytest.mark.parametrize(("spread", "loss"), [(0.0, "0.2500"), (0.01, "0.2500"), (1.0, "0.0009"), (100.0, "0.5000")])
def test_how_large_the_random_start_is(spread, loss, shown):
    assert f"{trained(drawn(0, spread=spread))[-1]:.4f}" == loss
    assert spread == 0 or re.search(rf"spread\s+{spread}: loss {loss}", shown)


def test_equal_neurons_stay_equal(shown):
    weights = [Tensor(np.full(shape, 0.5)) for shape in ((4, 2), (4,), (1, 4), (1,))]
    trained(weights)
    assert np.ptp(weights[0].data, axis=0).max() < 1e-9
    answers = network(X, *weights).data[:, 0]
    assert f"answers {np.round(answers, 3)}, weights from x1 {np.round(weights[0].data[:, 0], 3)}" in shown
    assert int(((answers > 0.5) == (Y[:, 0] > 0.5)).sum()) == 3


@pytest.mark.parametrize(
    ("width", "activation", "count"), [(2, sigmoid, 24), (4, sigmoid, 30), (2, relu, 15), (4, relu, 23)]
)
def test_the_lottery(width, activation, count, shown):
    assert n08.learners(width, activation) == count
    assert f"{count} of 30 with {width} {activation.__name__}" in shown


def test_eight_relus_learn_no_more_often_than_four():
    assert n08.learners(8, relu) == n08.learners(4, relu)
    ends = n08.trained(8, relu)[1]
    np.testing.assert_allclose(ends[ends >= n08.LEARNED], 0.25, atol=1e-3)


def test_nobody_ends_near_the_border_and_the_steps_have_their_heights():
    ends = np.concatenate([n08.trained(width, activation)[1] for width in (2, 4) for activation in (sigmoid, relu)])
    learned = ends < n08.LEARNED
    assert ends[learned].max() < 0.01
    assert all(min(abs(end - step) for step in (1 / 8, 1 / 6, 1 / 4)) < 0.005 for end in ends[~learned])


def test_networks_side_by_side_are_the_same_as_one_at_a_time():
    _, together = n08.trained(3, seeds=range(4))
    alone = [trained(drawn(seed, width=3))[-1] for seed in range(4)]
    np.testing.assert_allclose(together, alone, rtol=1e-6)


@pytest.mark.parametrize(("rate", "loss"), [(0.01, "0.24971"), (1, "0.00087"), (10, "0.00007"), (300, "0.50000")])
def test_learning_rates(rate, loss, shown):
    losses = trained(drawn(0), rate)
    assert f"{losses[-1]:.5f}" == loss
    assert re.search(rf"η = {rate}\s+loss 0.4213 → {loss}", shown)
    rises = int((np.diff(losses) > 0).sum())
    assert (rises > 0) is (rate >= 10)


def test_a_small_rate_needs_as_many_times_more_steps():
    assert trained(drawn(0), 0.01)[-1] == pytest.approx(trained(drawn(0), 1.0, 30)[-1], abs=2e-4)


def test_three_steps_on_paper(shown):
    """By hand: v = 2, 3.8, 3.44; s = 0.4, 0.76, 0.68404; m̂ and ŝ of Adam by its formulas."""
    by_hand = {
        "sgd": [-0.2, -0.2, -0.002],
        "momentum": [-0.2, -0.38, -0.344],
        "rmsprop": [-0.2 / 0.4**0.5, -0.2 / 0.76**0.5, -0.002 / 0.68404**0.5],
        "adam": [-0.1, -0.1, -0.1 * (0.344 / 0.271) / (0.0079880044 / 0.002997001) ** 0.5],
    }
    for name, steps in by_hand.items():
        assert f"{name:9} " + "  ".join(f"{step:8.4f}" for step in steps) in shown


@pytest.mark.parametrize(
    ("name", "optimizer", "rate"),
    [
        ("sgd", optim.SGD, 1.0),
        ("momentum", optim.Momentum, 1.0),
        ("rmsprop", lambda p, rate: optim.RMSprop(p, rate, decay=0.9), 0.05),
        ("adam", optim.Adam, 0.05),
    ],
)
def test_the_four_rules_of_the_notebook_are_those_of_the_package(name, optimizer, rate, shown):
    losses = trained(drawn(0), rate, 1000, optimizer)
    first = int(np.argmax(losses < 0.01))
    assert re.search(rf"{name} at epoch {first}\b", shown)


def test_the_walk_off_the_saddle(shown):
    x, y, steps = 1.0, 0.001, 0
    while y <= 1:
        x, y, steps = x - 0.1 * 2 * x, y + 0.1 * 2 * y, steps + 1
    task = next(task for task in n08.exercises if task.key == "08.check.saddle")
    assert task.truth("steps") == steps and f"{steps} steps" not in shown
    x, y = 0.8**35, 0.001 * 1.2**35
    assert f"After 35 steps of η = 0.1 one walker is at ({x:.4f}, {y:.4f}), the other at ({x:.4f}, 0.0000)" in shown


def test_the_level_places_of_the_slice(shown):
    weights = drawn(7, width=2)
    trained(weights)
    shown_two = (weights[2], (0, 0)), (weights[2], (0, 1))
    plane = landscape.along_two_weights(lambda: mean_squared_error(network(X, *weights), Y), weights, *shown_two)
    found = plane.critical_points((-12, 18), (-12, 18))
    assert [point.kind for point in found] == ["minimum", "saddle", "saddle", "maximum"]
    assert [f"{point.loss:.3f}" for point in found] == ["0.001", "0.250", "0.250", "0.500"]
    for point in found:
        assert str(point) in shown

    wrong = []
    for point in found:
        weights[2].data[0] = point.a, point.b
        wrong.append(int(((network(X, *weights).data > 0.5) != (Y > 0.5)).sum()))
    assert wrong == [0, 1, 1, 2]


def test_no_minimum_but_a_valley_without_end():
    weights = drawn(0, width=2)
    losses = trained(weights, epochs=10_000)
    assert [f"{losses[epoch]:.4f}" for epoch in (3000, 10_000)] == ["0.1271", "0.1254"]
    hessian = landscape.hessian(lambda: mean_squared_error(network(X, *weights), Y), weights)
    assert 0.125 < losses[-1] and np.linalg.eigvalsh(hessian)[0] > 0
    assert (np.diff(losses[1000:]) < 0).all()


@pytest.mark.parametrize(("held_out", "right"), [("every third", "96.5"), ("last third", "93.2")])
def test_the_digits(held_out, right, shown):
    images, labels, held_images, held_labels = digits(held_out)
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(64, 32, rng), nn.ReLU(), nn.Linear(32, 10, rng))
    adam = optim.Adam(model.parameters(), learning_rate=0.005)
    training.train(model, cross_entropy, images, labels, adam, 20, batch_size=32, rng=rng)
    found = 100 * (model(held_images).data.argmax(axis=1) == held_labels).mean()
    assert f"{found:.1f}" == right and (held_out != "every third" or found > 95)
    assert f"{held_out} held out: {right} % read correctly" in shown
    assert sum(p.size for p in model.parameters()) == 2410


def test_figures_in_the_prose_stand_in_an_output(prose, shown):
    """Those that a reader compares with the cell above."""
    figures = ["0.0799", "0.1024", "0.4213", "0.1271", "-0.3162"]
    for figure in figures:
        assert figure in prose and figure in shown
    assert "24 of 30 seeds learn" in prose


def test_the_notebook_does_not_show_what_its_exercises_ask(shown, prose):
    task = n08.exercises
    adam = next(t for t in task if t.key == "08.check.adam")
    for name in adam.asks:
        assert f"{adam.truth(name).item():.4f}" not in shown + prose
    lottery = next(t for t in task if t.key == "08.check.lottery")
    assert f"{lottery.truth('sigmoid_3').item():.0f} of 30" not in shown + prose
