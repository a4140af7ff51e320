"""What features are worth: the change of a backtest's figures when a family is left out, or put in.

The reference is the default set, or whatever set is named. Every trial is trained on the same cutoffs and members and scored
on the same forecasts, so the changes are paired; members at past cutoffs are described once, with all features. Intervals
are over members: they do not hold the chance of one training, and of twenty, one is wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from features.errors import ConfigError, CutoffError, listed
from features.feature import Feature
from features.feature_table import build
from features.histories import Histories
from features.operators import Floats, Integers
from features.policy import TierPolicy
from features.registry import available, chosen_by_default, registered
from features.snapshot import to_date
from training.dataset import dataset
from training.effects import ALL, IN, OUT, Ablation, Effect, Trial
from training.fit import fit_on
from training.labels import label
from training.metrics import auc_change, auc_estimate, class_log_losses, log_losses, mean_estimate
from training.reach import check_reach


def trials(reference: Sequence[Feature], others: Sequence[Feature], names: Sequence[str] = ()) -> list[Trial]:
    """Each family of the reference left out and each family's other features put in; or just the features named.

    A feature without a family is a group of its own.

    Raises
    ------
    ConfigError
        a name is neither in the reference nor among the others

    >>> from features.registry import by_name
    >>> found = trials(by_name(["recency_days", "visits_91d"]), by_name(["visits_182d"]))
    >>> [(trial.group, trial.change, len(trial.features)) for trial in found]
    [('recency', 'left out', 1), ('frequency', 'left out', 1), ('frequency', 'put in', 3)]
    """
    inside = {feature.name for feature in reference}
    others = [feature for feature in others if feature.name not in inside]
    known = {feature.name: feature for feature in (*reference, *others)}
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(
            "a feature to try is one that the log can give", listed(unknown), f"choose among {listed(list(known), most=90)}"
        )

    def group(feature: Feature) -> str:
        return feature.name if names else feature.family or feature.name

    order = {feature.name: i for i, feature in enumerate(registered())}
    tried = [known[name] for name in names] or sorted(
        known.values(), key=lambda feature: order.get(feature.name, len(order))
    )
    found = []
    for name in dict.fromkeys(group(feature) for feature in tried):
        members = [feature for feature in tried if group(feature) == name]
        out = {feature.name for feature in members} & inside
        added = tuple(feature for feature in members if feature.name not in inside)
        if 0 < len(out) < len(inside):
            left = tuple(feature for feature in reference if feature.name not in out)
            found.append(Trial(name, OUT, tuple(feature.name for feature in reference if feature.name in out), left))
        if added:
            found.append(Trial(name, IN, tuple(feature.name for feature in added), (*reference, *added)))
    return sorted(found, key=lambda trial: trial.change == IN) if not names else found


def run_ablation(
    histories: Histories,
    cutoffs: Sequence[dt.date],
    *,
    horizon_days: int,
    lookback_days: int,
    policy: TierPolicy | None = None,
    features: Sequence[Feature] | None = None,
    others: Sequence[Feature] | None = None,
    names: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
) -> Ablation:
    """Train and score the reference and every trial at each cutoff.

    Parameters
    ----------
    cutoffs : days whose horizon lies inside the log
    features : the reference; those registered as default that the log can give if None
    others : what may be put in; all registered features that the log can give if None
    names : single features to try, in place of families
    say : is told each step, for a progress display

    Raises
    ------
    CutoffError
        a cutoff lies outside the log, its outcome is not known yet, or nobody is to be forecast
    UnusableLogError, ConfigError
    """
    dates = tuple(sorted(set(cutoffs)))
    for cutoff in dates:
        check_reach(histories, cutoff)
        if cutoff + dt.timedelta(days=horizon_days) > to_date(histories.end_day):
            last = to_date(histories.end_day - horizon_days)
            raise CutoffError("an ablation needs known outcomes", f"{cutoff}", f"choose {last} or an earlier day")
    there = {"policy": policy is not None, "events": bool(histories.events)}
    reference = tuple(chosen_by_default(histories.columns, **there) if features is None else features)
    tried = trials(reference, available(histories.columns, **there) if others is None else others, names)
    if not tried:
        raise ConfigError("an ablation has something to leave out or to put in", "nothing", "name more features")
    spans = (horizon_days, lookback_days)
    found = [_at(histories, cutoff, spans, policy, reference, tried, say) for cutoff in dates]
    scopes = [(str(cutoff), [tested]) for cutoff, tested in zip(dates, found, strict=True)]
    if len(dates) > 1:
        scopes.append((ALL, found))
    pooled = _together(found)
    figures = {
        "churn log loss": mean_estimate(log_losses(pooled.y, pooled.p[0]), pooled.member),
        "AUC": auc_estimate(pooled.y, pooled.p[0], pooled.member),
    }
    if pooled.tier_losses:
        figures["next-tier log loss"] = mean_estimate(pooled.tier_losses[0], pooled.member)
    effects = tuple(effect for name, group in scopes for effect in _effects(name, tried, _together(group)))
    return Ablation(reference, dates, len(pooled.y), figures, effects)


@dataclass(frozen=True)
class _Tested:
    """Forecasts of the reference, first, and of every trial for the same rows, and how it turned out."""

    y: Floats
    member: Integers
    p: list[Floats]
    tier_losses: list[Floats]


def _at(
    histories: Histories,
    cutoff: dt.date,
    spans: tuple[int, int],
    policy: TierPolicy | None,
    reference: tuple[Feature, ...],
    tried: Sequence[Trial],
    say: Callable[[str], None],
) -> _Tested:
    """Describe once, then train and forecast with each choice of columns."""
    known = histories.before(cutoff)
    every = tuple({f.name: f for trial in tried for f in (*reference, *trial.features)}.values())
    horizon, lookback = spans
    say(f"{cutoff}: describing members by {len(every)} features")
    data = dataset(known, cutoff, horizon_days=horizon, lookback_days=lookback, policy=policy, features=every)
    table = build(known, [cutoff], horizon_days=horizon, lookback_days=lookback, policy=policy, features=every)
    if not len(table):
        raise CutoffError("a cutoff has members to forecast", f"none at {cutoff}", "choose another, or a longer look-back")
    then = label(table, histories)

    def outcome(features: tuple[Feature, ...]) -> tuple[Floats, Floats | None]:
        fitted = fit_on(data.select(features), cutoff, has_amounts=histories.has_amounts)
        forecasts = fitted.forecaster.forecast_table(table.select(features), cutoff)
        if forecasts.p_tier is None or then.next_tier is None:
            return forecasts.p_churn, None
        return forecasts.p_churn, class_log_losses(then.next_tier, forecasts.p_tier)

    say(f"{cutoff}: the reference: {len(reference)} features")
    outcomes = [outcome(reference)]
    # One after the other: LightGBM does not promise to train in several threads of a process.
    for i, trial in enumerate(tried, start=1):
        outcomes.append(outcome(trial.features))
        say(f"{cutoff}: {i} of {len(tried)}: {trial.group} {trial.change}")
    tiers = [losses for _, losses in outcomes if losses is not None]
    return _Tested(then.churned.astype(np.float64), table.panel.member, [p for p, _ in outcomes], tiers)


def _together(group: Sequence[_Tested]) -> _Tested:
    return _Tested(
        np.concatenate([tested.y for tested in group]),
        np.concatenate([tested.member for tested in group]),
        [np.concatenate(parts) for parts in zip(*(tested.p for tested in group), strict=True)],
        [np.concatenate(parts) for parts in zip(*(tested.tier_losses for tested in group), strict=True)],
    )


def _effects(cutoff: str, tried: Sequence[Trial], tested: _Tested) -> list[Effect]:
    y, member, (before, *after) = tested.y, tested.member, tested.p
    found = []
    for i, (trial, p) in enumerate(zip(tried, after, strict=True), start=1):
        churn = mean_estimate(log_losses(y, p) - log_losses(y, before), member)
        tier = None
        if tested.tier_losses:
            tier = mean_estimate(tested.tier_losses[i] - tested.tier_losses[0], member)
        found.append(Effect(cutoff, trial, churn, auc_change(y, p, before, member), tier))
    return found
