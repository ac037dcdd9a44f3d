"""Every network address that any door of the course contacts stands in this list, and the package contacts none.

What a page asks for while it is open is watched by the browser tests: `Notebook.outside` in tests/browser/driver.py,
and the same for the static site.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from test_packaging import committed_texts

# file → the addresses in it that something opens by itself, or offers as a link, and when
CONTACTED = {
    "README.md": {
        "https://mybinder.org": "the badge, and Binder itself when it is clicked",
        "https://doi.org": "a link: where the digits come from",
    },
    "LICENSE": {"https://doi.org": "a link"},
    "backprop_lib/data/digits_licence.txt": {"https://doi.org": "a link", "https://creativecommons.org": "a link"},
    "notebooks/08_training_xor.ipynb": {"https://doi.org": "a link: where the digits come from"},
    "classroom/README.md": {
        "https://HOST": "to be replaced: where a hub gets the course from",
        "https://tljh.jupyter.org": "where a hub's own installer comes from, in the command for it, and a link",
        "https://nbgitpuller.readthedocs.io": "a link",
        "https://z2jh.jupyter.org": "a link",
    },
    "classroom/hub/values.yaml": {"https://HOST": "to be replaced: where a hub pulls the course from"},
    "classroom/site/build.py": {"https://cdn.jsdelivr.net": "a site built without --pyodide gets Python from there"},
}
# Names of formats, this machine, and addresses in tests that lead nowhere.
NO_CONTACT = {"http://www.w3.org", "http://127.0.0.1", "http://localhost"}
ADDRESS = re.compile(r"(?:https?|wss?|ftp)://[\w.-]+")


def addresses(texts: dict[str, str]) -> dict[str, set[str]]:
    found = {}
    for name, content in texts.items():
        if not name.startswith("tests/") and (hosts := set(ADDRESS.findall(content)) - NO_CONTACT):
            found[name] = hosts
    return found


def test_every_address_is_listed():
    assert addresses(committed_texts()) == {name: set(listed) for name, listed in CONTACTED.items()}


def test_a_planted_address_is_found():
    planted = {"backprop_lib/datasets.py": 'urlopen("https://data.example/x")', "a.md": "http://www.w3.org/2000/svg"}
    assert addresses(planted) == {"backprop_lib/datasets.py": {"https://data.example"}}


WATCHED = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
        raise AssertionError(f"{event} {arguments}")
sys.addaudithook(watch)
"""

EVERYTHING = """
from backprop_lib import Tensor, Graph, datasets, diagnosis, gradcheck, landscape, nn, optim, training
from backprop_lib import figures, lessons, widgets
datasets.xor(), datasets.two_moons(10), datasets.spirals(10), datasets.digits()
w = Tensor(2.0, name="w")
figures.graph_svg(w * w)
widgets.GraphStepper("x * y", "x = 2, y = 3").saved
widgets.SaturationExplorer().saved
lessons.check_setup()
for notebook in lessons.course.notebooks():
    lessons.course.exercises(notebook), lessons.course.quizzes(notebook)
print("done")
"""


def test_the_package_opens_no_connection():
    done = subprocess.run([sys.executable, "-c", WATCHED + EVERYTHING], capture_output=True, text=True)
    assert done.stdout == "done\n", done.stderr


@pytest.mark.parametrize("attempt", ["import socket; socket.create_connection(('127.0.0.1', 9))",
                                     "from urllib.request import urlopen; urlopen('http://127.0.0.1:9')"])  # fmt: skip
def test_a_planted_connection_is_seen(attempt):
    done = subprocess.run([sys.executable, "-c", WATCHED + attempt], capture_output=True, text=True)
    assert "AssertionError" in done.stderr
