from __future__ import annotations

import json

import numpy as np
import pytest
from plans import CALL, MAIL, SECRET, TIERS, audience, catalogue

from retention.plan.gains import gains_of
from retention.plan.plan import Plan, make_plan
from retention.plan.summary import interval, summarised, to_json

LIMITS = {"budget": {"total": 60.0, "tiers": {"Gold": 20.0}}, "capacity": {"phone": 12}, "hold_out": {"share": 0.3}}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(catalogue(**LIMITS), audience(240), SECRET)


def test_rows_add_up(plan: Plan) -> None:
    found, made, who = summarised(plan), plan.catalogue, plan.audience
    gains = gains_of(made, who)
    for row in found.rows:
        own = plan.choice >= 0
        if row.tier is not None:
            own &= who.tier == TIERS.index(row.tier)
        if row.action is not None:
            own &= plan.choice == [action.id for action in made.actions].index(row.action)
        treated = np.flatnonzero(own & ~plan.held)
        assert (row.treated, row.held) == (len(treated), int((own & plan.held).sum()))
        assert row.cost == pytest.approx(gains.cost[treated, plan.choice[treated]].sum())
        assert row.gain == pytest.approx(gains.gain[treated, plan.choice[treated]].sum())
    assert found.all.gain == pytest.approx(plan.solution.value)
    whole = [row for row in found.rows[:-1] if row.action is None]
    assert [row.tier for row in whole] == list(TIERS[::-1])
    assert sum(row.cost for row in whole) == pytest.approx(found.all.cost)


def test_limits_and_what_one_more_gains(plan: Plan) -> None:
    found = {(limit.kind, limit.name): limit for limit in summarised(plan).limits}
    assert set(found) == {("total", None), ("tier", "Gold"), ("channel", "phone")}
    for limit in found.values():
        assert 0 <= limit.used <= limit.most + 1e-9
    total, gold = found["total", None], found["tier", "Gold"]
    prices = plan.solution.prices
    assert total.price == prices[0] > 0
    assert gold.price == (prices[3] + prices[0] if prices[3] > 0 else 0.0)


def test_a_budget_too_small_for_anything_is_not_called_enough() -> None:
    made = catalogue(CALL, MAIL, budget={"tiers": {"Gold": 0.0, "Silver": 400.0}})
    gold, silver = (
        limit for limit in sorted(summarised(make_plan(made, audience(60), SECRET)).limits, key=lambda one: str(one.name))
    )
    assert (gold.name, gold.used, gold.price, gold.short) == ("Gold", 0.0, 0.0, True)
    assert (silver.name, silver.price, silver.short) == ("Silver", 0.0, False)


def test_without_tiers_rows_are_actions() -> None:
    who = audience(60)
    names = [f"p_tier_{name}" for name in TIERS]
    from plans import forecasts

    from retention.plan.audience import audience_of

    plain = audience_of(forecasts(60).drop_columns(["tier", *names]))
    plain.consent[:] = who.consent
    rows = summarised(make_plan(catalogue(CALL, MAIL), plain, SECRET)).rows
    assert {row.tier for row in rows} == {None}
    assert [row.action for row in rows][-1] is None


def test_the_interval_is_around_the_gain(plan: Plan) -> None:
    low, high = interval(plan)
    assert low < plan.solution.value < high
    assert (low + high) / 2 == pytest.approx(plan.solution.value)


def test_as_json(plan: Plan) -> None:
    found = json.loads(json.dumps(to_json(plan), allow_nan=False))
    assert found["gain"] == pytest.approx(found["saved"] - found["cost"])
    arms = found["members"]
    assert arms["all"] == 240 == sum(count for name, count in arms.items() if name != "all")
    assert sum(each["left_out"] for each in found["left_out"]) == 240 - arms["treated"] - arms["hold_out"]
    assert found["bound"] >= found["gain"] >= max(found["by_probability_of_leaving"], found["by_value_at_risk"])
