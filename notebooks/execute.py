"""Execute the notebooks in place, as they are committed: python notebooks/execute.py."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent


def execute(path: Path) -> nbformat.NotebookNode:
    """A notebook with fresh outputs, without the times of the run."""
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=folder).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    # Which Python ran it changes from machine to machine.
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


if __name__ == "__main__":
    for found in sorted(HERE.glob("*.ipynb")):
        print(found.name)
        nbformat.write(execute(found), found)
