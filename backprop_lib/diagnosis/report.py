"""The result of a diagnosis, as text and as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

SHOWN = 20
HEADINGS = ("gradient of", "entry", "claimed", "true", "")


@dataclass(frozen=True)
class Suspect:
    """A mistake that reproduces the claimed numbers.

    mistake : the kind's short name. where : the place, or all of them. places : every place of this kind that gives the
    same numbers. message : what happens, and where to look. rate : the learning rate that was solved for, if any.
    """

    mistake: str
    where: str
    message: str
    places: tuple[str, ...] = ()
    rate: float | None = None

    def __str__(self) -> str:
        return f"{self.mistake} at {self.where}"


@dataclass(frozen=True)
class Row:
    """One line of the table; `entry` is empty for a parameter as a whole."""

    name: str
    entry: str
    claimed: str
    true: str
    verdict: str

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.name, self.entry, self.claimed, self.true, self.verdict)


@dataclass(frozen=True)
class ComparisonTable:
    """Claimed and true side by side, the wrong entries first; a notebook shows it as HTML."""

    rows: tuple[Row, ...]
    left_out: int = 0

    @property
    def rest(self) -> str:
        return f"… and {self.left_out} more entries." if self.left_out else ""

    @property
    def text(self) -> str:
        lines = [HEADINGS, *(row.cells for row in self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
        made = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
        return "\n".join([*made, *([self.rest] if self.rest else [])])

    @property
    def html(self) -> str:
        head = "".join(
            f'<th scope="col">{escape(heading)}</th>' if heading else "<td></td>" for heading in HEADINGS
        )  # fmt: skip
        body = "".join(
            f'<tr><th scope="row">{escape(row.name)}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in row.cells[1:])
            + "</tr>"
            for row in self.rows
        )
        return (
            f"<table><caption>Claimed and true gradients</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>" + (f"<p>{escape(self.rest)}</p>" if self.rest else "")
        )

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What was found. It is true if the gradient is right, so `assert diagnose(loss, claimed)` works.

    ok : every claimed gradient is right. wrong : the names of those that are not. mistake : the short name of the one
    mistake that reproduces all claimed numbers; None if none does (or none is needed). where : the place where it was
    made, or that it is all of them. message : one or two sentences. also : further mistakes that reproduce the numbers
    just as well. pair : two mistakes that reproduce them together, where no single one does and no other pair. blind :
    why numbers such as these cannot tell certain mistakes apart, or cannot show them. unseen : for a right gradient,
    the mistakes that would have changed nothing here. table : claimed and true side by side.
    """

    ok: bool
    mistake: str | None
    where: str
    message: str
    also: tuple[Suspect, ...] = ()
    pair: tuple[Suspect, ...] = ()
    blind: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    rate: float | None = None
    places: tuple[str, ...] = ()
    table: ComparisonTable = field(default_factory=lambda: ComparisonTable(()))
    wrong: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.ok

    @property
    def suspects(self) -> tuple[Suspect, ...]:
        """All single mistakes that reproduce the numbers: `mistake` first, then those of `also`."""
        if self.mistake is None:
            return self.also
        return (Suspect(self.mistake, self.where, self.message, self.places, self.rate), *self.also)

    def _notes(self) -> list[str]:
        notes = [other.message.replace("Exactly your numbers", "The same numbers", 1) for other in self.also]
        if self.unseen:
            notes.append(f"Not to be seen with these numbers: {', '.join(self.unseen)}.")
        return notes + list(self.blind)

    def __repr__(self) -> str:
        return "\n".join([self.message, *self._notes(), "", self.table.text])

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self._notes())
        return f"<p>{escape(self.message)}</p>" + (f"<ul>{notes}</ul>" if notes else "") + self.table.html


def number(value: Any) -> str:
    """At most 6 significant digits."""
    return f"{float(value) + 0.0:.6g}"


def comparison(compared: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray | None, str]]) -> ComparisonTable:
    """A table of (name, claimed, true, which entries are right or None for another shape, remark)."""
    wrong: list[Row] = []
    fine: list[Row] = []
    for name, claimed, true, right, remark in compared:
        if right is None:
            row = Row(name, "", f"shape {claimed.shape}", f"shape {true.shape}", remark or "another shape")
            wrong.append(row)
            continue
        for index in np.ndindex(true.shape):
            entry = ", ".join(map(str, index))
            cells = (name, f"[{entry}]" if entry else "", number(claimed[index]), number(true[index]))
            if right[index]:
                fine.append(Row(*cells, "right"))
            else:
                wrong.append(Row(*cells, remark or "wrong"))
    rows = wrong + fine
    return ComparisonTable(tuple(rows[:SHOWN]), max(0, len(rows) - SHOWN))


def listed(words: Sequence[str], last: str = "and") -> str:
    """a, b and c"""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
