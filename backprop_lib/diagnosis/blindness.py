"""Why certain numbers cannot tell certain mistakes apart, or cannot show them at all."""

from collections.abc import Iterator

import numpy as np

from .landmarks import Landmarks

# Mistakes that change a gradient by a constant factor, or by counting examples.
FACTORS = {
    "one_over_m_missing", "one_over_m_twice", "one_over_m_added", "two_missing", "two_doubled", "accumulated_twice",
    "mean_over_outputs_too", "mean_over_examples_only", "bias_averaged", "cross_entropy_delta", "squared_error_delta",
    "overwritten", "path_forgotten",
}  # fmt: skip
BATCH = {
    "one_over_m_missing", "one_over_m_twice", "one_over_m_added", "bias_averaged", "bias_not_summed",
    "bias_wrong_axis", "one_example_only", "mean_over_examples_only",
}  # fmt: skip
SHAPES = {
    "weight_not_transposed", "activations_not_transposed", "gradient_transposed", "bias_wrong_axis",
    "bias_summed_over_everything",
}  # fmt: skip
MASKS = {"relu_mask_missing", "relu_mask_inverted", "relu_mask_of_the_gradient"}


def reasons(marks: Landmarks, mistakes: set[str], partial: bool = False) -> tuple[str, ...]:
    """What about this probe hides, or confuses, the mistakes of these names; `partial`: not all gradients are known."""
    found = [text for concerns, text in _properties(marks) if concerns is None or concerns & mistakes]
    if partial:
        found.append("Not all gradients were claimed; together they could tell more.")
    return tuple(dict.fromkeys(found))


def _properties(marks: Landmarks) -> Iterator[tuple[set[str] | None, str]]:
    """What is special about this probe, and which mistakes it concerns (None: any)."""
    walk = marks.walk
    m = marks.examples
    if m == 1:
        yield BATCH, "There is only one example: sum, mean and single value over the examples are the same."
    if m == 2:
        yield FACTORS, "m = 2: the factors m and 2 are the same number, and so are 1/m and ½."
    outputs = {np.size(site.prediction) // m for site in marks.sites} | {a.outputs for a in marks.averages}
    if 2 in outputs:
        yield FACTORS, "There are two outputs: their number and the 2 of a square are the same factor."
    yield from _special_values(marks)
    yield from _square_shapes(marks)
    for activation in marks.activations:
        z = np.asarray(walk.values[activation.argument])
        if activation.function == "relu" and (np.all(z > 0) or np.all(z <= 0)):
            state = "open" if np.all(z > 0) else "closed"
            yield (
                MASKS | {"other_activation", "pre_activations_used", "choice_ignored"},
                f"The ReLU at {marks.label(activation.value)} is {state} everywhere, so its mask does not show.",
            )
    still = [marks.label(i) for i in marks.leaves if not np.any(walk.totals[i])]
    if still:
        yield None, f"The true gradient of {', '.join(still[:4])} is 0 here, and 0 times anything is 0."


def _special_values(marks: Landmarks) -> Iterator[tuple[set[str] | None, str]]:
    for i in marks.leaves:
        value, name = np.asarray(marks.walk.values[i]), marks.label(i)
        if value.size == 0:
            continue
        if not np.any(value) and i in marks.weights:
            yield None, f"{name} is all zeros: nothing comes back through it, with or without a mistake."
        elif np.all(value == 1):
            yield None, f"{name} is all ones: multiplying by it changes nothing."
        elif value.size > 1 and np.all(value == value.flat[0]) and i in marks.weights:
            yield None, f"All entries of {name} are equal, so its rows and columns cannot be told apart."
    for i in dict.fromkeys(layer.other for layer in marks.layers):
        value = np.asarray(marks.walk.values[i])
        if marks.walk.operation(i) is None and value.size and np.all((value == 0) | (value == 1)):
            yield None, "The inputs are zeros and ones, which hide much of what is multiplied with them."


def _square_shapes(marks: Landmarks) -> Iterator[tuple[set[str] | None, str]]:
    walk = marks.walk
    square = [i for i in marks.leaves if walk.values[i].ndim == 2 and len(set(walk.values[i].shape)) == 1]
    square = [i for i in square if walk.values[i].size > 1]
    if square:
        names = ", ".join(marks.label(i) for i in square[:4])
        yield SHAPES, f"Square shapes ({names}): a transpose or an axis in the wrong place fits as well."
    for i in square:
        if np.array_equal(walk.values[i], walk.values[i].T):
            yield SHAPES, f"{marks.label(i)} is symmetric: it is its own transpose."
    for bias in marks.biases:
        shape = walk.values[bias.edge.consumer].shape
        if len(shape) == 2 and shape[0] == shape[1] > 1:
            name = marks.label(bias.parameter)
            yield SHAPES, f"There are as many examples as neurons at {name}: sums over either axis have its shape."
