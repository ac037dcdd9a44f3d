"""The benchmarks still run, and refuse to compare programs that compute different numbers. No time is judged here."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent / "benchmarks"
PEERS = {"PyTorch": "torch", "HIPS autograd": "autograd", "MyGrad": "mygrad", "micrograd": "micrograd", "JAX": "jax"}


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_every_row_is_measured_or_says_which_peer_is_missing():
    command = [sys.executable, str(BENCHMARKS / "run.py"), "--rounds", "1", "--largest", "1000", "--steps", "3"]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert printed.returncode == 0, printed.stderr
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in printed.stdout.splitlines() if "|" in line
    ]
    what, measured, _, _, verdict = zip(*rows[2:])
    for title, value, note in zip(what, measured, verdict):
        assert re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?( ms)?", value) or note.endswith("is not installed"), (title, value)
    for start in (
        "XOR step, built anew",
        "XOR step, replayed",
        "2,000 scalar nodes",
        "784-256-128-10",
        "loss at 101 × 101 points",
        "chain",
        "wide",
    ):
        assert any(title.startswith(start) for title in what)
    for peer, module in PEERS.items():
        notes = [note for title, note in zip(what, verdict) if peer in title]
        assert notes
        assert all((note == f"{module} is not installed") == (find_spec(module) is None) for note in notes), peer


def test_sides_that_compute_different_numbers_are_refused():
    import ours
    import xor
    from sidebyside import agree

    def too_far(parameters, rate):
        ours.by_move(parameters, 1.001 * rate)

    agree({"NumPy": xor.numpy_by_hand(), "ours": xor.ours()}, tolerance=1e-9)
    with pytest.raises(AssertionError, match="ours and NumPy compute different numbers"):
        agree({"NumPy": xor.numpy_by_hand(), "ours": xor.ours(update=too_far)}, tolerance=1e-9)


def test_sides_take_turns_and_each_begins_equally_often():
    from sidebyside import in_turns

    order = []
    sides = {name: lambda name=name: order.append(name) for name in "abc"}
    times = in_turns(sides, rounds=3, calls=2)
    assert "".join(order) == "aabbcc" + "bbccaa" + "ccaabb"
    assert [len(times[name]) for name in sides] == [3, 3, 3]


def test_a_ratio_is_taken_round_by_round_and_of_the_minima():
    from sidebyside import ratio

    row = ratio({"slow": [2.0, 9.0, 20.0], "quick": [1.0, 3.0, 10.0]}, "slow", "quick", "what", at_most=2)
    assert (row.by_pairs, row.by_minima) == (2.0, 2.0)
    assert row.verdict() == "met"


@pytest.mark.parametrize(
    ("by_pairs", "by_minima", "goal", "verdict"),
    [
        (1.4, 1.5, {"at_most": 1.5}, "met"),
        (1.4, 1.6, {"at_most": 1.5}, "borderline"),
        (1.6, 1.6, {"at_most": 1.5}, "MISSED"),
        (3.0, 3.1, {"at_least": 3}, "met"),
        (2.9, 2.8, {"at_least": 3}, "MISSED"),
        (float("nan"), 1.0, {"at_most": 1.5}, "borderline"),
        (1.0, 1.0, {}, ""),
    ],
)
def test_a_goal_is_met_only_where_both_measures_say_so(by_pairs, by_minima, goal, verdict):
    from sidebyside import Row

    assert Row("what", by_pairs, by_minima, **goal).verdict() == verdict


def test_every_peer_is_pinned():
    pins = dict(pin.split("==") for pin in (BENCHMARKS / "requirements.txt").read_text(encoding="utf-8").split())
    assert sorted(pins) == sorted(PEERS.values())
    assert all(re.fullmatch(r"\d+(\.\d+)+", version) for version in pins.values())
