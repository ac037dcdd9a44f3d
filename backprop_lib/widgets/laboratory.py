"""Laboratory: an Explorer whose picture takes more work than a moment allows: it is done in slices.

    class Counting(Laboratory):
        goal = Slider(10, low=1, high=100, step=1, label="goal")

        def job(self, goal):            # the same object for the same values: it remembers how far it is
            ...                         # .share between 0 and 1, .advance() does one slice, .restart()

        def draw(self, goal):           # the picture of what is done so far
            ...

Set from Python, everything is done at once, and the picture is the final one. Moved in the page, the job starts anew;
the kernel does one slice, sends a picture, and waits until the page asks for the next. So it needs no thread and no
event loop, every other message gets its turn in between, and nothing goes on once the page is closed.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Protocol

import traitlets

from .explorer import Explorer, button


class Job(Protocol):
    """Work that can be done in slices."""

    @property
    def share(self) -> float:
        """How much of it is done; 1 is all."""

    def advance(self) -> None:
        """Do one slice."""

    def restart(self) -> None:
        """Forget what is done."""


class Laboratory(Explorer):
    """Base of the widgets that work in slices: `job` and `draw`, both of the controls' values."""

    share = traitlets.Float(1.0, read_only=True, help="of the job, done").tag(sync=True)
    working = traitlets.Bool(False, read_only=True, help="whether the page shall ask for more").tag(sync=True)
    turn = traitlets.Int(0, read_only=True, help="numbers the slices").tag(sync=True)

    _page_asks = False  # whether a message from the page is being answered

    @abstractmethod
    def job(self, *_: Any, **values: Any) -> Job:
        """The job for these values; the same object as long as they are the same."""

    @button("Train")
    def train(self) -> None:
        """Go on where it was stopped; once all is done, begin again."""
        if self.problem:
            return
        job = self.job(**self.values)
        if job.share >= 1:
            job.restart()
        self._show(job, working=True)

    @button("Stop")
    def stop(self) -> None:
        """Leave it as it is now."""
        self.set_trait("working", False)

    def _show(self, job: Job, working: bool) -> None:
        """Send the picture of what is done, and whether there is more to come."""
        if working and not self._page_asks:
            while job.share < 1:
                job.advance()
        values = self.values
        with self.hold_sync():
            self.set_trait("frames", super()._draw(values))
            self.set_trait("drawn", values)
            self.set_trait("share", min(job.share, 1.0))
            self.set_trait("working", working and job.share < 1)
            self.set_trait("turn", self.turn + 1)

    def _draw(self, values: dict[str, Any]) -> list[dict[str, str]]:
        job = self.job(**values)
        if not self._page_asks:
            while job.share < 1:
                job.advance()
        return super()._draw(values)

    def _redraw(self, change: Any = None) -> None:
        before = None if self.problem else self.job(**self.drawn)
        with self.hold_sync():
            try:
                super()._redraw(change)
            finally:
                if self.problem:
                    self.set_trait("working", False)
            if self.problem:
                return
            job = self.job(**self.drawn)
            self.set_trait("share", min(job.share, 1.0))
            self.set_trait("working", job.share < 1 and (self.working or job is not before))
            self.set_trait("turn", self.turn + 1)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """What the page has moved."""
        self._page_asks = True
        try:
            super().set_state(sync_data)
        finally:
            self._page_asks = False

    def _press(self, widget: Any, message: dict[str, Any], buffers: Any) -> None:
        self._page_asks = True
        try:
            # Two windows ask for the same turn; the second is late, and so is a question from before the last change.
            if isinstance(message, dict) and message.get("turn") == self.turn and self.working:
                job = self.job(**self.drawn)
                job.advance()
                self._show(job, working=True)
            else:
                super()._press(widget, message, buffers)
        finally:
            self._page_asks = False
