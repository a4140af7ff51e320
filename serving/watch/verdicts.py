"""What of all that is watched is past its threshold, in words: the newest run, and the newest that is judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from features.errors import counted
from serving.watch.judging import AUC, OFF, SPEND_TOTAL, TIER_LOSS
from serving.watch.moving import Moved, by_its_bins, movements
from serving.watch.references import HOW
from serving.watch.runs import Run
from training.metrics import Estimate
from training.reference import Reference
from training.watching import Thresholds

_NEW_SHARE = 0.001


@dataclass(frozen=True)
class Seen:
    """A run with its movements and what is past a threshold; ``notes`` are no reason for an alert."""

    run: Run
    moved: tuple[Moved, ...]
    alerts: tuple[str, ...]
    judged_alerts: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())

    def pace(self, group: str) -> float | None:
        """The furthest of the inputs or of the forecasts, by its limit; None where nothing is compared."""
        return max((moved.pace for moved in self.moved if moved.group == group), default=None)


def look(runs: Sequence[Run], references: Mapping[str, Reference | None], thresholds: Thresholds) -> list[Seen]:
    """Every run beside its model's training."""
    return [_seen(run, references.get(run.version), thresholds) for run in runs]


def alerts(seen: Sequence[Seen]) -> list[str]:
    """Why there is an alert now: the reasons of the newest date's runs, and of those of the newest that is judged.

    Several models may have been scored on one date, a challenger beside the champion: each of them is told of.
    """
    newest, judged = _newest(seen), _newest([each for each in seen if each.run.outcome is not None])
    models = len({each.run.version for each in (*newest, *judged)})

    def of(each: Seen) -> str:
        return f"{each.run.as_of}" + (f", model {each.run.version}" if models > 1 else "")

    found = [f"{of(each)}: {alert}" for each in newest for alert in each.alerts]
    return found + [f"{of(each)}, judged: {alert}" for each in judged for alert in each.judged_alerts]


def _newest(seen: Sequence[Seen]) -> list[Seen]:
    last = max((each.run.as_of for each in seen), default=None)
    return [each for each in seen if each.run.as_of == last]


def _seen(run: Run, reference: Reference | None, thresholds: Thresholds) -> Seen:
    moved: list[Moved] = [] if reference is None else movements(reference, run, thresholds.times)
    found = list(_run_alerts(run, reference, moved, thresholds))
    return Seen(
        run, tuple(moved), tuple(found), tuple(_judged_alerts(run, reference, thresholds)), tuple(_notes(run, reference))
    )


def _run_alerts(run: Run, reference: Reference | None, moved: Sequence[Moved], thresholds: Thresholds) -> Iterator[str]:
    if not run.members:
        yield "nobody was forecast: no member bought in the look-back; is the log the right one, and up to date?"
        return
    inputs = [each for each in moved if each.far and each.group == "inputs"]
    forecasts = [each for each in moved if each.far and each.group == "forecasts"]
    if len(inputs) >= thresholds.inputs > 0:
        yield f"{counted(len(inputs), 'input')} moved further than usual: {_listed(inputs)}"
    if forecasts:
        yield f"{counted(len(forecasts), 'forecast')} moved further than usual: {_listed(forecasts)}"
    yield from _refusals(run, reference, thresholds.refused)


def _listed(moved: Sequence[Moved], most: int = 6) -> str:
    shown = [f"{each.name} ({each.index:.3f}, limit {each.limit:.3f})" for each in moved[:most]]
    return ", ".join(shown) + (f" and {len(moved) - most} more" if len(moved) > most else "")


def _refusals(run: Run, reference: Reference | None, more: float) -> Iterator[str]:
    then = None if reference is None else reference.refused
    if run.refused is None or then is None:
        return
    now_share, then_share = _refused(run.refused), _refused(then)
    if now_share > then_share + more:
        yield f"{now_share:.2%} of the log's rows are refused; at the training {then_share:.2%} were"
    for reason in sorted(set(run.refused) - set(then)):
        if (share := run.refused[reason] / max(run.refused["rows"], 1)) > _NEW_SHARE:
            yield f"rows are refused for a reason that the training's log did not know: {reason}, {share:.2%} of the rows"


def _refused(rows: Mapping[str, int]) -> float:
    return sum(count for reason, count in rows.items() if reason != "rows") / max(rows["rows"], 1)


def _judged_alerts(run: Run, reference: Reference | None, thresholds: Thresholds) -> Iterator[str]:
    if run.outcome is None:
        return
    figures, held_out = run.outcome.figures, {} if reference is None else reference.figures
    auc, off, tier, spend = (figures.get(name) for name in (AUC, OFF, TIER_LOSS, SPEND_TOTAL))
    if auc is not None and "churn_auc" in held_out and auc.high < held_out["churn_auc"][0] - thresholds.auc:
        yield f"AUC {_ends(auc)}; at the training {held_out['churn_auc'][0]:.3f}"
    elif auc is not None and auc.high < 0.5 + thresholds.auc:
        yield f"AUC {_ends(auc)}: hardly better than a coin"
    if off is not None and abs(off.value) > thresholds.off and (off.low > 0.0 or off.high < 0.0):
        word = "fewer" if off.value > 0 else "more"
        yield f"{word} left than was forecast: mean p_churn less the share that left is {_ends(off, '+.3f')}"
    before = held_out.get("next_tier_log_loss")
    if tier is not None and before is not None and tier.low > before[0] + thresholds.tier:
        yield f"next tier: log loss {_ends(tier)}; at the training {before[0]:.3f}"
    if spend is not None and abs(spend.value - 1.0) > thresholds.spend and (spend.low > 1.0 or spend.high < 1.0):
        yield f"spend forecast is {_ends(spend, '.2f')} times what came"


def _ends(estimate: Estimate, shape: str = ".3f") -> str:
    return f"{estimate.value:{shape}} [{estimate.low:{shape}}, {estimate.high:{shape}}]"


def _notes(run: Run, reference: Reference | None) -> Iterator[str]:
    if reference is None:
        yield f"model {run.version} has no reference of its training, so nothing is compared: {HOW}, and score again"
    elif not run.compared:
        yield f"the run of {run.as_of} was scored when its model had no reference: score that date again to compare it"
    elif not by_its_bins(reference, run):
        yield f"the run of {run.as_of} was counted by a reference made before this one: score that date again to compare it"
    else:
        left_out = sorted(quantity.name for quantity in reference.quantities if quantity.filling or not quantity.known)
        if left_out:
            yield f"not compared, because the training's log was too short to know them: {', '.join(left_out)}"
    if run.outcome is not None and not run.outcome.rows:
        yield f"the run of {run.as_of}: nobody who was forecast is in the log that it is judged by; is it the same log?"
    elif run.outcome is not None and run.outcome.lost:
        yield f"the run of {run.as_of}: {counted(run.outcome.lost, 'member')} forecast then, not in the log's look-back now"
