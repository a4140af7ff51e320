"""Contributions → sentences, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from features.feature import Feature, Unit
from features.operators import Floats
from serving.forecast.largest import NONE, largest, largest_of_one
from serving.forecast.pace import Heard, Pace, heard, paced
from serving.forecast.wording import Language, plural, spoken_zh, worded
from training.terms import RHYTHM, Term

__all__ = ["Language", "Reason", "ReasonColumns", "Teller", "clause", "sentence", "top_reasons"]

_KEPT: Final = 16_384
"""Sentences that are remembered, about 4 MB."""
_SAME_FACTS: Final = frozenset({"recency_days", "gap_mean_days", "gap_median_days"})
"""What the buying rhythm is told by: features of these names are not told beside it."""
_IN_TENTHS: Final = frozenset({Unit.DAYS, Unit.RATIO, Unit.COUNT})
_WHOLE_FROM: Final = 100.0
"""From here on they are told in whole numbers."""


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


class ReasonColumns(NamedTuple):
    """Reasons of many members, the largest first: each part an array (n_members, most).

    ``feature``, ``unit`` and ``sentence`` are None, ``value`` and ``contribution`` NaN where a member has no more reasons.
    """

    feature: npt.NDArray[np.object_]
    value: Floats
    unit: npt.NDArray[np.object_]
    contribution: Floats
    sentence: npt.NDArray[np.object_]


class Chosen(NamedTuple):
    """What moves the forecasts of some members most, one after another: how many of each, and of all of them in a row the
    member and the feature by position, its value and its contribution.
    """

    counts: list[int]
    members: list[int]
    features: list[int]
    values: list[float]
    contributions: list[float]


class Teller:
    """Tells what moves forecasts, in one language.

    Parameters
    ----------
    features : (n_features,) what forecasts are explained by
    """

    def __init__(self, features: Sequence[Feature | Term], language: Language) -> None:
        self.features = tuple(features)
        self.language: Language = language
        self._families = tuple(family_of(feature) for feature in features)
        self._rhythm = next((i for i, feature in enumerate(features) if feature.name == RHYTHM.name), NONE)
        # Days and counts are the same for many members.
        self._of_value = lru_cache(_KEPT)(self._worded)
        self._of_pace = lru_cache(_KEPT)(self._paced)
        self._in_tenths = [feature.unit in _IN_TENTHS for feature in features]
        self._of_tenth: dict[tuple[int, str, bool], str] = {}

    def chosen(self, values: Floats, contributions: Floats, most: int) -> Chosen:
        """What moves each forecast most, largest first (serving.forecast.largest).

        Parameters
        ----------
        values, contributions : (n_members, n_features)
        """
        if len(values) == 1:  # plain Python is done before numpy has begun
            own, parts = values[0].tolist(), contributions[0].tolist()
            places = largest_of_one(parts, self._families, most)
            return Chosen([len(places)], [0] * len(places), places, [own[i] for i in places], [parts[i] for i in places])
        found = largest(contributions, self._families, most)
        there = found != NONE
        members, places = np.nonzero(there)[0], found[there]
        return Chosen(
            there.sum(axis=1).tolist(),
            members.tolist(),
            places.tolist(),
            values[members, places].tolist(),
            contributions[members, places].tolist(),
        )

    def sentences(self, chosen: Chosen, paces: Floats | None = None) -> list[str]:
        """What is chosen, in words.

        Parameters
        ----------
        paces : (n_members, 3) as ``Pace``, to tell the buying rhythm by
        """
        rhythm, own = (NONE, []) if paces is None else (self._rhythm, paces.tolist())
        in_tenths, of_tenth, told = self._in_tenths, self._of_tenth, []
        for member, i, value, part in zip(*chosen[1:], strict=True):
            raises = part > 0
            if i == rhythm:
                said = self._of_pace(heard(own[member], raises), raises)
            elif in_tenths[i] and 0.0 < value < _WHOLE_FROM and value % 1.0:
                # Hardly any two members have the same; told to a tenth, many have.
                key = i, f"{value:.1f}", raises
                said = of_tenth.get(key) or of_tenth.setdefault(key, self._worded(i, value, raises))
            else:
                said = self._of_value(i, None if math.isnan(value) else value, raises)
            told.append(said)
        return told

    def reasons(self, values: Floats, contributions: Floats, most: int, paces: Floats | None = None) -> list[list[Reason]]:
        """For each member, what moves the forecast most, largest first.

        Parameters
        ----------
        values, contributions : (n_members, n_features)
        paces : (n_members, 3) as ``Pace``, to tell the buying rhythm by
        """
        chosen = self.chosen(values, contributions, most)
        told = iter(
            [
                Reason(self.features[i].name, None if math.isnan(value) else value, self.features[i].unit.value, part, said)
                for i, value, part, said in zip(*chosen[2:], self.sentences(chosen, paces), strict=True)
            ]
        )
        return [list(islice(told, count)) for count in chosen.counts]

    def columns(self, values: Floats, contributions: Floats, most: int, paces: Floats | None = None) -> ReasonColumns:
        """The same as arrays.

        Parameters
        ----------
        values, contributions, paces : see ``reasons``
        """
        chosen = self.chosen(values, contributions, most)
        there = np.arange(most) < np.array(chosen.counts, np.int64)[:, None]

        def column(none: Any, told: Sequence[Any], kind: type) -> npt.NDArray[Any]:
            found: npt.NDArray[Any] = np.full(there.shape, none, kind)
            found[there] = told
            return found

        return ReasonColumns(
            column(None, [self.features[i].name for i in chosen.features], object),
            column(np.nan, chosen.values, float),
            column(None, [self.features[i].unit.value for i in chosen.features], object),
            column(np.nan, chosen.contributions, float),
            column(None, self.sentences(chosen, paces), object),
        )

    def _worded(self, i: int, value: float | None, raises: bool) -> str:
        said = clause(self.features[i], math.nan if value is None else value, self.language)
        return whole_sentence(said, raises, self.language)

    def _paced(self, pace: Heard, raises: bool) -> str:
        return whole_sentence(paced(pace, self.language), raises, self.language)


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
    if language == "zh":
        return spoken_zh(feature.reason.zh.format(value=text), value)
    return feature.reason.en.format(value=text, s=plural(value))
