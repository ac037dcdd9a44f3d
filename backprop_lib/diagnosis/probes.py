"""Inputs on which the mistakes can be told apart.

On ones, zeros, equal weights, square matrices, one example or two, different mistakes give the same numbers, and some
change nothing at all. A good probe has none of these.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

import numpy as np

from ..tensor import Tensor
from .blindness import reasons
from .landmarks import Landmarks
from .replays import Confusions, confusions
from .walk import Walk, walk_of

LENGTHS = (5, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13)  # all different, none of them 1 or 2
DRAWS = 6
FAR_APART = 1e-3  # two replays count as told apart if some entry differs by so much, relative to the largest
TARGETS = ("probabilities", "one-hot")


@dataclass(frozen=True, repr=False)
class Probe:
    """Values that tell the mistakes apart, as far as any values do.

    values : name -> array. loss : the loss built from them, with `values` in its leaves; None if an existing graph was
    given (set its leaves to `values` and build the loss again). confusions : what even these cannot tell apart.
    blind : why, as far as the values are the reason.
    """

    values: dict[str, np.ndarray]
    loss: Tensor | None
    confusions: Confusions
    blind: tuple[str, ...]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.values[name]

    @property
    def summary(self) -> str:
        found = self.confusions
        text = f"{found.places} replays with a mistake give {found.distinct} different sets of gradients."
        if found.unseen:
            text += f" Not to be seen: {', '.join(found.unseen)}."
        return text

    def _rows(self) -> list[tuple[str, str, str]]:
        return [
            (name, str(value.shape), np.array2string(value, separator=", ", precision=6, threshold=60))
            for name, value in self.values.items()
        ]

    def __repr__(self) -> str:
        rows = "\n".join(f"{name} {shape}\n{text}" for name, shape, text in self._rows())
        same = "\n".join(f"The same numbers: {', '.join(group)}." for group in self.confusions.groups)
        return "\n".join(part for part in (self.summary, same, *self.blind, rows) if part)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{name}</th>' for name in ("input", "shape", "values"))
        rows = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(shape)}</td><td><pre>{escape(text)}</pre></td></tr>'
            for name, shape, text in self._rows()
        )
        notes = [f"The same numbers: {', '.join(group)}." for group in self.confusions.groups] + list(self.blind)
        items = "".join(f"<li>{escape(note)}</li>" for note in notes)
        return (
            f"<table><caption>{escape(self.summary)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
            f"</table>" + (f"<ul>{items}</ul>" if items else "")
        )


def suggest_probe(
    loss: Callable[..., Tensor] | Tensor,
    shapes: Mapping[str, tuple[int | str, ...]] | None = None,
    data: tuple[str, ...] = ("X", "x", "Y", "y"),
    targets: tuple[str, ...] = ("Y", "y"),
    seed: int = 0,
) -> Probe:
    """Inputs on which mistakes in the backward pass of this loss can be told apart.

    loss : a function that takes Tensors by name and returns the scalar loss, with `shapes`: for each name its shape,
    where a letter stands for a length to be chosen, such as {"X": ("m", "d"), "W": ("d", "h"), "y": ("m", "h")}. Or an
    existing loss Tensor, whose shapes then stay as they are. data : names that get no gradient. targets : names among
    them that the loss compares with; they get numbers between 0 and 1, or one-hot rows if the loss refuses
    those. seed : for other values.

    Several draws of numbers with two decimals, none of them 0 or ±1, are replayed with every mistake; the one that
    leaves fewest mistakes unseen or confused is returned.
    """
    if isinstance(loss, Tensor):
        return _best(_on_graph(loss), seed)
    if shapes is None:
        raise TypeError(
            "suggest_probe(loss, shapes) needs the shapes of the loss's arguments, such as "
            '{"X": ("m", "d"), "W": ("d", "h")}; letters stand for lengths to be chosen.'
        )
    chosen = _lengths(shapes)
    return _best(_on_function(loss, chosen, data, targets), seed)


Draw = Callable[[np.random.Generator], tuple[dict[str, np.ndarray], Walk, Tensor | None]]


def _best(draw: Draw, seed: int) -> Probe:
    best: tuple[tuple[int, int], Probe] | None = None
    with np.errstate(all="ignore"):
        for attempt in range(DRAWS):
            values, walk, built = draw(np.random.default_rng([seed, attempt]))
            if not np.isfinite(walk.values[walk.at[walk.loss]]).all():
                continue
            marks = Landmarks(walk)
            found = confusions(walk, marks, FAR_APART)
            score = (len(found.unseen), -found.distinct)
            if best is None or score < best[0]:
                mixed = {name for group in found.groups for name in group} | set(found.unseen)
                best = score, Probe(values, built, found, reasons(marks, mixed))
    if best is None:
        raise ValueError("The loss is nan or inf for every choice of inputs that was tried. Give it other shapes.")
    return best[1]


def _on_function(
    loss: Callable[..., Tensor],
    shapes: dict[str, tuple[int, ...]],
    data: tuple[str, ...],
    targets: tuple[str, ...],
) -> Draw:
    def draw(random: np.random.Generator) -> tuple[dict[str, np.ndarray], Walk, Tensor | None]:
        refused: ValueError | None = None
        plain = {name: _numbers(random, shape) for name, shape in shapes.items()}
        for kind in TARGETS:
            values = {
                name: _target(random, kind, value.shape) if name in targets else value for name, value in plain.items()
            }
            tensors = {name: Tensor(value, requires_grad=name not in data, name=name) for name, value in values.items()}
            try:
                made = loss(**tensors)
            except ValueError as error:
                refused = error
                continue
            return values, walk_of(made), made
        raise ValueError(f"The loss could not be computed with inputs of the shapes {shapes}. {refused}") from refused

    return draw


def _on_graph(loss: Tensor) -> Draw:
    start = walk_of(loss)
    marks = Landmarks(start)
    inputs = {layer.other for layer in marks.layers if start.operation(layer.other) is None}
    moved = [
        t
        for i, t in enumerate(start.tensors)
        if t.operation is None and t.name is not None and (t.requires_grad or i in inputs)
    ]
    if not moved:
        raise ValueError("No leaf of this loss has a name, so no values can be suggested. Use Tensor(..., name='W').")

    def draw(random: np.random.Generator) -> tuple[dict[str, np.ndarray], Walk, Tensor | None]:
        values = {t: _numbers(random, t.shape) for t in moved}
        return {str(t.name): value for t, value in values.items()}, Walk(loss, values), None

    return draw


def _lengths(shapes: Mapping[str, tuple[int | str, ...]]) -> dict[str, tuple[int, ...]]:
    """The letters replaced by lengths that are all different, from each other and from the lengths that are given."""
    given = {length for shape in shapes.values() for length in shape if not isinstance(length, str)}
    free = iter([length for length in LENGTHS if length not in given] + list(range(14, 100)))
    chosen: dict[str, int] = {}
    for shape in shapes.values():
        for length in shape:
            if isinstance(length, str) and length not in chosen:
                chosen[length] = next(free)
    return {
        name: tuple(chosen[length] if isinstance(length, str) else int(length) for length in shape)
        for name, shape in shapes.items()
    }


def _numbers(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Positive and negative numbers with two decimals, none of them 0 or ±1, and no two equal while there are few."""
    size = int(np.prod(shape))
    pool = np.setdiff1d(np.arange(12, 148), [50, 100])
    sizes = random.choice(pool, size=size, replace=size > len(pool)) / 100
    values: np.ndarray = (sizes * random.choice([-1.0, 1.0], size=size)).reshape(shape)
    return values


def _target(random: np.random.Generator, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    if kind == "probabilities" or not shape:
        return random.integers(11, 90, size=shape) / 100
    classes = random.permutation(np.arange(int(np.prod(shape[:-1]))) % shape[-1])
    return np.eye(shape[-1])[classes].reshape(shape)
