"""Training XOR, and optimizers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from math import log
from typing import Any

import numpy as np

from ...datasets import xor
from ...functional import mean_squared_error, relu, sigmoid, tanh
from ...graph import Graph
from ...tensor import Tensor
from ..answers import Unreadable, agrees, read, same, unanswered
from ..boxes import Block
from ..exercises import Exercise, FunctionExercise, Target, Task, Verdict
from ..gradient_exercises import GradientExercise
from ..quizzes import Question, Quiz, right, wrong
from ..steps import Mistake, Steps, Values

LEARNED = 0.05  # a loss below this counts as learned; no run of the lottery ends near it


def tanh_network(X, y, W1, b1, W2, b2) -> Tensor:
    """A hidden layer of tanh neurons, one sigmoid neuron, mean squared error; examples are rows."""
    Z1 = X @ W1.T + b1
    A1 = tanh(Z1)
    Z2 = A1 @ W2.T + b2
    A2 = sigmoid(Z2)
    for name, value in {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}.items():
        value.name = name
    return mean_squared_error(A2, y)


def _sigma(z):
    return 1 / (1 + np.exp(-z))


def _of_value(a):
    return a * (1 - a)


def two_passes(
    X, y, W1, b1, W2, b2,
    hidden=np.tanh, hidden_slope=lambda a: 1 - a**2, output=_sigma, output_slope=_of_value, mean=True, through=True,
):  # fmt: skip
    """The gradients of `tanh_network` by hand, by name; the options are what a learner gets wrong in the two passes."""
    A1 = hidden(X @ W1.T + b1)
    A2 = output(A1 @ W2.T + b2)
    D2 = (2 / len(y) if mean else 1) * (A2 - y) * output_slope(A2)
    D1 = (D2 @ W2 if through else D2) * hidden_slope(A1)
    return {"W1": D1.T @ X, "b1": D1.sum(axis=0), "W2": D2.T @ A1, "b2": D2.sum(axis=0)}


@dataclass(frozen=True)
class Slip:
    """As a Mistake: what comes out, and where to look. changes: the options of `two_passes` that produce it."""

    name: str
    cause: str
    remedy: str
    changes: dict[str, Any] = field(default_factory=dict)


class TwoPasses(GradientExercise):
    """Gradients for which both passes are written, with mistakes that a backward pass alone cannot have."""

    slips = (
        Slip(
            "sigmoids kept",
            "if the hidden layer still consists of sigmoids, forwards and backwards",
            "Two lines know what the hidden neurons are: that of a1 and that of dz1.",
            {"hidden": _sigma, "hidden_slope": _of_value},
        ),
        Slip(
            "sigmoids kept forwards",
            "if the hidden neurons still answer with the sigmoid, and only their slope is that of tanh",
            "The forward pass needs the tanh as well, `np.tanh(...)`.",
            {"hidden": _sigma},
        ),
        Slip(
            "square forgotten in the slope",
            "if the slope of tanh is taken to be 1 − tanh",
            "The slope of tanh is 1 − tanh²; at 0 both are 1, elsewhere they differ.",
            {"hidden_slope": lambda a: 1 - a},
        ),
        Slip(
            "value for slope",
            "if the hidden neurons' values stand in the place of their slopes",
            "What tanh gives out is not its slope; that is made from it, as 1 − tanh².",
            {"hidden_slope": lambda a: a},
        ),
        Slip(
            "output changed too",
            "if the output neuron is a tanh as well",
            "Only the hidden layer is new; the output stays a sigmoid, forwards and backwards.",
            {"output": np.tanh, "output_slope": lambda a: 1 - a**2},
        ),
        Slip(
            "2 and mean forgotten",
            "if both the 2 of the square and the division by the number of examples are left out",
            "The loss is the mean of squares: its slope has a 2 above and the number of examples below.",
            {"mean": False},
        ),
        Slip(
            "W2 forgotten on the way back",
            "if the delta of the output is handed back without W2",
            "Each hidden neuron gets the delta through its own weight to the output.",
            {"through": False},
        ),
    )

    def _judge(
        self, answers: Sequence[Any], probe: Values, written: bool
    ) -> tuple[dict[str, Verdict], Sequence[Block]]:
        verdicts, reasons = super()._judge(answers, probe, written)
        faulty = [name for name, verdict in verdicts.items() if verdict.kind == "wrong"]
        found = [slip for slip in self.slips if faulty and self._gives(slip, answers, probe, written)]
        if not found:
            return verdicts, reasons
        known = any(verdicts[name].mistakes for name in faulty)
        for name in faulty:
            names = (*verdicts[name].mistakes, *(slip.name for slip in found))
            verdicts[name] = Verdict("wrong", verdicts[name].text, names)
        said = [
            f"{'The same' if known or k else 'Exactly your'} numbers come out {slip.cause}. {slip.remedy}"
            for k, slip in enumerate(found)
        ]
        return verdicts, (*(reasons if known else ()), *said)

    def _gives(self, slip: Slip, answers: Sequence[Any], probe: Values, written: bool) -> bool:
        """Whether all gradients that were answered are those of the slip."""
        expected = two_passes(**probe, **slip.changes)
        for name, answer in zip(self.asks, answers, strict=True):
            if unanswered(answer):
                continue
            try:
                given = read(answer)
            except Unreadable:
                return False
            fits = agrees(given, expected[name]) if written else same(given.values, expected[name])
            if not fits:
                return False
        return True


def trained(width: int, activation: Callable = sigmoid, seeds: Sequence[int] = range(30), rate: float = 1.0):
    """Networks with 2 inputs, `width` hidden neurons and 1 output, one for each seed, after 3,000 epochs on XOR.

    Returns the losses before and after, each (seeds,). All are trained side by side, seeds along the first axis.
    """
    X, y = xor()
    shapes = [(width, 2), (width, 1), (1, width), (1, 1)]
    drawn = [[rng.standard_normal(shape) for shape in shapes] for rng in map(np.random.default_rng, seeds)]
    W1, b1, W2, b2 = weights = [Tensor(np.stack(part)) for part in zip(*drawn, strict=True)]
    each = ((sigmoid(W2 @ activation(W1 @ X.T + b1) + b2) - y.T) ** 2).mean(axis=(1, 2))
    graph = Graph(each.sum())
    before = each.numpy()
    for _ in range(3000):
        graph.backward()
        for w in weights:
            w.data -= rate * w.grad
            w.zero_grad()
        graph.forward()
    return before, each.numpy()


@cache
def learners(width: int, activation: Callable) -> int:
    """How many of 30 seeds learn."""
    return int((trained(width, activation)[1] < LEARNED).sum())


def momentum(w, gradients, rate, beta, own: float = 1.0, uphill: bool = False, v: float = 0.0):
    for g in gradients:
        v = beta * v + own * g
        w = w + rate * v if uphill else w - rate * v
    return w


def adam_step(w, m, s, t, rate, eps=1e-8):
    return w - rate * (m / (1 - 0.9**t)) / ((s / (1 - 0.999**t)) ** 0.5 + eps)


adam: Steps = {
    "m1": lambda g1: 0.1 * g1,
    "s1": lambda g1: 0.001 * g1**2,
    "w1": lambda w0, m1, s1, rate: adam_step(w0, m1, s1, 1, rate),
    "m2": lambda m1, g2: 0.9 * m1 + 0.1 * g2,
    "s2": lambda s1, g2: 0.999 * s1 + 0.001 * g2**2,
    "w2": lambda w1, m2, s2, rate: adam_step(w1, m2, s2, 2, rate),
}

exercises: list[Task] = [
    Target(
        "08.check.by-hand",
        "h₁ = σ(10·x₁ + 10·x₂ − 5) says OR, h₂ = σ(10·x₁ + 10·x₂ − 15) says AND, and the answer is σ(10·h₁ − w·h₂ − 5)."
        " Find a weight w with which all four answers are nearer than 0.05 to their targets.",
        meets=lambda w: _misses_a_corner(w),
        example=lambda: 20,
        given={},
        hints=[
            "Go through the corners. For (0, 0) both hidden neurons say about 0, for (1, 1) both say about 1.",
            "For (1, 1) the sum is about 10 − w − 5, and it has to be well below 0. For (0, 1) h₂ is nearly 0.",
            "w = {example}: the sum for (1, 1) is about −15, and for (0, 1) it is still about 4.8.",
        ],
    ),
    TwoPasses(
        "08.check.tanh",
        "X → Z1 = X·W1ᵀ + b1 → A1 = tanh(Z1) → Z2 = A1·W2ᵀ + b2 → A2 = σ(Z2), and L is the mean of (A2 − y)² over the"
        " four rows.",
        tanh_network,
        given={
            "X": [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]],
            "y": [[0.0], [1.0], [1.0], [0.0]],
            "W1": [[0.5, -0.4], [-0.3, 0.8], [0.9, 0.6]],
            "b1": [0.1, -0.2, 0.3],
            "W2": [[0.7, -0.5, 0.4]],
            "b2": [0.2],
        },
        asks=("W1", "b1", "W2", "b2"),
        probes=[
            {
                "X": [[0.5, -1.0, 0.25], [1.5, 0.5, -0.75]],
                "y": [[1.0], [0.0]],
                "W1": [[0.5, -0.4, 0.2], [-0.3, 0.8, 0.6]],
                "b1": [0.4, -0.1],
                "W2": [[0.7, -0.5]],
                "b2": [-0.3],
            }
        ],
        hints=[
            "Two lines of the program in the text know that the hidden layer is made of sigmoids. Which?",
            "The line of a1 is one of them. The other is that of dz1: its last factors are the slope of the hidden"
            " neurons, written with what they give out. How does one write the slope of tanh so?",
            "`a1 = np.tanh(X @ W1.T + b1)`, `a2 = 1 / (1 + np.exp(-(a1 @ W2.T + b2)))`,"
            " `dz2 = 2 * (a2 - y) / len(y) * a2 * (1 - a2)`, `dz1 = dz2 @ W2 * (1 - a1**2)`; then"
            " `return dz1.T @ X, dz1.sum(axis=0), dz2.T @ a1, dz2.sum(axis=0)`. On the given values dL/dW2 = {dL_dW2}.",
        ],
    ),
    Exercise(
        "08.check.lottery",
        "Of 30 seeds, how many learn XOR with 3 hidden sigmoid neurons, and how many with 8 hidden ReLU neurons?",
        steps={
            "sigmoid_3": lambda: learners(3, sigmoid),
            "relu_8": lambda: learners(8, relu),
        },
        asks=("sigmoid_3", "relu_8"),
        given={},
        mistakes=[
            Mistake(
                "those that failed counted",
                "if those are counted that do not learn",
                "Learned means a loss below 0.05.",
                {"sigmoid_3": lambda sigmoid_3: 30 - sigmoid_3, "relu_8": lambda relu_8: 30 - relu_8},
            ),
            Mistake(
                "networks exchanged",
                "if the two networks are exchanged",
                "The first number is that of three sigmoids, the second that of eight ReLUs.",
                {"sigmoid_3": lambda: learners(8, relu), "relu_8": lambda: learners(3, sigmoid)},
            ),
            Mistake(
                "share instead of the number",
                "if the share of the thirty is given",
                "Asked is how many of the thirty learn.",
                {"sigmoid_3": lambda sigmoid_3: sigmoid_3 / 30, "relu_8": lambda relu_8: relu_8 / 30},
            ),
            Mistake(
                "percent instead of the number",
                "if the share of the thirty is given in percent",
                "Asked is how many of the thirty learn.",
                {"sigmoid_3": lambda sigmoid_3: 100 * sigmoid_3 / 30, "relu_8": lambda relu_8: 100 * relu_8 / 30},
            ),
        ],
        hints=[
            "Call `lottery(3, sigmoid)` in a cell of its own. It returns the losses at the end, and the answers.",
            "`losses, answers = lottery(3, sigmoid)`, and then `(losses < 0.05).sum()` counts those that have learned.",
            "{sigmoid_3} of the sigmoid networks and {relu_8} of the ReLU networks learn.",
        ],
    ),
    Target(
        "08.check.unlucky",
        "Two hidden sigmoid neurons, η = 1, first weights from the normal distribution. Which seed from 1 to 19 has not"
        " learned after 3,000 epochs?",
        meets=lambda seed: _is_lucky(seed),
        example=lambda: 10,
        given={},
        hints=[
            "Set the hidden neurons to 2 and go through the seeds. Which ones end with a high loss?",
            "There are three of them between 1 and 19. The first nine all learn.",
            "Seed {example} ends at 0.127, with two corners right.",
        ],
    ),
    Exercise(
        "08.check.rates",
        "L = 3w². One step of gradient descent from any w ≠ 0: with which learning rate does it land exactly in the"
        " minimum (lands), and above which one does |w| grow with every step (diverges)?",
        steps={
            "curve": lambda c: 2 * c,
            "lands": lambda curve: 1 / curve,
            "diverges": lambda curve: 2 / curve,
        },
        asks=("lands", "diverges"),
        given={"c": 3},
        mistakes=[
            Mistake(
                "2 of the square forgotten",
                "if the slope of 3w² is taken to be 3w",
                "The square brings down a 2: the slope is 6w.",
                {"curve": lambda c: c},
            ),
            Mistake(
                "2 of the square counted twice",
                "if the slope of 3w² is taken to be 12w",
                "The square brings down one 2: the slope is 6w.",
                {"curve": lambda c: 4 * c},
            ),
            Mistake(
                "3 forgotten",
                "if the slope of 3w² is taken to be 2w",
                "The 3 in front of the square stays: the slope is 6w.",
                {"curve": lambda: 2.0},
            ),
            Mistake(
                "quotient turned round",
                "if the number that stands in front of w is given, and not one divided by it",
                "The steeper the curve, the shorter the step has to be: put your number into w − η·6w.",
                {"lands": lambda curve: curve, "diverges": lambda curve: 2 * curve},
            ),
            Mistake(
                "landing taken for diverging",
                "if it is taken to diverge as soon as it passes the minimum",
                "Beyond the landing w changes its sign with each step, but it still shrinks: it bounces.",
                {"diverges": lambda lands: lands},
            ),
        ],
        hints=[
            "The slope is 6w. Write the new w as the old w times a number in which η stands.",
            "The new w is (1 − 6η)·w. It lands where that number is 0, and grows where it is below −1.",
            "1 − 6η = 0 for η = {lands}; 1 − 6η = −1 for η = {diverges}.",
        ],
    ),
    Target(
        "08.check.too-large",
        "The network with four sigmoid neurons, seed 0. Find a learning rate with which the loss after 3,000 epochs is"
        " larger than it was before the first.",
        meets=lambda rate: _still_learns(rate),
        example=lambda: 300,
        given={},
        hints=[
            "It learns with η = 1 and even with η = 10. Go up in large strides.",
            "With η = 30 the loss jumps about for a while, and then it falls after all. Go far beyond it.",
            "With η = {example} all four answers are 1 after the first step. The last sigmoid is flat out there, and"
            " its slope is a factor of every gradient.",
        ],
    ),
    FunctionExercise(
        "08.check.momentum",
        "A function that returns the weight after all steps with momentum: the gradients come one after another, and"
        " before the first the velocity is 0.",
        steps={"weight": lambda w, gradients, rate, beta: momentum(w, gradients, rate, beta)},
        asks="weight",
        probes=[
            {"w": 1.0, "gradients": [2.0, 2.0], "rate": 0.1, "beta": 0.9},
            {"w": -0.5, "gradients": [1.0, -3.0, 0.5, 0.25], "rate": 0.2, "beta": 0.5},
            {"w": 0.0, "gradients": [0.5, 0.0, 0.0], "rate": 1.0, "beta": 0.8},
        ],
        mistakes=[
            Mistake(
                "no velocity kept",
                "if every step uses its own gradient alone",
                "The velocity remembers: β times its old value, plus the new gradient.",
                {"weight": lambda w, gradients, rate: momentum(w, gradients, rate, 0.0)},
            ),
            Mistake(
                "step uphill",
                "if the step is added instead of subtracted",
                "The gradient points to where the loss grows; a step down goes against it.",
                {"weight": lambda w, gradients, rate, beta: momentum(w, gradients, rate, beta, uphill=True)},
            ),
            Mistake(
                "gradient shrunk by 1 − β",
                "if the new gradient comes in with the factor 1 − β",
                "Some write it so, and it is a smaller learning rate. Here v = β·v + g.",
                {"weight": lambda w, gradients, rate, beta: momentum(w, gradients, rate, beta, own=1 - beta)},
            ),
            Mistake(
                "nothing forgotten",
                "if the velocity adds up all gradients and forgets none",
                "β makes the velocity forget: v = β·v + g.",
                {"weight": lambda w, gradients, rate: momentum(w, gradients, rate, 1.0)},
            ),
            Mistake(
                "velocity one step late",
                "if the weight moves first, and the velocity takes in the gradient afterwards",
                "First the velocity, v = β·v + g; then the weight moves by it.",
                {"weight": lambda w, gradients, rate, beta: momentum(w, [0.0, *gradients[:-1]], rate, beta)},
            ),
            Mistake(
                "learning rate forgotten",
                "if the learning rate is forgotten",
                "The weight moves by the learning rate times the velocity.",
                {"weight": lambda w, gradients, beta: momentum(w, gradients, 1.0, beta)},
            ),
            Mistake(
                "learning rate twice",
                "if the learning rate goes into the velocity and into the step as well",
                "It belongs into one of the two: v = β·v + g, and then w goes down by η·v.",
                {"weight": lambda w, gradients, rate, beta: momentum(w, gradients, rate**2, beta)},
            ),
            Mistake(
                "rate and β exchanged",
                "if the learning rate and β are exchanged",
                "β is multiplied by the old velocity, the learning rate by the new one.",
                {"weight": lambda w, gradients, rate, beta: momentum(w, gradients, beta, rate)},
            ),
            Mistake(
                "β at the gradient",
                "if β is multiplied by the new gradient instead of by the old velocity",
                "What is to be forgotten is the old velocity: v = β·v + g.",
                {"weight": lambda w, gradients, rate, beta: momentum(w, gradients, rate, 1.0, own=beta)},
            ),
            Mistake(
                "β at both",
                "if β is multiplied by the new gradient too",
                "The new gradient comes in whole: v = β·v + g.",
                {"weight": lambda w, gradients, rate, beta: momentum(w, gradients, rate, beta, own=beta)},
            ),
            Mistake(
                "1 − β kept",
                "if 1 − β of the old velocity is kept, instead of β",
                "β is the part that remains, 1 − β the part that is lost.",
                {"weight": lambda w, gradients, rate, beta: momentum(w, gradients, rate, 1 - beta)},
            ),
            Mistake(
                "first gradient counted twice",
                "if the velocity begins with the first gradient, and then takes it in once more",
                "Before the first gradient the velocity is 0.",
                {"weight": lambda w, gradients, rate, beta: momentum(w, gradients, rate, beta, v=gradients[0])},
            ),
            Mistake(
                "only the first step taken",
                "if the function returns after the first step",
                "Does the line with `return` stand in the loop? It belongs behind it.",
                {"weight": lambda w, gradients, rate, beta: momentum(w, gradients[:1], rate, beta)},
            ),
            Mistake(
                "way instead of the weight",
                "if all steps are added up, without the weight from which they start",
                "Asked is where the weight stands after them: begin at w.",
                {"weight": lambda gradients, rate, beta: momentum(0.0, gradients, rate, beta)},
            ),
            Mistake(
                "velocity instead of the weight",
                "if the last velocity is returned",
                "Asked is the weight, which the velocity has moved.",
                {
                    "weight": lambda gradients, beta: (
                        momentum(0.0, gradients[:-1], 1.0, beta) - momentum(0.0, gradients, 1.0, beta)
                    )
                },
            ),
            Mistake(
                "only the last step taken",
                "if the weight moves once, with the last velocity",
                "The weight moves after every gradient; the line that moves it belongs into the loop.",
                {
                    "weight": lambda w, gradients, rate, beta: (
                        w + momentum(0.0, gradients, rate, beta) - momentum(0.0, gradients[:-1], rate, beta)
                    )
                },
            ),
        ],
        hints=[
            "You need a loop over the gradients, and two values that live on from step to step: v and w.",
            "In the loop: v is β times the old v plus the gradient; then w goes down by the rate times v.",
            "`v = 0`, then `for g in gradients:` with `v = beta * v + g` and `w = w - rate * v`; `return w`.",
        ],
    ),
    Exercise(
        "08.check.adam",
        "Adam with η = 0.1, β₁ = 0.9 and β₂ = 0.999 (ε does not matter here). A weight of 1 gets the gradient 0.5, and"
        " then the gradient 0.1. Where does it stand after the first step (w1), and where after the second (w2)?",
        steps=adam,
        asks=("w1", "w2"),
        given={"w0": 1, "g1": 0.5, "g2": 0.1, "rate": 0.1},
        mistakes=[
            Mistake(
                "step uphill",
                "if the step is added instead of subtracted",
                "m has the sign of the gradient, which points to where the loss grows; a step down goes against it.",
                {"w1": lambda w0, w1: 2 * w0 - w1, "w2": lambda w1, w2: 2 * w1 - w2},
            ),
            Mistake(
                "averages not corrected",
                "if m and s are not divided by 1 − βᵗ",
                "Both averages start at 0 and are too small at first; the divisions make up for it.",
                {
                    "w1": lambda w0, m1, s1, rate: w0 - rate * m1 / s1**0.5,
                    "w2": lambda w1, m2, s2, rate: w1 - rate * m2 / s2**0.5,
                },
            ),
            Mistake(
                "only m corrected",
                "if only m is divided by 1 − βᵗ, and s is not",
                "s starts at 0 as well, and is still smaller for it: divide it by 1 − 0.999ᵗ.",
                {
                    "w1": lambda w0, m1, s1, rate: w0 - rate * (m1 / 0.1) / s1**0.5,
                    "w2": lambda w1, m2, s2, rate: w1 - rate * (m2 / 0.19) / s2**0.5,
                },
            ),
            Mistake(
                "only s corrected",
                "if only s is divided by 1 − βᵗ, and m is not",
                "m starts at 0 as well: divide it by 1 − 0.9ᵗ.",
                {
                    "w1": lambda w0, m1, s1, rate: w0 - rate * m1 / (s1 / 0.001) ** 0.5,
                    "w2": lambda w1, m2, s2, rate: w1 - rate * m2 / (s2 / 0.001999) ** 0.5,
                },
            ),
            Mistake(
                "t not counted on",
                "if both corrections of the second step are those of the first",
                "t counts the steps: the second time divide by 1 − 0.9² and 1 − 0.999².",
                {"w2": lambda w1, m2, s2, rate: adam_step(w1, m2, s2, 1, rate)},
            ),
            Mistake(
                "gradient not squared",
                "if s is an average of the gradients, and not of their squares",
                "Into s goes the square: 0.001·g².",
                {"s1": lambda g1: 0.001 * g1, "s2": lambda s1, g2: 0.999 * s1 + 0.001 * g2},
            ),
            Mistake(
                "one β for both",
                "if s is averaged with 0.9, as m is",
                "s has an average of its own, with β₂ = 0.999.",
                {
                    "w2": lambda w1, m2, g1, g2, rate: (
                        w1 - rate * (m2 / 0.19) / ((0.09 * g1**2 + 0.1 * g2**2) / 0.19) ** 0.5
                    )
                },
            ),
            Mistake(
                "β₁ and β₂ exchanged",
                "if β₁ and β₂ are exchanged",
                "m forgets with β₁ = 0.9, s with β₂ = 0.999.",
                {
                    "w2": lambda w1, g1, g2, rate: (
                        w1
                        - rate
                        * ((0.000999 * g1 + 0.001 * g2) / 0.001999)
                        / ((0.09 * g1**2 + 0.1 * g2**2) / 0.19) ** 0.5
                    )
                },
            ),
            Mistake(
                "root forgotten",
                "if the square root of s is forgotten",
                "s is an average of squares; its root is the usual size of the gradient.",
                {
                    "w1": lambda w0, m1, s1, rate: w0 - rate * (m1 / 0.1) / (s1 / 0.001),
                    "w2": lambda w1, m2, s2, rate: w1 - rate * (m2 / 0.19) / (s2 / 0.001999),
                },
            ),
            Mistake(
                "plain gradient descent",
                "if the step is the learning rate times the gradient",
                "Adam divides by the usual size of the gradient; that is its whole idea.",
                {"w1": lambda w0, g1, rate: w0 - rate * g1, "w2": lambda w1, g2, rate: w1 - rate * g2},
            ),
            Mistake(
                "momentum alone",
                "if the step is that of momentum, with nothing divided",
                "Adam divides by the usual size of the gradient; that is its whole idea.",
                {"w1": lambda w0, g1, rate: w0 - rate * g1, "w2": lambda w1, g1, g2, rate: w1 - rate * (0.9 * g1 + g2)},
            ),
            Mistake(
                "step instead of the weight",
                "if the step is given",
                "Asked is where the weight stands after it.",
                {"w1": lambda w0, w1: w1 - w0, "w2": lambda w1, w2: w2 - w1},
            ),
            Mistake(
                "length of the step",
                "if the length of the step is given",
                "Asked is where the weight stands after it.",
                {
                    "w1": lambda w0, w1: w0 - w1,
                    "w2": lambda w0, m1, s1, m2, s2, rate: -adam_step(0.0, m2, s2, 2, rate),
                },
            ),
            Mistake(
                "second step from the start",
                "if the second step starts from w0 again",
                "It goes on from where the first one has led.",
                {"w2": lambda w0, m2, s2, rate: adam_step(w0, m2, s2, 2, rate)},
            ),
            Mistake(
                "a full step again",
                "if the second step is taken to be as long as the first",
                "A step is as long as η only while the gradients stay alike; the second one is much smaller.",
                {"w2": lambda w1, rate: w1 - rate},
            ),
            Mistake(
                "first gradient forgotten",
                "if the second step starts with new averages",
                "m and s live on: 0.9 of m and 0.999 of s are kept.",
                {"m2": lambda g2: 0.1 * g2, "s2": lambda g2: 0.001 * g2**2},
            ),
        ],
        hints=[
            "Begin with m = 0 and s = 0. In the first step both corrections undo the factors 0.1 and 0.001 exactly.",
            "So m̂ = 0.5 and √ŝ = 0.5 at first. For the second step m = 0.9·0.05 + 0.1·0.1; divide it by 1 − 0.9².",
            "First step: w1 = 1 − 0.1·0.5/0.5 = {w1}. Then m = {m2}, s = {s2}, m̂ = m/0.19, ŝ = s/0.001999, and"
            " w2 = {w2}.",
        ],
    ),
    Target(
        "08.check.valley",
        "The landscape ½(a² + 20b²), walked with SGD. Which is the largest learning rate, to two digits, with which the"
        " walk does not run away?",
        meets=lambda rate: _runs_away(rate),
        example=lambda: 0.099,
        given={},
        hints=[
            "Go up until the walk leaves the map. In which direction does it leave, along a or along b?",
            "The slope along b is 20b, so each step multiplies b by 1 − 20η. When does that make b longer?",
            "1 − 20η is −1 for η = 0.1: up to there b does not grow. {example} is a good answer.",
        ],
    ),
    Exercise(
        "08.check.saddle",
        "f = x² − y², gradient descent with η = 0.1 from y = 0.001. After how many steps is y above 1?",
        steps={
            "factor": lambda rate: 1 + 2 * rate,
            "steps": lambda y, factor: next(n for n in count(1) if y * factor**n > 1),
        },
        asks="steps",
        given={"y": 0.001, "rate": 0.1},
        mistakes=[
            Mistake(
                "2 of the square forgotten",
                "if the slope of −y² is taken to be −y",
                "The square brings down a 2: the slope is −2y.",
                {"factor": lambda rate: 1 + rate},
            ),
            Mistake(
                "one step short",
                "if one step is missing",
                "After so many y is still below 1.",
                {"steps": lambda steps: steps - 1},
            ),
            Mistake(
                "one step too many",
                "if one step is counted too many",
                "The start is step 0; the first product with 1.2 is step 1.",
                {"steps": lambda steps: steps + 1},
            ),
            Mistake(
                "not a whole number",
                "if the quotient of the logarithms is left as it is",
                "Steps come whole: which is the first one after which y is above 1?",
                {"steps": lambda y, factor: log(1 / y) / log(factor)},
            ),
        ],
        hints=[
            "The slope in the direction of y is −2y. Write the new y as the old y times a number.",
            "Each step multiplies y by 1.2. How often until 0.001 has become 1? Logarithms help, or a loop.",
            "1.2 to the power of n exceeds 1000 for the first time at n = {steps}.",
        ],
    ),
]


def _misses_a_corner(w: float) -> str | None:
    """None if the network made by hand answers all four corners to within 0.05."""
    X, y = xor()
    total = X.sum(axis=1)
    h1, h2 = (sigmoid(10 * total - b).numpy() for b in (5.0, 15.0))
    with np.errstate(over="ignore"):
        answers = sigmoid(10 * h1 - w * h2 - 5).numpy()
    for corner, answer, target in zip(X, answers, y[:, 0], strict=True):
        if not abs(answer - target) < 0.05:
            return f"for ({corner[0]:.0f}, {corner[1]:.0f}) it answers {answer:.3f}, and the target is {target:.0f}."
    return None


def _runs_away(rate: float) -> str | None:
    """None for a learning rate that lets b shrink or stay as it is, and that is not far below the largest one."""
    if not rate > 0:
        return "a learning rate is positive."
    factor = 1 - 20 * rate  # by which a step multiplies b
    if factor < -1 - 1e-9:
        return f"each step multiplies b by {factor:.4g}, and the walk runs away."
    return None if factor <= -0.9 else f"each step multiplies b by {factor:.4g}. There is a larger rate that holds."


def _is_lucky(seed: float) -> str | None:
    """None for a seed with which two hidden neurons do not learn."""
    if seed not in range(1, 20):
        return "a seed from 1 to 19 is asked for."
    _, [loss] = trained(2, seeds=[int(seed)])
    return None if loss >= LEARNED else f"with this seed the loss falls to {loss:.4f}: it learns."


def _still_learns(rate: float) -> str | None:
    """None if training with this learning rate ends worse than it began."""
    if not 0 < rate <= 1e6:
        return "try a learning rate above 0, and not above a million."
    before, after = trained(4, seeds=[0], rate=rate)
    if after[0] > before[0]:
        return None
    return f"the loss goes from {before[0]:.4f} to {after[0]:.4f}, so it still falls."


quizzes = {
    "08.gate": Quiz(
        [
            Question(
                "08.gate.1",
                "In a training loop, what is different after the line `loss.backward()`?",
                [
                    wrong("the weights", "They move one line later, when the optimizer takes its step."),
                    right("the gradients", "It computes them and changes nothing else."),
                    wrong("the loss", "The loss was computed in the forward pass, and stays until the next one."),
                ],
            ),
            Question(
                "08.gate.2",
                "A network with a hidden sigmoid layer starts with all weights 0. What do its hidden neurons learn?",
                [
                    wrong("each something else", "They begin alike and get the same gradients, so they stay alike."),
                    right("all the same, if anything", "Equal neurons get equal gradients: they can never part."),
                    wrong("it depends on the learning rate", "The rate changes how far they move, for all alike."),
                ],
            ),
        ]
    ),
    "08.quiz": Quiz(
        [
            Question(
                "08.quiz.1",
                "Which of these can be exchanged while a backward pass written by hand stays as it is, line by line?",
                [
                    right(
                        "the optimizer",
                        "It gets gradients and returns steps; where they come from it does not know.",
                    ),
                    wrong("the loss", "The backward pass begins with the loss's slope."),
                    wrong("the activation", "Its slope stands in those lines."),
                ],
            ),
            Question(
                "08.quiz.2",
                "A single sigmoid neuron is trained on XOR until nothing moves any more. What does it say?",
                [
                    wrong("0, 1, 1, 0", "Then a straight line would separate the corners, and none does."),
                    wrong("three right answers and a wrong one", "Such neurons exist; their loss is 0.25 or more."),
                    right("½ four times", "This is the best it can do: the loss is 0.25."),
                ],
            ),
            Question(
                "08.quiz.3",
                "What does the hidden layer do for XOR?",
                [
                    right(
                        "It moves the four points to where one line separates them.",
                        "The last neuron draws that line, as it draws any other.",
                    ),
                    wrong(
                        "It makes the output neuron draw a curved line in the hidden space.",
                        "There the line is as straight as any neuron's. Only in the plane of the inputs it looks bent.",
                    ),
                    wrong(
                        "It keeps a copy of the four examples.",
                        "No example is stored in it. It has an answer for every point, also for those never seen.",
                    ),
                ],
            ),
            Question(
                "08.quiz.4",
                "Adam with η = 0.01 meets its first gradient, 1000. How far does the weight move?",
                [
                    wrong("by 10", "So would gradient descent. Adam divides by the usual size of the gradient."),
                    right("by 0.01", "At first m̂ is the gradient and √ŝ its size: their ratio is 1."),
                    wrong("by 0.001", "That would be without the correction of m, which undoes the factor 0.1."),
                ],
            ),
            Question(
                "08.quiz.5",
                "The gradient is 0 in every parameter. Where is the network?",
                [
                    wrong("In a minimum.", "It may be. But on a saddle and on a plain the gradient is 0 too."),
                    wrong("At the smallest loss there is.", "A gradient knows nothing of other places."),
                    right(
                        "Somewhere level: in a minimum, on a saddle, on a plain, even on a summit.",
                        "Only the second derivatives tell, and sometimes not even they.",
                    ),
                ],
            ),
        ]
    ),
}
