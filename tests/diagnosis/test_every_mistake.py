"""On every kind of network, each mistake of the bank, at each place and at all of them, gets all names that fit.

The names that fit are found here once more, from the replays alone: two mistakes fit the same numbers if their replays
agree in every gradient.
"""

import numpy as np
import pytest

from backprop_lib.diagnosis import MISTAKES, diagnose
from backprop_lib.diagnosis.landmarks import Landmarks
from backprop_lib.diagnosis.replays import change_at, every_place, words_of
from backprop_lib.diagnosis.walk import DoesNotFit, walk_of

from .networks import LOSSES, networks

NETWORKS = networks()
PLACES_TRIED = 12
RATE = 0.3


def replays_of(loss):
    """Each mistake at each place: its name, the place in words, and all gradients that come out, by Tensor."""
    walk = walk_of(loss)
    marks = Landmarks(walk)
    true = {walk.tensors[i]: np.asarray(walk.totals[i]) for i in marks.leaves}
    found = []
    for mistake, place in every_place(marks):
        try:
            changed = walk.gradients_with(change_at(place, RATE))
        except DoesNotFit:
            continue
        gradients = {t: np.asarray(changed.get(walk.at[t], g)) for t, g in true.items()}
        if all(np.all(np.isfinite(g)) for g in gradients.values()):
            found.append((mistake.name, words_of(place, marks), gradients))
    return true, found


def same(one, other, scale):
    return all(
        one[t].shape == other[t].shape
        and np.max(np.abs(one[t] - other[t]))
        <= 1e-9 * max(np.max(np.abs(one[t])), np.max(np.abs(other[t]))) + 1e-14 * scale
        for t in one
    )


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("network", NETWORKS)
def test_each_mistake_is_named(network, seed):
    loss = NETWORKS[network](seed)
    true, replays = replays_of(loss)
    scale = max(np.max(np.abs(g)) for g in true.values())
    tried = np.random.default_rng([seed, len(network)]).permutation(len(replays))[:PLACES_TRIED]
    for k in tried:
        name, where, gradients = replays[k]
        found = diagnose(loss, gradients, learning_rate=RATE)
        if same(gradients, true, scale):
            assert found.ok and found.mistake is None, (name, where, found)
            continue
        fitting = {other for other, _, theirs in replays if same(gradients, theirs, scale)}
        assert not found.ok
        assert {suspect.mistake for suspect in found.suspects} == fitting, (name, where, found)
        assert len(found.suspects) == len(fitting)
        if len(fitting) == 1:
            assert found.mistake == name and found.also == ()
        of_this = next(suspect for suspect in found.suspects if suspect.mistake == name)
        assert where in of_this.places, (where, of_this)
        assert found.pair == ()


@pytest.mark.parametrize("network", [f"2 layers, tanh, {loss}" for loss in LOSSES if "written" not in loss])
def test_most_mistakes_are_unique(network):
    """On a good probe five out of six mistakes have numbers of their own, and none is invisible."""
    true, replays = replays_of(NETWORKS[network](2))
    scale = max(np.max(np.abs(g)) for g in true.values())
    unique = 0
    for _, _, gradients in replays:
        unique += len({other for other, _, theirs in replays if same(gradients, theirs, scale)}) == 1
        assert not same(gradients, true, scale)
    assert unique >= 5 / 6 * len(replays)


def test_every_kind_occurs():
    """The networks of these tests have places for every row of the bank."""
    varied = ("2 layers, relu, squared error: fused", "2 layers, tanh, cross-entropy: of softmax", "columns, tanh")
    seen = set()
    for network in (*varied, "formula", "one sum", "residual", "convergent", "square shapes"):
        loss = NETWORKS[network](0)
        seen |= {mistake.name for mistake, _ in every_place(Landmarks(walk_of(loss)))}
    assert seen == {mistake.name for mistake in MISTAKES}
