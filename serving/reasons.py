"""Contributions → sentences, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from features.feature import Feature, Unit
from features.operators import Floats
from training.terms import Term

Language: TypeAlias = Literal["en", "zh"]
_MOST_NATS: Final = 20.0
"""No log holds enough labels for more."""


class Reason(NamedTuple):
    """One feature's part in a forecast.

    ``value`` is None where the feature's null rule applies; ``contribution`` is in log-odds of leaving, above 0 where it
    raises the risk.
    """

    feature: str
    value: float | None
    unit: str
    contribution: float
    sentence: str


def top_reasons(
    features: Sequence[Feature | Term], values: Floats, contributions: Floats, *, most: int, language: Language
) -> list[Reason]:
    """What moves one member's forecast most; see ``Teller.reasons``.

    Parameters
    ----------
    features : (n_features,)
    values, contributions : (n_features,) of one member
    """
    (found,) = Teller(features, language).reasons(values[None, :], contributions[None, :], most)
    return found


class Teller:
    """Tells what moves forecasts, in one language.

    Parameters
    ----------
    features : (n_features,) what forecasts are explained by
    """

    def __init__(self, features: Sequence[Feature | Term], language: Language) -> None:
        self.features = tuple(features)
        self.language: Language = language
        self._families = [feature.family or feature.name for feature in features]

    def reasons(self, values: Floats, contributions: Floats, most: int) -> list[list[Reason]]:
        """For each member, the features that move the forecast most, largest first.

        One of each family comes before a second of any: features of a family say nearly the same, and three reasons are to
        be three. Those that move nothing are left out.

        Parameters
        ----------
        values, contributions : (n_members, n_features)
        """
        orders = np.argsort(-np.abs(contributions), axis=1, kind="stable")
        found = []
        for order, own, parts in zip(orders.tolist(), values.tolist(), contributions.tolist(), strict=True):
            found.append([self._told(i, own[i], parts[i]) for i in self._chosen(order, parts, most)])
        return found

    def _chosen(self, order: list[int], parts: list[float], most: int) -> list[int]:
        """Positions of the reasons, given those of all features from the largest on."""
        chosen: list[int] = []
        told: set[str] = set()
        for i in order:
            if len(chosen) >= most or parts[i] == 0.0:
                break
            if self._families[i] not in told:
                told.add(self._families[i])
                chosen.append(i)
        if len(chosen) < most:
            left = [i for i in order if parts[i] != 0.0 and i not in chosen]
            kept = {*chosen, *left[: most - len(chosen)]}
            chosen = [i for i in order if i in kept]
        return chosen

    def _told(self, i: int, value: float, contribution: float) -> Reason:
        feature = self.features[i]
        there = None if math.isnan(value) else value
        said = sentence(feature, value, contribution, self.language)
        return Reason(feature.name, there, feature.unit.value, contribution, said)


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
