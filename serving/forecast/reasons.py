"""Contributions → sentences, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from features.feature import Feature
from features.operators import Floats
from serving.forecast.pace import Pace, paced
from serving.forecast.wording import Language, plural, worded
from training.terms import RHYTHM, Term

__all__ = ["Language", "Reason", "Teller", "clause", "sentence", "top_reasons"]

_KEPT: Final = 16_384
"""Sentences that are remembered, about 4 MB."""
_NEAR_TOP: Final = 3
"""So many features are looked at for each reason: nearly always enough for one of each family."""
_SAME_FACTS: Final = frozenset({"recency_days", "gap_mean_days", "gap_median_days"})
"""What the buying rhythm is told by: features of these names are not told beside it."""


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
    features: Sequence[Feature | Term],
    values: Floats,
    contributions: Floats,
    *,
    most: int,
    language: Language,
    pace: Pace | None = None,
) -> list[Reason]:
    """What moves one member's forecast most; see ``Teller.reasons``.

    Parameters
    ----------
    features : (n_features,)
    values, contributions : (n_features,) of one member
    """
    paces = None if pace is None else np.array([pace])
    (found,) = Teller(features, language).reasons(values[None, :], contributions[None, :], most, paces)
    return found


def family_of(feature: Feature | Term) -> str:
    """Features of one family say nearly the same.

    >>> from features.registry import by_name
    >>> [family_of(feature) for feature in (RHYTHM, *by_name(["recency_days", "tenure_days"]))]
    ['rhythm of purchases', 'rhythm of purchases', 'recency']
    """
    return RHYTHM.family if feature.name in _SAME_FACTS else feature.family or feature.name


class Teller:
    """Tells what moves forecasts, in one language.

    Parameters
    ----------
    features : (n_features,) what forecasts are explained by
    """

    def __init__(self, features: Sequence[Feature | Term], language: Language) -> None:
        self.features = tuple(features)
        self.language: Language = language
        self._families = [family_of(feature) for feature in features]
        # Days and counts are the same for many members.
        self._sentence = lru_cache(_KEPT)(self._worded)

    def reasons(self, values: Floats, contributions: Floats, most: int, paces: Floats | None = None) -> list[list[Reason]]:
        """For each member, the features that move the forecast most, largest first.

        One of each family comes before a second of any: features of a family say nearly the same, and three reasons are to
        be three. Those that move nothing are left out.

        Parameters
        ----------
        values, contributions : (n_members, n_features)
        paces : (n_members, 3) as ``Pace``, to tell the buying rhythm by
        """
        paced = [None] * len(values) if paces is None else [Pace(*pace) for pace in paces.tolist()]
        if len(values) == 1:  # plain Python is done before numpy has begun
            return [self._of_all(None, values[0].tolist(), contributions[0].tolist(), most, paced[0])]
        near = min(contributions.shape[1], _NEAR_TOP * most)
        order = np.argsort(-np.abs(contributions), axis=1, kind="stable")
        orders = order[:, :near].tolist()
        own = [np.take_along_axis(part, order[:, :near], axis=1).tolist() for part in (values, contributions)]
        found = []
        for row, (top, said, parts, pace) in enumerate(zip(orders, *own, paced, strict=True)):
            chosen = self._of_each_family(top, parts, most)
            if len(chosen) == most:
                found.append([self._told(top[place], said[place], parts[place], pace) for place in chosen])
            else:  # rarely, so few families are among the largest
                found.append(
                    self._of_all(order[row].tolist(), values[row].tolist(), contributions[row].tolist(), most, pace)
                )
        return found

    def _of_all(
        self, order: list[int] | None, values: list[float], contributions: list[float], most: int, pace: Pace | None
    ) -> list[Reason]:
        """Of one member, whose features are looked at to the last if need be."""
        if order is None:
            order = sorted(range(len(values)), key=[-abs(part) for part in contributions].__getitem__)
        parts = [contributions[i] for i in order]
        chosen = self._of_each_family(order, parts, most)
        if len(chosen) < most:
            left = [place for place, part in enumerate(parts) if part != 0.0 and place not in chosen]
            chosen = sorted(chosen + left[: most - len(chosen)])
        return [self._told(order[place], values[order[place]], parts[place], pace) for place in chosen]

    def _of_each_family(self, order: list[int], parts: list[float], most: int) -> list[int]:
        """Places of the largest of each family in the order given, of features from the largest contribution on."""
        chosen: list[int] = []
        told: set[str] = set()
        for place, i in enumerate(order):
            if len(chosen) >= most or parts[place] == 0.0:
                break
            if self._families[i] not in told:
                told.add(self._families[i])
                chosen.append(place)
        return chosen

    def _worded(self, i: int, value: float | None, raises: bool) -> str:
        said = clause(self.features[i], math.nan if value is None else value, self.language)
        return whole_sentence(said, raises, self.language)

    def _told(self, i: int, value: float, contribution: float, pace: Pace | None) -> Reason:
        feature, raises = self.features[i], contribution > 0
        known = None if math.isnan(value) else value
        if pace is not None and feature.name == RHYTHM.name:
            said = whole_sentence(paced(pace, raises=raises, language=self.language), raises, self.language)
        else:
            said = self._sentence(i, known, raises)
        return Reason(feature.name, known, feature.unit.value, contribution, said)


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


def whole_sentence(said: str, raises: bool, language: Language) -> str:
    """A clause, and which way it moves the risk.

    >>> whole_sentence("a customer for 9 days", True, "en")
    'A customer for 9 days: raises the risk of leaving.'
    """
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
