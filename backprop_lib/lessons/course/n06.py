"""Losses and the cancellation."""

from collections.abc import Callable
from math import exp, log, log10

import numpy as np

from ... import functional as F
from ...tensor import Tensor
from ..exercises import Exercise, FunctionExercise, Target, Task
from ..mistakes import forgot, forgot_slope, not_swapped, rounded_early, sign_flipped, slope_at, value_for_slope
from ..quizzes import Question, Quiz, right, wrong
from ..steps import Mistake, Steps
from .n03 import back_to_the_inputs, bias_gets_x, sigmoid
from .n05 import Found, LayerExercise, Slip, first_layer_slips, second_bias

back_to_the_logit: Steps = {
    "dL_da": lambda a, y: (1 - y) / (1 - a) - y / a,
    "da_dz": lambda a: a * (1 - a),
    "dL_dz": lambda dL_da, da_dz: dL_da * da_dz,
}

cross_entropy_neuron: Steps = {
    "z": lambda w, x, b: w * x + b,
    "a": lambda z: sigmoid(z),
    "L": lambda a, y: -(y * log(a) + (1 - y) * log(1 - a)),
    **back_to_the_inputs,
    **back_to_the_logit,
}

way_back: Steps = {
    **back_to_the_logit,
    "all_three": lambda dL_da, da_dz, dL_dz: (dL_da, da_dz, dL_dz),
}

# For two or more logits: the largest one is taken out of the sum.
log_sum_exp: Steps = {
    "largest": lambda z: np.max(z),
    "rest": lambda z, largest: np.log(np.sum(np.exp(z - largest))),
    "total": lambda largest, rest: largest + rest,
}

# Three classes, of which the middle one is true.
classes: Steps = {
    "powers": lambda z0, z1, z2: exp(z0) + exp(z1) + exp(z2),
    "p0": lambda z0, powers: exp(z0) / powers,
    "p1": lambda z1, powers: exp(z1) / powers,
    "p2": lambda z2, powers: exp(z2) / powers,
    "dL_dz0": lambda p0: p0,
    "dL_dz1": lambda p1: p1 - 1,
    "dL_dz2": lambda p2: p2,
}

the_squares_slope = (
    "dL/da of the squared error",
    "if a − y is taken for dL/da",
    "a − y is the slope of ½(a − y)². Here the loss has a logarithm, and its slope has a denominator.",
)
squared_error_taken = Mistake(*the_squares_slope, {"dL_da": lambda a, y: a - y})
slope_twice = Mistake(
    "σ′(z) multiplied in twice",
    "if σ′(z) is multiplied in a second time",
    "a − y is what is left after the slope has cancelled; it is dL/dz already.",
    {"dL_dz": lambda dL_da, da_dz: dL_da * da_dz * da_dz},
)


def wrong_slope(name: str, condition: str, why: str, dL_da: Callable[..., float]) -> tuple[Mistake, Mistake]:
    """A wrong dL/da, with the dL/dz that follows from it, or with a − y from memory."""
    return (
        Mistake(name, condition, why, {"dL_da": dL_da}),
        Mistake(name, condition, why, {"dL_da": dL_da, "dL_dz": lambda a, y: a - y}),
    )


def wrong_sigma(name: str, condition: str, slope: Callable[..., float]) -> tuple[Mistake, Mistake]:
    """A wrong da/dz, with the dL/dz that follows from it, or with a − y from memory."""
    why = "The slope of σ, written with its output a, is a · (1 − a)."
    return (
        Mistake(name, condition, why, {"da_dz": slope}),
        Mistake(name, condition, why, {"da_dz": slope, "dL_dz": lambda a, y: a - y}),
    )


def network(x: np.ndarray, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor, y: np.ndarray, hidden=F.relu) -> Tensor:
    """The 2–3–1 network: ReLU, sigmoid, binary cross-entropy."""
    z1 = W1 @ x + b1
    a1 = hidden(z1)
    z2 = W2 @ a1 + b2
    a2 = F.sigmoid(z2)
    z1.name, a1.name, z2.name, a2.name = "z1", "a1", "z2", "a2"
    return F.binary_cross_entropy(a2, y)


def rows(X: np.ndarray, y: np.ndarray, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    """Two sigmoid layers over a batch in rows, with the mean squared error."""
    a1 = F.sigmoid(X @ W1 + b1)
    z2 = a1 @ W2 + b2
    a2 = F.sigmoid(z2)
    a1.name, z2.name, a2.name = "a1", "z2", "a2"
    return F.mean_squared_error(a2, y)


def begins_with(delta: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Callable[..., Found]], Found]:
    """The gradients of the network in rows if its way back begins with this delta2, made from a2 and y."""

    def loss(X: np.ndarray, y: np.ndarray, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
        z2 = F.sigmoid(X @ W1 + b1) @ W2 + b2
        return (z2 * delta(F.sigmoid(z2).data, y)).sum() / len(X)

    return lambda at: at(loss=loss)


def begins_slip(name: str, cause: str, delta: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Slip:
    remedy = (
        "From the loss to a2 the slope is 2·(a2 − y), from there to z2 it is a2·(1 − a2), and the two are multiplied."
    )
    return Slip(name, cause, remedy, begins_with(delta))


exercises: list[Task] = [
    Target(
        "06.check.deepest",
        "Label 1 and the loss ½(a − y)². At which logit z is the gradient ∂L/∂z largest, its sign aside? To one"
        " decimal.",
        meets=lambda z: _deepest(z),
        example=lambda: -0.7,
        given={},
        hints=[
            "Choose ½(a − y)² and the label 1, and move z from 0 to the left. Watch the dashed curve in the middle.",
            "At z = 0 the gradient is −0.125. It goes on falling for a while, and then comes back up.",
            "The lowest point of the curve is at z = −ln 2 = −0.693, so {example}. There a = ⅓, and ∂L/∂z = −0.148.",
        ],
    ),
    Target(
        "06.check.soft",
        "Label 0.3 and cross-entropy. At which logit z is the gradient 0? To one decimal.",
        meets=lambda z: _soft(z),
        example=lambda: -0.8,
        given={},
        hints=[
            "Choose cross-entropy, put the label to 0.3, and look for the place where the tangent is flat.",
            "∂L/∂z = a − y, so it is 0 where a = 0.3. Which z gives a = 0.3?",
            "σ(z) = 0.3 means e^z = 0.3/0.7, so z = ln(0.3/0.7) = −0.847; with one decimal {example}.",
        ],
    ),
    Exercise(
        "06.check.neuron",
        "The sigmoid neuron of notebook 03 with another loss: L = −(y·ln a + (1 − y)·ln(1 − a)). The forward pass up to"
        " a is the one you know.",
        steps=cross_entropy_neuron,
        asks=("L", "dL_da", "da_dz", "dL_dz", "dL_dw", "dL_db"),
        given={"x": 2, "w": 1, "b": 0.5, "y": 0, "z": 2.5, "a": sigmoid(2.5)},
        mistakes=[
            Mistake(
                "the other logarithm",
                "if ln a is taken in the place of ln(1 − a)",
                "The label is 0. What is the probability that the neuron gave to the label 0?",
                {"L": lambda a: -log(a), "dL_da": lambda a: -1 / a},
            ),
            sign_flipped("dL_da", "ln(1 − a) falls as a grows, and the minus in front of it makes the loss grow."),
            Mistake(
                "the squared error taken",
                "if ½(a − y)² is taken for the loss",
                "Here the loss is minus the logarithm of the probability that was given to the label.",
                {"L": lambda a, y: 0.5 * (a - y) ** 2},
            ),
            Mistake(
                "the whole square taken",
                "if (a − y)² is taken for the loss",
                "Here the loss is minus the logarithm of the probability that was given to the label.",
                {"L": lambda a, y: (a - y) ** 2, "dL_da": lambda a, y: 2 * (a - y)},
            ),
            Mistake(
                "logarithm to the base 10",
                "if the logarithm to the base 10 is taken",
                "ln is the natural logarithm, the one that undoes e^x: `np.log` in code, often “ln” on a calculator.",
                {"L": lambda a: -log10(1 - a)},
            ),
            Mistake(
                "logarithm forgotten",
                "if the logarithm is left out",
                "1 − a is the probability of the label; the loss is minus its logarithm.",
                {"L": lambda a: 1 - a},
            ),
            Mistake(
                "quotient forgotten",
                "if 1 − a is taken in the place of 1/(1 − a)",
                "The slope of ln u is 1/u.",
                {"dL_da": lambda a: 1 - a},
            ),
            value_for_slope("da_dz", "a"),
            slope_at("da_dz", "z", lambda z: z * (1 - z), "a"),
            Mistake(
                "only 1 − a in da/dz",
                "if only 1 − a is taken for the slope of σ",
                "The slope of σ, written with its output a, is a · (1 − a).",
                {"da_dz": lambda a: 1 - a},
            ),
            squared_error_taken,
            slope_twice,
            forgot_slope("dL_dz", keeps="dL_da"),
            forgot("dL_dz", "dL/da", keeps="da_dz"),
            forgot("dL_dw", "x", keeps="dL_dz"),
            forgot("dL_dw", "dL/dz", keeps="x"),
            Mistake(
                "dL/dz forgotten in dL/db",
                "if the factor dL/dz is left out of dL/db",
                "1 is the local derivative alone; it is multiplied by what has arrived at z.",
                {"dL_db": lambda: 1},
            ),
            not_swapped("dL_dw", "dL_dz", "w", "x"),
            bias_gets_x,
            rounded_early(3),
        ],
        hints=[
            "With the label 0 only one of the two terms is left. Which one? Then walk back, one slope at a time.",
            "L = −ln(1 − a), so dL/da = 1 / (1 − a); da/dz = a(1 − a). What cancels in their product?",
            "L = −ln(1 − a) = {L}; dL/da = 1/(1 − a) = {dL_da}; da/dz = a(1 − a) = {da_dz};"
            " dL/dz = {dL_da} · {da_dz} = {dL_dz}, which is a; dL/dw = {dL_dz} · 2 = {dL_dw}; dL/db = {dL_db}.",
        ],
    ),
    FunctionExercise(
        "06.check.way-back",
        "A function of a and y that returns dL/da, da/dz and dL/dz of a sigmoid neuron with binary cross-entropy.",
        steps=way_back,
        asks="all_three",
        probes=[{"a": 0.8, "y": 1.0}, {"a": 0.3, "y": 0.0}, {"a": 0.6, "y": 0.25}],
        mistakes=[
            *wrong_slope(*the_squares_slope, lambda a, y: a - y),
            slope_twice,
            forgot_slope("dL_dz", keeps="dL_da"),
            *wrong_slope(
                "sign of dL/da flipped",
                "if the sign of dL/da is turned round",
                "Where the label is 1, the loss falls as a grows.",
                lambda a, y: y / a - (1 - y) / (1 - a),
            ),
            sign_flipped("dL_dz", "The two factors cancel to the prediction minus the target, in this order."),
            *wrong_slope(
                "sign of the first term",
                "if the minus of the first term is lost",
                "The loss has a minus in front of both terms. In the first one it stays: −y/a.",
                lambda a, y: y / a + (1 - y) / (1 - a),
            ),
            *wrong_slope(
                "labels left out",
                "if the factors y and 1 − y are left out",
                "y and 1 − y are numbers in front of the two logarithms, and they stay there.",
                lambda a, y: -1 / a + 1 / (1 - a),
            ),
            *wrong_slope(
                "the loss for its slope",
                "if the loss itself is taken for dL/da",
                "Asked is its slope by a: ln u has the slope 1/u.",
                lambda a, y: -(y * log(a) + (1 - y) * log(1 - a)),
            ),
            *wrong_slope(
                "brackets of the denominator",
                "if (a − y) / a * (1 - a) is written, which multiplies by 1 − a",
                "Both a and 1 − a stand below the line: (a - y) / (a * (1 - a)).",
                lambda a, y: (a - y) / a * (1 - a),
            ),
            *wrong_sigma("σ's value taken for da/dz", "if a itself is taken for the slope of σ", lambda a: a),
            *wrong_sigma("only 1 − a in da/dz", "if only 1 − a is taken for the slope of σ", lambda a: 1 - a),
            *wrong_sigma("sign of da/dz flipped", "if the sign of da/dz is turned round", lambda a: a * (a - 1)),
            *wrong_sigma(
                "σ applied twice",
                "if σ is applied to a once more",
                lambda a: sigmoid(a) * (1 - sigmoid(a)),
            ),
            *wrong_sigma("slope of tanh", "if 1 − a², the slope of tanh, is taken", lambda a: 1 - a * a),
            *wrong_slope(
                "second term left out",
                "if only −y/a is kept",
                "With the label 1 this is all there is. With any other label the second term counts as well.",
                lambda a, y: -y / a,
            ),
            *wrong_slope(
                "sign of the second term",
                "if the second term is given a minus too",
                "ln(1 − a) has the inner slope −1, which turns the sign of the second term round.",
                lambda a, y: -y / a - (1 - y) / (1 - a),
            ),
            *wrong_slope(
                "one of the two cases",
                "if only one of the two terms is used for a label between 0 and 1",
                "With such a label both terms count, each by its factor, y and 1 − y.",
                lambda a, y: -1 / a if y == 1 else 1 / (1 - a),
            ),
        ],
        hints=[
            "The loss has two terms. Give each its slope by a, and add them. Then the slope of σ, then the product.",
            "ln u has the slope 1/u times the slope of u, which for u = 1 − a brings a minus. The factors y and 1 − y"
            " are numbers and stay. The slope of σ is written with its output.",
            "`dL_da = -y / a + (1 - y) / (1 - a)`, `da_dz = a * (1 - a)`, `dL_dz = dL_da * da_dz`, which is `a - y`.",
        ],
    ),
    Exercise(
        "06.check.softmax",
        "Three classes with the logits z0, z1 and z2: softmax and cross-entropy, and the second class is the true one.",
        steps=classes,
        asks=("p0", "p1", "p2", "dL_dz0", "dL_dz1", "dL_dz2"),
        given={"z0": 2, "z1": 1, "z2": -1},
        mistakes=[
            Mistake(
                "not divided by the sum",
                "if the powers are not divided by their sum",
                "Probabilities add up to 1.",
                {"p0": lambda z0: exp(z0), "p1": lambda z1: exp(z1), "p2": lambda z2: exp(z2)},
            ),
            Mistake(
                "softmax entry by entry",
                "if softmax is treated like a sigmoid, entry by entry",
                "A nudge of one logit changes all three probabilities, so the other two classes hear of the error too.",
                {"dL_dz0": lambda: 0, "dL_dz2": lambda: 0},
            ),
            Mistake(
                "label forgotten",
                "if the label is not subtracted",
                "A larger logit at the true class makes the loss smaller, so the gradient there is negative.",
                {"dL_dz1": lambda p1: p1},
            ),
            Mistake(
                "the first class taken",
                "if the first class is taken for the true one",
                "The second class is the true one, so its label is 1 and the others are 0.",
                {"dL_dz0": lambda p0: p0 - 1, "dL_dz1": lambda p1: p1},
            ),
            Mistake(
                "the third class taken",
                "if the third class is taken for the true one",
                "The second class is the true one, so its label is 1 and the others are 0.",
                {"dL_dz1": lambda p1: p1, "dL_dz2": lambda p2: p2 - 1},
            ),
            Mistake(
                "a sigmoid for each",
                "if each logit goes through a sigmoid of its own",
                "Softmax divides the power of each logit by the sum of all three.",
                {
                    "p0": lambda z0: sigmoid(z0),
                    "p1": lambda z1: sigmoid(z1),
                    "p2": lambda z2: sigmoid(z2),
                },
            ),
            Mistake(
                "logits divided by their sum",
                "if the logits themselves are divided by their sum",
                "First e is raised to the power of each, which makes them positive.",
                {
                    "p0": lambda z0, z1, z2: z0 / (z0 + z1 + z2),
                    "p1": lambda z0, z1, z2: z1 / (z0 + z1 + z2),
                    "p2": lambda z0, z1, z2: z2 / (z0 + z1 + z2),
                },
            ),
            Mistake(
                "minus of the third logit lost",
                "if e is taken in the place of e^−1",
                "The third logit is −1.",
                {
                    "powers": lambda z0, z1, z2: exp(z0) + exp(z1) + exp(-z2),
                    "p2": lambda z2, powers: exp(-z2) / powers,
                },
            ),
            Mistake(
                "1/p forgotten",
                "if the factor −1/p of the loss is left out",
                "That is the slope of the true class's probability by each logit, a row of the Jacobian.",
                {
                    "dL_dz0": lambda p0, p1: -p1 * p0,
                    "dL_dz1": lambda p1: p1 * (1 - p1),
                    "dL_dz2": lambda p1, p2: -p1 * p2,
                },
            ),
            Mistake(
                "divided by the classes",
                "if it is divided by the number of classes",
                "The loss has one term, that of the true class: it is no mean.",
                {
                    "dL_dz0": lambda p0: p0 / 3,
                    "dL_dz1": lambda p1: (p1 - 1) / 3,
                    "dL_dz2": lambda p2: p2 / 3,
                },
            ),
            Mistake(
                "stopped at the probabilities",
                "if the way back stops at the probabilities",
                "That is dL/dp. One step further, through softmax, are the logits.",
                {"dL_dz1": lambda p1: -1 / p1},
            ),
            Mistake(
                "slope multiplied in again",
                "if p(1 − p) is multiplied in once more",
                "p − y is what is left after the slopes have cancelled; it is dL/dz already.",
                {
                    "dL_dz0": lambda p0: p0 * p0 * (1 - p0),
                    "dL_dz1": lambda p1: (p1 - 1) * p1 * (1 - p1),
                    "dL_dz2": lambda p2: p2 * p2 * (1 - p2),
                },
            ),
            sign_flipped("dL_dz0", "Where a wrong class has more, the true one has less, and the loss is larger."),
            sign_flipped("dL_dz1", "A larger logit at the true class makes the loss smaller."),
            sign_flipped("dL_dz2", "Where a wrong class has more, the true one has less, and the loss is larger."),
        ],
        hints=[
            "First the probabilities: e to the power of each logit, divided by the sum of the three.",
            "The powers add up to {powers}. The gradient is p minus the one-hot label; what do its entries add up to?",
            "e^2 + e + e^−1 = {powers}; p = 7.389056/{powers}, 2.718282/{powers}, 0.367879/{powers} = {p0}, {p1}, {p2},"
            " and ∂L/∂z = p − (0, 1, 0) = {dL_dz0}, {dL_dz1}, {dL_dz2}.",
        ],
    ),
    LayerExercise(
        "06.check.network",
        "The 2–3–1 network with the label 0: ReLU, sigmoid and binary cross-entropy. All gradients.",
        loss=network,
        given={
            "x": np.array([1.0, 0.5]),
            "W1": np.array([[0.2, 0.3], [0.4, -0.2], [-0.3, 0.2]]),
            "b1": np.array([0.1, 0.1, 0.1]),
            "W2": np.array([[0.1, 0.2, -0.5]]),
            "b2": np.array([0.1]),
            "y": np.array([0.0]),
        },
        asks=("W1", "b1", "W2", "b2"),
        hints=[
            "The forward pass up to a2 = 0.556014 is the one you know. Which is the first number that is another one?",
            "δ2 = a2 − y, now with y = 0. Then δ2 · a1 for W2; W2ᵀ · δ2, through the ReLU, is δ1; δ1 times x for W1.",
            "dL/db2 = δ2 = a2 − 0 = {dL_dz2}; times a1 = {a1}, dL/dW2 = {dL_dW2}; with W2ᵀ, dL/da1 = {dL_da1}; the"
            " third neuron is closed, so dL/db1 = δ1 = {dL_db1}; times x, dL/dW1 = {dL_dW1}.",
        ],
        slips=[
            *first_layer_slips("z1", "a1"),
            second_bias,
            Slip(
                "the label of the text",
                "the label is still 1",
                "The label is 0 now, so δ2 is a2 − 0.",
                lambda at: at(y=np.ones_like(at()["y"])),
            ),
            Slip(
                "1 − a taken",
                "1 − a2 is taken for δ2",
                "δ2 is a2 − y, with the label 0 in the place of y. The other label and the other order give 1 − a2.",
                lambda at: {name: -value for name, value in at(y=np.ones_like(at()["y"])).items() if "dL_d" in name},
            ),
            Slip(
                "first layer of the text",
                "the first layer's gradients of the text are kept",
                "They are made from δ2, and δ2 is another number now.",
                lambda at: {name: at(y=np.ones_like(at()["y"]))[name] for name in ("dL_dW1", "dL_db1")},
            ),
            Slip(
                "no ReLU",
                "the ReLU is left out, forward and back",
                "A sum below zero gives out 0, and nothing comes back through it.",
                lambda at: at(loss=lambda **values: network(**values, hidden=lambda z1: z1 * 1)),
            ),
        ],
    ),
    LayerExercise(
        "06.check.repair",
        "A backward pass for the mean squared error, mean of (a2 − y)², of two sigmoid layers in rows.",
        loss=rows,
        given={
            "X": np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
            "y": np.array([[0.0], [1.0], [1.0], [0.0]]),
            "W1": np.array([[1.0, -1.0, 0.5], [0.5, 1.0, -1.0]]),
            "b1": np.zeros(3),
            "W2": np.array([[1.0], [-1.0], [0.5]]),
            "b2": np.zeros(1),
        },
        asks=("W1", "b1", "W2", "b2"),
        probes=[
            {
                "X": np.array([[0.5, -1.0], [1.5, 0.25], [-1.0, 2.0]]),
                "y": np.array([[1.0], [0.0], [1.0]]),
                "b1": np.array([0.1, -0.3, 0.2]),
                "b2": np.array([0.4]),
            }
        ],
        hints=[
            "Only the first line of the way back, delta2, knows about the loss. What is the slope of (a2 − y)² by a2?",
            "Two slopes lie between the loss and z2, that of the square and that of the sigmoid. What is there of each"
            " in the line, and what is missing?",
            "The square has the slope 2(a2 − y), and from a2 to z2 the sigmoid has the slope a2(1 − a2):"
            " `delta2 = 2 * (a2 - y) * a2 * (1 - a2) / len(X)`, and everything else stays.",
        ],
        slips=[
            begins_slip(
                "halved",
                "the numbers of the program are only halved",
                lambda a2, y: (a2 - y) / 2,
            ),
            begins_slip("a2 for the slope", "a2 alone is taken for the slope of σ", lambda a2, y: 2 * (a2 - y) * a2),
            begins_slip(
                "1 − a2 for the slope",
                "1 − a2 alone is taken for the slope of σ",
                lambda a2, y: 2 * (a2 - y) * (1 - a2),
            ),
            begins_slip(
                "divided by the slope",
                "the slope of σ is divided by, as in the slope of cross-entropy",
                lambda a2, y: 2 * (a2 - y) / (a2 * (1 - a2)),
            ),
            begins_slip(
                "the square for its slope", "the square itself is taken for its slope", lambda a2, y: (a2 - y) ** 2
            ),
            begins_slip(
                "the square for its slope",
                "the square itself is taken for its slope",
                lambda a2, y: (a2 - y) ** 2 * a2 * (1 - a2),
            ),
            begins_slip(
                "brackets of 1 − a2",
                "the brackets around 1 - a2 are left out",
                lambda a2, y: 2 * (a2 - y) * a2 * len(a2) - a2,
            ),
        ],
    ),
    FunctionExercise(
        "06.check.log-sum-exp",
        "A function of an array z that returns ln Σ e^z, for logits of any size.",
        steps=log_sum_exp,
        asks="total",
        probes=[
            {"z": np.array([2.0, 1.0, -1.0])},
            {"z": np.array([1000.0, 1001.0, 1002.0])},
            {"z": np.array([-1000.0, -1001.0])},
            {"z": np.array([1000.0, -1000.0, 0.0])},
        ],
        mistakes=[
            Mistake(
                "largest logit not added back",
                "if the largest logit is taken out of the sum and not added again",
                "e^m is a factor that was taken out of the sum; its logarithm is m.",
                {"total": lambda rest: rest},
            ),
            Mistake(
                "largest logit subtracted",
                "if the largest logit is subtracted in the end and not added",
                "e^m was taken out of the sum as a factor, and the logarithm of a product is a sum: + m.",
                {"total": lambda largest, rest: rest - largest},
            ),
            Mistake(
                "logarithm forgotten",
                "if the logarithm of the sum is forgotten",
                "The shifted sum still has to go through ln.",
                {"rest": lambda z, largest: np.sum(np.exp(z - largest))},
            ),
            Mistake(
                "multiplied",
                "if the largest logit and the logarithm are multiplied",
                "The logarithm of a product is the sum of the logarithms.",
                {"total": lambda largest, rest: largest * rest},
            ),
            Mistake(
                "sum of the logarithms",
                "if each power goes through its own logarithm before they are added",
                "ln undoes e^z there, and what is left is the sum of the logits. First the sum, then ln.",
                {"total": lambda z: np.sum(z)},
            ),
            Mistake(
                "another logarithm",
                "if the logarithm to the base 2 is taken",
                "ln is the natural logarithm, `np.log`.",
                {"rest": lambda z, largest: np.log2(np.sum(np.exp(z - largest)))},
            ),
            Mistake(
                "another logarithm",
                "if the logarithm to the base 10 is taken",
                "ln is the natural logarithm, `np.log`.",
                {"rest": lambda z, largest: np.log10(np.sum(np.exp(z - largest)))},
            ),
            Mistake(
                "1 added once more",
                "if `log1p` is taken",
                "`log1p(u)` is ln(1 + u). The sum has the 1 of the largest logit already.",
                {"rest": lambda z, largest: np.log1p(np.sum(np.exp(z - largest)))},
            ),
            Mistake(
                "the largest logit only",
                "if the largest logit is taken for the whole sum",
                "It is most of it. The rest is ln of the shifted sum, which is at least ln 1.",
                {"total": lambda largest: largest},
            ),
        ],
        hints=[
            "e^1002 is too large for the computer. Which factor can be taken out of all terms of the sum?",
            "Σ e^z = e^m · Σ e^(z − m). With m the largest logit, no term of the new sum is larger than 1.",
            "`m = z.max()` and `return m + np.log(np.sum(np.exp(z - m)))`",
        ],
    ),
]


def _deepest(z: float) -> str | None:
    """None where z is −ln 2 to one decimal: there (1 − a)·a·(1 − a) is largest."""
    if abs(z + log(2)) <= 0.06:
        return None
    a = sigmoid(z) if abs(z) < 700 else float(z > 0)
    side = "left" if z > -log(2) else "right"
    return f"the gradient there is {(a - 1) * a * (1 - a):.4f}; further to the {side} it is larger, its sign aside."


def _soft(z: float) -> str | None:
    """None where σ(z) is 0.3 to within 0.02."""
    a = 1 / (1 + exp(-z)) if abs(z) < 700 else float(z > 0)
    if abs(a - 0.3) <= 0.02:
        return None
    return f"there a = {a:.4f}, and the gradient is a − 0.3 = {a - 0.3:.4f}."


quizzes = {
    "06.gate": Quiz(
        [
            Question(
                "06.gate.1",
                "a = σ(z), and L is the binary cross-entropy of a and y. What is dL/dz?",
                [
                    wrong("(a − y) · a(1 − a)", "This belongs to ½(a − y)²."),
                    right("a − y", "The slope of σ and the denominator of the loss cancel."),
                    wrong("−y/a + (1 − y)/(1 − a)", "This is dL/da; one more step leads to z."),
                ],
            ),
            Question(
                "06.gate.2",
                "a = σ(z) with z = −9, the target is 1, and L = ½(a − y)². About how large is dL/dz?",
                [
                    wrong("−1", "That is the error. The slope of σ, 0.0001 out there, is a factor too."),
                    wrong("+1", "The loss falls as z grows, so the gradient is negative."),
                    right("−0.0001", "The error −1 times the slope of the flat sigmoid."),
                ],
            ),
        ]
    ),
    "06.quiz": Quiz(
        [
            Question(
                "06.quiz.1",
                "The label is 1 and a = 0.001. With binary cross-entropy, what are dL/da and dL/dz?",
                [
                    right("−1000 and −0.999", "−1/a, and then a − y."),
                    wrong("−0.999 and −0.999", "The first is −1/a; only the second is a − y."),
                    wrong("−1000 and −1000", "On the way to z the slope of σ, 0.000999, is a factor."),
                ],
            ),
            Question(
                "06.quiz.2",
                "A program says “squared error”, has a sigmoid at its end, and begins its way back with dz = a − y."
                " What happens?",
                [
                    wrong("It stops with an error.", "All shapes fit, and it even learns."),
                    wrong(
                        "Nothing: the missing factor is only a matter of the learning rate.",
                        "The factor 2σ′(z) is another one for every example, so no learning rate makes up for it.",
                    ),
                    right(
                        "It trains with the gradient of cross-entropy, and not with that of the loss it reports.",
                        "a − y is the delta of cross-entropy; the squared error needs σ′(z) as well.",
                    ),
                ],
            ),
            Question(
                "06.quiz.3",
                "Softmax over three classes. One logit grows a little. Which probabilities change?",
                [
                    wrong("only its own", "They add up to 1, so the others must make room."),
                    right("all three", "Its own grows, the others fall: the whole Jacobian takes part."),
                    wrong("none, they still add up to 1", "The sum stays; the shares do not."),
                ],
            ),
            Question(
                "06.quiz.4",
                "z = −1000 and the label is 1. Which of these gives the loss 1000 and the gradient −1?",
                [
                    wrong("−ln σ(z) as it stands", "σ(z) is 0 to the computer, and ln 0 is −∞."),
                    wrong(
                        "σ(z) clipped to at least 10⁻¹⁵, and then −ln",
                        "The loss stops at 34.5, and where it is clipped its gradient is 0.",
                    ),
                    right("max(z, 0) − z·y + ln(1 + e^−|z|)", "It is made from the logit and overflows nowhere."),
                ],
            ),
        ]
    ),
}
