"""Layers, matrices, batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...functional import binary_cross_entropy, cross_entropy, logsumexp, relu, sigmoid
from ...graph import Graph
from ...tensor import Tensor
from ..answers import Unreadable, agrees, read, same, shown
from ..boxes import Block
from ..exercises import Exercise, Target, Task, Verdict
from ..gradient_exercises import PREFIX, GradientExercise
from ..quizzes import Question, Quiz, right, wrong
from ..steps import Mistake, Values

Found = Mapping[str, np.ndarray]  # values by name, and gradients as "dL_dW1"


@dataclass(frozen=True)
class Slip:
    """A mistake of a single exercise, which the bank of textbook mistakes cannot know.

    cause: what happens, to follow "if". remedy: where to look. gives: the wrong gradients, as "dL_dW1" and so on. It is
    handed `at`: `at()` has every value and gradient of the exercise by name, `at(y=…)` has them for another given value
    and `at(loss=…)` for another loss.
    """

    name: str
    cause: str
    remedy: str
    gives: Callable[[Callable[..., Found]], Found]


class LayerExercise(GradientExercise):
    """A gradient exercise with slips of its own. Its hints may name inner values too, such as {A1}."""

    def __init__(self, *arguments: Any, slips: Sequence[Slip] = (), **named: Any):
        super().__init__(*arguments, **named)
        self.slips = tuple(slips)

    def at(self, given: Values, loss: Callable[..., Tensor] | None = None, **changes: Any) -> Found:
        """Every named value and gradient at these given values, some of them changed."""
        values = {**given, **changes}
        tensors = {name: Tensor(v, name=name) if name in self.asks else np.array(v) for name, v in values.items()}
        graph = Graph((loss or self.loss)(**tensors))
        graph.backward()
        named = [tensor for tensor in graph.nodes if tensor.name]
        gradients = {f"{PREFIX}{t.name}": np.asarray(t.grad) for t in named if t.grad is not None}
        return {**values, **{str(t.name): t.data for t in named}, **gradients}

    def _judge(
        self, answers: Sequence[Any], probe: Values, written: bool
    ) -> tuple[dict[str, Verdict], Sequence[Block]]:
        verdicts, reasons = super()._judge(answers, probe, written)
        wrong = [name for name, verdict in verdicts.items() if verdict.kind == "wrong"]
        if not wrong:
            return verdicts, reasons
        try:
            claims = {
                PREFIX + name: read(answer)
                for name, answer in zip(self.asks, answers, strict=True)
                if verdicts[PREFIX + name].kind != "open"
            }
        except Unreadable:
            return verdicts, reasons
        for slip in self.slips:
            gives = slip.gives(partial(self.at, probe))
            # What is right must be so with the slip as well.
            if set(wrong) <= set(gives) and all(
                agrees(claim, gives[name]) if written else same(claim.values, gives[name])
                for name, claim in claims.items()
                if name in gives
            ):
                for name in wrong:
                    verdicts[name] = Verdict("wrong", f"{shown(claims[name].values)} is not right.", (slip.name,))
                return verdicts, (f"Exactly your numbers come out if {slip.cause}. {slip.remedy}",)
        return verdicts, reasons

    def _hint(self, text: str) -> str:
        return text.format(**{name: shown(np.asarray(value) + 0.0) for name, value in self.at(self.given).items()})


def first_layer_slips(Z: str, A: str) -> list[Slip]:
    """Slips behind the delta of the first layer, whose sums and outputs have these names."""
    dZ, dA = f"{PREFIX}{Z}", f"{PREFIX}{A}"
    return [
        Slip(
            "inputs not swapped in dL/dW1",
            "each weight is multiplied by itself and not by its input",
            f"In {Z} = W1·x + b1 the weight W1[i, j] is multiplied by x[j], and a product sends each factor the other.",
            lambda at: {"dL_dW1": at()[dZ][:, None] * at()["W1"]},
        ),
        Slip(
            "x forgotten in dL/dW1",
            "the factor x is left out of dL/dW1",
            f"W1[i, j] acts on {Z} through x[j], so x[j] is a factor of its gradient.",
            lambda at: {"dL_dW1": np.outer(at()[dZ], np.ones_like(at()["x"], dtype=float))},
        ),
        Slip(
            "sign of x lost in dL/dW1",
            "the minus of an input is lost",
            "x has an entry below zero, and its minus is a part of the product.",
            lambda at: {"dL_dW1": np.outer(at()[dZ], np.abs(at()["x"]))},
        ),
        Slip(
            "mask left out at b1",
            "the ReLU is left out on the way to b1",
            f"b1 is added in {Z}, before the ReLU: what comes back to it has passed the gate.",
            lambda at: {"dL_db1": at()[dA]},
        ),
        Slip(
            "ReLU's value taken for its slope",
            f"{A} itself is taken for the slope of the ReLU",
            f"{A} is what the ReLU gives out. Its slope is 1 where the neuron is open and 0 where it is closed.",
            lambda at: {
                "dL_db1": at()[dA] * at()[A],
                "dL_dW1": np.outer(at()[dA] * at()[A], at()["x"]),
            },
        ),
    ]


def b2_forgotten(at: Callable[..., Found]) -> Found:
    return at(b2=np.zeros_like(at()["b2"]))


second_bias = Slip(
    "b2 forgotten on the way forward",
    "b2 is left out on the way forward",
    "The second layer has biases too. Look at them once more before you go on to the output.",
    b2_forgotten,
)


def two_layers(x, W1, b1, W2, b2, y) -> Tensor:
    """ReLU, then softmax with cross-entropy; y is 1 at the true class and 0 elsewhere."""
    return cross_entropy(_logits(relu, x, W1, b1, W2, b2), y)


def _logits(activation, x, W1, b1, W2, b2) -> Tensor:
    Z1 = W1 @ x + b1
    A1 = activation(Z1)
    Z2 = W2 @ A1 + b2
    Z1.name, A1.name, Z2.name = "Z1", "A1", "Z2"
    return Z2


def _without_relu(x, W1, b1, W2, b2, y) -> Tensor:
    return cross_entropy(_logits(lambda Z1: Z1 * 1, x, W1, b1, W2, b2), y)


def _without_label(x, W1, b1, W2, b2, y) -> Tensor:
    """A loss with the gradient ŷ at Z2."""
    return logsumexp(_logits(relu, x, W1, b1, W2, b2))


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


def _old_probabilities(at: Callable[..., Found]) -> Found:
    """The gradients with the ŷ − y of the text's input."""
    error = at(x=worked["x"])["dL_dZ2"]
    return at(loss=lambda x, W1, b1, W2, b2, y: (_logits(relu, x, W1, b1, W2, b2) * error).sum())


def _times(found: Found, factor: float, *names: str) -> Found:
    return {PREFIX + name: found[PREFIX + name] * factor for name in names}


def _value_for_slope(at: Callable[..., Found]) -> Found:
    """A1 in the place of A1·(1 − A1)."""
    delta = at()["dL_dA1"] * at()["A1"]
    return {"dL_dW1": delta @ at()["X"].T, "dL_db1": delta.sum(axis=1, keepdims=True)}


def _not_smallest(added: float, **given: object) -> str | None:
    if added not in (1, 2, 3, 4):
        return "the slider stands at 1, 2, 3 or 4 examples."
    if all(abs(_running(int(added))) <= abs(_running(other)) for other in (1, 2, 3, 4)):
        return None
    return f"there the first entry is {_running(int(added)):.4f}; elsewhere it comes closer to 0."


exercises: list[Task] = [
    LayerExercise(
        "05.check.first-layer",
        "The gradient has come back to Z1: dL/dZ1 = [-0.323799, 0, 0.138771]. Take it to W1 and b1.",
        two_layers,
        given=worked,
        asks=("W1", "b1"),
        hints=[
            "It is step 2 once more, one layer further down. What stands in the place of A1 there?",
            "dL/dW1[i, j] = dL/dZ1[i] · x[j]: a row for each neuron, each a multiple of x. And b1 is only added.",
            "Row 0 is −0.323799 · (1.5, −0.5), row 1 is 0, row 2 is 0.138771 · (1.5, −0.5): dL/dW1 = {dL_dW1}; and"
            " dL/db1 = dL/dZ1 = {dL_db1}.",
        ],
        slips=first_layer_slips("Z1", "A1"),
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
            Mistake(
                "none of them",
                "if no pair is found that lights both lamps",
                "There is one: on the way back each wire is walked from its end to its beginning.",
                {"gradient": lambda: 0},
            ),
        ],
        hints=[
            "The product must have the shape of A, (3, 4). Which factor can bring the 4 columns?",
            "Count the factors that can stand on the right, and for each those that can stand on its left. Then let the"
            " second lamp decide.",
            "On the right δ or A, with 4 columns; on the left W or its transpose. So W·δ, Wᵀ·δ, W·A and Wᵀ·A have the"
            " right shape, {shape} pairs; Wᵀ·δ alone has the right numbers, {gradient} pair.",
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
            "It is closest to 0 where what has been added so far cancels. Look for shares of about the same size with"
            " different signs.",
            "After {example} examples: −0.04995 + 0.04975 leaves −0.00020.",
        ],
    ),
    LayerExercise(
        "05.check.other-input",
        "The network of the text, 2–3–2 with ReLU, softmax and cross-entropy, but with x = [-1, 0.5].",
        two_layers,
        given={**worked, "x": np.array([-1.0, 0.5])},
        asks=("W2", "b2", "W1", "b1"),
        hints=[
            "Forward first: Z1, A1, Z2, ŷ. Which of the three neurons is open now?",
            "dL/dZ2 = ŷ − y; dL/dW2 = dL/dZ2 times A1; dL/dA1 = W2ᵀ · dL/dZ2; mask; dL/dW1 = dL/dZ1 times x.",
            "Z1 = {Z1}, A1 = {A1}, Z2 = {Z2}; dL/db2 = ŷ − y = {dL_dZ2}; times A1, dL/dW2 = {dL_dW2}; with W2ᵀ,"
            " dL/dA1 = {dL_dA1}; only the middle neuron is open, so dL/db1 = dL/dZ1 = {dL_db1}; times x,"
            " dL/dW1 = {dL_dW1}.",
        ],
        slips=[
            *first_layer_slips("Z1", "A1"),
            second_bias,
            Slip(
                "another class",
                "class 1 is taken for the true one",
                "Class 0 is the true one: y = (1, 0).",
                lambda at: at(y=1 - at()["y"]),
            ),
            Slip(
                "label not subtracted",
                "the label is not subtracted from ŷ",
                "The gradient at Z2 is ŷ − y, and y has a 1 at the true class.",
                lambda at: at(loss=_without_label),
            ),
            Slip(
                "ŷ of the text",
                "the ŷ of the text is kept",
                "Another input has other sums, and so other probabilities: go forward once more.",
                _old_probabilities,
            ),
            Slip(
                "A1 of the text",
                "the A1 of the text is kept",
                "Another input opens other neurons: go forward once more.",
                lambda at: {"dL_dW2": np.outer(at()["dL_dZ2"], [0.85, 0, 1.15])},
            ),
            Slip(
                "x of the text",
                "the x of the text is kept in dL/dW1",
                "The input is (-1, 0.5) now, on the way back too.",
                lambda at: {"dL_dW1": np.outer(at()["dL_dZ1"], worked["x"])},
            ),
            Slip(
                "no ReLU",
                "the ReLU is left out, forward and back",
                "A sum below zero gives out 0, and nothing comes back through it.",
                lambda at: at(loss=_without_relu),
            ),
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
                "the other layer",
                "if the other layer is taken",
                "W1 and A1 belong to the hidden layer, Z2 to the outputs.",
                {
                    "W1_rows": lambda outputs: outputs,
                    "W1_columns": lambda hidden: hidden,
                    "Z2_rows": lambda hidden: hidden,
                    "A1_rows": lambda outputs: outputs,
                },
            ),
            Mistake(
                "the layer before",
                "if the inputs are taken for the outputs of the first layer",
                "A1 is what the hidden neurons give out: a row for each of them.",
                {"A1_rows": lambda inputs: inputs},
            ),
            Mistake(
                "examples in the weights",
                "if the weights get a place for each example",
                "However large the batch is, the weights stay the same, and so does the shape of their gradient.",
                {"W1_rows": lambda examples: examples, "W1_columns": lambda examples: examples},
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
    LayerExercise(
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
            "Z = {Z}; dL/dZ = (Z − Y)/3 = {dL_dZ}; its rows added, dL/db = {dL_db}; times Xᵀ, dL/dW = {dL_dW}.",
        ],
        slips=[
            Slip(
                "b forgotten on the way forward",
                "b is left out on the way forward",
                "Z = W·X + b: the bias is added to every column.",
                lambda at: at(b=np.zeros_like(at()["b"])),
            ),
            Slip(
                "target not subtracted",
                "Z itself is taken for the error",
                "The error is Z − Y.",
                lambda at: at(Y=np.zeros_like(at()["Y"])),
            ),
            Slip(
                "outputs counted for examples",
                "the errors are divided by 2, the number of outputs",
                "L is the mean over the three examples, and the ½ has gone with the 2 of the square.",
                lambda at: _times(at(), 3 / 2, "b", "W"),
            ),
        ],
    ),
    LayerExercise(
        "05.check.columns",
        "Write the way back of the row form in column form: σ in both layers, binary cross-entropy, mean over the"
        " examples. Your function returns the gradients of W1, b1, W2 and b2.",
        lambda X, Y, W1, b1, W2, b2: columns(sigmoid, X, Y, W1, b1, W2, b2),
        given=batch,
        asks=("W1", "b1", "W2", "b2"),
        probes=[other_lengths],
        hints=[
            "Transpose each line as a whole: the transpose of P·Q is Qᵀ·Pᵀ, so the two factors change places.",
            "`dW2 = a1.T @ dz2` becomes `dW2 = dZ2 @ A1.T`; the other products likewise. Then the lines without a"
            " product: along which axis are the examples now, and what keeps the bias a column?",
            "`m = X.shape[1]`, `A1 = 1 / (1 + np.exp(-(W1 @ X + b1)))`, `A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))`,"
            " `dZ2 = A2 - Y`, `dW2 = dZ2 @ A1.T / m`, `db2 = dZ2.sum(axis=1, keepdims=True) / m`,"
            " `dZ1 = (W2.T @ dZ2) * A1 * (1 - A1)`, `dW1 = dZ1 @ X.T / m`, `db1 = dZ1.sum(axis=1, keepdims=True) / m`."
            " On the first batch dL/dW2 = {dL_dW2}.",
        ],
        slips=[
            Slip(
                "inputs counted for examples",
                "the rows of X are counted for m, as in `X.shape[0]` or `len(X)`",
                "With examples as columns the rows of X are the inputs; the examples are along axis 1.",
                lambda at: _times(at(), at()["X"].shape[1] / at()["X"].shape[0], "W1", "b1", "W2", "b2"),
            ),
            Slip(
                "both weights' gradients transposed",
                "the gradients of both weights are transposed",
                "Compare their shapes with W1 and W2. δ stands on the left here, the input's transpose on the right.",
                lambda at: {"dL_dW1": at()["dL_dW1"].T, "dL_dW2": at()["dL_dW2"].T},
            ),
            Slip(
                "biases added over everything",
                "the deltas are added up without an axis",
                "There is a bias for each neuron: add over the examples, along axis 1, and nothing else.",
                lambda at: {"dL_db1": np.sum(at()["dL_dZ1"]), "dL_db2": np.sum(at()["dL_dZ2"])},
            ),
            Slip(
                "σ's value taken for its slope",
                "A1 alone is taken for the slope of the sigmoid",
                "A1 is what σ gives out; its slope is A1·(1 − A1).",
                _value_for_slope,
            ),
            Slip(
                "order of the layers",
                "the gradients of the second layer are returned first",
                "The order is dW1, db1, dW2, db2.",
                lambda at: {f"dL_d{k}{i}": at()[f"dL_d{k}{3 - i}"] for k in ("W", "b") for i in (1, 2)},
            ),
        ],
    ),
    LayerExercise(
        "05.check.missing-m",
        "ReLU, then σ with binary cross-entropy; L is the mean over the examples. Give the function to `check`, read"
        " what it says, and repair it.",
        lambda X, Y, W1, b1, W2, b2: columns(relu, X, Y, W1, b1, W2, b2),
        given=batch,
        asks=("W1", "b1", "W2", "b2"),
        probes=[other_lengths],
        hints=[
            "L is a mean, so each of the four gradients has exactly one factor 1/m. Count them, line by line.",
            "A gradient that is made from another one may have got its 1/m from there. Which lines start from something"
            " that has been divided by m already?",
            "`dZ1` comes from `dZ2`, which is not divided by m, so `db1` needs its own `/ m`. On the first batch"
            " dL/db1 = {dL_db1}.",
        ],
        slips=[
            Slip(
                "1/m in dZ2 and in the lines after it",
                "1/m is put into dZ2 and left in the other lines",
                "Then b1 has it once, and all others have it twice. With the 1/m in dZ2 nothing after it is divided.",
                lambda at: _times(at(), 1 / at()["X"].shape[1], "W1", "W2", "b2"),
            ),
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
                    wrong(
                        "Row i of W1 is zero.",
                        "The row is no factor of its own gradient: with a bias above 0 the neuron would still be open.",
                    ),
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
