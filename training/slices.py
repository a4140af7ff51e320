"""How the forecast did for kinds of members, told apart by what was known at the cutoff: each has its own calibration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.bounds import StandingBounds
from features.feature_table import FeatureTable
from features.ladder import CLASSES, STAGES
from features.money import UNITS
from features.operators import Floats, Integers
from features.standing import stand
from training.backtest import OURS, Origin
from training.metrics import Estimate, auc, calibration_error, class_log_losses, log_losses
from training.resampling import RESAMPLES, Figures, Means, positions, resampled

FEW_ROWS: Final = 100
FEW_OF_A_KIND: Final = 10
_TENURE: Final = (91, 182, 364)
_QUARTERS: Final = ("lowest quarter", "second quarter", "third quarter", "highest quarter")
_YEAR: Final = 364
EVERYBODY: Final = ("all", "members")
"""The first slice."""


@dataclass(frozen=True)
class Slice:
    """Members alike in one respect, over all cutoffs scored.

    ``off`` is mean p less the share that left: above 0 the forecast is too dark. ``small``: fewer than 100 rows, or than 10
    that left or stayed: nothing much can be said.
    """

    by: str
    name: str
    rows: int
    churn_rate: float
    mean_p: float
    off: Estimate
    log_loss: Estimate
    auc: float
    ece: float
    tier_log_loss: Estimate | None
    small: bool

    def to_dict(self) -> dict[str, Any]:
        """As plain values: None where there is no number."""
        found: dict[str, Any] = {}
        for name, value in vars(self).items():
            if isinstance(value, Estimate):
                for part, number in vars(value).items():
                    found[name if part == "value" else f"{name}_{part}"] = None if np.isnan(number) else number
            else:
                found[name] = None if isinstance(value, float) and np.isnan(value) else value
        return found


def slices(origins: Sequence[Origin], *, bounds: StandingBounds | None = None, resamples: int = RESAMPLES) -> list[Slice]:
    """Every slice of the origins whose outcome is known: all, and by tier, tenure, ladder stage, frequency class and spend.

    Parameters
    ----------
    bounds : of stages and classes
    """
    scored = [origin for origin in origins if origin.labels is not None and len(origin.forecasts.table)]
    if not scored:
        return []
    codes = [kinds(origin.forecasts.table, origin.cutoff, bounds) for origin in scored]
    y = np.concatenate([origin.labels.churned for origin in scored if origin.labels]).astype(np.float64)
    p = np.concatenate([origin.churn[OURS] for origin in scored])
    member, members = positions(np.concatenate([origin.forecasts.table.panel.member for origin in scored]))
    values = {"off": p - y, "log_loss": log_losses(y, p)}
    then = [origin.labels.next_tier for origin in scored if origin.labels and origin.labels.next_tier is not None]
    tiered = all(origin.tiers for origin in scored) and len(then) == len(scored)
    if tiered:
        values["tier"] = class_log_losses(np.concatenate(then), np.concatenate([origin.tiers[OURS] for origin in scored]))
    parts: list[tuple[str, str, npt.NDArray[np.bool_]]] = [(*EVERYBODY, np.ones(len(y), bool))]
    for by in codes[0]:
        names, at = codes[0][by][0], np.concatenate([found[by][1] for found in codes])
        parts += [(by, name, at == k) for k, name in enumerate(names) if (at == k).any()]
    drawn = resampled(members, list(_means(values, member, members, parts)), rows=members, resamples=resamples)
    found = []
    for i, (by, name, inside) in enumerate(parts):
        rate, rows = float(y[inside].mean()), int(inside.sum())
        few = min(y[inside].sum(), (1.0 - y[inside]).sum())
        found.append(
            Slice(
                by,
                name,
                rows,
                rate,
                float(p[inside].mean()),
                Estimate.of(drawn[i, "off"]),
                Estimate.of(drawn[i, "log_loss"]),
                auc(y[inside], p[inside]),
                calibration_error(y[inside], p[inside]),
                Estimate.of(drawn[i, "tier"]) if tiered else None,
                bool(rows < FEW_ROWS or few < FEW_OF_A_KIND),
            )
        )
    return found


def _means(
    values: dict[str, Floats], member: Integers, members: int, parts: Sequence[tuple[str, str, npt.NDArray[np.bool_]]]
) -> Iterator[Figures[tuple[int, str]]]:
    for i, (_, _, inside) in enumerate(parts):
        yield Means({(i, name): column[inside] for name, column in values.items()}, member[inside], members)


def off_level(found: Sequence[Slice], tolerance: float) -> list[Slice]:
    """Slices, not small, off in level by more than a tolerance and than chance makes it: everybody first, then the worst."""
    wrong = [
        part
        for part in found
        if not part.small and abs(part.off.value) > tolerance and (part.off.low > 0 or part.off.high < 0)
    ]
    return sorted(wrong, key=lambda part: ((part.by, part.name) != EVERYBODY, -abs(part.off.value)))


def kinds(
    table: FeatureTable, cutoff: dt.date, bounds: StandingBounds | None = None
) -> dict[str, tuple[tuple[str, ...], Integers]]:
    """What each respect calls its kinds, and each row's kind (n_rows,), -1 for none; by rows on days before the cutoff.

    Quarters of spend are of the members forecast at the cutoff.
    """
    panel = table.panel
    found: dict[str, tuple[tuple[str, ...], Integers]] = {}
    if table.state is not None and table.policy is not None:
        found["tier"] = table.policy.tier_names, table.state.tier
    low, middle, high = _TENURE
    names = (f"under {low} days", f"{low} to {middle - 1} days", f"{middle} to {high - 1} days", f"{high} days and more")
    found["tenure"] = names, np.searchsorted(np.array(_TENURE), panel.tenure(), side="right")
    standing = stand(panel.histories, cutoff, bounds)
    for by, phrases, codes in (("stage", STAGES, standing.stage), ("frequency", CLASSES, standing.frequency_class)):
        found[by] = tuple(phrase.en for phrase in phrases), codes[panel.member].astype(np.int64)
    if panel.histories.has_amounts:
        spend = panel.units("gross", _YEAR) / float(UNITS)
        edges = np.quantile(spend, [0.25, 0.5, 0.75]) if len(spend) else np.zeros(3)
        found["spend in a year"] = _QUARTERS, np.searchsorted(edges, spend, side="left")
    return found


def to_text(found: Sequence[Slice]) -> str:
    """A row a slice, at most 140 columns; small ones are marked."""
    if not found:
        return ""
    head = f"  {'':<34}{'rows':>8}{'left':>8}{'mean p':>9}  {'mean p - left':<28}{'AUC':<9}{'log loss':<10}{'ECE':<8}"
    lines = ["slices of all cutoffs scored", head.rstrip()]
    for part in found:
        name = f"{part.by}: {part.name}"
        off = f"{part.off.value:+.4f} [{part.off.low:+.4f}, {part.off.high:+.4f}]"
        rank = "" if np.isnan(part.auc) else f"{part.auc:.4f}"
        row = f"{part.rows:>8,}{part.churn_rate:>8.4f}{part.mean_p:>9.4f}  {off:<28}{rank:<9}"
        lines.append(
            f"  {name:<34}{row}{part.log_loss.value:<10.4f}{part.ece:<8.4f}{'small' if part.small else ''}".rstrip()
        )
    return "\n".join(lines)
