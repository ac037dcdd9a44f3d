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


def what_is_missing() -> str:
    """One sentence on what the load test needs and this machine lacks, or nothing."""
    if sys.platform != "linux":
        return f"The load test needs Linux, whose processes tell what memory they take; this is {sys.platform}."
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if not missing:
        return ""
    return (
        f"The load test needs {' and '.join(missing)} for the hub's proxy and found none. "
        "Install Node.js 18 or newer with npm (Debian: apt-get install nodejs npm)."
    )


def prepared(scratch: Path, pins: list[Path], steps: list[list[str | Path]]) -> Path:
    """A folder of `scratch` in which the steps have been done, now or before with the same pins."""
    from fcntl import LOCK_EX, flock  # where there is Linux

    state = b"".join(path.read_bytes() for path in pins) + sys.version.encode()
    folder = scratch / f"{pins[0].stem}-{sha256(state).hexdigest()[:12]}"
    scratch.mkdir(parents=True, exist_ok=True)
    with (scratch / "lock").open("w") as lock:  # two tests may need the same at the same time
        flock(lock, LOCK_EX)
        if not (folder / "finished").exists():
            print(f"Installing what {os.path.relpath(pins[0])} says …", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for step in steps:
                subprocess.run(step, cwd=folder, stdin=subprocess.DEVNULL, check=True)
            (folder / "finished").touch()
    return folder


def proxy(scratch: Path) -> Path:
    """The hub's proxy."""
    package = HERE / "package.json"
    steps: list[list[str | Path]] = [["cp", package, "."], ["npm", "install", "--silent", "--no-audit", "--no-fund"]]
    return prepared(scratch, [package], steps) / "node_modules" / ".bin" / "configurable-http-proxy"


def environment(scratch: Path) -> Path:
    """A Python that has what the course and the hub need, and nothing else."""
    pins = [HERE / "requirements.txt", ROOT / "requirements.txt"]
    install = ["bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    steps: list[list[str | Path]] = [
        [sys.executable, "-m", "venv", "."],
        [*install, *(part for path in pins for part in ("-r", path))],
    ]
    return prepared(scratch, pins, steps) / "bin" / "python"


def main() -> int:
    parser = argparse.ArgumentParser(description="A class arrives at once, at a real JupyterHub on this machine.")
    parser.add_argument("--students", type=int, default=20)
    parser.add_argument("--changes", type=int, default=30, help="how often each moves the slider (default 30)")
    parser.add_argument("--notebook", default="03_one_neuron", help="one that has a slider (default 03_one_neuron)")
    parser.add_argument("--scratch", type=Path, default=ROOT / "build" / "load", help="where everything is kept")
    parser.add_argument("--here", action="store_true", help="use this Python, which has requirements-dev.txt")
    given = parser.parse_args()
    if not (ROOT / "notebooks" / f"{given.notebook}.ipynb").is_file():
        parser.error(f"there is no notebook {given.notebook}; name one of notebooks/ without its ending.")
    if given.students < 1 or given.changes < 1:
        parser.error("at least one student and one change are needed.")
    if missing := what_is_missing():
        print(missing, file=sys.stderr)
        return 2
    scratch = given.scratch.resolve()
    try:
        python = Path(sys.executable) if given.here else environment(scratch)
        command = [str(python), str(HERE / "lecture.py"), str(proxy(scratch))]
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(map(str, error.cmd))} failed; without it there is no hub.", file=sys.stderr)
        return 2
    command += [str(given.students), str(given.changes), given.notebook]
    sys.stdout.flush()
    os.execv(python, command)  # in this one's place: whoever ends this one ends it
    return 1


if __name__ == "__main__":
    sys.exit(main())
