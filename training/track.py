"""What a training run is remembered by, as plain records. Nothing here knows MLflow, and no record holds a member's id."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from features.histories import Histories
from training import plots
from training.backtest import OURS, Origin
from training.model_card import ModelFacts, card_text, finding_rows, findings_text
from training.scoreboard import Score, scores
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


@dataclass(frozen=True)
class Text:
    """A file of the run, by its name with the ending."""

    name: str
    content: str


@dataclass(frozen=True)
class Tag:
    """What is said of the run and of the model that it registers."""

    name: str
    value: str


@dataclass(frozen=True)
class Child:
    """A run within the run: one origin of the backtest, say. Its records may be made as they are read."""

    name: str
    records: Iterable[Record]


Record: TypeAlias = Parameter | Metric | Picture | Text | Tag | Child
CHECKS_TAG: Final = "tiercast.checks"
FINGERPRINT_TAG: Final = "tiercast.data_fingerprint"


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


def metric_name(*parts: str) -> str:
    """A name that MLflow takes: parts parted by slashes, of letters, digits, ``_``, ``-`` and ``.``.

    >>> metric_name("next tier", "log loss", "carry + MBG/NBD + gamma-gamma")
    'next_tier/log_loss/carry_MBG-NBD_gamma-gamma'
    """
    return "/".join(re.sub(r"[^\w.-]+", "_", part.replace("/", "-")).strip("_.") or "_" for part in parts)


def metrics(found: Sequence[Score]) -> Iterator[Metric]:
    """``target/metric/model`` with its interval's ends as ``/low`` and ``/high``; what is not a number is left out."""
    for score in found:
        prefix = metric_name(score.target, score.metric, score.model)
        ends = {"": score.estimate.value, "/low": score.estimate.low, "/high": score.estimate.high}
        for end, value in ends.items():
            if np.isfinite(value):
                yield Metric(prefix + end, float(value))


def records(
    trained: Trained,
    histories: Histories,
    *,
    findings: Sequence[Any] = (),
    slices: Sequence[Mapping[str, Any]] = (),
) -> Iterator[Record]:
    """Everything a run holds: parameters, metrics beside the baselines', plots, files, and a child an origin.

    Parameters
    ----------
    findings : what the checks said, each with ``code``, ``status``, ``found`` and ``fix``, in a mapping or as attributes
        beside a ``to_dict``
    slices : figures of parts of the members, a row each (see training.model_card)
    """
    print_ = fingerprint(histories)
    yield from _parameters(trained, histories, print_)
    yield Metric("training_churn_rate", float(trained.fitted.data.labels.churned.mean()))
    together = [score for score in trained.scores if score.cutoff == "all"] or trained.scores
    yield from metrics(together)
    yield from _files(trained, histories, print_, findings, slices)
    for origin in trained.origins:
        yield Child(f"origin {origin.cutoff}", _origin(origin))
    yield from _pictures(trained.origins)
    if len(trained.forecasts.table):
        yield Picture("contributions", plots.beeswarm(trained.forecasts))


def _parameters(trained: Trained, histories: Histories, print_: str) -> Iterator[Record]:
    settings = trained.fitted.forecaster.settings
    data = trained.fitted.data
    yield Parameter("as_of", trained.as_of.isoformat())
    yield Parameter("horizon_days", settings.horizon_days)
    yield Parameter("lookback_days", settings.lookback_days)
    yield Parameter("policy", settings.policy.programme if settings.policy else "none")
    yield Parameter("policy_version", settings.policy.version if settings.policy else "none")
    yield Parameter("data_fingerprint", print_)
    yield Parameter("data_first_day", trained.span[0].isoformat())
    yield Parameter("data_end_day", trained.span[1].isoformat())
    yield Parameter("members", len(histories))
    yield Parameter("has_amounts", str(histories.has_amounts))
    yield Parameter("training_rows", len(data.table))
    yield Parameter("training_member_share", round(data.share, 6))
    yield Parameter("training_cutoffs", ", ".join(map(str, data.cutoffs)))
    yield Parameter("feature_count", len(data.table.names))
    dates = ", ".join(str(origin.cutoff) for origin in trained.origins)
    yield Parameter("held_out_cutoffs", dates or "none: the log is too short")
    for name, rounds in trained.fitted.rounds.items():
        yield Parameter(f"rounds_{name}", rounds)


def _files(
    trained: Trained, histories: Histories, print_: str, findings: Sequence[Any], slices: Sequence[Mapping[str, Any]]
) -> Iterator[Record]:
    import yaml

    settings = trained.fitted.forecaster.settings
    if settings.policy is not None:
        plain = settings.policy.model_dump(mode="json")
        yield Text("policy.yaml", yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))
    described = [feature.to_dict() for feature in trained.fitted.data.table.features]
    yield Text("features.json", json.dumps(described, indent=1, ensure_ascii=False))
    rows = finding_rows(findings)
    failed = [row["code"] for row in rows if row["status"] == "failed"]
    yield Tag(CHECKS_TAG, json.dumps({"ran": len(rows), "failed": failed}))
    yield Tag(FINGERPRINT_TAG, print_)
    if rows:
        whole = [finding.to_dict() if hasattr(finding, "to_dict") else dict(finding) for finding in findings]
        yield Text("checks.json", json.dumps(whole, indent=1, ensure_ascii=False))
        yield Text("checks.txt", findings_text(rows))
    facts = ModelFacts.of(trained, histories, print_)
    yield Text("model-card.md", card_text(facts, trained.scores, findings=rows, slices=slices))


def _origin(origin: Origin) -> Iterator[Record]:
    yield Parameter("cutoff", origin.cutoff.isoformat())
    yield Parameter("members", len(origin.forecasts.table))
    yield from metrics(scores([origin]))
    yield from _pictures([origin])


def _pictures(origins: Sequence[Origin]) -> Iterator[Record]:
    scored = [origin for origin in origins if origin.labels is not None and len(origin.forecasts.table)]
    if not scored:
        return
    y = np.concatenate([origin.labels.churned for origin in scored if origin.labels]).astype(float)
    churn = {name: np.concatenate([origin.churn[name] for origin in scored]) for name in scored[0].churn}
    yield Picture("reliability", plots.reliability(y, churn[OURS]))
    yield Picture("lift", plots.lift(y, churn))
    policy = scored[0].forecasts.table.policy
    then = [origin.labels.next_tier for origin in scored if origin.labels and origin.labels.next_tier is not None]
    if policy is not None and len(then) == len(scored) and all(origin.tiers for origin in scored):
        p = np.concatenate([origin.tiers[OURS] for origin in scored])
        yield Picture("tiers", plots.tier_confusion(np.concatenate(then), p, policy.tier_names))
