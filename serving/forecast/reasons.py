"""Contributions → sentences, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from features.feature import Feature, Unit
from features.operators import Floats
from serving.forecast.alike import NO_CODE, paces_alike, values_alike
from serving.forecast.largest import NONE, Places, largest, largest_of_one
from serving.forecast.pace import Heard, Pace, heard, paced
from serving.forecast.sentences import clause, whole_sentence
from serving.forecast.wording import Language
from training.terms import RHYTHM, Term

Words = TypeVar("Words")
_KEPT: Final = 16_384
"""Sentences that are remembered, about 4 MB."""
_SAME_FACTS: Final = frozenset({"recency_days", "gap_mean_days", "gap_median_days"})
"""What the buying rhythm is told by: features of these names are not told beside it."""
_IN_TENTHS: Final = frozenset({Unit.DAYS, Unit.RATIO, Unit.COUNT})


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
    (found,) = Teller(features, language, str).reasons(values[None, :], contributions[None, :], most, paces)
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


class Told(NamedTuple, Generic[Words]):
    """What moves the forecasts of some members most, one after another: how many reasons each has, and of all of them in a
    row the feature by position, its value, its contribution and the sentence.
    """

    counts: list[int]
    features: list[int]
    values: Floats | list[float]
    contributions: Floats | list[float]
    sentences: list[Words]


class Teller(Generic[Words]):
    """Tells what moves forecasts, in one language.

    Parameters
    ----------
    features : (n_features,) what forecasts are explained by
    put : what a sentence is kept as, ``str`` for itself
    """

    def __init__(self, features: Sequence[Feature | Term], language: Language, put: Callable[[str], Words]) -> None:
        self.features = tuple(features)
        self._put = put
        self.language: Language = language
        self._families = tuple(family_of(feature) for feature in features)
        self._rhythm = next((i for i, feature in enumerate(features) if feature.name == RHYTHM.name), NONE)
        self._in_tenths = np.array([feature.unit in _IN_TENTHS for feature in features])
        # Days and counts are the same for many members; of other values, tenths are.
        self._of_value = lru_cache(_KEPT)(self._worded)
        self._of_pace = lru_cache(_KEPT)(self._paced)
        self._of_code: dict[int, Words] = {}

    def told(self, values: Floats, contributions: Floats, most: int, paces: Floats | None = None) -> Told[Words]:
        """What moves each forecast most, largest first (serving.forecast.largest), in words.

        Parameters
        ----------
        values, contributions : (n_members, n_features)
        paces : (n_members, 3) as ``Pace``, to tell the buying rhythm by
        """
        if len(values) == 1:  # plain Python is done before numpy has begun
            return self._of_one(values[0].tolist(), contributions[0].tolist(), most, paces)
        found = largest(contributions, self._families, most)
        there = found != NONE
        members, places = np.nonzero(there)[0], found[there]
        own, parts = values[members, places], contributions[members, places]
        beat = None if paces is None else paces[members]
        return Told(there.sum(axis=1).tolist(), places.tolist(), own, parts, self._sentences(places, own, parts > 0.0, beat))

    def _of_one(self, values: list[float], contributions: list[float], most: int, paces: Floats | None) -> Told[Words]:
        places = largest_of_one(contributions, self._families, most)
        own, parts = [values[i] for i in places], [contributions[i] for i in places]
        pace = None if paces is None else paces[0].tolist()
        said = [self._sentence(i, value, part > 0.0, pace) for i, value, part in zip(places, own, parts, strict=True)]
        return Told([len(places)], places, own, parts, said)

    def _sentences(self, places: Places, values: Floats, raises: npt.NDArray[np.bool_], paces: Floats | None) -> list[Words]:
        codes = values_alike(values, self._in_tenths[places])
        if paces is not None:
            rhythm = np.flatnonzero(places == self._rhythm)
            codes[rhythm] = paces_alike(paces[rhythm], raises[rhythm])
        shared = np.where(codes == NO_CODE, NO_CODE, (codes * len(self.features) + places) * 2 + raises).tolist()
        known = self._of_code
        found: list[Any] = list(map(known.get, shared))
        if len(known) > _KEPT:
            known = self._of_code = {}
        for k in [k for k, said in enumerate(found) if said is None]:
            pace = None if paces is None else paces[k].tolist()
            found[k] = said = self._sentence(int(places[k]), float(values[k]), bool(raises[k]), pace)
            if shared[k] != NO_CODE:
                known[shared[k]] = said
        return found

    def _sentence(self, i: int, value: float, raises: bool, pace: Sequence[float] | None) -> Words:
        if pace is not None and i == self._rhythm:
            return self._of_pace(heard(pace, raises), raises)
        return self._of_value(i, None if math.isnan(value) else value, raises)

    def reasons(
        self: Teller[str], values: Floats, contributions: Floats, most: int, paces: Floats | None = None
    ) -> list[list[Reason]]:
        """For each member, what moves the forecast most, largest first.

        Parameters
        ----------
        values, contributions : (n_members, n_features)
        paces : (n_members, 3) as ``Pace``, to tell the buying rhythm by
        """
        found = self.told(values, contributions, most, paces)
        own, parts = np.asarray(found.values).tolist(), np.asarray(found.contributions).tolist()
        made = iter(
            [
                Reason(self.features[i].name, None if math.isnan(value) else value, self.features[i].unit.value, part, said)
                for i, value, part, said in zip(found.features, own, parts, found.sentences, strict=True)
            ]
        )
        return [list(islice(made, count)) for count in found.counts]

    def columns(
        self: Teller[str], values: Floats, contributions: Floats, most: int, paces: Floats | None = None
    ) -> ReasonColumns:
        """The same as arrays.

        Parameters
        ----------
        values, contributions, paces : see ``reasons``
        """
        found = self.told(values, contributions, most, paces)
        there = np.arange(most) < np.array(found.counts, np.int64)[:, None]

        def column(none: Any, told: Sequence[Any] | Floats, kind: type) -> npt.NDArray[Any]:
            made: npt.NDArray[Any] = np.full(there.shape, none, kind)
            made[there] = told
            return made

        return ReasonColumns(
            column(None, [self.features[i].name for i in found.features], object),
            column(np.nan, found.values, float),
            column(None, [self.features[i].unit.value for i in found.features], object),
            column(np.nan, found.contributions, float),
            column(None, found.sentences, object),
        )

    def _worded(self, i: int, value: float | None, raises: bool) -> Words:
        said = clause(self.features[i], math.nan if value is None else value, self.language)
        return self._put(whole_sentence(said, raises, self.language))

    def _paced(self, pace: Heard, raises: bool) -> Words:
        return self._put(whole_sentence(paced(pace, self.language), raises, self.language))
