"""The networks of notebook 05, computed by the engine, agree with every figure to the digits printed."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from execute import NOTEBOOKS, read

from backprop_lib import Tensor, binary_cross_entropy, cross_entropy, relu, sigmoid
from backprop_lib.figures.batch_sum import WEIGHTS, X, Y
from backprop_lib.gradcheck import check_gradients
from backprop_lib.lessons import exercise
from backprop_lib.lessons.record import Progress
from backprop_lib.nn import Linear

NOTEBOOK = NOTEBOOKS / "05_layers_matrices_batches.ipynb"

# Figures are texts: the digits written are the digits tested.
D = {
    "Z1": "0.85 -0.65 1.15", "A1": "0.85 0 1.15", "Z2": "0.74 0.59", "y_hat": "0.537430 0.462570", "L": "0.620957",
    "dL_dZ2": "-0.462570 0.462570",
    "dL_dW2": "-0.393185 0 -0.531956 0.393185 0 0.531956", "dL_db2": "-0.462570 0.462570",
    "dL_dA1": "-0.323799 0.323799 0.138771", "dL_dZ1": "-0.323799 0 0.138771",
    "dL_dW1": "-0.485699 0.161900 0 0 0.208157 -0.069386", "dL_db1": "-0.323799 0 0.138771",
    "dL_dx": "-0.050883 0.078637",
}  # fmt: skip
E = {
    "z1": "0.45 0.4 -0.1", "a1": "0.45 0.4 0", "z2": "0.225", "y_hat": "0.556014", "L": "0.586962",
    "dL_dz2": "-0.443986", "dL_dW2": "-0.199794 -0.177594 0", "dL_da1": "-0.044399 -0.088797 0.221993",
    "dL_dz1": "-0.044399 -0.088797 0", "dL_dW1": "-0.044399 -0.022199 -0.088797 -0.044399 0 0",
    "dL_db2": "-0.443986", "dL_db1": "-0.044399 -0.088797 0",
}  # fmt: skip
BATCH = {
    "losses": "0.586962 0.688160 0.607192 0.537528", "L": "0.604960",
    "dL_dW1": "-0.043268 0.028661 -0.063780 0.009691 0.056890 -0.119078", "dL_db1": "0.002321 -0.042990 -0.119078",
    "dL_dW2": "0.001767 -0.158746 0.105581", "dL_db2": "0.023206",
}  # fmt: skip


def rounded(value: float, figure: str) -> Decimal:
    """The value with as many digits after the point as the figure has."""
    return Decimal(float(value)).quantize(Decimal(figure))


def assert_figures(found: dict[str, np.ndarray], expected: dict[str, str]) -> None:
    for name, figures in expected.items():
        values = np.ravel(found[name])
        for value, figure in zip(values, figures.split(), strict=True):
            # A 0 is exact: a closed gate, not a small number.
            right = value == 0 if figure == "0" else rounded(value, figure) == Decimal(figure)
            assert right, f"{name} has {value:.9g}, printed {figure}"


def numbers(run: dict[str, Tensor]) -> dict[str, np.ndarray]:
    run["L"].backward()
    gradients = {f"dL_d{name}": tensor.grad for name, tensor in run.items() if tensor.grad is not None}
    return {**{name: tensor.data for name, tensor in run.items()}, **gradients}


def two_layers(x=(1.5, -0.5)) -> dict[str, np.ndarray]:
    """Worked example D: ReLU, softmax with cross-entropy, true class 0."""
    run = {"x": Tensor(x), "W1": Tensor([[0.5, -0.2], [-0.3, 0.4], [0.8, 0.1]]), "b1": Tensor([0.0, 0.0, 0.0])}
    run |= {"W2": Tensor([[0.6, -0.4, 0.2], [-0.1, 0.3, 0.5]]), "b2": Tensor([0.0, 0.1])}
    run["Z1"] = run["W1"] @ run["x"] + run["b1"]
    run["A1"] = relu(run["Z1"])
    run["Z2"] = run["W2"] @ run["A1"] + run["b2"]
    run["L"] = cross_entropy(run["Z2"], np.array([1.0, 0.0]))
    found = numbers(run)
    return {**found, "y_hat": np.exp(found["Z2"]) / np.exp(found["Z2"]).sum()}


def columns(inputs: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
    """Worked example E, with examples as columns: ReLU, then sigmoid with binary cross-entropy."""
    run = {name: Tensor(value) for name, value in WEIGHTS.items()}
    run["z1"] = run["W1"] @ inputs + run["b1"]
    run["a1"] = relu(run["z1"])
    run["z2"] = run["W2"] @ run["a1"] + run["b2"]
    run["y_hat"] = sigmoid(run["z2"])
    run["L"] = binary_cross_entropy(run["y_hat"], targets)
    return numbers(run)


def test_worked_example_d():
    found = two_layers()
    assert_figures(found, D)
    assert np.array_equal(found["dL_dZ2"], found["dL_db2"])
    assert found["dL_dZ2"] == pytest.approx(found["y_hat"] - [1, 0])


def test_where_the_rounded_figures_of_d_come_from():
    """Elsewhere 0.538 and 0.463 are printed, the loss 0.620, and 0.140, 0.210 and -0.070 on the way back."""
    assert round(0.538 + 0.463, 3) == 1.001
    assert (f"{-np.log(0.538):.3f}", f"{two_layers()['L'][()]:.3f}") == ("0.620", "0.621")
    assert f"{-0.092 + 0.232:.3f}" == "0.140" and f"{0.5 * 0.463:.4f}" == "0.2315"
    assert [f"{0.140 * x:.3f}" for x in (1.5, -0.5)] == ["0.210", "-0.070"]


def test_worked_example_e_is_the_first_of_the_batch():
    assert_figures(columns(X[:, :1], Y[:, :1]), E)


def test_the_batch_of_four():
    found = columns(X, Y)
    each = [columns(X[:, [k]], Y[:, [k]]) for k in range(4)]
    assert_figures({**found, "losses": np.array([one["L"] for one in each])}, BATCH)
    for name in ("dL_dW1", "dL_db1", "dL_dW2", "dL_db2"):
        assert found[name] == pytest.approx(np.mean([one[name] for one in each], axis=0))


def test_the_gradients_are_the_slopes_of_the_loss():
    leaves = [Tensor(value) for value in WEIGHTS.values()]

    def loss():
        W1, b1, W2, b2 = leaves
        return binary_cross_entropy(sigmoid(W2 @ relu(W1 @ X + b1) + b2), Y)

    assert check_gradients(loss, leaves)


def test_without_the_closed_neuron_the_network_is_square_and_the_same():
    whole, W2 = two_layers(), np.array([[0.6, 0.2], [-0.1, 0.5]])
    assert W2 @ whole["A1"][[0, 2]] + [0, 0.1] == pytest.approx(whole["Z2"])
    delta = whole["dL_dZ2"]
    assert W2.T @ delta == pytest.approx(whole["dL_dA1"][[0, 2]])
    assert_figures({"wrong": W2 @ delta}, {"wrong": "-0.185028 0.277542"})


def test_rows_are_the_mirror_of_columns():
    W1, b1, W2, b2 = (Tensor(value.T) for value in WEIGHTS.values())
    binary_cross_entropy(sigmoid(relu(X.T @ W1 + b1) @ W2 + b2), Y.T).backward()
    found = columns(X, Y)
    for name, row in {"W1": W1, "b1": b1, "W2": W2, "b2": b2}.items():
        assert row.grad == pytest.approx(found[f"dL_d{name}"].T)


def test_linear_keeps_weights_out_in_and_takes_examples_as_rows():
    layer = Linear(2, 3, rng=np.random.default_rng(0))
    assert layer.weight.shape == (3, 2)
    rows = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0], [1.0, 1.0]])
    assert layer(rows).data == pytest.approx(rows @ layer.weight.data.T + layer.bias.data)


# ---- the exercises, as a learner meets them --------------------------------------------------------------------------


@pytest.fixture
def task(monkeypatch):
    def find(key: str):
        found = exercise(key)
        monkeypatch.setattr(found, "_record", Progress())
        return found

    return find


def backward(fault: str = ""):
    def function(X, Y, W1, b1, W2, b2):
        m = X.shape[0] if fault == "m of the rows" else X.shape[1]
        A1 = 1 / (1 + np.exp(-(W1 @ X + b1)))
        dZ2 = 1 / (1 + np.exp(-(W2 @ A1 + b2))) - Y
        dW2 = (A1 @ dZ2.T if fault == "transposed" else dZ2 @ A1.T) / m
        db2 = dZ2.sum(axis=0 if fault == "axis" else 1, keepdims=True) / m
        dZ1 = W2.T @ dZ2 * (1 if fault == "slope" else A1 * (1 - A1))
        db1 = dZ1.sum(axis=1, keepdims=True) / (1 if fault == "1/m" else m)
        return dZ1 @ X.T / m, db1, dW2, db2

    return function


def test_the_translation_is_diagnosed(task):
    translate = task("05.check.columns")
    assert translate.check(backward()).correct is True
    for fault, mistake in {
        "transposed": "gradient_transposed",
        "axis": "bias_wrong_axis",
        "slope": "activation_derivative_missing",
        "1/m": "one_over_m_missing",
    }.items():
        assert mistake in translate.check(backward(fault)).mistakes, fault
    assert "2.5 times the true one" in translate.check(backward("m of the rows")).text


def test_numbers_on_paper_are_diagnosed(task):
    layer = task("05.check.first-layer")
    assert layer.check(dL_dW1=[[-0.486, 0.162], [0, 0], [0.208, -0.0694]], dL_db1=[-0.324, 0, 0.139]).correct is True
    open_gate = layer.check(dL_dW1=[[-0.486, 0.162], [0.486, -0.162], [0.208, -0.0694]])
    assert "relu_mask_missing" in open_gate.mistakes
    bias = task("05.check.bias")
    assert bias.check(dL_db=[[2], [3]], dL_dW=[[7, -8], [4, 1]]).correct is True
    assert "one_over_m_missing" in bias.check(dL_db=[[6], [9]]).mistakes
    assert "bias_wrong_axis" in bias.check(dL_db=[1, -1, 5]).mistakes


def test_a_count_that_is_wrong_is_explained_as_a_count(task):
    fitting, shapes = task("05.check.fitting"), task("05.check.shapes")
    assert fitting.check(shape=4, gradient=1).correct is True
    assert "one lamp only" in fitting.check(shape=3).mistakes
    assert "W for its transpose" in fitting.check(gradient=2).mistakes
    assert shapes.check(Z2_columns=4, A1_columns=5).mistakes == ("shape of the weights",)
    assert shapes.check(b2_numbers=1).mistakes == ("one bias for all neurons",)


def test_the_function_of_the_last_exercise_lacks_one_factor(task):
    source = next(cell.source for cell in read(NOTEBOOK).cells if cell.id == "missing")
    space: dict = {"np": np}
    exec(source, space)
    feedback = task("05.check.missing-m").check(space["mean_backward"])
    assert feedback.correct is False and "one_over_m_missing" in feedback.mistakes and "at b1" in feedback.text
    exec(source.replace("keepdims=True)\n    return", "keepdims=True) / m\n    return"), space)
    assert task("05.check.missing-m").check(space["mean_backward"]).correct is True


# ---- the notebook ----------------------------------------------------------------------------------------------------


def shown() -> str:
    outputs = [output for cell in read(NOTEBOOK).cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)


def test_the_notebook_shows_the_figures():
    figures = [figure for table in (D, E, BATCH) for row in table.values() for figure in row.split()]
    others = ["-0.185028", "0.590489", "0.596702", "1.001", "0.6199"]
    text = shown()
    missing = [f for f in [*figures, *others] if f.rstrip("0").rstrip(".") not in text]
    assert not missing


def test_the_notebook_does_not_show_what_its_exercises_ask():
    text = NOTEBOOK.read_text(encoding="utf-8")
    other = two_layers(x=(-1.0, 0.5))
    asked = [f"{abs(v):.6f}" for name in ("y_hat", "dL_dW2", "dL_dW1") for v in np.ravel(other[name]) if v]
    assert not [figure for figure in asked if figure[:6] in text]
