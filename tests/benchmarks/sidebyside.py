"""Time several sides of the same computation in one process, in turns, and say how they compare."""

import gc
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import process_time

Side = Callable[[], object]
Times = dict[str, list[float]]
Clock = Callable[[], float]

WIDTHS = (66, 15, 15, 7, 10)  # of the table's columns


def line(*cells: str) -> str:
    """A line that reads as plain text and as Markdown."""
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS)) + " |"


HEAD = line("A / B", "median of pairs", "ratio of minima", "goal", "")
RULE = line(*("-" * width for width in WIDTHS))


@dataclass
class Row:
    """One line of the table: a ratio (or a number with a unit) measured in two ways, and its goal."""

    what: str
    by_pairs: float | None = None  # the median over the rounds of one side's time / the other side's in that round
    by_minima: float | None = None  # one side's best time / the other side's
    at_most: float | None = None
    at_least: float | None = None
    unit: str = ""
    note: str = ""

    def __str__(self) -> str:
        values = ["" if x is None else f"{x:#.3g}".rstrip(".") + self.unit for x in (self.by_pairs, self.by_minima)]
        return line(self.what, *values, self.goal(), self.verdict())

    def verdict(self) -> str:
        """Met or missed where both ways of measuring agree on it."""
        within = [
            (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)
            for value in (self.by_pairs, self.by_minima)
            if value is not None
        ]
        if not within or not self.goal():
            return self.note
        return "met" if all(within) else "borderline" if any(within) else "MISSED"

    def goal(self) -> str:
        if self.at_most is not None:
            return f"≤ {self.at_most:g}{self.unit}"
        return f"≥ {self.at_least:g}{self.unit}" if self.at_least is not None else ""


@contextmanager
def loaded_set_aside() -> Iterator[None]:
    """Spare the garbage collector from looking through all imported libraries, which would cost every side."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def in_turns(sides: dict[str, Side], rounds: int, calls: int = 1, clock: Clock = process_time) -> Times:
    """Seconds a call, side by side: in every round each side runs `calls` times, and each round another one begins.

    Whatever else keeps the machine busy then hits all sides alike; processor time leaves out that a side had to wait.
    Python's garbage collector runs as always, but what is left of one side's garbage is collected before the next
    one's turn, outside the measurement.
    """
    times: Times = {name: [] for name in sides}
    names = list(sides)
    with loaded_set_aside():
        for turn in range(rounds):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                side = sides[name]
                gc.collect()
                start = clock()
                for _ in range(calls):
                    side()
                times[name].append((clock() - start) / calls)
    return times


def ratio(times: Times, above: str, below: str, what: str, **goal) -> Row:
    """How many times as long `above` takes as `below`."""
    pairs = [a / b for a, b in zip(times[above], times[below])]
    return Row(what, median(pairs), min(times[above]) / min(times[below]), **goal)


def numbers(result) -> list[float]:
    """A loss, or a list of gradients, in whatever form a library has numbers, as plain numbers."""
    return [x.item() if hasattr(x, "item") else float(x) for x in (result if isinstance(result, list) else [result])]


def agree(sides: dict[str, Side], tolerance: float, calls: int = 3) -> None:
    """Refuse to compare the time of programs that compute different numbers."""
    (reference, side), *others = sides.items()
    expected = [numbers(side()) for _ in range(calls)]
    for name, other in others:
        found = [numbers(other()) for _ in range(calls)]
        for one, two in zip(expected, found):
            if len(one) != len(two) or not all(map(lambda a, b: math.isclose(a, b, rel_tol=tolerance), one, two)):
                raise AssertionError(f"{name} and {reference} compute different numbers: {found} and {expected}")
