"""Showing a lesson: always its static box, and a live form in it where a learner sits at a page that can
answer.
"""

from __future__ import annotations

import hashlib
import os
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from .boxes import Box

# A kernel that itself runs in the page (JupyterLite) has no name for its session, and two of them may share the page.
_SESSION_IN_PAGE = uuid.uuid4().hex if sys.platform == "emscripten" else ""


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
    box = item.box()
    if somebody_is_there():
        from .form import offer

        box = replace(box, place=_place_in_page(item.key))
        offer(item, box.place)
    display(box)


def _place_in_page(key: str) -> str:
    """Where a live form of this kernel may stand. The key alone would do for one notebook; Jupyter's name for
    the session keeps two copies of it in one page apart. explorer.py does the same.
    """
    session = os.environ.get("JPY_SESSION_NAME", _SESSION_IN_PAGE)
    return f"{key}-{hashlib.sha256(session.encode()).hexdigest()[:10]}" if session else key


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
