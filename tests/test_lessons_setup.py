"""The set-up test says that all is well where it is, and what to do where it is not."""

import sys

import matplotlib
import numpy as np
import pytest

from backprop_lib import Tensor
from backprop_lib.lessons import check_setup


def test_here_everything_is_ready():
    assert check_setup().text.startswith("✓ Everything is ready")


@pytest.mark.parametrize(
    ("module", "version", "says"),
    [(np, "1.26.4", "numpy is 1.26.4; the course needs 2.0"), (matplotlib, "3.7.9", "matplotlib is 3.7.9")],
)
def test_an_old_version_is_named_with_what_to_do(monkeypatch, module, version, says):
    monkeypatch.setattr(module, "__version__", version)
    assert says in check_setup().text and "pip install -r requirements.txt" in check_setup().text


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    assert "anywidget is not installed" in check_setup().text


def test_an_old_python_is_named(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    assert "Python 3.11 or newer" in check_setup().text


def test_a_damaged_engine_is_noticed(monkeypatch):
    monkeypatch.setattr(Tensor, "backward", lambda self: setattr(next(iter(self.inputs)), "grad", 5.0))
    assert "came out as 5" in check_setup().text
