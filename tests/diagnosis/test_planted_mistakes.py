"""The tests of this folder notice a diagnosis that is spoilt: mistakes planted in it make them fail."""

import numpy as np
import pytest

from backprop_lib.diagnosis import bank, claims, places, search, verdict, walk

from . import test_blind, test_every_mistake, test_known_bugs, test_outside_the_bank, test_referee

NETWORK = "2 layers, tanh, squared error: fused"


def test_a_loose_comparison(monkeypatch):
    monkeypatch.setitem(claims.RELATIVE, np.dtype(np.float64), 0.05)
    with pytest.raises(AssertionError):
        test_outside_the_bank.test_one_entry_off_by_one_per_cent_has_no_name(NETWORK)


def test_a_comparison_that_is_too_strict(monkeypatch):
    monkeypatch.setitem(claims.RELATIVE, np.dtype(np.float64), 0.0)
    monkeypatch.setitem(claims.FLOOR, np.dtype(np.float64), 0.0)
    monkeypatch.setattr(claims, "ROUNDING", 0.0)
    with pytest.raises(AssertionError):
        test_outside_the_bank.test_right_with_another_rounding(NETWORK)


def test_cancellation_ignored(monkeypatch):
    monkeypatch.setattr(claims, "ROUNDING", 0.0)
    with pytest.raises(AssertionError):
        test_outside_the_bank.test_right_at_a_perfect_fit()


def test_only_the_first_hit_told(monkeypatch):
    """Hiding the others that fit."""
    hits = search.Search.hits
    monkeypatch.setattr(search.Search, "hits", lambda self: hits(self)[:1])
    with pytest.raises(AssertionError):
        test_known_bugs.test_equals_instead_of_plus_equals()


def test_a_screen_that_refuses_too_much(monkeypatch):
    monkeypatch.setattr(search.Screen, "refuses", lambda self, change: True)
    with pytest.raises(AssertionError):
        test_referee.test_each_mistake_made_by_hand_is_named("rows", "b2 averaged")


def test_a_screen_with_wrong_tangents(monkeypatch):
    push = search.push
    monkeypatch.setattr(search, "push", lambda node, position, tangent: 1.01 * push(node, position, tangent))
    with pytest.raises(AssertionError):
        test_referee.test_each_mistake_made_by_hand_is_named("rows", "no 2")


def test_no_blind_spots(monkeypatch):
    monkeypatch.setattr(verdict, "reasons", lambda *_: ())
    with pytest.raises(AssertionError):
        test_blind.test_two_examples(0)


def test_a_guess_where_nothing_fits(monkeypatch):
    fits = search.Search._fits
    monkeypatch.setattr(
        search.Search, "_fits", lambda self, change: fits(self, change) or bool(self.wrong and change.nodes)
    )
    with pytest.raises(AssertionError):
        test_outside_the_bank.test_noise_has_no_name(NETWORK)


@pytest.mark.parametrize(
    "name, bug, network",
    [
        ("bias_averaged", "b2 averaged", "rows"),
        ("derivative_at_z", "tanh' at z", "rows"),
        ("softmax_elementwise", "softmax entry by entry", "columns"),
        ("weight_not_transposed", "W not transposed", "recurrent"),
    ],
)
def test_a_row_of_the_bank_that_is_wrong(monkeypatch, name, bug, network):
    """The hand-written referee notices a bank whose replay is not the mistake that it names."""
    spoilt = tuple(
        bank.Mistake(**{**row.__dict__, "places": places.gradient_transposed}) if row.name == name else row
        for row in bank.MISTAKES
    )
    monkeypatch.setattr("backprop_lib.diagnosis.replays.MISTAKES", spoilt)
    with pytest.raises(AssertionError):
        test_referee.test_each_mistake_made_by_hand_is_named(network, bug)


def test_all_at_once_left_out(monkeypatch):
    monkeypatch.setattr(bank, "all_at_once", lambda places: [])
    with pytest.raises(AssertionError):
        test_referee.test_each_mistake_made_by_hand_is_named("rows", "both biases averaged")


def test_a_replay_that_stops_short(monkeypatch):
    """What a change reaches must be computed anew, not taken from the right walk."""
    replay = walk.Walk.replay
    monkeypatch.setattr(walk.Walk, "replay", lambda self, change: list(replay(self, change))[:1])
    with pytest.raises(AssertionError):
        test_every_mistake.test_each_mistake_is_named(NETWORK, 0)
        test_referee.test_each_mistake_made_by_hand_is_named("rows", "no 2")
