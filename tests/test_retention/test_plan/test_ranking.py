from __future__ import annotations

import numpy as np
from plans import audience

from retention.plan.ranking import to_frame, to_text


def test_most_value_at_risk_first() -> None:
    who = audience(50)
    who.value_at_risk[7] = np.nan
    found = to_frame(who)
    assert found["rank"].tolist() == list(range(1, 50))
    assert found.value_at_risk.is_monotonic_decreasing
    assert set(found.customer_id) == set(who.ids.tolist()) - {8}


def test_as_text() -> None:
    who = audience(50)
    said = to_text(who, 3).splitlines()
    top = to_frame(who).head(3)
    assert said[0].split() == ["member", "tier", "leaves", "at", "risk", "why"]
    assert [line.split()[0] for line in said[1:4]] == [str(each) for each in top.customer_id]
    share = top.value_at_risk.sum() / who.value_at_risk.sum()
    assert f"{who.value_at_risk.sum():,.2f} of margin at risk, with 50 members; {share:.0%} with these 3" in said
    assert "50 名会员共有" in to_text(who, 3, "zh")


def test_without_money_the_likeliest_to_leave_come_first() -> None:
    who = audience(50)
    who.value_at_risk[:] = np.nan
    found = to_frame(who)
    assert len(found) == 50
    assert found.p_churn.is_monotonic_decreasing
    said = to_text(who, 3).splitlines()
    assert said[0].split() == ["member", "tier", "leaves", "why"]
    assert [line.split()[0] for line in said[1:4]] == [str(each) for each in found.head(3).customer_id]
    leavers = who.p_churn.sum()
    share = found.p_churn.head(3).sum() / leavers
    told = f"{leavers:,.0f} of 50 members are expected to leave, {share:.0%} of them among these 3"
    assert said[-1] == f"the log has no money, so the likeliest to leave come first: {told}"
    assert "按流失概率排序：50 名会员" in to_text(who, 3, "zh")


def test_who_is_as_good_as_gone_is_counted_and_left_out_on_request() -> None:
    who = audience(50)
    who.p_churn[:] = np.linspace(0.5, 0.9, 50)
    first = to_frame(who).customer_id.tolist()[0]
    gone = who.ids.tolist().index(first)
    who.p_churn[gone] = 0.96
    said = to_text(who, 3).splitlines()
    assert said[-1].startswith("1 of these 3 will leave by 95 % and more: gone rather than going; --p-churn-to 0.95 leaves")
    assert "前 3 名中有 1 名" in to_text(who, 3, "zh")
    left = to_frame(who, 0.95)
    assert len(left) == 49
    assert first not in left.customer_id.tolist()
    assert "will leave by 95 %" not in to_text(who, 3, p_churn_to=0.95)
