"""The search: which replays of the backward pass give exactly the claimed numbers?"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..forward_mode import push
from ..modes import recording
from .bank import Mistake
from .black_box import constant_factor
from .claims import RELATIVE, Claim
from .landmarks import Landmarks
from .places import Place, all_at_once, other_conventions
from .replays import every_place
from .walk import Change, DoesNotFit, Walk

# A pair of mistakes must explain at least so many wrong numbers, since thousands of pairs are tried; and where there
# are more places than that, none is tried.
PAIR_EVIDENCE, MOST_PLACES = 4, 1000
AT_THE_LOSS = {"one_over_m_missing", "one_over_m_twice", "two_missing", "two_doubled", "sign_flipped"}
MOST_STEPS, RATE_STEP = 12, 1e-3
ROUND_RATES = tuple(k * 10.0**e for e in range(-4, 2) for k in (1, 2, 3, 4, 5, 6, 7, 8, 9))


@dataclass(frozen=True)
class Hit:
    """A mistake at a place whose replay gives the claimed numbers; with the learning rate, if it was solved for."""

    mistake: Mistake
    place: Place
    rate: float | None = None


class Search:
    """The claims, and the replays that they are compared with. `wrong`: the claims that are not the true gradient."""

    def __init__(self, marks: Landmarks, claims: list[Claim], learning_rate: float | None):
        self.marks = marks
        self.walk = marks.walk
        self.claims = claims
        self.learning_rate = learning_rate
        self.wrong = [claim for claim in claims if not claim.right]
        self._claim_at = {claim.i: k for k, claim in enumerate(claims)}
        self._wrong_bits = sum(1 << self._claim_at[claim.i] for claim in self.wrong)

    def hits(self) -> list[Hit]:
        """Every mistake, at every place, that gives the claimed numbers; for right claims those that change nothing."""
        found = []
        for mistake, place in self._places:
            if place.at_rate is None:
                if self._fits(place.change):
                    found.append(Hit(mistake, place))
            elif self.learning_rate is not None:
                if self._fits(place.at_rate(self.learning_rate)):
                    found.append(Hit(mistake, place, self.learning_rate))
            elif self.wrong:
                rate = self._solved_rate(place)
                if rate is not None:
                    found.append(Hit(mistake, place, rate))
        return found

    def by_convention(self) -> Place | None:
        """Where another choice of a slope at a kink, which is just as right, gives the claimed numbers."""
        places = list(other_conventions(self.marks))
        return next((place for place in places + all_at_once(places) if self._fits(place.change)), None)

    @cached_property
    def _places(self) -> list[tuple[Mistake, Place]]:
        return every_place(self.marks)

    # ---- one replay -----------------------------------------------------------------------------------------------

    def _fits(self, change: Change) -> bool:
        """Whether the replay with that change gives all claimed numbers. Given up at the first that differs."""
        if self._wrong_bits & ~self._reached_by(change) or self._screen.refuses(change):
            return False
        missed = self._wrong_bits
        try:
            for i, gradient in self.walk.replay(change):
                k = self._claim_at.get(i)
                if k is not None:
                    if not self.claims[k].fits(gradient):
                        return False
                    missed &= ~(1 << k)
        except DoesNotFit:
            return False
        return not missed

    @cached_property
    def _screen(self) -> "Screen":
        return Screen(self.walk, self.claims)

    @cached_property
    def _reach(self) -> list[int]:
        """For each value the bits of the claims that a change of its gradient reaches."""
        reach = [0] * len(self.walk.tensors)
        for i, k in self._claim_at.items():
            reach[i] = 1 << k
        for i in reversed(self.walk.schedule):
            for edge in self.walk.out_of[i]:
                reach[i] |= reach[edge.source]
        return reach

    def _reached_by(self, change: Change) -> int:
        reached = 0
        for e in change.edges:
            reached |= self._reach[self.walk.edges[e].source]
        for i in change.nodes:
            reached |= self._reach[i]
        return reached

    # ---- an unknown learning rate ---------------------------------------------------------------------------------

    def _solved_rate(self, place: Place) -> float | None:
        """The learning rate with which the updated weight gives the claimed numbers; None if there is none.

        Where the change that it makes is parallel to the true gradient, any wrong factor would have its rate; there
        only a round one is believed.
        """
        assert place.at_rate is not None
        if self._wrong_bits & ~self._reached_by(place.at_rate(1.0)):
            return None
        for claim in self.wrong:
            if claim.given.shape != claim.true.shape:
                continue
            rate = self._fitted_rate(place.at_rate, claim)
            if rate is None or not self._fits(place.at_rate(rate)):
                continue
            nearest = min(ROUND_RATES, key=lambda r: abs(r - rate))
            if self._fits(place.at_rate(nearest)):
                return nearest
            return rate if self._speaks_for_itself(place.at_rate(rate)) else None
        return None

    def _fitted_rate(self, at_rate: Any, claim: Claim) -> float | None:
        """The rate that brings one gradient nearest to the claim, by Newton's method.

        Behind a single updated weight a gradient is a straight line in the rate, and the first step arrives.
        """
        rate = 0.0
        for _ in range(MOST_STEPS):
            try:
                here, ahead = (self.walk.gradients_with(at_rate(r)).get(claim.i) for r in (rate, rate + RATE_STEP))
            except DoesNotFit:
                return None
            if here is None or ahead is None:
                return None
            slope = (ahead - here) / RATE_STEP
            square = float(np.sum(slope * slope))
            step = float(np.sum((claim.given - here) * slope)) / square if square > 0 else np.nan
            if not np.isfinite(step):
                return None
            rate += step
            if abs(step) <= 1e-9 * abs(rate):
                break
        return rate if 0 < rate < np.inf else None

    def _speaks_for_itself(self, change: Change) -> bool:
        """Whether the claimed numbers that differ are more than one factor times the true ones."""
        there = self.walk.gradients_with(change)
        reached = [claim for claim in self.claims if claim.i in there]
        true = np.concatenate([claim.true.ravel() / _size(claim.true) for claim in reached])
        moved = np.concatenate(
            [(np.asarray(there[claim.i]) - claim.true).ravel() / _size(claim.true) for claim in reached]
        )
        cosine = float(true @ moved) / (_size(true) * _size(moved))
        return abs(cosine) < 1 - 1e-6

    # ---- two at a time --------------------------------------------------------------------------------------------

    def pair(self) -> tuple[Hit, Hit] | None:
        """The one pair of mistakes that gives the claimed numbers; None if there is none, or more than one.

        Of the two, one must explain alone the wrong gradient that the walk reaches first; or one is a factor on
        everything, such as a lost sign or 1/m at the loss, and the other explains that gradient up to this factor.
        """
        evidence = sum(claim.wrong_entries for claim in self.wrong)
        if evidence < PAIR_EVIDENCE or len(self._places) > MOST_PLACES:
            return None
        hits = [Hit(mistake, place) for mistake, place in self._places if place.at_rate is None]
        nearest = self.wrong[0]
        factors = self._factors(hits, nearest)
        candidates = []
        for first in hits:
            gradient = self._gradient_at(nearest.i, first.place.change)
            if gradient is None:
                continue
            if nearest.fits(gradient):
                candidates += [(first, second) for second in hits if second is not first]
            else:
                candidates += [(whole, first) for whole, k in factors if nearest.fits(k * gradient)]
        found: dict[frozenset[str], tuple[Hit, Hit]] = {}
        for first, second in candidates:
            one, two = first.place.change, second.place.change
            if not one.overlaps(two) and self._fits(one | two):
                found.setdefault(frozenset((first.mistake.name, second.mistake.name)), (first, second))
                if len(found) > 1:
                    return None
        return next(iter(found.values()), None)

    def _gradient_at(self, i: int, change: Change) -> Any:
        """The gradient of a claimed value in a replay; None if it stays as it was, or the replay fails."""
        if not self._reached_by(change) >> self._claim_at[i] & 1:
            return None
        try:
            return next((gradient for k, gradient in self.walk.replay(change) if k == i), None)
        except DoesNotFit:
            return None

    def _factors(self, hits: list[Hit], nearest: Claim) -> list[tuple[Hit, float]]:
        """Mistakes at the loss that multiply every gradient by one factor, each factor once for each kind."""
        everything = (1 << len(self.claims)) - 1
        found: dict[tuple[str, float], Hit] = {}
        for hit in hits:
            if hit.mistake.name in AT_THE_LOSS and not everything & ~self._reached_by(hit.place.change):
                gradient = self._gradient_at(nearest.i, hit.place.change)
                k = None if gradient is None else constant_factor(nearest.true, np.asarray(gradient), 1e-9)
                if k is not None:
                    found.setdefault((hit.mistake.name, round(k, 9)), hit)
        return [(hit, k) for (_, k), hit in found.items()]


class Screen:
    """Refuses most changes without a replay.

    Take one random combination of the claimed numbers. A change Δ of the gradient at some value changes it by
    ⟨tangent, Δ⟩, where the tangent at that value is what a nudge of the leaves along the combination's weights does to
    it: forward mode finds the tangents of all values in one sweep. So a single product tells whether a change at one
    place can be what makes the claims differ from the truth, however deep the graph is behind it.
    """

    def __init__(self, walk: Walk, claims: list[Claim]):
        self.walk = walk
        random = np.random.default_rng(0)
        self._tangents: list[Any] = [None] * len(walk.tensors)
        self._difference = self._leeway = 0.0
        for claim in claims:
            if claim.given.shape != claim.true.shape or claim.true.size == 0:
                continue  # says nothing about changes that leave the shape as it is
            weights = random.normal(size=claim.true.shape) / _size(claim.true)
            self._tangents[claim.i] = weights
            self._difference += float(np.sum(weights * (claim.given - claim.true)))
            peak = np.max(np.abs(claim.given))
            allowed = 2 * RELATIVE[claim.dtype] * (np.abs(claim.given) + 1e-3 * peak) + claim.floor + claim.slack
            self._leeway += float(np.sum(np.abs(weights) * allowed))
        with recording():
            self._sweep()

    def _sweep(self) -> None:
        for i, t in enumerate(self.walk.tensors):
            if self.walk.totals[i] is None or t.operation is None:
                continue
            total = self._tangents[i]  # a claim on an inner value
            for edge in self.walk.out_of[i]:
                tangent = self._tangents[edge.source]
                if tangent is not None:
                    pushed = push(t, edge.position, tangent)
                    total = pushed if total is None else total + pushed
            self._tangents[i] = total

    def refuses(self, change: Change) -> bool:
        """Whether this change, at one place, cannot make the claims what they are. False where it is not known."""
        walk = self.walk
        moved = spread = 0.0
        if change.nodes:
            if len(change.nodes) > 1 or change.edges:
                return False
            ((i, step),) = change.nodes.items()
            arrived = [walk.sent[edge.number] for edge in walk.into[i]] or [walk.seed]
            pairs = [(i, walk.totals[i], lambda: step(arrived, walk.totals.__getitem__))]
        else:
            edges = [walk.edges[e] for e in change.edges]
            if len({edge.consumer for edge in edges}) > 1:
                return False
            pairs = [
                (e.source, walk.sent[e.number], _given(change.edges[e.number], walk.totals[e.consumer])) for e in edges
            ]
        for i, before, after in pairs:
            tangent = self._tangents[i]
            try:
                there = after()
            except (ValueError, IndexError):
                return True
            if there.shape != walk.values[i].shape:
                return False
            if tangent is not None:
                step_there = (there - before) * tangent
                moved += float(np.sum(step_there))
                spread += float(np.sum(np.abs(step_there)))
        return not abs(moved - self._difference) <= self._leeway + 1e-9 * spread


def _given(step: Any, upstream: Any) -> Any:
    return lambda: step(upstream)


def _size(a: np.ndarray) -> float:
    return float(np.linalg.norm(a)) or 1.0
