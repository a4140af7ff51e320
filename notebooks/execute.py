"""Execute the notebooks in place, as they are committed: python notebooks/execute.py [NAME ...]."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

HERE = Path(__file__).resolve().parent


def execute(path: Path) -> nbformat.NotebookNode:
    """A notebook with fresh outputs, without the times of the run; what the run writes beside them is gone after it."""
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as scratch:
        # Named here, as sockets would lie beside the notebooks otherwise.
        kernel = Config(KernelManager={"transport": "ipc", "connection_file": f"{scratch}/kernel.json"})
        environment = {**os.environ, "TMPDIR": scratch, "IPYTHONDIR": f"{scratch}/ipython"}
        folder = {"metadata": {"path": str(path.parent)}}
        client = NotebookClient(
            notebook, config=kernel, kernel_name="python3", timeout=300, coalesce_streams=True, resources=folder
        )
        client.execute(env=environment)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    # Which Python ran it changes from machine to machine.
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


if __name__ == "__main__":
    for found in sorted(HERE.glob("*.ipynb")):
        if not sys.argv[1:] or found.stem in sys.argv[1:]:
            print(found.name)
            nbformat.write(execute(found), found)
