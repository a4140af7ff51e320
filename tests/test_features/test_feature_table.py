"""One path to features: as known then, each member alone, and equal to two formulations that share no code with it."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
import strategies
from by_example import row
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles import by_hand, in_sql

import features
from features.daily import Line
from features.errors import ConfigError, CutoffError, PolicyError
from features.feature import Feature, Unit
from features.feature_table import FeatureTable, build, parts
from features.histories import Histories, from_rows
from features.policy import TierPolicy
from features.registry import by_name, chosen_by_default, registered
from features.schema import NUMBERS

CUTOFFS = [dt.date(2017, 6, 12), dt.date(2017, 11, 6)]
POLICY = TierPolicy.from_dict(
    {
        "programme": "P",
        "tiers": [{"name": "A"}, {"name": "B", "reach": 100.0}, {"name": "C", "reach": 900.0}],
        "metric": "spend",
        "window": {"rolling_days": 60},
    }
)


DEFAULT = chosen_by_default({"amount"}, policy=False)


def fully_described(histories: Histories, cutoff: dt.date) -> FeatureTable:
    """With every registered feature."""
    spans = {"horizon_days": 28, "lookback_days": 91}
    return build(histories, [cutoff], **spans, policy=POLICY, features=registered(), compiled=False)


def by_member(table: FeatureTable) -> dict[str, bytes]:
    """Each member's row, to the bit."""
    return {member: row.tobytes() for member, row in zip(table.members.tolist(), table.x, strict=True)}


# -- as known then ----------------------------------------------------------------------------------------------------

cutoffs = st.dates(strategies.FIRST.date() + dt.timedelta(days=1), strategies.LAST.date())


def at(cutoff: dt.date, days: int) -> dt.datetime:
    """The first instant of a day so many days before a cutoff."""
    return dt.datetime.combine(cutoff, dt.time()) - dt.timedelta(days=days)


@settings(max_examples=50)
@given(log=strategies.full_logs(), extra=strategies.full_logs(most_members=5), happened=strategies.events(), cutoff=cutoffs)
def test_rows_at_or_after_a_cutoff_change_nothing(
    log: dict[str, list[Line]], extra: dict[str, list[Line]], happened: strategies.Events, cutoff: dt.date
) -> None:
    known = {**log, "m0": [*log.get("m0", []), Line(at(cutoff, 1), 1.0)]}
    later = {member: [line for line in own if line.timestamp.date() >= cutoff] for member, own in extra.items()}
    later["m0"] = [*later.get("m0", []), Line(at(cutoff, 0), 5.0, category="new")]  # the cutoff's own first instant
    grown = {member: [*known.get(member, []), *later.get(member, [])] for member in {*known, *later}}
    happened_before = {
        kind: {member: [event for event in own if event[0] < cutoff] for member, own in by_member_.items()}
        for kind, by_member_ in happened.items()
    }
    before = by_member(fully_described(strategies.full_histories(known, happened_before), cutoff))
    assert before == by_member(fully_described(strategies.full_histories(grown, happened), cutoff))
    assert "m0" in before


@settings(max_examples=50)
@given(log=strategies.full_logs(), others=strategies.full_logs(), happened=strategies.events(), cutoff=cutoffs)
def test_other_members_change_nothing_and_one_alone_gets_the_same(
    log: dict[str, list[Line]], others: dict[str, list[Line]], happened: strategies.Events, cutoff: dt.date
) -> None:
    """Whatever labels the others bring."""
    own = [*log[min(log)], Line(at(cutoff, 1), 1.0, category="a label of their own")]
    events = {kind: {**by_member_, "x": by_member_["m0"]} for kind, by_member_ in happened.items()}
    alone = by_member(fully_described(strategies.full_histories({"x": own}, events), cutoff))
    among = by_member(fully_described(strategies.full_histories({**others, "x": own}, events), cutoff))
    assert alone == {"x": among["x"]}


# -- what a log may be written like -----------------------------------------------------------------------------------


@settings(max_examples=40)
@given(log=strategies.full_logs(), chance=st.randoms(use_true_random=False), cutoff=cutoffs)
def test_the_order_of_rows_changes_nothing(log: dict[str, list[Line]], chance: random.Random, cutoff: dt.date) -> None:
    known = {**log, "m0": [*log.get("m0", []), Line(at(cutoff, 1), 1.0)]}
    shuffled = {member: chance.sample(own, len(own)) for member, own in chance.sample(list(known.items()), len(known))}
    one, other = (fully_described(strategies.full_histories(rows, {"sent": {}}), cutoff) for rows in (known, shuffled))
    assert by_member(one) == by_member(other)


exact = st.integers(0, 9_000_000).map(lambda unit: unit / 10_000)


@settings(max_examples=60)
@given(
    own=st.lists(strategies.full_lines(strategies.exact_amounts, exact), min_size=1, max_size=8),
    share=st.floats(0, 1),
    data=st.data(),
)
def test_splitting_a_line_in_two_changes_nothing(own: list[Line], share: float, data: st.DataObject) -> None:
    """Two lines of one order at one time, whose numbers add up in fixed point."""
    which = data.draw(st.integers(0, len(own) - 1))
    whole = own[which]

    def parts_of(number: float) -> tuple[float, float]:
        units = round(number * 10_000)
        part = round(units * share) if units >= 0 else min(round(units * share), -1)
        return part / 10_000, (units - part) / 10_000

    split = {name: parts_of(getattr(whole, name)) for name in ("amount", *NUMBERS)}
    assume(split["amount"][1] < 0 or whole.amount >= 0)  # type: ignore[operator] # what is left of a return is one
    halves = [replace(whole, **{name: both[i] for name, both in split.items()}) for i in (0, 1)]
    cutoff = max(line.timestamp for line in own).date() + dt.timedelta(days=1)
    tables = [
        fully_described(strategies.full_histories({"m": lines}, {"sent": {}}), cutoff)
        for lines in (own, [*own[:which], *halves, *own[which + 1 :]])
    ]
    assert by_member(tables[0]) == by_member(tables[1])


@settings(max_examples=50)
@given(log=strategies.full_logs(), cutoff=cutoffs, days=st.integers(-3_000, 3_000))
def test_shifting_all_times_by_whole_days_shifts_dates_alone(log: dict[str, list[Line]], cutoff: dt.date, days: int) -> None:
    """But for what is said of the calendar: weekends when the week moves, the first days of months."""
    by = dt.timedelta(days=days)
    known = {**log, "m0": [*log.get("m0", []), Line(at(cutoff, 1), 1.0)]}
    moved = {member: [replace(line, timestamp=line.timestamp + by) for line in own] for member, own in known.items()}
    then, now = (
        fully_described(strategies.full_histories(rows, {"sent": {}}), day)
        for rows, day in ((known, cutoff), (moved, cutoff + by))
    )
    calendar = {"month_start_share", *(() if days % 7 == 0 else ("weekend_share",))}
    for name, before, after in zip(then.names, then.x.T, now.x.T, strict=True):
        assert name in calendar or before.tobytes() == after.tobytes(), name


# -- real data --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_real_data_cut_off_before_reading(
    cutoff: dt.date,
    journey: Histories,
    journey_path: str,
    journey_map: dict[str, str],
    journey_policy: TierPolicy,
    tmp_path: Path,
) -> None:
    part = tmp_path / "part.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM '{journey_path}' WHERE transaction_timestamp < TIMESTAMP '{cutoff}') TO '{part}'")
    known = features.from_log(features.check(part, journey_map))
    tables = [
        build(histories, [cutoff], horizon_days=28, lookback_days=91, policy=journey_policy)
        for histories in (known, journey, journey.before(cutoff))
    ]
    assert by_member(tables[0]) == by_member(tables[1]) == by_member(tables[2])


def test_real_members_one_at_a_time(journey: Histories, journey_policy: TierPolicy) -> None:
    whole = build(journey, CUTOFFS, horizon_days=28, lookback_days=91, policy=journey_policy, compiled=True)
    for position in whole.panel.member[:: len(whole) // 12]:
        alone = build(
            journey.select(np.array([position])),
            CUTOFFS,
            horizon_days=28,
            lookback_days=91,
            policy=journey_policy,
            compiled=False,
        )
        assert alone.x.tobytes() == whole.x[whole.panel.member == position].tobytes()


# -- against independent formulations ---------------------------------------------------------------------------------


NOT_FED = {"profit_91d", "profit_364d", "margin_share", "points_earned_91d", "points_used_share", "days_to_review"} | {
    *("category_count", "category_entropy", "category_top_share", "channel_count", "channel_top_share"),
    *(feature.name for feature in registered() if feature.family == "contact"),
}
"""What Complete Journey has no column for."""


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_every_feature_of_every_member_equals_sql(
    cutoff: dt.date, journey_full: Histories, journey_path: str, journey_policy: TierPolicy
) -> None:
    chosen = [feature for feature in registered() if feature.name not in NOT_FED]
    spans = {"horizon_days": 28, "lookback_days": 91}
    table = build(journey_full, [cutoff], **spans, policy=journey_policy, features=chosen)
    oracle = in_sql.describe(journey_path, cutoff, 28, [tier.reach for tier in journey_policy.tiers])
    assert table.members.tolist() == oracle["member"].tolist()
    assert set(table.names) == set(oracle.columns) - {"member"}
    assert set(table.names) > set(build(journey_full, [cutoff], **spans, policy=journey_policy).names)
    for name, column in zip(table.names, table.x.T, strict=True):
        expected = oracle[name].astype(float).to_numpy()
        np.testing.assert_allclose(column, expected, rtol=1e-11, atol=1e-8, equal_nan=True, err_msg=name)


@settings(max_examples=80)
@given(log=strategies.logs(), cutoff=cutoffs)
def test_every_feature_equals_a_loop_over_lines(log: dict[str, list[Line]], cutoff: dt.date) -> None:
    known = {**log, "m0": [*log.get("m0", []), Line(dt.datetime.combine(cutoff, dt.time()) - dt.timedelta(days=2), 1.0)]}
    table = build(strategies.histories(known), [cutoff], horizon_days=28, lookback_days=91)
    for member, found in zip(table.members, table.x, strict=True):
        expected = by_hand.describe(known[member], cutoff, 28)
        assert dict(zip(table.names, found.tolist(), strict=True)) == pytest.approx(
            expected, rel=1e-11, abs=1e-12, nan_ok=True
        )


# -- rows and columns -------------------------------------------------------------------------------------------------


def one(*days: int, has_amounts: bool = True) -> Histories:
    first = dt.date(2017, 1, 1)
    return from_rows([("m", [row(first + dt.timedelta(days=day), 1, 100) for day in days])], has_amounts)


@pytest.mark.parametrize(("age", "rows"), [(1, 1), (91, 1), (92, 0)])
def test_a_row_is_given_to_members_with_a_purchase_in_the_look_back(age: int, rows: int) -> None:
    cutoff = dt.date(2017, 1, 1) + dt.timedelta(days=age)
    table = build(one(0), [cutoff], horizon_days=28, lookback_days=91)
    assert (len(table), table.x.shape) == (rows, (rows, len(DEFAULT)))


def test_a_return_is_no_sign_of_life() -> None:
    first = dt.date(2017, 1, 1)
    log = from_rows([("m", [row(first, 1, 100), row(first + dt.timedelta(days=90), 0, 0, 50)])], has_amounts=True)
    assert len(build(log, [first + dt.timedelta(days=100)], horizon_days=28, lookback_days=91)) == 0


def test_rows_come_by_cutoff_then_by_member_and_repeated_cutoffs_once() -> None:
    day = dt.date(2017, 1, 1)
    log = from_rows([(name, [row(day, 1, 100)]) for name in "ba"], has_amounts=True)
    cutoffs_ = [day + dt.timedelta(days=days) for days in (9, 2, 9)]
    frame = build(log, cutoffs_, horizon_days=28, lookback_days=91).to_pandas()
    assert frame["customer_id"].tolist() == ["b", "a", "b", "a"]
    assert frame["cutoff"].tolist() == [cutoffs_[1], cutoffs_[1], cutoffs_[0], cutoffs_[0]]
    assert frame["recency_days"].tolist() == [2.0, 2.0, 9.0, 9.0]


def test_no_cutoff_no_row() -> None:
    assert build(one(0), [], horizon_days=28, lookback_days=91).x.shape == (0, len(DEFAULT))


def test_chosen_features_come_in_the_order_given() -> None:
    names = ["visits_total", "recency_days"]
    table = build(one(0, 3), [dt.date(2017, 1, 10)], horizon_days=28, lookback_days=91, features=by_name(names))
    assert (table.names, table.x.tolist()) == (tuple(names), [[2.0, 6.0]])


def test_without_amounts_counts_stay_and_money_is_left_out_or_absent() -> None:
    table = build(one(0, 3, has_amounts=False), [dt.date(2017, 1, 10)], horizon_days=28, lookback_days=91, policy=POLICY)
    money = {"returned_share", "spend_trend", *(f.name for f in table.features if f.unit.value == "currency")}
    programme = {f.name for f in table.features if "policy" in f.needs}
    absent = {name for name, value in zip(table.names, table.x[0], strict=True) if np.isnan(value)}
    assert absent - {"comeback_share", "season_visits"} == money | programme
    assert table.state is None


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("profit_91d", "profit_91d, which needs cost"),
        ("tier_metric", "tier_metric, which needs policy"),
        ("discount_share", "discount_share, which needs discount"),
        ("category_entropy", "category_entropy, which needs category"),
        ("evening_share", "evening_share, which needs time"),
        ("opened_share", "opened_share, which needs events"),
    ],
)
def test_a_feature_that_the_log_cannot_give_is_refused_and_never_chosen(name: str, missing: str) -> None:
    arguments = {"cutoffs": [dt.date(2017, 1, 10)], "horizon_days": 28, "lookback_days": 91}
    with pytest.raises(ConfigError, match=f"a feature's columns are in the log; got {missing}"):
        build(one(0), **arguments, features=by_name([name]))
    assert name not in build(one(0), **arguments).names


def test_a_feature_of_ones_own_stands_beside_the_registered() -> None:
    own = Feature("spend_7d_share", Unit.SHARE, "ratio(total('gross', 7), total('gross'))", "spend of a week over all")
    arguments = {"horizon_days": 28, "lookback_days": 91, "features": [*by_name(["recency_days"]), own]}
    table = build(one(0, 3, 8), [dt.date(2017, 1, 10)], **arguments)
    assert table.to_pandas().iloc[0, 2:].to_dict() == {"recency_days": 1.0, "spend_7d_share": pytest.approx(2 / 3)}


@pytest.mark.parametrize("members", [1, 2, 3, 100])
def test_parts_are_all_members_in_order(members: int) -> None:
    log = from_rows([(name, [row(dt.date(2017, 1, 1), 1, i)]) for i, name in enumerate("abcde")], has_amounts=True)
    arguments = {"cutoffs": [dt.date(2017, 1, 9)], "horizon_days": 28, "lookback_days": 91}
    found = [build(part, **arguments) for part in parts(log, members)]
    assert {len(part) for part in found[:-1]} <= {members}
    whole = build(log, **arguments)
    assert np.concatenate([part.members for part in found]).tolist() == whole.members.tolist()
    assert np.concatenate([part.x for part in found]).tobytes() == np.ascontiguousarray(whole.x).tobytes()


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"horizon_days": 0}, ConfigError, "horizon_days is from 1"),
        ({"lookback_days": 40_000}, ConfigError, "lookback_days is from 1"),
        ({"cutoffs": [dt.date(2017, 1, 1)]}, CutoffError, "got 2017-01-01 in a log that begins on 2017-01-01"),
        ({"policy": POLICY, "horizon_days": 61}, PolicyError, "window.rolling_days: "),
    ],
)
def test_what_cannot_be_built_is_said(changed: dict[str, object], error: type[Exception], said: str) -> None:
    arguments = {"cutoffs": [dt.date(2017, 1, 10)], "horizon_days": 28, "lookback_days": 91, **changed}
    with pytest.raises(error) as raised:
        build(one(0), arguments.pop("cutoffs"), **arguments)
    assert said in str(raised.value)


def test_columns_are_picked_and_others_worked_out_for_the_same_rows() -> None:
    days = [row(dt.date(2020, 1, 5), 1, 10_0000), row(dt.date(2020, 1, 8), 1, 20_0000)]
    chosen = by_name(["recency_days", "visits_91d", "spend_91d"])
    histories = from_rows([("m", days)], has_amounts=True)
    table = build(histories, [dt.date(2020, 1, 10)], horizon_days=28, lookback_days=91, features=chosen)
    picked = table.select(by_name(["spend_91d", "recency_days"]))
    assert picked.names == ("spend_91d", "recency_days")
    assert picked.x.tolist() == table.values(by_name(["spend_91d", "recency_days"])).tolist() == [[30.0, 2.0]]
    assert table.values(by_name(["recency_days", "visits_28d"])).tolist() == [[2.0, 2.0]]
