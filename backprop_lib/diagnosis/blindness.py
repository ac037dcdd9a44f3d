"""Why certain numbers cannot tell certain mistakes apart."""

import numpy as np

from .landmarks import Landmarks


def reasons(marks: Landmarks, mistakes: set[str], partial: bool = False) -> tuple[str, ...]:
    """What about this probe hides, or confuses, the mistakes of these names. The most telling reasons first."""
    walk = marks.walk
    found: list[str] = []
    values = {i: np.asarray(walk.values[i]) for i in marks.leaves}
    data = [i for i, t in enumerate(walk.tensors) if t.operation is None and not marks.is_number(i)]

    def says(condition: bool, kinds: set[str], text: str) -> None:
        if condition and mistakes & kinds:
            found.append(text)

    m = marks.examples
    says(
        m == 1,
        FACTORS | BATCH,
        "There is one example only: sums and means over the examples are the same thing.",
    )
    says(
        m == 2 or any(average.entries == 2 for average in marks.averages),
        FACTORS,
        "There are two examples: the factors m and 2 are the same number, and so are 1/m and ½.",
    )
    for kind, holds in (
        ("0", lambda a: not np.any(a)),
        ("1", lambda a: bool(np.all(a == 1))),
        ("equal", lambda a: a.size > 1 and bool(np.all(a == a.flat[0])) and a.flat[0] not in (0, 1)),
    ):
        alike = [i for i in values if values[i].size and holds(values[i])]
        if alike:
            names = ", ".join(marks.label(i) for i in alike[:4])
            text = {
                "0": f"All entries of {names} are 0: what is multiplied by them vanishes, with or without the mistake.",
                "1": f"All entries of {names} are 1: a factor 1 is not missed.",
                "equal": f"All entries of {names} are equal: rows and columns cannot be told apart.",
            }[kind]
            weighty = [i for i in alike if i in marks.weights or kind == "1"]
            says(bool(weighty), LOCAL | SHAPES | PATHS, text)
    ones = [i for i in data if i not in values and walk.values[i].size > 1 and np.all(np.isin(walk.values[i], (0, 1)))]
    inputs = [i for i in ones if any(layer.other == i for layer in marks.layers)]
    says(
        bool(inputs),
        LOCAL,
        "The inputs are zeros and ones, which hide what is multiplied with them.",
    )
    square = [i for i in marks.leaves if values[i].ndim == 2 and values[i].shape[0] == values[i].shape[1] > 1]
    says(
        bool(square),
        SHAPES,
        f"Square shapes ({', '.join(marks.label(i) for i in square[:4])}): a transpose in the wrong place fits too.",
    )
    symmetric = [i for i in square if np.array_equal(values[i], values[i].T)]
    says(
        bool(symmetric),
        SHAPES,
        f"Symmetric values ({', '.join(marks.label(i) for i in symmetric[:4])}): the transpose is the same matrix.",
    )
    for bias in marks.biases:
        shape = walk.values[bias.edge.consumer].shape
        if len(shape) == 2 and shape[0] == shape[1]:
            says(
                True,
                {"bias_wrong_axis"},
                f"As many examples as neurons at {marks.label(bias.parameter)}: both sums have its shape.",
            )
    for activation in marks.activations:
        if activation.function == "relu":
            z = np.asarray(walk.values[activation.argument])
            if np.all(z > 0) or np.all(z <= 0):
                state = "open" if np.all(z > 0) else "closed"
                says(
                    True,
                    {"relu_mask_missing", "relu_mask_of_the_gradient", "relu_mask_inverted", *LOCAL},
                    f"The ReLU at {marks.label(activation.value)} is {state} everywhere, so its mask does not show.",
                )
    outputs = [np.size(site.prediction) for site in marks.sites]
    says(
        any(n == 1 for n in outputs) and m == 1,
        FACTORS,
        "There is a single output number: every factor looks like every other of the same size.",
    )
    flat = [i for i in marks.leaves if not np.any(walk.totals[i])]
    if flat:
        names = ", ".join(marks.label(i) for i in flat[:4])
        says(True, set(mistakes), f"The true gradient of {names} is 0 here, and 0 times anything is 0.")
    says(partial, set(mistakes), "Some gradients were not claimed; with all of them more could be told.")
    return tuple(dict.fromkeys(found))


FACTORS = {
    "one_over_m_missing", "one_over_m_twice", "one_over_m_added", "two_missing", "two_doubled", "accumulated_twice",
    "mean_over_outputs_too", "mean_over_examples_only", "bias_averaged", "cross_entropy_delta", "squared_error_delta",
    "overwritten", "path_forgotten", "one_example_only",
}  # fmt: skip
BATCH = {"bias_not_summed", "bias_wrong_axis", "bias_summed_over_everything"}
SHAPES = {
    "weight_not_transposed", "activations_not_transposed", "gradient_transposed", "wrong_activations",
    "pre_activations_used", "bias_wrong_axis", "softmax_elementwise", "one_example_only",
}  # fmt: skip
LOCAL = {
    "activation_derivative_missing", "derivative_at_z", "derivative_at_a", "other_activation", "derivative_twice",
    "local_derivative_missing", "inputs_not_swapped", "updated_weight", "gradient_stopped", "sign_flipped",
    "wrong_activations", "pre_activations_used", "cross_entropy_delta",
}  # fmt: skip
PATHS = {"overwritten", "path_forgotten", "paths_multiplied", "relu_mask_missing", "relu_mask_inverted"}
