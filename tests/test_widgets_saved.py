"""A notebook of widgets, saved: strict nbval finds it equal to its re-execution, and sees a changed finding."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
from execute import execute, text

CELLS = [
    "from backprop_lib.widgets import GraphStepper, NeuronNudge, SaturationExplorer",
    "SaturationExplorer()",
    'GraphStepper("(x + y) * z", "x = -2, y = 5, z = -4")',
    "neuron = NeuronNudge()\nneuron",
    "neuron.take_step()\nneuron",
    "neuron.sentence",
]


def saved(path: Path) -> str:
    """The notebook, executed and written as every notebook of the course is."""
    cells = [nbformat.v4.new_code_cell(source, id=f"c{k}") for k, source in enumerate(CELLS)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    path.write_text(text(execute(notebook, path.parent)), encoding="utf-8")
    return path.read_text(encoding="utf-8")


def nbval(path: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
    return subprocess.run(
        [*command, "-c", "/dev/null", "--rootdir", path.parent, path], capture_output=True, text=True, check=False
    )


def test_strict_nbval_passes_and_a_changed_finding_fails(tmp_path):
    path = tmp_path / "widgets.ipynb"
    content = saved(path)
    assert saved(path) == content
    notebook = json.loads(content)
    assert "widgets" not in notebook["metadata"]
    assert "widget-view" not in content
    result = nbval(path)
    assert result.returncode == 0, result.stdout[-2000:]
    path.write_text(content.replace("slope 0.25 (its largest)", "slope 0.26 (its largest)"), encoding="utf-8")
    assert nbval(path).returncode == 1
