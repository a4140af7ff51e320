from __future__ import annotations

import numpy as np
import pytest
from plans import CALL, MAIL, SECRET, action, audience, catalogue

from retention.plan.assignment import assigned
from retention.plan.gains import gains_of
from retention.plan.plan import HELD, NOT_CHOSEN, OUT, TREATED, Plan, make_plan

COLUMNS = [
    *("customer_id", "campaign", "as_of", "horizon_days", "arm", "action", "would_be", "channel", "tier", "stage"),
    *("temperature_band", "p_churn", "expected_spend", "value_at_risk", "hold_out_share", "cost", "expected_gain"),
    *("returned_points", "action_name", "benefit", "reason", "why"),
]
GIFT = action("gift", channel="post", benefit={"en": "A gift", "zh": "礼物"}, effect={"spend": {"mean": 0.2}})


@pytest.fixture(scope="module")
def plan() -> Plan:
    who = audience(300)
    who.consent[:30] = 0
    who.tier[40:60] = -1
    limits = {"budget": {"total": 150.0}, "hold_out": {"share": 0.3, "tiers": {"Gold": 0.5}}}
    return make_plan(catalogue(CALL, MAIL, GIFT, **limits), who, SECRET)


def test_one_row_a_member_of_an_arm(plan: Plan) -> None:
    found = assigned(plan)
    assert found.columns.tolist() == COLUMNS
    assert found.customer_id.is_unique
    assert set(found.customer_id) == set(plan.audience.ids[plan.arm != OUT])
    assert not found.customer_id.isin(plan.audience.ids[:30]).any()
    assert found.arm.drop_duplicates().tolist() == [TREATED, HELD, NOT_CHOSEN]
    at = {member: i for i, member in enumerate(plan.audience.ids.tolist())}
    gains = gains_of(plan.catalogue, plan.audience)
    ids = [action.id for action in plan.catalogue.actions]
    for row in found.to_dict("records"):
        i = at[row["customer_id"]]
        assert row["p_churn"] == plan.audience.p_churn[i]
        assert row["hold_out_share"] == (0.5 if row["tier"] == "Gold" else 0.3)
        if row["arm"] == TREATED:
            a = ids.index(row["action"])
            assert row["would_be"] == row["action"]
            assert row["cost"] == gains.cost[i, a]
            assert row["expected_gain"] == gains.gain[i, a]
            assert row["channel"] == plan.catalogue.actions[a].channel
            assert row["why"].endswith(f"saves {gains.saved[i, a]:,.2f} for {gains.cost[i, a]:,.2f}.")
        else:
            empty = ("action", "channel", "cost", "expected_gain", "returned_points", "action_name", "benefit", "why")
            assert all(row[name] is None or row[name] != row[name] for name in empty)
            assert (row["would_be"] in ids) == (row["arm"] == HELD)
    assert found.tier.isna().sum() == (found.customer_id.isin(plan.audience.ids[40:60])).sum()


def test_who_gains_most_comes_first(plan: Plan) -> None:
    gain = assigned(plan).query("arm == 'treated'").expected_gain.to_numpy()
    assert (np.diff(gain) <= 0).all()


def test_the_words_in_chinese(plan: Plan) -> None:
    found = assigned(plan, "zh")
    treated = found[found.arm == TREATED]
    assert set(treated.benefit.dropna()) <= {"礼物"}
    assert treated.action_name.str.startswith("措施").all()
    assert treated.why.str.contains("预计保留").all()
