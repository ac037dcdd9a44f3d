"""Spoilt copies of the engine: the same source with one mistake in it, imported under another name."""

import ast
import importlib
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import backprop_lib

from .cases import all_cases

SOURCE = Path(backprop_lib.__file__).parent


class Mistake(NamedTuple):
    """In `file`, `right` is replaced by `wrong`. Both as `ast.unparse` writes them."""

    what: str
    file: str
    right: str
    wrong: str

    def __str__(self):
        return self.what


@cache
def canonical(module: str) -> str:
    """The module's source without comments and layout."""
    return ast.unparse(ast.parse((SOURCE / f"{module}.py").read_text(encoding="utf-8")))


def spoilt(mistake: Mistake | None, folder: Path):
    """The package with that mistake, imported from `folder`."""
    name = f"spoilt_{len(list(folder.iterdir()))}"
    target = folder / name
    target.mkdir()
    for path in SOURCE.glob("*.py"):
        text = canonical(path.stem)
        if mistake is not None and path.stem == mistake.file:
            found = text.count(mistake.right)
            assert found == 1, f"{mistake.file}.py has {found} places that read: {mistake.right}"
            text = text.replace(mistake.right, mistake.wrong)
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
