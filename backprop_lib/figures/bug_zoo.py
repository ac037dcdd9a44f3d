"""A specimen of the Bug Zoo as a student meets it: its loss curve, claimed minus true, the checker, and the name."""

from functools import lru_cache
from typing import Any

import numpy as np

from ..diagnosis import BUG_ZOO, Diagnosis, Specimen
from ..diagnosis.bank import BY_NAME
from ..diagnosis.report import listed
from ..gradcheck import WRONG, GradientReport
from .graph_svg import QUIET, VALUE
from .residuals import heat_map, residual_sentence, residuals, wrong_entries
from .sketch import GUIDE, THIN, VALUE_LINE, Window, document, line, power, text, value_text

WIDTH, HEIGHT = 890, 340
STEPS = 150
NO_GUESS = "none yet"

# What may be guessed, in few words: the mistakes of the specimens, in the order of the bank.
GUESSES: dict[str, str] = {
    "1/m missing": "one_over_m_missing",
    "delta of another loss": "cross_entropy_delta",
    "softmax entry by entry": "softmax_elementwise",
    "sign flipped": "sign_flipped",
    "ReLU's mask missing": "relu_mask_missing",
    "slope of another activation": "other_activation",
    "W not transposed": "weight_not_transposed",
    "updated weight used": "updated_weight",
    "bias averaged": "bias_averaged",
    "one use overwrites the others": "overwritten",
    "a path forgotten": "path_forgotten",
    "gradient stopped": "gradient_stopped",
}
SPECIMENS: dict[str, Specimen] = {specimen.label: specimen for specimen in BUG_ZOO}

_LEFT, _RIGHT, _TOP = 16.0, 440.0, 84.0


@lru_cache(maxsize=64)
def losses(label: str, broken: bool = True) -> tuple[float, ...]:
    """The loss before each step of training, with the claimed gradients or with the right ones."""
    return tuple(SPECIMENS[label].train(STEPS, broken).tolist())


@lru_cache(maxsize=32)
def _checked(label: str) -> GradientReport:
    return SPECIMENS[label].check()


@lru_cache(maxsize=32)
def _diagnosed(label: str) -> Diagnosis:
    return SPECIMENS[label].diagnose()


@lru_cache(maxsize=32)
def _gradients(label: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    specimen = SPECIMENS[label]
    true = specimen.true_gradients()
    claimed = specimen.gradients()
    return {name: claimed[name] for name in specimen.habitat.start}, {
        name: true[name] for name in specimen.habitat.start
    }


@lru_cache(maxsize=256)
def _if(label: str, guess: str) -> dict[str, np.ndarray] | None:
    return SPECIMENS[label].gradients_if(GUESSES[guess])


def names_of(label: str) -> tuple[str, ...]:
    """The guesses that explain a specimen: one, or two that are always the same numbers."""
    suspects = {suspect.mistake for suspect in _diagnosed(label).suspects}
    return tuple(guess for guess, mistake in GUESSES.items() if mistake in suspects)


# ---- the four looks ------------------------------------------------------------------------------------------------


def curve_look(label: str) -> tuple[str, str]:
    """The loss curve alone, as picture and sentence."""
    specimen, curve = SPECIMENS[label], losses(label)
    return (
        _page(label, "1  The loss curve", "", _curves(label, both=False)),
        f"Specimen {label}: {specimen.habitat.name}. Its author says: “{specimen.says}” Trained with its gradients and "
        f"learning rate {value_text(specimen.learning_rate)}, the loss goes from {_loss(curve[0])} to "
        f"{_loss(curve[-1])} in {len(curve) - 1} steps.",
    )


def residual_look(label: str, guessed: bool) -> tuple[str, str]:
    """The loss curve, and claimed minus true entry by entry."""
    claimed, true = _gradients(label)
    more = "" if guessed else " What is your guess?"
    return (
        _page(label, "", "2  Claimed − true", _curves(label, both=False) + _map(claimed, true, _RIGHT)),
        f"Specimen {label}, claimed − true at the first parameters: {residual_sentence(claimed, true)}{more}",
    )


def checker_look(label: str, guess: str) -> tuple[str, str]:
    """What the guess would look like beside what there is, and the verdict of measured slopes."""
    claimed, true = _gradients(label)
    report = _checked(label)
    wrong, size = len(report.with_verdict(WRONG)), len(report.entries)
    would_be = _if(label, guess)
    verdict = (
        f"Measured slopes find {wrong} of {size} entries of specimen {label} wrong, with relative errors up to "
        f"{value_text(report.largest_relative_error, 2)}."
    )
    if would_be is None:
        note = f"Your guess, “{guess}”, cannot be made in this network: look for another one."
        left = text(_LEFT, _TOP + 40, "This mistake cannot be made in this network,")
        left += text(_LEFT, _TOP + 58, "or its shapes would not fit.")
    else:
        left = _map({name: would_be[name] for name in true}, true, _LEFT)
        if guess in names_of(label):
            note = f"Your guess, “{guess}”, gives exactly these numbers."
        else:
            note = (
                f"Your guess, “{guess}”, gives other numbers: with it, wrong would be {wrong_entries(would_be, true)}. "
                "Compare the two maps, and guess again."
            )
    body = left + _map(claimed, true, _RIGHT)
    return _page(label, f"3  Your guess: {guess}", f"Specimen {label}", body), f"{verdict} {note}"


def name_look(label: str) -> tuple[str, str]:
    """The name of the mistake, and the training with the right gradients beside it."""
    claimed, true = _gradients(label)
    found = _diagnosed(label)
    names = listed([f"“{BY_NAME[suspect.mistake].title}”" for suspect in found.suspects], "or")
    message = found.message.replace("Exactly your numbers", "Exactly these numbers", 1)
    broken, right = losses(label)[-1], losses(label, broken=False)[-1]
    compare = "lower" if broken < right else "higher"
    return (
        _page(label, "4  The name", names, _curves(label, both=True) + _map(claimed, true, _RIGHT)),
        f"Specimen {label} is called {names}. {message} After {STEPS} steps its loss is {_loss(broken)}, {compare} "
        f"than the {_loss(right)} of the right gradients.",
    )


def comparison_table(label: str) -> str:
    """Claimed and true gradient of every entry, as an HTML table to open."""
    claimed, true = _gradients(label)
    rows = "".join(
        f'<tr><th scope="row">{name}[{", ".join(map(str, index))}]</th><td>{value_text(float(claimed[name][index]), 4)}'
        f"</td><td>{value_text(float(value), 4)}</td></tr>"
        for name, array in true.items()
        for index, value in np.ndenumerate(array)
    )
    head = "".join(f'<th scope="col">{word}</th>' for word in ("entry", "claimed", "true"))
    return (
        f"<details><summary>Claimed and true, entry by entry</summary><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></details>"
    )


def _loss(value: float) -> str:
    return value_text(value, 3) if value < 1000 else value_text(round(value))


def _page(label: str, left: str, right: str, body: str) -> str:
    specimen = SPECIMENS[label]
    return document(
        WIDTH,
        HEIGHT,
        text(_LEFT, 22, f"Specimen {label}: {specimen.habitat.name}", size=14),
        text(_LEFT, 42, f"“{specimen.says}”", colour=QUIET),
        line(_LEFT, 52, WIDTH - _LEFT, 52, **GUIDE),
        text(_LEFT, 71, left, size=13.5),
        text(_RIGHT, 71, right, size=13.5),
        body,
    )


def _map(claimed: Any, true: Any, left: float) -> str:
    return heat_map(residuals(claimed, true), left, _TOP, HEIGHT - _TOP - 40)[2]


def _curves(label: str, both: bool) -> str:
    """The loss of the broken training on a logarithmic axis; with `both`, that of the right one beside it."""
    runs = [losses(label)] + ([losses(label, broken=False)] if both else [])
    # The axis has room for both, also while only one is shown: nothing jumps when the other comes.
    seen = np.array([*losses(label), *losses(label, broken=False)])
    low, high = np.floor(np.log10(seen.min())), np.ceil(np.log10(seen.max()) + 1e-9)
    window = Window(_LEFT + 44, _TOP + 20, 340, 176, (0, STEPS), (float(low), float(high)))
    decades = list(range(int(low), int(high) + 1))
    labels = ["1" if d == 0 else f"10{power(d)}" for d in decades]
    looks: list[dict[str, Any]] = [VALUE_LINE, {**THIN, "stroke-dasharray": "5 3"}]
    curves = [window.curve(range(len(run)), np.log10(np.array(run)).tolist(), **look) for run, look in zip(runs, looks)]
    legend = text(window.left, HEIGHT - 14, f"with the gradients of {label}", colour=VALUE)
    if both:
        legend += text(window.left + 180, HEIGHT - 14, "dashed: with the right ones")
    return (
        window.frame("loss", "step of training", [0, 50, 100, 150], decades, labels) + window.inside(*curves) + legend
    )
