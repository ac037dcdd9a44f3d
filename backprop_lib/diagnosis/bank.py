"""The bank: the mistakes that people make in a backward pass, one row each.

A row says what the mistake is called, what happens, where to look, and why it is wrong. `places` (its functions are in
places.py, in the same order) finds every place of a graph where it can be made.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

from . import places as at
from .landmarks import Landmarks
from .places import Place, all_at_once


@dataclass(frozen=True)
class Mistake:
    """One row of the bank.

    name : short and stable, the same on every network. title : the name in words. what : what happens at {place}, to
    follow "if". look : where to look. why : the explanation, for the table. places : finds them in a graph.
    """

    name: str
    title: str
    what: str
    look: str
    why: str
    places: Callable[[Landmarks], Iterator[Place]]

    def all_places(self, marks: Landmarks) -> list[Place]:
        """Every single place, and for each kind of place all of them at once."""
        found = list(self.places(marks))
        return [place for place in found if place.alone] + all_at_once(found)


MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "one_over_m_missing", "1/m missing",
        "the division by the number of examples is left out at {place}",
        "The loss is a mean: follow what becomes of its 1/m on the way back.",
        "The loss is a mean over m examples, so each example's error reaches the parameters divided by m. Without it "
        "the gradient grows with the batch and the learning rate must shrink with it.",
        at.one_over_m_missing,
    ),
    Mistake(
        "one_over_m_twice", "1/m twice",
        "the division by the number of examples is made twice at {place}",
        "Count on paper how often 1/m occurs between the loss and this gradient.",
        "The mean divides by m once. If the error at the output is divided already, the gradients of the parameters, "
        "which are sums over the examples, must not be divided again.",
        at.one_over_m_twice,
    ),
    Mistake(
        "two_missing", "the 2 of the square missing",
        "the square at {place} is differentiated without its factor 2",
        "Write down the derivative of d² in d, then look at what stands in front of the square in this loss.",
        "The derivative of d² is 2d. The 2 only goes away if the loss was written with a ½ in front.",
        at.two_missing,
    ),
    Mistake(
        "two_doubled", "the 2 of the square doubled",
        "a factor 2 too many comes from the square at {place}",
        "Does the loss have a ½ in front of the square? Cancel it against the 2 that the square brings down, once.",
        "The square brings down one 2. A ½ in the loss cancels it; forgetting that ½, or writing the 2 twice, doubles "
        "every gradient.",
        at.two_doubled,
    ),
    Mistake(
        "one_over_m_added", "1/m where there is none",
        "the gradient is divided by the number of examples at {place}",
        "Read the loss once more: is it a mean or a sum?",
        "This loss is a sum. Its gradient is the sum over the examples too; dividing by m belongs to a mean.",
        at.one_over_m_added,
    ),
    Mistake(
        "mean_over_outputs_too", "mean over the outputs as well as the examples",
        "the error at {place} is averaged over the outputs too, not only over the examples",
        "Compare what you divide by with the number of terms that the loss averages.",
        "The loss adds up the classes (or outputs) of an example and takes the mean over the examples only, so the "
        "error is divided by m, not by m times the number of classes. `np.mean` without an axis does this.",
        at.mean_over_outputs_too,
    ),
    Mistake(
        "mean_over_examples_only", "mean over the examples only",
        "the error at {place} is divided by the number of examples only, not by the number of all entries",
        "Compare what you divide by with the number of terms that the loss averages.",
        "This loss is a mean over all entries: m examples times the outputs of each. All of them divide the error.",
        at.mean_over_examples_only,
    ),
    Mistake(
        "cross_entropy_delta", "the delta of cross-entropy used for the squared error",
        "the backward pass starts at {place} with prediction − target, which is the gradient of another loss",
        "Derive the loss that this code says it has, from the prediction back through the output's activation.",
        "prediction − target is the gradient at the logits for cross-entropy, where the slope of the sigmoid or "
        "softmax cancels. With the squared error nothing cancels: the activation's slope stays, and so does the 2.",
        at.cross_entropy_delta,
    ),
    Mistake(
        "squared_error_delta", "the delta of the squared error used for cross-entropy",
        "the backward pass starts at {place} with the gradient of the squared error",
        "Derive this loss from the start: what becomes of the output activation's slope?",
        "The error times the slope of the output's activation belongs to the squared error. In cross-entropy the "
        "derivative of the logarithm cancels that slope.",
        at.squared_error_delta,
    ),
    Mistake(
        "softmax_elementwise", "softmax treated as if it worked entry by entry",
        "softmax at {place} is differentiated as p·(1 − p), entry by entry",
        "Nudge one score: which of the probabilities change?",
        "Each probability depends on all the scores, through the sum in the denominator. p·(1 − p) is only the "
        "diagonal of the Jacobian; the entries −p·q beside it are missing.",
        at.softmax_elementwise,
    ),
    Mistake(
        "sign_flipped", "sign flipped",
        "the sign of the gradient is turned round at {place}",
        "Nudge that value up in your head: does the loss go up or down?",
        "One minus too many or too few: target − prediction for prediction − target, or the minus of a difference "
        "lost. Training climbs from there on.",
        at.sign_flipped,
    ),
    Mistake(
        "activation_derivative_missing", "the activation's derivative missing",
        "the slope of the activation at {place} is left out",
        "Name every step between the two ends: each has a local derivative, and they are multiplied.",
        "The activation is a step of its own between z and a; its slope multiplies what comes back.",
        at.activation_derivative_missing,
    ),
    Mistake(
        "relu_mask_missing", "the ReLU's mask missing",
        "the gradient passes the ReLU at {place} everywhere",
        "What did the forward pass do with the entries below zero?",
        "Where z was negative the output is 0 whatever z is, so nothing may pass back there.",
        at.relu_mask_missing,
    ),
    Mistake(
        "relu_mask_inverted", "the ReLU's mask inverted",
        "the gradient passes the ReLU at {place} where it is closed, and stops where it is open",
        "Take one positive entry of z and ask whether a nudge of it reaches the loss.",
        "The slope of ReLU is 1 where z > 0 and 0 elsewhere; here it is the other way round.",
        at.relu_mask_inverted,
    ),
    Mistake(
        "relu_mask_of_the_gradient", "the ReLU's mask taken from the gradient",
        "the ReLU at {place} cuts off the negative entries of the gradient",
        "Which array decides where the ReLU is open?",
        "The mask belongs to the forward pass: z > 0. The gradient itself may have either sign.",
        at.relu_mask_of_the_gradient,
    ),
    Mistake(
        "derivative_at_z", "the activation's derivative taken at z instead of a",
        "the formula for the slope of the activation at {place} is fed with z",
        "Is that formula written in the activation's argument or in its value?",
        "a·(1 − a) and 1 − a² are written in the activation's value a. With z in its place they are another function.",
        at.derivative_at_z,
    ),
    Mistake(
        "derivative_at_a", "the activation's derivative taken at a instead of z",
        "the slope of the activation at {place} is computed with the activation applied twice",
        "Is that derivative a function of the activation's argument or of its value?",
        "σ′ as a function of z computes σ(z) itself. Called with a it computes σ(σ(z)), one activation too many.",
        at.derivative_at_a,
    ),
    Mistake(
        "other_activation", "the derivative of another activation",
        "the slope used for the activation at {place} is that of another activation function",
        "Compare the activation in the forward pass with the derivative in the backward pass, layer by layer.",
        "a·(1 − a) belongs to the sigmoid, 1 − a² to tanh, the mask to ReLU. After a change of activation in the "
        "forward pass the backward pass must change too.",
        at.other_activation,
    ),
    Mistake(
        "derivative_twice", "the activation's derivative twice",
        "the slope of the activation at {place} is multiplied twice",
        "Follow one number from the error to this layer and tick off each slope as it is used.",
        "Each step of the chain contributes its slope once.",
        at.derivative_twice,
    ),
    Mistake(
        "local_derivative_missing", "a factor of the chain missing",
        "the local derivative at {place} is left out",
        "Name every step between the two ends: each has a local derivative, and they are multiplied.",
        "Along a path all local derivatives are multiplied. A function such as exp, or a product such as w·x, is a "
        "step with a factor of its own.",
        at.local_derivative_missing,
    ),
    Mistake(
        "inputs_not_swapped", "the inputs of a multiplication not swapped",
        "the own value of {place} is the factor in its gradient, at a multiplication",
        "How fast does the product u·v change when u does?",
        "The derivative of u·v in u is v: a multiplication sends each input the value of the other one.",
        at.inputs_not_swapped,
    ),
    Mistake(
        "choice_ignored", "a choice ignored",
        "the gradient passes {place} also where its input was not the one chosen",
        "Which input decided the value there? A nudge of the others changes nothing.",
        "A maximum, a minimum, `where` and `clip` hand on one input. Only that one gets the gradient.",
        at.choice_ignored,
    ),
    Mistake(
        "weight_not_transposed", "W not transposed on the way back",
        "the transpose of {place} is missing on the way back",
        "Write the shapes beside the product, then ask which weights lead into one entry of the layer below.",
        "Forward, a weight leads from input j to output i; backward from i to j. That is the transpose. If W is "
        "square, the wrong product has the right shape and nothing complains.",
        at.weight_not_transposed,
    ),
    Mistake(
        "activations_not_transposed", "the activations not transposed in a weight's gradient",
        "the transpose of {place} is missing in the gradient of the weight that it multiplies",
        "Write that gradient for one single entry of the weight, then find the product that gives all of them.",
        "The gradient of W sums over the examples: the axis of the examples must be the one that the product sums.",
        at.activations_not_transposed,
    ),
    Mistake(
        "gradient_transposed", "a parameter's gradient transposed",
        "the gradient of {place} is transposed",
        "Entry [i, j] of the gradient tells what a nudge of entry [i, j] of the parameter does.",
        "A gradient has the shape of its parameter, entry by entry. Row form and column form differ by a transpose, "
        "and mixing the two gives this.",
        at.gradient_transposed,
    ),
    Mistake(
        "updated_weight", "the already updated weight used on the way back",
        "the already updated value of {place} is used on the way back",
        "At which weights was the loss computed?",
        "All gradients belong to the point of the forward pass. Collect them all, then update.",
        at.updated_weight,
    ),
    Mistake(
        "pre_activations_used", "z used instead of a in a weight's gradient",
        "the gradient of {place} is computed with the values before the activation",
        "What exactly did the forward pass multiply with this weight?",
        "A weight's gradient is the delta times what the weight was multiplied with: the activations, not their z.",
        at.pre_activations_used,
    ),
    Mistake(
        "wrong_activations", "the wrong layer's activations used",
        "the gradient of {place} is computed with the activations of another layer",
        "What exactly did the forward pass multiply with this weight?",
        "A weight's gradient is the delta behind it times the activations in front of it.",
        at.wrong_activations,
    ),
    Mistake(
        "one_example_only", "only one example counted",
        "the gradient of {place} comes from a single example of the batch",
        "If there is a loop over the examples: what happens to the gradient in each round?",
        "Every example adds its share. A loop that assigns instead of adding keeps only the last one.",
        at.one_example_only,
    ),
    Mistake(
        "bias_averaged", "a bias gradient averaged",
        "the gradient of {place} is averaged over the examples",
        "A bias is added in every example: what does each of them send back, and how does it come together?",
        "A bias is used once in each example, so the gradients from all of them are added. The 1/m of the loss is in "
        "the delta already.",
        at.bias_averaged,
    ),
    Mistake(
        "bias_not_summed", "a bias gradient not summed",
        "the gradients of {place} from the single examples are not added up",
        "Compare the shape of {place} with the shape of what it is added to.",
        "The forward pass repeats the bias for every example; the backward pass adds up what the copies send back.",
        at.bias_not_summed,
    ),
    Mistake(
        "bias_wrong_axis", "a bias gradient summed over the wrong axis",
        "the gradient of {place} is summed over the wrong axis",
        "Which axis counts the examples, which the neurons? One of them must remain.",
        "There is one bias for each neuron: the axis of the examples is summed, the axis of the neurons remains.",
        at.bias_wrong_axis,
    ),
    Mistake(
        "bias_summed_over_everything", "a bias gradient summed over everything",
        "the gradient of {place} is summed over the neurons as well as over the examples",
        "How many numbers must come out, for how many biases?",
        "There is one bias for each neuron. A sum without an axis adds up the neurons as well.",
        at.bias_summed_over_everything,
    ),
    Mistake(
        "overwritten", "one of several uses overwrites the others",
        "of the several uses of {place} only one counts",
        "Find every line that uses it in the forward pass. How do their gradients come together?",
        "A value that is used several times reaches the loss along several paths, and their gradients are added: += "
        "and not =.",
        at.overwritten,
    ),
    Mistake(
        "path_forgotten", "a path forgotten",
        "one of the paths from {place} to the loss is forgotten",
        "Find every line that uses it in the forward pass.",
        "A nudge travels along every path to the loss. Each contributes; a skip connection and weight decay are paths "
        "too.",
        at.path_forgotten,
    ),
    Mistake(
        "paths_multiplied", "paths multiplied instead of added",
        "the gradients that meet at {place} are multiplied with one another",
        "What is done along a path, and what where paths meet?",
        "Along a path local derivatives are multiplied. What arrives from different paths is added.",
        at.paths_multiplied,
    ),
    Mistake(
        "gradient_stopped", "the gradient stopped",
        "no gradient passes {place}",
        "Follow the gradient from the loss and find the first value where it is zero or missing.",
        "A zero, a detached copy, or a step that was never written: everything behind it learns nothing.",
        at.gradient_stopped,
    ),
    Mistake(
        "accumulated_twice", "accumulated twice",
        "the gradient of {place} has been added up twice",
        "What was in the gradient before this backward pass?",
        "Gradients are added to what is there. Without setting them to zero between two passes the old ones count "
        "again.",
        at.accumulated_twice,
    ),
)  # fmt: skip

BY_NAME: dict[str, Mistake] = {mistake.name: mistake for mistake in MISTAKES}


@dataclass(frozen=True)
class BankTable:
    """The bank as a table: as text, and in a notebook as HTML."""

    def __repr__(self) -> str:
        return "\n\n".join(f"{row.title} ({row.name})\n    {row.why}" for row in MISTAKES)

    def _repr_html_(self) -> str:
        left = 'style="text-align:left"'  # notebooks set numbers, flush right
        rows = "".join(
            f'<tr><th scope="row" {left}>{escape(row.title)}</th><td {left}>{_with_code(row.why)}</td>'
            f"<td {left}><code>{escape(row.name)}</code></td></tr>"
            for row in MISTAKES
        )
        head = "".join(f'<th scope="col" {left}>{name}</th>' for name in ("mistake", "why it is wrong", "name"))
        return (
            f"<table><caption>{len(MISTAKES)} mistakes</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def _with_code(words: str) -> str:
    """The words as HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(words))
