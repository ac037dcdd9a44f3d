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
from ..answers import plain, shown, unanswered
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
        too_large = norms.max() > HEALTHY[1]
        reason = {
            "vanishes": f"It still vanishes, since one of them is below {BEARABLE[0]:g}.",
            "explodes": f"Now it explodes: one of them is above {BEARABLE[1]:g}.",
            "doubtful": (
                f"That is better, but not all are between {HEALTHY[0]} and {HEALTHY[1]:g}:"
                f" one of them is {f'above {HEALTHY[1]:g}' if too_large else f'below {HEALTHY[0]}'}."
            ),
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
                lambda z: sum(_number(function(*arguments)) for arguments in zip(z.tolist(), *rest)),
                np.array(z),
                np.array([_number(slope(*arguments)) for arguments in zip(z, *rest)]),
            )
            verdicts["slope"] = Verdict(
                "right" if report.ok else "wrong", f"The gradient checker says: {report.summary}"
            )
        return self._feedback(verdicts)

    def _how(self) -> Sequence[str]:
        return ("Answer with `check(leaky, leaky_slope)`, two functions of z and negative_slope.",)


def _number(value: Any) -> float:
    """The one number that a function returned, be it in brackets, in an array, or in a Tensor."""
    return float(np.asarray(plain(value)).item())


def joint_norm(*gradients: Any) -> float:
    return sqrt(sum(float(np.sum(np.square(g))) for g in gradients))


# ---- leaky ReLU ----

_POINTS = [{"z": z, "negative_slope": slope} for z, slope in ((2.0, 0.2), (-3.0, 0.2), (-0.5, 0.03), (0.25, 0.03))]
_leaky_hints = (
    "Right of 0 nothing changes: the value is z and the slope is 1. And left of 0?",
    "Left of 0 the line goes through the origin with the slope `negative_slope`.",
    "`return z if z > 0 else negative_slope * z` and `return 1 if z > 0 else negative_slope`.",
)


def _fixed(number: float, step: str, right: Callable[[float, float], float]) -> Mistake:
    """The slope left of 0 written as a number, in the place of the argument."""
    return Mistake(
        "slope not taken from the argument",
        f"if the slope left of 0 is always {number}",
        "Left of 0 the slope is the argument negative_slope, which may be another number.",
        {step: lambda z: right(z, number)},
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
            "leak instead of slope, with a minus",
            "if left of 0 minus the slope is given out",
            "Left of 0 the value is negative_slope times z, which is negative by itself.",
            {"value": lambda z, negative_slope: z if z > 0 else -negative_slope},
        ),
        Mistake(
            "leak added",
            "if left of 0 the slope is added to z",
            "Left of 0 z is multiplied by negative_slope.",
            {"value": lambda z, negative_slope: z if z > 0 else z + negative_slope},
        ),
        Mistake(
            "sides exchanged",
            "if the two sides are exchanged",
            "Where z is positive it is passed on as it is; the leak is left of 0.",
            {"value": lambda z, negative_slope: negative_slope * z if z > 0 else z},
        ),
        *(_fixed(number, "value", lambda z, slope: z if z > 0 else slope * z) for number in (0.01, 0.1)),
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
            "value right of 0",
            "if the value is given out right of 0",
            "Right of 0 the value is z; the slope there has no z in it.",
            {"slope": lambda z, negative_slope: z if z > 0 else negative_slope},
        ),
        Mistake(
            "slope 1 everywhere",
            "if the slope is 1 on both sides",
            "Left of 0 the line is much flatter.",
            {"slope": lambda z: 1.0},
        ),
        Mistake(
            "leak on both sides",
            "if the slope is negative_slope on both sides",
            "Right of 0 the value is z itself, which grows as fast as z does.",
            {"slope": lambda negative_slope: negative_slope},
        ),
        Mistake(
            "slope with a minus",
            "if the slope left of 0 gets a minus",
            "The value there is negative, but it grows when z does: the slope is positive.",
            {"slope": lambda z, negative_slope: 1.0 if z > 0 else -negative_slope},
        ),
        *(_fixed(number, "slope", lambda z, slope: 1.0 if z > 0 else slope) for number in (0.01, 0.1)),
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
    """Half the squared error of h = x + σ(W·x).

    The x that is asked for is the sum x + 0, as if a layer before had made it: of two leaves that are multiplied
    nothing would tell which one is the weight. The ½ stands at each square, where it is no mean over two outputs.
    """
    x.name, x = None, x + 0
    z = W @ x
    s = sigmoid(z)
    h = x + s
    x.name, z.name, s.name, h.name = "x", "z", "σ(z)", "h"
    return ((h - y) ** 2 / 2).sum()


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
                "as it opens",
                "if the slider stays where it is when the widget opens",
                "With ten layers it vanishes, but with fewer it does so too: move the slider to the left.",
                {"layers": lambda: 10},
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
            "Leave everything else as it opens, and move the slider of the layers. Watch the dot of layer 1.",
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
            "With 1.3 the factor is 0.924 and with 1.5 it is 1.07; {example} gives 0.996. In theory it is √2 = 1.41.",
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
            Mistake(
                "outputs alone",
                "if only the outputs are counted for Xavier",
                "Xavier is a compromise between both directions: n_in + n_out.",
                {"xavier_variance": lambda n_out: 1 / n_out},
            ),
            Mistake(
                "2 over the mean",
                "if 2 is divided by the mean of the two numbers",
                "1 over their mean is 2 over their sum: the 2 is used up by that.",
                {"xavier_variance": lambda n_in, n_out: 4 / (n_in + n_out)},
            ),
            Mistake(
                "limit of the uniform distribution",
                "if 6 stands in the place of the 2",
                "With a 6 it is how far evenly spread weights may reach; their standard deviation has the 2.",
                {"xavier_variance": lambda n_in, n_out: 6 / (n_in + n_out), "he_variance": lambda n_in: 6 / n_in},
            ),
            Mistake(
                "not inverted",
                "if the fraction is turned round",
                "The more a neuron reads, the smaller each weight: the 2 stands above the line.",
                {"xavier_variance": lambda n_in, n_out: (n_in + n_out) / 2, "he_variance": lambda n_in: n_in / 2},
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
                "dW1": np.array([[1.2, 0.4], [-0.8, 2.0]]),
                "dW2": np.array([[0.4, -1.6]]),
                "db": np.array([0.8]),
                "max_norm": 5.0,
            },
            {
                "dW1": np.array([[30.0, 0.0], [-4.0, 10.0]]),
                "dW2": np.array([[-8.0, 0.5]]),
                "db": np.array([12.0]),
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
                "always 1 long",
                "if all gradients get the norm 1, long ones and short ones",
                "Clipping only shortens, and what is too long may be max_norm long.",
                {"factor": lambda norm: 1 / norm},
            ),
            Mistake(
                "compared with 1",
                "if the norm is compared with 1",
                "Compare it with max_norm: only what is longer than that is shortened.",
                {"factor": lambda norm, max_norm: max_norm / norm if norm > 1 else 1.0},
            ),
            Mistake(
                "comparison turned round",
                "if the short gradients are changed and the long ones are not",
                "Shorten where the norm is larger than max_norm.",
                {"factor": lambda norm, max_norm: max_norm / norm if norm < max_norm else 1.0},
            ),
            Mistake(
                "nothing shortened",
                "if nothing is shortened",
                "The joint norm here is larger than max_norm.",
                {"factor": lambda: 1.0},
            ),
            Mistake(
                "largest of the norms",
                "if the largest of the three norms is taken",
                "The joint norm is made of all three: add the squares of all entries, then take one root.",
                {"norm": lambda dW1, dW2, db: max(joint_norm(g) for g in (dW1, dW2, db))},
            ),
            Mistake(
                "largest entry for the norm",
                "if the largest entry is taken for the norm",
                "The norm is the length: the root of the sum of all squares.",
                {"norm": lambda dW1, dW2, db: max(float(np.max(np.abs(g))) for g in (dW1, dW2, db))},
            ),
            Mistake(
                "sizes added",
                "if the sizes of the entries are added up",
                "Add the squares of all entries, then take one root.",
                {"norm": lambda dW1, dW2, db: sum(float(np.sum(np.abs(g))) for g in (dW1, dW2, db))},
            ),
            Mistake(
                "bias left out",
                "if db is left out of the norm",
                "The gradient of a bias is a part of the whole gradient, and counts in its length.",
                {"norm": lambda dW1, dW2: joint_norm(dW1, dW2)},
            ),
            Mistake(
                "mean for the sum",
                "if the mean of the squares is taken, and not their sum",
                "The norm is the root of the sum; with the mean it would not grow with the number of entries.",
                {"norm": lambda dW1, dW2, db: joint_norm(dW1, dW2, db) / sqrt(sum(np.size(g) for g in (dW1, dW2, db)))},
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
        given={"x": [2.0, -0.5], "W": [[0.5, -1.5], [0.75, 2.0]], "y": [1.0, 0.5]},  # no two alike, no zeros, no z of 1
        asks=("x", "W"),
        hints=[
            "Two ways lead from x to h: straight, and through W and σ. What comes back along them is added.",
            "Begin with h − y. On the straight way it reaches x unchanged. On the other it first meets the slope of σ;"
            " what comes out there goes to W as in any layer, and through W to x.",
            "z = (1.75, 0.5). ∂L/∂h = h − y = {dL_dh}; times σ(z)(1 − σ(z)) that is ∂L/∂z = {dL_dz}. ∂L/∂W = ∂L/∂z·xᵀ ="
            " {dL_dW}; ∂L/∂x = ∂L/∂h + Wᵀ·∂L/∂z = {dL_dx}.",
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
                        "Such a product stays near 1 only if its factors balance, best by being near 1 themselves.",
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
                "z has a row for each example and a column for each neuron. Which numbers does batch normalisation take"
                " together for a mean?",
                [
                    right("those of a column", "One neuron over all examples of the batch: axis 0."),
                    wrong("those of a row", "That is layer normalisation: one example over all neurons, axis 1."),
                    wrong(
                        "all of them", "Then there would be a single mean, and no neuron would get mean 0 by itself."
                    ),
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
