"""Which code forecasts: a batch that was broken off is not taken up again by another, whose numbers may differ."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("features", "training", "serving")
_ROOT: Final = Path(__file__).resolve().parents[2]


def release(root: Path = _ROOT) -> dict[str, str]:
    """The release of Tiercast with a fingerprint of its sources, which change between releases too, and that of numpy.

    Parameters
    ----------
    root : of the packages
    """
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return {"Tiercast": f"{_version('tiercast')} ({digest.hexdigest()[:8]})", "numpy": _version("numpy")}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # the packages alone, without what pip writes beside them
        return "without a number"
