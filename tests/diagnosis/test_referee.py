"""Backward passes written by hand, with mistakes made by hand, get the names of those mistakes."""

import numpy as np
import pytest

from backprop_lib.diagnosis import diagnose

from .referee import NETWORKS

CASES = [(network, bug) for network, (*_, bugs) in NETWORKS.items() for bug in bugs]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("network", NETWORKS)
def test_a_right_backward_pass_by_hand_is_right(network, seed):
    parameters, loss, backward, _ = NETWORKS[network]
    p = parameters(seed)
    found = diagnose(loss(p), backward(p))
    assert found.ok and found.mistake is None, found


@pytest.mark.parametrize("network, bug", CASES)
def test_each_mistake_made_by_hand_is_named(network, bug):
    """Over several seeds: the name, all names that fit and no other, and the place."""
    parameters, loss, backward, bugs = NETWORKS[network]
    names, where = bugs[bug]
    for seed in range(5):
        p = parameters(seed)
        claimed = backward(p, bug)
        found = diagnose(loss(p), claimed)
        assert not found.ok
        assert {suspect.mistake for suspect in found.suspects} == names, found
        assert where in found.where, found
        assert found.pair == () and found.blind == ()


def test_the_bugs_by_hand_are_bugs():
    """Each changes at least one number (in NumPy alone, without the diagnosis), and no two do the same."""
    for network, (parameters, _, backward, bugs) in NETWORKS.items():
        p = parameters(0)
        seen = [backward(p)]
        for bug in bugs:
            claimed = backward(p, bug)
            for other in seen:
                same = all(
                    np.shape(claimed[k]) == np.shape(other[k])
                    and (claimed[k] is None or np.allclose(claimed[k], other[k], rtol=1e-9, atol=0))
                    for k in claimed
                )
                assert not same or bug == "backward twice", (network, bug)
            seen.append(claimed)
