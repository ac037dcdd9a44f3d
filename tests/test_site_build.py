"""The build of the static site fails, and says why, where the site would only fail in the browser."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "classroom/site"))

import build  # noqa: E402  (a script, not a package)

PYODIDE = Path(os.environ.get("PYODIDE", ROOT.parent / "shared/pyodide-0.27.7"))

needs_pyodide = pytest.mark.skipif(not PYODIDE.is_dir(), reason=f"needs Pyodide 0.27.7 in {PYODIDE}")


def wheel(folder: Path, name: str, requires: str = "") -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{name}/inner/__init__.py", "")
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Name: {name}\nVersion: 1.0\n{requires}\n")
    return path


@pytest.fixture
def distribution(tmp_path):
    """A folder with the files of Pyodide, as links."""
    folder = tmp_path / "pyodide"
    shutil.copytree(PYODIDE, folder, copy_function=os.symlink)
    return folder


def replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


# ---- what comes from elsewhere -----------------------------------------------------------------------


@needs_pyodide
def test_a_damaged_file_of_pyodide_is_refused(distribution, tmp_path):
    name = "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl"
    replace(distribution / name, b"not NumPy")
    with pytest.raises(build.BuildError, match=f"{name} is not the file of Pyodide 0.27.7"):
        build.fetch_pyodide(distribution.as_uri() + "/", tmp_path / "copy", build.TESTED)


@needs_pyodide
def test_a_lock_that_means_another_file_is_refused(distribution, tmp_path):
    lock = json.loads((distribution / build.LOCK).read_text())
    lock["packages"]["numpy"]["sha256"] = "0" * 64
    replace(distribution / build.LOCK, json.dumps(lock).encode())
    with pytest.raises(build.BuildError, match="numpy.* is not the file"):
        build.fetch_pyodide(distribution.as_uri() + "/", tmp_path / "copy", build.TESTED)


@needs_pyodide
def test_of_a_whole_release_only_what_the_course_needs_is_taken(distribution, tmp_path):
    """The content network's lock lists hundreds of packages."""
    lock = json.loads((distribution / build.LOCK).read_text())
    lock["packages"]["scipy"] = {**lock["packages"]["numpy"], "name": "scipy", "file_name": "scipy.whl"}
    replace(distribution / build.LOCK, json.dumps(lock).encode())
    copy = tmp_path / "copy"
    build.fetch_pyodide(distribution.as_uri() + "/", copy, build.TESTED)
    assert {path.name for path in copy.iterdir()} == {*build.TESTED.checksums, build.LOCK}
    assert "scipy" not in json.loads((copy / build.LOCK).read_text())["packages"]


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(build.BuildError, match="nowhere/pyodide-lock.json cannot be read"):
        build.fetch_pyodide((tmp_path / "nowhere").as_uri() + "/", tmp_path / "copy", build.TESTED)


# ---- the lock ----------------------------------------------------------------------------------------


def test_a_wheel_enters_the_lock_with_its_imports_and_needs(tmp_path):
    requires = (
        "Requires-Dist: NumPy>=2\nRequires-Dist: Any_Widget; extra == 'widgets'\nRequires-Dist: x; extra == 'dev'"
    )
    entry = build.lock_entry(wheel(tmp_path, "course", requires))
    assert entry["imports"] == ["course"]
    assert entry["depends"] == ["any-widget", "numpy"]


@needs_pyodide
def test_a_wheel_that_needs_another_is_noticed(tmp_path):
    copy = tmp_path / "copy"
    build.fetch_pyodide(PYODIDE.as_uri() + "/", copy, build.TESTED)
    with pytest.raises(build.BuildError, match="course needs nothing-like-it: add it to wheels.txt"):
        build.add_to_lock(copy, [wheel(tmp_path, "course", "Requires-Dist: nothing_like_it")], build.TESTED)
    # comm comes with wheels.txt, and the kernel needs it.
    with pytest.raises(build.BuildError, match="the kernel needs comm"):
        (copy / "course-1.0-py3-none-any.whl").unlink()
        build.add_to_lock(copy, [], build.TESTED)


# ---- JupyterLite -------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["[lite] [addon] [pyodide] FAIL", "Error: no such thing"])
def test_a_part_of_jupyterlite_that_failed_is_noticed(line, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "run", lambda *command, cwd: f"all is well\n{line}\n")
    with pytest.raises(build.BuildError, match="JupyterLite says"):
        build.assemble(Path("python"), tmp_path, tmp_path, tmp_path)


def test_another_front_page_is_noticed(tmp_path):
    (tmp_path / "index.html").write_text("<html>")
    with pytest.raises(build.BuildError, match="front page"):
        build.open_at_the_start(tmp_path)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert build.main(["--output", str(tmp_path)]) == 1
    assert "is no site built before" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()


# ---- releases ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", build.RELEASES.values(), ids=lambda release: release.name)
def test_a_release_lists_all_that_it_is_made_of(release):
    assert release.entry in release.checksums
    assert all(len(digest) == 64 for digest in release.checksums.values())
    pins = [(release.folder / name).read_text().split() for name in ("requirements.txt", "wheels.txt")]
    for lines in pins:
        assert all(re.fullmatch(r"[a-z][a-z0-9-]*==\d+(\.\d+)*", line) for line in lines), "exact pins only"
    both = {line.split("==")[0]: line for line in pins[0]}
    assert all(both.get(line.split("==")[0], line) == line for line in pins[1])
    assert sum(name.startswith("matplotlib-") for name in release.checksums) == 1


def test_the_current_release_has_the_learners_own_versions():
    """So that a site of it is the same generation as an installed course."""
    learner = set((ROOT / "requirements.txt").read_text().split())
    wheels = set((build.CURRENT.folder / "wheels.txt").read_text().split())
    assert {line for line in wheels if line.startswith(("anywidget", "ipywidgets", "latex2mathml"))} <= learner
    [numpy] = [line.split("==")[1] for line in learner if line.startswith("numpy==")]
    assert any(name.startswith(f"numpy-{numpy}-") for name in build.CURRENT.checksums)


def test_matplotlib_gets_a_list_of_fonts_that_it_takes(tmp_path):
    """Also where its version is a text, as of matplotlib 3.10, and where the wheel has no list."""
    manager = "class FontManager:\n    __version__ = '3.10.0'\n"
    fonts = {"_version": 330, "afmlist": [], "ttflist": [{"fname": "/usr/a.ttf"}, {"fname": "fonts/ttf/b.ttf"}]}
    for listed in (True, False):
        file = tmp_path / "matplotlib-3.10-py3-none-any.whl"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("matplotlib/font_manager.py", manager)
            if listed:
                archive.writestr(build.FONT_LIST, json.dumps(fonts))
        before = build.sha256(file.read_bytes())
        lock = {"packages": {"matplotlib": {"file_name": file.name, "sha256": before}}}
        (tmp_path / build.LOCK).write_text(json.dumps(lock))
        build.mend_font_list(tmp_path)
        entry = json.loads((tmp_path / build.LOCK).read_text())["packages"]["matplotlib"]
        assert entry["sha256"] == build.sha256(file.read_bytes())
        assert (entry["sha256"] != before) is listed
        if listed:
            with zipfile.ZipFile(file) as archive:
                mended = json.loads(archive.read(build.FONT_LIST))
            assert mended["_version"] == "3.10.0"
            assert [font["fname"] for font in mended["ttflist"]] == ["fonts/ttf/b.ttf"]
    with pytest.raises(build.BuildError, match="has no __version__"):
        build.font_list_version("class FontManager: pass")


# ---- what is there already ---------------------------------------------------------------------------


def test_an_earlier_site_stays_until_there_is_a_better_one(tmp_path):
    output = tmp_path / "site"
    output.mkdir()
    (output / "jupyter-lite.json").write_text("{}")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(build.BuildError, match="cannot be read"):
        patch.setattr(build, "environment", lambda folder, release: Path("python"))
        build.build(output, pyodide=str(tmp_path / "nowhere"))
    assert (output / "jupyter-lite.json").exists()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path, capsys):
    (tmp_path / "site").write_text("years of work")
    assert build.main(["--output", str(tmp_path / "site")]) == 1
    assert "is a file; name a folder" in capsys.readouterr().err


def test_a_page_in_the_place_of_the_list_is_refused(tmp_path):
    """What a network answers that wants a log-in first."""
    (tmp_path / build.LOCK).write_text("<html>Please log in</html>")
    with pytest.raises(build.BuildError, match="is not Pyodide's list of packages"):
        build.fetch_pyodide(tmp_path.as_uri() + "/", tmp_path / "copy", build.TESTED)


def test_an_answer_that_is_cut_off_is_refused(monkeypatch):
    class Cut:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def read(self):
            raise http.client.IncompleteRead(b"half")

    monkeypatch.setattr(build.urllib.request, "urlopen", lambda *_, **__: Cut())
    with pytest.raises(build.BuildError, match="cannot be read"):
        build.fetch("https://example.org/pyodide.mjs")
