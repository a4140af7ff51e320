"""Fit what the forecast of the next tier takes beside churn and spend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.histories import Histories
from features.metrics import MONEY
from features.operators import Floats, Integers
from features.policy import TierPolicy
from features.rulebook import Column, rulebook
from training.added import fit_added, logarithm
from training.dataset import Dataset
from training.next_tier import FALLS, RANKS, by_needs
from training.paths import activity, counted, fit_bank, units
from training.trees import boost_from_mean

_ALONE, _JOINT, _AT_ONCE = 8, 12, 24
"""Paths for a member: of one column; of several; where days do not matter, which takes little time."""
MIN_ROWS: Final = 20
"""Rows of the training data in which something was added, for a forecast of it."""
_MOST_FACTOR: Final = 1000.0


@dataclass(frozen=True)
class FittedNextTier:
    """What was fitted: plain values and the trees' texts by name. ``because`` says why nothing was."""

    plain: dict[str, Any]
    texts: dict[str, str]

    @property
    def because(self) -> str | None:
        """Why the next tier is not forecast, None where it is."""
        found: str | None = self.plain["because"]
        return found


def fit_next_tier(data: Dataset) -> FittedNextTier:
    """Fit what a policy counts beside the spend forecast, and choose the paths along which it is played.

    Parameters
    ----------
    data : with a policy, of a log that gives what it counts
    """
    table, policy = data.table, data.table.policy
    assert policy is not None
    panel, book = table.panel, rulebook(policy)
    plain: dict[str, Any] = {"slip": fit_slip(data), "because": None, "rate": 1.0, "added": None, "nothing": None}
    plain |= {"falls": None, "bank": None, "driver": 0, "others": [], "z": None}
    texts: dict[str, str] = {}
    plain["because"] = _because(policy, panel.horizon_days)
    if plain["because"]:
        return FittedNextTier(plain, texts)
    histories, cutoff = panel.histories, panel.cutoff.astype(np.int64)
    log = counted(histories, policy)
    low, high = log.rows_before(panel.member, cutoff), log.rows_before(panel.member, cutoff + panel.horizon_days)
    unit = np.array([units(column) for column in book.columns])
    total = (log.totals[:, high] - log.totals[:, low]) / unit[:, None]
    names = [column.name for column in book.columns]
    rate = _rate(book.columns[0], histories) if len(names) == 1 else None
    if rate is not None and by_needs(policy, panel.horizon_days):
        return FittedNextTier({**plain, "rate": rate}, texts)  # churn and spend say everything, however little was bought
    something = ~data.labels.churned
    if "events" in names:
        something = total[0] > 0
        nothing, bias = boost_from_mean(table.x, (~something).astype(float), panel.member, objective="binary", seed=3)
        plain["nothing"], texts["nothing"] = bias, nothing.text
    plain["driver"] = driver = names.index("spend") if "spend" in names else 0
    at = np.flatnonzero(something & (total[driver] > 0))
    if len(at) < MIN_ROWS:
        plain["because"] = f"only {len(at)} horizons of the training data add to {names[driver]}"
        return FittedNextTier(plain, texts)
    some = np.flatnonzero(something)
    column = book.columns[driver]
    rate = _rate(column, histories)
    fitted = None
    if rate is None and column.name == "points_balance":
        falls, texts["falls"] = _fit_falls(data, some, total[driver, some])
        plain["falls"], some = falls, some[total[driver, some] > 0]
        plain["slip"] = fit_slip(data, ~something)
    if rate is None or len(names) > 1:
        fitted = fit_added(table.x[some], panel.member[some], total[driver, some], whole=_whole(column))
    if rate is not None:
        plain["rate"] = rate
    elif fitted is not None:
        plain["added"] = fitted.to_dict()
        texts |= fitted.texts("added")
    if by_needs(policy, panel.horizon_days):
        return FittedNextTier(plain, texts)
    factor = np.ones((len(names), len(at)))
    if len(names) > 1:
        assert fitted is not None
        z = fitted.left[np.isin(some, at)]
        plain["z"] = fitted.residuals.quantiles(RANKS).tolist()
        for c in range(len(names)):
            if c != driver:
                other, text, factor[c] = _other(
                    table.x[at], panel.member[at], total[c, at], z, whole=_whole(book.columns[c])
                )
                plain["others"].append({"column": c, **other})
                texts[f"added_{c}"] = text
    active = activity(log, panel.member[at], cutoff[at], data.lookback_days)
    per_band = _AT_ONCE if book.memoryless else _JOINT if len(names) > 1 else _ALONE
    bank = fit_bank(log, panel.member[at], cutoff[at], panel.horizon_days, active, factor, driver=driver, per_band=per_band)
    plain["bank"] = bank.to_dict()
    return FittedNextTier(plain, texts)


def _other(x: Floats, member: Integers, amount: Floats, z: Floats, *, whole: bool) -> tuple[dict[str, Any], str, Floats]:
    """A column beside the driver: its mean, its slope on the driver's residual, and each row's factor."""
    some = amount > 0
    factor = np.zeros(len(amount))
    if not some.any():
        return {"bias": 0.0, "slope": 0.0}, "", factor
    y = logarithm(amount[some], whole=whole)
    mean, bias = boost_from_mean(x[some], y, member[some], objective="regression", seed=4)
    left = y - mean.held_out
    slope = max(float((left * z[some]).sum() / np.maximum((z[some] ** 2).sum(), 1e-9)), 0.0)
    factor[some] = np.minimum(np.exp(left - slope * z[some]), _MOST_FACTOR)
    return {"bias": bias, "slope": slope}, mean.text, factor


def _fit_falls(data: Dataset, some: Integers, change: Floats) -> tuple[dict[str, Any], str]:
    """How often a balance shrinks by 0 or more if something happens, and by which parts of it."""
    state = data.table.state
    assert state is not None
    falls = change <= 0
    member = data.table.panel.member[some]
    odds, bias = boost_from_mean(data.table.x[some], falls.astype(float), member, objective="binary", seed=5)
    balance = state.natural(state.spend)[some]
    lost = np.clip(-change[falls] / np.maximum(balance[falls], 1.0), 0.0, 1.0)
    parts = np.quantile(lost, np.linspace(1.0, 0.0, FALLS)) if len(lost) else np.zeros(FALLS)
    return {"bias": bias, "lost": parts.tolist()}, odds.text


def _because(policy: TierPolicy, horizon_days: int) -> str | None:
    columns = rulebook(policy).columns
    if len(columns) > 1 and any(column.name == "events" for column in columns):
        return "the policy counts events beside something else, and the two are not forecast together"
    for column in columns:
        points = column.points
        if points is None or not _expiries(column):
            continue
        days = points.expire_days or 28 * (points.expire_months or 13)
        if days < horizon_days:
            return "points earned in the horizon expire within it"
    return None


def _expiries(column: Column) -> bool:
    return column.points is not None and bool(column.points.expiries)


def _whole(column: Column) -> bool:
    return column.name not in MONEY


def _rate(column: Column, histories: Histories) -> float | None:
    """What a column adds for a unit of currency spent; None where it goes its own way."""
    if column.name == "spend":
        return 1.0
    if column.name not in ("points_earned", "points_balance") or "points" in histories.columns:
        return None
    return None if column.points is None else column.points.per_unit


def fit_slip(data: Dataset, rows: npt.NDArray[np.bool_] | None = None) -> float:
    """How often training members fell below a secured tier, drawn in by half a member; 0 where returns do not count.

    Parameters
    ----------
    rows : (n_rows,) where falls are looked at, for what is forecast otherwise elsewhere; everywhere if None
    """
    state, reached = data.table.state, data.labels.next_tier
    assert state is not None
    assert reached is not None
    assert data.table.policy is not None
    if data.table.policy.returns == "ignore":
        return 0.0
    secured = state.secured > 0
    fell = (reached < state.secured) & secured & (True if rows is None else rows)
    return float((fell.sum() + 0.5) / (secured.sum() + 1.0))
