from __future__ import annotations

import json

from moved import Campaign

from retention.uplift.learnt import Uplift
from retention.uplift.moved import reasons
from retention.uplift.told import to_dict, to_text


def test_what_is_told_in_money(uplift: Uplift, moving: Campaign) -> None:
    text = to_text(uplift, {arm.name: reasons(arm, moving.trial) for arm in uplift.arms})
    assert text.splitlines()[0].startswith(
        "returned: members are told apart: choosing them by uplift beats everyone the same"
    )
    assert "  moved more where app is yes" in text
    assert "  moved more where city is south" in text
    table = text.partition("money for 1,000 members")[2].splitlines()
    assert [line.partition("  ")[0] for line in table[1:]] == [policy.name for policy in uplift.policies]


def test_what_is_told_where_nobody_differs(nobody: Uplift) -> None:
    lines = to_text(nobody, {}).splitlines()
    assert lines[0] == "returned: one effect for all: nobody is shown to be moved more than others"
    assert len(lines) == 4
    assert "Qini" in lines[3]
    assert "fifth" not in "".join(lines)


def test_plain_values_are_json(uplift: Uplift, moving: Campaign) -> None:
    plain = json.loads(json.dumps(to_dict(uplift, {"mail": reasons(uplift.arms[0], moving.trial)}), allow_nan=False))
    assert plain["told_apart"] is True
    assert [arm["arm"] for arm in plain["arms"]] == ["mail", "call"]
    assert plain["arms"][0]["moved"][0]["covariate"] == "app"
    assert plain["money"][0]["uplift_gains_over_it"] is None
