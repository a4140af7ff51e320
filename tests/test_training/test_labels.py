from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import simulated
from by_example import row
from hypothesis import assume, given
from hypothesis import strategies as st

from features.daily import DailyRow
from features.feature_table import build
from features.histories import Histories, from_rows
from features.policy import TierPolicy
from training.labels import label

FIRST = dt.date(2019, 12, 1)
days = st.builds(
    row,
    st.dates(FIRST, FIRST + dt.timedelta(days=150)),
    st.integers(0, 2),
    st.integers(0, 2_000_000),
    st.integers(0, 1_500_000),
)


def folded(rows: list[DailyRow]) -> list[DailyRow]:
    """One row a day; a day without an order has no gross."""
    return [
        (day, {**values, "gross": values["gross"] if values["orders"] else 0}) for day, values in sorted(dict(rows).items())
    ]


@given(
    log=st.lists(st.lists(days, min_size=1, max_size=12).map(folded), min_size=1, max_size=4),
    cutoff=st.dates(FIRST + dt.timedelta(days=2), FIRST + dt.timedelta(days=130)),
    horizon=st.integers(1, 60),
    policy=st.sampled_from([simulated.NET, simulated.IGNORE, simulated.ONE_TIER, None]),
)
def test_against_a_plain_loop(log: list[list[DailyRow]], cutoff: dt.date, horizon: int, policy: TierPolicy | None) -> None:
    log[0] = folded([*log[0], row(FIRST, 1, 10_000)])
    histories = from_rows([(str(i), rows) for i, rows in enumerate(log)], has_amounts=True)
    table = build(histories, [cutoff], horizon_days=horizon, lookback_days=400, policy=policy, features=[])
    assume(len(table))
    found = label(table, histories)
    end = cutoff + dt.timedelta(days=horizon)
    for i, member in enumerate(table.members):
        rows = log[int(member)]
        ahead = [values for day, values in rows if cutoff <= day < end]
        net = policy is not None and policy.returns == "net"
        assert found.visits[i] == sum(values["orders"] > 0 for values in ahead)
        assert found.churned[i] == (found.visits[i] == 0)
        assert found.spend is not None
        assert found.spend[i] == sum(values["gross"] - net * values["returned"] for values in ahead)
        if policy is None:
            assert found.next_tier is None
            continue
        start = end - dt.timedelta(days=policy.window.rolling_days)
        qualifying = sum(values["gross"] - net * values["returned"] for day, values in rows if start <= day < end)
        reached = [k for k, tier in enumerate(policy.tiers) if k == 0 or qualifying >= round(tier.reach * 10_000)]
        assert found.next_tier is not None
        assert found.next_tier[i] == max(reached)


def test_a_return_is_no_sign_of_life_and_a_free_item_is() -> None:
    day = FIRST + dt.timedelta(days=10)
    rows = [("returns", [row(FIRST, 1, 50), row(day, 0, 0, 50)]), ("free", [row(FIRST, 1, 50), row(day, 1)])]
    histories = from_rows(rows, has_amounts=True)
    table = build(histories, [day], horizon_days=7, lookback_days=28, policy=simulated.NET)
    found = label(table, histories)
    assert found.churned.tolist() == [True, False]
    assert found.spend is not None
    assert found.spend.tolist() == [-50, 0]


def test_without_amounts_money_is_not_available(visits_only: Histories) -> None:
    table = build(visits_only, [simulated.AS_OF], **simulated.SPANS, policy=simulated.NET, features=[])
    found = label(table, visits_only)
    assert (found.spend, found.next_tier) == (None, None)
    assert 0 < found.churned.mean() < 1


def test_the_horizon_is_half_open() -> None:
    cutoff, horizon = FIRST + dt.timedelta(days=30), 14
    for offset, churned in [(-1, True), (0, False), (horizon - 1, False), (horizon, True)]:
        rows = [row(FIRST + dt.timedelta(days=5), 1, 1), row(cutoff + dt.timedelta(days=offset), 1, 1)]
        histories = from_rows([("m", rows)], has_amounts=True)
        table = build(histories, [cutoff], horizon_days=horizon, lookback_days=60, features=[])
        assert label(table, histories).churned.tolist() == [churned], offset


@pytest.mark.parametrize("returns", ["net", "ignore"])
def test_real_data_against_pandas(journey: Histories, journey_policy: TierPolicy, returns: str) -> None:
    import pandas as pd

    policy = journey_policy.model_copy(update={"returns": returns})
    cutoff, horizon = dt.date(2017, 11, 6), 28
    table = build(journey, [cutoff], horizon_days=horizon, lookback_days=91, policy=policy, features=[])
    found = label(table, journey)
    visits = journey.visits
    frame = pd.DataFrame({"member": np.repeat(journey.members, np.diff(visits.offsets)), "day": visits.day})
    frame["gross"] = visits.values["gross"]
    at = (cutoff - dt.date(1970, 1, 1)).days
    spend = frame[frame.day.between(at, at + horizon - 1)].groupby("member").gross.sum().reindex(table.members)
    assert found.churned.tolist() == spend.isna().tolist()
    assert found.spend is not None
    assert found.spend.tolist() == spend.fillna(0).astype(int).tolist()
    window = frame[frame.day.between(at + horizon - 91, at + horizon - 1)].groupby("member").gross.sum()
    edges = [-1, *(round(tier.reach * 10_000) - 1 for tier in policy.tiers[1:]), 10**15]
    tier = pd.cut(window.reindex(table.members).fillna(0), edges, labels=False)
    assert found.next_tier is not None
    assert found.next_tier.tolist() == tier.tolist()
