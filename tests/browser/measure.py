"""How fast and how steadily a picture follows its control, and whether anything grows while it does.

They take a notebook, a range input in it and the picture that answers to it.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from driver import Notebook
from playwright.sync_api import Locator


@dataclass(frozen=True)
class Latency:
    """Milliseconds from a key press on a slider to the painted picture."""

    times: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        """The 95th percentile: the smallest time that 95 % of all do not exceed."""
        return sorted(self.times)[-(-95 * len(self.times) // 100) - 1]

    def __str__(self) -> str:
        return f"median {self.median:.0f} ms, 95th percentile {self.p95:.0f} ms of {len(self.times)}"


# A mutation is not yet a pixel: the next animation frame draws it, and a task queued in that frame runs after it.
_STOPWATCH = """([slider, picture]) => {
  window.stopwatch?.disconnect();
  const times = window.latencies = [];
  let pressed = null;
  slider.addEventListener('keydown', (event) => { pressed = event.timeStamp; });
  window.stopwatch = new MutationObserver(() => {
    if (pressed === null) return;
    const since = pressed;
    pressed = null;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => times.push(performance.now() - since);
      port2.postMessage(null);
    });
  });
  window.stopwatch.observe(picture, { childList: true, subtree: true, characterData: true, attributes: true });
}"""


def latency(notebook: Notebook, slider: Locator, picture: Locator, presses: int = 40) -> Latency:
    """Press arrow keys on the slider, eight to the right and eight back, each 100 ms after the last picture.

    Raises TimeoutError when a press changes no picture.
    """
    page = notebook.page
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(500)
    page.evaluate(_STOPWATCH, [slider.element_handle(), picture.element_handle()])
    warm_up = 5
    for press in range(presses + warm_up):
        page.keyboard.press("ArrowRight" if press // 8 % 2 == 0 else "ArrowLeft")
        page.wait_for_function("(count) => window.latencies.length > count", arg=press, timeout=5000)
        page.wait_for_timeout(100)
    return Latency(tuple(page.evaluate("() => window.latencies")[warm_up:]))


@dataclass(frozen=True)
class Steadiness:
    """What the frames of the screen showed while a slider was dragged."""

    frames: int
    blank: int
    heights: int
    pictures: int

    def __str__(self) -> str:
        return f"{self.pictures} pictures in {self.frames} frames, {self.blank} blank, {self.heights} height(s)"


_WATCH = """(picture) => {
  const seen = window.watched = { frames: 0, blank: 0, heights: [], pictures: 0, running: true };
  let last = null;
  const look = () => {
    const drawing = picture.querySelector('svg, img, canvas');
    const box = drawing?.getBoundingClientRect();
    seen.frames += 1;
    if (!box || !box.width || !box.height || (drawing.tagName === 'svg' && !drawing.childElementCount)) seen.blank += 1;
    const height = Math.round(picture.getBoundingClientRect().height);
    if (!seen.heights.includes(height)) seen.heights.push(height);
    if (picture.innerHTML !== last) { seen.pictures += 1; last = picture.innerHTML; }
    if (seen.running) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def steadiness(notebook: Notebook, slider: Locator, picture: Locator, moves: int = 60) -> Steadiness:
    """Drag the slider from end to end with the mouse and look at the picture in every frame."""
    page = notebook.page
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.evaluate(_WATCH, picture.element_handle())
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    for move in range(moves):
        page.mouse.move(box["x"] + 8 + (box["width"] - 16) * (move + 1) / moves, middle)
        page.wait_for_timeout(16)
    page.mouse.up()
    page.wait_for_timeout(300)
    seen = page.evaluate("() => { window.watched.running = false; return window.watched; }")
    return Steadiness(seen["frames"], seen["blank"], len(seen["heights"]), seen["pictures"])


@dataclass(frozen=True)
class Footprint:
    """What the page and the kernel hold."""

    elements: int
    listeners: int
    page_bytes: int
    widgets: int
    kernel_blocks: int


def footprint(notebook: Notebook) -> Footprint:
    """Take stock after collecting garbage on both sides."""
    session = notebook.page.context.new_cdp_session(notebook.page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    page = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    kernel = notebook.run(
        "import gc, ipywidgets, sys\n"
        "gc.collect() and None\n"
        "print(len(ipywidgets.widgets.widget._instances), sys.getallocatedblocks())"
    ).split()
    return Footprint(int(page["Nodes"]), int(page["JSEventListeners"]), int(page["JSHeapUsedSize"]), *map(int, kernel))


_CHANGE = """async ([slider, count]) => {
  const low = Number(slider.min), size = Number(slider.step);
  const places = Math.round((Number(slider.max) - low) / size) + 1;
  for (let i = 0; i < count; i++) {
    slider.value = low + (i % places) * size;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    if (i % 10 === 9) await new Promise((done) => setTimeout(done, 0));
  }
  return slider.value;
}"""


def change(notebook: Notebook, slider: Locator, count: int) -> float:
    """Move the slider `count` times, faster than any hand; returns its last value."""
    return float(notebook.page.evaluate(_CHANGE, [slider.element_handle(), count]))


@contextmanager
def messages(notebook: Notebook) -> Iterator[Counter[str]]:
    """Counts the messages that the page and its server exchange: "sent" and "received" by the page."""
    count: Counter[str] = Counter()
    session = notebook.page.context.new_cdp_session(notebook.page)
    session.on("Network.webSocketFrameSent", lambda event: count.update(["sent"]))
    session.on("Network.webSocketFrameReceived", lambda event: count.update(["received"]))
    session.send("Network.enable")
    yield count
    session.detach()
