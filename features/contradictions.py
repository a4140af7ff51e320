"""What the rules of a tier policy must not say together, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from features.errors import PolicyError
from features.metrics import Score, in_units
from features.money import to_units
from features.rules import ONLY, Rules, Threshold, Tier, Version
from features.windows import is_month_day


def refuse_contradictions(rules: Rules, at: str = "") -> None:
    """Raise the first contradiction of one set of rules; ``at`` is put before its place, as in 'versions[1].'.

    Raises
    ------
    PolicyError
    """
    for check in (_names, _metrics, _points, _window, _reviews, _invitations, _thresholds):
        for error in check(rules):
            raise PolicyError(at + error.place, error.rule, error.got, error.fix)


def refuse_disorder(versions: Sequence[Version]) -> None:
    """Raise where versions do not follow one another.

    Raises
    ------
    PolicyError
    """
    for i, (older, newer) in enumerate(pairwise(versions), start=1):
        place, got = f"versions[{i}].from", f"{newer.since} after {older.since}"
        if newer.since == older.since:
            raise PolicyError(place, "one version holds from one date", f"{newer.since} twice", "join them, or move one")
        if newer.since < older.since:
            raise PolicyError(place, "versions stand in order of their dates", got, "list the oldest first")
        gone = [tier.name for tier in older.tiers if tier.name not in {tier.name for tier in newer.tiers}]
        if gone:
            raise PolicyError(
                f"versions[{i}].tiers",
                "a version has every tier of the one before: members hold them",
                f"no {gone[0]!r}",
                "keep the tier, with a reach that nobody has if need be",
            )
        if newer.tiers[0].name != older.tiers[0].name:
            got = f"{newer.tiers[0].name!r} after {older.tiers[0].name!r}"
            raise PolicyError(f"versions[{i}].tiers[0]", "every version begins with the same tier", got, "put it first")


def _names(rules: Rules) -> Iterator[PolicyError]:
    names = [tier.name for tier in rules.tiers]
    alike = [name.casefold() for name in names]  # they name columns, and many readers of columns know no case
    for name, plain in zip(names, alike, strict=True):
        if alike.count(plain) > 1:
            yield PolicyError("tiers", "each tier has its own name", f"{name!r} twice", "rename one")


def _metrics(rules: Rules) -> Iterator[PolicyError]:
    if rules.metric is not None and rules.metrics is not None:
        yield PolicyError("metrics", "a policy has one 'metric' or several 'metrics'", "both", "remove one of them")
    if rules.metric is None and rules.metrics is None:
        yield PolicyError("metric", "a policy states this", "nothing", "add 'metric:'")
    if rules.join is not None and len(rules.named_metrics) < 2:
        yield PolicyError("join", "a join is of several metrics", "one metric", "remove it, or name 'metrics:'")
    for name, metric in rules.named_metrics.items():
        place = f"metrics.{name}" if name else "metric"
        if isinstance(metric, Score):
            parts = [metric.score.contribution, metric.score.frequency, metric.score.loyalty]
            total = sum(to_units(part.weight) for part in parts if part is not None)
            if total != to_units(1):
                yield PolicyError(f"{place}.score", "weights add up to 1", f"{total / to_units(1):g}", "change the weights")
        if metric == "points_balance" and rules.window.forms != ("lifetime",):
            got = " and ".join(rules.window.forms) or "no window"
            yield PolicyError("window", "a points balance is taken over the lifetime", got, "write 'window: lifetime'")
    if rules.returns_reopen and rules.returns == "ignore":
        fix = "write 'returns: net', or leave returns_reopen out"
        yield PolicyError("returns_reopen", "only returns that count reopen a decision", "'returns: ignore'", fix)


def _points(rules: Rules) -> Iterator[PolicyError]:
    if rules.points is None:
        return
    metrics = list(rules.named_metrics.values())
    if not {"points_earned", "points_balance"} & {metric for metric in metrics if isinstance(metric, str)}:
        yield PolicyError("points", "rules for points belong to a metric of points", "none", "remove 'points:'")
    expiries = rules.points.expiries
    if len(expiries) > 1:
        yield PolicyError("points", "points expire in one way", " and ".join(expiries), "keep one of them")
    if expiries and "points_balance" not in metrics:
        got = f"a policy without it, and {expiries[0]}"
        yield PolicyError(f"points.{expiries[0]}", "only a points_balance can expire", got, "remove the expiry")


def _window(rules: Rules) -> Iterator[PolicyError]:
    window = rules.window
    if len(window.forms) != 1:
        got = " and ".join(window.forms) or "none"
        yield PolicyError("window", "a window has one form", got, "write one, as in 'window: {rolling_days: 91}'")
    if window.starts is not None:
        if window.calendar is None:
            yield PolicyError("window.starts", "only calendar periods have a start", window.forms[0], "remove it")
        if not is_month_day(window.starts):
            yield PolicyError("window.starts", "a start is a month and a day", repr(window.starts), "write it as '04-01'")
    if rules.validity is None:
        return
    forms = rules.validity.forms
    if len(forms) != 1:
        yield PolicyError(
            "validity", "a validity has one form", " and ".join(forms) or "none", "write one, as in {days: 365}"
        )
    if rules.validity.until is not None and window.slides:
        fix = "give days or months, or a window with periods"
        yield PolicyError("validity.until", "only a window with periods has an end", window.forms[0], fix)


def _reviews(rules: Rules) -> Iterator[PolicyError]:
    if rules.review is None and not rules.window.slides:
        rule = "a window with periods says when tiers are reviewed"
        yield PolicyError("review", rule, "nothing", "add 'review: period_end', or another")
    if rules.review == "period_end" and rules.window.slides:
        got = f"a window of {rules.window.forms[0]}"
        yield PolicyError("review", "a review at the period's end needs a window with periods", got, "write 'review: daily'")


def _invitations(rules: Rules) -> Iterator[PolicyError]:
    for i, tier in enumerate(rules.tiers):
        if not tier.invitation:
            continue
        place = f"tiers[{i}].invitation"
        if i == 0:
            yield PolicyError(place, "everyone starts in the first tier", "an invitation to it", "put another tier first")
        if sum(other.invitation for other in rules.tiers) > 1:
            yield PolicyError(place, "one tier is by invitation", "two", "keep one")
        if i < len(rules.tiers) - 1:
            yield PolicyError(place, "a tier by invitation is the highest", f"{tier.name!r} below others", "put it last")
        if "reach" in tier.model_fields_set:
            yield PolicyError(f"tiers[{i}].reach", "a tier by invitation is not reached", "a reach", "remove it")


def _thresholds(rules: Rules) -> Iterator[PolicyError]:
    first = rules.tiers[0]
    for name, stated in (("reach", first.reach), ("keep", first.keep)):
        if stated:
            shown = f"{stated:g}" if isinstance(stated, float) else "numbers"
            yield PolicyError(f"tiers[0].{name}", "everyone starts in the first tier", shown, f"leave its {name} out")
    for i, tier in enumerate(rules.tiers[1:], start=1):
        if not tier.invitation:
            yield from _stated(rules, f"tiers[{i}].reach", tier.reach)
        if tier.keep is not None:
            yield from _stated(rules, f"tiers[{i}].keep", tier.keep)
    for name, metric in rules.named_metrics.items():
        for i, (lower, upper) in enumerate(pairwise(rules.tiers), start=1):
            low, high = number(lower.reach, name), number(upper.reach, name)
            unit = f" {name}" if name else ""
            if not upper.invitation and to_units(high) <= to_units(low):
                got = f"{upper.name} at {high:g}{unit} after {lower.name} at {low:g}{unit}"
                yield PolicyError(f"tiers[{i}].reach", "thresholds rise from tier to tier", got, "list the lowest first")
            yield from _kept(i, upper, name)
            if isinstance(metric, Score) and not upper.invitation and high > 100:
                yield PolicyError(f"tiers[{i}].reach", "a score is at most 100", f"{high:g}", "lower it")


def _stated(rules: Rules, place: str, threshold: Threshold) -> Iterator[PolicyError]:
    metrics = rules.named_metrics
    if isinstance(threshold, dict):
        if ONLY in metrics:
            fix = "write a number, or name 'metrics:'"
            yield PolicyError(place, "with one metric a threshold is a number", "a number a metric", fix)
        for name in threshold:
            if name not in metrics:
                fix = f"choose among {', '.join(metrics)}"
                yield PolicyError(place, "a threshold is of a metric that the policy names", repr(name), fix)
        for name in metrics:
            if name not in threshold:
                yield PolicyError(place, "a threshold has a number for every metric", f"none for {name!r}", f"add '{name}:'")
    elif ONLY not in metrics:
        fix = "write it as {" + ", ".join(f"{name}: ..." for name in metrics) + "}"
        yield PolicyError(place, "with several metrics a threshold has a number for each", f"{threshold:g}", fix)
    for name, metric in metrics.items():
        value = number(threshold, name)
        if not in_units(metric) and value != int(value):
            yield PolicyError(place, "orders, points and events are whole numbers", f"{value:g}", "round it")


def _kept(i: int, tier: Tier, name: str) -> Iterator[PolicyError]:
    if tier.keep is None or tier.invitation:
        return
    keep, reach = number(tier.keep, name), number(tier.reach, name)
    if to_units(keep) > to_units(reach):
        got = f"keep {keep:g} above reach {reach:g}"
        yield PolicyError(f"tiers[{i}].keep", "keeping a tier takes no more than reaching it", got, "lower keep")


def number(threshold: Threshold, name: str) -> float:
    """The number of one metric in a threshold.

    >>> number(250.0, ""), number({"miles": 50000.0}, "miles")
    (250.0, 50000.0)
    """
    return threshold.get(name, 0.0) if isinstance(threshold, dict) else threshold
