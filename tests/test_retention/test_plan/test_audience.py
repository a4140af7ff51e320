from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from plans import AS_OF, TIERS, forecasts

from features.errors import ColumnError, CutoffError, NotFoundError, SourceError
from retention.plan.audience import NEEDED, audience_of, read_forecasts
from retention.plan.catalogue import Pressure


def test_money_agrees_with_the_forecast() -> None:
    table = forecasts(50)
    found = audience_of(table)
    p = np.array(table["p_churn"])
    np.testing.assert_allclose(p * found.if_stays, table["value_at_risk"])
    np.testing.assert_allclose((1 - p) * found.if_stays + p * found.otherwise, table["expected_value"])
    np.testing.assert_allclose((1 - p) * found.spend, table["expected_spend"])
    assert found.tier_names == TIERS
    for row, tier, keep in zip(table.to_pylist(), found.tier.tolist(), found.p_keep.tolist(), strict=True):
        assert row["tier"] == TIERS[tier]
        assert keep == pytest.approx(sum(row[f"p_tier_{name}"] for name in TIERS[tier:]))
    assert found.reason[0] == "Buys every 9 days, last 30 days ago: raises the risk of leaving."
    assert found.usable.all()


def test_who_is_certain_to_come_or_to_leave() -> None:
    money = {"value_at_risk": [0.0, 80.0], "expected_value": [100.0, 30.0], "expected_spend": [60.0, 0.0]}
    found = audience_of(forecasts(2, p_churn=[0.0, 1.0], **money))
    assert [found.if_stays.tolist(), found.otherwise.tolist()] == [[100.0, 80.0], [0.0, 30.0]]
    assert found.spend.tolist() == [60.0, 0.0]


def test_without_tiers_and_money() -> None:
    nothing = dict.fromkeys(("expected_spend", "expected_value", "value_at_risk"), [np.nan] * 3)
    table = forecasts(3, **nothing).drop_columns(["tier", *(f"p_tier_{name}" for name in TIERS)])
    found = audience_of(table)
    assert (found.tier_names, found.tier.tolist(), found.usable.any()) == ((), [-1] * 3, False)


def test_consent_by_member() -> None:
    table = pa.table({"member": ["1", "3", "77"], "consent": pa.array([1, 0, 1], pa.int8())})
    assert audience_of(forecasts(4)).with_consent(table).consent.tolist() == [1, -1, 0, -1]
    unsaid = pa.table({"member": [1], "consent": pa.array([None], pa.int8())})
    assert audience_of(forecasts(1)).with_consent(unsaid).consent.tolist() == [-1]


def test_contacts_before_the_date_only() -> None:
    day = [AS_OF - dt.timedelta(days=ago) for ago in (1, 30, 31, 0, 2)]
    events = pa.table(
        {"member": [1, 1, 1, 2, 3], "day": day, "kind": ["sent"] * 4 + ["opened"], "count": [2, 1, 5, 9, 9]},
    )
    found = audience_of(forecasts(3)).with_contacts(events, Pressure(most=3, days=30))
    assert found.contacts.tolist() == [3, 0, 0]
    assert found.since_contact.tolist() == [1.0, np.inf, np.inf]
    assert audience_of(forecasts(3)).with_contacts(events, None).since_contact.tolist() == [1.0, np.inf, np.inf]


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"customer_id": [1, 1, 2]}, SourceError, "a member stands in the forecasts once"),
        ({"customer_id": [1, None, 2]}, SourceError, "a member stands in the forecasts once"),
        ({"p_churn": [0.1, 1.2, 0.3]}, SourceError, "p_churn is a probability"),
        ({"p_churn": [0.1, np.nan, 0.3]}, SourceError, "p_churn is a probability"),
        ({"p_churn": ["0.1", "x", "0.3"]}, ColumnError, "a forecast is a number; got 'p_churn' with string in it"),
        ({"horizon_days": [28.5] * 3}, SourceError, "horizon_days is a whole number of days"),
        ({"horizon_days": [None] * 3}, SourceError, "horizon_days is a whole number of days"),
        ({"as_of": ["01.03.2020"] * 3}, CutoffError, "a forecast's as_of is a date"),
        ({"as_of": [None] * 3}, CutoffError, "a forecast's as_of is a date; got none"),
        ({"horizon_days": [28, 28, 21]}, SourceError, "forecasts are of one date and horizon; got 2 pairs"),
    ],
)
def test_a_table_that_cannot_be_right(columns: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        audience_of(forecasts(3, **columns))


def test_another_table() -> None:
    for name in NEEDED:
        with pytest.raises(ColumnError, match=f"none called {name}"):
            audience_of(forecasts(3).drop_columns([name]))
    with pytest.raises(SourceError, match="has rows; got none"):
        audience_of(forecasts(3).slice(0, 0))


def test_files(tmp_path: Path) -> None:
    table = forecasts(3, ids=["007", "8", "x"])
    pyarrow.parquet.write_table(table, tmp_path / "f.parquet")
    pyarrow.csv.write_csv(table, tmp_path / "f.csv")
    whole, text = (audience_of(read_forecasts(tmp_path / f"f.{suffix}")) for suffix in ("parquet", "csv"))
    assert whole.ids.tolist() == text.ids.tolist() == ["007", "8", "x"]
    assert (whole.as_of, whole.horizon_days) == (text.as_of, text.horizon_days) == (AS_OF, 28)
    np.testing.assert_array_equal(whole.if_stays, text.if_stays)
    assert whole.reason.tolist() == text.reason.tolist()
    zoned = (tmp_path / "f.csv").read_text().replace(str(AS_OF), f"{AS_OF}T00:30:00+02:00")
    (tmp_path / "f.csv").write_text(zoned)
    assert audience_of(read_forecasts(tmp_path / "f.csv")).as_of == AS_OF
    with pytest.raises(NotFoundError, match="a plan is made of forecasts"):
        read_forecasts(tmp_path / "none.parquet")
    (tmp_path / "g.parquet").write_text("no table")
    with pytest.raises(SourceError, match="a table of forecasts is a CSV or Parquet file"):
        read_forecasts(tmp_path / "g.parquet")
