"""A class arrives at once, at a real JupyterHub on this machine: python tests/load/run.py --students 20

Each student logs in, gets a server, opens a notebook, runs every cell of it and moves a slider; all do it at the same
time. Printed are memory and processor time for each student, what an update of the slider takes, and when all were
ready. The exit code is 0 only when everybody got through and no update was lost.

Needs Node.js with npm for the hub's proxy, and Linux. The environment (the course's requirements with JupyterHub, and
the proxy) is made in build/load, once for each state of the pins. This is not part of the gate in this size, since its
figures say as much about the machine as about the course; tests/test_load.py runs it with three students.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PINS = [HERE / "requirements.txt", HERE / "package.json", ROOT / "requirements.txt"]


def what_is_missing() -> str:
    """One sentence on what the load test needs and this machine lacks, or nothing."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if not missing:
        return ""
    return (
        f"The load test needs {' and '.join(missing)} for the hub's proxy and found none. "
        "Install Node.js 18 or newer with npm (Debian: apt-get install nodejs npm)."
    )


def environment(scratch: Path) -> Path:
    """A Python that has the course's requirements and JupyterHub, beside a node_modules that has its proxy."""
    home = scratch / sha256(b"".join(path.read_bytes() for path in PINS) + sys.version.encode()).hexdigest()[:12]
    python, finished = home / "environment" / "bin" / "python", home / "finished"
    if not finished.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        print(f"Making the environment in {os.path.relpath(home)} …", flush=True)
        quiet = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        shutil.copy(HERE / "package.json", home)
        for command in (
            [sys.executable, "-m", "venv", home / "environment"],
            [*quiet, "-r", ROOT / "requirements.txt", "-r", HERE / "requirements.txt"],
            ["npm", "install", "--silent", "--no-audit", "--no-fund"],
        ):
            subprocess.run(command, cwd=home, stdin=subprocess.DEVNULL, check=True)
        finished.touch()
    return python


def main() -> int:
    parser = argparse.ArgumentParser(description="A class arrives at once, at a real JupyterHub on this machine.")
    parser.add_argument("--students", type=int, default=20)
    parser.add_argument("--changes", type=int, default=30, help="how often each moves the slider (default 30)")
    parser.add_argument("--notebook", default="03_one_neuron", help="one that has a slider (default 03_one_neuron)")
    parser.add_argument("--scratch", type=Path, default=ROOT / "build" / "load", help="where everything is kept")
    given = parser.parse_args()
    if not (ROOT / "notebooks" / f"{given.notebook}.ipynb").is_file():
        parser.error(f"there is no notebook {given.notebook}; name one of notebooks/ without its ending.")
    if given.students < 1 or given.changes < 1:
        parser.error("at least one student and one change are needed.")
    if missing := what_is_missing():
        print(missing, file=sys.stderr)
        return 2
    python = environment(given.scratch.resolve())
    command = [python, HERE / "classroom.py", str(given.students), str(given.changes), given.notebook]
    return subprocess.run(command, stdin=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main())
