from __future__ import annotations

from plans import action

from retention.plan.action import BAND_NAMES, STAGE_NAMES, Action
from serving.forecast.record import STAGE_NAMES as SERVED_STAGES
from serving.forecast.temperature import BANDS


def test_stages_and_bands_are_those_of_forecasts() -> None:
    assert STAGE_NAMES == SERVED_STAGES
    assert tuple(band.name for band in BANDS) == BAND_NAMES
    everybody = {"stages": list(STAGE_NAMES), "bands": list(BAND_NAMES)}
    assert Action.model_validate(action(who=everybody)).who.stages == STAGE_NAMES


def test_a_plain_number_is_a_fixed_cost() -> None:
    plain, parted = (Action.model_validate(action(cost=cost)).cost for cost in (2, {"per_return": 2}))
    assert (plain.fixed, plain.per_return) == (2.0, 0.0)
    assert (parted.fixed, parted.per_return) == (0.0, 2.0)


def test_an_effect_says_where_it_is_from() -> None:
    measured = {"mean": 0.03, "sd": 0.01, "source": "measured", "campaign": "autumn"}
    found = Action.model_validate(action(effect={"return": measured, "spend": {"mean": 2, "scale": "per_member"}}))
    assert {name: (part.source, part.campaign) for name, part in found.effect.parts.items()} == {
        "return": ("measured", "autumn"),
        "spend": ("prior", None),
    }
