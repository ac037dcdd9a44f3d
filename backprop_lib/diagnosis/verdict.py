"""Which mistake explains these wrong numbers? Replay the backward pass with each, and see which one reproduces them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..tensor import Tensor
from .black_box import remark
from .blindness import reasons
from .claims import Claim, claims_of
from .landmarks import Landmarks
from .replays import words_of
from .report import ComparisonTable, Diagnosis, Suspect, comparison, listed, number
from .search import Hit, Search
from .walk import walk_of


def diagnose(loss: Tensor, claimed: Any, learning_rate: float | None = None, digits: Any = None) -> Diagnosis:
    """Which textbook mistake produces exactly these wrong gradients?

    loss : a Tensor with a single entry, whose graph is the correct computation. claimed : maps names of its leaves, or
    the Tensors themselves, to the gradients to judge (arrays, numbers or lists; None for one that was never computed,
    which counts as zero). Not all leaves need be there; named inner Tensors may be. learning_rate : the rate with which
    a weight may have been updated too early; solved for where it is not given. digits : for claims that were copied
    from a printout, to how many digits they are rounded, significant ones or after the point; or, under the keys of
    `claimed`, the number of significant digits of each entry (None for a claim that is exact).

    The backward pass is replayed with each mistake of the bank (`MISTAKES`), at every single place where it can be made
    and at all such places at once. The mistake whose replay reproduces all claimed numbers is the diagnosis. If several
    do, the others stand in `also`; if none does, `mistake` is None. Claims may differ from a replay by a relative 10⁻⁶
    (10⁻⁴ in float32), and by what rounding makes of cancelling numbers.

    Raises TypeError or ValueError where the loss cannot be walked back or the claims cannot be read; a claim of a wrong
    shape is diagnosed.
    """
    if learning_rate is not None and not (np.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"learning_rate must be larger than 0; given was {learning_rate}. Leave it out if unknown.")
    if digits is not None and not isinstance(digits, Mapping):
        if int(digits) != digits or digits < 1:
            raise ValueError(f"digits is the number of digits that were printed, 1 or more; given was {digits}.")
        digits = int(digits)
    walk = walk_of(loss)
    marks = Landmarks(walk)
    with np.errstate(all="ignore"):
        examination = _Examination(marks, claims_of(claimed, walk, marks, digits), learning_rate)
        found = examination.diagnosis()
    return found if found.ok else replace(found, wrong=tuple(claim.name for claim in examination.search.wrong))


class _Examination:
    """Puts what the search finds into words."""

    def __init__(self, marks: Landmarks, claims: list[Claim], learning_rate: float | None):
        self.marks = marks
        self.claims = claims
        self.learning_rate = learning_rate
        self.search = Search(marks, claims, learning_rate)

    # ---- the verdict ----------------------------------------------------------------------------------------------

    def diagnosis(self) -> Diagnosis:
        if not self.search.wrong:
            return self._right()
        infinite = [claim for claim in self.claims if not np.all(np.isfinite(claim.given))]
        if infinite:
            return self._not_finite(infinite)
        convention = self.search.by_convention()
        if convention is not None:
            where = words_of(convention, self.marks).removeprefix("everywhere: ")
            message = f"Right, with slope 1 for ReLU at exactly 0 (in {where}). Here it is taken as 0; both will do."
            return Diagnosis(True, None, "", message, table=self._table(all_right=True))
        hits = self.search.hits()
        if hits:
            return self._named(hits)
        reshaped = [self._in_shape(claim) for claim in self.claims]
        misshaped = [claim for claim in self.claims if claim.given.shape != claim.true.shape]
        if misshaped:
            return self._misshaped(misshaped, reshaped)
        pair = self.search.pair()
        return self._paired(pair) if pair else self._unrecognised()

    def _right(self) -> Diagnosis:
        count = len(self.claims)
        entries = sum(claim.true.size for claim in self.claims)
        message = (
            f"Right: all {entries} entries of {count} gradients agree."
            if count > 1
            else f"Right: {self._what_agrees()}"
        )
        hits = self.search.hits()
        unseen = tuple(dict.fromkeys(hit.mistake.title for hit in hits))
        names = {hit.mistake.name for hit in hits}
        blind = reasons(self.marks, names, self._partial()) if hits else ()
        vague = [claim for claim in self.claims if claim.is_rounding and np.any(claim.true)]
        if vague:
            text = f"The gradient of {self._names(vague)} is nothing but rounding here: any claim as small is right."
            blind = (text, *blind)
        return Diagnosis(True, None, "", message, unseen=unseen, blind=blind, table=self._table())

    def _what_agrees(self) -> str:
        (claim,) = self.claims
        return f"the gradient of {claim.name} agrees in {'its only entry' if claim.true.size == 1 else 'all entries'}."

    def _partial(self) -> bool:
        """Whether some parameters are not claimed."""
        return any(i not in [claim.i for claim in self.claims] for i in self.marks.leaves)

    def _not_finite(self, infinite: list[Claim]) -> Diagnosis:
        where = self._names(infinite)
        message = (
            f"The gradient claimed for {where} holds nan or inf. Look for a division by zero, a logarithm of zero or "
            "an overflow on the way back."
        )
        return Diagnosis(False, "not_finite", where, message, table=self._table())

    def _named(self, hits: list[Hit], aside: str = "") -> Diagnosis:
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
        where = self._names(misshaped)
        rule = "A gradient has the shape of what it belongs to."
        table = self._table()
        in_shape = [claim for claim in reshaped if claim is not None]
        if len(in_shape) == len(reshaped):
            search = Search(self.marks, in_shape, self.learning_rate)
            if not search.wrong:
                message = f"The numbers are right, the shape is not. {shapes} {rule}"
                return Diagnosis(False, "wrong_shape", where, message, table=table)
            hits = search.hits()
            if hits:
                return self._named(hits, f" Besides, the shape is not right. {shapes}")
        fine = [claim for claim in self.claims if claim.right]
        rest = f" Right: {self._names(fine)}." if fine else ""
        message = f"Wrong shape. {shapes} {rule} None of the known mistakes gives these numbers.{rest}"
        return Diagnosis(False, "wrong_shape", where, message, table=table)

    def _in_shape(self, claim: Claim) -> Claim | None:
        if claim.given.shape == claim.true.shape:
            return claim
        lengths = [n for n in claim.given.shape if n != 1]
        return claim.reshaped(claim.true.shape) if lengths == [n for n in claim.true.shape if n != 1] else None

    def _paired(self, pair: tuple[Hit, Hit]) -> Diagnosis:
        one, two = (self._suspects([hit])[0] for hit in pair)
        message = (
            "No single mistake of the bank gives these numbers; exactly one pair does. "
            f"{self._sentence(pair[0], one.where, 'One:')} {self._sentence(pair[1], two.where, 'The other:')}"
        )
        return Diagnosis(False, None, listed([one.where, two.where]), message, pair=(one, two), table=self._table())

    def _unrecognised(self) -> Diagnosis:
        wrong = self._names(self.search.wrong)
        fine = [claim for claim in self.claims if claim.right]
        facts = [f"Wrong: {wrong}."] + ([f"Right: {self._names(fine)}."] if fine else [])
        facts += [
            f"The gradient of {claim.name} is {text}."
            for claim in self.search.wrong
            if (text := remark(claim.true, claim.given))
        ]
        message = f"Wrong, but none of the known mistakes gives these numbers. {' '.join(facts)}"
        return Diagnosis(False, None, wrong, message, table=self._table())

    @staticmethod
    def _names(claims: list[Claim]) -> str:
        return listed([claim.name for claim in sorted(claims, key=lambda claim: claim.i)])

    def _table(self, all_right: bool = False) -> ComparisonTable:
        rows = []
        for claim in sorted(self.claims, key=lambda claim: claim.i):
            right = np.ones(claim.true.shape, bool) if all_right else claim.right_entries
            rows.append((claim.name, claim.given, claim.true, right, self._remark(claim)))
        return comparison(rows)

    def _remark(self, claim: Claim) -> str:
        if claim.right:
            return ""
        return "no gradient" if claim.was_none else remark(claim.true, claim.given)

    # ---- wording --------------------------------------------------------------------------------------------------

    def _suspects(self, hits: list[Hit]) -> list[Suspect]:
        """One for each kind of mistake; places that give the same numbers are named together."""
        kinds: dict[str, list[Hit]] = {}
        for hit in hits:
            kinds.setdefault(hit.mistake.name, []).append(hit)
        found = []
        for name, alike in kinds.items():
            alike.sort(key=self._remoteness)
            first = alike[0]
            places = tuple(dict.fromkeys(words_of(hit.place, self.marks) for hit in alike))
            in_words = isinstance(first.place.where[0], str) or first.place.everywhere
            where = places[0] if in_words or len(places) == 1 else f"{places[0]} (or {listed(places[1:3], 'or')})"
            found.append(
                Suspect(name, where, self._sentence(first, words_of(first.place, self.marks)), places, first.rate)
            )
        return found

    def _remoteness(self, hit: Hit) -> int:
        """Of places that give the same numbers first those that the learner has a name for."""
        if hit.place.everywhere:
            return 3
        tensors = [self.marks.walk.tensors[w] for w in hit.place.where if not isinstance(w, str)]
        return 0 if not tensors else 1 if all(t.name is not None for t in tensors) else 2

    @staticmethod
    def _sentence(hit: Hit, where: str, opening: str = "Exactly your numbers come out if") -> str:
        where = where.removeprefix("everywhere: ")
        rate = f" (with a learning rate of {number(hit.rate)})" if hit.rate is not None else ""
        look = hit.mistake.look.replace("{place}", where)
        return f"{opening} {hit.mistake.what.replace('{place}', where)}{rate}. {look}"
