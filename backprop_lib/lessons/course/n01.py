"""Slopes and the chain rule."""

from ..exercises import Exercise, Task
from ..mistakes import added_slopes, forgot, halved, multiplied_paths, overwritten
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
            halved("df_du"),
            Mistake(
                "outer slope taken at x",
                "if the slope of the square is taken at x instead of at u = 3x + 1",
                "The square never sees x: it is fed with u.",
                {"df_du": lambda x: 2 * x},
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
        "x goes to p = 2x and to q = x², and y = p + q. How fast does y grow with x?",
        steps={
            "through_p": lambda: 2,
            "through_q": lambda x: 2 * x,
            "dy_dx": lambda through_p, through_q: through_p + through_q,
        },
        asks="dy_dx",
        given={"x": 3},
        mistakes=[
            multiplied_paths("dy_dx", "through_p", "through_q"),
            overwritten("dy_dx", "through_p"),
            overwritten("dy_dx", "through_q"),
        ],
        hints=[
            "Nudge x a little. Through how many paths does y notice?",
            ("One path brings the slope of 2x, the other the slope of x². What do two effects on y do together?"),
            "dy/dx = {through_p} + {through_q} = {dy_dx}.",
        ],
    ),
]

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
