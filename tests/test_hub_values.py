"""The values file for a hub is what its chart accepts, and asks for what the course needs."""

from __future__ import annotations

import copy
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
VALUES = yaml.safe_load((ROOT / "classroom" / "hub" / "values.yaml").read_text(encoding="utf-8"))
CHART = ROOT.parent / "shared" / "zero-to-jupyterhub"
needs_the_chart = pytest.mark.skipif(not CHART.is_dir(), reason="the chart's schema is not beside this project")


def merged(defaults: Any, values: Any) -> Any:
    """As Helm merges: maps by key, everything else replaced."""
    if not (isinstance(defaults, dict) and isinstance(values, dict)):
        return copy.deepcopy(values)
    return {**defaults, **{key: merged(defaults.get(key), value) for key, value in values.items()}}


def problems(values: dict) -> list[str]:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    defaults = yaml.safe_load((CHART / "chart-defaults.yaml").read_text(encoding="utf-8"))
    found = jsonschema.Draft7Validator(schema).iter_errors(merged(defaults, values))
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in found]


@needs_the_chart
def test_the_chart_accepts_the_values():
    assert problems(VALUES) == []


PLANTED = {
    "a word for a number": ("singleuser.startTimeout", "soon"),
    "a misspelled key": ("singleuser.memmory", {"limit": "1G"}),
    "a key in the wrong place": ("memory", {"limit": "1G"}),
    "a single command": ("singleuser.lifecycleHooks", "gitpuller"),
    "text for a map": ("singleuser.extraEnv", "OMP_NUM_THREADS=1"),
    "replicas in words": ("scheduling.userPlaceholder.replicas", "twenty"),
    "hosts as text": ("proxy.https.hosts", "hub.example"),
    "culling by a word": ("cull.enabled", "yes, please"),
}


@needs_the_chart
@pytest.mark.parametrize(("path", "value"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_error_is_rejected(path, value):
    values = copy.deepcopy(VALUES)
    *parents, last = path.split(".")
    place = values
    for name in parents:
        place = place.setdefault(name, {})
    place[last] = value
    assert problems(values) != []


def test_five_hundred_students_fit_and_start():
    assert VALUES["hub"]["activeServerLimit"] >= 500
    assert VALUES["scheduling"]["userPlaceholder"]["replicas"] > 0
    assert VALUES["prePuller"]["continuous"]["enabled"]


def test_the_first_notebook_is_what_a_student_sees():
    folder, *path = VALUES["singleuser"]["defaultUrl"].removeprefix("/lab/tree/").split("/")
    assert (ROOT / Path(*path)).is_file()
    assert VALUES["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"][-1] == folder


@needs_the_chart
def test_the_pulled_package_is_the_one_that_is_imported():
    defaults = yaml.safe_load((CHART / "chart-defaults.yaml").read_text(encoding="utf-8"))
    home = merged(defaults, VALUES)["singleuser"]["storage"]["homeMountPath"]
    folder = VALUES["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"][-1]
    assert VALUES["singleuser"]["extraEnv"]["PYTHONPATH"] == f"{home}/{folder}"


def test_the_image_has_what_pulls_the_course(tmp_path):
    """The command in the file, with the build left out: what is appended to the recipe stands in it."""
    text = (ROOT / "classroom" / "hub" / "values.yaml").read_text(encoding="utf-8")
    [command] = re.findall(r"# +repo2docker (.*) \.\n", text)
    arguments = [part for part in shlex.split(command) if part not in ("--push", "--no-run")]
    shutil.copytree(ROOT / "binder", tmp_path / "binder")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("repo2docker")), "--no-build", "--debug", *arguments, str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^RUN pip install --no-cache-dir nbgitpuller==[\d.]+$", done.stdout, re.M)


def test_one_thread_each():
    threads = VALUES["singleuser"]["extraEnv"]
    assert all(threads[name] == "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"))
