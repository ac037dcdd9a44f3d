"""The glossary: every term in one sentence, and the notebook that teaches it.

The page that the notebooks link to is written by

    python -c "from backprop_lib.lessons import terms; terms.write('notebooks/glossary.md')"
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

from .boxes import Box
from .keys import UnknownKey

PAGE = "glossary.md"
NOTEBOOKS = {
    "00": "00_start_here",
    "01": "01_slopes_and_the_chain_rule",
    "02": "02_computation_graphs",
    "03": "03_one_neuron",
    "04": "04_two_layers_by_hand",
    "05": "05_layers_matrices_batches",
    "06": "06_losses_and_the_cancellation",
    "07": "07_gradient_checking_and_debugging",
    "08": "08_training_xor",
    "09": "09_gradient_flow",
    "10": "10_cost_and_modes",
    "11": "11_frameworks",
    "12": "12_beyond_and_exam",
}

# Term: the notebook that teaches it, and what it means. In alphabetical order.
TERMS: dict[str, tuple[str, str]] = {
    "accumulation": (
        "02",
        "Adding up, at a value that is used several times, the gradients that come back from each use.",
    ),
    "activation": (
        "03",
        "The function that a neuron applies to its weighted sum, such as ReLU or σ; also its result, a.",
    ),
    "Adam": (
        "08",
        ("An optimizer that keeps a running mean of each gradient and of its square, and scales the step by them."),
    ),
    "automatic differentiation": (
        "10",
        "Computing exact derivatives by applying the chain rule to the steps of a program.",
    ),
    "backpropagation": (
        "00",
        ("Computing the gradient of one number by everything it depends on, from the output back through the graph."),
    ),
    "backward pass": (
        "02",
        "The walk from the output back to the inputs, multiplying upstream gradients by local derivatives.",
    ),
    "batch": ("05", "Several examples that go through the network together; the loss is their mean."),
    "batch normalisation": ("09", "Shifting and scaling each feature to mean 0 and variance 1 over a batch."),
    "bias": ("03", "The number b that a neuron adds to its weighted sum."),
    "binary cross-entropy": ("06", "The loss −ln ŷ where the label is 1 and −ln(1 − ŷ) where it is 0."),
    "broadcasting": (
        "05",
        (
            "Repeating a smaller array along an axis so that it fits a larger one; on the way back the"
            " repeats are added up."
        ),
    ),
    "centred difference": ("07", "The slope estimated as (f(x + ε) − f(x − ε)) / 2ε."),
    "chain rule": (
        "01",
        ("The slope of a composition is the product of the slopes along the path; over several paths, their sum."),
    ),
    "checkpointing": (
        "10",
        ("Storing only some values of the forward pass and computing the others once more when they are needed."),
    ),
    "computation graph": (
        "02",
        ("The picture of a calculation: values as nodes, and an edge from each input to the result that uses it."),
    ),
    "cross-entropy": ("06", "The loss −ln of the probability that was given to the true class."),
    "dead neuron": (
        "03",
        (
            "A ReLU neuron whose z is negative for every example: no gradient comes through, and its own weights do"
            " not move."
        ),
    ),
    "decision boundary": ("08", "The line along which a classifier changes its answer."),
    "delta": ("04", "The gradient of the loss by a value, written δ: the message that is passed back."),
    "derivative": (
        "01",
        "The ratio of a small change of the output to the small change of the input that caused it.",
    ),
    "epoch": ("08", "One pass of the training over all examples."),
    "exploding gradient": (
        "09",
        "A gradient that grows from layer to layer on the way back, because the factors are larger than 1.",
    ),
    "feedback alignment": (
        "12",
        "Sending the error back through fixed random weights in the place of the transposed ones.",
    ),
    "fork": ("02", "A value that is used in more than one place; its gradient is the sum over the uses."),
    "forward mode": (
        "10",
        "Carrying derivatives along with the values from the inputs on: one pass for each input.",
    ),
    "forward pass": (
        "02",
        "Computing every value from the inputs to the output, and keeping what the way back will need.",
    ),
    "gradient": (
        "01",
        "All partial derivatives of one number together; it points to where that number grows fastest.",
    ),
    "gradient checking": (
        "07",
        "Comparing computed gradients with centred differences, by their relative error.",
    ),
    "gradient clipping": ("09", "Shortening the gradient to a largest length before the step."),
    "gradient descent": (
        "08",
        "Changing each parameter by minus the learning rate times its gradient, again and again.",
    ),
    "gradient norm": (
        "09",
        "The length of a gradient: the square root of the sum of the squares of its entries.",
    ),
    "He initialisation": ("09", "Random weights with standard deviation √(2 / n_in), made for ReLU."),
    "hidden layer": ("04", "A layer between the inputs and the output."),
    "hill climbing": (
        "08",
        "Trying random changes and keeping those that lower the loss, with no gradient at all.",
    ),
    "Jacobian": ("05", "The table of the derivatives of each output by each input."),
    "kink": ("07", "A corner of a curve: the slope to the left of it and the slope to the right differ."),
    "layer": ("05", "Neurons side by side that get the same inputs: z = W·a + b."),
    "layer normalisation": (
        "09",
        "Shifting and scaling the values of each example to mean 0 and variance 1 over the neurons of a layer.",
    ),
    "leaf": ("02", "A value that is given, not computed: an input, a label or a parameter."),
    "leaky ReLU": ("09", "A ReLU with a small slope left of 0, so that no neuron can die."),
    "learning rate": ("03", "The number η by which the gradient is multiplied to give the step."),
    "local derivative": (
        "02",
        (
            "The derivative of one step by one of its own inputs, everything else left aside; ∂f/∂(1st x) where x"
            " goes in twice."
        ),
    ),
    "log-sum-exp": ("06", "The logarithm of a sum of exponentials, computed with the largest one taken out."),
    "logit": ("06", "The number that goes into the last sigmoid or softmax."),
    "loss": ("03", "One number that says how far the prediction is from the target; smaller is better."),
    "loss landscape": ("08", "The loss as a height over the space of the parameters."),
    "mean squared error": ("06", "The loss that is the mean of (ŷ − y)²."),
    "momentum": ("08", "Stepping along a running sum of past gradients in the place of the last one alone."),
    "neuron": ("03", "A weighted sum with a bias, followed by an activation: a = f(w·x + b)."),
    "numerical gradient": (
        "07",
        "A gradient estimated by nudging each input and looking at the change of the output.",
    ),
    "one-hot label": ("06", "The true class as a list of numbers: 1 at its place and 0 everywhere else."),
    "optimizer": (
        "08",
        "The rule that turns gradients into steps; backpropagation only supplies the gradients.",
    ),
    "outer product": (
        "05",
        (
            "The table of all products of two vectors; the gradient of a weight matrix is δ times the inputs"
            " in this way."
        ),
    ),
    "overflow": ("06", "A number too large for the computer, which becomes inf."),
    "parameter": ("03", "A number that training changes: a weight or a bias."),
    "partial derivative": ("01", "The derivative by one input while the others are held still."),
    "perceptron": (
        "08",
        "A single neuron with a hard step, and its rule of 1958: after a wrong answer, add error times input.",
    ),
    "relative error": ("07", "The difference of two numbers divided by the larger of their sizes."),
    "ReLU": ("03", "The activation max(0, z): slope 1 right of 0, slope 0 left of it."),
    "residual connection": (
        "09",
        "An extra path that adds a layer's input to its output, and lets gradients pass unchanged.",
    ),
    "reverse mode": (
        "10",
        "Carrying derivatives from one output back to all inputs in a single pass; backpropagation.",
    ),
    "RMSprop": (
        "08",
        "An optimizer that divides each gradient by the root of a running mean of its squares.",
    ),
    "saddle point": (
        "08",
        "A point with gradient 0 from which the loss rises in some directions and falls in others.",
    ),
    "saturation": ("03", "The flat ends of σ and tanh, where the slope is almost 0."),
    "sigmoid": (
        "03",
        "The activation σ(z) = 1 / (1 + e^−z), between 0 and 1, with slope σ(1 − σ), at most 0.25.",
    ),
    "softmax": ("06", "Turning logits into probabilities: e^z of each, divided by their sum."),
    "straight-through estimator": ("12", "Pretending on the way back that a step function has slope 1."),
    "tanh": ("03", "The activation between −1 and 1 whose slope is 1 − tanh², which is 1 at 0."),
    "target": ("03", "The value y that the prediction should have; also called the label."),
    "Tensor": ("02", "Here: a number or an array that remembers how it was made, and holds its gradient."),
    "topological order": (
        "02",
        "An order of the nodes in which each one comes after all its inputs; backwards, after all its uses.",
    ),
    "transpose": (
        "05",
        "A matrix with rows and columns exchanged; what W does forwards, its transpose does to δ backwards.",
    ),
    "upstream gradient": ("02", "The gradient that arrives at a node from the side of the output."),
    "vanishing gradient": (
        "04",
        ("A gradient that shrinks from layer to layer on the way back, because the factors are smaller than 1."),
    ),
    "weight": ("03", "The number w by which a neuron multiplies an input."),
    "Xavier initialisation": (
        "09",
        "Random weights with standard deviation √(2 / (n_in + n_out)), made for σ and tanh.",
    ),
}


def glossary(term: str) -> Box:
    """What a term means, and where it is taught. Capital letters do not matter. Raises KeyError for an
    unknown term, with the ones that are written similarly.
    """
    by_lower = {name.lower(): name for name in TERMS}
    wanted = str(term).strip().lower()
    name = by_lower.get(wanted)
    if name is None:
        close = [by_lower[match] for match in get_close_matches(wanted, by_lower, n=3)]
        hint = f" Is it {' or '.join(close)}?" if close else f" All terms are in {PAGE}."
        raise UnknownKey(f"{term!r} is not in the glossary.{hint}")
    notebook, meaning = TERMS[name]
    return Box("note", name, (meaning, f"Taught in {NOTEBOOKS[notebook]}."))


def anchor(term: str) -> str:
    """What a notebook links to: `[chain rule](glossary.md#chain-rule)`."""
    return re.sub(r"[^\w\- ]", "", term.lower()).replace(" ", "-")


def page() -> str:
    """The glossary as Markdown, a heading for each term: JupyterLab and code hosts show it set, and open it there."""
    entries = [f"## {term}\n\n{meaning} ({NOTEBOOKS[notebook]})\n" for term, (notebook, meaning) in TERMS.items()]
    return "\n".join(["# Glossary\n\nEvery term in one sentence, and the notebook that teaches it.\n", *entries])


def write(path: str | Path) -> None:
    Path(path).write_text(page(), encoding="utf-8")
