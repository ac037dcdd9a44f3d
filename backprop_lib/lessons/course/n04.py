"""Two layers by hand."""

from ..exercises import Exercise, FunctionExercise, Target, Task
from ..mistakes import (
    doubled,
    forgot,
    forgot_slope,
    not_swapped,
    rounded_early,
    sign_flipped,
    slope_at,
    step_alone,
    updated_weight,
    uphill,
    value_for_slope,
)
from ..quizzes import Question, Quiz, right, wrong
from ..steps import Mistake, Steps, Values, replay
from .n03 import half_forgotten, sigmoid, square_forgotten, wrong_sigmoids

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

worked = {"x": 1, "w1": 0.5, "w2": -0.3, "y": 1, "rate": 1}


def at(given: Values, *names: str) -> Values:
    """The values of these steps, for an exercise that gives them."""
    return {name: replay(two_neurons, given, name) for name in names}


delta_rounded = Mistake(
    "dL/dz2 rounded before going on",
    "if dL/dz2 is rounded to three digits before it is passed on",
    "Everything after it inherits the lost digits: keep five until the end.",
    {"dL_dz2": lambda dL_dz2: float(f"{dL_dz2:.3g}")},
)

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
    not_swapped("dL_dw1", "dL_dz1", "w1", "x"),
    slope_at("da_dz2", "z2", lambda z2: z2 * (1 - z2), "a"),
    slope_at("dh_dz1", "z1", lambda z1: z1 * (1 - z1), "h"),
    value_for_slope("da_dz2", "a"),
    value_for_slope("dh_dz1", "h"),
    Mistake(
        "x in the place of h",
        "if dL/dw2 is multiplied by the network's input x",
        "The input of the second neuron is h, what the first one gives out.",
        {"dL_dw2": lambda dL_dz2, x: dL_dz2 * x},
    ),
    delta_rounded,
    rounded_early(3),
]

uphills = [uphill("new_w1", "w1", "dL_dw1"), uphill("new_w2", "w2", "dL_dw2")]

forward = ("z1", "h", "z2", "a", "L")
backward = ("dL_da", "dL_dz2", "dL_dw2", "dL_dh", "dL_dz1", "dL_dw1")
backward_lines = (
    "dL/da = a − y = {dL_da}; dL/dz2 = {dL_da} · {da_dz2} = {dL_dz2}; dL/dw2 = dL/dz2 · h = {dL_dw2};"
    " dL/dh = dL/dz2 · w2 = {dL_dh}; dL/dz1 = {dL_dh} · {dh_dz1} = {dL_dz1}; dL/dw1 = dL/dz1 · x = {dL_dw1}"
)
backward_hints = [
    "Six lines, each the line above times one local derivative. Begin at the loss, and keep five digits.",
    ("dL/da = a − y; then · a(1 − a); from z2 the way goes on to w2 (· h) and to h (· w2); then · h(1 − h), then · x."),
    f"{backward_lines}.",
]

exercises: list[Task] = [
    Exercise(
        "04.check.forward",
        "Two sigmoid neurons in a row: z1 = w1·x, h = σ(z1), z2 = w2·h, a = σ(z2), L = ½(a − y)². Walk forward.",
        steps=two_neurons,
        asks=forward,
        given={"x": 1, "w1": 0.5, "w2": -0.3, "y": 1},
        mistakes=[
            half_forgotten,
            square_forgotten,
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
            *wrong_sigmoids("h", "z1"),
            *wrong_sigmoids("a", "z2"),
            rounded_early(3),
        ],
        hints=[
            "One line after the other; the output of each is the input of the next.",
            "σ(z) = 1 / (1 + e^−z), twice.",
            "z1 = w1 · x = {z1}, h = σ({z1}) = {h}, z2 = w2 · h = {z2}, a = σ({z2}) = {a}, L = ½(a − y)² = {L}.",
        ],
    ),
    Exercise(
        "04.check.first-neuron",
        "The gradient has come back as far as h, the output of the first neuron. Its two lines are yours.",
        steps=two_neurons,
        asks=("dL_dz1", "dL_dw1"),
        given={"x": 1, "w1": 0.5, **at(worked, "h", "dL_dh")},
        mistakes=[
            forgot_slope("dL_dz1", keeps="dL_dh", slope="σ′(z1)"),
            slope_at("dh_dz1", "z1", lambda z1: z1 * (1 - z1), "h"),
            not_swapped("dL_dw1", "dL_dz1", "w1", "x"),
            value_for_slope("dh_dz1", "h"),
        ],
        hints=[
            "Two steps lie between h and w1: the sigmoid and the product. What is the slope of each?",
            "dL/dz1 = dL/dh · h(1 − h), and in z1 = w1·x a nudge of w1 is multiplied by x.",
            "dL/dz1 = {dL_dh} · {dh_dz1} = {dL_dz1}; dL/dw1 = {dL_dz1} · {x} = {dL_dw1}.",
        ],
    ),
    Exercise(
        "04.check.backward",
        "Now back: pass the gradient from the loss to the first weight, line by line.",
        steps=two_neurons,
        asks=backward,
        given=worked,
        mistakes=slips,
        hints=backward_hints,
    ),
    Exercise(
        "04.check.update",
        "One step of gradient descent for both weights.",
        steps=two_neurons,
        asks=("new_w1", "new_w2"),
        given=worked,
        mistakes=[
            *uphills,
            step_alone("new_w1", "dL_dw1"),
            step_alone("new_w2", "dL_dw2"),
            Mistake(
                "gradients exchanged",
                "if each weight is moved by the gradient of the other",
                "Every weight has a gradient of its own: dL/dw1 belongs to w1, dL/dw2 to w2.",
                {
                    "new_w1": lambda w1, dL_dw2, rate: w1 - rate * dL_dw2,
                    "new_w2": lambda w2, dL_dw1, rate: w2 - rate * dL_dw1,
                },
            ),
            *slips,
        ],
        hints=[
            "Both gradients belong to the old weights: compute both, then update both.",
            "new w = w − rate · dL/dw, for each.",
            "new w1 = {w1} − {dL_dw1} = {new_w1}; new w2 = {w2} − ({dL_dw2}) = {new_w2}.",
        ],
    ),
    Target(
        "04.check.balance",
        "For which w2 are dL/dw1 and dL/dw2 equally large, the sign aside? To within 2 %.",
        meets=lambda w2, **given: _out_of_balance(w2, **given),
        example=lambda x, w1, **given: round(sigmoid(w1 * x) / (_slope(w1 * x) * x), 2),
        given={"x": 1, "w1": 0.5, "y": 1},
        hints=[
            "At w2 = −0.3 the first gradient is about a ninth of the second. Try a w2 ten times as large.",
            "dL/dw1 = dL/dz2 · w2 · σ′(z1) · x and dL/dw2 = dL/dz2 · h. Which w2 makes the factors after dL/dz2 equal?",
            "w2 = h / (σ′(z1) · x) = 0.622459 / 0.235004, about {example}; with a minus it does as well.",
        ],
    ),
    Exercise(
        "04.check.target-zero",
        "The same two neurons with the target y = 0. The forward pass up to a is the one you know; the rest is yours.",
        steps=two_neurons,
        asks=("L", *backward, "new_w2", "new_w1"),
        given={**worked, "y": 0, **at(worked, "z1", "h", "z2", "a")},
        mistakes=[
            half_forgotten,
            square_forgotten,
            *uphills,
            *slips,
            Mistake(
                "old target",
                "if the target is still 1",
                "The target is 0 now, so the error is a − 0.",
                {"L": lambda a: (a - 1) ** 2 / 2, "dL_da": lambda a: a - 1},
            ),
        ],
        hints=[
            "Only the target is new. In which lines of the way back does y stand?",
            "dL/da = a − y. Every line after it is that one times factors that have not changed.",
            f"L = ½(a − y)² = {{L}}; {backward_lines}; new w2 = w2 − dL/dw2 = {{new_w2}}, new w1 = {{new_w1}}.",
        ],
    ),
    Exercise(
        "04.check.on-your-own",
        "Two sigmoid neurons in a row with L = ½(a − y)², other numbers, and every line is yours.",
        steps=two_neurons,
        asks=(*forward, *backward),
        given={"x": -1.5, "w1": 0.8, "w2": 2, "y": 0},
        mistakes=[
            half_forgotten,
            *slips[1:],  # nothing is updated here
            forgot("dL_dw1", "x", keeps="dL_dz1"),
            square_forgotten,
            *wrong_sigmoids("h", "z1"),
            *wrong_sigmoids("a", "z2"),
        ],
        hints=[
            "The same eleven lines. Mind the sign of x: it comes in twice, in z1 and at the very end.",
            backward_hints[1],
            f"z1 = {{z1}}, h = σ(z1) = {{h}}, z2 = {{z2}}, a = σ(z2) = {{a}}, L = {{L}}; {backward_lines}.",
        ],
    ),
    FunctionExercise(
        "04.check.without-h",
        "A function that returns dL/dw1 and dL/dw2 of the two sigmoid neurons. Of the forward pass only a is left.",
        steps={
            "h": lambda w1, x: sigmoid(w1 * x),
            "dL_da": lambda a, y: a - y,
            "dL_dz2": lambda dL_da, a: dL_da * a * (1 - a),
            "dL_dh": lambda dL_dz2, w2: dL_dz2 * w2,
            "dL_dz1": lambda dL_dh, h: dL_dh * h * (1 - h),
            "gradients": lambda dL_dz1, x, dL_dz2, h: (dL_dz1 * x, dL_dz2 * h),
        },
        asks="gradients",
        probes=[
            {**given, **at(given, "a")}
            for given in (
                {"x": 1.0, "w1": 0.5, "w2": -0.3, "y": 1.0},
                {"x": -1.5, "w1": 0.8, "w2": 2.0, "y": 0.0},
                {"x": 2.0, "w1": -0.25, "w2": 0.0, "y": 0.0},
            )
        ],
        mistakes=[
            Mistake(
                "z1 in the place of h",
                "if z1 = w1·x is taken for h",
                "The first neuron gives out σ(z1).",
                {"h": lambda w1, x: w1 * x},
            ),
            Mistake(
                "a in the place of h",
                "if a is taken for h",
                "a is what the second neuron gives out; the first one's output has to be made again.",
                {"h": lambda a: a},
            ),
            Mistake(
                "updated w2 used in dL/dh",
                "if w2 is moved by its gradient first, and the new w2 is used on the way back",
                "All gradients belong to one and the same point: go back through the w2 of the forward pass.",
                {"dL_dh": lambda dL_dz2, w2, h: dL_dz2 * (w2 - dL_dz2 * h)},
            ),
            Mistake(
                "h forgotten in dL/dw2",
                "if the factor h is left out of dL/dw2",
                "w2 acts on z2 through h, so h is a factor of its gradient.",
                {"gradients": lambda dL_dz1, x, dL_dz2: (dL_dz1 * x, dL_dz2)},
            ),
            Mistake(
                "x in the place of h",
                "if dL/dw2 is multiplied by the network's input x",
                "The input of the second neuron is h, what the first one gives out.",
                {"gradients": lambda dL_dz1, x, dL_dz2: (dL_dz1 * x, dL_dz2 * x)},
            ),
            Mistake(
                "inputs not swapped in dL/dw2",
                "if dL/dw2 is multiplied by w2 instead of by h",
                "A multiply node swaps its inputs on the way back: w2 gets h.",
                {"gradients": lambda dL_dz1, x, dL_dz2, w2: (dL_dz1 * x, dL_dz2 * w2)},
            ),
            Mistake(
                "inputs not swapped in dL/dw1",
                "if dL/dw1 is multiplied by w1 instead of by x",
                "A multiply node swaps its inputs on the way back: w1 gets x.",
                {"gradients": lambda dL_dz1, w1, dL_dz2, h: (dL_dz1 * w1, dL_dz2 * h)},
            ),
            not_swapped("dL_dh", "dL_dz2", "h", "w2"),
            sign_flipped("dL_da"),
            doubled("dL_da"),
            forgot_slope("dL_dz2", keeps="dL_da", slope="σ′(z2)"),
            forgot_slope("dL_dz1", keeps="dL_dh", slope="σ′(z1)"),
            forgot("dL_dh", "w2", keeps="dL_dz2"),
            Mistake(
                "x forgotten",
                "if dL/dw1 is not multiplied by x",
                "w1 acts on z1 through x, so x is a factor of its gradient.",
                {"gradients": lambda dL_dz1, dL_dz2, h: (dL_dz1, dL_dz2 * h)},
            ),
            Mistake(
                "order of the two",
                "if dL/dw2 is returned first",
                "First dL/dw1, then dL/dw2.",
                {"gradients": lambda dL_dz1, x, dL_dz2, h: (dL_dz2 * h, dL_dz1 * x)},
            ),
        ],
        hints=[
            "Which line of the way back needs h? And from which of the given values can h be made again?",
            "h is what the first neuron gives out, and its two lines forward need only w1 and x. Both are still there.",
            (
                "`h = sigma(w1 * x)`, `delta2 = (a - y) * a * (1 - a)`,"
                " `delta1 = delta2 * w2 * h * (1 - h)`, `return delta1 * x, delta2 * h`."
            ),
        ],
    ),
    Exercise(
        "04.check.recount",
        "A row of 6 sigmoid neurons, and nothing of the forward pass is kept. On the way back each output, from the"
        " last neuron's to the first's, is computed again from x when it is needed, and forgotten again. How many times"
        " is σ computed on the way back?",
        steps={"calls": lambda neurons: neurons * (neurons + 1) // 2},
        asks="calls",
        given={"neurons": 6},
        mistakes=[
            Mistake(
                "a single repetition",
                "if the forward pass is repeated once",
                "That is enough only if its results are kept. Here each is forgotten again.",
                {"calls": lambda neurons: neurons},
            ),
            Mistake(
                "last output left out",
                "if the last neuron's output is taken to be still there",
                "The way back begins with it, and it takes the whole row.",
                {"calls": lambda neurons: neurons * (neurons - 1) // 2},
            ),
            Mistake(
                "forward pass counted too",
                "if the forward pass is counted as well",
                "Asked is only for what the way back computes.",
                {"calls": lambda neurons: neurons * (neurons + 3) // 2},
            ),
            Mistake(
                "the whole row every time",
                "if the whole row is computed for every neuron",
                "The output of an early neuron needs only the neurons up to it.",
                {"calls": lambda neurons: neurons**2},
            ),
        ],
        hints=[
            "How many times is σ computed for the output of the last neuron? And of the one before it?",
            "For 2 neurons it was two for a and one for h. What does a third neuron add, and each one after it?",
            "6 + 5 + 4 + 3 + 2 + 1 = {calls}.",
        ],
    ),
    Exercise(
        "04.check.weight-three",
        "The worked network once more, with w2 = 3 in the place of −0.3. What becomes of the output and the gradients?",
        steps=two_neurons,
        asks=("a", "dL_dz2", "dL_dw2", "dL_dh", "dL_dw1"),
        given={"x": 1, "w1": 0.5, "w2": 3, "y": 1},
        mistakes=[
            Mistake(
                "old dL/dz2 kept",
                "if dL/dz2 is carried over from w2 = −0.3",
                "Another weight gives another output: z2, a, the error and the slope change first.",
                {"dL_dz2": lambda: replay(two_neurons, worked, "dL_dz2")},
            ),
            Mistake(
                "old w2 kept in dL/dh",
                "if dL/dz2 is handed on through the old w2 = −0.3",
                "The weight is 3 now, on the way forward and on the way back.",
                {"dL_dh": lambda dL_dz2: dL_dz2 * worked["w2"]},
            ),
            *slips[1:],
            *wrong_sigmoids("a", "z2"),
        ],
        hints=[
            "h is the same as before, since w2 comes after it. Everything from z2 on is new.",
            "z2 = 3 · h, a = σ(z2). Then the lines of the way back, with the new a and with w2 = 3.",
            f"z2 = 3 · {{h}} = {{z2}}, a = σ(z2) = {{a}}; {backward_lines}.",
        ],
    ),
]


def _slope(z: float) -> float:
    return sigmoid(z) * (1 - sigmoid(z))


def _out_of_balance(w2: float, x: float, w1: float, y: float) -> str | None:
    """None if both gradients are equally large within 2 %. What they share, dL/dz2, cancels in the ratio."""
    ratio = abs(w2 * _slope(w1 * x) * x / sigmoid(w1 * x))
    if abs(ratio - 1) <= 0.02:
        return None
    return f"with this weight the first gradient is {ratio:.4g} times as large as the second."


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
                "Besides x, y and the weights: which numbers of the forward pass stand in the lines of the way back?",
                [
                    wrong("the loss", "The loss is where it starts; its value is not even needed."),
                    wrong("z1 and z2", "The slope of σ is made from its output, h(1 − h), so z is not needed."),
                    right(
                        "h and a",
                        "Each gives the slope of its sigmoid; a stands in the error too, and h in dL/dw2.",
                    ),
                ],
            ),
            Question(
                "04.quiz.3",
                "A gradient passes two sigmoids. At most how much of it do their two slopes let through?",
                [
                    right("0.0625 of it", "0.25 · 0.25."),
                    wrong("0.5 of it", "That adds the two quarters; slopes along a path are multiplied."),
                    wrong("0.25 of it", "This is one of them; each is a factor."),
                ],
            ),
            Question(
                "04.quiz.4",
                "Why are the gradients computed from the loss back, and not for each weight on its own?",
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
