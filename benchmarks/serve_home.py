"""A home with a million members to serve: a small model of simulated shoppers, and their forecasts in the store.

Made once and kept in a folder of the system's temporary one, named by the files that decide what is in it.
By hand: ``python benchmarks/serve_home.py [MEMBERS]`` makes it and prints where it is.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # other processes of a benchmark share the machine

import datetime as dt
import hashlib
import shutil
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shoppers

import serving
from features.histories import Histories
from features.snapshot import to_day
from serving.batch.run import score_all
from serving.database.engine import open_engine
from serving.database.schema import ensure
from serving.privacy.keys import make
from serving.privacy.scopes import SCOPES
from serving.settings import home
from training.artifact import save
from training.fit import fit_forecaster
from training.forecaster import Forecaster
from training.learning import Learning

MEMBERS = 1_000_000
LEARNERS, CUTOFFS, ROWS = 4_000, 3, 4_096
HORIZON_DAYS, LOOKBACK_DAYS = 28, 182
AS_OF = shoppers.FIRST + dt.timedelta(days=shoppers.DAYS)
_ROOT = Path(serving.__file__).parent.parent
_DECIDE = (
    "benchmarks/serve_home.py",
    "benchmarks/shoppers.py",
    "serving/forecast/record.py",
    "serving/forecast/row.py",
    "serving/batch/run.py",
    "features/packing.py",
    "serving/database/tables.py",
    "training/artifact.py",
)


@dataclass(frozen=True)
class BenchHome:
    """A home folder, and what the peers are given of it."""

    path: Path
    members: int

    @property
    def trees(self) -> Path:
        """The churn model's trees as LightGBM's text."""
        return next(self.path.glob("models/*/churn.txt"))

    @property
    def rows(self) -> Path:
        """Feature rows of some members: x, log_none, log_some (training.churn)."""
        return self.path / "rows.npz"

    @property
    def key(self) -> str:
        """The text of an API key that may ask for everything."""
        return (self.path / "key").read_text()


def bench_home(members: int = MEMBERS) -> BenchHome:
    """The home with so many members, ids 0 to ``members`` - 1, each with a forecast; made where it is not there yet."""
    digest = hashlib.sha256()
    for name in _DECIDE:
        digest.update((_ROOT / name).read_bytes())
    path = Path(tempfile.gettempdir()) / f"tiercast-serve-{members}-{digest.hexdigest()[:8]}"
    if not path.is_dir():
        partial = Path(tempfile.mkdtemp(prefix="tiercast-serve-partial-"))
        try:
            _make(partial, members)
            partial.rename(path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return BenchHome(path, members)


def _make(path: Path, members: int) -> None:
    warnings.simplefilter("ignore")
    began = time.perf_counter()
    learners = shoppers.shoppers(LEARNERS)
    fitted = fit_forecaster(
        learners,
        AS_OF,
        horizon_days=HORIZON_DAYS,
        lookback_days=LOOKBACK_DAYS,
        policy=shoppers.POLICY,
        learning=Learning(cutoffs=CUTOFFS),
    )
    version = fitted.bundle.version
    save(fitted.bundle, path / "models" / version)
    print(f"a model of {LEARNERS:,} shoppers, trees {fitted.rounds}, in {time.perf_counter() - began:.0f} s", flush=True)
    began = time.perf_counter()
    histories = _active(members)
    _save_rows(path / "rows.npz", fitted.forecaster, histories)
    store = open_engine(home(path).store_url)
    ensure(store)
    score_all(histories, fitted.bundle, AS_OF, out=path, store=store)
    _, text = make(store, "bench", SCOPES)
    (path / "key").write_text(text)
    store.dispose()
    print(f"{members:,} members forecast in {time.perf_counter() - began:.0f} s", flush=True)


def _active(members: int) -> Histories:
    """So many shoppers who bought within the look-back, numbered from 0."""
    found = shoppers.shoppers(3 * members + 1_000)
    last = found.visits.day[found.visits.offsets[1:] - 1]
    active = np.flatnonzero(last >= to_day(AS_OF) - LOOKBACK_DAYS)[:members]
    assert len(active) == members
    return replace(found.select(active), members=np.arange(members))


def _save_rows(path: Path, forecaster: Forecaster, histories: Histories) -> None:
    """What a score needs of the first members, without their histories."""
    from training.process import Purchases

    table = forecaster.describe(histories.range(0, min(ROWS, len(histories))), AS_OF)
    log_none, log_some = forecaster.process.log_chances(Purchases.of(table), HORIZON_DAYS)
    np.savez(path, x=table.x, log_none=log_none, log_some=log_some)


if __name__ == "__main__":
    made = bench_home(int(sys.argv[1]) if len(sys.argv) > 1 else MEMBERS)
    print(f"{made.path}: {sum(f.stat().st_size for f in made.path.rglob('*') if f.is_file()) / 2**20:,.0f} MB")
