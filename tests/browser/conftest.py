"""One browser and one server of each kind for the whole session; each test module opens the notebooks it needs."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from driver import CHROMIUM_ARGUMENTS, Notebook, Server, axe_source, find_chromium
from playwright.sync_api import BrowserContext, sync_playwright


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def watchdog() -> Iterator[None]:
    """Fails a test that has not finished after five minutes: a page that draws no more answers nothing, for ever."""

    def stop(*_: object) -> None:
        raise TimeoutError("This test has not finished after five minutes; the page answers no more.")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(300)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def context() -> Iterator[BrowserContext]:
    """A browser window of 1280 × 900 that reaches nothing but this machine."""
    axe_source()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(30_000)
        yield context
        browser.close()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """servers("lab") and servers("notebook"): started when first asked for, shared by all tests."""
    running: dict[str, Server] = {}

    def server(app: str) -> Server:
        if app not in running:
            running[app] = Server(app, tmp_path_factory.mktemp(app)).__enter__()
        return running[app]

    yield server
    for each in running.values():
        each.__exit__()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for pictures of the page; pytest keeps the last three runs' under its --basetemp."""
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="module")
def open_notebook(context: BrowserContext, servers: Callable[[str], Server]) -> Iterator[Callable[..., Notebook]]:
    """open_notebook("lab", cells): a notebook that is closed, with its kernel, after the module's tests.

    No cell may fail, the console may not complain, and nothing may be asked of another machine.
    """
    opened: list[Notebook] = []

    def open_one(app: str, content: list[str] | Path) -> Notebook:
        opened.append(servers(app).open(context, content))
        return opened[-1]

    yield open_one
    faults = []
    for notebook in opened:
        faults += notebook.cell_errors + notebook.complaints + notebook.outside
        notebook.close()
    assert not faults, "\n".join(faults)
