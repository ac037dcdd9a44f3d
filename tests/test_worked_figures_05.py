"""The networks of notebook 05, computed by the engine, agree with every figure to the digits printed."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pytest
from execute import NOTEBOOKS, cells, printed

from backprop_lib import Tensor, binary_cross_entropy, cross_entropy, relu, sigmoid
from backprop_lib.figures.batch_sum import WEIGHTS, X, Y, running_sum
from backprop_lib.figures.shape_fitting import fitting
from backprop_lib.gradcheck import check_gradients
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
    assert round(-0.462 + 0.463, 3) == 0.001 and f"{two_layers()['dL_dZ2'].sum():.6f}" == "0.000000"
    assert [f"{-0.462 * 1.15:.3f}", f"{0.463 * 0.85:.3f}"] == ["-0.531", "0.394"]
    assert f"{0.6 * -0.462 - 0.1 * 0.463:.3f}" == "-0.324" and round(-0.277 - 0.046, 3) == -0.323


def test_what_the_text_says_besides_its_figures():
    assert f"{-0.1 * 0.85 + 0.3 * 0 + 0.5 * 1.15:.2f}" == "0.49"  # so the second bias is 0.1
    assert f"{np.exp(0.74):.5f} {np.exp(0.59):.5f}" == "2.09594 1.80399"
    sums = [running_sum("W2", "mean", added)[0, 0] for added in (1, 2, 3, 4)]
    shares = np.diff([0, *sums])
    assert [f"{share:.5f}" for share in shares[:2]] == ["-0.04995", "0.04975"] and f"{sums[1]:.5f}" == "-0.00020"
    assert np.all(np.abs(shares) >= 10 * abs(sums[-1]))
    assert [fitting((n, 3, m), "∂L/∂W") for n, m in ((2, 4), (3, 4), (3, 3))] == [(1, 1), (8, 1), (36, 1)]


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
    assert translate.check(backward("m of the rows")).mistakes == ("inputs counted for examples",)


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
    source = cells(NOTEBOOK)["missing"].source
    space: dict = {"np": np}
    exec(source, space)
    feedback = task("05.check.missing-m").check(space["mean_backward"])
    assert feedback.correct is False and "one_over_m_missing" in feedback.mistakes and "at b1" in feedback.text
    exec(source.replace("keepdims=True)\n    return", "keepdims=True) / m\n    return"), space)
    assert task("05.check.missing-m").check(space["mean_backward"]).correct is True


def test_a_slip_on_paper_is_named(task):
    found, other = two_layers(), two_layers(x=(-1.0, 0.5))
    W1, x = np.array([[0.5, -0.2], [-0.3, 0.4], [0.8, 0.1]]), np.array([-1.0, 0.5])
    slips = [
        ("first-layer", "W1", found["dL_dZ1"][:, None] * W1, "inputs not swapped in dL/dW1"),
        ("first-layer", "W1", np.outer(found["dL_dZ1"], [1, 1]), "x forgotten in dL/dW1"),
        ("first-layer", "W1", np.outer(found["dL_dZ1"], [1.5, 0.5]), "sign of x lost in dL/dW1"),
        ("first-layer", "b1", found["dL_dA1"] * found["A1"], "ReLU's value taken for its slope"),
        ("other-input", "b2", other["y_hat"] - [0, 1], "another class"),
        ("other-input", "b2", other["y_hat"], "label not subtracted"),
        ("other-input", "b2", found["dL_dZ2"], "ŷ of the text"),
        ("other-input", "W2", np.outer(other["dL_dZ2"], found["A1"]), "A1 of the text"),
        ("other-input", "W1", np.outer(other["dL_dZ1"], [1.5, -0.5]), "x of the text"),
        ("other-input", "W1", np.outer(other["dL_dZ1"], np.abs(x)), "sign of x lost in dL/dW1"),
        ("other-input", "b2", [-0.5866, 0.5866], "b2 forgotten on the way forward"),
        ("other-input", "b2", [-0.6559, 0.6559], "no ReLU"),
        ("bias", "b", [[2], [2]], "b forgotten on the way forward"),
        ("bias", "b", [[3], [0]], "target not subtracted"),
        ("bias", "b", [[3], [4.5]], "outputs counted for examples"),
    ]
    for key, name, gradient, mistake in slips:
        feedback = task(f"05.check.{key}").check(**{f"dL_d{name}": np.round(gradient, 6).tolist()})
        assert feedback.correct is False and feedback.mistakes == (mistake,), (key, mistake, feedback.text)
        assert "Exactly your numbers" in feedback.text
    # The gradient of the weights has gone through the gate, that of the biases has not.
    feedback = task("05.check.first-layer").check(dL_dW1=found["dL_dW1"], dL_db1=found["dL_dA1"])
    assert feedback.mistakes == ("mask left out at b1",) and feedback.score == (1, 2)


def test_a_slip_of_the_translation_is_named(task):
    def slip(X, Y, W1, b1, W2, b2, name):
        dW1, db1, dW2, db2 = backward()(X, Y, W1, b1, W2, b2)
        if name == "order of the layers":
            return dW2, db2, dW1, db1
        if name == "biases added over everything":
            return dW1, db1.sum(), dW2, db2.sum()
        return dW1.T, db1, dW2.T, db2

    for name in ("order of the layers", "biases added over everything", "both weights' gradients transposed"):
        feedback = task("05.check.columns").check(lambda X, Y, W1, b1, W2, b2, n=name: slip(X, Y, W1, b1, W2, b2, n))
        assert feedback.mistakes == (name,), feedback.text


def test_a_repair_that_divides_twice_is_named_and_what_is_right_is_not_blamed(task):
    source = cells(NOTEBOOK)["missing"].source
    repairs = {
        ("- Y\n", "- Y\n    dZ2 = dZ2 / m\n"): "1/m in dZ2 and in the lines after it",
        ("(Z1 > 0)", "(Z1 > 0) / m"): "one_over_m_twice",
    }
    for (old, new), mistake in repairs.items():
        space: dict = {"np": np}
        assert source.count(old) == 1
        exec(source.replace(old, new), space)
        assert task("05.check.missing-m").check(space["mean_backward"]).mistakes == (mistake,)


def test_counts_of_a_wrong_layer_are_named(task):
    shapes = task("05.check.shapes")
    assert shapes.check(W1_rows=3, W1_columns=4).mistakes == ("the other layer",)
    assert shapes.check(A1_rows=5).mistakes == ("the layer before",)
    assert shapes.check(W1_columns=10).mistakes == ("examples in the weights",)
    assert task("05.check.fitting").check(gradient=0).mistakes == ("none of them",)


def test_the_last_hint_has_every_line(task):
    for key in ("first-layer", "other-input", "bias"):
        exercise = task(f"05.check.{key}")
        text = exercise.hint(3).text
        for name in exercise.asks:
            for value in np.ravel(exercise.truth(name)):
                assert f"{value + 0:.6g}" in text, (key, name)
    assert "[-0.6, 0.5, -0.75]" in task("05.check.other-input").hint(3).text
    assert "[[1, -2, 3], [0, 1, 2]]" in task("05.check.bias").hint(3).text
    assert "`m = X.shape[1]`" in task("05.check.columns").hint(3).text


def test_the_second_hints_leave_the_point_to_the_learner(task):
    assert "b1" not in task("05.check.missing-m").hint(2).text
    assert "W or its transpose" not in task("05.check.fitting").hint(2).text
    assert "Two examples" not in task("05.check.cancel").hint(2).text
    assert "keepdims" not in task("05.check.columns").hint(2).text


# ---- the notebook ----------------------------------------------------------------------------------------------------

SHOWN = {
    "layer": ["= 0.85", "= -0.65", "= 1.15", "Z1     (3,)    [ 0.85 -0.65  1.15]"],
    "forward": [
        "Z1     (3,)    [ 0.85 -0.65  1.15]", "A1     (3,)    [0.85 0.   1.15]", "Z2     (2,)    [0.74 0.59]",
        "ŷ      (2,)    [0.53743 0.46257]", "L      ()      0.620957",
    ],
    "rounded": [
        "sum of 0.538 and 0.463: 1.001", "ŷ to three digits: 0.537 and 0.463, sum 1.000",
        "−ln 0.538 = 0.6199, −ln 0.537430 = 0.6210",
    ],
    "step1": ["ŷ − y  (2,)    [-0.46257  0.46257]", "nudged (2,)    [-0.46257  0.46257]"],
    "step2": [
        "-0.462570 · 0.85 = -0.393185", "0.462570 · 1.15 = 0.531956",
        "dL/dW2 (2, 3)  [[-0.393185  0.       -0.531956]", "[ 0.393185  0.        0.531956]]",
        "dL/db2 (2,)    [-0.46257  0.46257]",
    ],
    "step3": [
        "-0.277542 + (-0.046257) = -0.323799", "0.185028 + (0.138771) = 0.323799", "-0.092514 + (0.231285) = 0.138771",
        "dL/dA1 (3,)    [-0.323799  0.323799  0.138771]",
    ],
    "step4": ["mask   (3,)    [1 0 1]", "dL/dZ1 (3,)    [-0.323799  0.        0.138771]"],
    "picture": ["L = 0.620957; 2 of the 6 entries of ∂L/∂W1 are 0."],
    "zeros-reveal": [
        "dL/dW1 (3, 2)  [[-0.485699  0.1619  ]", "[ 0.        0.      ]", "[ 0.208157 -0.069386]]",
        "dL/db1 (3,)    [-0.323799  0.        0.138771]",
    ],
    "pattern": [
        "dL/dW2 (2, 3)  [[-0.393185  0.       -0.531956]", "dL/dA1 (3,)    [-0.323799  0.323799  0.138771]",
        "dL/dW1 (3, 2)  [[-0.485699  0.1619  ]", "dL/dx  (2,)    [-0.050883  0.078637]",
    ],
    "columns-forward": [
        "z1     (3, 1)  [[ 0.45]", "[ 0.4 ]", "[-0.1 ]]", "a1     (3, 1)  [[0.45]", "[0.4 ]", "[0.  ]]",
        "z2     (1, 1)  [[0.225]]", "ŷ      (1, 1)  [[0.556014]]", "L      (1, 1)  [[0.586962]]",
    ],
    "columns-backward": [
        "dz2    (1, 1)  [[-0.443986]]", "dW2    (1, 3)  [[-0.199794 -0.177594  0.      ]]",
        "da1    (3, 1)  [[-0.044399]", "[-0.088797]", "[ 0.221993]]", "dz1    (3, 1)  [[-0.044399]", "[ 0.      ]]",
        "dW1    (3, 2)  [[-0.044399 -0.022199]", "[-0.088797 -0.044399]", "[ 0.        0.      ]]",
    ],
    "shapes-table": [
        "W1: shape (3, 2), gradient (3, 2)", "b1: shape (3, 1), gradient (3, 1)", "W2: shape (1, 3), gradient (1, 3)",
        "b2: shape (1, 1), gradient (1, 1)",
    ],
    "fitter-count": [
        "(2, 3, 4) → pairs with the shape of W: 1", "(3, 3, 4) → pairs with the shape of W: 8",
        "(3, 3, 3) → pairs with the shape of W: 36",
    ],
    "square": [
        "W2ᵀ·δ  (2,)    [-0.323799  0.138771]", "W2·δ   (2,)    [-0.185028  0.277542]",
        "nudged (2,)    [-0.323799  0.138771]",
    ],
    "square-step": ["L before the step: 0.620957", "with W2ᵀ·δ: 0.590489", "with W2·δ: 0.596702"],
    "batch-forward": [
        "Z1     (3, 4)  [[ 0.45  0.4   0.2   0.2 ]", "ŷ      (1, 4)  [[0.556014 0.4975   0.455121 0.584191]]",
        "losses (1, 4)  [[0.586962 0.68816  0.607192 0.537528]]", "L      ()      0.60496",
    ],
    "batch-backward": ["added  (3, 2)  [[-0.043268  0.028661]", "dW1    (3, 2)  [[-0.043268  0.028661]"],
    "batch-bias": [
        "db1    (3, 1)  [[ 0.002321]", "[-0.04299 ]", "[-0.119078]]",
        "dW2    (1, 3)  [[ 0.001767 -0.158746  0.105581]]", "db2    (1, 1)  [[0.023206]]",
    ],
    "batch-check": [
        "dW1    (3, 2)  [[-0.043268  0.028661]", "[-0.06378   0.009691]", "[ 0.05689  -0.119078]]",
        "each entry nudged: right",
    ],
    "slider": ["−0.043268, 0.028661; −0.06378, 0.009691; 0.05689, −0.119078"],
    "twice-reveal": [
        "mean 4 (2,)    [-0.06378   0.009691]", "mean 8 (2,)    [-0.06378   0.009691]",
        "sum 4  (2,)    [-0.255121  0.038763]", "sum 8  (2,)    [-0.510242  0.077527]",
    ],
    "portions": ["0, 1   (2,)    [-0.022199 -0.0111  ]", "2, 3   (2,)    [-0.06378   0.009691]"],
    "debug": [
        "X: shape (2, 4), gradient (2, 4)", "W1: shape (4, 2), gradient (4, 2)", "A1: shape (4, 4), gradient (4, 4)",
        "W2: shape (1, 4), gradient (1, 4)",
    ],
    "debug-trap": ["δ·A  4 (1, 4)  [[ 0.019078", "δ·A  3 (1, 3) · (4, 3): no product"],
    "rows-run": [
        "W1 col (3, 2)  [[-0.011617  0.007331]", "W1 row (2, 3)  [[-0.011617 -0.020198  0.054677]",
        "W2 col (1, 3)  [[ 0.00055  -0.057053  0.050939]]", "b1 row (3,)    [ 0.000119  0.001502 -0.000528]",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_the_cell_shows_the_figures(name):
    shown = printed(cells(NOTEBOOK)[name])
    for figures in SHOWN[name]:
        assert re.search(rf"(?<![\w.]){re.escape(figures)}(?!\.?\w)", shown), shown


def test_the_rows_of_another_text_are_the_columns_with_two_sigmoids():
    """Source S2's code, in rows and divided at the end, gives the gradients of the mean cross-entropy."""
    space: dict = {"np": np}
    exec(cells(NOTEBOOK)["rows-code"].source, space)
    W1, b1, W2, b2 = (Tensor(value) for value in WEIGHTS.values())
    binary_cross_entropy(sigmoid(W2 @ sigmoid(W1 @ X + b1) + b2), Y).backward()
    rows = space["backward_in_rows"](X.T, Y.T, *(leaf.data.T for leaf in (W1, b1, W2, b2)))
    for leaf, row in zip((W1, b1, W2, b2), rows, strict=True):
        assert np.reshape(row.T, leaf.shape) == pytest.approx(leaf.grad)


def test_the_notebook_does_not_show_what_its_exercises_ask():
    text = NOTEBOOK.read_text(encoding="utf-8")
    other = two_layers(x=(-1.0, 0.5))
    asked = [f"{abs(v):.6f}" for name in ("y_hat", "dL_dW2", "dL_dW1") for v in np.ravel(other[name]) if v]
    assert not [figure for figure in asked if figure[:6] in text]
