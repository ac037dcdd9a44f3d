"""Showing a lesson: always its static box, and a live form in it where a learner sits at a page that can
answer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Protocol

from .boxes import Box


class Asking(Protocol):
    """What can be shown with a form: a prediction or a question."""

    key: str

    def box(self) -> Box: ...
    def form(self) -> dict[str, Any]: ...
    def submit(self, answer: str) -> str: ...


def somebody_is_there() -> bool:
    """Whether the running cell was started from a page, not by a grader, a test or a script.

    A page says with every cell where it stands; nbclient, nbval, nbgrader and nbconvert say nothing.
    """
    if sys.modules.get("IPython") is None:
        return False
    from IPython import get_ipython

    shell: Any = get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return False
    if sys.platform == "emscripten":  # the kernel itself runs in the page
        return True
    request: dict[str, Any] = kernel.get_parent() or {}
    return bool(request.get("metadata"))


def show(item: Asking) -> None:
    """Display the box, and offer the form to the page."""
    if somebody_is_there():
        from .form import offer

        offer(item)
    display(item.box())


def display(box: Box) -> Callable[[Box], None]:
    """Display a box now. Returns a function that puts another one in its place, which does nothing without
    a page.
    """
    from IPython.display import display as display_bundle

    if not somebody_is_there():
        display_bundle(box._repr_mimebundle_(), raw=True)
        return lambda box: None
    handle = display_bundle(box._repr_mimebundle_(), raw=True, display_id=True)
    return lambda box: handle.update(box._repr_mimebundle_(), raw=True)
