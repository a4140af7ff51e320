from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pytest
import strategies

from features.daily import Line
from features.errors import ConfigError
from features.feature import Feature, Unit
from features.feature_table import build
from features.registry import available, by_name, chosen_by_default, columns_of, registered
from features.schema import LABELS, NUMBERS

FEATURES = registered()
ALL_COLUMNS = {"amount", "order_id", "time", *NUMBERS, *LABELS}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_names_are_unique_and_those_used_by_default_are_pinned() -> None:
    assert [feature.name for feature in chosen_by_default(ALL_COLUMNS, policy=True, events=True)] == [
        *("recency_days", "tenure_days"),
        *("visits_total", "visits_28d", "visits_91d", "visits_364d", "orders_91d"),
        *("visit_rate_14d", "visit_rate_42d", "visit_rate_126d", "visit_rate_378d"),
        *("gap_last_days", "gap_mean_days", "gap_sd_days", "gap_median_days", "gap_p90_days", "gap_max_days"),
        *("silence_to_median_gap", "silence_to_p90_gap", "silence_to_max_gap", "longer_silences", "comeback_share"),
        *("spend_28d", "spend_91d", "spend_364d", "spend_rate_42d", "spend_rate_126d"),
        *("spend_per_order", "spend_last_visit", "returned_share"),
        *("visits_trend", "spend_trend"),
        *("tier_metric", "tier_carry", "need_to_keep", "need_to_rise"),
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
    assert ("days" in feature.name.split("_")) == (feature.unit is Unit.DAYS)
    if width := re.search(r"_(\d+)d$", feature.name):
        assert width[1] in feature.meaning
        # A half-life is no word for a manager: rates say 'lately' or 'in recent weeks'.
        if "_rate_" not in feature.name:
            in_english, in_chinese = ("in a year", "一年") if "year" in feature.reason.en else (width[1], width[1])
            assert in_english in feature.reason.en
            assert in_chinese in feature.reason.zh


def test_each_family_is_there() -> None:
    families = list(dict.fromkeys(feature.family for feature in FEATURES))
    assert families == [
        *("recency", "frequency", "cadence", "value", "trend", "rhythm", "mix", "programme", "contact"),
    ]
    assert len(FEATURES) == 84


def test_the_programmes_features_need_a_policy() -> None:
    with_, without = (chosen_by_default({"amount"}, policy=policy) for policy in (True, False))
    assert [feature.name for feature in with_ if feature not in without] == [
        *("tier_metric", "tier_carry", "need_to_keep", "need_to_rise"),
    ]
    assert {feature.needs for feature in without} == {frozenset()}


@pytest.mark.parametrize("column", sorted(ALL_COLUMNS - {"amount", "order_id"}))
def test_a_column_makes_features_available(column: str) -> None:
    without = set(available({"amount"}, policy=False))
    more = set(available({"amount", column}, policy=False)) - without
    assert more
    assert all(feature.needs == {column} for feature in more)
    assert not any(feature.default for feature in more)


def test_with_everything_every_feature_is_available() -> None:
    assert available(ALL_COLUMNS, policy=True, events=True) == FEATURES
    assert {f.family for f in set(FEATURES) - set(available(ALL_COLUMNS, policy=True))} == {"contact"}


def test_what_a_log_is_read_for() -> None:
    assert columns_of(FEATURES) == ALL_COLUMNS - {"amount", "order_id"}
    assert columns_of(by_name(["profit_91d", "evening_share", "tier_metric", "sent_91d"])) == {"cost", "time"}
    assert columns_of(by_name(["spend_91d"])) == set()


def test_every_feature_has_a_value_for_somebody() -> None:
    """Those of the programme are looked at in a file of their own."""
    lines = [
        Line(
            dt.datetime(2016, 1, 2 + day, 19),
            -1.0 if day == 9 else 10.0,
            **{**dict.fromkeys(NUMBERS, 1.0), "points": -1.0 if day == 3 else 4.0},
            **dict.fromkeys(LABELS, "x"),
        )
        for day in range(10)
    ]
    day = (dt.date(2016, 1, 3), 1, 5)
    kinds = ("sent", "opened", "redeemed", "referral", "complaint", "survey")
    histories = strategies.full_histories({"m0": lines}, {kind: {"m0": [day]} for kind in kinds})
    chosen = [feature for feature in FEATURES if feature.family != "programme"]
    cutoffs = [dt.date(2016, 1, 11), dt.date(2016, 6, 1)]
    table = build(histories, cutoffs, horizon_days=28, lookback_days=400, features=chosen)
    assert [name for name, column in zip(table.names, table.x.T, strict=True) if np.isnan(column).all()] == []


def test_features_by_name_come_in_the_order_given() -> None:
    assert [feature.name for feature in by_name(("visits_total", "recency_days"))] == ["visits_total", "recency_days"]
    assert by_name([feature.name for feature in FEATURES]) == FEATURES


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(
        ConfigError, match=r"a feature is registered; got 'recency', 'tier_spend'\. To mend it: choose among 'recency_days'"
    ):
        by_name(["recency", "tier_spend"])
