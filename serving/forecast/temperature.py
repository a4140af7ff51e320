"""A member's temperature in bands.

Temperature is 100 x the probability of buying again within the horizon, so a band means the same in every shop, and its
bounds are no setting:

====  ==============================================================
band  of such members, so many buy again within the horizon
====  ==============================================================
hot   four in five or more                        temperature >= 80
warm  half or more                                50 <= temperature < 80
cool  one in five or more                         20 <= temperature < 50
cold  fewer                                       temperature < 20
====  ==============================================================
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from features.feature import Phrase

BandName: TypeAlias = Literal["cold", "cool", "warm", "hot"]


class Band(NamedTuple):
    """Temperatures in [``low``, ``high``); the highest band holds ``high`` too."""

    name: BandName
    low: float
    high: float
    words: Phrase


BANDS: Final = (
    Band("cold", 0.0, 20.0, Phrase("cold", "冷")),
    Band("cool", 20.0, 50.0, Phrase("cool", "凉")),
    Band("warm", 50.0, 80.0, Phrase("warm", "温")),
    Band("hot", 80.0, 100.0, Phrase("hot", "热")),
)
"""Lowest first."""
_FROM: Final = [band.low for band in BANDS[1:]]


def band_of(temperature: float) -> Band:
    """The band that holds a temperature.

    >>> [band_of(each).name for each in (0.0, 19.9, 20.0, 79.9, 80.0, 100.0)]
    ['cold', 'cold', 'cool', 'warm', 'hot', 'hot']
    """
    return BANDS[bisect_right(_FROM, temperature)]


def temperature_of(p_churn: Any) -> Any:
    """100 x the probability of buying again within the horizon, elementwise.

    >>> temperature_of(0.25)
    75.0
    """
    return 100.0 * (1.0 - p_churn)
