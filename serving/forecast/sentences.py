"""One reason as a sentence: what a value says of a member, and which way it moves the risk; in English and Chinese."""

from __future__ import annotations

import math

from features.feature import Feature
from serving.forecast.wording import Language, plural, spoken_zh, worded
from training.terms import Term


def sentence(feature: Feature | Term, value: float, contribution: float, language: Language) -> str:
    """What a feature's value does to the risk of leaving, in words.

    >>> from features.registry import by_name
    >>> recency = by_name(["recency_days"])[0]
    >>> print(sentence(recency, 45.0, 0.7, "en"))
    Last purchase 45 days ago: raises the risk of leaving.
    >>> print(sentence(recency, 45.0, 0.7, "zh"))
    距上次购买 45 天：流失风险上升。
    """
    return whole_sentence(clause(feature, value, language), contribution > 0, language)


def clause(feature: Feature | Term, value: float, language: Language) -> str:
    """What a feature's value says of a member; what its null rule says where there is none."""
    if math.isnan(value):
        return feature.absent.zh if language == "zh" else feature.absent.en
    text = worded(value, feature.unit, language)
    if language == "zh":
        return spoken_zh(feature.reason.zh.format(value=text), value)
    return feature.reason.en.format(value=text, s=plural(value))


def whole_sentence(said: str, raises: bool, language: Language) -> str:
    """A clause, and which way it moves the risk.

    >>> whole_sentence("a customer for 9 days", True, "en")
    'A customer for 9 days: raises the risk of leaving.'
    """
    if language == "zh":
        return f"{said}：流失风险{'上升' if raises else '下降'}。"
    return f"{said[:1].upper()}{said[1:]}: {'raises' if raises else 'lowers'} the risk of leaving."
