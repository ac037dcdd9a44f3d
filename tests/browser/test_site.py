"""The course as a static site, built from a local Pyodide: in Chromium, with no server behind it and no network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from driver import REPOSITORY
from measure import latency
from playwright.sync_api import BrowserContext, Locator, Page, expect
from static_site import Host, SiteNotebook, browser_of, made_by_the_learner

PYODIDE = Path(os.environ.get("PYODIDE", REPOSITORY.parent / "shared/pyodide-0.27.7"))
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
BUILD = [sys.executable, str(REPOSITORY / "classroom/site/build.py")]

pytestmark = pytest.mark.skipif(
    not PYODIDE.is_dir(), reason=f"the site is tested with Pyodide 0.27.7 from a folder, and there is no {PYODIDE}"
)


def what_is_read(outputs: list[dict]) -> list[tuple]:
    """Of a cell's outputs what both generations of NumPy and matplotlib must agree on: kinds, texts and sentences."""
    read: list[tuple] = []
    for output in outputs:
        if output["output_type"] == "stream":
            text = "".join(output["text"])
            if read and read[-1][0] == output["name"]:
                text = read.pop()[1] + text
            read.append((output["name"], text))
        elif output.get("data"):  # the kernel in the page answers a value that shows nothing with an empty output
            read.append((*sorted(output["data"]), "".join(output["data"]["text/plain"])))
    return read


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "Kurs für alle"  # hosts have such names too
    subprocess.run([*BUILD, "--output", str(folder), "--pyodide", str(PYODIDE)], check=True)
    return folder


@pytest.fixture(scope="module")
def report(request: pytest.FixtureRequest) -> Iterator[Callable[[str], None]]:
    """report(line): a measurement, written when the module's tests are over, whatever pytest hides."""
    lines: list[str] = []
    yield lines.append
    with request.config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
        print("", *lines, sep="\nsite: ")


@pytest.fixture(scope="module")
def host(site: Path) -> Iterator[Host]:
    host = Host(site, in_a_subfolder=True)
    yield host
    host.stop()


@pytest.fixture(scope="module")
def learner(context: BrowserContext, host: Host) -> Iterator[BrowserContext]:
    """A browser that has never seen the site. Whatever it asks of another machine goes to the proxy and is noted."""
    own = browser_of(context, host)
    yield own
    own.close()


# ---- the build checks what it has built --------------------------------------------------------------

KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"


def without_local_pyodide(site: Path) -> None:
    config = json.loads((site / "jupyter-lite.json").read_text())
    del config["jupyter-config-data"]["litePluginSettings"][KERNEL]["pyodideUrl"]
    replace(site / "jupyter-lite.json", json.dumps(config))


def without_anywidget(site: Path) -> None:
    config = json.loads((site / "jupyter-lite.json").read_text())
    extensions = config["jupyter-config-data"]["federated_extensions"]
    extensions[:] = [extension for extension in extensions if extension["name"] != "anywidget"]
    replace(site / "jupyter-lite.json", json.dumps(config))


def replace(path: Path, content: str) -> None:
    path.unlink()  # the file is a link to the one in the real site
    path.write_text(content)


PLANTED = {
    "Pyodide would be loaded from a content network": without_local_pyodide,
    "the extension anywidget is missing": without_anywidget,
    "comm's file is missing": lambda site: next(site.glob("static/pyodide/comm-*")).unlink(),
    "pyodide.asm.wasm is missing or damaged": lambda site: replace(site / "static/pyodide/pyodide.asm.wasm", ""),
    "00_start_here.ipynb is missing": lambda site: (site / "files/notebooks/00_start_here.ipynb").unlink(),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_noticed(fault, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site, copy, copy_function=os.link)
    PLANTED[fault](copy)
    inspect = f"import sys; sys.path.insert(0, {str(Path(BUILD[1]).parent)!r}); import build, pathlib; "
    inspect += f"build.inspect(pathlib.Path({str(copy)!r}), build.TESTED)"
    done = subprocess.run([sys.executable, "-c", inspect], capture_output=True, text=True)
    assert done.returncode == 1
    assert "BuildError" in done.stderr and fault in done.stderr


# ---- the notebooks -----------------------------------------------------------------------------------


def test_the_bare_address_leads_to_the_first_notebook(learner, host, report):
    start = time.monotonic()
    notebook = SiteNotebook(host, learner.new_page(), Path())
    report(
        f"first visit, kernel ready after {time.monotonic() - start:.0f} s, "
        f"{host.files} files, {host.bytes / 1e6:.1f} MB (not compressed)"
    )
    path = notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")
    assert path == "notebooks/00_start_here.ipynb"
    notebook.close()


@pytest.fixture(scope="module")
def desk(learner: BrowserContext, host: Host) -> Iterator[SiteNotebook]:
    """One page and one kernel in which the notebooks are run in turn: each start costs more than most notebooks."""
    notebook = made_by_the_learner(learner, host, "desk", [""])
    yield notebook
    notebook.close()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_says_what_the_committed_one_says(path: Path, desk, site, host, report, screenshots):
    start = time.monotonic()
    desk.show(Path("notebooks", path.name))
    desk.run_all()
    report(f"{path.stem}: all cells after {time.monotonic() - start:.0f} s")
    desk.page.wait_for_function(
        "() => [...document.querySelectorAll('.backprop-explorer')].every((e) => e.querySelector('.live'))"
    )
    desk.page.screenshot(path=screenshots / f"{path.stem}-site.png")
    assert desk.cell_errors == []
    committed = nbformat.read(site / "files/notebooks" / path.name, as_version=4)
    for cell, outputs in zip(committed.cells, desk.outputs, strict=True):
        if cell.cell_type == "code":
            assert what_is_read(outputs) == what_is_read(cell.outputs), cell.source
    assert desk.axe() == []
    assert desk.complaints + desk.outside + host.strangers == []


# ---- each mechanism ----------------------------------------------------------------------------------

CELLS = {
    "slider": "from backprop_lib.widgets import *\nfrom backprop_lib.lessons import *\nSaturationExplorer()",
    "stepper": 'GraphStepper("(x + y) * z", "x = -2, y = 5, z = -4")',
    "neuron": "neuron = NeuronNudge(x=2, w=3, b=1, y=4, rate=0.1)\nneuron",
    "laboratory": "laboratory = XORLab()\nlaboratory",
    "map": "race = DescentPath()\nrace",
    "prediction": 'predict("03.predict.zero", "With w = 0, is dL/dw zero too?", ["yes", "no"])',
    "reveal": 'reveal("03.predict.zero", "no", "dL/dw = dL/dz · x, whatever w is.")',
    "quiz": 'quiz("03.gate")',
    "file": "progress.keep()",
}


@pytest.fixture(scope="module")
def notebook(learner: BrowserContext, host: Host) -> Iterator[SiteNotebook]:
    notebook = made_by_the_learner(learner, host, "mine", list(CELLS.values()))
    notebook.run_all()
    yield notebook
    faults = notebook.cell_errors + notebook.complaints + notebook.outside + host.strangers
    notebook.close()
    assert not faults, "\n".join(faults)


def live(notebook: SiteNotebook, name: str) -> Locator:
    """The live half of what a cell shows."""
    place = notebook.output(list(CELLS).index(name)).locator(".live").first
    expect(place).to_be_visible()
    return place


def test_a_slider_moves_its_picture(notebook, report):
    place = live(notebook, "slider")
    slider = place.get_by_role("slider", name="z", exact=True)
    slider.press("End")
    expect(place.locator(".sentence")).to_contain_text("σ(6) = 0.997527")
    report(f"from slider to pixels: {latency(notebook, slider, place.locator('.picture'), presses=24)}")


def test_a_stepper_steps_and_takes_another_expression(notebook):
    place = live(notebook, "stepper")
    place.get_by_role("slider", name="Step").press("End")
    expect(place.locator(".sentence")).to_contain_text("= (−4) × 1 = −4.")
    entry = place.get_by_role("textbox", name="expression")
    entry.fill("x * x + y")
    entry.press("Enter")
    expect(place.locator(".picture")).to_contain_text("x·x")


def test_a_choice_and_a_button(notebook):
    place = live(notebook, "neuron")
    place.get_by_role("button", name="Take a step").press("Enter")
    expect(place.locator(".sentence")).to_contain_text("L = 0 with")
    expect(place.get_by_role("slider", name="weight w")).to_have_value("1.8")
    place.get_by_role("radio", name="tanh").check()
    expect(place.locator(".picture")).to_contain_text("tanh")
    assert notebook.run("print(neuron.activation, neuron.w)") == "tanh 1.8\n"


def test_a_training_in_slices_and_a_map_that_is_pointed_at(notebook, report):
    """The kernel shares the browser with the page, and the page stays awake."""
    place, start = live(notebook, "laboratory"), time.monotonic()
    place.get_by_role("slider", name="random seed").press("ArrowRight")
    expect(place.locator(".sentence")).to_have_text(re.compile("seed 1,.*after 3000 of 3000"), timeout=60_000)
    report(f"3,000 epochs of XOR in the page: {time.monotonic() - start:.1f} s")
    assert notebook.run("print(laboratory.sentence)").strip() == place.locator(".sentence").inner_text()

    place = live(notebook, "map")
    place.locator(".map").scroll_into_view_if_needed()
    box = place.locator(".map").bounding_box()
    notebook.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    expect(place.get_by_role("textbox", name="start a, b")).to_have_value(re.compile(r"-(3\.9|4\.0)\d, (2\.9|3\.0)\d"))
    expect(place.locator(".sentence")).to_have_text(re.compile("from .*after 100 steps"), timeout=60_000)


def test_a_prediction_updates_the_reveal(notebook):
    form = live(notebook, "prediction")
    form.get_by_text("b) no").click()
    form.get_by_role("button").click()
    expect(form.get_by_role("status")).to_contain_text("Noted: no.")
    expect(notebook.output(list(CELLS).index("reveal"))).to_contain_text("You said: no. It is: no.")


def test_answers_survive_a_reload_by_token_and_by_file(notebook):
    form = live(notebook, "quiz")
    form.get_by_text("c) (a − y) · a(1 − a) · x").click()
    form.get_by_role("button", name="Check").click()
    expect(form.get_by_role("status")).to_contain_text("✓ c) is right.")
    token = notebook.run("print(progress.token(), end='')")
    assert re.fullmatch(r"BP1\.[\w-]+", token)
    notebook.command("docmanager:save")

    notebook.load()  # as a reload does, with a kernel in which nothing has run
    expect(notebook.output(list(CELLS).index("quiz"))).to_contain_text("1 right at once")
    notebook.run("import os\nos.rename('backprop-progress.txt', 'aside.txt')")
    assert notebook.run(f"{KNOWN}\nprint(known(Progress()), known(Progress(), {token!r}))") == "False True\n"
    notebook.run("os.rename('aside.txt', 'backprop-progress.txt')")
    assert notebook.run("print(known(Progress()))") == "True\n"
    notebook.run_all()
    expect(live(notebook, "quiz").get_by_role("radio", name="c)")).to_be_checked()


KNOWN = """
from backprop_lib.lessons.record import Progress

def known(progress, token=""):
    progress.restore(token)
    answer = progress.get("03.gate.1")
    return answer is not None and answer.right
"""


# ---- a new edition, then no network at all; last, since they take the site and the host away ----------


def wait_until(page: Page, predicate: str, arg: Any = None, timeout: float = 120) -> None:
    """Returns when an asynchronous predicate is true. (Playwright's own wait_for_function takes the promise for it.)"""
    deadline = time.monotonic() + timeout
    while not page.evaluate(predicate, arg):
        assert time.monotonic() < deadline, f"after {timeout} s it is still not so: {predicate}"
        page.wait_for_timeout(500)


def wait_until_kept(page: Page, site: Path) -> None:
    """Returns when the browser has kept the site as the folder holds it, whole and nothing else."""
    [listed] = re.findall(r"const FILES = (\{.*?\});", (site / "service-worker.js").read_text(encoding="utf-8"))
    wanted = [f"{path}?{digest}" for path, digest in json.loads(listed).items()]
    wait_until(
        page,
        """async (wanted) => {
             const [course] = await caches.keys();
             const kept = (await (await caches.open(course)).keys()).map(({ url }) => decodeURI(url));
             return kept.length === wanted.length
               && wanted.every((file) => kept.some((url) => url.endsWith('/' + file)));
           }""",
        wanted,
    )


def visit(learner: BrowserContext, host: Host) -> Page:
    page = learner.new_page()
    page.goto(f"{host.address}/lab/index.html", wait_until="domcontentloaded")
    page.wait_for_function("() => window.jupyterapp")
    return page


def publish_second_edition(site: Path, folder: Path) -> None:
    """What an instructor does who has changed a notebook and the package: build again, to the same place."""
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, folder / name)
    (folder / "build").symlink_to(REPOSITORY / "build")  # the environment of the first build
    notebook, package = folder / "notebooks/00_start_here.ipynb", folder / "backprop_lib/__init__.py"
    text = notebook.read_text(encoding="utf-8")
    notebook.write_text(text.replace("# Start here", "# Start here, second edition", 1), encoding="utf-8")
    package.write_text(f"{package.read_text(encoding='utf-8')}\nEDITION = 2\n", encoding="utf-8")
    build = [sys.executable, str(folder / "classroom/site/build.py"), "--output", str(site)]
    subprocess.run([*build, "--pyodide", str(PYODIDE)], check=True)


SAVE = """async ([path, mark]) => {
  const { contents } = window.jupyterapp.serviceManager;
  const { content } = await contents.get(path, { content: true });
  content.cells[0].source = mark;
  await contents.save(path, { type: 'notebook', format: 'json', content });
}"""
FIRST_CELL = """async (path) => {
  const { content } = await window.jupyterapp.serviceManager.contents.get(path, { content: true });
  return [content.cells[0].source].flat().join('');
}"""


def test_the_browser_keeps_the_whole_site(learner, host, site, report):
    page = visit(learner, host)
    wait_until_kept(page, site)
    page.close()
    report(
        f"to keep the whole site: {host.bytes / 1e6:.1f} MB in {host.files} files, every visit of these tests included"
    )


def test_a_browser_with_an_old_copy_comes_to_the_new_edition(context, host, site, tmp_path):
    mine, theirs = "notebooks/01_slopes_and_the_chain_rule.ipynb", "notebooks/00_start_here.ipynb"
    learner = browser_of(context, host)
    page = visit(learner, host)
    page.evaluate(SAVE, [mine, "# My own notes"])
    wait_until_kept(page, site)
    page.close()
    publish_second_edition(site, tmp_path)

    # The first visit: all of it from the kept edition, although the new one has been noticed.
    notebook = SiteNotebook(host, learner.new_page(), Path(theirs))
    wait_until(notebook.page, "async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting)")
    assert notebook.run("import backprop_lib\nprint(hasattr(backprop_lib, 'EDITION'))") == "False\n"
    notebook.load()  # the tab stays open
    assert notebook.run("import backprop_lib\nprint(hasattr(backprop_lib, 'EDITION'))") == "False\n"
    assert notebook.page.evaluate(FIRST_CELL, theirs).startswith("# Start here\n")
    assert notebook.complaints == []
    notebook.close()

    # The second: the new one, and what the learner has saved is still there until they delete it.
    page = visit(learner, host)
    while page.evaluate("async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting)"):
        page.close()  # opened so soon that the browser had not noticed that the tab was closed
        time.sleep(2)
        page = visit(learner, host)
    wait_until_kept(page, site)
    assert page.evaluate(FIRST_CELL, theirs).startswith("# Start here, second edition")
    assert page.evaluate(FIRST_CELL, mine) == "# My own notes"
    page.evaluate("(path) => window.jupyterapp.serviceManager.contents.delete(path)", mine)
    page.close()
    page = visit(learner, host)
    assert page.evaluate(FIRST_CELL, mine).startswith("# Slopes and the chain rule")
    assert host.strangers == []
    learner.close()


def test_once_loaded_it_works_with_no_network(learner, host):
    """In the edition that this browser has kept."""
    host.stop()
    notebook = SiteNotebook(
        host, learner.new_page(), Path("notebooks", NOTEBOOKS[-1].name)
    )  # opened for the first time
    notebook.run_all()
    assert notebook.cell_errors == []
    assert notebook.run("import backprop_lib\nprint(hasattr(backprop_lib, 'EDITION'))") == "False\n"
    listed = "async () => (await window.jupyterapp.serviceManager.contents.get('notebooks', { content: true })).content"
    assert {path.name for path in NOTEBOOKS} <= {entry["name"] for entry in notebook.page.evaluate(listed)}
    notebook.close()
