"""What notebook 08 says of training XOR and of the digits holds, computed by the engine, to the digits printed."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from execute import NOTEBOOKS, cells, printed, read

from backprop_lib import Tensor, cross_entropy, landscape, mean_squared_error, nn, optim, relu, sigmoid, training
from backprop_lib.datasets import digits, xor
from backprop_lib.lessons import exercise
from backprop_lib.lessons.course import n08
from backprop_lib.widgets import DescentPath, XORLab

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
def shown() -> Callable[[str], str]:
    """shown(id): what the cell with this id prints and shows."""
    found = cells(NOTEBOOK)
    return lambda name: printed(found[name])


@pytest.fixture(scope="module")
def prose() -> str:
    return "\n".join(cell.source for cell in read(NOTEBOOK).cells if cell.cell_type == "markdown")


def test_the_loss_at_the_epochs_that_are_printed(shown):
    losses = trained(drawn(0))
    figures = {epoch: f"{losses[epoch]:.4f}" for epoch in (0, 100, 1000, 3000)}
    assert figures == {0: "0.4213", 100: "0.2473", 1000: "0.0069", 3000: "0.0009"}
    assert "  ".join(f"epoch {epoch}: {loss}" for epoch, loss in figures.items()) in shown("loop")
    assert "".join(f"epoch {epoch}: {loss}\n" for epoch, loss in figures.items()) in shown("numpy-loop")
    flat, below = int(((losses > 0.2) & (losses < 0.26)).sum()), int(np.argmax(losses < 0.05))
    assert (flat, below, f"{losses[3000]:.5f}") == (339, 588, "0.00087")
    assert f"for {flat} epochs, falls below 0.05 at epoch {below}, and ends at 0.00087" in shown("curve")


def test_before_training_the_corners_hardly_matter(shown):
    answers = network(X, *drawn(0)).data[:, 0]
    for corner, answer, target in zip(X, answers, Y[:, 0]):
        assert f"{corner}  answer {answer:.4f}  target {target:.0f}" in shown("before")
    assert (f"{answers.min():.4f}", f"{answers.max():.4f}") == ("0.0799", "0.1024")
    assert "loss 0.4213" in shown("before")


def test_both_passes_by_hand_give_the_gradients_of_the_engine(shown):
    weights = drawn(0)
    trained(weights, epochs=3001)
    for w in weights:
        w.zero_grad()
    mean_squared_error(network(X, *weights), Y).backward()
    sizes = np.abs(np.concatenate([w.grad.ravel() for w in weights]))
    first = f"{weights[0].grad[0, 0]:.6g}"
    assert f"first entry of W1: engine {first}, by hand {first}" in shown("numpy-check")
    assert f"is {sizes.max() / sizes.min():.0f} times the smallest" in shown("numpy-check") and sizes.size == 17
    assert "all 17 gradients agree to 12 decimals: True" in shown("numpy-check")


def test_one_line_gets_three_corners_at_most(shown):
    assert f"{25**3:,} neurons tried; the best gets 3 corners right" in shown("line")


def test_one_neuron_ends_at_one_half(shown):
    w, b = Tensor([[0.3, -0.2]]), Tensor([0.1])
    run = training.train(lambda x: sigmoid(x @ w.T + b), mean_squared_error, X, Y, optim.SGD([w, b], 1.0), 3000)
    assert f"{run.loss[-1]:.4f}" == "0.2500"
    np.testing.assert_allclose(sigmoid(X @ w.T + b).data, 0.5, atol=5e-4)
    assert "answers: [0.5 0.5 0.5 0.5]  loss: 0.2500" in shown("single")


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
        assert str(mistakes[:12]) in shown("perceptron-tasks")


def test_seed_seven_folds_the_square(shown):
    W1, b1, W2, b2 = weights = drawn(7, width=2)
    trained(weights)
    h = sigmoid(X @ W1.T + b1).data
    for corner, row in zip(X, h):
        assert f"{corner} becomes h = ({row[0]:.3f}, {row[1]:.3f})" in shown("hidden")
    score = (h @ W2.data.T + b2.data)[:, 0]
    assert np.array_equal(score > 0, Y[:, 0] > 0.5)  # one line separates them there
    assert f"are {np.hypot(*(h[0] - h[3])):.2f} apart" in shown("hidden-space")
    assert h[1].argmax() == 0 and h[2].argmax() == 1  # neuron 1 watches (0, 1), neuron 2 watches (1, 0)
    answers = network(X, *weights)
    assert f"answers: {np.round(answers.data[:, 0], 3)}  loss: 0.0013" in shown("two")
    assert f"{mean_squared_error(answers, Y).item():.4f}" == "0.0013"
    axis = np.linspace(-0.5, 1.5, 101)
    share = (network(np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2), *weights).data > 0.5).mean()
    assert f"4 of 4 corners are right, and class 1 is said on {100 * share:.0f} % of the square" in shown("boundary")


def test_the_boundary_at_four_moments(shown):
    """One line, then one that cuts off the corner (1, 0), then two."""
    right = {}
    for epoch in (100, 500, 600, 1000):
        weights = drawn(7, width=2)
        trained(weights, epochs=epoch)
        answers = network(X, *weights).data[:, 0]
        right[epoch] = int(((answers > 0.5) == (Y[:, 0] > 0.5)).sum())
        assert epoch != 100 or np.abs(answers - 0.5).max() < 0.05
        assert epoch != 500 or (answers > 0.5).tolist() == [False, False, True, False]
    said = ", ".join(f"{count} at epoch {epoch}" for epoch, count in right.items())
    assert said == "2 at epoch 100, 3 at epoch 500, 4 at epoch 600, 4 at epoch 1000" and said in shown("frames")


@pytest.mark.parametrize("w", [10, 15, 20, "20", 25.0, [20], np.array([100.0]), Fraction(31, 2)])
def test_or_and_not_and_by_hand(w, task):
    assert task("08.check.by-hand").check(w).correct


@pytest.mark.parametrize(("w", "corner"), [(-20, "(1, 1)"), (0, "(1, 1)"), (5, "(1, 1)"), (2000, "(0, 1)")])
def test_a_weight_that_misses_a_corner_is_told_which(w, corner, task):
    feedback = task("08.check.by-hand").check(w)
    assert not feedback.correct and f"for {corner} it answers" in feedback.text


def test_backward_alone_changes_nothing(shown):
    weights = drawn(0)
    before = [w.numpy() for w in weights]
    for _ in range(1000):
        mean_squared_error(network(X, *weights), Y).backward()
    assert all(np.array_equal(w.data, old) for w, old in zip(weights, before))
    assert "loss 0.4213, largest change of a weight: 0.0" in shown("thousand")


def test_hill_climbing_learns_without_a_gradient(shown):
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape) for shape in ((4, 2), (4,), (1, 4), (1,))]
    best, kept = ((network(X, *weights).data - Y) ** 2).mean(), 0
    for _ in range(3000):
        tried = [w + 0.1 * rng.normal(size=w.shape) for w in weights]
        loss = ((network(X, *tried).data - Y) ** 2).mean()
        if loss < best:
            weights, best, kept = tried, loss, kept + 1
    assert best < 1e-4 < 9e-4 and f"loss 0.4213 → below 0.0001, {kept} of 3000 tries kept" in shown("hill")


@pytest.mark.parametrize(
    ("spread", "loss"), [(0.0, "0.2500"), (0.01, "0.2500"), (0.1, "0.2500"), (1.0, "0.0009"), (100.0, "0.5000")]
)
def test_how_large_the_random_start_is(spread, loss, shown):
    assert f"{trained(drawn(0, spread=spread))[-1]:.4f}" == loss
    assert spread == 0 or re.search(rf"spread\s+{spread}: loss {loss}\b", shown("zero-spread"))


def test_equal_neurons_stay_equal(shown):
    weights = [Tensor(np.full(shape, 0.5)) for shape in ((4, 2), (4,), (1, 4), (1,))]
    trained(weights)
    assert np.ptp(weights[0].data, axis=0).max() < 1e-9
    answers = network(X, *weights).data[:, 0]
    said = f"start 0.5: answers {np.round(answers, 3)}, weights from x1 {np.round(weights[0].data[:, 0], 3)}"
    assert said in shown("zero")
    assert "start 0.0: answers [0.5 0.5 0.5 0.5], weights from x1 [0. 0. 0. 0.]" in shown("zero")
    assert int(((answers > 0.5) == (Y[:, 0] > 0.5)).sum()) == 3


@pytest.mark.parametrize(
    ("width", "activation", "count"), [(2, sigmoid, 24), (4, sigmoid, 30), (2, relu, 15), (4, relu, 23)]
)
def test_the_lottery(width, activation, count, shown):
    assert n08.learners(width, activation) == count
    assert re.search(rf"^{width} {activation.__name__} +{count} of 30 learn", shown("lottery-count"), re.M)
    assert f"{count} of 30 with {width} {activation.__name__}" in shown("lottery-ends")


def alone(seed: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One ReLU network of the lottery: its answers before and after, and which neurons are alive at the end."""
    W1, b1, W2, b2 = weights = drawn(seed, width)

    def relus(x):
        return sigmoid(relu(x @ W1.T + b1) @ W2.T + b2)

    before = relus(X).numpy()[:, 0]
    training.train(relus, mean_squared_error, X, Y, optim.SGD(weights, 1.0), 3000, replay=True)
    return before, relus(X).numpy()[:, 0], ((X @ W1.data.T + b1.data) > 0).any(axis=0)


def test_eight_relus_learn_no_more_often_than_four_and_how_they_fail():
    """All but one have one corner wrong with full confidence, of which they were sure before training began."""
    assert n08.learners(8, relu) == n08.learners(4, relu)
    ends = n08.trained(8, relu)[1]
    failed = np.flatnonzero(ends >= n08.LEARNED)
    np.testing.assert_allclose(ends[failed], 0.25, atol=1e-3)
    halves = 0
    for seed in failed.tolist():
        before, after, alive = alone(seed, 8)
        assert alive.sum() >= 4
        if np.allclose(after, 0.5, atol=0.01):
            halves += 1
            continue
        off_before, off = np.abs(before - Y[:, 0]), np.abs(after - Y[:, 0])
        assert off.max() > 0.99 and np.sort(off)[2] < 0.02
        assert off_before[off.argmax()] > 0.97
    assert halves == 1


def test_the_steps_at_which_they_end(shown):
    """What the cell counts, from networks trained one at a time where the losses alone do not tell."""
    ends = {(width, f): n08.trained(width, f)[1] for width in (2, 4) for f in (sigmoid, relu)}
    counts = {
        step: sum(int((abs(losses - step) < 0.005).sum()) for losses in ends.values()) for step in (1 / 8, 1 / 6, 1 / 4)
    }
    assert f"loss 0.13, {counts[1 / 8]:2} in all;" in shown("lottery-kinds")
    assert f"loss 0.17, {counts[1 / 6]:2} in all;" in shown("lottery-kinds")
    quarter = [(w, s) for (w, f), losses in ends.items() for s in np.flatnonzero(losses > 0.24).tolist() if f is relu]
    assert len(quarter) == counts[1 / 4]
    surely = [(w, s) for w, s in quarter if np.abs(alone(s, w)[1] - Y[:, 0]).max() > 0.99]
    assert surely == [(4, 21)]
    assert f"loss 0.25, {len(quarter) - 1:2} in all; 2 relu, seed 0: [0.5 0.5 0.5 0.5]" in shown("lottery-kinds")
    assert f"loss 0.25,  1 in all; 4 relu, seed 21: {np.round(alone(21, 4)[1], 2)}" in shown("lottery-kinds")


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
    assert re.search(rf"η = {rate}\s+loss 0.4213 → {losses[1]:.4f} → … → {loss}  answers", shown("rate"))
    rises = int((np.diff(losses) > 0).sum())
    assert (rises > 0) is (rate >= 10)
    assert rate != 10 or f"with η = 10 it went up in {rises} epochs" in shown("rate-curves")


def test_the_curves_of_four_learning_rates(shown, prose):
    said = "ends at 0.2497 for η = 0.01, 0.00087 for 1, 0.00007 for 10 and 0.5000 for 300"
    assert said in shown("rate-curves") and "went up in 21 epochs" in prose and "in 21 epochs" in shown("rate-curves")


def test_a_step_far_too_long_ends_on_the_flat_side_of_the_last_sigmoid(shown):
    weights = drawn(0)
    losses = trained(weights, 300, 1)
    hidden = sigmoid(X @ weights[0].data.T + weights[1].data).data
    assert (network(X, *weights).data > 1 - 1e-6).all() and f"{losses[1]:.4f}" == "0.5000"
    assert ((hidden > 0.05) & (hidden < 0.95)).any()  # it is not the hidden ones that are flat
    assert re.search(r"η = 300 .* answers \[1\. 1\. 1\. 1\.\]", shown("rate"))


def test_what_the_laboratory_is_said_to_show(shown):
    assert XORLab(width=2, seed=0).sentence in shown("lab")
    for seed in (0, 10, 11, 19):
        answers = XORLab(width=2, seed=seed).moment.answers
        assert sorted(np.round(np.abs(answers - Y[:, 0]) * 4).tolist()) == [0, 0, 2, 2]
        [first, second] = np.flatnonzero(np.abs(answers - 0.5) < 0.01)
        assert Y[first, 0] != Y[second, 0]
        assert seed != 0 or (first, second) == (1, 3)
    tiny = {"width": 4, "seed": 0, "start": "tiny"}
    assert XORLab(**tiny).losses[-1] > 0.249
    assert XORLab(**tiny, optimizer="Adam", rate=0.01).losses[-1] < 0.001
    zero = XORLab(width=4, seed=0, start="all zero", optimizer="Adam", rate=0.01).moment
    assert all((g == 0).all() for g in zero.gradients)


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
        assert f"{name:9} " + "  ".join(f"{step:8.4f}" for step in steps) in shown("steps-three")


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
    assert re.search(rf"{name} at epoch {first}\b", shown("race-run"))
    assert 3.5 < 878 / first < 7.5 or name == "sgd"


def test_plain_descent_with_a_longer_step_keeps_up(shown, prose):
    first = int(np.argmax(trained(drawn(0), 10.0, 1000) < 0.01))
    assert f"with sgd, η = 10.0, at epoch {first}\n" in shown("race-run")
    assert f"needs {first} epochs" in prose
    assert sum(0.9**k for k in range(200)) == pytest.approx(10)  # what the velocity of a steady gradient adds up to


def test_the_walk_off_the_saddle(shown):
    x, y, steps = 1.0, 0.001, 0
    while y <= 1:
        x, y, steps = x - 0.1 * 2 * x, y + 0.1 * 2 * y, steps + 1
    everything = "\n".join(printed(cell) for cell in read(NOTEBOOK).cells if cell.cell_type == "code")
    assert exercise("08.check.saddle").truth("steps") == steps and f"{steps} steps" not in everything
    x, y = 0.8**35, 0.001 * 1.2**35
    said = f"After 35 steps of η = 0.1 one walker is at ({x:.4f}, {y:.4f}), the other at ({x:.4f}, 0.0000)"
    assert said in shown("saddle")


def test_the_level_places_of_the_slice(shown):
    weights = drawn(7, width=2)
    trained(weights)
    shown_two = (weights[2], (0, 0)), (weights[2], (0, 1))
    plane = landscape.along_two_weights(lambda: mean_squared_error(network(X, *weights), Y), weights, *shown_two)
    found = plane.critical_points((-12, 18), (-12, 18))
    assert [point.kind for point in found] == ["minimum", "saddle", "saddle", "maximum"]
    assert [f"{point.loss:.3f}" for point in found] == ["0.001", "0.250", "0.250", "0.500"]
    for point in found:
        assert str(point) in shown("slice")

    wrong = []
    for point in found:
        weights[2].data[0] = point.a, point.b
        answers = network(X, *weights).data
        wrong.append(int(((answers > 0.5) != (Y > 0.5)).sum()))
        assert f"{point.kind:8} answers {np.round(answers[:, 0], 2)}, targets {Y[:, 0]}" in shown("slice-answers")
    assert wrong == [0, 1, 1, 2]

    ends = []
    for start in ((-1.0, -1.0), (-4.0, 6.0)):
        ends.append(f"{landscape.descend(plane, start, lambda p: optim.SGD(p, 10.0), 400).losses[-1]:.4f}")
    assert f"From (-1, -1) the loss falls to {ends[0]}, from (-4, 6) to {ends[1]}" in shown("slice-map")


def test_what_the_walks_are_said_to_show(shown, prose):
    assert DescentPath().sentence in shown("path")
    low, high = (DescentPath(start=start, second="none").ways[0].losses[-1] for start in ("-12, 5", "0, -6"))
    assert f"{low:.3f}" == "0.002" and f"{high:.3f}" == "0.208" and "from `0, -6` it ends at 0.208" in prose
    valley = {"surface": "narrow valley", "rate": 0.099, "second": "none"}
    plain, rolling = (DescentPath(**valley, first=name).ways[0].losses[-1] for name in ("SGD", "momentum"))
    assert rolling < plain / 100
    _, adam = DescentPath(surface="saddle", start="1, 0.001", second="Adam", second_rate=0.1).ways
    assert int(np.argmax(adam.points[:, 1] > 1)) == 11 and "after 11 steps its $b$ is above 1" in prose


def test_no_minimum_but_a_valley_without_end(shown):
    weights = drawn(0, width=2)
    losses = trained(weights, epochs=10_000)
    assert [f"{losses[epoch]:.4f}" for epoch in (3000, 10_000)] == ["0.1271", "0.1254"]
    hessian = landscape.hessian(lambda: mean_squared_error(network(X, *weights), Y), weights)
    for epoch in (100, 1000, 3000, 10_000):
        assert f"epoch {epoch:6}: loss {losses[epoch]:.4f}, length of the gradient" in shown("stuck")
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
    assert f"{held_out} held out: {right} % read correctly" in shown("strangers")
    if held_out == "every third":
        assert (model(images).data.argmax(axis=1) == labels).all()
        assert f"100.0 % of those it has seen\n                {right} % of those held out" in shown("digits-train")
        wrong = int((model(held_images).data.argmax(axis=1) != held_labels).sum())
        assert f"{599 - wrong} of 599 are right ({right} %)" in shown("digits-confusion")
    assert sum(p.size for p in model.parameters()) == 2410


def test_figures_in_the_prose_stand_in_the_cell_above(prose, shown):
    """Those that a reader compares with what is printed there."""
    places = {"0.0799": "before", "0.1024": "before", "0.4213": "loop", "0.1271": "stuck", "-0.3162": "steps-three"}
    places |= {"96.5 %": "digits-train", "33 %": "digits-hill", "0.0009": "rate"}
    for figure, place in places.items():
        assert figure in prose and figure in shown(place).replace("0.00087", "0.0009 0.00087"), figure
    assert "24 of 30 seeds learn" in prose


def test_who_has_looked_at_the_data_how_often(prose):
    steps, tries = 20 * -(-1198 // 32), 100
    assert steps == 760 and 20 * 1198 == 23_960 and f"{tries * 1198:,} looks" in prose
    assert 4.9 < tries * 1198 / (20 * 1198) < 5.1 and tries * 1198 > 3 * 20 * 1198


# --- answers that a learner may give ---


@pytest.mark.parametrize(
    ("key", "answers", "mistake"),
    [
        ("lottery", {"sigmoid_3": 1, "relu_8": 7}, "those that failed counted"),
        ("lottery", {"sigmoid_3": 23, "relu_8": 29}, "networks exchanged"),
        ("lottery", {"sigmoid_3": 29 / 30, "relu_8": 0.767}, "share instead of the number"),
        ("lottery", {"sigmoid_3": 96.7, "relu_8": 76.7}, "percent instead of the number"),
        ("rates", {"lands": 0.333, "diverges": 0.667}, "2 of the square forgotten"),
        ("rates", {"lands": 1 / 12, "diverges": 1 / 6}, "2 of the square counted twice"),
        ("rates", {"lands": 1 / 6, "diverges": 1 / 6}, "landing taken for diverging"),
        ("rates", {"lands": 0.5, "diverges": 1}, "3 forgotten"),
        ("rates", {"lands": 6, "diverges": 12}, "quotient turned round"),
        ("adam", {"w1": 1.1, "w2": 1.18}, "step uphill"),
        ("adam", {"w1": 0.6838, "w2": 0.3425}, "averages not corrected"),
        ("adam", {"w1": 0.99, "w2": 0.9747}, "only s corrected"),
        ("adam", {"w1": -2.162, "w2": -3.958}, "only m corrected"),
        ("adam", {"w1": 0.8, "w2": 0.5772}, "root forgotten"),
        ("adam", {"w1": 0.95, "w2": 0.94}, "plain gradient descent"),
        ("adam", {"w1": 0.95, "w2": 0.895}, "momentum alone"),
        ("adam", {"w1": 0.9293, "w2": 0.8764}, "gradient not squared"),
        ("adam", {"w1": -0.1, "w2": -0.0803}, "step instead of the weight"),
        ("adam", {"w1": 0.1, "w2": 0.0803}, "length of the step"),
        ("adam", {"w1": 0.9, "w2": 0.8}, "a full step again"),
        ("adam", {"w1": 0.9, "w2": 0.7921}, "t not counted on"),
        ("adam", {"w1": 0.9, "w2": 0.8177}, "one β for both"),
        ("adam", {"w1": 0.9, "w2": 0.8147}, "β₁ and β₂ exchanged"),
        ("adam", {"w1": 0.9, "w2": 0.9197}, "second step from the start"),
        ("adam", {"w1": 0.9, "w2": 0.8256}, "first gradient forgotten"),
        ("saddle", {"steps": 37}, "one step short"),
        ("saddle", {"steps": 39}, "one step too many"),
        ("saddle", {"steps": 73}, "2 of the square forgotten"),
        ("saddle", {"steps": 37.9}, "not a whole number"),
        ("saddle", {"steps": np.log(1000) / np.log(1.2)}, "not a whole number"),
    ],
)
def test_a_mistake_is_named_by_its_numbers(key, answers, mistake, task):
    feedback = task(f"08.check.{key}").check(**answers)
    assert feedback.correct is False and feedback.mistakes == (mistake,), feedback.text


@pytest.mark.parametrize(
    ("key", "answers"),
    [
        ("lottery", {"sigmoid_3": np.int64(29), "relu_8": "23"}),
        ("rates", {"lands": Fraction(1, 6), "diverges": "1/3"}),
        ("rates", {"lands": 0.167, "diverges": 0.333}),
        ("adam", {"w1": "0,9", "w2": 0.82}),
        ("adam", {"w1": 0.9, "w2": 0.8197}),
        ("saddle", {"steps": 38.0}),
    ],
)
def test_a_right_answer_is_right_in_every_form(key, answers, task):
    assert task(f"08.check.{key}").check(**answers).correct


def passes(changes: dict[str, str]) -> Callable:
    """A learner's function for the tanh network: lines of NumPy, some of them changed."""
    lines = {
        "a1": "np.tanh(X @ W1.T + b1)",
        "a2": "1 / (1 + np.exp(-(a1 @ W2.T + b2)))",
        "dz2": "2 * (a2 - y) / len(y) * a2 * (1 - a2)",
        "dz1": "dz2 @ W2 * (1 - a1**2)",
        "dW1": "dz1.T @ X",
        "db1": "dz1.sum(axis=0)",
        "dW2": "dz2.T @ a1",
        "db2": "dz2.sum(axis=0)",
    } | changes

    def gradients(X, y, W1, b1, W2, b2):
        known = {"np": np, "X": X, "y": y, "W1": W1, "b1": b1, "W2": W2, "b2": b2}
        for name, line in lines.items():
            known[name] = eval(line, {}, known)
        return known["dW1"], known["db1"], known["dW2"], known["db2"]

    return gradients


KEPT = "1 / (1 + np.exp(-(X @ W1.T + b1)))"


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({}, None),
        ({"a1": KEPT, "dz1": "dz2 @ W2 * a1 * (1 - a1)"}, "sigmoids kept"),
        ({"a1": KEPT}, "sigmoids kept forwards"),
        ({"dz1": "dz2 @ W2 * a1 * (1 - a1)"}, "other_activation"),
        ({"dz1": "dz2 @ W2 * (1 - a1)"}, "square forgotten in the slope"),
        ({"dz1": "dz2 @ W2 * a1"}, "value for slope"),
        ({"dz1": "dz2 @ W2"}, "activation_derivative_missing"),
        ({"dz1": "dz2 * (1 - a1**2)"}, "W2 forgotten on the way back"),
        ({"a2": "np.tanh(a1 @ W2.T + b2)", "dz2": "2 * (a2 - y) / len(y) * (1 - a2**2)"}, "output changed too"),
        ({"dz2": "2 * (a2 - y) / len(y) * (1 - a2**2)"}, "other_activation"),
        ({"dz2": "(a2 - y) * a2 * (1 - a2)"}, "2 and mean forgotten"),
        ({"dz2": "2 * (a2 - y) * a2 * (1 - a2)"}, "one_over_m_missing"),
        ({"dz2": "(a2 - y) / len(y)"}, "cross_entropy_delta"),
        ({"dz2": "2 * (y - a2) / len(y) * a2 * (1 - a2)"}, "sign_flipped"),
        ({"db1": "dz1.mean(axis=0)", "db2": "dz2.mean(axis=0)"}, "bias_averaged"),
        ({"db1": "dz1.sum(axis=1)", "db2": "dz2.sum(axis=1)"}, "bias_wrong_axis"),
        ({"dW1": "X.T @ dz1", "dW2": "a1.T @ dz2"}, "gradient_transposed"),
    ],
)
def test_mistaken_passes_are_named(changes, mistake, task):
    feedback = task("08.check.tanh").check(passes(changes))
    assert feedback.correct is (mistake is None), feedback.text
    assert mistake is None or mistake in feedback.mistakes, feedback.text
    assert "none of the known mistakes" not in feedback.text


def test_the_passes_by_hand_are_those_of_the_engine():
    asked = exercise("08.check.tanh")
    for probe in asked.probes:
        for name, by_hand in n08.two_passes(**probe).items():
            engine = dict(zip(asked.asks, asked.backward(*probe.values())))[name]
            np.testing.assert_allclose(by_hand, engine, rtol=1e-9)


def test_gradients_written_down_are_judged_as_those_of_a_function(task):
    asked = task("08.check.tanh")
    kept = n08.two_passes(**asked.given, **asked.slips[0].changes)
    feedback = asked.check(dL_dW1=np.round(kept["W1"], 5), dL_db1=np.round(kept["b1"], 5).tolist())
    assert feedback.mistakes == ("sigmoids kept",), feedback.text
    assert asked.check(dL_dW1=np.round(asked.truth("W1"), 5).tolist()).score == (1, 4)
    assert asked.check(lambda X, y, W1, b1, W2, b2: (None,) * 4).text.startswith("○ Not answered yet")


STEPPED = "v = beta * v + g; w = w - rate * v"


@pytest.mark.parametrize(
    ("first", "loop", "last", "mistake"),
    [
        ("v = 0", STEPPED, "w", None),
        ("v = 0", "v = beta * v - rate * g; w = w + v", "w", None),
        ("v = 0", "v = g; w = w - rate * v", "w", "no velocity kept"),
        ("v = 0", "v = beta * v + g; w = w + rate * v", "w", "step uphill"),
        ("v = 0", "v = beta * v + (1 - beta) * g; w = w - rate * v", "w", "gradient shrunk by 1 − β"),
        ("v = 0", "v = v + g; w = w - rate * v", "w", "nothing forgotten"),
        ("v = 0", "w = w - rate * v; v = beta * v + g", "w", "velocity one step late"),
        ("v = 0", "v = beta * v + g", "w - rate * v", "only the last step taken"),
        ("v = 0; gradients = gradients[:1]", STEPPED, "w", "only the first step taken"),
        ("v = 0", "v = beta * v + g; w = w - v", "w", "learning rate forgotten"),
        ("v = 0", "v = beta * v + rate * g; w = w - rate * v", "w", "learning rate twice"),
        ("v = 0", "v = rate * v + g; w = w - beta * v", "w", "rate and β exchanged"),
        ("v = 0", "v = v + beta * g; w = w - rate * v", "w", "β at the gradient"),
        ("v = 0", "v = beta * (v + g); w = w - rate * v", "w", "β at both"),
        ("v = 0", "v = (1 - beta) * v + g; w = w - rate * v", "w", "1 − β kept"),
        ("v = gradients[0]", STEPPED, "w", "first gradient counted twice"),
        ("v = 0; w = 0", STEPPED, "w", "way instead of the weight"),
        ("v = 0", STEPPED, "v", "velocity instead of the weight"),
    ],
)
def test_a_mistaken_momentum_is_named(first, loop, last, mistake, task):
    def with_momentum(w, gradients, rate, beta):
        known = {"w": w, "gradients": gradients, "rate": rate, "beta": beta}
        exec(first, {}, known)
        for g in known["gradients"]:
            exec(loop, {"g": g}, known)
        return eval(last, {}, known)

    feedback = task("08.check.momentum").check(with_momentum)
    assert feedback.correct is (mistake is None), feedback.text
    assert feedback.mistakes == (() if mistake is None else (mistake,)), feedback.text


def test_the_hints_leave_the_point_to_the_learner_and_say_nothing_false():
    assert "**" not in exercise("08.check.tanh").hint(2).text
    for line in ("np.tanh(X", "dz2 = 2 * (a2 - y)", "(1 - a1**2)", "dz1.sum(axis=0)"):
        assert line in exercise("08.check.tanh").hint(3).text
    assert "all four answers are 1 after the first step" in exercise("08.check.too-large").hint(3).text


def test_the_notebook_does_not_show_what_its_exercises_ask(prose):
    everything = prose + "\n".join(printed(cell) for cell in read(NOTEBOOK).cells if cell.cell_type == "code")
    adam = exercise("08.check.adam")
    for name in adam.asks:
        assert f"{adam.truth(name).item():.4f}" not in everything
    assert f"{exercise('08.check.lottery').truth('sigmoid_3').item():.0f} of 30" not in everything
