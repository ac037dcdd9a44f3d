"""Broken backward passes as specimens: what they do, a guess, the checker, the name."""

from typing import Any

from ..figures.bug_zoo import (
    GUESSES,
    NO_GUESS,
    SPECIMENS,
    checker_look,
    comparison_table,
    curve_look,
    name_look,
    names_of,
    residual_look,
)
from .explorer import Choice, Explorer, Frame


class BugZoo(Explorer):
    """Step through a specimen: its loss curve, claimed − true; then a guess, the checker's answer, and the name.

    Without a guess there are two steps only. Another specimen starts again without one.
    """

    title = "The Bug Zoo: what is wrong with this backward pass?"
    specimen = Choice("A", options=list(SPECIMENS), label="specimen")
    guess = Choice(NO_GUESS, options=[NO_GUESS, *GUESSES], label="your guess")

    def __init__(self, **values: Any):
        # Before the base's own observer, so that a new specimen is never drawn with the guess of the old one.
        self.observe(self._new_specimen, names="specimen")
        self.observe(self._new_guess, names="guess")
        self._started = False
        super().__init__(**values)
        self._started = True

    @property
    def solved(self) -> bool:
        """Whether the guess explains the specimen."""
        return self.guess in names_of(self.specimen)

    @property
    def saved(self) -> Frame:
        """The loss curve with the residuals: what there is to see before a guess."""
        return Frame(*residual_look(self.specimen, guessed=False), comparison_table(self.specimen))

    def draw(self, specimen: str, guess: str) -> list[Frame]:
        guessed = guess != NO_GUESS
        looks = [curve_look(specimen), residual_look(specimen, guessed)]
        if guessed:
            looks += [checker_look(specimen, guess), name_look(specimen)]
        table = comparison_table(specimen)
        return [Frame(picture, sentence, table if k else "") for k, (picture, sentence) in enumerate(looks)]

    def _new_specimen(self, change: Any) -> None:
        if self._started:
            self.guess, self.step = NO_GUESS, 0

    def _new_guess(self, change: Any) -> None:
        if self.guess != NO_GUESS:
            self.step = 2
