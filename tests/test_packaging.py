"""What the project ships, how it is installed, and whether its gate can be trusted."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import textwrap
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from notebook_rules import broken_links
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def run(*command: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    # No standard input, as in the gate.
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def pins(name: str) -> dict[str, str]:
    """Package -> pinned version of a requirements file, which holds nothing but exact pins."""
    found = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line != "-r requirements.txt":
            assert re.fullmatch(r"[a-z][a-z0-9-]*==\d+(\.\d+)*", line), f"{name}: {line!r} is no exact pin"
            package, version = line.split("==")
            found[package] = version
    return found


def committed_texts() -> dict[str, str]:
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    texts = {}
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            texts[name] = content.decode("utf-8")
    return texts


# --- the wheel ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    assert built.returncode == 0, built.stdout + built.stderr
    [path] = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_wheel_holds_every_file_of_the_package_and_nothing_else(wheel):
    package = (ROOT / "backprop_lib").rglob("*")
    files = {p.relative_to(ROOT).as_posix() for p in package if p.is_file() and "__pycache__" not in p.parts}
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert "backprop_lib/tensor.py" in files
    assert shipped == files


def test_wheel_is_not_named_like_the_unrelated_package_and_needs_numpy_only(wheel):
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    metadata = Parser().parsestr(wheel.read(name).decode())
    assert metadata["Name"] == "backprop-notebooks"
    assert canonicalize_name(metadata["Name"]) != canonicalize_name("backprop_lib")
    assert metadata["Requires-Python"] == ">=3.11"
    core = [r for r in metadata.get_all("Requires-Dist") if "extra ==" not in r]
    assert core == ["numpy>=2.0"]


def test_versions_agree(wheel):
    import backprop_lib

    assert backprop_lib.__version__ == PYPROJECT["project"]["version"]


def test_import_loads_numpy_and_the_core_only():
    heavy = "{'matplotlib', 'ipywidgets', 'anywidget', 'traitlets', 'IPython', 'scipy', 'torch'}"
    upper = "{'backprop_lib.figures', 'backprop_lib.widgets', 'backprop_lib.lessons'}"
    code = f"import sys, backprop_lib; print(sorted(sys.modules.keys() & ({heavy} | {upper} | {{'numpy'}})))"
    loaded = run(sys.executable, "-c", code)
    assert loaded.stdout == "['numpy']\n", loaded.stdout + loaded.stderr


PLANTED_IMPORTS = {
    "picture library in the core": ("tensor.py", "import matplotlib"),
    "inside a function": ("graph.py", "def plot():\n    import matplotlib.pyplot"),
    "widgets in a new module": ("datasets.py", "import ipywidgets"),
    "upwards in the core": ("operations.py", "from backprop_lib import tensor"),
    "core to figures": ("graph.py", "def draw():\n    from backprop_lib import figures"),
    "figures to widgets": ("figures/__init__.py", "from backprop_lib import widgets"),
    "a module with no place": ("unheard_of.py", "import numpy"),
}


@pytest.mark.parametrize(("module", "line"), PLANTED_IMPORTS.values(), ids=PLANTED_IMPORTS.keys())
def test_import_linter_catches_a_planted_import(tmp_path, module, line):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "backprop_lib", tmp_path / "backprop_lib")
    for package in ("figures", "widgets"):
        (tmp_path / "backprop_lib" / package).mkdir(exist_ok=True)
        (tmp_path / "backprop_lib" / package / "__init__.py").touch()
    with open(tmp_path / "backprop_lib" / module, "a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    linted = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache", cwd=tmp_path)
    assert linted.returncode == 1
    assert "BROKEN" in linted.stdout


# --- requirements and Binder ------------------------------------------------------------------------


def test_requirements_are_pinned_and_binder_has_the_same():
    assert pins("requirements.txt")
    assert pins("requirements-dev.txt")
    # A plain list of its own, since a line with -r or -e would cost Binder its cached layer.
    binder = (ROOT / "binder" / "requirements.txt").read_bytes()
    assert binder == (ROOT / "requirements.txt").read_bytes()


def test_requirements_hold_all_that_the_package_can_use():
    pinned = pins("requirements.txt")
    project = PYPROJECT["project"]
    for text in project["dependencies"] + sum(project["optional-dependencies"].values(), []):
        requirement = Requirement(text)
        assert requirement.specifier.contains(pinned[requirement.name]), text


def test_binder_files():
    assert (ROOT / "binder" / "runtime.txt").read_text() == "python-3.11\n"
    post_build = ROOT / "binder" / "postBuild"
    assert post_build.stat().st_mode & stat.S_IXUSR
    assert post_build.read_text().startswith("#!")
    assert run("bash", "-n", str(post_build)).returncode == 0


# --- what the texts say -----------------------------------------------------------------------------


def test_nothing_installs_the_unrelated_package():
    install = re.compile(r"(install|add|require)\b[^\n]*[\s'\"]backprop[-_]lib\b", re.I)
    listed = re.compile(r"^\s*['\"]?backprop[-_]lib\s*(==|>=|~=|\[|$)", re.M)
    assert install.search("pip install -U backprop" + "-lib")
    for name, content in committed_texts().items():
        assert not install.search(content), f"{name} installs the unrelated package"
        if "requirements" in name or name.endswith((".toml", ".yml", ".yaml")):
            assert not listed.search(content), f"{name} requires the unrelated package"


def test_no_path_of_one_machine_and_no_registry_host():
    # Put together here, so that this file does not find itself.
    hosts = ["registry.npmjs" + ".org", "files.python" + "hosted.org", "pypi.org" + "/simple"]
    folders = [f"/{name}/" for name in ("work", "opt")]
    for name, content in committed_texts().items():
        for word in hosts + folders:
            assert not re.search(rf"(?<![\w.~-]){re.escape(word)}", content), f"{name} names {word}"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "classroom/README.md", "classroom/site/README.md"])
def test_links_resolve(name):
    assert list(broken_links((ROOT / name).read_text(encoding="utf-8"), ROOT / name)) == []


def test_readme_has_two_commands_that_name_existing_files():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^```bash\n(.*?)\n```$", readme, flags=re.M | re.S)
    assert len(commands) == 2
    assert commands[1] == "bash tests/run"
    for command in commands:
        assert "\n" not in command
        for path in re.findall(r"\S+\.(?:txt|ipynb)|tests/\S+", command):
            assert (ROOT / path).exists(), path


def test_readme_maps_every_notebook():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"](notebooks/{path.name})" in readme, f"README's map does not link {path.name}"


# --- the gate on trial --------------------------------------------------------------------------------

CHECKS = ["ruff", "mypy", "lint-imports", "notebook_rules", "not browser", "-m browser", "nbval"]


def gate(folder: Path, broken: str = "", missing: str = "") -> tuple[int, str]:
    """tests/run where every tool is a stub: one is missing, or fails when `broken` is in its command."""
    tools = folder / ".venv" / "bin"
    tools.mkdir(parents=True)
    (folder / "tests").mkdir()
    for name in ("run", "older_processor"):
        shutil.copy(ROOT / "tests" / name, folder / "tests")
    for name in ("python", "ruff", "mypy", "lint-imports"):
        if name != missing:
            (tools / name).write_text('#!/bin/sh\ncase "${0##*/} $*" in *"$BROKEN"*) exit 1;; esac\n')
            (tools / name).chmod(0o755)
    path = os.pathsep.join(["/usr/bin", "/bin"])
    done = run("bash", "tests/run", cwd=folder, PATH=path, CHROMIUM="/bin/true", BROKEN=broken or "nothing")
    return done.returncode, done.stdout.splitlines()[-1] if done.stdout else ""


def test_gate_passes_when_every_check_has_passed(tmp_path):
    assert gate(tmp_path) == (0, "9 passed, 0 failed")


@pytest.mark.parametrize("check", CHECKS)
def test_gate_fails_when_one_check_fails(tmp_path, check):
    failed = 2 if check in ("ruff", "nbval") else 1  # lint and format; twice
    assert gate(tmp_path, broken=check) == (1, f"{9 - failed} passed, {failed} failed")


@pytest.mark.parametrize("tool", ["ruff", "mypy", "lint-imports"])
def test_gate_fails_when_a_tool_is_missing(tmp_path, tool):
    failed = 2 if tool == "ruff" else 1
    assert gate(tmp_path, missing=tool) == (1, f"{9 - failed} passed, {failed} failed")


def test_gate_fails_when_nothing_can_be_installed(tmp_path):
    assert gate(tmp_path, broken="pip install")[0] == 1


def test_gate_hands_the_tests_the_path_of_chromium(tmp_path):
    """Not its bare name, which no browser driver starts."""
    told = tmp_path / "told"
    browser = tmp_path / ".venv" / "bin" / "chromium"
    gate_folder_python = f'#!/bin/sh\necho "$CHROMIUM" > {told}\n'
    gate(tmp_path)
    (browser.parent / "python").write_text(gate_folder_python)
    for written in (browser, browser.parent / "playwrights-own"):
        written.write_text("#!/bin/sh\n")
        written.chmod(0o755)
    for named, expected in (("", browser), ("chromium", browser), (str(written), written)):
        run("bash", "tests/run", cwd=tmp_path, PATH="/usr/bin:/bin", CHROMIUM=named)
        assert told.read_text().strip() == str(expected)


def test_ci_runs_what_the_readme_says():
    ci = (ROOT / ".ci" / "run").read_text().rstrip().splitlines()
    assert ci[-1] == "bash tests/run"
    assert "set -euo pipefail" in ci and "export REQUIRE_ALL=1" in ci


SKIPS = {
    "test_marked.py": """
        import pytest

        @pytest.mark.skipif(True, reason="no Pyodide here")
        def test_marked(): pass

        @pytest.fixture
        def browser(): pytest.skip("no browser here")

        def test_with_a_fixture(browser): pass

        def test_inside(): pytest.importorskip("no_such_library")

        @pytest.mark.xfail(reason="known")
        def test_expected_to_fail(): assert False

        def test_passes(): pass
    """,
    "test_whole_file.py": """
        import pytest

        pytest.importorskip("no_such_package")
    """,
}


@pytest.fixture
def skipping(tmp_path):
    """skipping(REQUIRE_ALL, options): the end of pytest, and all that it says, for tests that are skipped."""
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    for name, source in SKIPS.items():
        (tmp_path / name).write_text(textwrap.dedent(source))

    def tested(required, *options):
        command = [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", *options]
        done = run(*command, cwd=tmp_path, REQUIRE_ALL=required)
        return done.returncode, done.stdout.splitlines()[-1], done.stdout

    return tested


@pytest.mark.parametrize("processes", ["0", "1"])
def test_a_skipped_test_fails_where_everything_is_required(skipping, processes):
    code, last, everything = skipping("1", "--continue-on-collection-errors", "-n", processes)
    assert code == 1 and "1 failed, 1 passed, 1 xfailed, 3 errors" in last, everything
    for missing in ("no Pyodide here", "no browser here", "'no_such_library'", "'no_such_package'"):
        assert missing in everything, everything


def test_a_learner_s_machine_may_go_without(skipping):
    code, last, everything = skipping("")
    assert code == 0 and "1 passed, 4 skipped, 1 xfailed" in last, everything
