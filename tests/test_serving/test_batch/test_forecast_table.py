from __future__ import annotations

import pyarrow as pa
import pytest
from homes import Shop

from serving.batch.forecast_table import to_table
from serving.forecast.scoring import Scores, score


@pytest.fixture(scope="module")
def scores(shop: Shop) -> Scores:
    return score(shop.forecaster, shop.layout, shop.histories, shop.as_of)


def test_the_columns(shop: Shop, visits_shop: Shop, scores: Scores) -> None:
    fields = ("feature", "value", "unit", "contribution", "sentence")
    reasons = [f"reason_{k}_{field}" for k in (1, 2, 3) for field in fields]
    head = ["customer_id", "as_of", "horizon_days", "model_version", "p_churn"]
    head += ["temperature", "temperature_band", "temperature_change"]
    head += ["expected_spend", "expected_spend_low", "expected_spend_high", "expected_value", "value_at_risk", "value_of"]
    head += ["next_purchase_days_low", "next_purchase_days_median", "next_purchase_days_high", "stage"]
    tiers = ["tier", "p_tier_Base", "p_tier_Top", "need_Base", "need_Top"]
    tiers += [f"near_miss_{kind}_{field}" for kind in ("keep", "reach") for field in ("by", "sentence")]
    assert to_table(scores, shop.layout, "en").column_names == head + tiers + reasons
    plain = score(visits_shop.forecaster, visits_shop.layout, visits_shop.histories, visits_shop.as_of)
    assert to_table(plain, visits_shop.layout, "en").column_names == head + reasons


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_row_says_what_the_answer_says(shop: Shop, scores: Scores, language: str) -> None:
    table = to_table(scores, shop.layout, language)
    assert table.schema.field("near_miss_keep_by").type == pa.date32()
    days = [shop.as_of] * len(scores)
    answers = shop.layout.answers(scores.members.tolist(), days, scores.rows, reasons=3, language=language)
    near = 0
    for row, answer in zip(table.to_pylist(), answers, strict=True):
        for name in ("customer_id", "horizon_days", "model_version", "p_churn", "expected_value", "value_at_risk"):
            assert row[name] == answer[name]
        assert [row["tier"], row["stage"], row["value_of"]] == [answer["tier"], answer["stage"], answer["value_of"]]
        heat = [row["temperature"], row["temperature_band"], row["temperature_change"]]
        assert heat == list(answer["temperature"].values())
        spend = [row["expected_spend"], row["expected_spend_low"], row["expected_spend_high"]]
        assert spend == list(answer["expected_spend"].values())
        for part, numbers in (("next_purchase_days", "next_purchase_days"), ("p_tier", "p_next_tier"), ("need", "needs")):
            for name, value in answer[numbers].items():
                assert row[f"{part}_{name}"] == value
        misses = {miss["kind"]: miss for miss in answer["near_miss"]}
        for kind in ("keep", "reach"):
            told = row[f"near_miss_{kind}_by"], row[f"near_miss_{kind}_sentence"]
            miss = misses.get(kind)
            assert told == ((None, None) if miss is None else (shop.as_of.fromisoformat(miss["by"]), miss["sentence"]))
            near += miss is not None
        for k, reason in enumerate(answer["reasons"], 1):
            assert [row[f"reason_{k}_{field}"] for field in reason] == list(reason.values())
    assert near
