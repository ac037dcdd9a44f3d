"""Computation graphs."""

from ..exercises import Exercise, FunctionExercise, Task
from ..mistakes import overwritten, sign_flipped
from ..quizzes import Question, Quiz, right, wrong
from ..steps import Mistake

exercises: list[Task] = [
    Exercise(
        "02.check.first-graph",
        "q = x + y, f = q · z. Walk forward, then back: what arrives at each value?",
        steps={
            "q": lambda x, y: x + y,
            "f": lambda q, z: q * z,
            "df_dq": lambda z: z,
            "df_dz": lambda q: q,
            "df_dx": lambda df_dq: df_dq,
            "df_dy": lambda df_dq: df_dq,
        },
        asks=("q", "f", "df_dq", "df_dz", "df_dx", "df_dy"),
        given={"x": -2, "y": 5, "z": -4},
        mistakes=[
            Mistake(
                "inputs not swapped",
                "if the multiply node gives each input its own value back",
                "A multiply node swaps: each input gets the other's value.",
                {"df_dq": lambda q: q, "df_dz": lambda z: z},
            ),
            Mistake(
                "add node multiplies",
                "if the add node multiplies by the inputs, as a multiply node does",
                "An add node copies what arrives to both inputs: its local derivatives are 1.",
                {"df_dx": lambda df_dq, y: df_dq * y, "df_dy": lambda df_dq, x: df_dq * x},
            ),
            Mistake(
                "upstream forgotten",
                "if only the local derivative of the add node is written down",
                "What is sent on is upstream times local.",
                {"df_dx": lambda: 1, "df_dy": lambda: 1},
            ),
        ],
        hints=[
            "Forward first: q, then f. The way back starts at f with 1 and meets the multiply node.",
            (
                "A multiply node sends each input the other input's value times what arrives; an add node"
                " copies what arrives."
            ),
            (
                "q = {q}, f = {f}; df/dq = z = {df_dq}, df/dz = q = {df_dz}; the add node copies: df/dx ="
                " df/dy = {df_dx}."
            ),
        ],
    ),
    Exercise(
        "02.check.fork",
        "p = a · b, f = p + a. The value a is used twice.",
        steps={
            "through_p": lambda b: b,
            "directly": lambda: 1,
            "df_da": lambda through_p, directly: through_p + directly,
            "df_db": lambda a: a,
        },
        asks=("df_da", "df_db"),
        given={"a": 3, "b": -5},
        mistakes=[
            overwritten("df_da", "directly"),
            overwritten("df_da", "through_p"),
            Mistake(
                "inputs not swapped",
                "if the multiply node gives each input its own value back",
                "A multiply node swaps: each input gets the other's value.",
                {"through_p": lambda a: a, "df_db": lambda b: b},
            ),
            sign_flipped("through_p", "Keep the sign of what the other input brings."),
        ],
        hints=[
            "Find every path from a to f. Follow each on its own.",
            (
                "One path leads through the multiply node, one straight to the sum. Where they meet at a,"
                " they are added."
            ),
            "df/da = {through_p} + {directly} = {df_da}, and df/db = a = {df_db}.",
        ],
    ),
    FunctionExercise(
        "02.check.multiply-backward",
        "The backward rule of out = x · y: given the upstream gradient, return what is sent to x and what is"
        " sent to y.",
        steps={"downstream": lambda upstream, x, y: (upstream * y, upstream * x)},
        asks="downstream",
        probes=[
            {"upstream": 1.0, "x": 3.0, "y": -4.0},
            {"upstream": -2.5, "x": 0.5, "y": 7.0},
            {"upstream": 2.0, "x": 0.0, "y": 5.0},
        ],
        mistakes=[
            Mistake(
                "inputs not swapped",
                "if each input gets its own value back",
                "The derivative of x · y by x is y.",
                {"downstream": lambda upstream, x, y: (upstream * x, upstream * y)},
            ),
            Mistake(
                "upstream forgotten",
                "if the upstream gradient is not multiplied in",
                "What is sent on is upstream times local.",
                {"downstream": lambda x, y: (y, x)},
            ),
            Mistake(
                "upstream copied",
                "if the upstream gradient is copied, as an add node does",
                "An add node copies; a multiply node multiplies by the other input.",
                {"downstream": lambda upstream: (upstream, upstream)},
            ),
        ],
        hints=[
            "What is the derivative of x · y by x, with y held still?",
            ("Downstream is upstream times local, once for x and once for y; return the two with a comma between."),
            "`return upstream * y, upstream * x`",
        ],
    ),
    FunctionExercise(
        "02.check.max-backward",
        "The backward rule of out = max(x, y) for x ≠ y: return what is sent to x and what is sent to y.",
        steps={"downstream": lambda upstream, x, y: (upstream * (x > y), upstream * (y > x))},
        asks="downstream",
        probes=[
            {"upstream": 2.0, "x": 3.0, "y": -4.0},
            {"upstream": -1.5, "x": -1.0, "y": 7.0},
        ],
        mistakes=[
            Mistake(
                "routed to the smaller",
                "if the gradient goes to the smaller input",
                "Nudge the smaller input: does the maximum notice?",
                {"downstream": lambda upstream, x, y: (upstream * (x < y), upstream * (y < x))},
            ),
            Mistake(
                "sent to both",
                "if both inputs get the gradient",
                "Only a nudge of the larger input changes the maximum.",
                {"downstream": lambda upstream: (upstream, upstream)},
            ),
            Mistake(
                "multiplied by the value",
                "if the winner's value is multiplied in",
                "Where x is larger, max(x, y) is just x, whose derivative by x is 1.",
                {"downstream": lambda upstream, x, y: (upstream * x * (x > y), upstream * y * (y > x))},
            ),
        ],
        hints=[
            "Nudge the larger input a little, then the smaller. Which nudge does the maximum notice?",
            "The local derivative is 1 for the larger input and 0 for the smaller.",
            "`return upstream * (x > y), upstream * (y > x)`",
        ],
    ),
]

quizzes = {
    "02.gate": Quiz(
        [
            Question(
                "02.gate.1",
                "f = x · y with x = 3, y = −2, and the upstream gradient is 5. What does the multiply node send to x?",
                [
                    wrong("15", "This is 5 · 3, its own value. A multiply node swaps: x gets y's value."),
                    right("−10", "5 · (−2): upstream times the other input."),
                    wrong("−2", "The local derivative is right, the upstream gradient is missing."),
                ],
            ),
            Question(
                "02.gate.2",
                "b = a + a, then a third line uses b. Why must `a.grad` be filled with `+=`?",
                [
                    wrong(
                        "Because addition is the operation.",
                        "For a · a it is `+=` as well. The operation is not the reason.",
                    ),
                    right(
                        "Because a is used twice, and each use sends its share.",
                        "With `=` the second share would replace the first.",
                    ),
                    wrong(
                        "Because gradients from earlier calls must be kept.",
                        "That happens too, but here a single call goes wrong with `=`.",
                    ),
                ],
            ),
        ]
    ),
    "02.quiz": Quiz(
        [
            Question(
                "02.quiz.1",
                "What does an add node do with the gradient that arrives?",
                [
                    wrong(
                        "It shares it out evenly between its inputs.",
                        "A nudge of either input moves the sum by just as much: nothing is halved.",
                    ),
                    right("It copies it to each input.", "Both local derivatives are 1."),
                    wrong("It multiplies it by the other input.", "A multiply node does this."),
                ],
            ),
            Question(
                "02.quiz.2",
                "What does the forward pass keep for the way back?",
                [
                    right(
                        "The values that the local derivatives need.",
                        "A multiply node needs both its inputs, σ its output, an add node nothing.",
                    ),
                    wrong(
                        "Only the loss.",
                        "Without the values in between no local derivative could be computed.",
                    ),
                    wrong(
                        "Nothing: backward computes it all again.",
                        "It could, but that costs the forward pass once more for each value.",
                    ),
                ],
            ),
            Question(
                "02.quiz.3",
                "x = x + x is done ten times in a row. How often does a walk that follows every path visit"
                " the first x?",
                [
                    wrong("10 times", "Each step has two paths to the one before, and paths multiply."),
                    wrong("20 times", "The two paths of each step do not add up over the steps; they multiply."),
                    right("1024 times", "2 for each step, 2¹⁰ together. A topological order visits it once."),
                ],
            ),
            Question(
                "02.quiz.4",
                "What is a topological order good for on the way back?",
                [
                    wrong("It makes the walk recursive.", "It is what makes recursion unnecessary."),
                    right(
                        "Each node passes on only when all its uses have sent their share.",
                        "So each node is done once, with its complete gradient.",
                    ),
                    wrong("It finds the shortest path to each input.", "All paths count, long or short."),
                ],
            ),
            Question(
                "02.quiz.5",
                "The loss's own gradient is the start of the way back. What is it?",
                [
                    wrong("0", "Then everything would be 0: each gradient is a multiple of it."),
                    wrong(
                        "the loss itself",
                        "What is asked is how the loss changes with the loss, not how large it is.",
                    ),
                    right("1", "If the loss grows by a little, the loss grows by just as much."),
                ],
            ),
        ]
    ),
}
