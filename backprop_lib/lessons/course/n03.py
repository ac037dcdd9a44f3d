"""One neuron."""

from dataclasses import replace
from math import exp, tanh

from ..exercises import Exercise, FunctionExercise, Target, Task
from ..mistakes import (
    doubled,
    forgot,
    forgot_slope,
    gradient_alone,
    halved,
    not_swapped,
    rate_forgotten,
    rounded_early,
    sign_flipped,
    slope_at,
    step_alone,
    uphill,
    value_for_slope,
)
from ..quizzes import Question, Quiz, right, wrong
from ..steps import Mistake, Steps, label, named, replay


def sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z))


back_to_the_inputs: Steps = {
    "dL_dz": lambda dL_da, da_dz: dL_da * da_dz,
    "dL_dw": lambda dL_dz, x: dL_dz * x,
    "dL_db": lambda dL_dz: dL_dz,
    "dL_dx": lambda dL_dz, w: dL_dz * w,
}

relu_neuron: Steps = {
    "z": lambda w, x, b: w * x + b,
    "a": lambda z: max(0, z),
    "L": lambda a, y: (a - y) ** 2,
    "dL_da": lambda a, y: 2 * (a - y),
    "da_dz": lambda z: 1 if z > 0 else 0,
    **back_to_the_inputs,
}

sigmoid_neuron: Steps = {
    "z": lambda w, x, b: w * x + b,
    "a": lambda z: sigmoid(z),
    "L": lambda a, y: (a - y) ** 2 / 2,
    "dL_da": lambda a, y: a - y,
    "da_dz": lambda a: a * (1 - a),
    **back_to_the_inputs,
    "new_w": lambda w, dL_dw, rate: w - rate * dL_dw,
    "new_b": lambda b, dL_db, rate: b - rate * dL_db,
}

worked = {"x": 2, "w": 1, "b": 0.5, "y": 0}

tanh_neuron: Steps = {
    **sigmoid_neuron,
    "a": lambda z: tanh(z),
    "da_dz": lambda a: 1 - a**2,
}

# After a step of gradient descent z is w·x + b once more, with the new w and b; both are linear in the rate.
one_step_of_relu: Steps = {
    **relu_neuron,
    "fall": lambda dL_dw, x, dL_db: dL_dw * x + dL_db,
    "lands": lambda z, y, fall: (z - y) / fall,
    "dies": lambda z, fall: z / fall,
}

relu_gradients: Steps = {
    "z": lambda x, w, b: w * x + b,
    "dL_da": lambda z, y: 2 * (max(0.0, z) - y),
    "da_dz": lambda z: float(z > 0),
    "dL_dz": lambda dL_da, da_dz: dL_da * da_dz,
    "gradients": lambda dL_dz, x: (dL_dz * x, dL_dz),
}

bias_forgotten = Mistake(
    "bias forgotten in z",
    "if b is left out of z",
    "The weighted sum has the bias added.",
    {"z": lambda w, x: w * x},
)
half_forgotten = Mistake(
    "½ forgotten in L",
    "if the ½ of the loss is forgotten",
    "L = ½(a − y)² here.",
    {"L": lambda a, y: (a - y) ** 2},
)
square_forgotten = Mistake(
    "square forgotten in L",
    "if the error is not squared",
    "The loss is half of the square of the error a − y.",
    {"L": lambda a, y: (a - y) / 2},
)
upstream_forgotten = Mistake(
    "upstream forgotten",
    "if the local derivative alone is written down",
    "What is sent on is upstream times local: multiply by the gradient that has arrived.",
    {"dL_dw": lambda x: x, "dL_db": lambda: 1, "dL_dx": lambda w: w},
)
bias_gets_x = Mistake(
    "dL/db multiplied by x",
    "if dL/dz is multiplied by x for b as well",
    "z grows by just as much as b does: for b the local derivative is 1.",
    {"dL_db": lambda dL_dz, x: dL_dz * x},
)


def wrong_sigmoids(step: str, z: str) -> list[Mistake]:
    """What comes out for `step` in the place of σ(z)."""
    return [
        Mistake(
            f"sign of {z} flipped in {label(step)}",
            f"if σ is taken at −{z}",
            "σ(z) = 1 / (1 + e^−z): the minus stands in the exponent.",
            {step: named(lambda z: sigmoid(-z), z)},
        ),
        Mistake(
            f"quotient forgotten in {label(step)}",
            f"if 1 + e^−{z} is not put below a 1",
            "σ(z) = 1 / (1 + e^−z): the last step is the division.",
            {step: named(lambda z: 1 + exp(-z), z)},
        ),
        Mistake(
            f"e^−{z} taken for {label(step)}",
            f"if e^−{z} alone is taken for σ",
            "σ(z) = 1 / (1 + e^−z): add 1, then divide 1 by it.",
            {step: named(lambda z: exp(-z), z)},
        ),
    ]


slips = [
    bias_forgotten,
    bias_gets_x,
    sign_flipped("dL_da"),
    forgot("dL_dw", "x", keeps="dL_dz"),
    not_swapped("dL_dw", "dL_dz", "w", "x"),
]

slopes_of_sigmoid = [
    forgot_slope("dL_dz", keeps="dL_da"),
    slope_at("da_dz", "z", lambda z: z * (1 - z), "a"),
    value_for_slope("da_dz", "a"),
    Mistake(
        "factor a forgotten in da/dz",
        "if the slope is taken to be 1 − a",
        "The slope of σ is the product of both parts: a(1 − a).",
        {"da_dz": lambda a: 1 - a},
    ),
]
sigmoid_slips = [*slips, doubled("dL_da"), *slopes_of_sigmoid, rounded_early(3)]
from_memory = [
    *sigmoid_slips,
    *wrong_sigmoids("a", "z"),
    half_forgotten,
    square_forgotten,
    upstream_forgotten,
    forgot("dL_dz", "dL/da", keeps="da_dz"),
]

sigmoid_hints = [
    (
        "Forward: z, a, L. Then walk back one step at a time: from the loss to a, from a to z, from z to w and to b."
        " What is the slope of each step?"
    ),
    (
        "σ(z) = 1/(1 + e^−z). dL/da = a − y (the ½ cancels the 2), da/dz = a(1 − a), dz/dw = x, dz/db = 1. Multiply"
        " along the path."
    ),
    (
        "z = w·x + b = {z}, a = σ({z}) = {a}, L = ½(a − y)² = {L}; dL/da = a − y = {dL_da}, da/dz = a(1 − a) = {da_dz},"
        " dL/dz = {dL_da} · {da_dz} = {dL_dz}; dL/dw = dL/dz · x = {dL_dw}; dL/db = dL/dz = {dL_db}."
    ),
]

exercises: list[Task] = [
    Exercise(
        "03.check.relu",
        "One ReLU neuron: z = w·x + b, a = ReLU(z), L = (a − y)². Fill in the lines that are still None.",
        steps=relu_neuron,
        asks=("z", "a", "L", "dL_da", "da_dz", "dL_dz", "dL_dw", "dL_db", "dL_dx"),
        given={"x": 2, "w": 3, "b": 1, "y": 4},
        mistakes=[
            *slips,
            not_swapped("dL_dx", "dL_dz", "x", "w"),
            halved("dL_da"),
            Mistake(
                "square forgotten in L",
                "if the error is not squared",
                "The loss is the square of the error a − y.",
                {"L": lambda a, y: a - y},
            ),
            Mistake(
                "ReLU's value taken for its slope",
                "if a itself is taken for the slope of the ReLU",
                "Right of 0 the ReLU is a straight line through 0: its slope is 1 there.",
                {"da_dz": lambda a: a},
            ),
            replace(upstream_forgotten, instead={**upstream_forgotten.instead, "dL_dz": lambda da_dz: da_dz}),
        ],
        hints=[
            "Forward: z, a, L. Back: each line is the line above times one local derivative.",
            "dL/da = 2(a − y); the ReLU's slope is 1 for z > 0; dz/dw = x, dz/db = 1, dz/dx = w.",
            (
                "z = {w} · {x} + {b} = {z}, a = ReLU({z}) = {a}, L = ({a} − {y})² = {L};"
                " dL/da = 2 · ({a} − {y}) = {dL_da}, da/dz = {da_dz}, dL/dz = {dL_da} · {da_dz} = {dL_dz};"
                " dL/dw = {dL_dz} · {x} = {dL_dw}; dL/db = {dL_dz} · 1 = {dL_db}; dL/dx = {dL_dz} · {w} = {dL_dx}."
            ),
        ],
    ),
    Exercise(
        "03.check.sigmoid",
        "One sigmoid neuron: z = w·x + b, a = σ(z), L = ½(a − y)². Fill in the lines that are still None.",
        steps=sigmoid_neuron,
        asks=("z", "a", "L", "dL_da", "da_dz", "dL_dz", "dL_dw", "dL_db"),
        given=worked,
        mistakes=from_memory,
        hints=sigmoid_hints,
    ),
    Exercise(
        "03.check.last-lines",
        "One sigmoid neuron: z = w·x + b, a = σ(z), L = ½(a − y)². The way back has come as far as z; the last"
        " two lines are yours.",
        steps=sigmoid_neuron,
        asks=("dL_dw", "dL_db"),
        given={"x": 2, "w": 1, "b": 0.5, "dL_dz": replay(sigmoid_neuron, worked, "dL_dz")},
        mistakes=[
            bias_gets_x,
            forgot("dL_dw", "x", keeps="dL_dz"),
            not_swapped("dL_dw", "dL_dz", "w", "x"),
            upstream_forgotten,
            Mistake(
                "b multiplied in",
                "if dL/dz is multiplied by b",
                "b is added to z, so its local derivative is 1, however large b is.",
                {"dL_db": lambda dL_dz, b: dL_dz * b},
            ),
        ],
        hints=[
            "z = w·x + b. How fast does z grow with w, and how fast with b?",
            "∂z/∂w = x and ∂z/∂b = 1. Each line is dL/dz times one of the two.",
            "dL/dw = {dL_dz} · {x} = {dL_dw}; dL/db = {dL_dz} · 1 = {dL_db}.",
        ],
    ),
    Exercise(
        "03.check.tanh",
        "One tanh neuron: z = w·x + b, a = tanh(z), L = ½(a − y)². The forward pass is done; the way back is yours.",
        steps=tanh_neuron,
        asks=("dL_da", "da_dz", "dL_dz", "dL_dw", "dL_db"),
        given={"x": 1.5, "w": -0.6, "b": 0.4, "y": 1, "z": -0.5, "a": tanh(-0.5)},
        mistakes=[
            bias_gets_x,
            sign_flipped("dL_da"),
            doubled("dL_da"),
            forgot_slope("dL_dz", keeps="dL_da", slope="tanh′(z)"),
            forgot("dL_dw", "x", keeps="dL_dz"),
            not_swapped("dL_dw", "dL_dz", "w", "x"),
            upstream_forgotten,
            Mistake(
                "minus of a lost in dL/da",
                "if the minus of a is lost",
                "a is negative and the target is 1: the two are more than 1 apart.",
                {"dL_da": lambda a, y: -a - y},
            ),
            slope_at("da_dz", "z", lambda z: 1 - z**2, "a"),
            value_for_slope("da_dz", "a", "tanh"),
            Mistake(
                "σ's slope taken",
                "if the slope of σ, a(1 − a), is taken for that of tanh",
                "tanh has a slope of its own: 1 − a².",
                {"da_dz": lambda a: a * (1 - a)},
            ),
            Mistake(
                "σ′(z) taken",
                "if the slope of σ at this z is taken for that of tanh",
                "tanh has a slope of its own: 1 − a².",
                {"da_dz": lambda z: sigmoid(z) * (1 - sigmoid(z))},
            ),
            Mistake(
                "square of a made negative",
                "if a² is taken to be negative",
                "A square is never negative; in Python write 1 - a**2 with a name, or put the number in brackets.",
                {"da_dz": lambda a: 1 + a**2},
            ),
            Mistake(
                "square of a forgotten",
                "if a is not squared in the slope of tanh",
                "The slope of tanh is 1 − a².",
                {"da_dz": lambda a: 1 - a},
            ),
            rounded_early(3),
        ],
        hints=[
            "The same walk as for σ: from L to a, to z, to w and to b. Only one slope is another one.",
            "dL/da = a − y, da/dz = 1 − a², ∂z/∂w = x, ∂z/∂b = 1. The target is above the output: mind the sign.",
            "dL/dz = {dL_da} · {da_dz} = {dL_dz}; dL/dw = {dL_dz} · {x} = {dL_dw}; dL/db = {dL_db}.",
        ],
    ),
    Exercise(
        "03.check.on-your-own",
        "The same sigmoid neuron with other numbers, and every line is yours.",
        steps=sigmoid_neuron,
        asks=("z", "a", "L", "dL_da", "da_dz", "dL_dz", "dL_dw", "dL_db"),
        given={"x": -1.5, "w": 0.8, "b": 0.5, "y": 1},
        mistakes=[
            *from_memory,
            Mistake(
                "minus of x lost in z",
                "if the minus of x is lost",
                "x is negative, and w is not: their product is negative.",
                {"z": lambda w, x, b: -w * x + b},
            ),
            Mistake(
                "minus of x lost in dL/dw",
                "if the minus of x is lost",
                "x is negative, and dL/dz is too: their product is positive.",
                {"dL_dw": lambda dL_dz, x: -dL_dz * x},
            ),
        ],
        hints=sigmoid_hints,
    ),
    Exercise(
        "03.check.update",
        "The sigmoid neuron takes one step of gradient descent. What are its new weight and bias?",
        steps=sigmoid_neuron,
        asks=("new_w", "new_b"),
        given={**worked, "rate": 0.5},
        mistakes=[
            uphill("new_w", "w", "dL_dw"),
            uphill("new_b", "b", "dL_db"),
            rate_forgotten("new_w", "w", "dL_dw"),
            rate_forgotten("new_b", "b", "dL_db"),
            step_alone("new_w", "dL_dw"),
            step_alone("new_b", "dL_db"),
            gradient_alone("new_w", "dL_dw"),
            gradient_alone("new_b", "dL_db"),
            *sigmoid_slips,
        ],
        hints=[
            ("You know the two gradients already. In which direction does the loss fall, and how long is the step?"),
            "new w = w − rate · dL/dw, and the same for b.",
            "new w = {w} − {rate} · {dL_dw} = {new_w}; new b = {b} − {rate} · {dL_db} = {new_b}.",
        ],
    ),
    Target(
        "03.check.promise",
        "The ReLU neuron takes one step. What is the largest learning rate, to two decimals, at which the loss falls"
        " by at least nine tenths of what the gradient promises?",
        meets=lambda rate, **given: _breaks_its_promise(rate, **given),
        example=lambda **given: 0.02,
        given={"x": 2, "w": 3, "b": 1, "y": 4},
        hints=[
            "Begin with η = 0.1 and make it smaller. Compare the two bars below the neuron: what is 0.9 times one?",
            "At η = 0.05 the promise is a fall of 9, and the loss falls by 6.75, three quarters of it.",
            "At η = {example} the loss falls by 3.24 of the promised 3.6, nine tenths; at 0.03 it is less.",
        ],
    ),
    Target(
        "03.check.kill",
        "The ReLU neuron takes one step of gradient descent. Find a learning rate so large that the step"
        " kills it: afterwards z is below 0.",
        meets=lambda rate, **given: _survives(rate, **given),
        example=lambda **given: 0.3,
        given={"x": 2, "w": 3, "b": 1, "y": 4},
        hints=[
            (
                "The step changes w and b, and both change z. Write z after the step as 7 minus something"
                " times the rate."
            ),
            "w becomes 3 − 12 · rate and b becomes 1 − 6 · rate. What is z = w·x + b then?",
            "z = 7 − 30 · rate is below 0 for every rate above 7/30 ≈ 0.2333, for instance {example}.",
        ],
    ),
    Target(
        "03.check.tenth",
        "Where on the right side has the slope of σ fallen to a tenth of its largest value, 0.025? To one decimal.",
        meets=lambda z: _is_a_tenth(z),
        example=lambda: 3.6,
        given={},
        hints=[
            "Move z to the right and watch the slope, the number below the middle panel. At z = 0 it is 0.25.",
            "At z = 3 the slope is still 0.0452. Go on.",
            "σ′(3.6) = 0.0259 and σ′(3.7) = 0.0235: {example} is a good answer.",
        ],
    ),
    Exercise(
        "03.check.layers",
        "Every σ is at its steepest. Behind how many layers is less than a thousandth of the gradient left?",
        steps={
            "slope": lambda: 0.25,
            "layers": lambda slope: _layers_until(0.001, slope),
        },
        asks="layers",
        given={},
        mistakes=[
            Mistake(
                "value of σ taken for its slope",
                "if σ(0) = 0.5 is multiplied, not the slope",
                "On the way back slopes are multiplied; the largest slope of σ is 0.25.",
                {"slope": lambda: 0.5},
            ),
            Mistake(
                "one layer short",
                "if one layer is missing",
                "With so many the product is still above 0.001.",
                {"layers": lambda slope: _layers_until(0.001, slope) - 1},
            ),
            Mistake(
                "one layer too many",
                "if a layer is added that is not needed",
                "One layer fewer is enough already.",
                {"layers": lambda slope: _layers_until(0.001, slope) + 1},
            ),
        ],
        hints=[
            "Put z to 0 and change the number of layers. Which number in the picture has to fall below 0.001?",
            "Each layer multiplies by 0.25. Begin with 0.25 · 0.25 = 0.0625 for two layers.",
            "0.25⁴ = 0.0039 is still too much; 0.25⁵ = 0.00098 is below 0.001: {layers} layers.",
        ],
    ),
    Exercise(
        "03.check.two-rates",
        "Another ReLU neuron with L = (a − y)² takes one step. At which learning rate does it land exactly on the"
        " target (lands), and above which one does it die (dies)?",
        steps=one_step_of_relu,
        asks=("lands", "dies"),
        given={"x": 3, "w": 1, "b": -1, "y": 1},
        mistakes=[
            halved("dL_da"),
            bias_forgotten,
            Mistake(
                "bias not moved",
                "if only w is moved and b stays",
                "The step moves b too, and z falls by that as well.",
                {"fall": lambda dL_dw, x: dL_dw * x},
            ),
            Mistake(
                "new w not multiplied by x",
                "if the two steps are added up as they are",
                "In z the weight is multiplied by x, and so is its step.",
                {"fall": lambda dL_dw, dL_db: dL_dw + dL_db},
            ),
            Mistake(
                "falls to 0 instead of y",
                "if z is made to fall to 0",
                "The neuron has landed when its output is y.",
                {"lands": lambda z, fall: z / fall},
            ),
            Mistake(
                "falls to y instead of 0",
                "if z is made to fall to y",
                "The neuron is alive as long as z is above 0.",
                {"dies": lambda z, y, fall: (z - y) / fall},
            ),
        ],
        hints=[
            "As in the worked neuron, z after the step is z before it, minus something times the rate. What is it?",
            "z falls by rate · (dL/dw · x + dL/db). It lands when it has fallen from z to y, and dies when below 0.",
            "z = {z} − {fall} · rate. It lands at rate = {lands} and is dead above rate = {dies}.",
        ],
    ),
    FunctionExercise(
        "03.check.gradients",
        "A function that returns dL/dw and dL/db of one ReLU neuron with L = (a − y)².",
        steps=relu_gradients,
        asks="gradients",
        probes=[
            {"x": 2.0, "w": 3.0, "b": 1.0, "y": 4.0},
            {"x": 1.5, "w": 0.5, "b": -0.25, "y": 3.0},
            {"x": 2.0, "w": -0.6, "b": -0.8, "y": 4.0},
            {"x": -3.0, "w": -2.0, "b": 0.5, "y": 1.0},
        ],
        mistakes=[
            forgot_slope("dL_dz", keeps="dL_da", slope="ReLU′(z)"),
            Mistake(
                "ReLU forgotten",
                "if the ReLU is left out on both ways",
                "The output is max(0, z), and on the way back stands its slope: 1 or 0.",
                {"dL_da": lambda z, y: 2 * (z - y), "da_dz": lambda: 1.0},
            ),
            Mistake(
                "ReLU's value taken for its slope",
                "if max(0, z) itself is taken for the slope of the ReLU",
                "The slope of the ReLU is 1 for z > 0, and otherwise 0.",
                {"da_dz": lambda z: max(0.0, z)},
            ),
            replace(bias_forgotten, instead={"z": lambda x, w: w * x}),
            Mistake(
                "w in the place of x",
                "if dL/dw is multiplied by w",
                "A multiplication swaps its inputs on the way back: w gets x.",
                {"gradients": lambda dL_dz, w: (dL_dz * w, dL_dz)},
            ),
            halved("dL_da"),
            sign_flipped("dL_da"),
            Mistake(
                "x forgotten",
                "if dL/dw is not multiplied by x",
                "w acts on z through x, so x is a factor of its gradient.",
                {"gradients": lambda dL_dz: (dL_dz, dL_dz)},
            ),
            Mistake(
                "bias gets x",
                "if dL/db is multiplied by x as well",
                "z grows by just as much as b does.",
                {"gradients": lambda dL_dz, x: (dL_dz * x, dL_dz * x)},
            ),
            Mistake(
                "order of the two",
                "if dL/db is returned first",
                "First dL/dw, then dL/db.",
                {"gradients": lambda dL_dz, x: (dL_dz, dL_dz * x)},
            ),
        ],
        hints=[
            "The body has the lines of the worked neuron: z, a, dL/da, da/dz, dL/dz, then the two gradients.",
            "The slope of the ReLU depends on z: `1 if z > 0 else 0`. Return two values with a comma between.",
            "`dL_dz = 2 * (max(0, w * x + b) - y) * (w * x + b > 0)` and then `return dL_dz * x, dL_dz`.",
        ],
    ),
]


def _is_a_tenth(z: float) -> str | None:
    """None if σ′(z) is nearer to 0.025 than a tenth of it, right of 0."""
    if z < 0:
        return "this is left of 0; σ is as flat there, but look on the right side."
    slope = sigmoid(z) * (1 - sigmoid(z))
    if abs(slope - 0.025) <= 0.0025:
        return None
    return f"the slope there is {slope:.4f}, {'more' if slope > 0.025 else 'less'} than 0.025."


def _layers_until(least: float, slope: float) -> int:
    return next(layers for layers in range(1, 100) if slope**layers < least)


def _breaks_its_promise(rate: float, x: float, w: float, b: float, y: float) -> str | None:
    """None if a step of this size keeps nine tenths of what the gradient promises, and one that is 0.01 longer
    does not.
    """
    if rate <= 0:
        return "a learning rate is positive; with this one the step does not go down."
    error = w * x + b - y

    def kept(rate: float) -> float:
        promised = rate * (2 * error) ** 2 * (x**2 + 1)
        after = max(0, w * x + b - rate * 2 * error * (x**2 + 1))
        return (error**2 - (after - y) ** 2) / promised

    if kept(rate) < 0:
        return "the loss rises, where a fall was promised. Take shorter steps."
    if kept(rate) < 0.899:
        return f"the loss falls by only {kept(rate):.2f} of what is promised. Take shorter steps."
    return None if kept(rate + 0.01) < 0.899 else f"{kept(rate):.2f} of the promise is kept. There is a larger one."


def _survives(rate: float, x: float, w: float, b: float, y: float) -> str | None:
    """None if a step of this size kills the neuron."""
    if rate <= 0:
        return "a learning rate is positive; with this one the step does not go down."
    slope = 2 * (max(0, w * x + b) - y)
    z = (w - rate * slope * x) * x + b - rate * slope
    if abs(z) < 1e-9:
        return "after the step z = 0, which is the edge and not yet below it. A little more is enough."
    return None if z < 0 else f"after the step z = {z:.6g}, so the neuron is alive."


quizzes = {
    "03.gate": Quiz(
        [
            Question(
                "03.gate.1",
                "z = w·x + b, a = σ(z), L = ½(a − y)². What is dL/dw?",
                [
                    wrong("(a − y) · x", "The sigmoid's slope is missing."),
                    wrong("(a − y) · a(1 − a)", "This is dL/dz; one more step leads to w."),
                    right("(a − y) · a(1 − a) · x", "One factor for each step from L back to w."),
                ],
            ),
            Question(
                "03.gate.2",
                "A ReLU neuron has z = −1. What is dL/dw?",
                [
                    right("0", "The ReLU's slope is 0 there, and it is a factor."),
                    wrong("−1", "The value of z is not a factor; the slope at z is."),
                    wrong(
                        "It depends on the target.",
                        "Whatever the error is, it is multiplied by a slope of 0.",
                    ),
                ],
            ),
        ]
    ),
    "03.quiz": Quiz(
        [
            Question(
                "03.quiz.1",
                "What is the largest slope that σ has anywhere?",
                [
                    wrong("1", "tanh reaches 1 at 0, σ does not."),
                    right("0.25", "σ(1 − σ) is largest at σ = ½."),
                    wrong("0.5", "This is σ at 0; its slope there is ½ · ½."),
                ],
            ),
            Question(
                "03.quiz.2",
                "Two losses differ only by a ½ in front. What does the ½ change in training, with the same learning"
                " rate?",
                [
                    wrong("Nothing at all.", "Every gradient is half as large, and so every step is too."),
                    right("Each step is half as long.", "A learning rate twice as large would make up for it."),
                    wrong(
                        "The loss is smallest at another place.",
                        "Half of a smallest value is still the smallest.",
                    ),
                ],
            ),
            Question(
                "03.quiz.3",
                "dL/dw = 0.13, and w grows by 0.01. About what does the loss do?",
                [
                    wrong("It grows by 0.13.", "It would if w grew by 1 and the slope stayed the same."),
                    wrong("It falls by 0.0013.", "The sign is positive: they grow together."),
                    right("It grows by 0.0013.", "Gradient times change: 0.13 · 0.01."),
                ],
            ),
            Question(
                "03.quiz.4",
                "A sigmoid neuron is saturated and wrong, and the loss is the squared error. What does it"
                " learn from one step?",
                [
                    right("Almost nothing", "The slope of the flat sigmoid is a factor of every gradient."),
                    wrong(
                        "A lot, since its error is large",
                        "The error is multiplied by a slope that is nearly 0.",
                    ),
                    wrong("It dies, as a ReLU neuron would", "The slope is small but not 0: it crawls on."),
                ],
            ),
            Question(
                "03.quiz.5",
                "w = 0, x = 2 and dL/dz = 0.1463. What is dL/dw?",
                [
                    wrong(
                        "0, since w·x contributes nothing",
                        "The gradient asks what a change of w would do, and that goes through x.",
                    ),
                    right("0.2926", "0.1463 · 2; the value of w is no factor here."),
                    wrong("0.1463", "One more step leads from z to w, with the local derivative x."),
                ],
            ),
        ]
    ),
}
