"""The test before the course: twelve things that many people think. Asked again, with replies, in notebook
12.
"""

from ..exercises import Task
from ..quizzes import Option, Question, Quiz, right, wrong

exercises: list[Task] = []

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
            wrong("When `loss.backward()` is called.", "By then it is there: backward only walks through it."),
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
        "A ReLU neuron's z is negative for every example. What happens in training?",
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

quizzes = {
    "00.pre": Quiz(
        Question(f"00.pre.{number}", text, options, tells=False)
        for number, (text, options) in enumerate(_asked, start=1)
    )
}
