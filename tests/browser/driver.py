"""A real notebook in a real browser: start JupyterLab or Notebook 7 on loopback, open a notebook, run it, look at it.

    with Server("lab", folder) as server:
        notebook = server.open(context, ["import backprop_lib", …])   # sources of the cells, or a path to an .ipynb
        notebook.run_all()
        notebook.output(0)                                            # a Playwright locator

Needs Chromium (Debian: `apt-get install chromium`; CHROMIUM may name another one) and what requirements-dev.txt lists.
What is missing is an error, never a skipped test.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import BrowserContext, Locator, Page

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Whatever asks for a name on the network gets none.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

_windows = count()

# Messages of JupyterLab and Notebook themselves that say nothing about a notebook or a widget.
NOT_OURS = (
    "(reading 'schema')",  # Notebook 7.6: an extension of its own that has no settings
    # anywidget gives a model two seconds to start; on a busy machine it takes longer, and starts all the same. That a
    # widget is live and moves is what the tests ask for.
    "[anywidget] Failed to initialize model",
)


def find_chromium() -> str:
    """The path of Chromium. Raises RuntimeError with what to install."""
    named = os.environ.get("CHROMIUM")
    if named:
        if Path(named).is_file():
            return named
        raise RuntimeError(f"CHROMIUM names {named}, and there is no such file.")
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise RuntimeError(
        "The browser tests need Chromium and found none. Install it (Debian: apt-get install chromium) "
        "or give its path in the environment variable CHROMIUM."
    )


def axe_source() -> str:
    """The script of the accessibility checker axe-core, as the package axe-playwright-python ships it."""
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """JupyterLab ("lab") or Notebook 7 ("notebook") on loopback, with its own empty configuration."""

    TOKEN = "browser-tests"

    def __init__(self, app: str, folder: Path):
        self.app, self.folder, self.port = app, folder, _free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self._private = tempfile.TemporaryDirectory(prefix="browser-tests-", ignore_cleanup_errors=True)
        private = Path(self._private.name)
        environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "JUPYTER_CONFIG_DIR": str(private / "config"),
            "JUPYTER_DATA_DIR": str(private / "data"),
            "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
            "IPYTHONDIR": str(private / "ipython"),
            "JUPYTERLAB_SETTINGS_DIR": str(private / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"),
        }
        # The news pop-up would cover the page and asks the network for news.
        _write(
            private / "config/labconfig/page_config.json",
            {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}},
        )
        # Every cell is in the page, not only those in sight.
        _write(
            private / "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings",
            {"windowingMode": "none"},
        )
        options = {
            "lab": [
                "--LabApp.expose_app_in_browser=True",
                "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            ],
            "notebook": ["--JupyterNotebookApp.expose_app_in_browser=True"],
        }[self.app]
        self._log = (private / "log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", {"lab": "jupyterlab", "notebook": "notebook"}[self.app]]
            + ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}"]
            + ["--ServerApp.port_retries=0", f"--IdentityProvider.token={self.TOKEN}"]
            + [f"--ServerApp.root_dir={self.folder}", *options],
            env=environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self._wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()  # the server then ends its kernels
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._private.cleanup()

    def open(self, context: BrowserContext, content: Sequence[str] | Path) -> Notebook:
        """A notebook of these cells, or a copy of this file, in a new page, its kernel ready."""
        path = self.folder / f"test-{len(list(self.folder.glob('test-*.ipynb')))}.ipynb"
        if isinstance(content, Path):
            shutil.copyfile(content, path)
        else:
            cells = [nbformat.v4.new_code_cell(source) for source in content]
            for number, cell in enumerate(cells):
                cell.id = f"cell-{number}"
            # Without a kernel's name the page would stop and ask for one.
            kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
            nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
        return Notebook(self, context.new_page(), path)

    def ask(self, method: str, path: str) -> Any:
        """The server's answer to a request to its own interface."""
        request = urllib.request.Request(
            f"{self.address}/api/{path}", method=method, headers={"Authorization": f"token {self.TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + 90
        while True:
            try:
                self.ask("GET", "status")
                return
            except (urllib.error.URLError, OSError):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._log.seek(0)
                    raise RuntimeError(f"{self.app} did not start:\n{self._log.read()[-3000:]}") from None
                time.sleep(0.1)


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


# Waiting for the page to say "idle" is not enough: it says so before there is a kernel, and cells that are run then
# are silently dropped.
_READY = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  const deadline = Date.now() + 60000;
  const sleep = () => new Promise((done, fail) =>
    Date.now() > deadline ? fail(new Error('no kernel within a minute')) : setTimeout(done, 50));
  while (!app.shell.currentWidget?.sessionContext) await sleep();
  const panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  while (panel.sessionContext.session?.kernel?.connectionStatus !== 'connected') await sleep();
}"""

_ERRORS = """() => [...window.jupyterapp.shell.currentWidget.content.widgets].flatMap((cell, index) =>
  (cell.model.sharedModel.outputs ?? []).filter((output) => output.output_type === 'error')
    .map((output) => `cell ${index}: ${output.ename}: ${output.evalue}`))"""


class Notebook:
    """An open notebook. `complaints` collects the page's console errors, `outside` requests off the machine."""

    def __init__(self, server: Server, page: Page, path: Path):
        self.server, self.page, self.path = server, page, path
        self.workspace = f"window-{next(_windows)}"
        self.complaints: list[str] = []
        self.outside: list[str] = []
        page.on("console", lambda message: self._complain(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("request", lambda request: self._check_address(request.url))
        self.load()

    def load(self) -> None:
        """Open the notebook, or open it again as a reload does; returns when its kernel is ready."""
        # A workspace of its own: a second page in the same one would be sent elsewhere while it loads.
        where = {"lab": f"doc/workspaces/{self.workspace}/tree", "notebook": "notebooks"}[self.server.app]
        self.page.goto(
            f"{self.server.address}/{where}/{self.path.name}?token={self.server.TOKEN}&reset",
            wait_until="domcontentloaded",
        )
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Returns when the page shows a notebook that is connected to a kernel."""
        self.page.wait_for_function("() => window.jupyterapp", timeout=60_000)
        self.page.evaluate(_READY)

    def run_all(self) -> None:
        """Run every cell; returns when the last one is done."""
        self.command("notebook:run-all-cells")

    def run_cell(self, cell: int) -> None:
        """Run one cell, counted from 0; returns when it is done."""
        self.page.evaluate("(i) => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i; }", cell)
        self.command("notebook:run-cell")

    def command(self, name: str) -> None:
        """Execute one of the application's commands and wait for it."""
        self.page.evaluate("(name) => window.jupyterapp.commands.execute(name).then(() => {})", name)

    @property
    def cell_errors(self) -> list[str]:
        return self.page.evaluate(_ERRORS)

    def source(self, cell: int) -> str:
        return self.page.evaluate(
            "(i) => window.jupyterapp.shell.currentWidget.content.widgets[i].model.sharedModel.source", cell
        )

    @property
    def cells(self) -> int:
        return self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length")

    def run(self, source: str) -> str:
        """Run code in the notebook's kernel, aside from its cells, and return what it prints.

        Raises AssertionError with the kernel's error.
        """
        return self.page.evaluate(
            """async (code) => {
              const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
              const future = kernel.requestExecute({code, store_history: false});
              let text = '', error = null;
              future.onIOPub = ({header, content}) => {
                if (header.msg_type === 'stream') text += content.text;
                if (header.msg_type === 'error') error = `${content.ename}: ${content.evalue}`;
              };
              await future.done;
              if (error) throw new Error(error);
              return text;
            }""",
            source,
        )

    def output(self, cell: int) -> Locator:
        """The outputs of a cell, counted from 0."""
        return self.page.locator(".jp-Cell").nth(cell).locator(".jp-Cell-outputWrapper")

    def axe(self, place: Locator | None = None) -> list[str]:
        """What axe-core finds wrong inside this place, or inside all cells' outputs, one line for each element."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(axe_source())
        if place is None:
            outputs = {"include": [[".jp-Cell-outputWrapper"]]}
            found = self.page.evaluate("async (context) => (await axe.run(context)).violations", outputs)
        else:
            found = place.evaluate("async (place) => (await axe.run(place)).violations")
        return [
            f"{rule['id']}: {node['html']} {node['any'] and node['any'][0]['message']}"
            for rule in found
            for node in rule["nodes"]
        ]

    def close(self) -> None:
        """Close the page and end the kernel."""
        self.page.close()
        for session in self.server.ask("GET", "sessions"):
            if session["path"] == self.path.name:
                self.server.ask("DELETE", f"sessions/{session['id']}")

    def _complain(self, text: str) -> None:
        if not any(known in text for known in NOT_OURS):
            self.complaints.append(text)

    def _check_address(self, address: str) -> None:
        if not address.startswith((self.server.address, "data:", "blob:")):
            self.outside.append(address)
