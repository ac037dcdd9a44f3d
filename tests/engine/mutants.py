"""Spoilt copies of the engine: the same source with one mistake in it, imported under another name."""

import importlib
import re
import sys
from pathlib import Path
from typing import NamedTuple

import backprop_lib

from .cases import all_cases

SOURCE = Path(backprop_lib.__file__).parent


class Mistake(NamedTuple):
    """In `file`, `right` is replaced by `wrong`. Where lines break in `right` does not matter."""

    what: str
    file: str
    right: str
    wrong: str

    def __str__(self):
        return self.what

    def planted(self, source: str) -> str:
        """The source with the mistake in it."""
        words = re.findall(r"\w+|[^\w\s]", self.right)
        found = re.findall(pattern := r"\s*".join(map(re.escape, words)), source)
        assert len(found) == 1, f"{self.file}.py has {len(found)} places that read: {self.right}"
        return re.sub(pattern, lambda _: self.wrong, source)


def spoilt(mistake: Mistake | None, folder: Path):
    """The package with that mistake, imported from `folder`."""
    name = f"spoilt_{len(list(folder.iterdir()))}"
    target = folder / name
    target.mkdir()
    for path in SOURCE.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if mistake is not None and path.stem == mistake.file:
            text = mistake.planted(text)
        (target / path.name).write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        lib = importlib.import_module(name)
        for module in ("operations", "tensor", "gradcheck", "counting"):
            importlib.import_module(f"{name}.{module}")
        return lib
    finally:
        sys.path.remove(str(folder))


def forget(lib):
    """Let the copy go."""
    all_cases.cache_clear()
    for name in [name for name in sys.modules if name == lib.__name__ or name.startswith(lib.__name__ + ".")]:
        del sys.modules[name]
