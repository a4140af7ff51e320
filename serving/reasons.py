"""Contributions → sentences, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from features.feature import Feature, Unit
from features.operators import Floats
from training.terms import Term

Language: TypeAlias = Literal["en", "zh"]
_MOST_NATS: Final = 20.0
"""No log holds enough labels for more."""


@dataclass(frozen=True)
class Reason:
    """One feature's part in a forecast.

    ``value`` is None where the feature's null rule applies; ``contribution`` is in log-odds of leaving, above 0 where it
    raises the risk.
    """

    feature: str
    value: float | None
    contribution: float
    sentence: str


def top_reasons(
    features: Sequence[Feature | Term], values: Floats, contributions: Floats, *, most: int, language: Language
) -> list[Reason]:
    """The features that move one member's forecast most, largest first, one of each family before a second of any.

    Features of a family say nearly the same; three reasons are to be three. Those that move nothing are left out.

    Parameters
    ----------
    features : (n_features,)
    values, contributions : (n_features,) of one member
    """
    order = [int(i) for i in np.argsort(-np.abs(contributions), kind="stable") if contributions[i] != 0.0]
    first = list({features[i].family or features[i].name: i for i in reversed(order)}.values())
    chosen = sorted(first, key=order.index)[:most]
    chosen += [i for i in order if i not in chosen][: most - len(chosen)]
    return [
        Reason(
            features[i].name,
            None if math.isnan(values[i]) else float(values[i]),
            float(contributions[i]),
            sentence(features[i], float(values[i]), float(contributions[i]), language),
        )
        for i in sorted(chosen, key=order.index)
    ]


def sentence(feature: Feature | Term, value: float, contribution: float, language: Language) -> str:
    """What a feature's value does to the risk of leaving, in words.

    >>> from features.registry import by_name
    >>> recency = by_name(["recency_days"])[0]
    >>> print(sentence(recency, 45.0, 0.7, "en"))
    Last purchase 45 days ago: raises the risk of leaving.
    >>> print(sentence(recency, 45.0, 0.7, "zh"))
    距上次购买 45 天：流失风险上升。
    """
    raises = contribution > 0
    said = clause(feature, value, language)
    if language == "zh":
        return f"{said}：流失风险{'上升' if raises else '下降'}。"
    return f"{said[:1].upper()}{said[1:]}: {'raises' if raises else 'lowers'} the risk of leaving."


def clause(feature: Feature | Term, value: float, language: Language) -> str:
    """What a feature's value says of a member; what its null rule says where there is none."""
    if math.isnan(value):
        return feature.absent.zh if language == "zh" else feature.absent.en
    text = worded(value, feature.unit, language)
    return (
        feature.reason.zh.format(value=text) if language == "zh" else feature.reason.en.format(value=text, s=plural(value))
    )


def plural(value: float) -> str:
    """The ending of what is counted.

    >>> plural(1.0), plural(2.0)
    ('', 's')
    """
    return "" if value == 1 else "s"


def worded(value: float, unit: Unit, language: Language) -> str:
    """A value with its unit.

    >>> worded(1.0, Unit.DAYS, "en"), worded(0.834, Unit.SHARE, "en"), worded(1204.5, Unit.MONEY, "zh")
    ('1 day', '83 %', '1,204.50')

    A chance is never said to be none, nor a certainty:

    >>> worded(0.002, Unit.CHANCE, "en"), worded(0.18, Unit.CHANCE, "en"), worded(0.999, Unit.CHANCE, "zh")
    ('under 1 %', '18 %', '99 % 以上')

    Entropy is no word for a manager: it is said as the number of labels that, all alike, would be as mixed.

    >>> worded(math.log(7), Unit.NATS, "en")
    '7.0'
    """
    number = _number(value)
    if unit is Unit.DAYS:
        return f"{number} 天" if language == "zh" else f"{number} day{plural(value)}"
    if unit is Unit.MONEY:
        return f"{value:,.2f}"
    if unit is Unit.SHARE:
        return f"{value:.0%}".replace("%", " %")
    if unit is Unit.CHANCE:
        return _chance(value, language)
    if unit is Unit.RATIO:
        number = f"{value:.1f}" if value == 1 else number  # '1 times' is no English
        return f"{number} 倍" if language == "zh" else f"{number} times"
    if unit is Unit.METRIC:  # money, points or orders: the policy knows
        return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
    if unit is Unit.NATS:
        return f"{math.exp(min(value, _MOST_NATS)):,.1f}"
    return number


def _chance(value: float, language: Language) -> str:
    if value < 0.01:
        return "1 % 以下" if language == "zh" else "under 1 %"
    if value > 0.99:
        return "99 % 以上" if language == "zh" else "over 99 %"
    return worded(value, Unit.SHARE, language)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:,.1f}"
