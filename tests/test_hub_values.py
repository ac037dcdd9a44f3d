"""The values file for a hub is what its chart accepts, and asks for what the course needs."""

from __future__ import annotations

import copy
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from jupyter_core.paths import SYSTEM_CONFIG_PATH
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.kernelmanager import MappingKernelManager

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


def bytes_of(size: str) -> float:
    return float(size[:-1]) * {"M": 2**20, "G": 2**30}[size[-1]]


def mistakes(values: dict) -> list[str]:
    """What the chart's schema accepts and a class would suffer from."""
    server, cull = values["singleuser"], values["cull"]
    [file] = server["extraFiles"].values()
    kernels, whole = file["data"]["MappingKernelManager"], file["data"]["ServerApp"]
    folder = Path(file["mountPath"]).parent
    placeholders = values["scheduling"]["userPlaceholder"]
    holds = {
        "a student gets the memory that is promised": bytes_of(server["memory"]["limit"])
        >= bytes_of(server["memory"]["guarantee"]),
        "a student gets the processor that is promised": server["cpu"]["limit"] >= server["cpu"]["guarantee"],
        "a new node is up before a start is given up": server["startTimeout"] >= 300,
        "no limit refuses the student after the last": values["hub"].get("activeServerLimit") is None,
        "the hub finds its authenticator": values["hub"]["config"]["JupyterHub"]["authenticator_class"]
        in entry_points(group="jupyterhub.authenticators").names,
        "the image is there before a student": values["prePuller"]["continuous"]["enabled"],
        "a placeholder makes way for a student": placeholders["enabled"]
        and placeholders["replicas"] > 0
        and values["scheduling"]["podPriority"]["enabled"],
        "a server reads the file": file["mountPath"].endswith(".json")
        and folder.name == "jupyter_server_config.d"
        and str(folder.parent) in SYSTEM_CONFIG_PATH,
        "a server has the settings in it": kernels.keys() <= set(MappingKernelManager.class_trait_names(config=True))
        and whole.keys() <= set(ServerApp.class_trait_names(config=True)),
        "a break of ten minutes costs nothing, and servers outlive kernels": 600
        < kernels.get("cull_idle_timeout", 0)
        < min(cull["timeout"], whole.get("shutdown_no_activity_timeout", 0)),
        "no server ends within a lecture": cull["maxAge"] == 0 or cull["maxAge"] >= 4 * 3600,
    }
    return [what for what, true in holds.items() if not true]


def test_a_class_of_five_hundred_gets_what_it_needs():
    assert mistakes(VALUES) == []


KERNELS = ("singleuser", "extraFiles", "culling", "data", "MappingKernelManager")
SPOILED: dict[str, tuple[tuple[str, ...], Any]] = {
    "a limit below the guarantee": (("singleuser", "memory", "limit"), "100M"),
    "less of a core than is promised": (("singleuser", "cpu", "limit"), 0.01),
    "a start given up after 3 s": (("singleuser", "startTimeout"), 3),
    "no room for the instructor": (("hub", "activeServerLimit"), 500),
    "an unknown authenticator": (("hub", "config", "JupyterHub", "authenticator_class"), "dumy"),
    "the image pulled for the first student": (("prePuller", "continuous", "enabled"), False),
    "placeholders that never go": (("scheduling", "podPriority", "enabled"), False),
    "no placeholders": (("scheduling", "userPlaceholder", "replicas"), 0),
    "servers culled after 36 s": (("cull", "timeout"), 36),
    "servers ended after a quarter of an hour": (("cull", "maxAge"), 900),
    "a file where nobody reads": (
        ("singleuser", "extraFiles", "culling", "mountPath"),
        "/etc/jupiter/jupyter_server_config.d/culling.json",
    ),
    "kernels culled after 36 s": ((*KERNELS, "cull_idle_timeout"), 36),
    "a setting misspelled": (KERNELS, {"cull_idle_timout": 1200}),
    "a misspelled setting beside a right one": ((*KERNELS, "cull_intervall"), 120),
}


@pytest.mark.parametrize(("path", "value"), SPOILED.values(), ids=SPOILED.keys())
def test_a_planted_mistake_is_noticed(path, value):
    values = copy.deepcopy(VALUES)
    place = values
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    assert mistakes(values) != []


def hook(folder: Path, gitpuller: str) -> int:
    """The hook's exit code in a home folder, where the program that pulls is this script."""
    tools = folder / "tools"
    tools.mkdir(parents=True)
    # Not every machine has `timeout`; the image does.
    for name, script in (("gitpuller", gitpuller), ("timeout", 'shift; exec "$@"')):
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    command = VALUES["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"]
    path = f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin"
    return subprocess.run(command, cwd=folder, env={"PATH": path}).returncode


def test_the_first_notebook_is_what_a_student_sees(tmp_path):
    assert hook(tmp_path, 'echo "$1 $2" > asked; mkdir "$3"') == 0
    assert (tmp_path / "asked").read_text() == "https://HOST/ORG/REPO main\n"
    folder, *path = VALUES["singleuser"]["defaultUrl"].removeprefix("/lab/tree/").split("/")
    assert (ROOT / Path(*path)).is_file()
    assert (tmp_path / folder).is_dir()


def test_a_server_starts_although_the_pull_fails(tmp_path):
    """Kubernetes ends a container whose hook fails, and waits for one that does not end."""
    assert hook(tmp_path / "fails", "exit 1") == 0
    [*_, command] = VALUES["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"]
    assert 0 < int(command.split()[command.split().index("timeout") + 1]) < VALUES["singleuser"]["startTimeout"]


def image() -> list[str]:
    """The arguments of the command that builds the image; the last one says of what."""
    text = (ROOT / "classroom" / "hub" / "values.yaml").read_text(encoding="utf-8")
    [command] = re.findall(r"# +repo2docker (.*)\n", text)
    return shlex.split(command)


def test_the_image_is_built_from_what_is_committed():
    """From a folder, all that lies there would go into it: the environment, the builds."""
    [*_, command] = VALUES["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"]
    assert image()[-1].startswith("https://") and image()[-1] in command


@needs_the_chart
def test_the_pulled_package_is_imported_and_hides_nothing(tmp_path):
    """What is appended to the image's recipe, done here in an environment of its own."""
    defaults = yaml.safe_load((CHART / "chart-defaults.yaml").read_text(encoding="utf-8"))
    home = merged(defaults, VALUES)["singleuser"]["storage"]["homeMountPath"]
    appended = image()[image().index("--appendix") + 1].removeprefix("RUN ").replace(home, str(tmp_path))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "image")], check=True)
    tools = tmp_path / "image" / "bin"
    (tools / "pip").write_text("#!/bin/sh\n")
    (tools / "pip").chmod(0o755)
    environment = {
        "PATH": f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin",
        **{name: text.replace(home, str(tmp_path)) for name, text in VALUES["singleuser"]["extraEnv"].items()},
    }
    subprocess.run(["sh", "-c", appended], env=environment, check=True)
    assert hook(tmp_path, 'mkdir -p "$3"/backprop_lib; touch "$3"/backprop_lib/__init__.py') == 0
    folder = VALUES["singleuser"]["defaultUrl"].removeprefix("/lab/tree/").split("/")[0]
    (tmp_path / folder / "random.py").write_text("raise SystemExit('a file of the student')")
    code = "import random, backprop_lib; print(backprop_lib.__file__)"
    done = subprocess.run(["python", "-c", code], cwd=tools, env=environment, capture_output=True, text=True)
    assert done.stdout == f"{tmp_path / folder / 'backprop_lib' / '__init__.py'}\n", done.stderr


def test_the_image_has_what_pulls_the_course(tmp_path):
    """The command in the file, with the build left out: what is appended to the recipe stands in it."""
    arguments = [part for part in image()[:-1] if part not in ("--push", "--no-run")]
    shutil.copytree(ROOT / "binder", tmp_path / "binder")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("repo2docker")), "--no-build", "--debug", *arguments, str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^RUN pip install --no-cache-dir nbgitpuller==[\d.]+ && ", done.stdout, re.M)
    assert image()[image().index("--appendix") + 1] in done.stdout.splitlines()


def test_one_thread_each():
    threads = VALUES["singleuser"]["extraEnv"]
    assert all(threads[name] == "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"))
