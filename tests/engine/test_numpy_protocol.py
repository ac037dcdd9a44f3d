"""NumPy's own functions and operators on Tensors, and NumPy arrays on either side."""

import numpy as np
import pytest

from .cases import apart, numbers
from .referee import close, complex_step, uneven

X = numbers((2, 3), 0.3, 1.2)

UFUNCS = [
    (np.negative, "negative"), (np.exp, "exp"), (np.log, "log"), (np.sqrt, "sqrt"), (np.square, "square"),
    (np.sin, "sin"), (np.cos, "cos"), (np.tanh, "tanh"), (np.absolute, "abs"), (np.abs, "abs"), (np.fabs, "abs"),
]  # fmt: skip
BINARY = [
    (np.add, "add"), (np.subtract, "subtract"), (np.multiply, "multiply"), (np.divide, "divide"),
    (np.true_divide, "divide"), (np.power, "power"), (np.float_power, "power"), (np.maximum, "maximum"),
    (np.minimum, "minimum"),
]  # fmt: skip
TRUTH = [
    (np.greater, "greater"), (np.greater_equal, "greater_equal"), (np.less, "less"), (np.less_equal, "less_equal"),
    (np.equal, "equal"), (np.not_equal, "not_equal"),
]  # fmt: skip
FUNCTIONS = {
    "sum": (lambda np, x: np.sum(x), "sum"),
    "sum axis": (lambda np, x: np.sum(x, axis=0), "sum"),
    "sum second argument": (lambda np, x: np.sum(x, 1), "sum"),
    "sum keepdims": (lambda np, x: np.sum(x, axis=(0, 1), keepdims=True), "sum"),
    "mean": (lambda np, x: np.mean(x, axis=1), "mean"),
    "prod": (lambda np, x: np.prod(x, axis=0), "prod"),
    "var": (lambda np, x: np.var(x, axis=1, ddof=1), "var"),
    "max": (lambda np, x: np.max(x, axis=1), "max"),
    "amax": (lambda np, x: np.amax(x), "max"),
    "min": (lambda np, x: np.min(x, axis=0, keepdims=True), "min"),
    "amin": (lambda np, x: np.amin(x), "min"),
    "cumsum": (lambda np, x: np.cumsum(x, axis=1), "cumsum"),
    "where": (lambda np, x: np.where(x > 0.7, x, 2 * x), "where"),
    "where of arrays": (lambda np, x: np.where([True, False, True], x, 0.0), "where"),
    "clip": (lambda np, x: np.clip(x, 0.5, 0.9), "clip"),
    "concatenate": (lambda np, x: np.concatenate([x, 2 * x], axis=1), "concatenate"),
    "concatenate with an array": (lambda np, x: np.concatenate([X, x]), "concatenate"),
    "stack": (lambda np, x: np.stack([x, x], axis=-1), "concatenate"),
    "transpose": (lambda np, x: np.transpose(x), "transpose"),
    "transpose axes": (lambda np, x: np.transpose(x, (1, 0)), "transpose"),
    "swapaxes": (lambda np, x: np.swapaxes(x, 0, 1), "transpose"),
    "reshape": (lambda np, x: np.reshape(x, (3, 2)), "reshape"),
    "reshape to one axis": (lambda np, x: np.reshape(x, -1), "reshape"),
    "expand_dims": (lambda np, x: np.expand_dims(x, 1), "expand_dims"),
    "squeeze": (lambda np, x: np.squeeze(x[:, :1], axis=1), "squeeze"),
    "broadcast_to": (lambda np, x: np.broadcast_to(x, (2, 2, 3)), "broadcast_to"),
    "flip": (lambda np, x: np.flip(x, axis=1), "flip"),
    "matmul": (lambda np, x: np.matmul(X.T, x), "matmul"),
    "add.reduce": (lambda np, x: np.add.reduce(x), "sum"),
    "add.reduce keepdims": (lambda np, x: np.add.reduce(x, axis=1, keepdims=True), "sum"),
}


def agrees(lib, function, operation, x=X):
    t = lib.Tensor(x)
    out = function(t)
    assert isinstance(out, lib.Tensor)
    assert operation in {node.operation.name for node in lib.Graph(out).nodes if node.operation}
    close(out.data, function(x))
    out.backward(uneven(out.shape))
    return t.grad


@pytest.mark.parametrize(("ufunc", "operation"), UFUNCS, ids=lambda u: getattr(u, "__name__", u))
def test_functions_of_one_number(lib, ufunc, operation):
    formula = (lambda a: np.where(a.real > 0, a, -a)) if operation == "abs" else ufunc
    close(agrees(lib, ufunc, operation), complex_step(formula, [X], uneven(X.shape))[0])


@pytest.mark.parametrize(("ufunc", "operation"), BINARY, ids=lambda u: getattr(u, "__name__", u))
def test_an_array_on_either_side(lib, ufunc, operation):
    other = X[0] + 0.5
    for function in (
        lambda t: ufunc(other, t),
        lambda t: ufunc(t, other),
        lambda t: ufunc(2.0, t),
        lambda t: ufunc(t, np.float64(2)),
    ):
        own = {"maximum": lib.maximum, "minimum": lib.minimum}.get(operation)
        expected = lib.Tensor(X)
        out = function(expected) if own is None else None
        gradient = agrees(lib, function, operation)
        if out is not None:
            out.backward(uneven(out.shape))
            np.testing.assert_array_equal(gradient, expected.grad)
        if own is None and operation != "power":
            close(gradient, complex_step(function, [X], uneven(out.shape))[0])


@pytest.mark.parametrize(("ufunc", "operation"), TRUTH, ids=lambda u: getattr(u, "__name__", u))
def test_comparisons(lib, ufunc, operation):
    a, b = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])
    for left, right in [
        (lib.Tensor(a), b),
        (a, lib.Tensor(b)),
        (lib.Tensor(a), lib.Tensor(b)),
        (lib.Tensor(a), 2),
        (2, lib.Tensor(a)),
    ]:
        out = ufunc(left, right)
        assert out.operation.name == operation
        assert not out.requires_grad
        plain = [np.array(t.data) if isinstance(t, lib.Tensor) else t for t in (left, right)]
        assert out.data.dtype == bool
        assert out.data.tolist() == ufunc(*plain).tolist()


def test_truth_values_count_like_numbers(lib):
    x = lib.Tensor([1.0, -2.0, 3.0])
    assert (x > 0).sum().item() == 2
    assert (x > 0).mean().item() == pytest.approx(2 / 3)
    assert ((x > 0) * x).data.tolist() == [1.0, 0.0, 3.0]
    assert x[x > 0].data.tolist() == [1.0, 3.0]
    assert bool(x[0] > 0) is True
    assert not x[1] > 0


def test_truth_values_without_recording(lib):
    """Under no_grad a comparison can still choose entries, and still prints as true and false."""
    x = lib.Tensor([1.0, -2.0, 3.0])
    with lib.no_grad():
        positive = x > 0
        assert x[positive].data.tolist() == [1.0, 3.0]
        assert positive.data.dtype == bool


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(lib, name):
    function, operation = FUNCTIONS[name]
    formula = {
        "max": lambda np_, x: np.take_along_axis(x, np.argmax(x.real, axis=1)[:, None], 1)[:, 0],
        "amax": lambda np_, x: x.ravel()[np.argmax(x.real)],
        "min": lambda np_, x: np.take_along_axis(x, np.argmin(x.real, axis=0)[None], 0),
        "amin": lambda np_, x: x.ravel()[np.argmin(x.real)],
        "var": lambda np_, x: np.sum((x - x.mean(axis=1, keepdims=True)) ** 2, axis=1) / 2,
        "clip": lambda np_, x: np.where(x.real > 0.9, 0.9, np.where(x.real < 0.5, 0.5, x)),
        "where": lambda np_, x: np.where(x.real > 0.7, x, 2 * x),
    }.get(name, function)
    gradient = agrees(lib, lambda x: function(np, x), operation)
    close(gradient, complex_step(lambda x: formula(np, x), [X], uneven(function(np, X).shape))[0])


@pytest.mark.parametrize("left", ["Tensor", "array", "list", "number", "NumPy number", "0-d array"])
@pytest.mark.parametrize("right", ["Tensor", "array", "list", "number", "NumPy number", "0-d array"])
def test_operators_with_anything_on_either_side(lib, left, right):
    if "Tensor" not in (left, right):
        return
    values = {
        "Tensor": lambda v: lib.Tensor(v), "array": np.array, "list": list, "number": lambda v: v[0],
        "NumPy number": lambda v: np.float64(v[0]), "0-d array": lambda v: np.array(v[0]),
    }  # fmt: skip
    a, b = values[left]([2.0, 3.0]), values[right]([4.0, 0.5])
    plain = [np.array([2.0, 3.0]) if left in ("Tensor", "array", "list") else 2.0]
    plain += [np.array([4.0, 0.5]) if right in ("Tensor", "array", "list") else 4.0]
    for operator in (
        lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y, lambda x, y: x**y,
        lambda x, y: x > y, lambda x, y: x >= y, lambda x, y: x < y, lambda x, y: x <= y,
        lambda x, y: x == y, lambda x, y: x != y,
    ):  # fmt: skip
        out = operator(a, b)
        assert isinstance(out, lib.Tensor)
        assert out.data.tolist() == operator(*plain).tolist()
    if {left, right} <= {"Tensor", "array", "list"}:
        assert (a @ b).item() == 9.5


def test_builtin_functions(lib):
    a, b = lib.Tensor(3.0), lib.Tensor(-2.0)
    total = sum([a, b, a * b])
    total.backward()
    assert (a.grad, b.grad) == (-1.0, 4.0)
    assert max(a, b) is a
    assert min(a, b) is b
    assert abs(b).item() == 2.0
    assert sorted([a, b]) == [b, a]
    assert (+a) is a
    assert float(a) == 3.0
    assert int(b) == -2
    assert f"{a:.2f}" == "3.00"
    assert round(float(a)) == 3
    x = lib.Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2
    assert [row.data.tolist() for row in x] == [[1.0, 2.0], [3.0, 4.0]]
    first, second = x
    (first * second).sum().backward()
    assert x.grad.tolist() == [[3.0, 4.0], [1.0, 2.0]]


def test_tensors_as_keys_and_in_sets(lib):
    a, b = lib.Tensor([1.0, 2.0]), lib.Tensor([1.0, 2.0])
    names = {a: "a", b: "b"}
    assert names[a] == "a"
    assert names[b] == "b"
    assert len({a, b, a}) == 2


def test_a_tensor_does_not_turn_into_an_array_silently(lib):
    """np.asarray would cut it off from its gradient; a constant may be converted."""
    t = lib.Tensor([1.0, 2.0])
    for convert in (np.asarray, np.array, lambda t: np.array([t, t]), lambda t: lib.Tensor([t, t])):
        with pytest.raises(TypeError, match=r"cut it off.*numpy\(\)"):
            convert(t)
    assert np.asarray(t.detach()).tolist() == [1.0, 2.0]
    assert np.array(t.detach(), dtype=np.float32).dtype == np.float32
    assert lib.Tensor([lib.Tensor(1.0, requires_grad=False), 2.0]).data.tolist() == [1.0, 2.0]


NO_RULE = {
    "floor": lambda t: np.floor(t),
    "arctan": lambda t: np.arctan(t),
    "median": lambda t: np.median(t),
    "linalg.norm": lambda t: np.linalg.norm(t),
    "floor_divide": lambda t: np.array([1.0]) // t,
    "multiply.reduce": lambda t: np.multiply.reduce(t),
    "add.accumulate": lambda t: np.add.accumulate(t),
    "exp with out": lambda t: np.exp(t, out=np.zeros(2)),
    "exp with where": lambda t: np.exp(t, where=np.array([True, False])),
    "add.reduce with initial": lambda t: np.add.reduce(t, initial=5.0),
}


@pytest.mark.parametrize("name", NO_RULE)
def test_what_has_no_rule_says_so(lib, name):
    with pytest.raises(TypeError, match=r"has no derivative rule here.*backprop_lib.*numpy\(\)") as caught:
        NO_RULE[name](lib.Tensor([1.0, 2.0]))
    for word in name.replace(" with ", " ").split():
        assert word in str(caught.value)


def test_arguments_that_would_be_ignored_are_refused(lib):
    """Never a wrong number: what our function does not know is an error."""
    t = lib.Tensor([[1.0, 2.0], [3.0, 4.0]])
    for call in (
        lambda: np.sum(t, initial=5.0),
        lambda: np.sum(t, where=np.array([True, False])),
        lambda: np.sum(t, 0, np.float32),
        lambda: np.sum(t, dtype=np.float32),
        lambda: np.mean(t, out=np.zeros(())),
        lambda: np.prod(t, 0, float),
        lambda: np.max(t, 0, np.zeros(2)),
        lambda: np.var(t, 0, None, None, 1),
        lambda: np.cumsum(t, 0, float),
    ):
        with pytest.raises((TypeError, ValueError)):
            call()


def test_numpys_in_place_operators_do_not_swallow_a_tensor(lib):
    array = np.ones(2)
    with pytest.raises(TypeError, match="out"):
        array += lib.Tensor([1.0, 2.0])
    assert array.tolist() == [1.0, 1.0]


def test_questions_about_the_shape(lib):
    t = lib.Tensor(apart((2, 3)))
    assert np.shape(t) == t.shape == (2, 3)
    assert np.ndim(t) == t.ndim == 2
    assert np.size(t) == t.size == 6
    assert np.zeros_like(t).data.tolist() == [[0.0] * 3] * 2
    assert np.ones_like(t).data.tolist() == [[1.0] * 3] * 2
    assert not np.ones_like(t).requires_grad
