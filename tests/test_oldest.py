"""The oldest NumPy and matplotlib that the package promises to work with. All that runs on them: bash tests/oldest"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent

# What says most in half a minute; in a browser the notebooks themselves run on these versions too.
QUICK = ["gradcheck", "nn", "figures_plots", "lessons_quizzes", "widgets_stepper"]
QUICK += [f"worked_figures_0{notebook}" for notebook in range(1, 5)]


def pins(name: str) -> dict[str, str]:
    return dict(line.split("==") for line in (ROOT / name).read_text(encoding="utf-8").splitlines())


def test_the_package_works_on_the_oldest_versions():
    done = subprocess.run(
        ["bash", "tests/oldest", *(f"tests/test_{name}.py" for name in QUICK)],
        cwd=ROOT,
        env=os.environ | {"PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_they_are_the_oldest_that_are_promised():
    oldest = pins("tests/oldest.txt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in map(Requirement, project["dependencies"] + project["optional-dependencies"]["figures"]):
        [least] = [Version(part.version) for part in requirement.specifier if part.operator == ">="]
        assert Version(oldest[requirement.name]).release[:2] == least.release[:2], requirement


def test_they_are_what_the_site_has():
    oldest, wheels = pins("tests/oldest.txt"), pins("classroom/site/pyodide-0.27.7/wheels.txt")
    pyodide = (ROOT / "classroom/site/pyodide-0.27.7/files.sha256").read_text(encoding="utf-8")
    for name in ("numpy", "matplotlib", "ipython"):
        assert f" {name}-{oldest[name]}-" in pyodide
    for name in ("anywidget", "ipywidgets", "latex2mathml"):
        assert oldest[name] == wheels[name]
        assert pins("classroom/site/pyodide-0.27.7/requirements.txt").get(name, wheels[name]) == wheels[name]
