"""The instructors' page: what it says to type works, and what it names is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from backprop_lib.lessons.record import Progress

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "classroom" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "classroom/README.md", "classroom/site/README.md"])
def test_commands_name_a_python_that_is_there(name):
    """`python` alone is there only in an environment that has been activated."""
    assert re.findall(r"(?m)(?:^|`)python .*", (ROOT / name).read_text(encoding="utf-8")) == []


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
    # As some editors and shells on Windows save what is pasted; the list goes on.
    (tmp_path / "tokens" / "cy.txt").write_text(theirs.token() + "\n", encoding="utf-16")
    (tmp_path / "tokens" / "dee.txt").write_text(theirs.token() + "\n")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = dict(zip(["", "ada", "bob", "cy", "dee"], re.split(r"(?m)^(?:ada|bob|cy|dee): ", done.stdout), strict=True))
    assert told["ada"] == told["dee"] and "notebook 03: 2 answers, 1 right" in told["ada"]
    assert "notebook 03" not in told["bob"] + told["cy"]


def test_a_long_name_leaves_room_for_the_sockets_of_its_kernels():
    """Linux allows a socket's path 107 letters. On The Littlest JupyterHub a user may have a name of 32."""
    assert '"transport": "ipc"' in PAGE
    [folder] = re.findall(r'"JUPYTER_RUNTIME_DIR": "(.*?)"', PAGE)
    longest = f"{folder.replace('{USERNAME}', 'x' * 32)}/kernel-{uuid4()}-ipc-5"
    assert len(longest) <= 107
    assert not folder.startswith("/tmp/") or "isolate_tmp = True" in PAGE  # else all would share it


def test_the_memory_that_is_reckoned_with_is_what_the_values_guarantee():
    [mebibytes] = re.findall(r"Reckon (\d+) MiB for each student", PAGE)
    values = yaml.safe_load((ROOT / "classroom" / "hub" / "values.yaml").read_text(encoding="utf-8"))
    assert values["singleuser"]["memory"]["guarantee"] == f"{mebibytes}M"
