"""Layers, matrices, batches."""

from __future__ import annotations

import numpy as np

from ...functional import binary_cross_entropy, cross_entropy, relu, sigmoid
from ...tensor import Tensor
from ..exercises import Exercise, Target, Task
from ..gradient_exercises import GradientExercise
from ..quizzes import Question, Quiz, right, wrong
from ..steps import Mistake


def two_layers(x, W1, b1, W2, b2, y) -> Tensor:
    """ReLU, then softmax with cross-entropy; y is 1 at the true class and 0 elsewhere."""
    Z1 = W1 @ x + b1
    A1 = relu(Z1)
    Z2 = W2 @ A1 + b2
    Z1.name, A1.name, Z2.name = "Z1", "A1", "Z2"
    return cross_entropy(Z2, y)


def one_layer(X, W, b, Y) -> Tensor:
    """Half the squared error, averaged over the examples, which are columns."""
    Z = W @ X + b
    Z.name = "Z"
    error = Z - Tensor(Y, requires_grad=False, name="Y")
    L = (error**2).sum() / (2 * X.shape[1])
    L.name = "L"
    return L


def columns(activation, X, Y, W1, b1, W2, b2) -> Tensor:
    """A hidden layer, then σ with binary cross-entropy, averaged over the examples, which are columns."""
    Z1 = W1 @ X + b1
    A1 = activation(Z1)
    Z2 = W2 @ A1 + b2
    A2 = sigmoid(Z2)
    for name, value in {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}.items():
        value.name = name
    return binary_cross_entropy(A2, Y)


worked = {
    "x": np.array([1.5, -0.5]),
    "W1": np.array([[0.5, -0.2], [-0.3, 0.4], [0.8, 0.1]]),
    "b1": np.array([0.0, 0.0, 0.0]),
    "W2": np.array([[0.6, -0.4, 0.2], [-0.1, 0.3, 0.5]]),
    "b2": np.array([0.0, 0.1]),
    "y": np.array([1, 0]),
}
# Five examples: with four, m would be twice the number of inputs, and a factor 2 would have several causes.
batch = {
    "X": np.array([[1.0, 0.0, -1.0, 2.0, 0.5], [0.5, 1.0, 1.0, -1.0, -0.5]]),
    "Y": np.array([[1, 0, 0, 1, 0]]),
    "W1": np.array([[0.2, 0.3], [0.4, -0.2], [-0.3, 0.2]]),
    "b1": np.array([[0.1], [0.1], [0.1]]),
    "W2": np.array([[0.1, 0.2, -0.5]]),
    "b2": np.array([[0.1]]),
}
# Lengths that all differ: what fits only because two of them are equal does not fit.
other_lengths = {
    "X": np.array([[0.5, -1.0, 0.25, 0.75, -0.5], [1.0, 0.5, -0.75, 0.2, -0.3], [-0.4, 0.9, 0.6, -1.0, 0.1]]),
    "Y": np.array([[0, 1, 1, 0, 1]]),
    "W1": np.array([[0.3, -0.2, 0.5], [-0.6, 0.1, 0.4], [0.2, 0.7, -0.3], [0.5, -0.4, 0.1]]),
    "b1": np.array([[0.1], [-0.2], [0.05], [0.3]]),
    "W2": np.array([[0.4, -0.3, 0.6, -0.5]]),
    "b2": np.array([[-0.1]]),
}


def _fitting(inputs: int, neurons: int, examples: int) -> tuple[int, int]:
    """How many pairs of factors of ∂L/∂A pass the light for the shape, and how many that for the gradient."""
    from ...figures.shape_fitting import fitting

    return fitting((inputs, neurons, examples), "∂L/∂A")


def _running(added: int) -> float:
    """The first entry of ∂L/∂W2, with so many examples of the batch added up."""
    from ...figures.batch_sum import running_sum

    return float(running_sum("W2", "mean", added)[0, 0])


def _not_smallest(added: float, **given: object) -> str | None:
    if added not in (1, 2, 3, 4):
        return "the slider stands at 1, 2, 3 or 4 examples."
    if all(abs(_running(int(added))) <= abs(_running(other)) for other in (1, 2, 3, 4)):
        return None
    return f"there the first entry is {_running(int(added)):.4f}; elsewhere it comes closer to 0."


exercises: list[Task] = [
    GradientExercise(
        "05.check.first-layer",
        "The gradient has come back to Z1: dL/dZ1 = [-0.323799, 0, 0.138771]. Take it to W1 and b1.",
        two_layers,
        given=worked,
        asks=("W1", "b1"),
        hints=[
            "It is step 2 once more, one layer further down. What stands in the place of A1 there?",
            "dL/dW1[i, j] = dL/dZ1[i] · x[j]: a row for each neuron, each a multiple of x. And b1 is only added.",
            "dL/dW1 = {dL_dW1}, dL/db1 = {dL_db1}.",
        ],
    ),
    Exercise(
        "05.check.fitting",
        "Wanted is ∂L/∂A, with 3 inputs, 3 neurons and 4 examples. How many of the 36 pairs light the first lamp, and"
        " how many the second?",
        steps={
            "shape": lambda inputs, neurons, examples: _fitting(inputs, neurons, examples)[0],
            "gradient": lambda inputs, neurons, examples: _fitting(inputs, neurons, examples)[1],
        },
        asks=("shape", "gradient"),
        given={"inputs": 3, "neurons": 3, "examples": 4},
        mistakes=[
            Mistake(
                "one lamp only",
                "if the pairs that light the first lamp and not the second are counted",
                "A pair that lights both lamps counts for the first as well, and for the second.",
                {"shape": lambda: 3, "gradient": lambda: 3},
            ),
            Mistake(
                "shape taken for gradient",
                "if every pair of the right shape is taken for the gradient",
                "Watch the second lamp while you try the pairs of the right shape, one by one.",
                {"gradient": lambda: 4},
            ),
            Mistake(
                "W for its transpose",
                "if W · δ is counted too",
                "Both have the right shape. What does the second lamp say to W · δ?",
                {"gradient": lambda: 2},
            ),
            Mistake(
                "three different lengths",
                "if all three lengths differ",
                "Set the lengths to *square W*: 3 inputs, 3 neurons and 4 examples.",
                {"shape": lambda: 1},
            ),
            Mistake(
                "A left out",
                "if only δ is tried as the second factor",
                "A has the same shape as δ here, so it passes for δ wherever only shapes are looked at.",
                {"shape": lambda: 2},
            ),
            Mistake(
                "other lengths",
                "if all three lengths are equal",
                "Set the lengths to *square W*: there are 4 examples.",
                {"shape": lambda: 36},
            ),
            Mistake(
                "the other gradient",
                "if ∂L/∂W is wanted instead",
                "Choose ∂L/∂A at *wanted*.",
                {"shape": lambda: 8},
            ),
        ],
        hints=[
            "The product must have the shape of A, (3, 4). Which factor can bring the 4 columns?",
            "The second factor must have 4 columns: δ or A. The first must be square: W or its transpose.",
            "W·δ, Wᵀ·δ, W·A and Wᵀ·A have the right shape, {shape} pairs; Wᵀ·δ alone has the right numbers,"
            " {gradient} pair.",
        ],
    ),
    Target(
        "05.check.cancel",
        "With W2 and the mean: after how many examples is the first entry of the running sum closest to 0?",
        meets=_not_smallest,
        example=lambda **given: min((1, 2, 3, 4), key=lambda added: abs(_running(added))),
        given={},
        hints=[
            "Look at the leftmost number below the line, and move the slider from 1 to 4.",
            "Two examples whose first entries have the same size and different signs cancel.",
            "After {example} examples: −0.04995 + 0.04975 leaves −0.00020.",
        ],
    ),
    GradientExercise(
        "05.check.other-input",
        "The network of the text, 2–3–2 with ReLU, softmax and cross-entropy, but with x = [-1, 0.5].",
        two_layers,
        given={**worked, "x": np.array([-1.0, 0.5])},
        asks=("W2", "b2", "W1", "b1"),
        hints=[
            "Forward first: Z1, A1, Z2, ŷ. Which of the three neurons is open now?",
            "dL/dZ2 = ŷ − y; dL/dW2 = dL/dZ2 times A1; dL/dA1 = W2ᵀ · dL/dZ2; mask; dL/dW1 = dL/dZ1 times x.",
            "dL/dW2 = {dL_dW2}, dL/db2 = {dL_db2}, dL/dW1 = {dL_dW1}, dL/db1 = {dL_db1}.",
        ],
    ),
    Exercise(
        "05.check.shapes",
        "A network 5–4–3, with examples as columns, 10 of them. Find the rows and columns of dL/dW1, of dL/dZ2 and of"
        " dL/dA1, and how many numbers dL/db2 has.",
        steps={
            "W1_rows": lambda hidden: hidden,
            "W1_columns": lambda inputs: inputs,
            "Z2_rows": lambda outputs: outputs,
            "Z2_columns": lambda examples: examples,
            "A1_rows": lambda hidden: hidden,
            "A1_columns": lambda examples: examples,
            "b2_numbers": lambda outputs: outputs,
        },
        asks=("W1_rows", "W1_columns", "Z2_rows", "Z2_columns", "A1_rows", "A1_columns", "b2_numbers"),
        given={"inputs": 5, "hidden": 4, "outputs": 3, "examples": 10},
        mistakes=[
            Mistake(
                "row form",
                "if the examples are rows",
                "Here weights are (out, in) and each example is a column.",
                {
                    "W1_rows": lambda inputs: inputs,
                    "W1_columns": lambda hidden: hidden,
                    "Z2_rows": lambda examples: examples,
                    "Z2_columns": lambda outputs: outputs,
                    "A1_rows": lambda examples: examples,
                    "A1_columns": lambda hidden: hidden,
                },
            ),
            Mistake(
                "a bias for each example",
                "if every example has a bias of its own",
                "All examples share the one bias of a neuron; on the way back their gradients are added.",
                {"b2_numbers": lambda outputs, examples: outputs * examples},
            ),
            Mistake(
                "shape of the weights",
                "if the columns of the layer's weights are taken",
                "The weights have a column for each input; Z2 and A1 have a column for each example.",
                {"Z2_columns": lambda hidden: hidden, "A1_columns": lambda inputs: inputs},
            ),
            Mistake(
                "one bias for all neurons",
                "if all neurons of the layer share one bias",
                "Each neuron has a bias of its own, whatever the number of examples.",
                {"b2_numbers": lambda: 1},
            ),
            Mistake(
                "added over the neurons",
                "if the gradient is added over the neurons",
                "That leaves a number for each example. A bias belongs to a neuron: add over the examples.",
                {"b2_numbers": lambda examples: examples},
            ),
            Mistake(
                "examples forgotten",
                "if there is only one example",
                "The gradient by a value that each example has of its own has a column for each example.",
                {"Z2_columns": lambda: 1, "A1_columns": lambda: 1},
            ),
            Mistake(
                "a bias for each hidden neuron",
                "if the biases of the hidden layer are counted",
                "b2 belongs to the second layer, which has the outputs as its neurons.",
                {"b2_numbers": lambda hidden: hidden},
            ),
        ],
        hints=[
            "A gradient has the shape of what it belongs to. So which shapes do W1, Z2, A1 and b2 have?",
            "W1 is (hidden, inputs). Z2 and A1 have a row for each neuron of their layer, a column for each example.",
            "dL/dW1 is ({W1_rows}, {W1_columns}), dL/dZ2 is ({Z2_rows}, {Z2_columns}), dL/dA1 is ({A1_rows},"
            " {A1_columns}), and dL/db2 has {b2_numbers} numbers.",
        ],
    ),
    GradientExercise(
        "05.check.bias",
        "One layer without activation, Z = W·X + b, for three examples in columns. The loss of an example is half its"
        " squared error, ½ Σ (Z − Y)² over its outputs; L is the mean over the three examples.",
        one_layer,
        given={
            "X": np.array([[1, 0, 2], [1, 3, -1]]),
            "W": np.array([[1.0, 2.0], [0.0, -1.0]]),
            "b": np.array([[0.0], [1.0]]),
            "Y": np.array([[0, 12, -9], [0, -5, -4]]),
        },
        asks=("b", "W"),
        hints=[
            "First dL/dZ, of shape (2, 3): the error Z − Y of each example, divided by 3. All its entries are whole.",
            "Each bias is added in every example: its gradient is the sum along its row of dL/dZ. dL/dW = dL/dZ · Xᵀ.",
            "dL/db = {dL_db}, dL/dW = {dL_dW}.",
        ],
    ),
    GradientExercise(
        "05.check.columns",
        "Write the way back of the row form in column form: σ in both layers, binary cross-entropy, mean over the"
        " examples. Your function returns the gradients of W1, b1, W2 and b2.",
        lambda X, Y, W1, b1, W2, b2: columns(sigmoid, X, Y, W1, b1, W2, b2),
        given=batch,
        asks=("W1", "b1", "W2", "b2"),
        probes=[other_lengths],
        hints=[
            "Transpose each line as a whole: the transpose of P·Q is Qᵀ·Pᵀ, so the two factors change places.",
            "`dW2 = a1.T @ dz2` becomes `dW2 = dZ2 @ A1.T`, and `dz2 @ W2.T` becomes `W2.T @ dZ2`. Examples are along"
            " axis 1 now; `keepdims=True` keeps the bias a column.",
            "`m = X.shape[1]`, `dZ2 = A2 - Y`, `dW2 = dZ2 @ A1.T / m`, `db2 = dZ2.sum(axis=1, keepdims=True) / m`,"
            " `dZ1 = (W2.T @ dZ2) * A1 * (1 - A1)`, `dW1 = dZ1 @ X.T / m`, `db1 = dZ1.sum(axis=1, keepdims=True) / m`."
            " On the first batch dL/dW2 = {dL_dW2}.",
        ],
    ),
    GradientExercise(
        "05.check.missing-m",
        "ReLU, then σ with binary cross-entropy; L is the mean over the examples. Give the function to `check`, read"
        " what it says, and repair it.",
        lambda X, Y, W1, b1, W2, b2: columns(relu, X, Y, W1, b1, W2, b2),
        given=batch,
        asks=("W1", "b1", "W2", "b2"),
        probes=[other_lengths],
        hints=[
            "L is a mean, so each of the four gradients has exactly one factor 1/m. Count them, line by line.",
            "A gradient made from another one may have got its 1/m from there. The line for b1 starts from dZ1.",
            "`dZ1` comes from `dZ2`, which is not divided by m, so `db1` needs its own `/ m`. On the first batch"
            " dL/db1 = {dL_db1}.",
        ],
    ),
]


quizzes = {
    "05.gate": Quiz(
        [
            Question(
                "05.gate.1",
                "z = W·a + b with W of shape (3, 2), and δ = ∂L/∂z. What is ∂L/∂a?",
                [
                    wrong("W · δ", "W has 2 columns and δ has 3 entries: there is no such product."),
                    wrong("δ · aᵀ", "That is the gradient of W: it has the shape (3, 2)."),
                    right("Wᵀ · δ", "a_j goes to every neuron i with the weight W_ij, and these paths are added."),
                ],
            ),
            Question(
                "05.gate.2",
                "Z = W·X + b for 10 examples in columns, and δ = ∂L/∂Z. What is ∂L/∂b?",
                [
                    right("the columns of δ, added", "Each example uses the same bias once."),
                    wrong("δ itself", "δ has 10 columns, and b has one: its gradient has the shape of b."),
                    wrong("the rows of δ, added", "That leaves a number for each example; a bias belongs to a neuron."),
                ],
            ),
        ]
    ),
    "05.quiz": Quiz(
        [
            Question(
                "05.quiz.1",
                "A layer with ReLU: for one example, row i of ∂L/∂W1 is all zero, and the other rows are not. What is"
                " the likely reason?",
                [
                    wrong("The input x was 0.", "Then every row would be zero, since x is a factor of each."),
                    right("Neuron i was closed.", "Its delta is 0 then, and that is a factor of the row."),
                    wrong("Row i of W1 is zero.", "The row of W1 is no factor of its own gradient."),
                ],
            ),
            Question(
                "05.quiz.2",
                "A layer has W of shape (4, 4). Your backward pass runs, and every shape is right. Is it correct?",
                [
                    wrong(
                        "Yes, the shapes leave only one product.", "They do if all lengths differ; here W and Wᵀ fit."
                    ),
                    wrong("No, a square W is always wrong.", "A square W is fine, but its shape proves nothing."),
                    right("It is not known: nudge some weights.", "W·δ and Wᵀ·δ both fit, and one of them is right."),
                ],
            ),
            Question(
                "05.quiz.3",
                "L is a mean over m examples, and δ at the output is (ŷ − y)/m. What becomes of ∂L/∂W = δ·Aᵀ?",
                [
                    right("Nothing more: it is complete.", "The 1/m is in δ already, and comes along."),
                    wrong("It is divided by m as well.", "Then 1/m would be in it twice."),
                    wrong("It is multiplied by m.", "That would undo the mean: it is the gradient of the sum."),
                ],
            ),
            Question(
                "05.quiz.4",
                "Someone has W of shape (in, out) and x as a row, z = x·W + b. How do they compute ∂L/∂W?",
                [
                    wrong("δ · xᵀ", "That is the column form; with rows, (1, out) · (in, 1) is no product."),
                    right("xᵀ · δ", "(in, 1) · (1, out) is (in, out): the transpose of δ · xᵀ."),
                    wrong("x · δᵀ", "(1, in) · (out, 1) exists only for a square layer, and is one number then."),
                ],
            ),
            Question(
                "05.quiz.5",
                "Which batch is the best one for testing a layer with 4 inputs and 3 neurons?",
                [
                    wrong("1 example", "With one example there is nothing to sum or to average."),
                    wrong("4 examples", "4 is the number of inputs too: a wrong axis may fit."),
                    wrong("3 examples", "3 is the number of neurons too: a sum over the wrong axis fits."),
                    right("5 examples", "All three lengths differ, so a wrong axis or transpose shows as a shape."),
                ],
            ),
        ]
    ),
}
