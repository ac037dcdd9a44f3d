"""The training loop learns what it should, records what happened, and stops with a reason."""

import numpy as np
import pytest

import backprop_lib as bp
from backprop_lib import Tensor
from backprop_lib.datasets import spirals, two_moons, xor
from backprop_lib.initializers import he_normal, normal
from backprop_lib.nn import Linear, ReLU, Sequential, Sigmoid, Tanh
from backprop_lib.optim import SGD, Adam, HillClimbing, Momentum, RMSprop
from backprop_lib.training import History, print_progress, train


def xor_network(seed, width=4):
    rng = np.random.default_rng(seed)
    start = {"initializer": normal, "bias_initializer": normal}
    return Sequential(Linear(2, width, rng, **start), Sigmoid(), Linear(width, 1, rng, **start), Sigmoid())


def train_xor(seed, epochs=3000, rate=1.0, **settings):
    model = xor_network(seed)
    optimizer = settings.pop("optimizer", SGD)(model.parameters(), rate)
    return model, train(model, bp.mean_squared_error, *xor(), optimizer, epochs, **settings)


# ---- it learns -------------------------------------------------------------------------------------------------------


def test_width_4_learns_xor_from_every_seed():
    """2-4-1 sigmoid, all parameters from N(0, 1), learning rate 1, 3,000 epochs: 30 of 30 seeds."""
    inputs, targets = xor()
    for seed in range(30):
        model, history = train_xor(seed, replay=True)
        assert history.epochs == 3000 and history.stopped is None
        assert history.loss[-1] < 0.005, f"seed {seed}: {history}"
        assert np.abs(model(inputs).data - targets).max() < 0.1


def by_hand(model, epochs, rate):
    """The same training in plain NumPy, with the backward pass written out."""
    x, y = xor()
    w1, b1, w2, b2 = (p.numpy() for p in model.parameters())
    losses, norms = [], []
    for _ in range(epochs + 1):
        h = 1 / (1 + np.exp(-(x @ w1.T + b1)))
        p = 1 / (1 + np.exp(-(h @ w2.T + b2)))
        losses.append(np.mean((p - y) ** 2))
        d2 = 2 * (p - y) / 4 * p * (1 - p)
        d1 = d2 @ w2 * h * (1 - h)
        gs = d1.T @ x, d1.sum(axis=0), d2.T @ h, d2.sum(axis=0)
        norms.append([np.sqrt(np.sum(g**2)) for g in gs])
        w1, b1, w2, b2 = (value - rate * g for value, g in zip((w1, b1, w2, b2), gs))
    return np.array(losses), np.array(norms[:-1])


@pytest.mark.parametrize("replay", [False, True])
def test_every_epoch_is_the_one_computed_by_hand(replay):
    losses, norms = by_hand(xor_network(0), 200, 1.0)
    _, history = train_xor(0, 200, replay=replay)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-9)
    for i, name in enumerate(["0.weight", "0.bias", "2.weight", "2.bias"]):
        np.testing.assert_allclose(history.gradient_norms[name], norms[:, i], rtol=1e-9)
    layers = history.layer_norms()
    assert list(layers) == ["0", "2"]
    np.testing.assert_allclose(layers["0"], np.hypot(norms[:, 0], norms[:, 1]), rtol=1e-9)


@pytest.mark.parametrize("optimizer, rate", [(SGD, 1.0), (Momentum, 0.3), (RMSprop, 0.01), (Adam, 0.03)])
def test_every_optimizer_learns_xor(optimizer, rate):
    _, history = train_xor(1, rate=rate, optimizer=optimizer)
    assert history.loss[-1] < 0.01


def test_hill_climbing_learns_xor_in_the_same_loop():
    model, (inputs, targets) = xor_network(0), xor()
    loss = lambda: bp.mean_squared_error(model(inputs), targets)  # noqa: E731
    climber = HillClimbing(model.parameters(), loss, 0.3, np.random.default_rng(0))
    history = train(model, bp.mean_squared_error, inputs, targets, climber, 1500)
    assert history.loss[-1] < 0.02 and np.all(np.diff(history.loss) <= 0)


def test_batches_learn_the_moons():
    inputs, targets = two_moons(200, noise=0.1, seed=0)
    rng = np.random.default_rng(0)
    model = Sequential(Linear(2, 16, rng, initializer=he_normal), ReLU(), Linear(16, 1, rng))
    optimizer = Adam(model.parameters(), 0.01)
    loss = bp.binary_cross_entropy_with_logits
    history = train(model, loss, inputs, targets, optimizer, 100, batch_size=32, rng=rng)
    assert np.mean((model(inputs).data > 0) == (targets > 0)) > 0.97
    assert history.loss.shape == (101,) and history.gradient_norms["0.weight"].shape == (100,)


def test_classes_learn_the_spirals():
    inputs, targets = spirals(150, classes=3, seed=0)
    rng = np.random.default_rng(0)
    model = Sequential(Linear(2, 32, rng), Tanh(), Linear(32, 3, rng))
    train(model, bp.cross_entropy, inputs, targets, Adam(model.parameters(), 0.03), 500)
    assert np.mean(model(inputs).data.argmax(axis=1) == targets) > 0.9


# ---- it records ------------------------------------------------------------------------------------------------------


def test_loss_k_is_the_loss_after_k_epochs():
    inputs, targets = xor()
    for settings in ({}, {"batch_size": 3, "rng": np.random.default_rng(5)}):
        model, history = train_xor(2, 7, keep_every=1, **settings)
        np.testing.assert_array_equal(history.kept_epochs, range(8))
        for k in range(8):
            model.load_state_dict({name: values[k] for name, values in history.parameters.items()})
            loss = bp.mean_squared_error(model(inputs), targets).item()
            assert loss == pytest.approx(history.loss[k], rel=1e-12)


def test_parameters_are_kept_every_so_often():
    model, history = train_xor(0, 10, keep_every=4)
    assert history.kept_epochs.tolist() == [0, 4, 8]
    assert history.parameters["0.weight"].shape == (3, 4, 2)
    np.testing.assert_array_equal(history.parameters["0.weight"][0], xor_network(0)[0].weight.data)
    assert train_xor(0, 10)[1].parameters == {}


def test_no_epochs_record_the_start():
    model, history = train_xor(0, 0)
    assert history.epochs == 0 and history.loss.shape == (1,)
    assert {name: norms.shape for name, norms in history.gradient_norms.items()}["2.bias"] == (0,)
    np.testing.assert_array_equal(model[0].weight.data, xor_network(0)[0].weight.data)


def test_the_same_seed_gives_the_same_history():
    def once(order):
        model = xor_network(4)
        rng = np.random.default_rng(order)
        optimizer = Adam(model.parameters(), 0.02)
        return train(model, bp.mean_squared_error, *xor(), optimizer, 30, batch_size=2, rng=rng)

    first, second, third = once(0), once(0), once(1)
    np.testing.assert_array_equal(first.loss, second.loss)
    for name, norms in first.gradient_norms.items():
        np.testing.assert_array_equal(norms, second.gradient_norms[name])
    assert not np.array_equal(first.loss, third.loss)


def test_replayed_or_built_anew_is_the_same():
    (a, first), (b, second) = train_xor(5, 300), train_xor(5, 300, replay=True)
    np.testing.assert_array_equal(first.loss, second.loss)
    for name, value in a.state_dict().items():
        np.testing.assert_array_equal(value, b.state_dict()[name])


def test_each_epoch_uses_every_example_once():
    seen = []

    class Watched:
        def __call__(self, x):
            seen.append(np.array(x.data if isinstance(x, Tensor) else x)[:, 0].tolist())
            return w * x

    w, inputs = Tensor([0.1], name="w"), np.arange(7.0).reshape(7, 1)
    rng = np.random.default_rng(0)
    train(Watched(), bp.mean_squared_error, inputs, inputs, SGD([w], 0.001), 2, batch_size=3, rng=rng)
    assert [len(rows) for rows in seen] == [7, 3, 3, 1, 7, 3, 3, 1, 7]
    epochs = [sum(seen[1:4], []), sum(seen[5:8], [])]
    assert all(sorted(rows) == list(range(7)) for rows in epochs) and epochs[0] != epochs[1]


def test_a_batch_step_is_the_gradient_of_that_batch():
    w, inputs = Tensor([[2.0]], name="w"), np.array([[1.0], [3.0]])
    train(lambda x: x @ w, bp.mean_squared_error, inputs, 0 * inputs, SGD([w], 0.1), 1, batch_size=1,
          rng=np.random.default_rng(0))  # fmt: skip
    np.testing.assert_allclose(w.data, [[2 * (1 - 0.2 * 1) * (1 - 0.2 * 9)]])  # in either order


def test_the_norm_of_an_epoch_is_the_mean_over_its_batches():
    w, inputs = Tensor([[2.0]], name="w"), np.array([[1.0], [3.0]])
    rng = np.random.default_rng(0)
    history = train(lambda x: x @ w, bp.mean_squared_error, inputs, 0 * inputs, SGD([w], 0.0), 1, batch_size=1, rng=rng)
    assert history.gradient_norms["w"].tolist() == [(2 * 2 * 1 + 2 * 2 * 9) / 2]


def test_clipping_in_the_loop():
    w = Tensor([[2.0]], name="w")
    history = train(lambda x: x @ w, bp.mean_squared_error, [[1.0]], [[0.0]], SGD([w], 0.1), 1, max_norm=1.0)
    assert history.gradient_norms["w"].tolist() == [4.0]  # as it was before clipping
    np.testing.assert_allclose(w.data, [[1.9]])


def test_parameters_without_a_name_of_their_own():
    for names in [(None, None), ("w", "w")]:
        a, b = (Tensor([[1.0]], name=name) for name in names)
        history = train(lambda x: x @ a @ b, bp.mean_squared_error, [[1.0]], [[0.0]], SGD([a, b], 0.1), 2)  # noqa: B023
        assert list(history.gradient_norms) == ["parameter 0", "parameter 1"]
        assert list(history.layer_norms()) == ["parameter 0", "parameter 1"]


# ---- it shows progress -----------------------------------------------------------------------------------------------


def test_the_callback_sees_every_epoch_and_may_stop():
    calls = []
    _, history = train_xor(0, 5, callback=lambda epoch, loss: calls.append((epoch, loss)))
    assert [epoch for epoch, _ in calls] == list(range(6))
    np.testing.assert_array_equal([loss for _, loss in calls], history.loss)

    model, history = train_xor(0, 100, callback=lambda epoch, loss: epoch == 3)
    assert history.epochs == 3 and "callback" in history.stopped and "3 epochs" in history.stopped
    np.testing.assert_array_equal(model[0].weight.data, train_xor(0, 3)[0][0].weight.data)


def test_it_prints_only_when_asked_and_always_the_same(capsys):
    train_xor(0, 20)
    assert capsys.readouterr().out == ""
    train_xor(0, 20, callback=print_progress(10))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["0", "10", "20"]
    assert lines[0].startswith("epoch      0   loss 0.")


def test_printing_a_history():
    assert repr(History(np.array([0.5, 0.1234567]), {})) == "History(1 epochs, loss 0.5 → 0.1235)"


# ---- it stops --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("replay", [False, True])
def test_a_loss_that_explodes_is_reported(replay):
    w = Tensor([[2.0]], name="w")
    optimizer = SGD([w], 1e10)
    history = train(lambda x: x @ w, bp.mean_squared_error, [[1.0]], [[0.0]], optimizer, 1000, replay=replay)
    assert history.epochs < 30 and not np.isfinite(history.loss[-1])
    assert np.isfinite(history.loss[:-1]).all()
    assert "The loss became inf" in history.stopped and "learning rate" in history.stopped
    assert f"after {history.epochs} epochs" in history.stopped
    assert history.stopped in repr(history)


@pytest.mark.parametrize("settings", [{}, {"batch_size": 1, "rng": np.random.default_rng(0)}, {"max_norm": 1.0}])
def test_a_gradient_that_is_not_finite_changes_nothing(settings):
    w = Tensor([[0.0]], name="w")
    history = train(lambda x: bp.sqrt(x @ w), bp.mean_squared_error, [[1.0]], [[5.0]], SGD([w], 0.1), 10, **settings)
    assert w.data.tolist() == [[0.0]]
    assert "gradient of w became inf" in history.stopped and "detect_anomaly" in history.stopped


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, kind, message",
    [
        ({"targets": np.zeros((3, 1))}, ValueError, "4 inputs and 3 targets"),
        ({"inputs": 1.0}, ValueError, "one row for each example"),
        ({"epochs": -1}, ValueError, "epochs"),
        ({"epochs": 2.5}, ValueError, "epochs"),
        ({"batch_size": 0, "rng": np.random.default_rng(0)}, ValueError, "batch_size"),
        ({"batch_size": 2}, TypeError, "default_rng"),
        ({"batch_size": 2, "rng": 0}, TypeError, "default_rng"),
        ({"batch_size": 2, "rng": np.random.default_rng(0), "replay": True}, ValueError, "one or the other"),
        ({"keep_every": 0}, ValueError, "keep_every"),
        ({"max_norm": -1}, ValueError, "max_norm"),
    ],
)
def test_settings_are_checked(change, kind, message):
    model, (inputs, targets) = xor_network(0), xor()
    settings = {"inputs": inputs, "targets": targets, "epochs": 3, **change}
    with pytest.raises(kind, match=message):
        train(model, bp.mean_squared_error, optimizer=SGD(model.parameters(), 1.0), **settings)


def test_the_callers_arrays_are_not_changed():
    inputs, targets = two_moons(20)
    before = inputs.copy(), targets.copy()
    model = Sequential(Linear(2, 1, np.random.default_rng(0)), Sigmoid())
    rng = np.random.default_rng(0)
    train(model, bp.binary_cross_entropy, inputs, targets, SGD(model.parameters(), 0.1), 3, batch_size=7, rng=rng)
    np.testing.assert_array_equal(inputs, before[0])
    np.testing.assert_array_equal(targets, before[1])
