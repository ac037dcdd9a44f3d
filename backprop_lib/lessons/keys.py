"""The key of every prediction, check and quiz question of the course, each with a fixed place in the
progress token.

A token that a student wrote down last month must still be read: append new names at the end of their
notebook's list, and never move, rename or delete one. A key that is missing here works too, but makes the
token longer.
"""


class UnknownKey(KeyError):
    """A key or a term that the course does not have; the message names similar ones."""

    __str__ = Exception.__str__  # KeyError's own puts the sentence in quotes

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


KEYS: dict[str, tuple[str, ...]] = {
    "00": (
        *(f"pre.{n}" for n in range(1, 13)),
        *("check.ratio", "check.step", "check.function", "quiz.1", "quiz.2", "quiz.3", "predict.epochs"),
    ),
    "01": (
        *("check.square", "check.cube", "check.three-steps", "check.two-paths"),
        *("gate.1", "gate.2", "quiz.1", "quiz.2", "quiz.3", "quiz.4"),
        *("predict.ratio", "predict.direction", "predict.chain", "predict.slope", "predict.paths", "predict.step"),
        *("check.nudge", "check.flat", "check.gear", "check.cancel", "check.function"),
    ),
    "02": (
        *("check.first-graph", "check.fork", "check.multiply-backward", "check.max-backward"),
        *("gate.1", "gate.2", "quiz.1", "quiz.2", "quiz.3", "quiz.4", "quiz.5"),
        *("predict.nudge", "predict.swap", "predict.fork", "predict.calls", "predict.recursion"),
        *("check.shares", "check.missing", "check.order", "check.repair", "check.engine"),
    ),
    "03": (
        *("check.relu", "check.sigmoid", "check.on-your-own", "check.update", "check.kill"),
        *("gate.1", "gate.2", "quiz.1", "quiz.2", "quiz.3", "quiz.4", "quiz.5"),
        *("check.last-lines", "check.tanh", "check.two-rates", "check.gradients"),
        *("predict.nudge", "predict.rate", "predict.peak", "predict.zero-weight", "predict.very-wrong"),
        *("predict.flat", "predict.dead", "check.tenth", "check.layers", "check.promise"),
    ),
    "04": (
        *("check.forward", "check.backward", "check.update", "check.target-zero"),
        *("gate.1", "gate.2", "quiz.1", "quiz.2", "quiz.3", "quiz.4"),
        *("check.first-neuron", "check.balance", "check.on-your-own", "check.without-h", "check.recount"),
        *("check.weight-three", "predict.larger", "predict.cut", "predict.share", "predict.deleted"),
        *("predict.old-or-new", "predict.weight-three"),
    ),
    "05": (
        *("gate.1", "gate.2", "quiz.1", "quiz.2", "quiz.3", "quiz.4", "quiz.5"),
        *("check.first-layer", "check.fitting", "check.cancel", "check.other-input", "check.shapes", "check.bias"),
        *("check.columns", "check.missing-m", "predict.zeros", "predict.all-equal", "predict.square"),
        *("predict.twice", "predict.row-shape"),
    ),
    "06": (
        *("gate.1", "gate.2", "quiz.1", "quiz.2", "quiz.3", "quiz.4"),
        *("check.deepest", "check.soft", "check.neuron", "check.way-back", "check.softmax", "check.network"),
        *("check.repair", "check.log-sum-exp", "predict.tenth", "predict.product", "predict.wrong", "predict.program"),
        *("predict.share", "predict.overflow"),
    ),
    "07": (
        *("gate.1", "gate.2", "quiz.1", "quiz.2", "quiz.3", "quiz.4"),
        *("check.bottom", "check.float32", "check.reach", "check.zoo", "check.by-hand", "check.relative-error"),
        *("check.classes", "check.tanh", "check.loop", "check.block"),
        *("predict.shrink", "predict.smaller", "predict.kink", "predict.source", "predict.falls", "predict.hidden"),
    ),
    "08": (
        *("gate.1", "gate.2", "quiz.1", "quiz.2", "quiz.3", "quiz.4", "quiz.5"),
        *("check.by-hand", "check.tanh", "check.lottery", "check.rates", "check.too-large", "check.momentum"),
        *("check.adam", "check.saddle", "predict.line", "predict.spread", "predict.thousand", "predict.hill"),
        *("predict.zero", "predict.lottery", "predict.rate", "predict.digits", "predict.strangers", "check.unlucky"),
        *("check.valley",),
    ),
    "09": (
        *("gate.1", "gate.2", "quiz.1", "quiz.2", "quiz.3", "quiz.4", "quiz.5"),
        *("check.layers", "check.scale", "check.spread", "check.rescue", "check.clip", "check.leaky", "check.block"),
        *("predict.hundred", "predict.ten-layers", "predict.relu", "predict.leaky", "predict.xavier"),
        *("predict.alone", "predict.skip", "predict.layer-norm", "predict.jump", "predict.smallest"),
    ),
    "12": (*(f"post.{n}" for n in range(1, 13)),),
}


def place(key: str) -> tuple[int, int] | None:
    """(notebook, place in its list) of a key, None for a key that is not listed. "07#12" is place 12 of
    notebook 7.
    """
    notebook, mark, rest = key[:2], key[2:3], key[3:]
    if mark == "#":
        return int(notebook), int(rest)
    names = KEYS.get(notebook, ())
    return (int(notebook), names.index(rest)) if rest in names else None


def key_at(notebook: int, number: int) -> str:
    """The key at a place; a place that only a newer edition of the course has gives a key like "07#12"."""
    names = KEYS.get(f"{notebook:02}", ())
    return f"{notebook:02}.{names[number]}" if number < len(names) else f"{notebook:02}#{number}"
