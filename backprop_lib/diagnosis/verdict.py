"""Which mistake explains these wrong numbers? Replay the backward pass with each, and see which one reproduces them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..tensor import Tensor
from .bank import Mistake
from .black_box import constant_factor, remark
from .blindness import reasons
from .claims import Claim, claims_of
from .landmarks import Landmarks
from .places import Place
from .replays import every_place, words_of
from .report import Diagnosis, Suspect, comparison, listed, number
from .walk import Change, DoesNotFit, walk_of

PAIR_EVIDENCE = 4  # a pair of mistakes must explain at least so many wrong numbers: thousands of pairs are tried
AT_THE_LOSS = {"one_over_m_missing", "one_over_m_twice", "two_missing", "two_doubled", "sign_flipped"}
MOST_STEPS, RATE_STEP = 12, 1e-3
ROUND_RATES = tuple(k * 10.0**e for e in range(-4, 2) for k in (1, 2, 3, 4, 5, 6, 7, 8, 9))


def diagnose(loss: Tensor, claimed: Any, learning_rate: float | None = None, digits: int | None = None) -> Diagnosis:
    """Which textbook mistake produces exactly these wrong gradients?

    loss : a Tensor with a single entry, whose graph is the correct computation. claimed : maps names of its leaves, or
    the Tensors themselves, to the gradients to judge (arrays, numbers or lists; None for one that was never computed,
    which counts as zero). Not all leaves need be there; named inner Tensors may be. learning_rate : the rate with which
    a weight may have been updated too early; solved for where it is not given. digits : for claims that were copied
    from a printout, to how many digits they are rounded.

    The backward pass is replayed with each mistake of the bank (`MISTAKES`), at every single place where it can be made
    and at all such places at once. The mistake whose replay reproduces all claimed numbers is the diagnosis. If several
    do, the others stand in `also`; if none does, `mistake` is None. Claims may differ from a replay by a relative 10⁻⁶
    (10⁻³ in float32), and by what rounding makes of cancelling numbers.

    Raises TypeError or ValueError where the loss cannot be walked back or the claims cannot be read; a claim of a wrong
    shape is diagnosed.
    """
    if learning_rate is not None and not (np.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"learning_rate must be larger than 0; given was {learning_rate}. Leave it out if unknown.")
    if digits is not None and (int(digits) != digits or digits < 1):
        raise ValueError(f"digits is the number of digits that were printed, 1 or more; given was {digits}.")
    walk = walk_of(loss)
    marks = Landmarks(walk)
    with np.errstate(all="ignore"):
        return _Examination(marks, claims_of(claimed, walk, marks, digits), learning_rate).diagnosis()


@dataclass(frozen=True)
class _Hit:
    mistake: Mistake
    place: Place
    rate: float | None = None


class _Examination:
    """The claims, and the replays that they are compared with."""

    def __init__(self, marks: Landmarks, claims: list[Claim], learning_rate: float | None):
        self.marks = marks
        self.walk = marks.walk
        self.learning_rate = learning_rate
        self._take(claims)

    def _take(self, claims: list[Claim]) -> None:
        self.claims = claims
        self.claim_at = {claim.i: claim for claim in claims}
        self.wrong = [claim for claim in claims if not claim.right]
        self._wrong_bits = self._bits(claim.i for claim in self.wrong)

    # ---- the verdict ----------------------------------------------------------------------------------------------

    def diagnosis(self) -> Diagnosis:
        if not self.wrong:
            return self._right()
        infinite = [claim for claim in self.claims if not np.all(np.isfinite(claim.given))]
        if infinite:
            return self._not_finite(infinite)
        hits = self._hits()
        if hits:
            return self._named(hits)
        reshaped = [self._in_shape(claim) for claim in self.claims]
        misshaped = [claim for claim in self.claims if claim.given.shape != claim.true.shape]
        if misshaped:
            return self._misshaped(misshaped, reshaped)
        pair = self._pair()
        return self._paired(pair) if pair else self._unrecognised()

    def _right(self) -> Diagnosis:
        count = len(self.claims)
        entries = sum(claim.true.size for claim in self.claims)
        message = (
            f"Right: all {entries} entries of {count} gradients agree."
            if count > 1
            else f"Right: {self._what_agrees()}"
        )
        hits = self._hits()
        unseen = tuple(dict.fromkeys(hit.mistake.title for hit in hits))
        names = {hit.mistake.name for hit in hits}
        blind = reasons(self.marks, names, self._partial()) if hits else ()
        return Diagnosis(True, None, "", message, unseen=unseen, blind=blind, table=self._table())

    def _what_agrees(self) -> str:
        (claim,) = self.claims
        return f"the gradient of {claim.name} agrees in {'its only entry' if claim.true.size == 1 else 'all entries'}."

    def _partial(self) -> bool:
        """Whether some parameters are not claimed."""
        return any(i not in self.claim_at for i in self.marks.leaves)

    def _not_finite(self, infinite: list[Claim]) -> Diagnosis:
        where = listed([claim.name for claim in infinite])
        message = (
            f"The gradient claimed for {where} holds nan or inf. Look for a division by zero, a logarithm of zero or "
            "an overflow on the way back."
        )
        return Diagnosis(False, "not_finite", where, message, table=self._table())

    def _named(self, hits: list[_Hit], aside: str = "") -> Diagnosis:
        first, *others = self._suspects(hits)
        names = {hit.mistake.name for hit in hits}
        blind = reasons(self.marks, names, self._partial()) if others else ()
        return Diagnosis(
            False, first.mistake, first.where, first.message + aside, tuple(others),
            blind=blind, rate=first.rate, places=first.places, table=self._table(),
        )  # fmt: skip

    def _misshaped(self, misshaped: list[Claim], reshaped: list[Claim | None]) -> Diagnosis:
        """No replay has these shapes. Perhaps only the shape is wrong: an axis of length 1 too many or too few."""
        shapes = " ".join(
            f"The gradient of {c.name} has shape {c.given.shape}, {c.name} itself has shape {c.true.shape}."
            for c in misshaped
        )
        where = listed([claim.name for claim in misshaped])
        rule = "A gradient has the shape of what it belongs to."
        table = self._table()
        in_shape = [claim for claim in reshaped if claim is not None]
        if len(in_shape) == len(reshaped):
            original = self.claims
            self._take(in_shape)
            hits = self._hits() if self.wrong else []
            if hits:
                found = self._named(hits, f" Besides, the shape is not right. {shapes}")
                return Diagnosis(**{**found.__dict__, "table": table})
            if not self.wrong:
                message = f"The numbers are right, the shape is not. {shapes} {rule}"
                return Diagnosis(False, "wrong_shape", where, message, table=table)
            self._take(original)
        fine = [claim.name for claim in self.claims if claim.right]
        rest = f" Right: {listed(fine)}." if fine else ""
        message = f"Wrong shape. {shapes} {rule} None of the known mistakes gives these numbers.{rest}"
        return Diagnosis(False, "wrong_shape", where, message, table=table)

    def _in_shape(self, claim: Claim) -> Claim | None:
        if claim.given.shape == claim.true.shape:
            return claim
        lengths = [n for n in claim.given.shape if n != 1]
        return claim.reshaped(claim.true.shape) if lengths == [n for n in claim.true.shape if n != 1] else None

    def _paired(self, pair: tuple[_Hit, _Hit]) -> Diagnosis:
        one, two = (self._suspects([hit])[0] for hit in pair)
        message = (
            "No single mistake of the bank gives these numbers; exactly one pair does. "
            f"{self._sentence(pair[0], one.where, 'One:')} {self._sentence(pair[1], two.where, 'The other:')}"
        )
        return Diagnosis(False, None, listed([one.where, two.where]), message, pair=(one, two), table=self._table())

    def _unrecognised(self) -> Diagnosis:
        wrong = [claim.name for claim in self.wrong]
        fine = [claim.name for claim in self.claims if claim.right]
        facts = [f"Wrong: {listed(wrong)}."] + ([f"Right: {listed(fine)}."] if fine else [])
        facts += [
            f"The gradient of {claim.name} is {text}."
            for claim in self.wrong
            if (text := remark(claim.true, claim.given))
        ]
        message = f"Wrong, but none of the known mistakes gives these numbers. {' '.join(facts)}"
        return Diagnosis(False, None, listed(wrong), message, table=self._table())

    def _table(self) -> Any:
        return comparison([(c.name, c.given, c.true, c.right_entries, self._remark(c)) for c in self.claims])

    def _remark(self, claim: Claim) -> str:
        if claim.right:
            return ""
        return "no gradient" if claim.was_none else remark(claim.true, claim.given)

    # ---- wording --------------------------------------------------------------------------------------------------

    def _suspects(self, hits: list[_Hit]) -> list[Suspect]:
        """One for each kind of mistake; places that give the same numbers are named together."""
        kinds: dict[str, list[_Hit]] = {}
        for hit in hits:
            kinds.setdefault(hit.mistake.name, []).append(hit)
        found = []
        for name, alike in kinds.items():
            first = alike[0]
            places = tuple(dict.fromkeys(words_of(hit.place, self.marks) for hit in alike))
            in_words = isinstance(first.place.where[0], str) or first.place.everywhere
            where = places[0] if in_words or len(places) == 1 else f"{places[0]} (or {listed(places[1:3], 'or')})"
            found.append(
                Suspect(name, where, self._sentence(first, words_of(first.place, self.marks)), places, first.rate)
            )
        return found

    @staticmethod
    def _sentence(hit: _Hit, where: str, opening: str = "Exactly your numbers come out if") -> str:
        where = where.removeprefix("everywhere: ")
        rate = f" (with a learning rate of {number(hit.rate)})" if hit.rate is not None else ""
        look = hit.mistake.look.replace("{place}", where)
        return f"{opening} {hit.mistake.what.replace('{place}', where)}{rate}. {look}"

    # ---- the search -----------------------------------------------------------------------------------------------

    def _hits(self) -> list[_Hit]:
        """Every mistake, at every place, whose replay gives the claimed numbers."""
        found = []
        for mistake, place in self._places:
            if place.at_rate is None:
                if self._fits(place.change):
                    found.append(_Hit(mistake, place))
            elif self.learning_rate is not None:
                if self._fits(place.at_rate(self.learning_rate)):
                    found.append(_Hit(mistake, place, self.learning_rate))
            elif self.wrong:
                rate = self._solved_rate(place)
                if rate is not None:
                    found.append(_Hit(mistake, place, rate))
        return found

    @cached_property
    def _places(self) -> list[tuple[Mistake, Place]]:
        return every_place(self.marks)

    def _fits(self, change: Change) -> bool:
        """Whether the replay with that change gives all claimed numbers. Given up at the first that differs."""
        if self._wrong_bits & ~self._reached_by(change):
            return False
        missed = self._wrong_bits
        try:
            for i, gradient in self.walk.replay(change):
                claim = self.claim_at.get(i)
                if claim is not None:
                    if not claim.fits(gradient):
                        return False
                    missed &= ~(1 << i)
        except DoesNotFit:
            return False
        return not missed

    @staticmethod
    def _bits(numbers: Any) -> int:
        return sum(1 << i for i in set(numbers))

    @cached_property
    def _reach(self) -> list[int]:
        """For each value the bits of all the values that a change of its gradient reaches, itself included."""
        reach = [1 << i for i in range(len(self.walk.tensors))]
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

    def _pair(self) -> tuple[_Hit, _Hit] | None:
        """The one pair of mistakes that gives the claimed numbers; None if there is none, or more than one.

        Of the two, one must explain alone the wrong gradient that the walk reaches first; or one is a factor on
        everything, such as a lost sign or 1/m at the loss, and the other explains that gradient up to this factor.
        """
        if sum(claim.wrong_entries for claim in self.wrong) < PAIR_EVIDENCE:
            return None
        hits = [_Hit(mistake, place) for mistake, place in self._places if place.at_rate is None]
        nearest = self.wrong[0]
        alone = [(hit, self._gradient_at(nearest.i, hit.place.change)) for hit in hits]
        factors = self._factors(hits, nearest)
        candidates = []
        for first, gradient in alone:
            if gradient is None:
                continue
            if nearest.fits(gradient):
                candidates += [(first, second) for second in hits if second is not first]
            else:
                candidates += [(whole, first) for whole, k in factors if nearest.fits(k * gradient)]
        found: dict[frozenset[str], tuple[_Hit, _Hit]] = {}
        for first, second in candidates:
            one, two = first.place.change, second.place.change
            if not one.overlaps(two) and self._fits(one | two):
                found.setdefault(frozenset((first.mistake.name, second.mistake.name)), (first, second))
                if len(found) > 1:
                    return None
        return next(iter(found.values()), None)

    def _gradient_at(self, i: int, change: Change) -> Any:
        """The gradient at value i in a replay; None if it stays as it was, or the replay fails."""
        if not self._reached_by(change) >> i & 1:
            return None
        try:
            return next((gradient for k, gradient in self.walk.replay(change) if k == i), None)
        except DoesNotFit:
            return None

    def _factors(self, hits: list[_Hit], nearest: Claim) -> list[tuple[_Hit, float]]:
        """Mistakes at the loss that multiply every gradient by one factor, each factor once for each kind."""
        everything = self._bits(self.marks.leaves)
        found: dict[tuple[str, float], _Hit] = {}
        for hit in hits:
            if hit.mistake.name in AT_THE_LOSS and not everything & ~self._reached_by(hit.place.change):
                gradient = self._gradient_at(nearest.i, hit.place.change)
                k = None if gradient is None else constant_factor(nearest.true, np.asarray(gradient), 1e-9)
                if k is not None:
                    found.setdefault((hit.mistake.name, round(k, 9)), hit)
        return [(hit, k) for (_, k), hit in found.items()]


def _size(a: np.ndarray) -> float:
    return float(np.linalg.norm(a)) or 1.0
