"""Gradient checking and debugging."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import functional as F
from ...diagnosis import BUG_ZOO
from ...figures.gradient_checks import CURVES, SMALLEST, measured, step_of, step_text
from ...figures.sketch import power as superscript
from ...tensor import Tensor
from ..exercises import Exercise, FunctionExercise, Target, Task
from ..gradient_exercises import GradientExercise
from ..quizzes import Question, Quiz, right, wrong
from ..steps import Mistake, Steps

by_hand: Steps = {
    "true_slope": lambda x: 3 * x**2,
    "above": lambda x, eps: (x + eps) ** 3,
    "below": lambda x, eps: (x - eps) ** 3,
    "one_sided": lambda above, x, eps: (above - x**3) / eps,
    "centred": lambda above, below, eps: (above - below) / (2 * eps),
    "relative_error": lambda centred, true_slope: abs(centred - true_slope) / np.maximum(abs(centred), abs(true_slope)),
}


def _relative(claimed: Any, measured: Any, size: Any) -> float:
    """The largest of |claimed − measured| / size over the entries; an entry where both are zero counts as 0."""
    difference, size = abs(np.asarray(claimed) - measured), np.asarray(size)
    return float(np.max(np.divide(difference, size, out=np.zeros_like(difference), where=size > 0)))


def _by_lengths(claimed: Any, measured: Any) -> float:
    """|claimed − measured| / (|claimed| + |measured|) with the lengths of the whole arrays."""
    return float(np.linalg.norm(claimed - measured) / (np.linalg.norm(claimed) + np.linalg.norm(measured)))


def _by_the_larger(claimed: Any, measured: Any) -> float:
    """|claimed − measured| by the larger of the two numbers, with their signs; the largest over the entries."""
    size = np.maximum(claimed, measured)
    return float(np.max(abs(claimed - measured) / np.where(size == 0, 1, size)))


def _added_below(power: int) -> Mistake:
    """A tiny number in the denominator, 10 to the minus `power`."""
    return Mistake(
        "a small number added below",
        f"if 10{superscript(-power)} is added to the size, to keep it from being 0",
        "That shifts the error of small entries. Divide by the size itself, and by 1 where it is 0.",
        {
            "error": lambda claimed, measured: _relative(
                claimed, measured, np.maximum(abs(claimed), abs(measured)) + 10.0**-power
            )
        },
    )


relative_error: Steps = {
    "error": lambda claimed, measured: _relative(claimed, measured, np.maximum(abs(claimed), abs(measured))),
}


# ---- networks with a patient each ----------------------------------------------------------------------------------


def three_classes(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Tensor:
    """ReLU, softmax and cross-entropy, examples in rows."""
    z1 = X @ W1 + b1
    a1 = F.relu(z1)
    z2 = a1 @ W2 + b2
    z1.name, a1.name, z2.name = "z1", "a1", "z2"
    return F.cross_entropy(z2, y)


def tanh_and_sigmoid(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Tensor:
    """tanh, sigmoid and mean squared error, examples in rows."""
    z1 = X @ W1 + b1
    a1 = F.tanh(z1)
    z2 = a1 @ W2 + b2
    a2 = F.sigmoid(z2)
    z1.name, a1.name, z2.name, a2.name = "z1", "a1", "z2", "a2"
    return F.mean_squared_error(a2, y)


def two_sigmoids(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Tensor:
    """Two sigmoid layers with binary cross-entropy, examples in rows."""
    z1 = X @ W1 + b1
    a1 = F.sigmoid(z1)
    z2 = a1 @ W2 + b2
    a2 = F.sigmoid(z2)
    z1.name, a1.name, z2.name, a2.name = "z1", "a1", "z2", "a2"
    return F.binary_cross_entropy(a2, y)


def around_the_block(X: Any, y: Any, U: Any, W: Any, V: Any) -> Tensor:
    """A tanh layer, a square layer with a way around it, and a mean squared error."""
    h = F.tanh(X @ U)
    z = h @ W
    d = F.tanh(z)
    s = h + d
    out = s @ V
    h.name, z.name, d.name, s.name, out.name = "h", "z", "d", "s", "out"
    return F.mean_squared_error(out, y)


# The values are those of suggest_probe for these shapes, but for the targets of the last one.
points = np.array([[1.2, -1.22], [0.93, 0.77], [-0.46, -0.17], [0.14, 0.52], [-0.35, 0.21]])

for_three_classes = {
    "X": points,
    "y": np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]),
    "W1": np.array([[1.04, -0.74, -0.83, 1.28], [-0.21, -0.6, 1.06, 1.36]]),
    "b1": np.array([-1.25, 0.18, 0.63, -0.23]),
    "W2": np.array([[1.3, 1.24, 1.07], [-0.55, 0.85, 1.16], [-0.42, -0.96, 1.18], [-0.31, 0.71, 0.19]]),
    "b2": np.array([0.67, -1.14, -1.37]),
}
for_tanh = {
    "X": points,
    "y": np.array([[0.36], [0.81], [0.31], [0.28], [0.67]]),
    "W1": np.array([[0.27, 0.99, 0.13, 0.94], [0.97, -0.45, 1.16, -0.81]]),
    "b1": np.array([-0.83, 1.26, 0.88, -1.09]),
    "W2": np.array([[0.83], [1.04], [1.36], [-0.6]]),
    "b2": np.array([-1.15]),
}
for_the_block = {
    "X": points,
    "y": np.array([[0.67], [0.6], [0.14], [0.17], [0.4]]),
    "U": np.array([[0.28, 1.01, -0.99], [0.13, 0.46, 0.82]]),
    "W": np.array([[1.01, 1.19, -1.09], [1.47, 0.29, -0.89], [-1.04, 0.63, 1.27]]),
    "V": np.array([[1.15], [-0.79], [-0.57]]),
}
for_two_sigmoids = {
    "X": np.array([[1.22, 0.22], [0.14, 0.78], [0.53, -0.47], [0.17, 0.94]]),
    "y": np.array([[1.0], [0.0], [0.0], [1.0]]),
    "W1": np.array([[0.83, 0.69, 0.52], [-0.76, 0.14, 0.22]]),
    "b1": np.array([-0.63, 0.74, 1.47]),
    "W2": np.array([[1.25], [-0.98], [1.06]]),
    "b2": np.array([1.1]),
}


# ---- what there is to find -----------------------------------------------------------------------------------------


def _not_on_the_slider(k: float) -> str | None:
    """What to say to a number that is no position of the slider, such as the step itself."""
    if 0 < k < 0.25:
        return "this looks like the step ε itself. Asked for is k, where ε = 10⁻ᵏ: for ε = 0.01 that is 2."
    if not 0 <= k <= SMALLEST:
        return f"k goes from 0 to {SMALLEST:g}, and the step is ε = 10⁻ᵏ."
    return None


def _k_error(k: float, name: str, precision: str) -> float:
    return measured(CURVES[name], "centred", precision, step_of(k)).relative_error


def _not_deep(k: float) -> str | None:
    if no_position := _not_on_the_slider(k):
        return no_position
    error = _k_error(k, "neuron's loss", "float64")
    if error < 1e-9:
        return None
    return f"with ε = {step_text(step_of(k))} the relative error is about {error:.0e}, still above 1e-09."


def _not_deep_in_float32(k: float) -> str | None:
    if no_position := _not_on_the_slider(k):
        return no_position
    error = _k_error(k, "x³ at 2", "float32")
    if error < 1e-4:
        return None
    return f"with ε = {step_text(step_of(k))} the relative error is about {error:.0e} in float32, still above 1e-04."


def _not_the_last(k: float) -> str | None:
    """None at the largest k whose step still reaches the kink."""
    if no_position := _not_on_the_slider(k):
        return no_position
    here, next_one = (_k_error(at, "ReLU at 0.001", "float64") > 0.01 for at in (k, k + 0.5))
    if here and not next_one:
        return None
    if here:
        return f"with ε = {step_text(step_of(k))} the slope is wrong, but one step of the slider further it still is."
    if _k_error(k, "ReLU at 0.001", "float64") > 1e-7:
        return f"with ε = {step_text(step_of(k))} the corner is out of reach. What is still off there is rounding."
    return f"with ε = {step_text(step_of(k))} the measured slope is right already."


_zoo = {specimen.label: specimen for specimen in BUG_ZOO}


def _wrong_entries(label: str) -> int:
    claimed, true = _zoo[label].gradients(), _zoo[label].true_gradients()
    return sum(int(np.sum(~np.isclose(claimed[name], true[name], rtol=1e-6, atol=1e-12))) for name in true)


in_the_zoo: Steps = {
    "factor_E": lambda: float(_zoo["E"].gradients()["b2"][0] / _zoo["E"].true_gradients()["b2"][0]),
    "wrong_F": lambda: _wrong_entries("F"),
    "zeros_C": lambda: sum(int(np.sum(gradient == 0)) for gradient in _zoo["C"].gradients().values()),
}

exercises: list[Task] = [
    Target(
        "07.check.bottom",
        "A k for which the centred slope of the neuron's loss, in float64, has a relative error below 1e-09.",
        meets=lambda k: _not_deep(k),
        example=lambda: 5.0,
        given={},
        hints=[
            "Both a large and a small step are worse. Look for the bottom of the solid curve, and stand on it.",
            "The bend's part of the error falls a hundredfold with each k. From which k on does rounding take over?",
            "k = {example}, that is ε = 10⁻⁵.",
        ],
    ),
    Target(
        "07.check.float32",
        "A k for which the centred slope of x³ has a relative error below 1e-04, with all numbers in float32.",
        meets=lambda k: _not_deep_in_float32(k),
        example=lambda: 2.0,
        given={},
        hints=[
            "Choose float32 and look where the valley has gone.",
            "float32 has 7 digits. A step must be large enough to leave most of them in the difference.",
            "k = {example}, that is ε = 0.01; a step of 10⁻⁵ is far too small here.",
        ],
    ),
    Target(
        "07.check.reach",
        "ReLU at 0.001, centred, float64: the largest k at which the corner still spoils the measured slope.",
        meets=lambda k: _not_the_last(k),
        example=lambda: 2.5,
        given={},
        hints=[
            "The true slope is 1. Start with k = 1, go on in half steps, and watch the measured slope.",
            "The step to the left must not get past the corner at 0. How far away is that?",
            "k = {example}, that is ε = 0.003: x − ε = −0.002 lies beyond the corner. With ε = 0.001 it lies on it.",
        ],
    ),
    Exercise(
        "07.check.zoo",
        "Three figures from the Bug Zoo: how many times the true gradient is what E claims; in how many entries of F"
        " claimed and true differ; how many of the numbers that C claims are 0.",
        steps=in_the_zoo,
        asks=("factor_E", "wrong_F", "zeros_C"),
        given={},
        mistakes=[
            Mistake(
                "residual over true",
                "if the residual is divided by the true gradient",
                "The residual is claimed − true: divide what is claimed.",
                {"factor_E": lambda: float(_zoo["E"].residual()["b2"][0] / _zoo["E"].true_gradients()["b2"][0])},
            ),
            Mistake(
                "true over claimed",
                "if the true gradient is divided by the claimed one",
                "How many times the true gradient is claimed: divide the claimed one by the true one.",
                {"factor_E": lambda factor_E: 1 / factor_E},
            ),
            Mistake(
                "b1 only",
                "if only b1 is counted",
                "There is a second bias, b2.",
                {"wrong_F": lambda: 5},
            ),
            Mistake(
                "b2 only",
                "if only b2 is counted",
                "There is another bias, b1, and it has more than one entry.",
                {"wrong_F": lambda: 1},
            ),
            Mistake(
                "right entries counted",
                "if the right entries are counted",
                "An entry with the residual 0 is right. Count the others.",
                {"wrong_F": lambda: 15},
            ),
            Mistake(
                "residuals of 0 counted",
                "if the entries with the residual 0 are counted",
                "Those entries are right, and what they claim is not 0. Look at the column of what C claims.",
                {"zeros_C": lambda: 6},
            ),
            Mistake(
                "W1 only",
                "if only the zeros in W1 are counted",
                "Read the table to its end: W1 is not the only one for which C claims zeros.",
                {"zeros_C": lambda: int(np.sum(_zoo["C"].gradients()["W1"] == 0))},
            ),
            Mistake(
                "b1 alone",
                "if only the zeros in b1 are counted",
                "Read the table from its beginning: b1 is not the only one for which C claims zeros.",
                {"zeros_C": lambda: int(np.sum(_zoo["C"].gradients()["b1"] == 0))},
            ),
        ],
        hints=[
            "Below the picture there is a table of claimed and true, entry by entry, to be opened.",
            "E: divide any claimed entry by the true one. F: count the entries in which the two columns differ. C:"
            " count the zeros among the claimed ones, not those in the map of claimed − true.",
            "E claims {factor_E} times the true gradient, F has {wrong_F} wrong entries, and C claims {zeros_C} zeros.",
        ],
    ),
    Exercise(
        "07.check.by-hand",
        "f(x) = x³ at x = 1 with ε = 0.2. The two measured slopes, and the relative error of the centred one.",
        steps=by_hand,
        asks=("one_sided", "centred", "relative_error"),
        given={"x": 1.0, "eps": 0.2},
        mistakes=[
            Mistake(
                "divided by ε instead of 2ε",
                "if the centred difference is divided by ε",
                "From x − ε to x + ε is a distance of 2ε.",
                {"centred": lambda above, below, eps: (above - below) / eps},
            ),
            Mistake(
                "divided by 2 instead of 2ε",
                "if the centred difference is divided by 2",
                "From x − ε to x + ε is a distance of 2ε, with ε = 0.2.",
                {"centred": lambda above, below: (above - below) / 2},
            ),
            Mistake(
                "one-sided to the left",
                "if the step is taken to the left",
                "One-sided here: f(x + ε) − f(x), divided by ε.",
                {"one_sided": lambda below, x, eps: (x**3 - below) / eps},
            ),
            Mistake(
                "divided by 2ε instead of ε",
                "if the one-sided difference is divided by 2ε",
                "From x to x + ε is a distance of ε only.",
                {"one_sided": lambda above, x, eps: (above - x**3) / (2 * eps)},
            ),
            Mistake(
                "f(x) not subtracted",
                "if f(x + ε) itself is divided by the step",
                "A slope is the change of f for each unit of x: take f(x) away first.",
                {"one_sided": lambda above, eps: above / eps},
            ),
            Mistake(
                "not divided",
                "if the difference is not divided by the step",
                "A slope is a ratio: the change of f for each unit of x.",
                {"one_sided": lambda above, x: above - x**3, "centred": lambda above, below: above - below},
            ),
            Mistake(
                "absolute error",
                "if the difference is not divided by anything",
                "Relative: divide by the larger of the two sizes.",
                {"relative_error": lambda centred, true_slope: abs(centred - true_slope)},
            ),
            Mistake(
                "divided by the smaller",
                "if it is divided by the smaller of the two",
                "Divide by the larger of the two sizes.",
                {"relative_error": lambda centred, true_slope: abs(centred - true_slope) / true_slope},
            ),
            Mistake(
                "divided by the sum",
                "if it is divided by the sum of the two",
                "Some texts do so; then the thresholds are half as large. Here it is the larger of the two.",
                {"relative_error": lambda centred, true_slope: abs(centred - true_slope) / (centred + true_slope)},
            ),
            Mistake(
                "error of the one-sided slope",
                "if the error of the one-sided slope is taken",
                "Asked for is the error of the centred one.",
                {"relative_error": lambda one_sided, true_slope: abs(one_sided - true_slope) / one_sided},
            ),
        ],
        hints=[
            "You need 1.2³ = 1.728 and 0.8³ = 0.512.",
            "One-sided: how much f grows from x to x + ε, divided by ε. Centred: from x − ε to x + ε, divided by 2ε."
            " The true slope is 3x².",
            "(1.728 − 1) / 0.2 = {one_sided}; (1.728 − 0.512) / 0.4 = {centred};"
            " and (3.04 − 3) / 3.04 = {relative_error}.",
        ],
    ),
    FunctionExercise(
        "07.check.relative-error",
        "A function that returns the largest relative error over all entries of two arrays of the same shape.",
        steps=relative_error,
        asks="error",
        probes=[
            {"claimed": np.array([1.0, -2.0, 4.0]), "measured": np.array([1.0, -2.5, 4.0])},
            {"claimed": np.array([2e-6, 1.0]), "measured": np.array([1e-6, 1.0])},
            {"claimed": np.array([[0.5, 0.0], [-0.25, 3.0]]), "measured": np.array([[0.5, 0.0], [0.25, 3.0]])},
            {"claimed": np.array([1.0, 4.0, -3.0]), "measured": np.array([1.25, 4.0, -2.0])},
        ],
        mistakes=[
            Mistake(
                "absolute error",
                "if the difference is not divided by the size of the entry",
                "A difference of 10⁻⁶ is nothing beside 1, and everything beside 10⁻⁶.",
                {"error": lambda claimed, measured: float(np.max(abs(claimed - measured)))},
            ),
            Mistake(
                "divided by the sum of the two",
                "if it is divided by |claimed| + |measured|",
                "Some texts do so, with thresholds to match. Here it is the larger of the two.",
                {"error": lambda claimed, measured: _relative(claimed, measured, abs(claimed) + abs(measured))},
            ),
            Mistake(
                "divided by the measured one",
                "if it is divided by |measured|",
                "Take the larger of the two sizes: then neither of them alone can make the error look small.",
                {"error": lambda claimed, measured: _relative(claimed, measured, abs(measured))},
            ),
            Mistake(
                "divided by the claimed one",
                "if it is divided by |claimed|",
                "Take the larger of the two sizes: then neither of them alone can make the error look small.",
                {"error": lambda claimed, measured: _relative(claimed, measured, abs(claimed))},
            ),
            Mistake(
                "sign kept",
                "if the difference keeps its sign",
                "A difference below 0 is then never the largest. Take its size, |claimed − measured|.",
                {
                    "error": lambda claimed, measured: _relative(
                        np.maximum(claimed, measured), measured, np.maximum(abs(claimed), abs(measured))
                    )
                },
            ),
            Mistake(
                "sign kept, measured first",
                "if measured − claimed keeps its sign",
                "A difference below 0 is then never the largest. Take its size, |claimed − measured|.",
                {
                    "error": lambda claimed, measured: _relative(
                        np.minimum(claimed, measured), measured, np.maximum(abs(claimed), abs(measured))
                    )
                },
            ),
            Mistake(
                "sizes without the bars",
                "if the larger of the two numbers is taken, and not the larger of their sizes",
                "Of −2 and −2.5 the larger size is 2.5. Take |claimed| and |measured|.",
                {"error": lambda claimed, measured: _by_the_larger(claimed, measured)},
            ),
            Mistake(
                "divided by the smaller one",
                "if it is divided by the smaller of the two sizes",
                "Take the larger of the two sizes: then a number beside 0 gives 1, and not infinity.",
                {
                    "error": lambda claimed, measured: _relative(
                        claimed, measured, np.minimum(abs(claimed), abs(measured))
                    )
                },
            ),
            Mistake(
                "divided by the mean of the two",
                "if it is divided by the mean of the two sizes",
                "Some texts do so, with thresholds to match. Here it is the larger of the two.",
                {"error": lambda claimed, measured: _relative(claimed, measured, (abs(claimed) + abs(measured)) / 2)},
            ),
            Mistake(
                "divided by at least 1",
                "if small entries are divided by 1",
                "For entries below 1 that is the difference itself. Divide by 1 only where both are 0.",
                {
                    "error": lambda claimed, measured: _relative(
                        claimed, measured, np.maximum(np.maximum(abs(claimed), abs(measured)), 1)
                    )
                },
            ),
            *(_added_below(power) for power in range(6, 11)),
            Mistake(
                "lengths of the whole arrays",
                "if the length of the difference is divided by the lengths of both arrays",
                "Some courses do so, with thresholds to match. A small entry that is wrong can hide in it: compare"
                " entry by entry.",
                {"error": lambda claimed, measured: _by_lengths(claimed, measured)},
            ),
            Mistake(
                "divided by the largest entry",
                "if every entry is divided by the largest entry of all",
                "A small entry that is wrong by a factor of 2 must not hide behind a large one.",
                {"error": lambda claimed, measured: float(np.max(abs(claimed - measured)) / np.max(abs(measured)))},
            ),
            Mistake(
                "sum instead of the largest",
                "if the errors of all entries are added up",
                "Many small errors are then as bad as one large one: return the largest.",
                {
                    "error": lambda claimed, measured: sum(
                        _relative(one, other, max(abs(one), abs(other)))
                        for one, other in zip(claimed.ravel(), measured.ravel())
                    )
                },
            ),
            Mistake(
                "mean instead of the largest",
                "if the mean over the entries is returned",
                "One wrong entry among a thousand right ones is still a mistake: return the largest.",
                {
                    "error": lambda claimed, measured: float(
                        np.mean(
                            np.divide(
                                abs(claimed - measured),
                                np.maximum(abs(claimed), abs(measured)),
                                out=np.zeros_like(claimed),
                                where=np.maximum(abs(claimed), abs(measured)) > 0,
                            )
                        )
                    )
                },
            ),
        ],
        hints=[
            "Three things: the differences, the sizes to divide them by, and what to do where both numbers are 0.",
            "`size = np.maximum(abs(claimed), abs(measured))`. Where the size is 0, the difference is 0 as well:"
            " divide by 1 there.",
            "`return np.max(abs(claimed - measured) / np.where(size > 0, size, 1))`",
        ],
    ),
    GradientExercise(
        "07.check.classes",
        "Patient 1: ReLU, softmax and cross-entropy over five examples.",
        loss=three_classes,
        given=for_three_classes,
        asks=("W1", "b1", "W2", "b2"),
        hints=[
            "Read the author's remark again: what does a mean divide by, and what is the slope of a ReLU where z < 0?",
            "Cross-entropy here is a mean over the examples. And which entries of z1 did the ReLU cut off?",
            "`dz2 = (p - y) / len(X)` and `dz1 = dz2 @ W2.T * (z1 > 0)`.",
        ],
    ),
    GradientExercise(
        "07.check.tanh",
        "Patient 2: tanh, sigmoid and mean squared error over five examples.",
        loss=tanh_and_sigmoid,
        given=for_tanh,
        asks=("W1", "b1", "W2", "b2"),
        hints=[
            "Which gradients are right? Whatever they have in common with the wrong ones is right as well.",
            "dW2 is right and db2 is not, though both are made from dz2. And the hidden layer was once a sigmoid.",
            "`dz1 = dz2 @ W2.T * (1 - a1**2)`, and `dz1.sum(axis=0)` and `dz2.sum(axis=0)` for the biases.",
        ],
    ),
    GradientExercise(
        "07.check.loop",
        "Patient 3: two sigmoid layers and binary cross-entropy, with a loop over four examples.",
        loss=two_sigmoids,
        given=for_two_sigmoids,
        asks=("W1", "b1", "W2", "b2"),
        hints=[
            "Walk through the loop with two examples in mind. What is in dW2 after the second?",
            "Every example adds its share, so start at 0 and add. And a1·(1 − a1) is written in a1.",
            "Before the loop `dW1 = db1 = dW2 = db2 = 0`, in it `dW2, db2 = dW2 + np.outer(a1, dz2), db2 + dz2` and"
            " the same for dW1 and db1; and `dz1 = (W2 @ dz2) * a1 * (1 - a1)`.",
        ],
    ),
    GradientExercise(
        "07.check.block",
        "Patient 4: a square layer with a way around it. Asked for are the gradients of U, W and V.",
        loss=around_the_block,
        given=for_the_block,
        asks=("U", "W", "V"),
        hints=[
            "W and V are right, so everything is right up to dz. What lies between dz and dU?",
            "h is used twice: in h @ W and in h + d. What comes back from each use? And which way round is W?",
            "`dh = dz @ W.T + ds`.",
        ],
    ),
]


quizzes = {
    "07.gate": Quiz(
        [
            Question(
                "07.gate.1",
                "L(w + ε) = 0.5002, L(w − ε) = 0.4998, and ε = 0.001. What is the measured slope?",
                [
                    wrong("0.4", "From w − ε to w + ε is a distance of 2ε = 0.002."),
                    right("0.2", "0.0004 / 0.002."),
                    wrong("0.0004", "That is the difference. A slope is divided by the distance."),
                ],
            ),
            Question(
                "07.gate.2",
                "One entry of a gradient: computed 0.000002, measured 0.000001. What do you say?",
                [
                    wrong("Right: they differ by a millionth only.", "Beside 0.000002 a millionth is half of it."),
                    right("Wrong: the relative error is 0.5.", "Errors are judged beside the size of the gradient."),
                    wrong("It cannot be said without the learning rate.", "A gradient is right or wrong without one."),
                ],
            ),
        ]
    ),
    "07.quiz": Quiz(
        [
            Question(
                "07.quiz.1",
                "Why is a centred difference so much better than a one-sided one?",
                [
                    wrong(
                        "Because it takes the mean of two random errors.",
                        "The bend's error is not random: to the left it has the other sign.",
                    ),
                    right(
                        "Because the bend pulls the two sides apart by equal amounts, which cancel.",
                        "What is left shrinks like ε², and no longer like ε.",
                    ),
                    wrong("Because 2ε is a larger step.", "A larger step would make the error of the bend larger."),
                ],
            ),
            Question(
                "07.quiz.2",
                "One of 500 entries has the relative error 0.4, the others are below 10⁻⁸. The network has ReLUs. What"
                " first?",
                [
                    wrong(
                        "Take the mean: it is below 10⁻³, so all is well.",
                        "A mistake in one entry is a mistake. The largest error counts.",
                    ),
                    wrong(
                        "Make ε ten times smaller and hope.", "It may help at a kink, but first know that it is one."
                    ),
                    right(
                        "Measure the slope to either side of that entry, to see whether a kink is in the way.",
                        "If the sides stay apart or only meet for small steps, it is a kink; else it is a mistake.",
                    ),
                ],
            ),
            Question(
                "07.quiz.3",
                "The loss falls, step after step, to a tenth. What does that tell about the gradients?",
                [
                    wrong(
                        "They are right.", "Nine of the twelve specimens of the zoo lower their loss by half or more."
                    ),
                    right(
                        "They point downhill well enough; they may still be wrong.",
                        "Only a measured slope tells whether they are right.",
                    ),
                    wrong(
                        "They are right up to a constant factor.",
                        "In F and G of the zoo only some entries are wrong: no constant explains that, and the loss"
                        " falls.",
                    ),
                ],
            ),
            Question(
                "07.quiz.4",
                "A network has a million parameters. How do you check its backward pass?",
                [
                    wrong(
                        "With two million forward passes, once a day.",
                        "That would be the whole check. The same code is checked on a small network in a moment.",
                    ),
                    right(
                        "The same code with a few neurons, all lengths different and no special values.",
                        "A mistake in the formulas shows there as well, if nothing hides it.",
                    ),
                    wrong("Not at all: it is too large.", "The code does not know how large the network is."),
                ],
            ),
        ]
    ),
}
