"""What a training run is remembered by, as plain records. Nothing here knows MLflow, and no record holds a member's id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from features.histories import Histories
from training import plots
from training.backtest import OURS
from training.train import Trained

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Parameter:
    """A setting or fact of the run."""

    name: str
    value: str | int | float


@dataclass(frozen=True)
class Metric:
    """A figure of the run."""

    name: str
    value: float


@dataclass(frozen=True)
class Picture:
    """A plot of the run."""

    name: str
    figure: Figure


Record: TypeAlias = Parameter | Metric | Picture


def fingerprint(histories: Histories) -> str:
    """Sixteen hex digits of the folded log: equal rows, equal fingerprint, whatever their order or file.

    Ids enter only through the digest.
    """
    digest = hashlib.sha256()
    tables = {"": histories.visits, "-": histories.returns, **histories.labels, **histories.events}
    digest.update("\x1f".join([str(histories.has_amounts), *map(str, histories.members.tolist())]).encode())
    for kind in sorted(tables):
        rows = tables[kind]
        digest.update("\x1f".join([kind, *sorted(rows.values)]).encode())
        digest.update(rows.offsets.tobytes())
        digest.update(rows.day.tobytes())
        for name in sorted(rows.values):
            digest.update(rows.values[name].tobytes())
    return digest.hexdigest()[:16]


def records(trained: Trained, histories: Histories) -> Iterator[Record]:
    """Parameters, metrics beside the baselines', and plots."""
    settings = trained.fitted.forecaster.settings
    data = trained.fitted.data
    yield Parameter("as_of", trained.as_of.isoformat())
    yield Parameter("horizon_days", settings.horizon_days)
    yield Parameter("lookback_days", settings.lookback_days)
    yield Parameter("policy", settings.policy.programme if settings.policy else "none")
    yield Parameter("policy_version", settings.policy.version if settings.policy else "none")
    yield Parameter("data_fingerprint", fingerprint(histories))
    yield Parameter("data_first_day", trained.span[0].isoformat())
    yield Parameter("data_end_day", trained.span[1].isoformat())
    yield Parameter("members", len(histories))
    yield Parameter("has_amounts", str(histories.has_amounts))
    yield Parameter("training_rows", len(data.table))
    yield Parameter("training_member_share", round(data.share, 6))
    yield Parameter("training_cutoffs", ", ".join(map(str, data.cutoffs)))
    yield Parameter("features", ", ".join(data.table.names))
    yield Parameter("held_out_cutoff", str(trained.origin.cutoff) if trained.origin else "none: the log is too short")
    for name, rounds in trained.fitted.rounds.items():
        yield Parameter(f"rounds_{name}", rounds)
    yield Metric("training_churn_rate", float(data.labels.churned.mean()))
    for score in trained.scores:
        prefix = f"{score.target}/{score.metric}/{score.model}".replace(" ", "_")
        yield Metric(prefix, score.estimate.value)
        if not np.isnan(score.estimate.low):
            yield Metric(f"{prefix}/low", score.estimate.low)
            yield Metric(f"{prefix}/high", score.estimate.high)
    yield from _pictures(trained)


def _pictures(trained: Trained) -> Iterator[Record]:
    origin = trained.origin
    if origin is not None and origin.labels is not None and len(origin.forecasts.table):
        y = origin.labels.churned.astype(float)
        yield Picture("reliability", plots.reliability(y, origin.churn[OURS]))
        yield Picture("lift", plots.lift(y, origin.churn))
        policy = origin.forecasts.table.policy
        if origin.tiers and policy is not None and origin.labels.next_tier is not None:
            yield Picture("tiers", plots.tier_confusion(origin.labels.next_tier, origin.tiers[OURS], policy.tier_names))
    if len(trained.forecasts.table):
        yield Picture("contributions", plots.beeswarm(trained.forecasts))
