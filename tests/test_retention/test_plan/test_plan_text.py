from __future__ import annotations

import pytest
from plans import SECRET, audience, catalogue

from retention.plan.plan import Plan, make_plan
from retention.plan.plan_text import marginal, table, to_text, width
from retention.plan.summary import Limit, summarised

LIMITS = {"budget": {"total": 60.0, "tiers": {"Gold": 20.0}}, "capacity": {"phone": 12}}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(catalogue(**LIMITS), audience(240), SECRET)


def test_all_is_said(plan: Plan) -> None:
    said = to_text(plan)
    rows = summarised(plan).all
    assert said.startswith(
        f"spring, as of 2020-03-01, 28 days ahead: {rows.treated} members get an action, {rows.held} are kept back\n"
    )
    lines = said.splitlines()
    assert lines[2].split() == ["tier", "action", "members", "kept", "back", "costs", "saves", "gains"]
    whole = next(line for line in lines if line.startswith("all"))
    assert whole.split()[1:] == [
        str(rows.treated),
        str(rows.held),
        *(f"{v:,.2f}" for v in (rows.cost, rows.saved, rows.gain)),
    ]
    assert any(line.startswith("budget in all") and " of 60.00  one more returns " in line for line in lines)
    assert any(line.startswith("budget for Gold") and "of 20.00" in line for line in lines)
    assert any(line.startswith("places by phone") and "of 12" in line for line in lines)
    assert f"no plan can gain more than {plan.solution.bound:,.2f}" in said
    assert f"calling the most likely to leave first gains {plan.by_risk:,.2f}" in said
    assert "money or places go further with others" in said


def test_in_chinese_columns_are_as_wide(plan: Plan) -> None:
    said = to_text(plan, "zh")
    lines = said.splitlines()
    assert "净收益" in said
    assert "措施call" in said
    start = lines.index("") + 1
    ends = {width(line) for line in lines[start : lines.index("", start)]}
    assert len(ends) == 1


@pytest.mark.parametrize(
    ("limit", "en", "zh"),
    [
        (Limit("total", None, 9, 9, 1.1), "one more returns 2.10", "每多 1 元可带回 2.10"),
        (Limit("tier", "Gold", 9, 9, 1.1), "one more for Gold returns 2.10", "每多 1 元可带回 2.10"),
        (Limit("tier", "Gold", 9, 3, 0.0), "is enough: one more brings nothing", "未用完，再多也无用"),
        (Limit("tier", "Gold", 0, 0, 0.0, short=True), "is too little for some that is worth doing", "不足以采取值得的措施"),
        (Limit("channel", "phone", 9, 9, 3.5), "one more place gains 3.50", "多一个名额可多得 3.50"),
        (Limit("channel", "phone", 9, 1, 0.0), "one more place brings nothing", "再多也无用"),
    ],
)
def test_what_one_more_brings(limit: Limit, en: str, zh: str) -> None:
    assert (marginal(limit), marginal(limit, zh=True)) == (en, zh)


def test_columns() -> None:
    lines = [["金", "1", "b"], ["abc", "10", "c d"]]
    assert table(lines, left=1) == ["金    1    b", "abc  10  c d"]
    assert table(lines, left=1, words_last=True) == ["金    1  b", "abc  10  c d"]
