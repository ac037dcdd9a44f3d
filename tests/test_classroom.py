"""The instructors' page: what it says to type works, and what it names is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

from backprop_lib.lessons.record import Progress

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "classroom" / "README.md").read_text(encoding="utf-8")


def test_the_files_that_its_commands_name_exist():
    commands = "\n".join(re.findall(r"^```bash\n(.*?)\n```$", PAGE, flags=re.M | re.S))
    named = re.findall(r"(?:classroom|tests)/\S+|requirements\.txt", commands)
    assert len(named) >= 4
    for path in named:
        assert (ROOT / path).is_file(), path


def test_collected_tokens_are_listed_and_a_damaged_one_is_refused(tmp_path):
    [code] = re.findall(r"^```python\n(.*?)\n```$", PAGE, flags=re.M | re.S)
    theirs = Progress()
    theirs.note("03.quiz.one", 1, right=True)
    theirs.note("03.quiz.two", 2)
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens" / "ada.txt").write_text(theirs.token() + "\n")
    (tmp_path / "tokens" / "bob.txt").write_text(theirs.token()[:-2] + "\n")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ada, bob = done.stdout.split("bob: ")
    assert ada.startswith("ada: ") and "notebook 03: 2 answers, 1 right" in ada
    assert "notebook 03" not in bob


def test_the_memory_that_is_reckoned_with_is_what_the_values_guarantee():
    [mebibytes] = re.findall(r"Reckon (\d+) MiB for each student", PAGE)
    values = yaml.safe_load((ROOT / "classroom" / "hub" / "values.yaml").read_text(encoding="utf-8"))
    assert values["singleuser"]["memory"]["guarantee"] == f"{mebibytes}M"
