"""A class at a real JupyterHub: nobody fails, no update of a slider is lost, and no process is left behind.

Three students, so that every change can afford it; the whole class is `python tests/load/run.py --students 20`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import psutil
import pytest

LOAD = Path(__file__).resolve().parent / "load"
sys.path.insert(0, str(LOAD))

import lecture  # noqa: E402  (scripts, not a package)
import run  # noqa: E402
import student  # noqa: E402

PROXY = "configurable-http-proxy"
needs_node = pytest.mark.skipif(bool(run.what_is_missing()), reason=run.what_is_missing())


def left_of(name: str) -> list[int]:
    """The processes that came from the load test of this name and run."""
    found = []
    for process in psutil.process_iter():
        try:
            found += [process.pid] if process.environ().get("LOAD_RUN") == name else []
        except psutil.Error:
            continue
    return found


def load_test(students: int, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, LOAD / "run.py", "--here", "--students", str(students)],
        env=os.environ | {"LOAD_NAMED": name},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@needs_node
def test_three_students_at_once_and_nothing_is_lost():
    name = uuid4().hex
    with load_test(3, name) as running:
        printed, _ = running.communicate()
    assert running.returncode == 0, printed
    assert "3 of 3 got through" in printed
    [(moved, sent, merged)] = re.findall(r"(\d+): (\d+) sent and answered, (\d+) merged .* 0 lost", printed)
    assert int(moved) == int(sent) + int(merged) == 90
    [(server, kernel)] = re.findall(r"\(server (\d+), kernel (\d+);", printed)
    assert int(server) > 50 and int(kernel) > 50  # what Python with the libraries takes in any case
    assert left_of(name) == []


@needs_node
def test_who_ends_it_ends_the_hub():
    name = uuid4().hex
    with load_test(1, name) as running:
        try:
            deadline = time.monotonic() + 300
            while len(left_of(name)) < 2:  # the hub and its proxy
                assert running.poll() is None and time.monotonic() < deadline
                time.sleep(0.2)
        finally:
            running.terminate()
        printed, _ = running.communicate(timeout=60)
    assert running.returncode != 0, printed
    assert left_of(name) == []


class Scripted(student.Student):
    """A student whose kernel answers at once, but for what `spoil` makes of its answers."""

    def __init__(self, spoil):
        super().__init__("http://127.0.0.1", "nobody")
        self.widgets = {"comm": {"controls": [{"kind": "slider", "name": "w", "low": 0.0, "high": 1.0}]}}
        self.spoil, self.messages = spoil, []

    def _send(self, channel, kind, content):
        message = f"message {content['data']['state']['w']}"
        update = {"comm_id": "comm", "data": {"method": "update", "state": {"drawn": content["data"]["state"]}}}
        answers = [("comm_msg", update), ("status", {"execution_state": "idle"})]
        for kind, content in self.spoil(answers):
            header = {"header": {"msg_type": kind}, "parent_header": {"msg_id": message}}
            self.messages.append({**header, "content": content})
        return message

    def _receive(self, until=None):
        if not self.messages and until is None:
            raise RuntimeError("the kernel has said nothing")
        return self.messages.pop(0) if self.messages else None


def stale(answers):
    (kind, update), idle = answers
    drawn = {"method": "update", "state": {"drawn": {"w": 0.25}}}
    return [(kind, {**update, "data": drawn}), idle]


def test_every_update_of_a_kernel_that_answers_is_counted():
    quick = Scripted(lambda answers: answers)
    assert [update.value for update in quick.drag(4)] == [0.25, 0.5, 0.75, 1.0]
    assert quick.merged == 0


def test_positions_that_are_overtaken_are_counted():
    """A kernel that answers the first position only when the slider has come to its end."""
    slow = Scripted(lambda answers: answers)
    receive, opening = slow._receive, time.monotonic() + 4 * student.PACE
    slow._receive = lambda until=None: receive(until) if until is None or time.monotonic() > opening else None
    assert [update.value for update in slow.drag(4)] == [0.25, 1.0]
    assert slow.merged == 2


class Process:
    """What psutil tells of a process."""

    def __init__(self, name, rss, pss, user, system):
        self.command, self.memory = ["python", "-m", name], SimpleNamespace(rss=rss * 2**20, pss=pss * 2**20)
        self.times = SimpleNamespace(user=user, system=system)

    def cmdline(self):
        return self.command

    def memory_full_info(self):
        return self.memory

    def cpu_times(self):
        return self.times


def test_a_students_memory_and_time_are_those_of_the_server_and_of_every_kernel():
    server = Process("jupyterhub.singleuser", 139, 110, 3.0, 0.5)
    kernels = [Process("ipykernel_launcher", 136, 100, 2.0, 1.0), Process("ipykernel_launcher", 64, 50, 0.25, 0.25)]
    assert lecture.Use.of([server, *kernels]) == lecture.Use(server=139, kernel=200, pss=260, seconds=7.0)


@pytest.mark.parametrize(
    ("drawn", "merged", "told"),
    [
        ([0.25, 1.0], 2, "4: 2 sent and answered, 2 merged into a later one, 0 lost"),
        ([0.25, 0.25], 2, "4: 1 sent and answered, 2 merged into a later one, 1 lost"),
        ([0.25, 1.0], 1, "4: 2 sent and answered, 1 merged into a later one, 1 lost"),
    ],
    ids=["none lost", "an old picture", "a position that nobody sent"],
)
def test_the_report_counts_what_was_lost(capsys, drawn, merged, told):
    ada = student.Student("http://127.0.0.1", "ada")
    ada.merged = merged
    updates = [student.Update(value, "", 0.0, 0.1, picture) for value, picture in zip([0.25, 1.0], drawn, strict=True)]
    use = lecture.Use(139, 136, 210, 6.5)
    lecture.report([lecture.Stay(ada, updates=updates)], [use], [use], 4)
    printed = capsys.readouterr().out
    assert told in printed
    assert "275 MiB (server 139, kernel 136; most 275)" in printed


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda answers: answers[1:], "4 of 4 updates were lost"),
        (stale, r"3 of 4 updates were lost: \[0.5, 0.75, 1.0\]"),
        (lambda answers: answers[:1], "said nothing"),
    ],
    ids=["no picture", "an old picture", "never idle"],
)
def test_a_planted_loss_is_noticed(spoil, told):
    with pytest.raises(RuntimeError, match=told):
        Scripted(spoil).drag(4)


class NoHub:
    """In place of the hub: nobody there."""

    def __init__(self, *_):
        self.address, self.log = "http://127.0.0.1:9", "the hub's log"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def processes(self, name=None):
        return []


def test_a_student_who_gets_nowhere_fails_the_run(monkeypatch, capsys):
    monkeypatch.setattr(lecture, "Hub", NoHub)
    monkeypatch.setattr(lecture.signal, "signal", lambda *_: None)
    assert lecture.main("no proxy", 2, 3, "03_one_neuron") == 1
    printed = capsys.readouterr().out
    assert printed.count("FAILED student-") == 2 and "0 of 2 got through" in printed


def test_the_two_lists_of_pins_agree():
    ours = (LOAD / "requirements.txt").read_text().split()
    assert set(ours) <= set((run.ROOT / "requirements-dev.txt").read_text().split())
    assert re.fullmatch(r"[\d.]+", json.loads((LOAD / "package.json").read_text())["dependencies"][PROXY])
