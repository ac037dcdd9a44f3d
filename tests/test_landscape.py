"""The loss over a plane of parameters: the grid in one pass equals a loop, slopes and curvatures are exact."""

import re

import numpy as np
import pytest

from backprop_lib import (
    Tensor,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    concatenate,
    cross_entropy,
    exp,
    landscape,
    logsumexp,
    mean_squared_error,
    no_grad,
    softmax,
    stack,
    tanh,
)
from backprop_lib.datasets import xor
from backprop_lib.gradcheck import numerical_gradient
from backprop_lib.initializers import normal
from backprop_lib.landscape import (
    Plane,
    along_random_directions,
    along_two_weights,
    descend,
    hessian,
    kind_of,
    through_three_points,
)
from backprop_lib.nn import LeakyReLU, Linear, Module, ReLU, Sequential, Sigmoid, Softplus, Tanh
from backprop_lib.optim import SGD, Momentum

X, Y = xor()


class Identity(Module):
    def forward(self, x):
        return x


def network(seed=0, hidden=Sigmoid, last=Sigmoid, width=4, outputs=1):
    rng = np.random.default_rng(seed)
    start = {"initializer": normal, "bias_initializer": normal}
    return Sequential(Linear(2, width, rng, **start), hidden(), Linear(width, outputs, rng, **start), last())


def xor_loss(model, function=mean_squared_error, targets=Y):
    return lambda: function(model(X), targets)


def by_loop(plane, loss, a, b):
    """The same grid, one forward pass after another, with the parameters really changed."""
    before = [p.numpy() for p in plane.parameters]
    heights = np.empty((len(b), len(a)))
    with no_grad(), np.errstate(all="ignore"):
        for i, j in np.ndindex(heights.shape):
            for p, value in zip(plane.parameters, plane.at(a[j], b[i])):
                p.data = value
            heights[i, j] = loss().item()
    for p, value in zip(plane.parameters, before):
        p.data = value
    return heights


A, B = np.linspace(-6, 6, 13), np.linspace(-4, 5, 11)


@pytest.mark.parametrize("hidden", [Sigmoid, Tanh, ReLU, LeakyReLU, Softplus])
@pytest.mark.parametrize("loss", [mean_squared_error, binary_cross_entropy])
@pytest.mark.parametrize("directions", ["two weights", "random", "three points"])
def test_one_pass_equals_a_loop_in_every_bit(hidden, loss, directions):
    model = network(hidden=hidden)
    loss = xor_loss(model, loss)
    parameters = model.parameters()
    if directions == "two weights":
        plane = along_two_weights(loss, parameters, ("0.weight", (1, 0)), ("2.bias", 0))
    elif directions == "random":
        plane = along_random_directions(loss, parameters, np.random.default_rng(1))
    else:
        others = [network(seed).state_dict() for seed in (1, 2)]
        plane = through_three_points(loss, parameters, model.state_dict(), *others)
    assert np.array_equal(plane.grid(A, B), by_loop(plane, loss, A, B), equal_nan=True)


@pytest.mark.parametrize("case", ["logits", "classes"])
def test_losses_from_logits_differ_by_rounding_only(case):
    """Their rows add up max(z, 0) − z·y and log(1 + e⁻|z|) in an order that has no exact second derivative at 0."""
    if case == "logits":
        model = network(last=Identity)
        loss = xor_loss(model, binary_cross_entropy_with_logits)
    else:
        model = network(last=Identity, outputs=3)
        loss = xor_loss(model, cross_entropy, np.array([0, 2, 1, 0]))
    plane = along_random_directions(loss, model.parameters(), np.random.default_rng(1))
    np.testing.assert_allclose(plane.grid(A, B), by_loop(plane, loss, A, B), rtol=1e-14, atol=1e-15)


W, V, S = (
    Tensor([[0.3, -1.2, 0.5], [0.7, 0.2, -0.4]], name="W"),
    Tensor([0.4, -0.3, 0.9], name="V"),
    Tensor(0.6, name="S"),
)
CUBE = np.arange(12.0).reshape(2, 2, 3) / 7

PROGRAMS = {
    "matrix times vector": lambda: (W @ V).sum() * S,
    "vector times matrix": lambda: (V @ W.T).sum() + S,
    "vector times vector": lambda: V @ V * S + W.sum(),
    "constant vector": lambda: (np.array([1.0, 2.0]) @ W).sum() + (V @ np.array([1.0, 2.0, 3.0])) * S,
    "constant times vector": lambda: (
        (np.arange(6.0).reshape(2, 3) @ V).sum() + (np.arange(3.0) @ V) + (W @ W.T).sum() * S
    ),
    "stack of matrices": lambda: ((CUBE @ V) * S).sum() + (CUBE @ W.T).mean() + (W.T @ CUBE).sum(),
    "shapes": lambda: (W.reshape(3, 2).T * V.expand_dims((0, 1)).squeeze(0)).sum() * S + V.broadcast_to((4, 3)).mean(),
    "reductions": lambda: (
        W.max(axis=1).sum() + W.var(axis=0, keepdims=True).mean() + V.prod() * S + W.min() + logsumexp(W, axis=0).sum()
    ),
    "softmax": lambda: (softmax(W, axis=0) * V).sum() * S + (softmax(V, axis=0) @ V),
    "row by row": lambda: concatenate([V, W[0], W[:, 1]]).sum() + stack([V[::-1], W[1]]).prod() * S + V.cumsum(0).sum(),
    "choices": lambda: (abs(W) + np.maximum(W, V) + np.where(V > 0, W, 2.0)).sum() * S,
    "first without the other": lambda: exp(S) * 2.0 + (W * 0.0).sum() + (V * 0.0).sum(),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_kind_of_operation_by_rows(program):
    loss = PROGRAMS[program]
    plane = along_random_directions(loss, [W, V, S], np.random.default_rng(3))
    np.testing.assert_allclose(plane.grid(A, B), by_loop(plane, loss, A, B), rtol=1e-12, atol=1e-12)


def test_a_plane_that_moves_only_one_parameter():
    plane = along_two_weights(PROGRAMS["matrix times vector"], [W, V, S], (W, (0, 1)), (W, (1, 2)))
    np.testing.assert_allclose(plane.grid(A, B), by_loop(plane, PROGRAMS["matrix times vector"], A, B), rtol=1e-12)
    assert plane.names == ("W[0, 1]", "W[1, 2]")


def test_a_large_grid_goes_in_several_passes_and_nothing_changes(monkeypatch):
    model = network()
    plane = along_random_directions(xor_loss(model), model.parameters(), np.random.default_rng(1))
    whole = [compute(A[None, :], B[:, None]) for compute in (plane.loss_at, plane.gradient_at, plane.hessian_at)]
    monkeypatch.setattr(landscape, "LARGEST_PASS", 200)
    parts = [compute(A[None, :], B[:, None]) for compute in (plane.loss_at, plane.gradient_at, plane.hessian_at)]
    assert all(np.array_equal(*pair) for pair in zip(whole, parts))
    assert [each.shape for each in whole] == [(11, 13), (11, 13, 2), (11, 13, 2, 2)]


def test_a_plane_keeps_its_parameters_and_leaves_the_networks_alone():
    model = network()
    plane = along_random_directions(xor_loss(model), model.parameters(), np.random.default_rng(1))
    before, heights = model.state_dict(), plane.grid(A, B)
    plane.gradient_at(A, A)
    plane.hessian_at(A, A)
    assert all(np.array_equal(model.state_dict()[name], before[name]) for name in before)
    assert all(p.grad is None for p in model.parameters())
    for p in model.parameters():
        p.data += 1.0
    assert np.array_equal(plane.grid(A, B), heights)


# ---- slopes and curvatures ---------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [mean_squared_error, binary_cross_entropy_with_logits])
def test_slopes_and_curvatures_are_those_of_the_heights(loss):
    model = network(hidden=Tanh, last=Identity)
    plane = along_random_directions(xor_loss(model, loss), model.parameters(), np.random.default_rng(2))
    a, b = 0.4, -0.7

    def height(ab):
        return float(plane.loss_at(*ab))

    np.testing.assert_allclose(plane.gradient_at(a, b), numerical_gradient(height, np.array([a, b])), rtol=1e-6)
    columns = [
        (plane.gradient_at(a + da, b + db) - plane.gradient_at(a - da, b - db)) / 2e-5
        for da, db in ((1e-5, 0), (0, 1e-5))
    ]
    np.testing.assert_allclose(plane.hessian_at(a, b), np.stack(columns, axis=1), rtol=1e-5, atol=1e-7)


def test_the_whole_hessian_is_exact_and_its_shadow_is_the_planes():
    model = network()
    loss = xor_loss(model)
    plane = along_random_directions(loss, model.parameters(), np.random.default_rng(2))
    whole = plane.whole_hessian(0.0, 0.0)
    assert whole.shape == (17, 17)
    np.testing.assert_allclose(whole, whole.T, atol=1e-12)
    np.testing.assert_allclose(whole, hessian(loss, model.parameters()), atol=1e-14)
    axes = np.stack([np.concatenate([d.ravel() for d in each]) for each in (plane.first, plane.second)], axis=1)
    np.testing.assert_allclose(axes.T @ whole @ axes, plane.hessian_at(0.0, 0.0), atol=1e-12)
    np.testing.assert_allclose(axes.T @ plane.whole_gradient(0.0, 0.0), plane.gradient_at(0.0, 0.0), atol=1e-12)


def two_numbers(function):
    x, y = Tensor(0.5, name="x"), Tensor(0.5, name="y")
    return along_two_weights(lambda: function(x, y), [x, y], ("x", ()), (y, ()))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x, y: x * x - y * y, [("saddle", 0.0, 0.0, -2.0, 2.0)]),
        (lambda x, y: x * x + 3 * y * y, [("minimum", 0.0, 0.0, 2.0, 6.0)]),
        (lambda x, y: -((x - 1) ** 2) - y * y, [("maximum", 1.0, 0.0, -2.0, -2.0)]),
        (lambda x, y: (x - 0.3) * (y + 0.4) + x * x, [("saddle", 0.3, -1.0, 1 - 2**0.5, 1 + 2**0.5)]),
        (lambda x, y: x**4 + y**4, [("flat", 0.0, 0.0, 0.0, 0.0)]),
        (
            lambda x, y: (x * x - 1) ** 2 + y * y,
            [("minimum", -1.0, 0.0, 2.0, 8.0), ("minimum", 1.0, 0.0, 2.0, 8.0), ("saddle", 0.0, 0.0, -4.0, 2.0)],
        ),
        (lambda x, y: tanh(x) + 0 * y, []),
        (lambda x, y: 3 * x - 2 * y, []),
    ],
)
def test_critical_points_are_found_and_called_what_they_are(function, expected):
    found = two_numbers(function).critical_points((-2, 2.3), (-1.9, 2))
    assert [p.kind for p in found] == [kind for kind, *_ in expected]
    for p, (_, a, b, low, high) in zip(found, expected):
        assert (p.a, p.b, *p.curvatures) == pytest.approx((a, b, low, high), abs=1e-6)
        assert p.slope_beyond == pytest.approx(0, abs=1e-6)


def test_a_critical_point_says_what_it_is():
    (saddle,) = two_numbers(lambda x, y: x * x - y * y + 1).critical_points((-2, 2), (-1, 1))
    assert str(saddle) == "saddle at (0.0, 0.0), loss 1.0, curvatures -2.0 and 2.0"


def test_a_minimum_of_the_plane_may_be_none_of_the_whole():
    x, y, z = (Tensor(0.0, name=name) for name in "xyz")
    plane = along_two_weights(lambda: x * x + y * y + z, [x, y, z], ("x", ()), ("y", ()))
    (point,) = plane.critical_points((-1, 1.1), (-1, 1.1))
    assert (point.kind, point.slope_beyond) == ("minimum", 1.0)


@pytest.mark.parametrize(
    ("curvatures", "kind"),
    [
        ((1, 2), "minimum"), ((-1, -2), "maximum"), ((-1e-3, 2), "saddle"), ((1e-9, 2), "flat"), ((0, 0), "flat"),
        ((-1, 0, 1), "saddle"), ((0, 1, 1), "flat"), ((-3,), "maximum"), ((-1, 0), "flat"),
    ],
)  # fmt: skip
def test_the_signs_of_the_curvatures_decide(curvatures, kind):
    assert kind_of(curvatures) == kind


# ---- planes ------------------------------------------------------------------------------------------


def test_two_weights_are_themselves_the_coordinates():
    model = network()
    plane = along_two_weights(xor_loss(model), model.parameters(), ("0.weight", (3, 1)), ("2.bias", 0))
    there = plane.at(1.5, -2.5)
    assert there[0][3, 1] == 1.5
    assert there[3][0] == -2.5
    assert plane.names == ("0.weight[3, 1]", "2.bias[0]")
    now = plane.project(model.state_dict())
    assert now == pytest.approx((model[0].weight.data[3, 1], model[2].bias.data[0], 0), abs=1e-12)


def test_random_directions_have_the_length_of_each_neurons_weights():
    model = network()
    plane = along_random_directions(xor_loss(model), model.parameters(), np.random.default_rng(5))
    for direction in (plane.first, plane.second):
        for weights, drawn in zip(plane.origin, direction):
            if weights.ndim == 2:
                np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), np.linalg.norm(weights, axis=1))
            else:
                assert np.linalg.norm(drawn) == pytest.approx(np.linalg.norm(weights))
    again = along_random_directions(xor_loss(model), model.parameters(), np.random.default_rng(5))
    assert all(np.array_equal(*pair) for pair in zip(plane.first, again.first))


def test_three_points_lie_on_their_plane():
    model = network()
    start, end, third = (network(seed).state_dict() for seed in (1, 2, 3))
    plane = through_three_points(xor_loss(model), model.parameters(), start, end, third)
    distance = np.sqrt(sum(np.sum((start[name] - end[name]) ** 2) for name in start))
    assert plane.project(start) == pytest.approx((0, 0, 0), abs=1e-12)
    assert plane.project(end) == pytest.approx((distance, 0, 0), abs=1e-12)
    assert plane.project(third)[2] == pytest.approx(0, abs=1e-12)
    assert plane.project(network(4).state_dict())[2] > 1
    first, second = (np.concatenate([d.ravel() for d in each]) for each in (plane.first, plane.second))
    assert (first @ first, first @ second, second @ second) == pytest.approx((1, 0, 1), abs=1e-12)
    for value, expected in zip(plane.at(distance, 0), end.values()):
        np.testing.assert_allclose(value, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda m, f: along_two_weights(f, m.parameters(), ("weight", (0, 0)), ("2.bias", 0)), "no parameter 'weight'"),
        (lambda m, f: along_two_weights(f, m.parameters(), ("0.weight", (9, 0)), ("2.bias", 0)), "no entry (9, 0)"),
        (lambda m, f: along_two_weights(f, m.parameters(), ("0.weight", 0), ("2.bias", 0)), "names 2"),
        (lambda m, f: along_two_weights(f, m.parameters(), ("2.bias", 0), ("2.bias", 0)), "Two directions that differ"),
        (lambda m, f: Plane(f, m.parameters(), [np.ones(2)], [np.ones(2)]), "first needs one array for each parameter"),
        (lambda m, f: along_random_directions(lambda: m(X), m.parameters(), np.random.default_rng(0)), "shape (4, 1)"),
        (lambda m, f: along_random_directions(f, [Tensor(1.0), *m.parameters()], np.random.default_rng(0)), "number 0"),
        (lambda m, f: along_random_directions(f, m.parameters(), 0), "must be a generator"),
        (lambda m, f: through_three_points(f, m.parameters(), *[m.state_dict()] * 3), "lie on one line"),
        (
            lambda m, f: Plane(
                lambda: m[0].weight[0].sum(), [m[0].weight], [np.eye(4, 2)], [np.eye(4, 2)[::-1]]
            ).critical_points((1, 1), (0, 1)),
            "low below high",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_plane_is_refused_with_a_reason(make, complaint):
    model = network()
    with pytest.raises((ValueError, TypeError), match=re.escape(complaint)):
        make(model, xor_loss(model))


# ---- descent -----------------------------------------------------------------------------------------


def test_a_descent_is_gradient_descent_in_the_two_coordinates():
    plane = two_numbers(lambda x, y: x * x + 3 * y * y)
    way = descend(plane, (1.0, 1.0), lambda ab: SGD(ab, 0.1), 5)
    np.testing.assert_allclose(way.points, [(0.8**k, 0.4**k) for k in range(6)], rtol=1e-12)
    np.testing.assert_allclose(way.losses, [0.64**k + 3 * 0.16**k for k in range(6)], rtol=1e-12)
    assert way.stopped is None


def test_a_descent_on_the_network_follows_the_slopes_of_the_plane():
    model = network()
    plane = along_two_weights(xor_loss(model), model.parameters(), ("0.weight", (0, 0)), ("2.weight", (0, 0)))
    way = descend(plane, (1.0, -2.0), lambda ab: Momentum(ab, 2.0, momentum=0.5), 4)
    place, velocity = np.array([1.0, -2.0]), 0.0
    for point, loss in zip(way.points, way.losses):
        np.testing.assert_allclose(point, place, rtol=1e-9)
        assert loss == pytest.approx(float(plane.loss_at(*place)), rel=1e-9)
        velocity = 0.5 * velocity + plane.gradient_at(*place)
        place = place - 2.0 * velocity


def test_a_descent_that_diverges_says_so():
    way = descend(two_numbers(lambda x, y: x**4 + y * y), (3.0, 1.0), lambda ab: SGD(ab, 0.5), 100)
    assert re.fullmatch(r"After \d steps the loss is no finite number any more\.", way.stopped)
    assert np.isfinite(way.losses).all()
    assert len(way.points) == len(way.losses) < 10
