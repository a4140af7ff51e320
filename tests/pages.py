"""Pages of the documentation that are written from declarations."""

from __future__ import annotations

import importlib.util
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def generated(name: str) -> str:
    """The page as docs/write_NAME.py would write it now."""
    spec = importlib.util.spec_from_file_location(f"write_{name}", DOCS / f"write_{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: str = module.page()
    return made


def committed(name: str) -> str:
    """The page as it is in the repository."""
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")
