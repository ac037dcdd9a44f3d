"""The static site in a browser: a host that counts and lets nothing else through, and a notebook in it."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import socket
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
from driver import Notebook
from playwright.sync_api import BrowserContext

# What Chromium asks of its own accord, of any page with a form.
CHROMIUM_ITSELF = "content-autofill.googleapis.com:"


class Host:
    """Serves a folder on loopback as any static host would, and counts; `strangers` are requests to other machines."""

    def __init__(self, folder: Path, in_a_subfolder: bool = False):
        self.bytes = self.files = 0
        self._connections: list[socket.socket] = []
        self.strangers: list[str] = []
        host = self

        class Files(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                host._connections.append(self.connection)

            def log_message(self, *_: object) -> None: ...

            def copyfile(self, source: Any, outputfile: Any) -> None:
                content = source.read()
                host.bytes, host.files = host.bytes + len(content), host.files + 1
                outputfile.write(content)

        class Proxy(http.server.BaseHTTPRequestHandler):
            """Chromium's way to everything but loopback: it leads nowhere."""

            def log_message(self, *_: object) -> None: ...

            def do_GET(self) -> None:
                if not self.path.startswith(CHROMIUM_ITSELF):
                    host.strangers.append(self.requestline)
                self.send_error(502)

            do_CONNECT = do_POST = do_HEAD = do_GET

        root = folder.parent if in_a_subfolder else folder
        self._servers = [
            http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(root))),
            http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy),
        ]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        self.origin, self.proxy = (f"http://127.0.0.1:{server.server_port}" for server in self._servers)
        self.address = f"{self.origin}/{quote(folder.name)}" if in_a_subfolder else self.origin

    def stop(self) -> None:
        """No further answer, on open connections neither."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def browser_of(context: BrowserContext, host: Host) -> BrowserContext:
    """A browser that has never seen the site. Whatever it asks of another machine goes to the proxy and is noted."""
    assert context.browser
    own = context.browser.new_context(
        viewport={"width": 1280, "height": 900}, proxy={"server": host.proxy, "bypass": "127.0.0.1"}
    )
    own.set_default_timeout(60_000)
    return own


class SiteNotebook(Notebook):
    """A notebook of the site, its kernel in the page. `path` is its place in the site; "." is the bare address."""

    server: Host

    def load(self) -> None:
        where = "" if self.path == Path() else f"lab/index.html?path={self.path}"
        self.page.goto(f"{self.server.address}/{where}", wait_until="domcontentloaded")
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Returns when the kernel, too, has answered."""
        super().wait_for_kernel()
        self.run("")

    def show(self, path: Path) -> None:
        """Put another notebook of the site in this one's place, and make the kernel as good as new."""
        self.page.evaluate(
            """async (path) => {
              const app = window.jupyterapp;
              const { content } = await app.serviceManager.contents.get(path, { content: true });
              app.shell.currentWidget.context.model.fromJSON(content);
            }""",
            str(path),
        )
        self.run(
            "import sys\n"
            "for name in list(sys.modules):\n"
            "    if name.split('.')[0] == 'backprop_lib': del sys.modules[name]\n"
            "get_ipython().reset(new_session=False)"
        )

    @property
    def outputs(self) -> list[list[dict] | None]:
        """The outputs of each cell; None for a cell of text."""
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets.map(
                 (cell) => cell.model.type === 'code' ? cell.model.sharedModel.outputs : null)"""
        )

    def close(self) -> None:
        self.page.close()

    def _check_address(self, address: str) -> None:
        # JupyterLite encodes the name of a subfolder twice in what it asks its own worker.
        if not address.startswith((self.server.origin, "data:", "blob:")):
            self.outside.append(address)

    def _complain(self, text: str) -> None:
        # JupyterLab's own list of headings, when `show` takes away the cells that it was just looking at.
        if not any(known in text for known in ("Failed to update the table of contents", "'isRunning')")):
            super()._complain(text)


def made_by_the_learner(learner: BrowserContext, host: Host, name: str, sources: list[str]) -> SiteNotebook:
    """A notebook of these cells that is nowhere but in the browser."""
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{k}") for k, source in enumerate(sources)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    page = learner.new_page()
    page.goto(f"{host.address}/lab/index.html", wait_until="domcontentloaded")
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate(
        """([path, content]) => window.jupyterapp.serviceManager.contents.save(
             path, { type: 'notebook', format: 'json', content }).then(() => {})""",
        [f"notebooks/{name}.ipynb", json.loads(nbformat.writes(made))],
    )
    return SiteNotebook(host, page, Path(f"notebooks/{name}.ipynb"))
