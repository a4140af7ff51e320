"""The model card: what a model forecasts, for whom, from what, how well, and what it must not be used for; as Markdown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training.scoreboard import Score

if TYPE_CHECKING:
    from features.histories import Histories
    from training.train import Trained

_FINDING: Final = ("code", "status", "found", "fix")


@dataclass(frozen=True)
class ModelFacts:
    """What a card says of a model beside its figures: counts and dates, never a member."""

    version: str
    as_of: dt.date
    horizon_days: int
    lookback_days: int
    first_day: dt.date
    end_day: dt.date
    time_zone: str
    members: int
    fingerprint: str
    has_amounts: bool
    training_rows: int
    training_cutoffs: tuple[dt.date, ...]
    training_churn_rate: float
    forecast_members: int
    features: tuple[str, ...]
    policy: str | None
    policy_version: str | None
    tiers: tuple[str, ...]
    forecasts_tiers: bool

    @classmethod
    def of(cls, trained: Trained, histories: Histories, fingerprint: str) -> ModelFacts:
        """The facts of a training."""
        settings, data = trained.fitted.forecaster.settings, trained.fitted.data
        policy = settings.policy
        return cls(
            version=trained.fitted.bundle.version,
            as_of=trained.as_of,
            horizon_days=settings.horizon_days,
            lookback_days=settings.lookback_days,
            first_day=trained.span[0],
            end_day=trained.span[1],
            time_zone=settings.time_zone,
            members=len(histories),
            fingerprint=fingerprint,
            has_amounts=settings.has_amounts,
            training_rows=len(data.table),
            training_cutoffs=tuple(data.cutoffs),
            training_churn_rate=float(data.labels.churned.mean()),
            forecast_members=len(trained.forecasts.members),
            features=tuple(data.table.names),
            policy=policy.programme if policy else None,
            policy_version=policy.version if policy else None,
            tiers=tuple(policy.tier_names) if policy else (),
            forecasts_tiers=trained.forecasts.p_tier is not None,
        )


def finding_rows(findings: Sequence[Any]) -> list[dict[str, str]]:
    """``code``, ``status``, ``found`` and ``fix`` of each finding, from a mapping or from attributes.

    >>> finding_rows([{"code": "few_churners", "status": "ok", "found": "812 of 2,326", "fix": ""}])[0]["status"]
    'ok'
    """
    return [
        {
            name: str((finding.get(name) if isinstance(finding, Mapping) else getattr(finding, name, "")) or "")
            for name in _FINDING
        }
        for finding in findings
    ]


def findings_text(rows: Sequence[Mapping[str, str]]) -> str:
    """A finding a line, what to do below it."""
    lines = []
    for row in rows:
        lines.append(f"{row['status']:<15}{row['code']}: {row['found']}")
        lines += [f"{'':<15}to mend it: {row['fix']}"] if row["fix"] else []
    return "\n".join(lines) + "\n"


def card_text(
    facts: ModelFacts,
    scores: Sequence[Score],
    *,
    findings: Sequence[Mapping[str, str]] = (),
    slices: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The card.

    Parameters
    ----------
    scores : of the held-out horizons, beside the baselines'
    findings : see ``finding_rows``
    slices : a row a part of the members, in the columns of the first row; counts and figures, no ids
    """
    sections = {
        "What it forecasts": _forecasts(facts),
        "Data": _data(facts),
        "For whom": _population(facts),
        "Meant for": _meant(),
        "Not to be used for": _not_meant(facts),
        "How it was measured": _figures(scores),
        "By parts of the members": _slices(slices),
        "Checks": _checks(findings),
        "Known limits": _limits(facts),
    }
    parts = [f"# Model {facts.version}", *("\n".join([f"## {title}\n", *lines]) for title, lines in sections.items())]
    return "\n\n".join(parts) + "\n"


def _forecasts(facts: ModelFacts) -> Iterator[str]:
    days = facts.horizon_days
    yield f"- the probability that a member buys nothing in the {days} days after a cutoff (churn)"
    if facts.has_amounts:
        yield f"- the spend to be expected in those {days} days, leaving counted as nothing"
    if facts.forecasts_tiers:
        tiers = ", ".join(facts.tiers)
        yield f"- the probability of each tier ({tiers}) that the policy will grant {days} days after the cutoff"
    elif facts.policy is not None:
        yield "- no next tier: the policy counts something that is not forecast; tiers held and needs are known"
    yield "- for each member, what moved the probability of leaving, exactly, in log-odds"


def _data(facts: ModelFacts) -> Iterator[str]:
    yield f"- transactions of {facts.members:,} members, {facts.first_day} to {facts.end_day} (end not included)"
    yield f"- days of the time zone {facts.time_zone}; amounts: {'yes' if facts.has_amounts else 'none in the log'}"
    cutoffs = f"{facts.training_cutoffs[0]} to {facts.training_cutoffs[-1]}"
    count = len(facts.training_cutoffs)
    yield f"- learned from {facts.training_rows:,} rows, a member at a past cutoff each: {count} cutoffs, {cutoffs}"
    yield f"- of these rows {facts.training_churn_rate:.1%} bought nothing in the horizon"
    yield f"- nothing from {facts.as_of} on was looked at; fingerprint of the log: `{facts.fingerprint}`"
    yield f"- {len(facts.features)} features: {', '.join(facts.features)}"
    yield f"- policy: {facts.policy}, version `{facts.policy_version}`" if facts.policy else "- policy: none"


def _population(facts: ModelFacts) -> Iterator[str]:
    count = f"{facts.forecast_members:,} on {facts.as_of}"
    yield f"- members with a purchase in the {facts.lookback_days} days before the cutoff: {count}"
    yield "- not: members silent for longer, members who have yet to buy, guests and rows without a member"


def _meant() -> Iterator[str]:
    yield "- choosing whom to care for, and which care is worth its cost, among members of this programme"
    yield "- telling a member which tier is near, and planning how many members each tier will hold"


def _not_meant(facts: ModelFacts) -> Iterator[str]:
    yield "- prices, refusing or worsening service for a person, or deciding who may be a member"
    yield "- credit, insurance, work, or anything else about a person beyond care to keep them as a customer"
    yield "- guessing at health, origin, belief or family: no such fact was given, and none may be read out of it"
    yield f"- members without a purchase in the {facts.lookback_days} days before the cutoff"
    yield f"- other horizons than {facts.horizon_days} days, another shop, or a log that is read in another way"
    yield "- a claim of what an action changes: it says who may leave, not who can be kept; that takes a hold-out"


def _figures(scores: Sequence[Score]) -> Iterator[str]:
    if not scores:
        yield "Not measured: the log is too short to hold a horizon back."
        return
    cutoffs = [cutoff for cutoff in dict.fromkeys(score.cutoff for score in scores) if cutoff != "all"]
    yield f"Held-out cutoffs: {', '.join(cutoffs)}. At each, a model fitted on what was known then said what would come."
    yield "95 % bootstrap intervals over members in brackets; _better by_ is log loss, the baseline's less the model's."
    for cutoff, target in dict.fromkeys((score.cutoff, score.target) for score in scores):
        part = [score for score in scores if (score.cutoff, score.target) == (cutoff, target)]
        names = list(dict.fromkeys(score.metric for score in part))
        yield f"\n**{target}, {'all cutoffs' if cutoff == 'all' else cutoff}**\n"
        rows = []
        for model in dict.fromkeys(score.model for score in part):
            cells = {score.metric: score for score in part if score.model == model}
            rows.append({"": model, **{name: _cell(cells[name]) if name in cells else "" for name in names}})
        yield from _table(rows)


def _cell(score: Score) -> str:
    estimate = score.estimate
    if not np.isfinite(estimate.value):
        return "not available"
    return f"{estimate.value:.4f}" if not np.isfinite(estimate.low) else str(estimate)


def _slices(slices: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not slices:
        yield "Not measured."
        return
    yield from _table([{name: _plain(row.get(name)) for name in slices[0]} for row in slices])


def _plain(value: Any) -> str:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _table(rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    names = list(rows[0])
    yield "| " + " | ".join(_safe(name) for name in names) + " |"
    yield "|" + "---|" * len(names)
    for row in rows:
        yield "| " + " | ".join(_safe(row.get(name, "")) for name in names) + " |"


def _safe(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _checks(findings: Sequence[Mapping[str, str]]) -> Iterator[str]:
    if not findings:
        yield "None were run."
        return
    for row in findings:
        fix = f" To mend it: {row['fix']}" if row["fix"] else ""
        yield f"- **{row['status']}** {row['code']}: {row['found']}{fix}"


def _limits(facts: ModelFacts) -> Iterator[str]:
    yield "- A probability is right for members like this one taken together; one member still stays or leaves."
    yield "- Intervals are over members at these cutoffs. Another season, a strike or a new competitor is not in them."
    span = (facts.end_day - facts.first_day).days
    if span < 365 + facts.lookback_days:
        yield f"- The log spans {span} days, so no season was seen twice: what moves with the calendar is not learned."
    yield "- A purchase that is not in the log (another card, another shop) looks like silence."
    yield "- It grows old: train again when a horizon has passed, and let `tiercast promote` compare."
