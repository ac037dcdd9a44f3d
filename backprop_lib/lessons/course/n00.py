"""The first exercises, and the test before the course: twelve things that many people think. They are asked again, with
replies, in notebook 12.
"""

from ..exercises import Exercise, FunctionExercise, Task
from ..mistakes import rate_forgotten, uphill
from ..quizzes import Option, Question, Quiz, right, wrong
from ..steps import Mistake

exercises: list[Task] = [
    Exercise(
        "00.check.ratio",
        "A weight grows from 0.5 to 0.52, and the loss grows from 3 to 3.08. How many times as much as the weight does "
        "the loss grow?",
        steps={
            "weight_change": lambda w, new_w: round(new_w - w, 12),
            "loss_change": lambda L, new_L: round(new_L - L, 12),
            "ratio": lambda loss_change, weight_change: loss_change / weight_change,
        },
        asks="ratio",
        given={"w": 0.5, "new_w": 0.52, "L": 3, "new_L": 3.08},
        mistakes=[
            Mistake(
                "ratio upside down",
                "if the change of the weight is divided by the change of the loss",
                "Asked is how much loss comes from one unit of weight.",
                {"ratio": lambda loss_change, weight_change: weight_change / loss_change},
            ),
            Mistake(
                "values instead of changes",
                "if the new values are divided, not the changes",
                "How large the weight and the loss are does not matter, only by how much they change.",
                {"ratio": lambda new_L, new_w: new_L / new_w},
            ),
            Mistake(
                "change of the loss only",
                "if the change of the loss is not compared with that of the weight",
                "A nudge twice as large would change the loss about twice as much; the ratio takes that out.",
                {"ratio": lambda loss_change: loss_change},
            ),
            Mistake(
                "percentages compared",
                "if each change is first divided by its old value, as in per cent",
                "The changes themselves are compared; how large the weight and the loss were before does not matter.",
                {"ratio": lambda loss_change, L, weight_change, w: (loss_change / L) / (weight_change / w)},
            ),
        ],
        hints=[
            "Work out two changes first: by how much did the weight grow, by how much the loss?",
            "Divide the change of the loss by the change of the weight.",
            "{loss_change} / {weight_change} = {ratio}.",
        ],
    ),
    Exercise(
        "00.check.step",
        "A weight is 0.4, and the loss grows 1.5 times as much as the weight. The learning rate is 0.2. What is the "
        "weight after one step that makes the loss smaller?",
        steps={"new_w": lambda w, dL_dw, rate: w - rate * dL_dw},
        asks="new_w",
        given={"w": 0.4, "dL_dw": 1.5, "rate": 0.2},
        mistakes=[
            uphill("new_w", "w", "dL_dw"),
            rate_forgotten("new_w", "w", "dL_dw"),
            Mistake(
                "step instead of new weight",
                "if the length of the step is given",
                "Asked is where the weight stands after the step, not how far it goes.",
                {"new_w": lambda rate, dL_dw: rate * dL_dw},
            ),
            Mistake(
                "step with its sign instead of new weight",
                "if the step itself is given, with its minus",
                "That is how far the weight goes, and in which direction. Asked is where it then stands.",
                {"new_w": lambda rate, dL_dw: -rate * dL_dw},
            ),
            Mistake(
                "uphill and without the learning rate",
                "if the gradient is added, and not multiplied by the learning rate",
                "The step is the learning rate times the gradient, and it is taken away from the weight.",
                {"new_w": lambda w, dL_dw: w + dL_dw},
            ),
        ],
        hints=[
            "The loss grows when the weight grows. Which way should the weight go?",
            "The step is the learning rate times 1.5, and it is taken away from the weight.",
            "{w} − {rate} · {dL_dw} = {new_w}.",
        ],
    ),
    FunctionExercise(
        "00.check.function",
        "Write a function squared_error(answer, target): the square of how far the answer is from the target.",
        steps={"error": lambda answer, target: answer - target, "loss": lambda error: error**2},
        asks="loss",
        probes=[
            {"answer": 7.0, "target": 4.0},
            {"answer": 0.1, "target": 1.0},
            {"answer": 2.0, "target": 2.0},
            {"answer": -1.0, "target": 2.0},
        ],
        mistakes=[
            Mistake("not squared", "if the difference is not squared", "Once it is squared, its sign cannot matter.", {
                "loss": lambda error: error,
            }),
            Mistake("not squared, and turned round", "if the answer is taken from the target, and nothing is squared",
                    "Multiply the difference by itself; which of the two comes first then makes no difference.", {
                "loss": lambda error: -error,
            }),
            Mistake("doubled instead of squared", "if the difference is multiplied by 2",
                    "A square is a number times itself: in Python ** 2, with two stars.", {
                "loss": lambda error: 2 * error,
            }),
            Mistake("squares subtracted", "if each is squared first and then the difference is taken",
                    "First the difference, then its square: put the difference in brackets.", {
                "loss": lambda answer, target: answer**2 - target**2,
            }),
            Mistake("absolute value", "if only the sign is dropped", "Multiply the difference by itself.", {
                "loss": lambda error: abs(error),
            }),
            Mistake("halved", "if the square is halved", "Some put ½ in front of this loss; here there is none.", {
                "loss": lambda error: error**2 / 2,
            }),
            Mistake("sum instead of difference", "if answer and target are added", "The distance is a difference.", {
                "error": lambda answer, target: answer + target,
            }),
        ],
        hints=[
            "How far is the answer from the target? That is a difference.",
            "Take the difference, then multiply it by itself; in Python a square is written ** 2.",
            "return (answer - target) ** 2",
        ],
    ),
]  # fmt: skip

_asked: list[tuple[str, list[Option]]] = [
    (
        "What does backpropagation do?",
        [
            wrong(
                "It changes the weights so that the loss falls.",
                "That is the optimizer's work. Calling backward a thousand times changes no weight.",
            ),
            right(
                "It computes the gradient of the loss by every weight.",
                "And nothing else: what is done with the gradient is the optimizer's business.",
            ),
            wrong(
                "It sends the inputs through the network in reverse.",
                "What goes back is not data but gradients: how much the loss changes for each value.",
            ),
        ],
    ),
    (
        "A value is used in two places, and both lead to the loss. What is its gradient?",
        [
            wrong(
                "The product of what comes back from the two places.",
                "Slopes are multiplied along one path. Different paths are added.",
            ),
            wrong(
                "What comes back from the place that was used last.",
                "This is what a program with `=` in the place of `+=` computes.",
            ),
            wrong(
                "The larger of the two.",
                "A nudge of the value acts through both places at once, so both count.",
            ),
            right(
                "The sum of what comes back from the two places.",
                "A nudge of the value acts through both places at once, and the effects add up.",
            ),
        ],
    ),
    (
        "On the way back, when may a node pass its gradient on to its inputs?",
        [
            right(
                "When everything that uses it has sent its share.",
                "Before that its own gradient is incomplete. Hence the topological order.",
            ),
            wrong(
                "As soon as the first share arrives.",
                "Then it must pass on again for each later share; the work doubles at every fork, or the"
                " result is wrong.",
            ),
            wrong(
                "In any order: the result is the same.",
                "What is passed on too early is incomplete, so the order matters.",
            ),
        ],
    ),
    (
        "L = (a − y)² with a = σ(z). What is dL/dz?",
        [
            wrong("a − y", "This belongs to another loss, the binary cross-entropy, in which σ′ cancels."),
            wrong(
                "2(a − y)",
                "This is dL/da. The sigmoid stands between z and a, so its slope is a factor as well.",
            ),
            right("2(a − y) · a(1 − a)", "dL/da times da/dz, the sigmoid's slope."),
            wrong("2(a − y) · z", "The factor for the sigmoid is its slope a(1 − a), not its input."),
        ],
    ),
    (
        (
            "A sigmoid neuron says 0.0001 where the target is 1; the loss is the squared error. How large is"
            " the gradient?"
        ),
        [
            wrong(
                "Very large, since the error is very large.",
                "The error is a factor, but so is the sigmoid's slope, which is almost 0 out there.",
            ),
            right(
                "Tiny, although the error is very large.",
                "Far out the sigmoid is flat: its slope of about 0.0001 is a factor of the gradient.",
            ),
            wrong("Exactly 0.", "Almost: the sigmoid is never quite flat."),
        ],
    ),
    (
        "A neuron has w = 0, so w · x contributes nothing. What can be said of dL/dw?",
        [
            wrong(
                "It is 0, because w contributes nothing.",
                "A gradient does not measure a contribution. It says what a small change of w would do.",
            ),
            wrong(
                "It is infinite, because any change from 0 is infinitely many times larger.",
                "The gradient compares changes, not proportions.",
            ),
            right(
                "It is what comes from above, times x; w being 0 does not make it 0.",
                "A change of w acts through x, however large w is.",
            ),
        ],
    ),
    (
        "Two layers are trained together. Which weights of layer 2 carry the gradient back to layer 1?",
        [
            right(
                "Those that the forward pass used.",
                "All gradients belong to one point; the update comes after.",
            ),
            wrong(
                "Those just updated, since they are better.",
                "This mixes two points: it is the gradient at neither of them.",
            ),
            wrong(
                "Either: the gradient is the same.",
                "The numbers differ, and a gradient check sides with the old ones.",
            ),
        ],
    ),
    (
        "In a framework such as PyTorch, when is the graph of the computation built?",
        [
            wrong("When loss.backward() is called.", "By then it is there: backward only walks through it."),
            wrong(
                "When the network's class is written.",
                "The class says what to do; the graph records what was done with this input, branches included.",
            ),
            right("While the forward pass is computed.", "Every operation notes its inputs as it runs."),
        ],
    ),
    (
        (
            "Forward and backward are run twice, and the gradients are not set to zero in between. What do"
            " the weights' gradients hold?"
        ),
        [
            wrong("The same as after the first time.", "Nothing sets them to zero unless you do."),
            right(
                "The sum of both.",
                "Gradients are added up, which is also what makes small batches add up to a large one.",
            ),
            wrong("The mean of both.", "They are added; no one divides."),
        ],
    ),
    (
        "A single ReLU neuron, with no layer before it, has a negative z for every example. What happens in training?",
        [
            wrong(
                "Its gradient becomes very large, to bring it back.",
                "The slope of ReLU is 0 there, and a product with 0 is 0.",
            ),
            wrong("It recovers after enough steps.", "With a gradient of 0 its weights do not move at all."),
            right(
                "Its gradient is 0, and it stays as it is.",
                "It is dead: nothing comes through, so nothing changes it.",
            ),
        ],
    ),
    (
        "In a backward pass for square weight matrices, a transpose is forgotten. What happens?",
        [
            wrong(
                "An error about shapes.",
                "With a rectangular matrix, yes. A square one keeps its shape when it is transposed.",
            ),
            right("It runs, and the gradients are wrong.", "The shapes fit, so only a gradient check notices."),
            wrong("Nothing: for square matrices a transpose makes no difference.", "Only for symmetric ones."),
        ],
    ),
    (
        "A network with a hidden layer starts with all weights 0. What happens?",
        [
            wrong(
                "It learns well: 0 is a neutral start.",
                "All hidden neurons get the same gradient, and stay equal to each other.",
            ),
            wrong("The gradients are infinite.", "They are finite; many of them are exactly 0."),
            right(
                "Its hidden neurons stay equal to one another, so it cannot learn XOR.",
                "Only different starts make them grow different.",
            ),
        ],
    ),
]

_first_look: list[tuple[str, list[Option]]] = [
    (
        "In the pictures of this course, what is drawn in orange and dashed?",
        [
            wrong("A value on its way forward.", "Values are blue and solid, and stand above the wire."),
            right("A gradient on its way back.", "It stands below the wire."),
            wrong("A mistake.", "Mistakes are told in words, with the number that they produce."),
        ],
    ),
    (
        "What does the backward pass do to the weights?",
        [
            right("Nothing: it finds out how the loss depends on each of them.", "The update is a step of its own."),
            wrong("It moves each a little, so that the loss falls.", "That is the update, which uses what was found."),
            wrong("It sets them to new random numbers.", "Random numbers are used once, before training begins."),
        ],
    ),
    (
        "The loss falls when a weight grows. Which way does training move the weight?",
        [
            wrong("Down, because the loss shall go down.", "Then the loss would grow."),
            right("Up.", "The gradient is negative, and the update subtracts it."),
            wrong("Not at all.", "Only a gradient of 0 leaves a weight where it is."),
        ],
    ),
]

quizzes = {
    "00.pre": Quiz(
        Question(f"00.pre.{number}", text, options, tells=False)
        for number, (text, options) in enumerate(_asked, start=1)
    ),
    "00.quiz": Quiz(
        Question(f"00.quiz.{number}", text, options) for number, (text, options) in enumerate(_first_look, start=1)
    ),
}
