"""The service worker of the static site on a small site: what it keeps, and what it does where it cannot."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import REPOSITORY
from playwright.sync_api import BrowserContext, Page
from static_site import Host, browser_of

sys.path.insert(0, str(REPOSITORY / "classroom/site"))

import build

PAGE = """<!doctype html><title>{0}</title><script>
navigator.serviceWorker.register("service-worker.js");
navigator.serviceWorker.ready.then(() => {{ document.title += " ready"; }});
</script>"""
JUPYTERLITES = """
self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
// /api/drive
"""
KEPT = """async () => {
  const kept = [];
  for (const name of await caches.keys())
    for (const { url } of await (await caches.open(name)).keys()) kept.push(decodeURI(url).split("?")[0]);
  return kept.map((url) => url.split("/").slice(-2).join("/")).sort();
}"""


def small_site(folder: Path, edition: str = "first", files: int = 3) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(PAGE.format(edition), encoding="utf-8")
    for number in range(files):
        (folder / f"file-{number}.txt").write_text(f"{edition} {number}", encoding="utf-8")
    (folder / "service-worker.js").write_text(JUPYTERLITES, encoding="utf-8")
    build.keep_for_offline(folder)
    return folder


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    yield host
    host.stop()


@pytest.fixture
def learner(context: BrowserContext, host: Host) -> Iterator[BrowserContext]:
    own = browser_of(context, host)
    yield own
    own.close()


def visit(learner: BrowserContext, address: str, patience: int = 12) -> Page:
    """A page of the site that has asked for something twice, and been quiet since."""
    page = learner.new_page()
    page.goto(address)
    page.wait_for_function("() => document.title.endsWith('ready')")
    page.evaluate("() => fetch('file-0.txt')")
    return page


def kept(page: Page, wanted: int) -> list[str]:
    """What the browser keeps, as soon as it is so many files, or after 15 seconds."""
    for _ in range(30):
        found = page.evaluate(KEPT)
        if len(found) == wanted:
            return found
        page.wait_for_timeout(500)
    return page.evaluate(KEPT)


@pytest.mark.parametrize("name", ["", "course", "Kurs für alle"])
def test_everything_is_kept_wherever_the_site_lies(name, learner, host, tmp_path):
    small_site(tmp_path / name)
    page = visit(learner, f"{host.address}/{name}/")
    assert len(kept(page, 4)) == 4
    page.close()
    host.stop()
    page = learner.new_page()
    page.goto(f"{host.address}/{name}/")
    assert page.evaluate("async () => (await fetch('file-2.txt')).text()") == "first 2"


def test_two_sites_of_one_host_leave_each_other_alone(learner, host, tmp_path):
    for name in ("a", "b"):
        small_site(tmp_path / name)
    for name in ("a", "b", "a"):
        page = visit(learner, f"{host.address}/{name}/")
        assert len([url for url in kept(page, 8 if name == "b" else 4) if url.startswith(f"{name}/")]) == 4
    assert len(page.evaluate(KEPT)) == 8


def test_another_file_than_the_list_means_is_shown_and_not_kept(learner, host, tmp_path):
    """As while the new edition is still being copied to the host."""
    small_site(tmp_path)
    (tmp_path / "file-1.txt").write_text("an older one", encoding="utf-8")
    page = visit(learner, f"{host.address}/")
    assert not any("file-1" in url for url in kept(page, 3))
    assert page.evaluate("async () => (await fetch('file-1.txt')).text()") == "an older one"
    (tmp_path / "file-1.txt").write_text("first 1", encoding="utf-8")
    assert page.evaluate("async () => (await fetch('file-1.txt')).text()") == "first 1"
    assert len(kept(page, 4)) == 4


def test_a_page_keeps_its_edition_and_the_next_one_has_the_new(learner, host, tmp_path):
    small_site(tmp_path)
    page = visit(learner, f"{host.address}/")
    kept(page, 4)
    small_site(tmp_path, "second")
    page.evaluate("async () => { await (await navigator.serviceWorker.getRegistration()).update(); }")
    page.wait_for_timeout(1000)
    assert page.evaluate("async () => (await fetch('file-2.txt')).text()") == "first 2"
    page.close()
    for _ in range(5):
        page = visit(learner, f"{host.address}/")
        if page.title() == "second ready":
            break
        page.close()
        learner.pages or page.context.new_page().wait_for_timeout(1000)
    assert page.title() == "second ready"
    assert page.evaluate("async () => (await fetch('file-2.txt')).text()") == "second 2"


def test_without_room_the_page_still_gets_its_files(learner, host, tmp_path):
    small_site(tmp_path)
    (tmp_path / "large.bin").write_bytes(bytes(3_000_000))
    (tmp_path / "service-worker.js").write_text(JUPYTERLITES, encoding="utf-8")
    build.keep_for_offline(tmp_path)
    page = learner.new_page()
    session = learner.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": host.origin, "quotaSize": 1_000_000})
    page.goto(f"{host.address}/")
    page.wait_for_function("() => document.title.endsWith('ready')")
    size = page.evaluate("async () => (await (await fetch('large.bin')).arrayBuffer()).byteLength")
    assert size == 3_000_000
    assert page.evaluate("async () => (await fetch('file-2.txt')).text()") == "first 2"
