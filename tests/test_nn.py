"""Layers compute what their formulas say, name their parameters, and take part in gradients like anything else."""

from functools import partial

import numpy as np
import pytest

import backprop_lib as bp
from backprop_lib import Graph, Tensor, initializers, nn
from backprop_lib.gradcheck import check_gradients
from backprop_lib.nn import LeakyReLU, Linear, Module, ReLU, Sequential, Sigmoid, Softplus, Tanh


def rng(seed=0):
    return np.random.default_rng(seed)


def xor_network(seed=0):
    r = rng(seed)
    return Sequential(Linear(2, 4, r), Sigmoid(), Linear(4, 1, r), Sigmoid())


# ---- Linear --------------------------------------------------------------------------------------------------------


def test_linear_entry_by_entry():
    layer = Linear(2, 3, rng())
    layer.weight.data = [[1, 2], [3, 4], [5, 6]]
    layer.bias.data = [10, 20, 30]
    assert layer.weight.shape == (3, 2) and layer.bias.shape == (3,)
    np.testing.assert_array_equal(layer([[1, 1], [2, 0]]).data, [[13, 27, 41], [12, 26, 40]])
    np.testing.assert_array_equal(layer(Tensor([1.0, 1.0])).data, [13, 27, 41])  # one example
    assert layer(np.ones((5, 4, 2))).shape == (5, 4, 3)


def test_linear_gradients_by_hand():
    """dL/dW = δᵀ·X, dL/db = the sum of δ over the rows, dL/dX = δ·W, for a δ that is not all ones."""
    layer, x, delta = Linear(3, 2, rng(1)), Tensor(rng(2).normal(size=(5, 3))), rng(3).normal(size=(5, 2))
    layer(x).backward(delta)
    np.testing.assert_allclose(layer.weight.grad, delta.T @ x.data, rtol=1e-13)
    np.testing.assert_allclose(layer.bias.grad, delta.sum(axis=0), rtol=1e-13)
    np.testing.assert_allclose(x.grad, delta @ layer.weight.data, rtol=1e-13)


def test_linear_against_torch():
    torch = pytest.importorskip("torch")
    ours, theirs = Linear(3, 2, rng(1)), torch.nn.Linear(3, 2).double()
    theirs.load_state_dict({name: torch.tensor(value) for name, value in ours.state_dict().items()})
    x, delta = rng(2).normal(size=(5, 3)), rng(3).normal(size=(5, 2))
    y = theirs(torch.tensor(x))
    y.backward(torch.tensor(delta))
    prediction = ours(x)
    prediction.backward(delta)
    np.testing.assert_allclose(prediction.data, y.detach().numpy(), rtol=1e-13)
    np.testing.assert_allclose(ours.weight.grad, theirs.weight.grad.numpy(), rtol=1e-13)
    np.testing.assert_allclose(ours.bias.grad, theirs.bias.grad.numpy(), rtol=1e-13)


def test_linear_without_bias():
    layer = Linear(2, 3, rng(), bias=False)
    assert layer.bias is None and [name for name, _ in layer.named_parameters()] == ["weight"]
    np.testing.assert_array_equal(layer(np.zeros((4, 2))).data, np.zeros((4, 3)))


def test_linear_starts_as_it_is_told():
    layer = Linear(
        2, 3, rng(5), initializer=initializers.normal, bias_initializer=partial(initializers.constant, value=1)
    )
    np.testing.assert_array_equal(layer.weight.data, rng(5).standard_normal((3, 2)))
    np.testing.assert_array_equal(layer.bias.data, [1, 1, 1])
    default = Linear(2, 3, rng(5))
    np.testing.assert_array_equal(default.weight.data, initializers.xavier_normal((3, 2), rng(5)))
    np.testing.assert_array_equal(default.bias.data, [0, 0, 0])


def test_linear_in_float32():
    layer = Linear(2, 3, rng(), dtype=np.float32)
    y = layer(np.ones((1, 2), np.float32)).sum()
    y.backward()
    assert y.dtype == layer.weight.dtype == layer.weight.grad.dtype == np.float32


@pytest.mark.parametrize("shape", [(4, 3), (3,), ()])
def test_linear_refuses_other_inputs(shape):
    with pytest.raises(ValueError, match=r"Linear\(2, 1\) expects inputs of shape \(…, 2\)") as error:
        Linear(2, 1, rng())(np.zeros(shape))
    assert str(shape) in str(error.value)


def test_linear_suggests_the_transpose_where_it_fits():
    with pytest.raises(ValueError, match=r"x\.T"):
        Linear(2, 1, rng())(np.zeros((2, 7)))


@pytest.mark.parametrize("sizes", [(0, 1), (2, -1), (2.0, 1), ("2", 1)])
def test_linear_needs_whole_numbers(sizes):
    with pytest.raises(ValueError, match="whole numbers"):
        Linear(*sizes, rng())


def test_linear_needs_a_generator_for_random_weights():
    with pytest.raises(TypeError, match="default_rng"):
        Linear(2, 1)
    assert Linear(2, 1, initializer=initializers.zeros).weight.data.tolist() == [[0, 0]]


# ---- Sequential and names --------------------------------------------------------------------------------------------


def test_parameters_by_name():
    model = xor_network()
    named = model.named_parameters()
    assert [name for name, _ in named] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert [p.shape for p in model.parameters()] == [(4, 2), (4,), (1, 4), (1,)]
    assert dict(named)["2.weight"] is model[2].weight
    assert len(model) == 4


def test_names_reach_the_graph():
    model = xor_network()
    names = [node.name for node in Graph(model(np.zeros((4, 2)))).leaves if node.requires_grad]
    assert sorted(names) == ["0.bias", "0.weight", "2.bias", "2.weight"]


def test_networks_in_networks_and_shared_layers():
    r = rng()
    shared = Linear(3, 3, r)
    model = Sequential(Sequential(Linear(2, 3, r), Tanh()), shared, Tanh(), shared)
    assert [name for name, _ in model.named_parameters()] == ["0.0.weight", "0.0.bias", "1.weight", "1.bias"]
    assert [p.name for p in model.parameters()] == ["0.0.weight", "0.0.bias", "1.weight", "1.bias"]
    x = r.normal(size=(4, 2))
    assert check_gradients(lambda: bp.mean(model(x) ** 2), model.parameters()).ok


def test_a_network_is_its_layers_one_after_another():
    model, x = xor_network(3), rng(4).normal(size=(5, 2))
    w1, b1, w2, b2 = (p.numpy() for p in model.parameters())

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    np.testing.assert_allclose(model(x).data, sigmoid(sigmoid(x @ w1.T + b1) @ w2.T + b2), rtol=1e-13)


def test_functions_are_layers_too():
    model = Sequential(Linear(2, 2, rng()), bp.sigmoid, lambda t: t * 2)
    np.testing.assert_allclose(model(np.zeros((1, 2))).data, [[1, 1]])


@pytest.mark.parametrize("layer, hint", [(Sigmoid, r"Sigmoid\(…\)"), (3, "3"), (None, "None")])
def test_what_is_no_layer_is_refused(layer, hint):
    with pytest.raises(TypeError, match=hint):
        Sequential(Linear(2, 2, rng()), layer)


def test_a_module_of_ones_own():
    class Residual(Module):
        def __init__(self, r):
            self.inner = Linear(3, 3, r)
            self.scale = Tensor(0.5)
            self.more = [Linear(3, 3, r, bias=False), Tanh()]
            self.fixed = Tensor(1.0, requires_grad=False)
            self.label = "no parameter"

        def forward(self, x):
            return x + self.scale * self.more[1](self.more[0](self.inner(x)))

    model = Sequential(Linear(2, 3, rng()), Residual(rng(1)))
    assert [name for name, _ in model.named_parameters()] == [
        "0.weight", "0.bias", "1.inner.weight", "1.inner.bias", "1.scale", "1.more.0.weight",
    ]  # fmt: skip
    x = rng(2).normal(size=(4, 2))
    assert check_gradients(lambda: bp.mean(model(x) ** 2), model.parameters()).ok


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="Module does not define forward"):
        Module()(1.0)


# ---- activations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "module, formula",
    [
        (Sigmoid(), lambda x: 1 / (1 + np.exp(-x))),
        (Tanh(), np.tanh),
        (ReLU(), lambda x: np.maximum(x, 0)),
        (LeakyReLU(), lambda x: np.where(x > 0, x, 0.01 * x)),
        (LeakyReLU(0.2), lambda x: np.where(x > 0, x, 0.2 * x)),
        (Softplus(), lambda x: np.log(1 + np.exp(x))),
    ],
)
def test_activations(module, formula):
    x = Tensor([-2.0, -0.1, 0.4, 3.0])
    np.testing.assert_allclose(module(x).data, formula(x.data), rtol=1e-13)
    assert module.parameters() == []
    assert check_gradients(lambda: module(x).sum(), x).ok


# ---- gradients and state ---------------------------------------------------------------------------------------------


def test_zero_grad():
    model = xor_network()
    model(np.ones((4, 2))).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_a_state_goes_out_and_comes_back():
    model, other, x = xor_network(0), xor_network(1), np.ones((4, 2))
    state, before = model.state_dict(), model(x).numpy()
    assert list(state) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    model[0].weight.data += 1  # the state is a copy
    assert not np.array_equal(model(x).data, before)
    other.load_state_dict(state)
    np.testing.assert_array_equal(other(x).data, before)


def test_a_state_of_another_network_changes_nothing():
    model = xor_network()
    before = model.state_dict()
    for name, value, message in [
        ("0.weight", np.zeros((2, 4)), r"0\.weight has shape \(4, 2\); the state holds \(2, 4\)"),
        ("0.wieght", np.zeros((4, 2)), r"unknown: \['0\.wieght'\]"),
        ("2.bias", None, r"Missing: \['2\.bias'\]"),
    ]:
        state = {**{k: np.zeros_like(v) for k, v in before.items()}, name: value}
        if value is None:
            del state[name]
        with pytest.raises(ValueError, match=message):
            model.load_state_dict(state)
        for key, kept in model.state_dict().items():
            np.testing.assert_array_equal(kept, before[key])


def test_printing():
    assert repr(xor_network()) == "Sequential(\n  0: Linear(2, 4)\n  1: Sigmoid()\n  2: Linear(4, 1)\n  3: Sigmoid()\n)"
    assert repr(Linear(2, 1, rng(), bias=False)) == "Linear(2, 1, bias=False)"
    assert repr(nn.LeakyReLU(0.2)) == "LeakyReLU(0.2)"
