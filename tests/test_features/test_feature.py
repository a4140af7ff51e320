from __future__ import annotations

import json
from typing import Any

import pytest

from features.errors import ConfigError
from features.feature import Feature, Phrase, Unit
from features.registry import registered

WEEK = Feature("visits_7d", Unit.COUNT, "total('visits', 7)", "days with a purchase in a week")


@pytest.mark.parametrize(
    ("expression", "needs"),
    [
        ("total('visits', 7)", set()),
        ("total('gross', 7)", set()),  # amounts are not counted: without them money is absent
        ("total('evening') + total('cost')", {"time", "cost"}),
        ("ratio(tier_metric(), tenure())", {"policy"}),
        ("since_event('sent') + distinct('store')", {"events", "store"}),
    ],
)
def test_what_it_needs(expression: str, needs: set[str]) -> None:
    assert Feature("x", Unit.COUNT, expression, "x").needs == needs


@pytest.mark.parametrize("feature", registered(), ids=lambda feature: feature.name)
def test_there_and_back_by_way_of_json(feature: Feature) -> None:
    assert Feature.from_dict(json.loads(json.dumps(feature.to_dict()))) == feature


def test_words_of_its_own_are_not_asked_for() -> None:
    assert WEEK.reason.en.format(value="3") == "3 days with a purchase in a week"
    assert "3" in WEEK.reason.zh.format(value="3")
    assert WEEK.absent == Phrase("not available", "无数据")
    assert (WEEK.direction, WEEK.default, WEEK.family) == (0, True, "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Visits"}, "a feature's name is in lower case, of letters, digits and _; got 'Visits'"),
        ({"name": "visits-7d"}, "got 'visits-7d'"),
        ({"name": "7d_visits"}, "got '7d_visits'"),
        ({"name": ""}, "got ''"),
        ({"expression": "visits(7)"}, "a feature is written in operators; got 'visits'"),
        ({"expression": "total('steps')"}, "total() takes a value; got 'steps'"),
        ({"reason": Phrase("{value", "{value}")}, "a phrase holds {value} and {s} and no other place; got '{value'"),
        ({"reason": Phrase("{value} of {all}", "{value}")}, "got '{value} of {all}'"),
        ({"reason": Phrase("{value}", "{}")}, "got '{}'"),
        ({"reason": Phrase("{value.__class__}", "{value}")}, "got '{value.__class__}'"),
        ({"reason": Phrase("{value[0]}", "{value}")}, "got '{value[0]}'"),
        ({"reason": Phrase("{value:>999999999}", "{value}")}, "got '{value:>999999999}'"),
        ({"reason": Phrase("{value!r}", "{value}")}, "got '{value!r}'"),
        ({"absent": Phrase("none", "{0}")}, "got '{0}'"),
    ],
)
def test_what_cannot_be_declared_is_said(change: dict[str, Any], said: str) -> None:
    declared = {"name": "x", "unit": Unit.COUNT, "expression": "recency()", "meaning": "x", **change}
    with pytest.raises(ConfigError) as raised:
        Feature(**declared)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"unit": "lumens"}, "lumens"),
        ({"colour": "blue"}, "colour"),
        ({"reason": ["one language"]}, "zh"),
        ({"expression": "phase_of_moon()"}, "phase_of_moon"),
    ],
)
def test_a_stored_feature_of_another_release_is_said(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Feature.from_dict({**WEEK.to_dict(), **change})


def test_a_stored_feature_cut_short_is_said() -> None:
    stored = WEEK.to_dict()
    del stored["unit"]
    with pytest.raises(ConfigError, match="a stored feature is one that this release knows; got 'unit'"):
        Feature.from_dict(stored)
