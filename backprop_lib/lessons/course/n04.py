"""Two layers by hand."""

from ..exercises import Exercise, Task
from ..mistakes import (
    doubled,
    forgot,
    forgot_slope,
    not_swapped,
    rounded_early,
    sign_flipped,
    slope_at,
    updated_weight,
    uphill,
)
from ..quizzes import Question, Quiz, right, wrong
from ..steps import Mistake, Steps
from .n03 import sigmoid

two_neurons: Steps = {
    "z1": lambda w1, x: w1 * x,
    "h": lambda z1: sigmoid(z1),
    "z2": lambda w2, h: w2 * h,
    "a": lambda z2: sigmoid(z2),
    "L": lambda a, y: (a - y) ** 2 / 2,
    "dL_da": lambda a, y: a - y,
    "da_dz2": lambda a: a * (1 - a),
    "dL_dz2": lambda dL_da, da_dz2: dL_da * da_dz2,
    "dL_dw2": lambda dL_dz2, h: dL_dz2 * h,
    "dL_dh": lambda dL_dz2, w2: dL_dz2 * w2,
    "dh_dz1": lambda h: h * (1 - h),
    "dL_dz1": lambda dL_dh, dh_dz1: dL_dh * dh_dz1,
    "dL_dw1": lambda dL_dz1, x: dL_dz1 * x,
    "new_w1": lambda w1, dL_dw1, rate: w1 - rate * dL_dw1,
    "new_w2": lambda w2, dL_dw2, rate: w2 - rate * dL_dw2,
}

slips = [
    updated_weight("dL_dh", "dL_dz2", "w2", "dL_dw2"),
    sign_flipped("dL_da"),
    doubled("dL_da"),
    forgot_slope("dL_dz2", keeps="dL_da", slope="σ′(z2)"),
    forgot_slope("dL_dz1", keeps="dL_dh", slope="σ′(z1)"),
    forgot("dL_dh", "w2", keeps="dL_dz2"),
    forgot("dL_dw2", "h", keeps="dL_dz2"),
    not_swapped("dL_dh", "dL_dz2", "h", "w2"),
    not_swapped("dL_dw2", "dL_dz2", "w2", "h"),
    slope_at("da_dz2", "z2", lambda z2: z2 * (1 - z2), "a"),
    slope_at("dh_dz1", "z1", lambda z1: z1 * (1 - z1), "h"),
    Mistake(
        "x in the place of h",
        "if dL/dw2 is multiplied by the network's input x",
        "The input of the second neuron is h, what the first one gives out.",
        {"dL_dw2": lambda dL_dz2, x: dL_dz2 * x},
    ),
    rounded_early(3),
]

backward = ("dL_da", "dL_dz2", "dL_dw2", "dL_dh", "dL_dz1", "dL_dw1")
backward_hints = [
    "Six lines, each the line above times one local derivative. Begin at the loss, and keep five digits.",
    ("dL/da = a − y; then · a(1 − a); from z2 the way goes on to w2 (· h) and to h (· w2); then · h(1 − h), then · x."),
    "dL/dz2 = {dL_dz2}, dL/dw2 = {dL_dw2}, dL/dh = {dL_dh}, dL/dz1 = {dL_dz1}, dL/dw1 = {dL_dw1}.",
]

exercises: list[Task] = [
    Exercise(
        "04.check.forward",
        "Two sigmoid neurons in a row: z1 = w1·x, h = σ(z1), z2 = w2·h, a = σ(z2), L = ½(a − y)². Walk forward.",
        steps=two_neurons,
        asks=("z1", "h", "z2", "a", "L"),
        given={"x": 1, "w1": 0.5, "w2": -0.3, "y": 1},
        mistakes=[
            Mistake(
                "½ forgotten in L",
                "if the ½ of the loss is forgotten",
                "L = ½(a − y)² here.",
                {"L": lambda a, y: (a - y) ** 2},
            ),
            Mistake(
                "first sigmoid skipped",
                "if the first neuron's z goes on without its sigmoid",
                "Each neuron gives out σ(z), not z.",
                {"h": lambda z1: z1},
            ),
            Mistake(
                "second sigmoid skipped",
                "if the second neuron's sigmoid is left out",
                "Each neuron gives out σ(z), not z.",
                {"a": lambda z2: z2},
            ),
            Mistake(
                "sign of z in σ flipped",
                "if σ is taken at −z",
                "σ(z) = 1 / (1 + e^−z): the minus stands in the exponent.",
                {"h": lambda z1: sigmoid(-z1)},
            ),
            rounded_early(3),
        ],
        hints=[
            "One line after the other; the output of each is the input of the next.",
            "σ(z) = 1 / (1 + e^−z), twice.",
            "z1 = {z1}, h = {h}, z2 = {z2}, a = {a}, L = {L}.",
        ],
    ),
    Exercise(
        "04.check.backward",
        "Now back: pass the gradient from the loss to the first weight, line by line.",
        steps=two_neurons,
        asks=backward,
        given={"x": 1, "w1": 0.5, "w2": -0.3, "y": 1, "rate": 1},
        mistakes=slips,
        hints=backward_hints,
    ),
    Exercise(
        "04.check.update",
        "One step of gradient descent for both weights.",
        steps=two_neurons,
        asks=("new_w1", "new_w2"),
        given={"x": 1, "w1": 0.5, "w2": -0.3, "y": 1, "rate": 1},
        mistakes=[
            uphill("new_w1", "w1", "dL_dw1"),
            uphill("new_w2", "w2", "dL_dw2"),
            *slips,
        ],
        hints=[
            "Both gradients belong to the old weights: compute both, then update both.",
            "new w = w − rate · dL/dw, for each.",
            "new w1 = {w1} − {dL_dw1} = {new_w1}; new w2 = {w2} − ({dL_dw2}) = {new_w2}.",
        ],
    ),
    Exercise(
        "04.check.target-zero",
        "The same two neurons with the target y = 0. Which lines change, and to what?",
        steps=two_neurons,
        asks=backward,
        given={"x": 1, "w1": 0.5, "w2": -0.3, "y": 0, "rate": 1},
        mistakes=slips,
        hints=backward_hints,
    ),
]

quizzes = {
    "04.gate": Quiz(
        [
            Question(
                "04.gate.1",
                "z1 → h → z2 → a → L. Which product is dL/dz1?",
                [
                    right("dL/da · σ′(z2) · w2 · σ′(z1)", "One factor for each arrow on the way back."),
                    wrong(
                        "dL/da · σ′(z2) · h · σ′(z1)",
                        "h is the factor towards w2. Towards h it is w2: a multiply node swaps.",
                    ),
                    wrong("dL/da · w2 · σ′(z1)", "The second sigmoid's slope is missing."),
                ],
            ),
            Question(
                "04.gate.2",
                "w2 has just been updated. Which w2 carries the gradient back to w1?",
                [
                    wrong(
                        "the new one",
                        "Then dL/dw1 would be the gradient at neither the old nor the new point.",
                    ),
                    right(
                        "the old one, of the forward pass",
                        "All gradients belong to the point where the forward pass was.",
                    ),
                ],
            ),
        ]
    ),
    "04.quiz": Quiz(
        [
            Question(
                "04.quiz.1",
                "Why is dL/dw1 about nine times smaller than dL/dw2 in the worked example?",
                [
                    wrong(
                        "Only because σ′ ≤ 0.25.",
                        "One more σ′ is a factor of about ¼; the weight −0.3 shrinks it as much again.",
                    ),
                    right(
                        "Because w2 · σ′(z1) · x / h, about −0.11, stands between them.",
                        "The weight and the slope shrink it about equally.",
                    ),
                    wrong(
                        "Because w1 is farther from the target.",
                        "Distance from the target is no factor: the steps on the path are.",
                    ),
                ],
            ),
            Question(
                "04.quiz.2",
                "Which numbers of the forward pass does the way back need again?",
                [
                    wrong("only the loss", "The loss is where it starts; its value is not even needed."),
                    wrong("only the weights", "The slopes and the weights' own gradients need h and a."),
                    right(
                        "x, h, a and the weights",
                        "Slopes come from h and a, weights' gradients from x and h.",
                    ),
                ],
            ),
            Question(
                "04.quiz.3",
                "Two sigmoids stand one behind the other. At most how much of a gradient comes through their slopes?",
                [
                    right("0.0625 of it", "0.25 · 0.25."),
                    wrong("0.5 of it", "That adds the two quarters; slopes along a path are multiplied."),
                    wrong("0.25 of it", "This is one of them; each is a factor."),
                ],
            ),
            Question(
                "04.quiz.4",
                "Why is it computed from the loss back, and not for each weight on its own?",
                [
                    wrong("Because it is more exact.", "Both give the same numbers."),
                    right(
                        "Because what the later layers share is computed once.",
                        "dL/dz2 serves w2 and everything before it.",
                    ),
                    wrong(
                        "Because the loss is known only at the end.",
                        "It is, but that would not forbid starting anew for each weight.",
                    ),
                ],
            ),
        ]
    ),
}
