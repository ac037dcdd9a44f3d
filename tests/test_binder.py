"""What Binder would make of this repository: its own recipe read, then each step of it done here."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BASE = Path(str(distribution("jupyter-repo2docker").locate_file("repo2docker/buildpacks/conda")))
FIRST = "notebooks/00_start_here.ipynb"


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """What a clone holds: every file that is not ignored."""
    folder = tmp_path_factory.mktemp("binder") / "home"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def recipe(clone) -> list[str]:
    """The commands of the Dockerfile that repo2docker writes for this repository, one a line."""
    return dockerfile(clone).replace("\\\n", " ").splitlines()


def dockerfile(folder: Path) -> str:
    command = [str(Path(sys.executable).with_name("repo2docker")), "--no-build", "--debug", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    python = (folder / "binder" / "runtime.txt").read_text().strip().replace("-", "=")
    assert f"Building conda environment for {python}\n" in done.stderr
    return done.stdout


def test_binder_finds_its_files_and_caches_the_requirements(recipe):
    """What Binder does before it copies the repository stays cached when only the course changes."""
    [requirements] = [i for i, line in enumerate(recipe) if "pip install" in line and line.startswith("RUN")]
    [whole] = [i for i, line in enumerate(recipe) if line.startswith("COPY") and " src/ " in line]
    [built] = [i for i, line in enumerate(recipe) if line == "RUN ./binder/postBuild"]
    assert '-r "binder/requirements.txt"' in recipe[requirements]
    assert requirements < whole < built


def test_a_planted_include_costs_the_cached_layer(clone, tmp_path):
    """So the list is a plain one, and test_packaging holds it equal to the root's."""
    shutil.copytree(clone, tmp_path / "home")
    (tmp_path / "home" / "binder" / "requirements.txt").write_text("-r ../requirements.txt\n")
    printed = dockerfile(tmp_path / "home")
    assert printed.index("src/ ${REPO_DIR}/") < printed.index("pip install --no-cache-dir -r")


def test_the_badge_opens_the_first_notebook():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [path] = re.findall(r"/v2/gh/[^)]*\?urlpath=lab/tree/([^)]+)\)", readme)
    assert path == FIRST and (ROOT / path).is_file()


def base_version(package: str) -> str:
    """The version that Binder's own base image has before anything of ours is installed."""
    lock = (BASE / "environment.py-3.11-linux-64.lock").read_text()
    [version] = re.findall(rf"/{package}-(\d[\w.]*)-[^/]*\.conda", lock)
    return version


def test_the_build_ends_in_a_server_that_opens_the_course(clone, recipe, tmp_path):
    prefix = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(prefix)], check=True)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER", "VIRTUAL"))},
        "PATH": f"{prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "KERNEL_PYTHON_PREFIX": str(prefix),
        "NB_PYTHON_PREFIX": str(prefix),
        "REPO_DIR": str(clone),
        "HOME": str(clone),
    }

    def do(command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    base = {"jupyterlab": "jupyterlab", "notebook": "notebook", "jupyterhub-singleuser": "jupyterhub"}
    do("pip install -q " + " ".join(f"{ours}=={base_version(theirs)}" for theirs, ours in base.items()))
    for line in recipe:
        if line.startswith("RUN") and ("binder/requirements.txt" in line or "binder/postBuild" in line):
            do(line.removeprefix("RUN "))
    do("pip check")

    # warm: what the first learner would wait for is there
    assert list((clone / ".cache" / "matplotlib").glob("fontlist*.json"))
    assert list((clone / "backprop_lib" / "__pycache__").glob("tensor.*.pyc"))
    settings = json.loads((prefix / "etc" / "jupyter" / "labconfig" / "page_config.json").read_text())
    assert settings["disabledExtensions"] == {"@jupyterlab/apputils-extension:announcements": True}

    do(f"cd / && python -c 'import backprop_lib; assert backprop_lib.__file__.startswith(\"{clone}\")'")
    do(f"jupyter execute {FIRST}")

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/lab/tree/{FIRST}?token=binder"
    server = subprocess.Popen(
        ["jupyter", "lab", "--allow-root", "--no-browser", f"--port={port}", "--IdentityProvider.token=binder"],
        executable=f"{prefix}/bin/jupyter",
        cwd=clone,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        page = _opened(address, server)
    finally:
        server.terminate()
        server.wait()
    for extension in ("anywidget", "@jupyter-widgets/jupyterlab-manager"):
        assert f'"{extension}"' in page


def _opened(address: str, server: subprocess.Popen, patience: float = 60.0) -> str:
    """The page, once the server answers."""
    started = time.monotonic()
    while time.monotonic() - started < patience:
        assert server.poll() is None, "the server has stopped"
        try:
            with urllib.request.urlopen(address) as answer:
                return answer.read().decode()
        except urllib.error.URLError:
            time.sleep(0.3)
    raise AssertionError(f"no answer from the server in {patience} s")
