"""A graph's backward pass with a mistake in it, and which mistakes cannot be told apart on a graph."""

from dataclasses import dataclass

import numpy as np

from ..tensor import Tensor
from .bank import BY_NAME, MISTAKES, Mistake
from .landmarks import Landmarks
from .places import Place
from .report import listed
from .walk import Change, DoesNotFit, Walk, walk_of

USUAL_RATE = 0.1


def words_of(place: Place, marks: Landmarks) -> str:
    """The place in words, such as "W1" or "everywhere: b1 and b2"."""
    words = listed([w if isinstance(w, str) else marks.label(w) for w in place.where])
    return f"everywhere: {words}" if place.everywhere else words


def change_at(place: Place, learning_rate: float) -> Change:
    return place.change if place.at_rate is None else place.at_rate(learning_rate)


def gradients_with_mistake(
    loss: Tensor, mistake: str, where: str = "", learning_rate: float = USUAL_RATE
) -> dict[str, np.ndarray]:
    """The gradients that a backward pass with this mistake gives, by the names of the leaves.

    loss : a Tensor with a single entry; its leaves have names. mistake : a name of the bank. where : the place
    or part of it in words, such as "b1" or "everywhere"; the first place that fits is taken. learning_rate : for
    updated_weight.
    """
    walk = walk_of(loss)
    return broken_gradients(walk, Landmarks(walk), mistake, where, learning_rate)


def broken_gradients(
    walk: Walk, marks: Landmarks, mistake: str, where: str = "", learning_rate: float = USUAL_RATE
) -> dict[str, np.ndarray]:
    """As `gradients_with_mistake`, on a walk."""
    if mistake not in BY_NAME:
        raise ValueError(f"The bank has no mistake called {mistake!r}. It has {', '.join(BY_NAME)}.")
    nameless = [marks.label(i) for i in marks.leaves if walk.tensors[i].name is None]
    if nameless:
        raise ValueError(f"Every leaf needs a name here: {listed(nameless)} has none. Use Tensor(..., name='W').")
    place = _place_called(where, BY_NAME[mistake], marks)
    with np.errstate(all="ignore"):
        changed = walk.gradients_with(change_at(place, learning_rate))
    return {str(walk.tensors[i].name): np.array(changed.get(i, walk.totals[i])) for i in sorted(marks.leaves)}


def _place_called(where: str, mistake: Mistake, marks: Landmarks) -> Place:
    places = mistake.all_places(marks)
    if places and not where:
        return places[0]
    words = [words_of(place, marks) for place in places]
    for fits in (where.__eq__, lambda text: where in text):
        for place, text in zip(places, words):
            if fits(text):
                return place
    known = "; ".join(dict.fromkeys(words)) or "nowhere"
    raise ValueError(f"{mistake.name} cannot be made at {where!r} in this graph. Possible: {known}.")


@dataclass(frozen=True)
class Confusions:
    """What a probe cannot tell. unseen : mistakes, by name, that change nothing somewhere. groups : sets of mistakes
    of which some give the same numbers. places : how many replays there are; distinct : how many different outcomes."""

    unseen: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    places: int
    distinct: int


def confusions(walk: Walk, marks: Landmarks, relative: float = 1e-6, learning_rate: float = USUAL_RATE) -> Confusions:
    """Replay everything, and find what gives the same numbers (relative to each array's largest entry)."""
    right = {i: np.asarray(walk.totals[i]) for i in marks.leaves}
    outcomes: list[tuple[dict[int, np.ndarray], list[str]]] = [(right, [])]
    replays = 0
    with np.errstate(all="ignore"):
        for mistake, place in every_place(marks):
            try:
                changed = walk.gradients_with(change_at(place, learning_rate))
            except DoesNotFit:
                continue
            replays += 1
            outcome = {i: np.asarray(changed.get(i, right[i])) for i in right}
            for known, names in outcomes:
                if _alike(known, outcome, relative):
                    names.append(mistake.name)
                    break
            else:
                outcomes.append((outcome, [mistake.name]))
    groups = dict.fromkeys(tuple(dict.fromkeys(names)) for _, names in outcomes[1:])
    several = tuple(group for group in groups if len(group) > 1)
    return Confusions(tuple(dict.fromkeys(outcomes[0][1])), several, replays, len(outcomes) - 1)


def every_place(marks: Landmarks) -> list[tuple[Mistake, Place]]:
    """Every mistake at every place of a graph, in the order of the bank."""
    return [(mistake, place) for mistake in MISTAKES for place in mistake.all_places(marks)]


def _alike(a: dict[int, np.ndarray], b: dict[int, np.ndarray], relative: float) -> bool:
    for i in a:
        if a[i] is b[i]:
            continue
        if a[i].shape != b[i].shape:
            return False
        size = max(float(np.max(np.abs(a[i]), initial=0.0)), float(np.max(np.abs(b[i]), initial=0.0)))
        if not np.max(np.abs(a[i] - b[i]), initial=0.0) <= relative * size:
            return False
    return True
