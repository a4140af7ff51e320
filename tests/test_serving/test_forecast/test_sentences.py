from __future__ import annotations

import math

import pytest

from features.feature import Feature
from features.registry import registered
from serving.forecast.sentences import sentence
from training.terms import TERMS, Term

ALL: tuple[Feature | Term, ...] = (*registered(), *TERMS)


@pytest.mark.parametrize("feature", ALL, ids=lambda feature: feature.name)
@pytest.mark.parametrize("value", [math.nan, 0.0, 1.0, 2.5, -3.0, 1234.5])
def test_every_feature_says_a_whole_sentence_in_both_languages(feature: Feature | Term, value: float) -> None:
    for contribution, en, zh in ((0.5, "raises", "上升"), (-0.5, "lowers", "下降")):
        english = sentence(feature, value, contribution, "en")
        assert english.endswith(f": {en} the risk of leaving.")
        assert english[0] == english[0].upper()
        chinese = sentence(feature, value, contribution, "zh")
        assert chinese.endswith(f"：流失风险{zh}。")
        for text in (english, chinese):
            assert "{" not in text
            assert "nan" not in text


@pytest.mark.parametrize(
    ("name", "value", "contribution", "en", "zh"),
    [
        (
            *("buying_rhythm", 0.18, 0.4),
            "How often, how lately and for how long they have bought: raises the risk of leaving.",
            "综合购买频率、最近一次购买与首次购买时间来看：流失风险上升。",
        ),
        (
            *("season", 1.3, 0.26),
            "At this time of year members' odds of leaving are 1.3 times the usual: raises the risk of leaving.",
            "每年这个时候，会员流失的几率是平时的 1.3 倍：流失风险上升。",
        ),
    ],
)
def test_what_is_no_feature_is_told_in_words_too(name: str, value: float, contribution: float, en: str, zh: str) -> None:
    (term,) = (term for term in TERMS if term.name == name)
    assert sentence(term, value, contribution, "en") == en
    assert sentence(term, value, contribution, "zh") == zh
