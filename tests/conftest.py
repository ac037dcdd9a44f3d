"""What every test starts from: no screen, and the same random examples in each run.

With REQUIRE_ALL=1 none may be skipped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import pytest
from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def _required(report: Report) -> Report:
    """A skip, as a failure where everything is required: the gate says that each test has run.

    A learner's machine may go without what a few tests need.
    """
    if os.environ.get("REQUIRE_ALL") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"{reason} (REQUIRE_ALL=1 lets no test be skipped)"
    return report


# First, so that they see what pytest itself has made of the report.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _required((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _required((yield))


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """task(key): an exercise of the course, with a record of its own for what is answered."""
    from backprop_lib.lessons import exercise
    from backprop_lib.lessons.record import Progress

    record = Progress()

    def find(key: str) -> Any:
        found = exercise(key)
        monkeypatch.setattr(found, "_record", record)
        return found

    return find


@pytest.fixture
def named_by_its_numbers(task: Callable[[str], Any]) -> Callable[[str, dict[str, float], str], None]:
    """Each of these answers, given alone, gets the name of the mistake; the right number in its place gets none."""

    def expect(key: str, answers: dict[str, float], mistake: str) -> None:
        asked = task(key)
        for name, answer in answers.items():
            feedback = asked.check(**{name: answer})
            assert feedback.correct is False and mistake in feedback.mistakes, (name, feedback.text)
            right = asked.check(**{name: asked.truth(name).item()})
            assert right.score[0] == 1 and not right.mistakes, (name, right.text)

    return expect
