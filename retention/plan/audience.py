"""Whom a plan is made for: the rows of a forecast table, with consent and earlier contacts, as arrays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ColumnError, NotFoundError, SourceError, counted
from features.identity import locate
from features.operators import Floats
from features.snapshot import to_day
from retention.tables import day_of, read_table
from retention.trial.cells import numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from retention.plan.catalogue import Pressure

NEEDED: Final = (
    *("customer_id", "as_of", "horizon_days", "p_churn", "temperature_band", "expected_spend", "expected_value"),
    *("value_at_risk", "value_of", "stage"),
)
_P_TIER: Final = "p_tier_"
_LEAST_P: Final = 1e-9
UNKNOWN: Final = -1


@dataclass(frozen=True, eq=False)
class Audience:
    """One row a member, (n,) each; NaN where something is not available.

    ``tier`` is a position in ``tier_names``, -1 where there is none; ``p_keep`` the probability of holding it or a higher
    one; ``consent`` 1, 0 or -1 for unknown; ``contacts`` those of the catalogue's limit; ``since_contact`` in days, inf
    where there was none. ``if_stays`` and ``otherwise`` are what is expected over the horizons ahead of a member who
    returns within the first, and of one who does not; ``spend`` is that of the first horizon of one who returns. Money is
    of ``value_of``.
    """

    as_of: dt.date
    horizon_days: int
    value_of: str
    ids: npt.NDArray[Any]
    p_churn: Floats
    value_at_risk: Floats
    expected_spend: Floats
    if_stays: Floats
    otherwise: Floats
    spend: Floats
    tier_names: tuple[str, ...]
    tier: npt.NDArray[np.int64]
    p_keep: Floats
    stage: npt.NDArray[Any]
    band: npt.NDArray[Any]
    reason: npt.NDArray[Any]
    consent: npt.NDArray[np.int8]
    contacts: npt.NDArray[np.int64]
    since_contact: Floats

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """(n,) whose probability and money are known."""
        numbers = (self.p_churn, self.if_stays, self.otherwise, self.spend)
        known: npt.NDArray[np.bool_] = np.logical_and.reduce([np.isfinite(values) for values in numbers])
        return known

    def with_consent(self, table: pa.Table) -> Audience:
        """With what a member table says (features.members: member, consent); who is not in it stays unknown."""
        consent = self.consent.copy()
        position = locate(self.ids, table["member"])
        there = position >= 0
        consent[position[there]] = table["consent"].fill_null(UNKNOWN).to_numpy()[there]
        return replace(self, consent=consent)

    def with_contacts(self, table: pa.Table, pressure: Pressure | None, kinds: Sequence[str] = ("sent",)) -> Audience:
        """With the contacts that an event log tells of before the date (features.events: member, day, kind, count).

        Parameters
        ----------
        pressure : says which days and kinds count; without one, ``kinds`` do
        """
        import pyarrow.compute as pc

        end = to_day(self.as_of)
        kinds = pressure.kinds if pressure is not None else kinds
        table = table.filter(pc.is_in(table["kind"], value_set=pa_strings(kinds)))
        position = locate(self.ids, table["member"])
        day = table["day"].cast("date32").cast("int32").to_numpy().astype(np.int64)
        counts = table["count"].to_numpy().astype(np.int64)
        known = (position >= 0) & (day < end)
        position, day, counts = position[known], day[known], counts[known]
        last = np.full(len(self), np.iinfo(np.int64).min)
        np.maximum.at(last, position, day)
        since = np.where(last > np.iinfo(np.int64).min, (end - last).astype(np.float64), np.inf)
        recent = day >= end - pressure.days if pressure is not None else np.zeros(len(day), bool)
        contacts = np.bincount(position[recent], weights=counts[recent], minlength=len(self)).astype(np.int64)
        return replace(self, contacts=contacts, since_contact=since)


def pa_strings(values: Sequence[str]) -> pa.Array:
    """Texts as Arrow has them."""
    import pyarrow as pa

    return pa.array(list(values), pa.string())


def read_forecasts(path: Path) -> pa.Table:
    """What ``tiercast score`` wrote, Parquet or CSV; ids of a CSV are text, so that leading zeros stay.

    Raises
    ------
    NotFoundError, SourceError
    """
    if not path.is_file():
        raise NotFoundError("a plan is made of forecasts", f"no file {path}", "run 'tiercast score', or name another file")
    return read_table(path, "a table of forecasts", texts=("customer_id", "as_of"), empty_is_null=True)


def audience_of(table: pa.Table) -> Audience:
    """The members of a forecast table (serving.batch.forecast_table has its columns).

    Raises
    ------
    ColumnError
        a column is missing, or holds no numbers
    SourceError
        there is no row, a member stands there twice, several dates, or a probability is none
    CutoffError
        as_of is no date
    """
    missing = [name for name in NEEDED if name not in table.column_names]
    if missing:
        raise ColumnError("a table of forecasts has the columns of 'tiercast score'", f"none called {missing[0]}", _AGAIN)
    if table.num_rows == 0:
        raise SourceError("a table of forecasts has rows", "none", _AGAIN)
    ids = np.array(table["customer_id"].to_pylist(), object)
    if len(set(ids.tolist())) < len(ids) or None in ids:
        raise SourceError("a member stands in the forecasts once, with an id", "some twice, or without one", _AGAIN)
    dates = {
        (row["as_of"], row["horizon_days"])
        for row in table.select(["as_of", "horizon_days"]).group_by(["as_of", "horizon_days"]).aggregate([]).to_pylist()
    }
    if len(dates) > 1:
        raise SourceError("forecasts are of one date and horizon", counted(len(dates), "pair"), _AGAIN)
    ((as_of, horizon_days),) = dates
    if not isinstance(horizon_days, int | float) or horizon_days != horizon_days // 1 or horizon_days < 1:
        raise SourceError("horizon_days is a whole number of days", "another value, or none", _AGAIN)
    p = _numbers(table, "p_churn")
    if not ((p >= 0) & (p <= 1)).all():
        raise SourceError("p_churn is a probability", "a value outside [0, 1], or none", _AGAIN)
    at_risk, value, expected = (_numbers(table, name) for name in ("value_at_risk", "expected_value", "expected_spend"))
    safe = np.maximum(p, _LEAST_P)
    if_stays = np.where(p > _LEAST_P, at_risk / safe, value)
    otherwise = np.where(p > _LEAST_P, (value - (1.0 - p) * if_stays) / safe, 0.0)
    names, tier, p_keep = _tiers(table)
    n = len(ids)
    return Audience(
        as_of=day_of(as_of, "forecast's as_of"),
        horizon_days=int(horizon_days),
        value_of=next((name for name in table["value_of"].to_pylist() if name), "nothing"),
        ids=ids,
        p_churn=p,
        value_at_risk=at_risk,
        expected_spend=expected,
        if_stays=if_stays,
        otherwise=otherwise,
        spend=np.where(p < 1.0, expected / np.maximum(1.0 - p, _LEAST_P), 0.0),
        tier_names=names,
        tier=tier,
        p_keep=p_keep,
        stage=np.array(table["stage"].to_pylist(), object),
        band=np.array(table["temperature_band"].to_pylist(), object),
        reason=_reasons(table),
        consent=np.full(n, UNKNOWN, np.int8),
        contacts=np.zeros(n, np.int64),
        since_contact=np.full(n, np.inf),
    )


_AGAIN: Final = "run 'tiercast score' again, and plan with what it writes"


def _numbers(table: pa.Table, name: str) -> Floats:
    return numbers(table[name], name, "a forecast")


def _tiers(table: pa.Table) -> tuple[tuple[str, ...], npt.NDArray[np.int64], Floats]:
    """Names, lowest first; (n,) position of the one held; (n,) probability of that or a higher one, NaN if unknown."""
    names = tuple(name.removeprefix(_P_TIER) for name in table.column_names if name.startswith(_P_TIER))
    if "tier" not in table.column_names or not names:
        return (), np.full(table.num_rows, -1, np.int64), np.full(table.num_rows, np.nan)
    at = {name: position for position, name in enumerate(names)}
    tier = np.array([at.get(name, -1) for name in table["tier"].to_pylist()], np.int64)
    chances = np.column_stack([_numbers(table, f"{_P_TIER}{name}") for name in names])
    above = np.cumsum(chances[:, ::-1], axis=1)[:, ::-1]
    p_keep = np.where(tier >= 0, above[np.arange(len(tier)), np.maximum(tier, 0)], np.nan)
    return names, tier, np.minimum(p_keep, 1.0)


def _reasons(table: pa.Table) -> npt.NDArray[Any]:
    """(n,) the reasons in words, as the table has them, joined."""
    columns = [name for name in table.column_names if name.startswith("reason_") and name.endswith("_sentence")]
    told = zip(*(table[name].to_pylist() for name in columns), strict=True) if columns else [()] * table.num_rows
    joined = [
        " ".join(sentence if sentence[-1] in ".。" else f"{sentence}." for sentence in row if sentence) for row in told
    ]
    return np.array(joined, object)
