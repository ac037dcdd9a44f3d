"""Does everything that the course needs work on this machine?"""

from __future__ import annotations

import sys
from importlib import import_module

from .boxes import Box

_NEEDED = {"numpy": (2, 0), "matplotlib": (3, 8), "ipywidgets": (8, 0), "anywidget": (0, 9)}


def check_setup() -> Box:
    """A box that says that all is well, or for each thing that is not, what to do about it."""
    problems = [*_versions(), *_engine()]
    if problems:
        return Box("wrong", "Something is missing", tuple(problems))
    return Box("right", "Everything is ready", ("Numbers, pictures and controls all answered. You can begin.",))


def _versions() -> list[str]:
    problems = []
    if sys.version_info < (3, 11):  # noqa: UP036  (somebody may run it from an unpacked folder)
        problems.append(f"The course needs Python 3.11 or newer; this is {sys.version.split()[0]}. Use a newer kernel.")
    for name, least in _NEEDED.items():
        wanted = ".".join(map(str, least))
        try:
            version = import_module(name).__version__
        except ImportError:
            problems.append(f"{name} is not installed. Run in a terminal: pip install -r requirements.txt")
            continue
        if tuple(int(part) for part in version.split(".")[:2]) < least:
            problems.append(f"{name} is {version}; the course needs {wanted} or newer: pip install -r requirements.txt")
    return problems


def _engine() -> list[str]:
    from ..tensor import Tensor

    w = Tensor(3.0)
    (w * w).backward()
    if w.grad != 6:
        return [f"The slope of w² at 3 came out as {w.grad:g}, it is 6. The package is damaged: install it again."]
    return []
