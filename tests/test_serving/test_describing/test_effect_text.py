from __future__ import annotations

import numpy as np
from trials import simulate

from retention.effect.checks import Balance, SampleRatio
from retention.effect.difference import Difference
from retention.effect.findings import Checked, Findings, Found, findings
from retention.effect.learned import Learned
from retention.effect.posterior import Belief
from retention.effect.refusal import no_hold_out
from retention.effect.worth import worth
from retention.trial.table import TrialTable
from serving.describing.effect_text import learned_text, planned_text, to_text

RETURNED = Difference(0.031, 0.0097, 0.012, 0.05, 0.0014, 1000, 100, 0.5, "t", adjusted=True)
SPEND = Difference(4.21, 1.0, 2.25, 6.17, 0.00001, 1000, 100, 20.0, "t")
FEW = Difference(*(float("nan"),) * 5, 20, 3, 9.0, "too few")
CHECKED = Checked("treated", (SampleRatio("all", (100, 1000), (110.0, 990.0), 0.31),), Balance({"p_churn": 0.04}, 0.6))
FOUND = Findings(
    "hold-out",
    {"hold-out": 100, "treated": 1000},
    frozenset({"returned"}),
    (CHECKED,),
    (),
    (
        Found("treated", "returned", "all", "all", RETURNED, RETURNED, 0.0014, 0.027),
        Found("treated", "returned", "tier", "Gold", FEW, FEW, float("nan"), float("nan")),
        Found("treated", "spend", "all", "all", SPEND, SPEND, 0.00002, 2.8),
    ),
)


def test_a_campaign_in_words_money_and_a_table() -> None:
    lines = to_text(FOUND, [worth(FOUND, "treated", 1900.0, 0.25)], {"returned": 0.03}).splitlines()
    assert lines[0] == "treated: 100 in the control, 110 meant (by lot, p = 0.310)"
    assert lines[1] == "treated: at the start the arms differ most in p_churn, by +0.04 sd (by lot, p = 0.600)"
    assert lines[3] == (
        "of 1,000 treated, 31 more came back (12 to 50); they spent +4,210 (2,250 to 6,170); "
        "worth 1,052 (562 to 1,542); cost 1,900"
    )
    table = [line.split() for line in lines[5:9]]
    assert table[1] == [
        "came",
        "back",
        "all",
        "1,000",
        "100",
        "50.0%",
        "+3.1",
        "pts",
        "+1.2",
        "pts",
        "..",
        "+5.0",
        "pts",
        "0.001",
        "2.7",
        "pts",
    ]
    assert table[2] == ["came", "back", "tier", "Gold", "20", "3", "too", "few", "to", "tell"]
    assert table[3] == ["spend", "all", "1,000", "100", "20.00", "+4.21", "+2.25", "..", "+6.17", "<", "0.001", "2.80"]
    assert lines[-1] == "came back: the plan would find differences from 3.0 pts on, what was measured from 2.7 pts"


def test_the_same_in_chinese() -> None:
    text = to_text(FOUND, [worth(FOUND, "treated", 1900.0, 0.25)], {"returned": 0.03}, "zh")
    assert (
        "已处理 1,000 人：多回购 31 人（12 至 50）；消费 +4,210（2,250 至 6,170）；毛利 1,052（562 至 1,542）；成本 1,900"
        in text
    )
    assert "人数太少，无法判断" in text
    for word in ("treated,", "came back", "tier"):
        assert word not in text


def test_fewer_came_back() -> None:
    one = Difference(-0.02, 0.01, -0.04, 0.0, 0.05, 1000, 100, 0.5, "t")
    rows = (Found("t", "returned", "all", "all", one, one, 0.05, 0.1),)
    found = Findings("c", {"c": 1, "t": 1000}, frozenset({"returned"}), (), (), rows)
    assert "of 1,000 treated, 20 fewer came back (-40 to 0)" in to_text(found, [worth(found, "t")])


def test_several_arms_have_a_column() -> None:
    made = simulate(np.random.default_rng(1), 300, 0.3)
    arm = made.treated.astype(np.int64) * (1 + np.arange(300) % 2)
    text = to_text(findings(TrialTable(np.arange(300), arm, ("none", "mail", "call"), {"visit": made.returned})))
    assert "mail: not checked: whether the arms were alike at the start" in text
    assert "call: not checked: whether the arms are as large as was meant" in text
    assert any(line.startswith("call  visit") for line in text.splitlines())


def test_why_nothing_is_concluded() -> None:
    found = Findings("hold-out", {"treated": 7}, frozenset(), (), (no_hold_out("treated", 7),), ())
    assert to_text(found).startswith("no conclusion about 'treated': all 7 members were treated and nobody was held out")
    assert to_text(found, language="zh").startswith("对“treated”不作结论：7 名会员")


def test_what_could_be_seen_and_what_was_learned() -> None:
    assert planned_text({"returned": 0.031, "spend": 2.5}, 900, 100).splitlines()[1:] == [
        "  came back: 3.1 pts",
        "  spend: 2.50",
    ]
    assert planned_text({}, 900, 100, "zh").startswith("将处理 900 人，留出 100 人")
    one = Learned("call", "return", None, Belief(0.1, 0.03), Belief(0.1, 0.03), "points")
    other = Learned("call", "spend", Belief(1.0, 2.0), Belief(3.0, 2.0), Belief(2.0, 1.41), "per_member")
    third = Learned("call", "return", Belief(0.3, 0.1), Belief(0.1, 0.1), Belief(0.2, 0.07), "log_odds")
    assert learned_text([third]).endswith("now +0.20 ± 0.07 log-odds")
    assert learned_text([one, other]).splitlines() == [
        "call, return: believed nothing, measured +10.0 pts ± 3.0 pts, now +10.0 pts ± 3.0 pts",
        "call, spend: believed +1.00 ± 2.00, measured +3.00 ± 2.00, now +2.00 ± 1.41",
    ]
    assert learned_text([one], "zh").startswith("call, return: 原为 无，测得 +10.0 pts")


def test_nothing_learned_is_said() -> None:
    assert learned_text([]).startswith("nothing is learned:")
    assert learned_text([], "zh").startswith("没有可学习的结果")
