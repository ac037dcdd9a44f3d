"""What every test starts from: no screen, and the same random examples in each run."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


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
