"""Slopes and the chain rule."""

import math

from ..exercises import Exercise, FunctionExercise, Target, Task
from ..mistakes import added_slopes, forgot, multiplied_paths, overwritten
from ..quizzes import Question, Quiz, right, wrong
from ..steps import Mistake

exercises: list[Task] = [
    Exercise(
        "01.check.square",
        "f = (3x + 1)². How fast does f grow with x?",
        steps={
            "u": lambda x: 3 * x + 1,
            "df_du": lambda u: 2 * u,
            "du_dx": lambda: 3,
            "df_dx": lambda df_du, du_dx: df_du * du_dx,
        },
        asks="df_dx",
        given={"x": 2},
        mistakes=[
            forgot("df_dx", "du/dx", keeps="df_du"),
            added_slopes("df_dx", "df_du", "du_dx"),
            Mistake(
                "2 of the square forgotten",
                "if the factor 2 of the square is forgotten",
                "The slope of u² is 2u.",
                {"df_du": lambda u: u},
            ),
            Mistake(
                "exponent kept",
                "if the exponent stays 2",
                "The slope of u² is 2u: the exponent goes down by one.",
                {"df_du": lambda u: 2 * u**2},
            ),
            Mistake(
                "outer slope taken at x",
                "if the slope of the square is taken at x instead of at u = 3x + 1",
                "The square never sees x: it is fed with u.",
                {"df_du": lambda x: 2 * x},
            ),
            Mistake(
                "value instead of slope",
                "if f itself is computed",
                "Asked is how fast f grows with x, not how large it is.",
                {"df_dx": lambda u: u**2},
            ),
        ],
        hints=[
            "Call the inner part u = 3x + 1. There are two slopes: of u by x, and of the square by u.",
            "df/dx = df/du · du/dx, with df/du = 2u, taken at u = {u}.",
            "df/dx = {df_du} · {du_dx} = {df_dx}.",
        ],
    ),
    Exercise(
        "01.check.cube",
        "f = (5x − 4)³. How fast does f grow with x?",
        steps={
            "u": lambda x: 5 * x - 4,
            "df_du": lambda u: 3 * u**2,
            "du_dx": lambda: 5,
            "df_dx": lambda df_du, du_dx: df_du * du_dx,
        },
        asks="df_dx",
        given={"x": 2},
        mistakes=[
            forgot("df_dx", "du/dx", keeps="df_du"),
            added_slopes("df_dx", "df_du", "du_dx"),
            Mistake(
                "3 of the cube forgotten",
                "if the factor 3 of the cube is forgotten",
                "The slope of u³ is 3u².",
                {"df_du": lambda u: u**2},
            ),
            Mistake(
                "exponent kept",
                "if the exponent stays 3",
                "The slope of u³ is 3u²: the exponent goes down by one.",
                {"df_du": lambda u: 3 * u**3},
            ),
            Mistake(
                "outer slope taken at x",
                "if the slope of the cube is taken at x instead of at u = 5x − 4",
                "The cube never sees x: it is fed with u.",
                {"df_du": lambda x: 3 * x**2},
            ),
            Mistake(
                "value instead of slope",
                "if f itself is computed",
                "Asked is how fast f grows with x, not how large it is.",
                {"df_dx": lambda u: u**3},
            ),
        ],
        hints=[
            "Again two slopes in a row: of u = 5x − 4 by x, and of the cube by u.",
            "df/dx = 3u² · 5, taken at u = {u}.",
            "df/dx = {df_du} · {du_dx} = {df_dx}.",
        ],
    ),
    Exercise(
        "01.check.three-steps",
        "u = 1 + x², v = u², y = 2v. How fast does y grow with x?",
        steps={
            "u": lambda x: 1 + x**2,
            "du_dx": lambda x: 2 * x,
            "dv_du": lambda u: 2 * u,
            "dy_dv": lambda: 2,
            "dy_dx": lambda dy_dv, dv_du, du_dx: dy_dv * dv_du * du_dx,
        },
        asks=("du_dx", "dv_du", "dy_dv", "dy_dx"),
        given={"x": 2},
        mistakes=[
            added_slopes("dy_dx", "dy_dv", "dv_du", "du_dx"),
            Mistake(
                "du/dx forgotten",
                "if du/dx is left out",
                "There are three steps from x to y, and so three slopes.",
                {"dy_dx": lambda dy_dv, dv_du: dy_dv * dv_du},
            ),
            Mistake(
                "dy/dv forgotten",
                "if dy/dv is left out",
                "There are three steps from x to y, and so three slopes.",
                {"dy_dx": lambda dv_du, du_dx: dv_du * du_dx},
            ),
            Mistake(
                "dv/du taken at x",
                "if the slope of u² is taken at x instead of at u",
                "The second step never sees x: it is fed with u.",
                {"dv_du": lambda x: 2 * x},
            ),
        ],
        hints=[
            "Three steps, three slopes. Compute u first: the second slope is taken there.",
            "dy/dx = dy/dv · dv/du · du/dx, with u = {u}.",
            "dy/dx = {dy_dv} · {dv_du} · {du_dx} = {dy_dx}.",
        ],
    ),
    Exercise(
        "01.check.two-paths",
        "x goes to p = 5x and to q = x², and y = p − q. How fast does y grow with x?",
        steps={
            "through_p": lambda: 5,
            "through_q": lambda x: -2 * x,
            "dy_dx": lambda through_p, through_q: through_p + through_q,
        },
        asks=("through_p", "through_q", "dy_dx"),
        given={"x": 4},
        mistakes=[
            multiplied_paths("dy_dx", "through_p", "through_q"),
            overwritten("dy_dx", "through_p"),
            overwritten("dy_dx", "through_q"),
            Mistake(
                "minus of q forgotten",
                "if the minus in front of q is forgotten",
                "When q grows, y = p − q falls: the slope of y by q is −1, and it is a factor of that path.",
                {"through_q": lambda x: 2 * x},
            ),
            Mistake(
                "2 of the square forgotten in through_q",
                "if the 2 of the square is forgotten",
                "The slope of x² is 2x.",
                {"through_q": lambda x: -x},
            ),
            Mistake(
                "paths multiplied, and minus of q forgotten",
                "if the paths are multiplied with each other, and the minus in front of q is forgotten",
                "Different paths are added, and the −1 of y = p − q is a factor of one of them.",
                {"dy_dx": lambda through_p, x: through_p * 2 * x},
            ),
            Mistake(
                "values instead of slopes",
                "if a value, that of p, −q or y, is given in the place of its slope",
                "Asked is how fast they grow with x, not how large they are.",
                {"through_p": lambda x: 5 * x, "through_q": lambda x: -(x**2)},
            ),
            Mistake(
                "value of q instead of a slope",
                "if the value of q is given",
                "Asked is how much y changes for each unit of x, by way of q.",
                {"through_q": lambda x: x**2},
            ),
        ],
        hints=[
            "Nudge x a little. Through how many paths does y notice, and in which direction does each push it?",
            "Each path is a chain of two slopes. The last slope of one of them is −1. Then put the two paths together.",
            "dy/dx = {through_p} + ({through_q}) = {dy_dx}.",
        ],
    ),
    FunctionExercise(
        "01.check.function",
        "A function of x that returns the slope of y = (2x − 1)² + 3x.",
        steps={
            "u": lambda x: 2 * x - 1,
            "dy_du": lambda u: 2 * u,
            "du_dx": lambda: 2,
            "through_u": lambda dy_du, du_dx: dy_du * du_dx,
            "directly": lambda: 3,
            "slope": lambda through_u, directly: through_u + directly,
        },
        asks="slope",
        probes=[{"x": 2.0}, {"x": 0.0}, {"x": -1.5}],
        mistakes=[
            forgot("through_u", "du/dx", keeps="dy_du"),
            multiplied_paths("slope", "through_u", "directly"),
            added_slopes("through_u", "dy_du", "du_dx"),
            Mistake(
                "only the square kept",
                "if only the slope of the square is kept",
                "The 3x is a second path from x to y; where paths meet, what they bring is added.",
                {"slope": lambda through_u: through_u},
            ),
            Mistake(
                "only 3x kept",
                "if only the slope of 3x is kept",
                "The square is a second path from x to y; where paths meet, what they bring is added.",
                {"slope": lambda directly: directly},
            ),
            Mistake(
                "3x not differentiated",
                "if 3x is added as it is",
                "What is added is the slope of each path, and the slope of 3x is 3.",
                {"directly": lambda x: 3 * x},
            ),
            Mistake(
                "outer slope taken at x",
                "if the slope of the square is taken at x instead of at u = 2x − 1",
                "The square never sees x: it is fed with u.",
                {"dy_du": lambda x: 2 * x},
            ),
            Mistake(
                "value instead of slope",
                "if the function returns y itself",
                "Asked is how fast y grows with x, not y.",
                {"slope": lambda u, x: u**2 + 3 * x},
            ),
        ],
        hints=[
            "x reaches y in two places. Find the slope through each place by itself.",
            "One place is a chain: u = 2x − 1, then the square. The other is a single step. What do two paths do?",
            "`return 2 * (2 * x - 1) * 2 + 3`",
        ],
    ),
    Target(
        "01.check.nudge",
        "y = sin x at x = 0, where the slope is 1. What is the largest nudge Δx, to two decimals, for which Δy / Δx is"
        " at most 0.01 away from the slope?",
        meets=lambda nudge: _too_far(nudge),
        example=lambda: 0.24,
        given={},
        hints=[
            "Leave x at 0 and move Δx only. The end of the sentence below the picture says how far the ratio is away.",
            "At Δx = 0.2 the ratio is 0.00665 away, and at Δx = 0.3 it is 0.0149 away.",
            "At Δx = {example} it is 0.00957 away; at Δx = 0.25 already 0.0104.",
        ],
    ),
    Target(
        "01.check.flat",
        "y = sin x. At which x on the slider is the tangent nearest to horizontal?",
        meets=lambda x: _still_slopes(x),
        example=lambda: 1.6,
        given={},
        hints=[
            "Move x to the right and watch the dashed line, or the number behind the word slope.",
            "At x = 1 the slope is 0.54. At x = 2 it is −0.416. Between the two it is 0 somewhere.",
            "At x = 1.5 the slope is 0.0707, at x = {example} it is −0.0292: that is nearest to 0.",
        ],
    ),
    Exercise(
        "01.check.gear",
        "y is to turn exactly as far as x, in the same direction. Which slope must the last gear have?",
        steps={"third": lambda first, second: 1 / (first * second)},
        asks="third",
        given={"first": 2, "second": -2.5},
        mistakes=[
            Mistake(
                "turns the other way",
                "if y turns as far as x, but in the other direction",
                "The middle slope is negative and turns the direction round. The last one has to turn it back.",
                {"third": lambda first, second: -1 / (first * second)},
            ),
            Mistake(
                "slopes add up to 1",
                "if the three slopes are made to add up to 1",
                "Along a chain slopes are multiplied: it is their product that has to be 1.",
                {"third": lambda first, second: 1 - first - second},
            ),
            Mistake(
                "product of the first two",
                "if the product of the first two slopes is taken",
                "The last slope has to undo that product, not to repeat it.",
                {"third": lambda first, second: first * second},
            ),
        ],
        hints=[
            "What does ∂y/∂x have to be, if y turns exactly as far as x?",
            "The product of all three slopes must be 1. The first two make −5 together. Watch the sign.",
            "2 · (−2.5) · ({third}) = 1.",
        ],
    ),
    Exercise(
        "01.check.cancel",
        "u = 2x, v = x² and y = u + v. At which x do the two paths cancel, so that ∂y/∂x = 0?",
        steps={"x": lambda: -1.0},
        asks="x",
        given={},
        mistakes=[
            Mistake(
                "sign not turned",
                "if the two paths are equal instead of opposite",
                "Two equal effects make a double one. To cancel, one has to be negative.",
                {"x": lambda: 1.0},
            ),
            Mistake(
                "y = 0 instead of slope 0",
                "if y itself is made 0",
                "Asked is where y does not change, not where it is 0.",
                {"x": lambda: -2.0},
            ),
        ],
        hints=[
            "The path through u always brings 2. What must the path through v bring?",
            "The path through v brings the slope of x², and it has to be −2.",
            "2 + 2x = 0 at x = {x}.",
        ],
    ),
]


def _too_far(nudge: float) -> str | None:
    """None for 0.24, the last nudge on the slider that keeps sin(Δx) / Δx within 0.01 of 1."""
    if nudge <= 0:
        return "the nudge that is asked for goes to the right: Δx is positive."
    away = 1 - math.sin(nudge) / nudge
    if away > 0.01:
        return f"the ratio is {away:.4f} away from the slope. Take a smaller nudge."
    longer = nudge + 0.01
    return (
        f"the ratio is only {away:.4f} away. A larger one does it too."
        if 1 - math.sin(longer) / longer <= 0.01
        else None
    )


def _still_slopes(x: float) -> str | None:
    """None near π/2, where the slope of sin is 0; the slider goes from −1 to 3."""
    if not -1 <= x <= 3:
        return "this x is not on the slider, which goes from −1 to 3."
    if abs(x - math.pi / 2) <= 0.06:
        return None
    return f"there the slope is {math.cos(x):.4f}. Is there an x with a slope nearer to 0?"


quizzes = {
    "01.gate": Quiz(
        [
            Question(
                "01.gate.1",
                "f = (2x + 1)². What is df/dx at x = 1?",
                [
                    wrong(
                        "6",
                        "This is the slope of the square alone, 2u at u = 3. The inner slope 2 is missing.",
                    ),
                    right("12", "2u · 2 with u = 3."),
                    wrong("8", "Slopes along a path are multiplied, not added."),
                ],
            ),
            Question(
                "01.gate.2",
                "y = x · x² has x in two places. How is dy/dx found from the two places?",
                [
                    right(
                        "By adding what each place contributes.",
                        "x² from the first, x · 2x from the second: 3x² together.",
                    ),
                    wrong(
                        "By multiplying what each place contributes.",
                        "Along one path slopes multiply; different paths add.",
                    ),
                    wrong("From the second place only.", "A nudge of x acts in both places at once."),
                ],
            ),
        ]
    ),
    "01.quiz": Quiz(
        [
            Question(
                "01.quiz.1",
                "At some x the derivative of f is −3. x grows by 0.01. About what does f do?",
                [
                    wrong("It becomes −3.", "The derivative is not a value of f, but a ratio of changes."),
                    wrong("It grows by 0.03.", "The sign says the direction: as x grows, f falls."),
                    right("It falls by 0.03.", "Change of f ≈ derivative · change of x = −3 · 0.01."),
                ],
            ),
            Question(
                "01.quiz.2",
                "One gear turns twice as fast as the first, the next three times as fast as that. How fast is"
                " the last?",
                [
                    right("6 times as fast as the first", "Rates along a chain are multiplied: 2 · 3."),
                    wrong(
                        "5 times as fast as the first",
                        "That adds the rates. The third gear multiplies what the second does already.",
                    ),
                    wrong(
                        "3 times as fast as the first",
                        "That is its rate to the second gear, not to the first.",
                    ),
                ],
            ),
            Question(
                "01.quiz.3",
                "Three paths lead from x to y, with the slopes 2, −1 and 4. What is dy/dx?",
                [
                    wrong(
                        "−8",
                        "This is their product. Along one path slopes are multiplied; different paths are added.",
                    ),
                    right("5", "2 − 1 + 4: the effects add up, signs included."),
                    wrong("4", "All paths act at once, not only the strongest or the last."),
                ],
            ),
            Question(
                "01.quiz.4",
                "The slope is estimated as (f(x + h) − f(x − h)) / 2h. What is gained over (f(x + h) − f(x)) / h?",
                [
                    wrong("It needs fewer values of f.", "Both need two."),
                    right(
                        "Its error shrinks with h² instead of with h.",
                        "The errors of the two sides cancel, up to the curve's third derivative.",
                    ),
                    wrong(
                        "It is exact for every f.",
                        "Exact for parabolas; for other curves an error of the size of h² remains.",
                    ),
                ],
            ),
        ]
    ),
}
