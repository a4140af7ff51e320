from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from plans import CALL, MAIL, action, catalogue

from features.errors import ConfigError
from retention.plan.catalogue import Catalogue

EXAMPLE = Path(__file__).parents[3] / "examples" / "plan" / "actions.yaml"


def test_the_example_is_a_catalogue() -> None:
    found = Catalogue.from_yaml(EXAMPLE)
    assert len(found.actions) == 5
    assert set(found.tiers_named) == {"Member", "Silver", "Gold", "Diamond"}
    assert all(each.benefit and each.benefit.zh for each in found.actions)


def test_a_hold_out_is_kept_back_of_every_tier_unless_another_share_is_said() -> None:
    found = catalogue(hold_out={"share": 0.2, "tiers": {"Gold": 0.05}}).hold_out
    assert [found.of(name) for name in ("Gold", "Base", None)] == [0.05, 0.2, 0.2]
    assert catalogue().hold_out.of("Base") == 0.1


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"budget": {"total": -1}}, "budget.total: this should be greater than or equal to 0; got -1"),
        ({"budget": {"tiers": {"Gold": -5}}}, "budget.tiers.Gold: this should be greater than or equal to 0; got -5"),
        ({"capacity": {"phone": -2}}, "capacity.phone: this should be greater than or equal to 0; got -2"),
        ({"capacity": {"pigeon": 2}}, "a catalogue has a capacity for 'pigeon', a channel of no action (phone, post)"),
        ({"hold_out": {"share": 1.0}}, "hold_out.share: this should be less than 1; got 1.0"),
        ({"hold_out": {"share": "0.1"}}, "hold_out.share: this should be a valid number; got '0.1'"),
        ({"budget": {"total": True}}, "budget.total: this should be a valid number; got True"),
        ({"actions": [action(effect={"return": {"mean": True}})]}, "actions[0].effect.return.mean: this should be a valid"),
        ({"actions": [CALL, CALL]}, "a catalogue should name each action once ('call' stands twice)"),
        ({"actions": []}, "actions: this"),
        ({"actions": [action(cost=-1)]}, "actions[0].cost.fixed: this should be greater than or equal to 0; got -1"),
        ({"actions": [action(effect={})]}, "a catalogue should say an effect of 'call'"),
        (
            {"actions": [action(effect={"return": {"mean": 1.2}})]},
            "actions[0].effect.return: this should have a mean from -1 to 1",
        ),
        ({"actions": [action(effect={"return": {"mean": 0.1, "sd": -1}})]}, "actions[0].effect.return.sd"),
        (
            {"actions": [action(effect={"tier": {"mean": 0.1}})]},
            "should say 'tier_is_worth', as 'call' has an effect on tiers",
        ),
        (
            {"actions": [action(effect={"spend": {"mean": 3}})]},
            "actions[0].effect.spend: this should have a mean from -1 to 1",
        ),
        ({"actions": [action(who={"p_churn": {"from": 0.5, "to": 0.1}})]}, "should have 'from' not above 'to'"),
        ({"actions": [action(who={"stages": ["lost"]})]}, "actions[0].who.stages[0]: this should be 'prospect',"),
        ({"actions": [action(name={"en": "Call"})]}, "actions[0].name.zh: a catalogue states this; got nothing"),
        ({"campaign": "../up"}, "campaign: this"),
        ({"colour": "red"}, "colour: a catalogue holds only what it defines; got 'red'"),
        ({"margin_share": float("nan")}, "margin_share: this"),
    ],
)
def test_what_is_wrong_is_said_in_one_message(said: dict[str, Any], message: str) -> None:
    content = {"campaign": "spring", "actions": [CALL, MAIL], **said}
    with pytest.raises(ConfigError) as error:
        Catalogue.from_dict(content)
    assert str(error.value).startswith(message) or message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_names_itself(tmp_path: Path) -> None:
    path = tmp_path / "actions.yaml"
    path.write_text("campaign: a\nactions: []\ncampaign: b\n")
    with pytest.raises(ConfigError, match=r"actions\.yaml: .*'campaign' stands here twice"):
        Catalogue.from_yaml(path)
    path.write_text("- a list")
    with pytest.raises(ConfigError, match=r"actions\.yaml: a catalogue is a mapping; got list"):
        Catalogue.from_yaml(path)
