"""Run notebooks from top to bottom and save them in the one form that this project commits.

    python tests/execute.py notebooks/08_training_xor.ipynb [more notebooks]

A warning is an error here. What is saved holds source, outputs and execution counts, and nothing that a
second run, another machine or another editor would write differently.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
CELL_METADATA = {"tags", "nbgrader"}
VARYING = re.compile(r'(data-pixels="vary" src="data:image/png;base64,)[^"]*')  # see figures/show.py and nbval.cfg
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


# The last line: ipykernel itself warns when it shuts down.
WARNINGS_ARE_ERRORS = """
import warnings
warnings.simplefilter("error")
warnings.filterwarnings("ignore", module="ipykernel")
"""


class StrictClient(NotebookClient):
    """An nbclient whose kernel turns every warning of a cell into an error."""

    async def async_start_new_kernel_client(self, **kwargs):
        client = await super().async_start_new_kernel_client(**kwargs)
        # After the kernel has started, since its own imports may warn; silent, so that it counts as no cell.
        await client.execute_interactive(WARNINGS_ARE_ERRORS, silent=True)
        return client


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def cells(path: Path) -> dict[str, NotebookNode]:
    """The cells of a notebook by their ids."""
    return {cell.id: cell for cell in read(path).cells}


def printed(cell: NotebookNode) -> str:
    """What a cell prints and shows, as text."""
    return "\n".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def strip(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what differs from run to run.

    That is the live view of a widget that has a static form beside it, and all metadata but tags and a
    grader's marks.
    """
    notebook = nbformat.from_dict(notebook)
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in CELL_METADATA})
        for output in cell.get("outputs", []):
            if output.get("data", {}).keys() - {WIDGET_VIEW, "text/plain"}:
                output.data.pop(WIDGET_VIEW, None)
    return notebook


def text(notebook: NotebookNode) -> str:
    """The file's content: what `strip` leaves, as JSON."""
    return nbformat.writes(strip(notebook)) + "\n"


def without_rounding(outputs: list[NotebookNode]) -> list[dict]:
    """Outputs as they are compared: the pixels of a picture whose finest detail is the machine's rounding are left out,
    and which execution it was.
    """
    compared = []
    for output in outputs:
        output = {key: value for key, value in output.items() if key != "execution_count"}
        html = "".join(output.get("data", {}).get("text/html", ""))
        if VARYING.search(html):
            output["data"] = {**output["data"], "text/html": VARYING.sub(r"\1", html), "image/png": ""}
        compared.append(output)
    return compared


def execute(notebook: NotebookNode, folder: Path = NOTEBOOKS) -> NotebookNode:
    """A copy with every code cell run in order in a fresh kernel; the first error ends the run."""
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    StrictClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
    ).execute()
    return notebook


def main(paths: list[str]) -> int:
    if not paths:
        print(__doc__)
        return 2
    for path in map(Path, paths):
        path.write_text(text(execute(read(path), path.resolve().parent)), encoding="utf-8")
        print(f"executed {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
