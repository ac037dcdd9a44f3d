"""What a learner has answered so far, and the token that carries it to another day, browser or server.

The token is data and nothing else: a version, the answers packed into half a byte each at the place that
`keys` gives them, and a checksum, in letters that survive any e-mail. Reading one never runs anything, and
a token that is not exactly what was written is refused as a whole.
"""

from __future__ import annotations

import os
import re
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from unicodedata import category
from zlib import crc32

from .answers import unanswered
from .boxes import Box
from .keys import key_at, place
from .live import somebody_is_there

PREFIX = "BP1."
CHECKED_WITH = b"progress in the backpropagation course, version 1"
LONGEST_TOKEN = 100_000
LONGEST_KEY = 40
MOST_CHOICES = 6
A_NUMBER = 7
END = 255
FILE = "backprop-progress.txt"
DRIVE = Path("/drive")  # where JupyterLite's kernel finds the browser's own storage

AROUND = "'\"`“”„‘’«»‹›<>()[]"

KEY = re.compile(r"\d\d(\.[a-z0-9]+(-[a-z0-9]+)*)+")


class TokenError(ValueError):
    """A token that is refused. Nothing was changed."""

    def _render_traceback_(self) -> list[str]:
        return [f"The token was refused, and nothing was changed. {self}"]


@dataclass(frozen=True)
class Entry:
    """One answer. choice: the option, or the number of tries at a check, from 1 to 6; A_NUMBER for a
    predicted number.
    """

    choice: int
    right: bool = False
    number: float | None = None


def checked_key(key: str) -> str:
    """The key itself. Raises ValueError for one that is not like "03.check.dw"."""
    if not isinstance(key, str) or len(key) > LONGEST_KEY or not KEY.fullmatch(key):
        raise ValueError(
            "A key is the notebook's two digits and a name of small letters, digits, points and hyphens, at"
            f" most {LONGEST_KEY} long, such as '03.predict.relu'; given was {key!r}."
        )
    return key


class Progress:
    """The answers of one learner, in memory: `progress.token()` writes them down, `progress.restore(token)`
    brings them back. Shown at the end of a cell, it says what is done.
    """

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._file: Path | None = None
        self._looked_for_file = False
        self._file_note = ""

    # ---- what the lessons note ----

    def get(self, key: str) -> Entry | None:
        self._look_for_file()
        return self._entries.get(key)

    def note(self, key: str, choice: int, *, right: bool = False, number: float | None = None) -> None:
        """Write down an answer. An earlier one at the same key is replaced."""
        self._look_for_file()
        self._entries[checked_key(key)] = Entry(
            min(choice, A_NUMBER), right, None if number is None else _short(number)
        )
        self._save()

    def mark_right(self, key: str) -> None:
        self.note(key, self._entries[key].choice, right=True, number=self._entries[key].number)

    # ---- the token ----

    def token(self) -> str:
        """Everything answered so far as one short text. Copy it; `progress.restore("…")` brings it all
        back.
        """
        payload = _pack(self._entries)
        return PREFIX + urlsafe_b64encode(payload + _checksum(payload)).decode().rstrip("=")

    def restore(self, token: Any = None) -> Box:
        """Bring back what a token holds and keep what was answered since: of two different answers the
        right one stays, and where neither is right, this session's. None or an empty text does nothing.
        Raises TokenError, and changes nothing, for anything that `token()` did not write exactly so.
        """
        if unanswered(token) or token == "":
            return Box("open", "No token given", ('Put yours between the quotes: `progress.restore("BP1.…")`.',))
        brought = _read_token(token)
        self._merge(brought)
        self._save()
        return Box("right", f"Brought back {_count(len(brought), 'answer')}", (_summary(self._entries),))

    def _merge(self, brought: dict[str, Entry]) -> None:
        for key, entry in brought.items():
            here = self._entries.get(key)
            if here is None or (entry.right and not here.right):
                self._entries[key] = entry

    # ---- the optional file ----

    def keep(self, folder: str | Path = ".") -> Box:
        """Keep the token in a small file beside the notebooks, which all of them read and write from then
        on when a learner runs them. Where a folder keeps nothing, the token remains the way.
        """
        path = Path(folder) / FILE
        # A browser gives a page opened over plain http no drive. Everything else lies in the kernel's memory.
        if sys.platform == "emscripten" and not path.resolve().is_relative_to(DRIVE):
            return Box("wrong", "Not kept", ("A file here is gone with the kernel. Copy `progress.token()` instead.",))
        try:
            self._merge(_read_token(path.read_text(encoding="utf-8")) if path.exists() else {})
            _write(path, self.token())
        except TokenError:
            return Box(
                "wrong",
                "Not kept",
                (f"{FILE} is there already and is damaged. Rename or delete it, then try again.",),
            )
        except (OSError, UnicodeDecodeError):
            return Box("wrong", "Not kept", ("This folder cannot be written to. Copy `progress.token()` instead.",))
        self._file, self._looked_for_file = path, True
        return Box("right", f"Kept in {FILE}", (_summary(self._entries),))

    def _look_for_file(self) -> None:
        # Only for a learner at a live page: what a test or a grader runs must not depend on a file that
        # lies about.
        if self._looked_for_file or not somebody_is_there():
            return
        self._looked_for_file = True
        path = Path(FILE)
        try:
            if path.exists():
                self._merge(_read_token(path.read_text(encoding="utf-8")))
                self._file = path
        except (TokenError, OSError, UnicodeDecodeError):
            self._file_note = f"{FILE} cannot be read as a token and was left alone."

    def _save(self) -> None:
        if self._file is None:
            return
        try:
            self._merge(_read_token(self._file.read_text(encoding="utf-8")))  # another notebook may have written
            _write(self._file, self.token())
        except (TokenError, OSError, UnicodeDecodeError):
            self._file = None
            self._file_note = f"{FILE} can no longer be read or written. Copy `progress.token()` instead."

    # ---- what is shown ----

    def __repr__(self) -> str:
        return self._box().text

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, str]:
        return self._box()._repr_mimebundle_()

    def _box(self) -> Box:
        self._look_for_file()
        notes = (self._file_note,) if self._file_note else ()
        if not self._entries:
            return Box("open", "Nothing answered yet", notes)
        by_notebook: dict[str, list[Entry]] = {}
        for key in sorted(self._entries):
            by_notebook.setdefault(key[:2], []).append(self._entries[key])
        lines = [
            f"notebook {notebook}: {_count(len(entries), 'answer')}, {sum(entry.right for entry in entries)} right"
            for notebook, entries in by_notebook.items()
        ]
        return Box("note", "Your progress", (lines, f"Your token, to copy: `{self.token()}`", *notes))


progress = Progress()


# ---- packing ----


def _pack(entries: dict[str, Entry]) -> bytes:
    places = {key: place(key) for key in sorted(entries)}
    listed = {at: entries[key] for key, at in places.items() if at}
    loose = {key: entries[key] for key, at in places.items() if not at}
    packed = bytearray()
    for notebook in sorted({at[0] for at in listed}):
        count = 1 + max(number for book, number in listed if book == notebook)
        halves = [_half_byte(listed.get((notebook, number))) for number in range(count)]
        packed += bytes([notebook, count])
        packed += bytes(low | high << 4 for low, high in zip(halves[::2], [*halves[1::2], 0], strict=False))
    packed.append(END)
    for key, entry in loose.items():
        packed += bytes([len(key)]) + key.encode() + bytes([_half_byte(entry)])
    packed.append(END)
    for entry in [*(listed[at] for at in sorted(listed)), *loose.values()]:
        if entry.number is not None:
            packed += _pack_number(entry.number)
    return bytes(packed)


def _unpack(payload: bytes) -> dict[str, Entry]:
    """The inverse of `_pack`. Raises IndexError, ValueError or StopIteration for what `_pack` did not
    write.
    """
    data = iter(payload)
    halves: dict[str, int] = {}
    while (notebook := next(data)) != END:
        count = next(data)
        pairs = [next(data) for _ in range((count + 1) // 2)]
        for number in range(count):
            halves[key_at(notebook, number)] = pairs[number // 2] >> 4 * (number % 2) & 15
    while (length := next(data)) != END:
        key = bytes(next(data) for _ in range(length)).decode("ascii")
        halves[checked_key(key)] = next(data)
    entries = {}
    for key, half in halves.items():
        if half:
            value = _unpack_number(data) if half & 7 == A_NUMBER else None
            entries[key] = Entry(half & 7, bool(half & 8), value)
    return entries


def _half_byte(entry: Entry | None) -> int:
    return entry.choice | entry.right << 3 if entry else 0


def _short(number: float) -> float:
    return float(f"{number:.6g}")


def _pack_number(number: float) -> bytes:
    """mantissa · 10^exponent: one byte for the exponent, then the mantissa in groups of 7 bits, its sign
    the lowest.
    """
    sign, digits, exponent = Decimal(f"{number:.6g}").normalize().as_tuple()
    mantissa = int("".join(map(str, digits))) << 1 | sign
    packed = bytearray(int(exponent).to_bytes(2, "big", signed=True))
    while mantissa > 127:
        packed.append(mantissa & 127 | 128)
        mantissa >>= 7
    return bytes([*packed, mantissa])


def _unpack_number(data: Iterator[int]) -> float:
    exponent = int.from_bytes([next(data), next(data)], "big", signed=True)
    mantissa = shift = 0
    while (group := next(data)) > 127:
        mantissa |= (group & 127) << shift
        shift += 7
    mantissa |= group << shift
    return float(Decimal(mantissa >> 1).scaleb(exponent) * (-1) ** (mantissa & 1))


def _checksum(payload: bytes) -> bytes:
    return crc32(CHECKED_WITH + payload).to_bytes(4, "big")


def _read_token(token: str) -> dict[str, Entry]:
    if not isinstance(token, str):
        raise TokenError(f"A token is a text that begins with {PREFIX}; this is of type {type(token).__name__}.")
    if len(token) > LONGEST_TOKEN:
        raise TokenError(f"It is {len(token)} letters long, far longer than any token of this course.")
    # A mail or a page may wrap it, quote it, or put signs into it that nobody sees.
    text = "".join(c for c in token if not c.isspace() and category(c) != "Cf")
    text = text.strip(AROUND).removeprefix("progress.restore").strip(AROUND)
    if not text.startswith(PREFIX):
        other = re.match(r"BP\d+\.", text)
        which = f"this one, with {other[0]}, is of another edition" if other else "this one does not"
        raise TokenError(f"A token of this course begins with {PREFIX} and {which}.")
    body = text.removeprefix(PREFIX)
    damaged = TokenError(
        "It is damaged: a letter is missing or changed. Copy the whole token again, from the first letter to the last."
    )
    try:
        packed = urlsafe_b64decode((body + "=" * (-len(body) % 4)).encode("ascii"))
        payload = packed[:-4]
        if packed[-4:] != _checksum(payload):
            raise damaged
        entries = _unpack(payload)
        if urlsafe_b64encode(packed).decode().rstrip("=") != body or _pack(entries) != payload:
            raise damaged
    except TokenError:
        raise
    except (ValueError, ArithmeticError, LookupError, StopIteration, RuntimeError):
        raise damaged from None
    return entries


def _write(path: Path, token: str) -> None:
    """Replace the file in one step: another kernel reads the old token or the new one, never half of one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        draft.write_text(token + "\n", encoding="utf-8")
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


# ---- words ----


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _summary(entries: dict[str, Entry]) -> str:
    return f"{_count(len(entries), 'answer')} in all, {sum(entry.right for entry in entries.values())} right so far."
