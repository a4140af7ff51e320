"""The release as an archive that goes with a job: executors run the very code that the driver runs."""

from __future__ import annotations

import hashlib
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark import SparkContext

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("features", "training", "retention", "serving")
_NEW_YEAR: Final = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path) -> Path:
    """A zip of the packages' sources, which Python imports from; its name tells its content.

    >>> path = pack(Path(tempfile.mkdtemp()))
    >>> path.name.startswith("tiercast-"), "features/errors.py" in zipfile.ZipFile(path).namelist()
    (True, True)
    """
    partial = folder / "tiercast.zip"
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as packed:
        for package in PACKAGES:
            for source in sorted((ROOT / package).rglob("*.py")):
                named = zipfile.ZipInfo(source.relative_to(ROOT).as_posix(), _NEW_YEAR)
                packed.writestr(named, source.read_bytes(), zipfile.ZIP_DEFLATED)
    digest = hashlib.sha256(partial.read_bytes()).hexdigest()[:12]
    return partial.rename(folder / f"tiercast-{digest}.zip")


def ship(context: SparkContext) -> None:
    """Send the archive to all executors of a context, once; Spark removes it with its other files when the context ends."""
    folder = Path(tempfile.mkdtemp(dir=context._temp_dir))  # an executor that starts late asks for it, too
    path, before = pack(folder), list(sys.path)
    if not any(place.endswith(path.name) for place in context.listFiles):
        context.addPyFile(str(path))
        sys.path[:] = before  # the driver goes on with the code that it has
