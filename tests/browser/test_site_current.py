"""The site of the current release of Pyodide, as far as that can be tried with no content network.

Its core comes from npm, where the checksums come from too, and what is written in Python from PyPI. NumPy, matplotlib
and what else is machine code for browsers is only on the content network: empty stand-ins take its place. So this
proves the build, the page, the kernel and the widgets' two halves; the notebooks run in test_site.py.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import REPOSITORY
from playwright.sync_api import BrowserContext, expect
from static_site import Host, SiteNotebook, browser_of, made_by_the_learner

sys.path.insert(0, str(REPOSITORY / "classroom/site"))

import build

pytestmark = pytest.mark.skipif(not shutil.which("npm"), reason="Pyodide's core comes from npm, and there is no npm")


def stand_in(name: str, folder: Path) -> None:
    distribution, version, *tags = name.removesuffix(".whl").split("-")
    about = f"{distribution}-{version}.dist-info"
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr(f"{distribution}/__init__.py", "")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        archive.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {'-'.join(tags)}\n")
        archive.writestr(f"{about}/RECORD", "")


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the release's files, and a lock that fits them."""
    folder, packed = tmp_path_factory.mktemp("pyodide"), tmp_path_factory.mktemp("packed")
    npm = ["npm", "pack", "--silent", "--pack-destination", str(packed), f"pyodide@{build.CURRENT.name}"]
    subprocess.run(npm, check=True)
    with tarfile.open(next(packed.glob("*.tgz"))) as archive:
        archive.extractall(packed, filter="data")
    core = packed / "package"
    wanted = build.CURRENT.checksums
    of_the_core = [name for name in wanted if (core / name).exists()]
    for name in of_the_core:
        shutil.copy(core / name, folder)
        assert build.sha256((folder / name).read_bytes()) == wanted[name]
    wheels = [name for name in wanted if name not in of_the_core]
    pure = [name for name in wheels if name.endswith("-none-any.whl")]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    pip += ["--only-binary", ":all:", "--python-version", "3.14", "--platform", "any"]
    pip += ["--implementation", "py", "--abi", "none", "--dest", str(folder)]
    subprocess.run([*pip, *("==".join(name.split("-")[:2]) for name in pure)], check=True)
    for name in set(wheels) - set(pure):
        stand_in(name, folder)

    lock = json.loads((core / build.LOCK).read_text(encoding="utf-8"))
    by_file = {entry["file_name"]: entry for entry in lock["packages"].values()}
    for name in wheels:
        assert by_file[name]["sha256"] == wanted[name], f"the lock of the release means another {name}"
        by_file[name]["sha256"] = build.sha256((folder / name).read_bytes())
    (folder / build.LOCK).write_text(json.dumps(lock), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def site(distribution: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site-current")
    present = {name: build.sha256((distribution / name).read_bytes()) for name in build.CURRENT.checksums}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build.Release, "checksums", present)
        build.build(folder, build.CURRENT, str(distribution))
    return folder


CELLS = [
    "import sys\nprint(sys.version_info[:2])",
    "import anywidget, ipywidgets, traitlets\nslider = ipywidgets.IntSlider(3, description='n')\nslider",
    """class Counter(anywidget.AnyWidget):
    count = traitlets.Int(1).tag(sync=True)
    _esm = '''export default { render({ model, el }) {
      const button = document.createElement("button");
      const show = () => { button.textContent = `count ${model.get("count")}`; };
      button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
      model.on("change:count", show);
      show();
      el.append(button);
    } }'''
counter = Counter()
counter""",
]


@pytest.fixture(scope="module")
def notebook(site: Path, context: BrowserContext) -> Iterator[SiteNotebook]:
    host = Host(site)
    learner = browser_of(context, host)
    notebook = made_by_the_learner(learner, host, "mine", CELLS)
    yield notebook
    faults = notebook.cell_errors + notebook.complaints + notebook.outside + host.strangers
    learner.close()
    host.stop()
    assert not faults, "\n".join(faults)


def test_the_checksums_are_those_of_the_release_itself(distribution):
    with pytest.raises(build.BuildError, match=r"is not the file of Pyodide 314\.0\.6"):
        build.fetch_pyodide(distribution.as_uri() + "/", distribution / "copy", build.CURRENT)


def test_kernel_and_both_kinds_of_widgets_answer(notebook):
    notebook.run_all()
    expect(notebook.output(0)).to_contain_text("(3, 14)")
    notebook.output(1).get_by_role("slider").press("ArrowRight")
    expect(notebook.output(1)).to_contain_text("4")
    assert notebook.run("print(slider.value)") == "4\n"
    notebook.output(2).get_by_role("button", name="count 1").click()
    expect(notebook.output(2).get_by_role("button", name="count 2")).to_be_visible()
    notebook.run("counter.count = 7")
    expect(notebook.output(2).get_by_role("button", name="count 7")).to_be_visible()


def test_the_package_is_found_by_a_plain_import(notebook):
    """NumPy's stand-in is where it ends: the package itself has been unpacked."""
    found = notebook.run(
        "try:\n    import backprop_lib\nexcept Exception as error:\n"
        "    print(type(error).__name__, error.__traceback__.tb_next.tb_frame.f_code.co_filename.split('/')[-2])"
    )
    assert found.split()[1:] == ["backprop_lib"]
