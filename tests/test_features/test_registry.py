from __future__ import annotations

import re

import pytest

from features.errors import ConfigError
from features.feature import Feature, Unit
from features.policy import TierPolicy
from features.registry import by_name, registered

POLICY = TierPolicy.from_dict(
    {
        "programme": "P",
        "metric": "spend",
        "window": {"rolling_days": 91},
        "tiers": [{"name": "A"}, {"name": "B", "reach": 1.0}],
    }
)
FEATURES = registered(POLICY)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_names_are_unique_and_pinned() -> None:
    assert [feature.name for feature in FEATURES] == [
        *("recency_days", "tenure_days"),
        *("visits_total", "visits_28d", "visits_91d", "visits_364d", "orders_91d"),
        *("visit_rate_14d", "visit_rate_42d", "visit_rate_126d", "visit_rate_378d"),
        *("gap_last_days", "gap_mean_days", "gap_sd_days", "gap_median_days", "gap_p90_days", "gap_max_days"),
        *("silence_to_median_gap", "silence_to_p90_gap", "silence_to_max_gap", "longer_silences", "comeback_share"),
        *("spend_28d", "spend_91d", "spend_364d", "spend_rate_42d", "spend_rate_126d"),
        *("spend_per_order", "spend_last_visit", "returned_share"),
        *("visits_trend", "spend_trend"),
        *("tier_spend", "tier_carry", "need_to_keep", "need_to_rise"),
    ]
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_each_feature_is_fully_declared(feature: Feature) -> None:
    assert isinstance(feature.unit, Unit)
    assert feature.direction in {-1, 0, 1}
    assert feature.meaning
    for phrase in (feature.reason.en, feature.reason.zh):
        assert phrase.count("{value}") == 1
        assert "1.5" in phrase.format(value="1.5", s="s")
    assert CHINESE.search(feature.reason.zh)
    assert CHINESE.search(feature.absent.zh)
    assert not CHINESE.search(feature.reason.en + feature.absent.en + feature.meaning)
    assert feature.absent.en
    assert "{" not in feature.absent.en + feature.absent.zh


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_the_unit_is_in_the_name_where_it_is_days(feature: Feature) -> None:
    assert feature.name.endswith("_days") == (feature.unit is Unit.DAYS)
    if width := re.search(r"_(\d+)d$", feature.name):
        assert width[1] in feature.meaning
        # A half-life is no word for a manager: rates say 'lately' or 'in recent weeks'.
        if "_rate_" not in feature.name:
            assert width[1] in feature.reason.en
            assert width[1] in feature.reason.zh


def test_the_programmes_features_need_a_policy() -> None:
    added = FEATURES[len(registered(None)) :]
    assert FEATURES[: len(registered(None))] == registered(None)
    assert [feature.needs for feature in added] == ["policy"] * 4
    assert {feature.needs for feature in registered(None)} == {"history"}


def test_features_by_name_come_in_the_order_given() -> None:
    assert [feature.name for feature in by_name(("visits_total", "recency_days"), None)] == ["visits_total", "recency_days"]
    assert by_name([feature.name for feature in FEATURES], POLICY) == FEATURES


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(
        ConfigError, match=r"a feature is registered; got 'recency', 'tier_spend'\. To mend it: choose among 'recency_days'"
    ):
        by_name(["recency", "tier_spend"], None)
