"""Gradient flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any

import numpy as np

from ...functional import sigmoid, tanh
from ...gradcheck import compare_gradients
from ...gradient_flow import BEARABLE, EXAMPLES, HEALTHY, measure, verdict
from ...initializers import xavier_normal
from ...optim import gradient_norm
from ...tensor import Tensor
from ..answers import shown, unanswered
from ..exercises import Exercise, Feedback, FunctionExercise, Solution, Target, Task, Verdict, call
from ..gradient_exercises import GradientExercise
from ..quizzes import Question, Quiz, right, wrong
from ..steps import Mistake, Values


class Rescue(Task):
    """An exercise whose answer is a layer: 20 of them in a row must have a healthy gradient everywhere.

    The layer is a function of a (examples, width) and W (width, width). What is not answered yet is the sick layer.
    """

    depth, width = 20, 32

    def solution(self) -> Solution:
        return Solution((lambda a, W: tanh(a @ W.T),))

    def check(self, layer: Any = None) -> Feedback:
        """Judge a layer; None or the one that was given is not answered yet."""
        return self._feedback({"": self._judge(layer)})

    def norms(self, layer: Callable) -> np.ndarray | Verdict:
        """‖∂L/∂W‖ of the 20 layers, for the inputs, weights and loss of `gradient_flow.measure`."""
        rng = np.random.default_rng(0)
        x = Tensor(rng.standard_normal((EXAMPLES, self.width)), requires_grad=False)
        weights = [Tensor(xavier_normal((self.width, self.width), rng)) for _ in range(self.depth)]

        def stacked():
            a = x
            for W in weights:
                a = layer(a, W)
            return a

        with np.errstate(all="ignore"):
            a = call(stacked, {}, f"{self.depth} layers in a row")
            if isinstance(a, Verdict):
                return a
            if not isinstance(a, Tensor) or a.shape != x.shape or not a.requires_grad:
                return Verdict("wrong", f"A layer must give a Tensor of shape {x.shape}; yours gives {shown(a)}.")
            if _is_centred(a.numpy()):
                return Verdict("wrong", _CENTRED)
            a.mean().backward()
            unused = [number for number, W in enumerate(weights, start=1) if W.grad is None]
            if unused:
                return Verdict("wrong", f"The weights of layer {unused[0]} are not used, so they cannot learn.")
            return np.array([gradient_norm([W.grad]) for W in weights])

    def _judge(self, layer: Any) -> Verdict:
        if unanswered(layer):
            return Verdict("open", "not answered yet")
        if not callable(layer):
            return Verdict("wrong", f"You gave {shown(layer)}; expected is a function: its name, without brackets.")
        norms = self.norms(layer)
        if isinstance(norms, Verdict):
            return norms
        if _is_linear(layer, self.width):
            return Verdict("wrong", "Without an activation, 20 layers can do no more than one: keep one in it.")
        if np.allclose(norms, measure(self.depth, self.width).norms, rtol=1e-9, atol=0):
            return Verdict("open", "not answered yet")
        found = f"the gradient norm is {norms[-1]:.3g} in the last layer and {norms[0]:.3g} in the first"
        state = verdict(norms)
        if state == "healthy":
            return Verdict(
                "right", f"Rescued: {found}, and all {self.depth} are between {HEALTHY[0]} and {HEALTHY[1]:g}."
            )
        reason = {
            "vanishes": f"It still vanishes, since one of them is below {BEARABLE[0]:g}.",
            "explodes": f"Now it explodes: one of them is above {BEARABLE[1]:g}.",
            "doubtful": f"That is better, but not all are between {HEALTHY[0]} and {HEALTHY[1]:g}.",
        }[state]
        return Verdict("wrong", f"With your layer {found}. {reason}")

    def _how(self) -> Sequence[str]:
        return (f"All {self.depth} gradient norms are to lie between {HEALTHY[0]} and {HEALTHY[1]:g}.",)


_CENTRED = (
    "Your layer ends with a normalisation. That may help a network, but this check cannot see it: its loss is the mean"
    " of all outputs, and after a normalisation it is 0, whatever the weights. Normalise z, before the activation."
)


def _is_centred(outputs: np.ndarray) -> bool:
    """Whether the outputs have mean 0 over the examples or over the neurons, and are not all 0."""
    largest = np.abs(outputs).max()
    return any(np.abs(outputs.mean(axis)).max() < 1e-9 * largest for axis in (0, 1))


class Confirmed(Task):
    """A function of one number and its slope: both are compared with the right ones, then the gradient checker, which
    knows neither, measures the slope of the learner's own function.
    """

    def __init__(self, function: FunctionExercise, slope: FunctionExercise, points: Sequence[Values], question: str):
        super().__init__(function.key, question, function._hints)
        self.function, self.slope, self.points = function, slope, points

    def solution(self) -> Solution:
        return Solution((*self.function.solution().arguments, *self.slope.solution().arguments))

    def check(self, function: Any = None, slope: Any = None) -> Feedback:
        """Judge both; None or ... is not answered yet."""
        verdicts = {"function": self.function._judge(function), "slope": self.slope._judge(slope)}
        if all(each.kind == "right" for each in verdicts.values()):
            z, *rest = ([point[name] for point in self.points] for name in self.points[0])
            report = compare_gradients(
                lambda z: sum(float(function(*arguments)) for arguments in zip(z.tolist(), *rest)),
                np.array(z),
                np.array([float(slope(*arguments)) for arguments in zip(z, *rest)]),
            )
            verdicts["slope"] = Verdict(
                "right" if report.ok else "wrong", f"The gradient checker says: {report.summary}"
            )
        return self._feedback(verdicts)

    def _how(self) -> Sequence[str]:
        return ("Answer with `check(leaky, leaky_slope)`, two functions of z and negative_slope.",)


def joint_norm(*gradients: Any) -> float:
    return sqrt(sum(float(np.sum(np.square(g))) for g in gradients))


# ---- leaky ReLU ----

_POINTS = [{"z": z, "negative_slope": slope} for z, slope in ((2.0, 0.1), (-3.0, 0.1), (-0.5, 0.01), (0.25, 0.01))]
_leaky_hints = (
    "Right of 0 nothing changes: the value is z and the slope is 1. And left of 0?",
    "Left of 0 the line goes through the origin with the slope `negative_slope`.",
    "`return z if z > 0 else negative_slope * z` and `return 1 if z > 0 else negative_slope`.",
)
_leaky = FunctionExercise(
    "09.check.leaky",
    "The leaky ReLU",
    steps={"value": lambda z, negative_slope: z if z > 0 else negative_slope * z},
    asks="value",
    probes=_POINTS,
    mistakes=[
        Mistake(
            "plain ReLU",
            "if z is cut off left of 0",
            "That is the ReLU itself: the leak is missing.",
            {"value": lambda z: max(z, 0.0)},
        ),
        Mistake(
            "leak instead of slope",
            "if the slope is given out in the place of the value",
            "Left of 0 the value is negative_slope times z.",
            {"value": lambda z, negative_slope: z if z > 0 else negative_slope},
        ),
        Mistake(
            "leak with a plus",
            "if the sign is lost left of 0",
            "Left of 0 the leaky ReLU is negative, a little.",
            {"value": lambda z, negative_slope: z if z > 0 else -negative_slope * z},
        ),
        Mistake(
            "slope not taken from the argument",
            "if the slope left of 0 is always 0.01",
            "Left of 0 the slope is the argument negative_slope, which may be another number.",
            {"value": lambda z: z if z > 0 else 0.01 * z},
        ),
        Mistake(
            "leak on both sides",
            "if z is multiplied by negative_slope everywhere",
            "Right of 0 z is passed on as it is.",
            {"value": lambda z, negative_slope: negative_slope * z},
        ),
    ],
    hints=_leaky_hints,
)
_leaky_slope = FunctionExercise(
    "09.check.leaky",
    "Its slope",
    steps={"slope": lambda z, negative_slope: 1.0 if z > 0 else negative_slope},
    asks="slope",
    probes=_POINTS,
    mistakes=[
        Mistake(
            "slope of the ReLU",
            "if the slope left of 0 is 0",
            "That is the ReLU's slope, with which a neuron can die.",
            {"slope": lambda z: float(z > 0)},
        ),
        Mistake(
            "value for slope",
            "if the value is given out in the place of the slope",
            "The slope says how much the value grows when z does: it is one number on each side of 0.",
            {"slope": lambda z, negative_slope: z if z > 0 else negative_slope * z},
        ),
        Mistake(
            "value left of 0",
            "if the value is given out left of 0",
            "Left of 0 the value is negative_slope times z; its slope has no z in it.",
            {"slope": lambda z, negative_slope: 1.0 if z > 0 else negative_slope * z},
        ),
        Mistake(
            "slope not taken from the argument",
            "if the slope left of 0 is always 0.01",
            "Left of 0 the slope is the argument negative_slope, which may be another number.",
            {"slope": lambda z: 1.0 if z > 0 else 0.01},
        ),
        Mistake(
            "slopes exchanged",
            "if the two sides are exchanged",
            "The slope is 1 where z is positive.",
            {"slope": lambda z, negative_slope: negative_slope if z > 0 else 1.0},
        ),
    ],
    hints=_leaky_hints,
)


# ---- a residual block ----


def block(x, W, y) -> Tensor:
    """Half the squared error of h = x + σ(W·x)."""
    z = W @ x
    h = x + sigmoid(z)
    z.name, h.name = "z", "h"
    return ((h - y) ** 2).sum() / 2


exercises: list[Task] = [
    Exercise(
        "09.check.layers",
        "σ, Xavier, 32 neurons in each layer. From how many layers on does the widget say that the gradient vanishes?",
        steps={
            "least": lambda: BEARABLE[0],
            "layers": lambda least: _first_depth(least),
        },
        asks="layers",
        given={},
        mistakes=[
            Mistake(
                "healthy range left",
                "if it is enough to be outside of the healthy range",
                "Below the healthy band and above “too small” nothing has vanished yet: read the end of the sentence.",
                {"least": lambda: HEALTHY[0]},
            ),
            Mistake(
                "one layer short",
                "if one layer is missing",
                "With so many the first layer is still just above the band “too small”.",
                {"layers": lambda least: _first_depth(least) - 1},
            ),
            Mistake(
                "one layer too many",
                "if a layer is added that is not needed",
                "One layer fewer is enough already.",
                {"layers": lambda least: _first_depth(least) + 1},
            ),
        ],
        hints=[
            "Leave everything as it opens, and move the slider of the layers. Watch the dot of layer 1.",
            "Read how the sentence below the picture ends: it says “vanishes” or it does not.",
            "With 7 layers the first norm is 0.0000049, with {layers} it is below 0.000001.",
        ],
    ),
    Target(
        "09.check.scale",
        "30 layers of ReLU with Xavier: which “times” brings the factor a layer closest to 1? To one decimal.",
        meets=lambda scale: _off_balance(scale),
        example=lambda: 1.4,
        given={},
        hints=[
            "Set ReLU, Xavier and 30 layers. With times 1 each layer loses something. Make the weights larger.",
            "On the right, the orange line is to run level. The number below it is the factor.",
            "With 1.3 the factor is 0.924 and with 1.5 it is 1.07; {example} gives 0.996.",
        ],
    ),
    Exercise(
        "09.check.spread",
        "A layer reads 300 inputs and has 100 neurons. Which standard deviation do its weights get from Xavier, and"
        " which from He?",
        steps={
            "xavier_variance": lambda n_in, n_out: 2 / (n_in + n_out),
            "he_variance": lambda n_in: 2 / n_in,
            "xavier": lambda xavier_variance: sqrt(xavier_variance),
            "he": lambda he_variance: sqrt(he_variance),
        },
        asks=("xavier", "he"),
        given={"n_in": 300, "n_out": 100},
        mistakes=[
            Mistake(
                "variance for standard deviation",
                "if the root is forgotten",
                "2/n is the variance; the standard deviation is its square root.",
                {"xavier": lambda xavier_variance: xavier_variance, "he": lambda he_variance: he_variance},
            ),
            Mistake(
                "outputs counted for He",
                "if He is taken with the number of outputs",
                "A value is a sum over what the neuron reads: the inputs count.",
                {"he_variance": lambda n_out: 2 / n_out},
            ),
            Mistake(
                "2 forgotten",
                "if the 2 is forgotten",
                "He has 2/n_in, since the ReLU keeps half; Xavier's 2 is from the mean of two numbers.",
                {"xavier_variance": lambda n_in, n_out: 1 / (n_in + n_out), "he_variance": lambda n_in: 1 / n_in},
            ),
            Mistake(
                "rules exchanged",
                "if Xavier and He are exchanged",
                "Xavier counts both directions, n_in + n_out; He only the inputs, n_in.",
                {"xavier_variance": lambda n_in: 2 / n_in, "he_variance": lambda n_in, n_out: 2 / (n_in + n_out)},
            ),
            Mistake(
                "inputs alone",
                "if only the inputs are counted for Xavier",
                "Xavier is a compromise between both directions: n_in + n_out.",
                {"xavier_variance": lambda n_in: 1 / n_in},
            ),
        ],
        hints=[
            "Two formulas for the variance; the standard deviation is its root.",
            "Xavier: 2/(n_in + n_out). He: 2/n_in.",
            "√(2/400) = {xavier} and √(2/300) = {he}.",
        ],
    ),
    Rescue(
        "09.check.rescue",
        "Change one thing in the layer, so that 20 of them in a row have a healthy gradient everywhere.",
        hints=[
            "What did the widget show to help, all by itself?",
            "Another activation, a way round, or z brought to size over the batch: one of them will do.",
            "For instance `a + sigmoid(a @ W.T)`; or `tanh(a @ W.T)`; or `sigmoid(normalise(a @ W.T, 0))`.",
        ],
    ),
    FunctionExercise(
        "09.check.clip",
        "Three gradients, shortened together so that their joint norm is at most max_norm.",
        steps={
            "norm": lambda dW1, dW2, db: joint_norm(dW1, dW2, db),
            "factor": lambda norm, max_norm: min(1.0, max_norm / norm),
            "clipped": lambda dW1, dW2, db, factor: tuple(np.asarray(g) * factor for g in (dW1, dW2, db)),
        },
        asks="clipped",
        probes=[
            {
                "dW1": np.array([[2.0, -1.0], [0.0, 2.0]]),
                "dW2": np.array([[4.0, 0.0]]),
                "db": np.array([0.0]),
                "max_norm": 1.0,
            },
            {
                "dW1": np.array([[0.3, 0.1], [-0.2, 0.5]]),
                "dW2": np.array([[0.1, -0.4]]),
                "db": np.array([0.2]),
                "max_norm": 5.0,
            },
            {
                "dW1": np.array([[30.0, 0.0], [-4.0, 10.0]]),
                "dW2": np.array([[-8.0, 0.5]]),
                "db": np.array([60.0]),
                "max_norm": 5.0,
            },
        ],
        mistakes=[
            Mistake(
                "each on its own",
                "if each gradient is shortened on its own",
                "Then the small ones stay and the large ones shrink: the direction changes. Use one factor for all.",
                {
                    "clipped": lambda dW1, dW2, db, max_norm: tuple(
                        g * min(1.0, max_norm / max(joint_norm(g), 1e-300)) for g in (dW1, dW2, db)
                    )
                },
            ),
            Mistake(
                "each entry on its own",
                "if each entry is cut off at ±max_norm",
                "This is clipping by value: it changes the direction, and the joint norm may still be too large.",
                {
                    "clipped": lambda dW1, dW2, db, max_norm: tuple(
                        np.clip(g, -max_norm, max_norm) for g in (dW1, dW2, db)
                    )
                },
            ),
            Mistake(
                "small gradients stretched",
                "if gradients that are small enough are made longer",
                "Clipping only shortens: where the norm is at most max_norm nothing happens.",
                {"factor": lambda norm, max_norm: max_norm / norm},
            ),
            Mistake(
                "threshold left out",
                "if gradients that are too long get the norm 1",
                "Divided by the norm they are 1 long; they may be max_norm long.",
                {"factor": lambda norm, max_norm: 1 / norm if norm > max_norm else 1.0},
            ),
            Mistake(
                "root forgotten",
                "if the sum of the squares is taken for the norm",
                "The norm is the square root of that sum.",
                {"norm": lambda dW1, dW2, db: joint_norm(dW1, dW2, db) ** 2},
            ),
            Mistake(
                "norms added",
                "if the three norms are added up",
                "Add the squares of all entries, then take one root.",
                {"norm": lambda dW1, dW2, db: sum(joint_norm(g) for g in (dW1, dW2, db))},
            ),
        ],
        hints=[
            "First the joint norm: the squares of all entries of all three, added up, and one root.",
            "One factor for all: max_norm / norm if the norm is larger than max_norm, else 1.",
            (
                "`norm = np.sqrt((dW1**2).sum() + (dW2**2).sum() + (db**2).sum())`,"
                " `factor = min(1, max_norm / norm)`, `return dW1 * factor, dW2 * factor, db * factor`."
            ),
        ],
    ),
    Confirmed(
        _leaky,
        _leaky_slope,
        _POINTS,
        "The leaky ReLU and its slope, as two functions; the gradient checker confirms the second from the first.",
    ),
    GradientExercise(
        "09.check.block",
        "One residual block, h = x + σ(W·x), with L = ½ Σ (h − y)². What arrives at x, and at W?",
        loss=block,
        given={"x": [1.0, -1.0], "W": [[0.5, -0.5], [2.0, 1.0]], "y": [1.0, 0.0]},
        asks=("x", "W"),
        hints=[
            "Two ways lead from x to h: straight, and through W and σ. What comes back along them is added.",
            "∂L/∂h = h − y, ∂L/∂z = ∂L/∂h · σ(z)(1 − σ(z)); ∂L/∂W is ∂L/∂z times xᵀ, ∂L/∂x is ∂L/∂h + Wᵀ·∂L/∂z.",
            "z = (1, 1): both slopes are 0.196612. ∂L/∂x = {dL_dx}; ∂L/∂W = {dL_dW}.",
        ],
    ),
]


def _is_linear(layer: Callable, width: int) -> bool:
    """Whether a layer does nothing but weigh and add: then f(a + b) = f(a) + f(b) − f(0)."""
    rng = np.random.default_rng(1)
    W, a, b = (Tensor(rng.standard_normal(shape)) for shape in ((width, width), (4, width), (4, width)))
    together, one, other, none = (np.asarray(layer(each, W).data) for each in (a + b, a, b, 0 * a))
    return bool(np.allclose(together, one + other - none))


def _first_depth(least: float) -> int:
    """From how many sigmoid layers on the smallest gradient norm is below `least`."""
    return next(depth for depth in range(2, 31) if measure(depth).norms.min() < least)


def _off_balance(scale: float) -> str | None:
    """None if 30 ReLU layers with Xavier's weights times `scale` multiply a gradient by about 1 each."""
    if not 0.1 <= scale <= 4:
        return "the slider goes from 0.1 to 4."
    factor = measure(30, 32, "ReLU", "Xavier", scale=scale).factor
    if abs(factor - 1) <= 0.03:
        return None
    return f"the factor is {factor:.3g}, {'less' if factor < 1 else 'more'} than 1."


quizzes = {
    "09.gate": Quiz(
        [
            Question(
                "09.gate.1",
                "20 layers, and each multiplies a gradient by 0.25. About how much of it reaches the first?",
                [
                    wrong("a twentieth of a quarter", "0.25 is a factor 20 times over: 0.25²⁰, not 0.25/20."),
                    wrong("a thousandth", "0.25⁵ is that already."),
                    right("a millionth of a millionth", "0.25²⁰ = 9·10⁻¹³."),
                ],
            ),
            Question(
                "09.gate.2",
                "A layer of ReLU neurons reads 200 inputs. Which standard deviation should its first weights have?",
                [
                    right("0.1", "√(2/200): He's rule, with 2 because the ReLU keeps half."),
                    wrong("0.01", "2/200 is the variance; take the root."),
                    wrong("1", "Then each layer makes the values ten times as large."),
                ],
            ),
        ]
    ),
    "09.quiz": Quiz(
        [
            Question(
                "09.quiz.1",
                "Why does a gradient vanish, or explode, with depth?",
                [
                    wrong("The computer rounds.", "With exact numbers the product would be as small."),
                    right(
                        "It is a product of one factor for each layer.",
                        "And a product of many factors is near 1 only if they are.",
                    ),
                    wrong("Deep networks have larger losses.", "The loss at the end is where all of them start."),
                ],
            ),
            Question(
                "09.quiz.2",
                "All weights of a ReLU network without biases are halved. What becomes of the first layer's ‖∂L/∂W‖"
                " divided by the last layer's?",
                [
                    wrong("It is halved for each layer.", "The sizes shrink so, but in all layers alike."),
                    right("It stays the same.", "Each gradient has the other layers' weights as factors, once each."),
                    wrong("It becomes 0: the neurons die.", "Half of a positive z is still positive."),
                ],
            ),
            Question(
                "09.quiz.3",
                "Which of these cannot help a gradient that vanishes?",
                [
                    wrong("a skip connection", "It is a way round, with the slope 1."),
                    wrong("larger first weights", "They may help, if the slopes do not saturate."),
                    right("clipping", "It makes a gradient shorter, never longer."),
                ],
            ),
            Question(
                "09.quiz.4",
                "Along which axis of z, of shape (examples, neurons), does batch normalisation take its means?",
                [
                    right("along the examples", "Each neuron gets mean 0 over the batch."),
                    wrong("along the neurons", "That is layer normalisation: each example by itself."),
                    wrong("along both", "Then there would be a single mean for all."),
                ],
            ),
            Question(
                "09.quiz.5",
                "In training, one layer's gradient norm has been 0.00000001 from the start. What do you look at first?",
                [
                    wrong("the number of epochs", "At this rate it would take many millions of them."),
                    right(
                        "activation, first weights, and whether there is a way round",
                        "The factors of the product are made by these.",
                    ),
                    wrong("the clipping threshold", "Clipping acts on norms above 1 to 5, far away from here."),
                ],
            ),
        ]
    ),
}
