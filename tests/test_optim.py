"""Each optimizer follows its formula, written a second time here, and PyTorch's where that is installed."""

import inspect

import numpy as np
import pytest

from backprop_lib import Tensor
from backprop_lib.optim import (
    SGD,
    Adam,
    HillClimbing,
    Momentum,
    Optimizer,
    RMSprop,
    clip_gradients_by_norm,
    gradient_norm,
)

STEPS = 20


def gradients(seed=0):
    """The gradients of two parameters over some steps: small and large ones, of changing sign."""
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(2, 3)) * [1e-3, 1, 100], rng.normal(size=())) for _ in range(STEPS)]


def start():
    return [np.linspace(-1, 1, 6).reshape(2, 3), np.array(0.5)]


# ---- the referees: one parameter, one list of gradients, written as the papers have it -------------------------------


def sgd(p, gs, eta):
    for g in gs:
        p = p - eta * g
    return p


def momentum(p, gs, eta, beta):
    for t in range(len(gs)):  # the velocity as the sum that it stands for
        p = p - eta * sum(beta ** (t - k) * gs[k] for k in range(t + 1))
    return p


def rmsprop(p, gs, eta, alpha, eps):
    for t in range(len(gs)):
        s = sum((1 - alpha) * alpha ** (t - k) * gs[k] ** 2 for k in range(t + 1))
        p = p - eta * gs[t] / (s**0.5 + eps)
    return p


def adam(p, gs, eta, b1, b2, eps):
    for t in range(len(gs)):
        m = sum((1 - b1) * b1 ** (t - k) * gs[k] for k in range(t + 1)) / (1 - b1 ** (t + 1))
        s = sum((1 - b2) * b2 ** (t - k) * gs[k] ** 2 for k in range(t + 1)) / (1 - b2 ** (t + 1))
        p = p - eta * m / (s**0.5 + eps)
    return p


CASES = {
    "SGD": (lambda ps: SGD(ps, 0.1), lambda p, gs: sgd(p, gs, 0.1), ("SGD", {"lr": 0.1})),
    "Momentum": (
        lambda ps: Momentum(ps, 0.1, momentum=0.8),
        lambda p, gs: momentum(p, gs, 0.1, 0.8),
        ("SGD", {"lr": 0.1, "momentum": 0.8}),
    ),
    "RMSprop": (
        lambda ps: RMSprop(ps, 0.1, decay=0.9),
        lambda p, gs: rmsprop(p, gs, 0.1, 0.9, 1e-8),
        ("RMSprop", {"lr": 0.1, "alpha": 0.9}),
    ),
    "RMSprop as it comes": (RMSprop, lambda p, gs: rmsprop(p, gs, 0.01, 0.99, 1e-8), ("RMSprop", {})),
    "Adam": (
        lambda ps: Adam(ps, 0.1, beta1=0.8, beta2=0.95, eps=1e-4),
        lambda p, gs: adam(p, gs, 0.1, 0.8, 0.95, 1e-4),
        ("Adam", {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-4}),
    ),
    "Adam as it comes": (Adam, lambda p, gs: adam(p, gs, 0.001, 0.9, 0.999, 1e-8), ("Adam", {})),
}


def run(make, dtype=np.float64):
    parameters = [Tensor(value.astype(dtype), name=f"p{i}") for i, value in enumerate(start())]
    optimizer = make(parameters)
    for gs in gradients():
        for p, g in zip(parameters, gs):
            p.grad = g
        optimizer.step()
    return parameters


@pytest.mark.parametrize("case", CASES)
def test_against_the_formula(case):
    make, referee, _ = CASES[case]
    for i, (p, value) in enumerate(zip(run(make), start())):
        np.testing.assert_allclose(p.data, referee(value, [gs[i] for gs in gradients()]), rtol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_against_torch(case):
    torch = pytest.importorskip("torch")
    make, _, (name, settings) = CASES[case]
    parameters = [torch.nn.Parameter(torch.tensor(value)) for value in start()]
    optimizer = getattr(torch.optim, name)(parameters, **settings)
    for gs in gradients():
        for p, g in zip(parameters, gs):
            p.grad = torch.tensor(np.array(g))
        optimizer.step()
    for p, theirs in zip(run(make), parameters):
        np.testing.assert_allclose(p.data, theirs.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_float32_stays_float32(case):
    make, _, _ = CASES[case]
    for p, exact in zip(run(make, np.float32), run(make)):
        assert p.dtype == np.float32 and p.data.dtype == np.float32
        np.testing.assert_allclose(p.data, exact.data, rtol=1e-4, atol=1e-5)
    optimizer = make([Tensor(np.float32([1.0, 2.0]))])
    optimizer.parameters[0].grad = [0.5, -0.5]
    optimizer.step()
    for state in (value for value in vars(optimizer).values() if isinstance(value, list)):
        assert {array.dtype for array in state} == {np.dtype(np.float32)}


def test_one_step_by_hand():
    """p = 1 with gradient 2. Adam's first step is η · g/|g| whatever the size of g."""
    for make, expected in [
        (lambda p: SGD([p], 0.1), 0.8),
        (lambda p: Momentum([p], 0.1), 0.8),
        (lambda p: RMSprop([p], 0.1, decay=0.75), 1 - 0.1 * 2 / 1),
        (lambda p: Adam([p], 0.1), 0.9),
    ]:
        p = Tensor(1.0)
        p.grad = 2.0
        make(p).step()
        assert p.item() == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    "make",
    [
        lambda ps: SGD(ps, 0.01),
        lambda ps: Momentum(ps, 0.01),
        lambda ps: RMSprop(ps, 0.01),
        lambda ps: Adam(ps, 0.05),
    ],
)
def test_they_go_down_a_long_valley(make):
    p = Tensor([2.0, -1.0])
    optimizer, weights = make([p]), np.array([1.0, 20.0])
    for _ in range(1000):
        optimizer.zero_grad()
        (weights * p * p).sum().backward()
        optimizer.step()
    assert np.abs(p.data).max() < 0.02


def test_backward_alone_changes_no_parameter():
    p = Tensor([2.0, -1.0])
    for _ in range(100):
        (p * p).sum().backward()
    np.testing.assert_array_equal(p.data, [2.0, -1.0])


def test_the_learning_rate_may_change():
    p = Tensor(1.0)
    optimizer = SGD([p], 0.1)
    p.grad = 1.0
    optimizer.step()
    optimizer.learning_rate = 0.5
    optimizer.step()
    assert p.item() == pytest.approx(0.4)


def test_zero_grad():
    p, q = Tensor(1.0), Tensor([1.0, 2.0])
    (p * q).sum().backward()
    SGD([p, q], 0.1).zero_grad()
    assert p.grad is None and q.grad is None


def test_gradients_that_are_tensors_themselves():
    p = Tensor([1.0, 2.0])
    (p * p).sum().backward(create_graph=True)
    SGD([p], 0.1).step()
    np.testing.assert_allclose(p.data, [0.8, 1.6])


def test_an_inner_state_of_one_optimizer_is_not_shared():
    p, q = Tensor(1.0), Tensor(1.0)
    first, second = Momentum([p], 0.1), Momentum([q], 0.1)
    for _ in range(3):
        p.grad = 1.0
        first.step()
    q.grad = 1.0
    second.step()
    assert q.item() == pytest.approx(0.9)


# ---- hill climbing ---------------------------------------------------------------------------------------------------


def bowl(p):
    return lambda: (p * p).sum()


def test_hill_climbing_learns_without_a_gradient():
    p = Tensor([2.0, -1.0, 0.5])
    climber, losses = HillClimbing([p], bowl(p), 0.1, np.random.default_rng(0)), []
    for _ in range(500):
        climber.step()
        losses.append(float(bowl(p)()))
    assert losses[-1] < 0.02
    assert np.all(np.diff(losses) <= 0)  # a step is only kept if it is better
    assert p.grad is None


def test_hill_climbing_goes_back_exactly():
    p = Tensor([0.0, 0.0])
    HillClimbing([p], bowl(p), 0.1, np.random.default_rng(0)).step()
    np.testing.assert_array_equal(p.data, [0.0, 0.0])
    p = Tensor([1.0])
    HillClimbing([p], lambda: np.nan if p.item() != 1 else 5.0, 0.1, np.random.default_rng(0)).step()
    np.testing.assert_array_equal(p.data, [1.0])


def test_hill_climbing_follows_from_its_seed():
    def climb(seed):
        p = Tensor([2.0, -1.0])
        climber = HillClimbing([p], bowl(p), 0.1, np.random.default_rng(seed))
        for _ in range(50):
            climber.step()
        return p.numpy()

    np.testing.assert_array_equal(climb(3), climb(3))
    assert not np.array_equal(climb(3), climb(4))


# ---- clipping --------------------------------------------------------------------------------------------------------


def test_clipping_keeps_the_direction():
    p, q = Tensor([0.0, 0.0]), Tensor(0.0)
    p.grad, q.grad = [3.0, 0.0], 4.0
    assert clip_gradients_by_norm([p, q], 1.0) == 5
    np.testing.assert_allclose(p.grad, [0.6, 0], rtol=1e-15)
    np.testing.assert_allclose(q.grad, 0.8, rtol=1e-15)
    assert clip_gradients_by_norm([p, q], 1.0) == pytest.approx(1)


def test_short_gradients_are_left_alone():
    p = Tensor([0.0, 0.0])
    p.grad = [0.3, 0.4]
    assert clip_gradients_by_norm([p], 1.0) == pytest.approx(0.5)
    np.testing.assert_array_equal(p.grad, [0.3, 0.4])
    p.grad = [0.0, 0.0]
    assert clip_gradients_by_norm([p], 1.0) == 0


def test_clipping_against_torch():
    torch = pytest.importorskip("torch")
    ours = [Tensor(value) for value in start()]
    theirs = [torch.nn.Parameter(torch.tensor(value)) for value in start()]
    for p, q, g in zip(ours, theirs, gradients()[0]):
        p.grad, q.grad = g, torch.tensor(np.array(g))
    norm = torch.nn.utils.clip_grad_norm_(theirs, 2.0)
    assert clip_gradients_by_norm(ours, 2.0) == pytest.approx(norm.item(), rel=1e-12)
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-5)  # torch adds 1e-6 to the norm


@pytest.mark.parametrize("size", [1e-200, 1e-12, 1.0, 1e200])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_no_norm_overflows_or_vanishes(size, dtype):
    size = size if dtype is np.float64 else size ** (1 / 8)
    assert gradient_norm([np.array([3 * size, 0], dtype), np.array(4 * size, dtype)]) == pytest.approx(
        5 * size, rel=1e-6
    )
    assert gradient_norm([np.zeros((2, 0)), np.zeros(3)]) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_no_clipping_repairs_nan(bad):
    p, q = Tensor([1.0, 2.0]), Tensor(1.0)
    p.grad, q.grad = [1.0, bad], 1.0
    with pytest.raises(ValueError, match="nan or inf"):
        clip_gradients_by_norm([p, q], 1.0)


# ---- errors ----------------------------------------------------------------------------------------------------------


def test_a_missing_gradient_is_named_and_nothing_moves():
    p, q = Tensor([1.0], name="0.weight"), Tensor([1.0], name="0.bias")
    for make in (lambda ps: SGD(ps, 0.1), Adam):
        p.grad, q.grad = [1.0], None
        with pytest.raises(ValueError, match=r"'0\.bias' has no gradient\. Call loss\.backward\(\)"):
            make([p, q]).step()
        assert p.item() == 1
    with pytest.raises(ValueError, match=r"number 0 \(shape \(2,\)\)"):
        SGD([Tensor([1.0, 2.0])], 0.1).step()


@pytest.mark.parametrize(
    "parameters, kind, message",
    [
        ([], ValueError, "empty"),
        ([np.zeros(2)], TypeError, "number 0 is ndarray"),
        ([Tensor(1.0) * 2], ValueError, "leaves"),
        ([Tensor(1.0, requires_grad=False)], ValueError, "requires_grad=True"),
        ([(p := Tensor(1.0)), p], ValueError, "twice"),
    ],
)
def test_only_leaves_can_be_trained(parameters, kind, message):
    with pytest.raises(kind, match=message):
        SGD(parameters, 0.1)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda p: SGD(p, -0.1), "learning_rate must be"),
        (lambda p: SGD(p, np.nan), "learning_rate must be"),
        (lambda p: Momentum(p, 0.1, momentum=1.0), "momentum must be"),
        (lambda p: RMSprop(p, 0.1, decay=-0.1), "decay must be"),
        (lambda p: Adam(p, 0.1, beta2=1), "beta2 must be"),
        (lambda p: Adam(p, 0.1, eps=-1), "eps must be"),
        (lambda p: clip_gradients_by_norm(p, 0), "max_norm must be"),
    ],
)
def test_settings_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make([Tensor(1.0)])


def test_hill_climbing_needs_a_generator():
    with pytest.raises(TypeError, match="default_rng"):
        HillClimbing([Tensor(1.0)], lambda: 1.0, 0.1, 0)


def test_a_learner_reads_each_in_one_screen():
    for kind in (SGD, Momentum, RMSprop, Adam, HillClimbing):
        assert len(inspect.getsource(kind).splitlines()) <= 40
        assert len(inspect.getsource(kind.step).splitlines()) <= 10
        assert issubclass(kind, Optimizer) and "Source: " in kind.__doc__
