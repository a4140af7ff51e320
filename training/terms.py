"""What a forecast is explained by beside features: the buying rhythm and the season, each with words of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from features.feature import Phrase, Unit
from features.operators import Floats


@dataclass(frozen=True)
class Term:
    """As a feature is told (features.feature): ``absent`` is said where there is no value."""

    name: str
    unit: Unit
    meaning: str
    reason: Phrase
    absent: Phrase
    family: str


RHYTHM: Final = Term(
    name="buying_rhythm",
    unit=Unit.CHANCE,
    meaning="probability of a purchase in the horizon by how often, how lately and for how long a member has bought",
    # Its value is no forecast, and beside the forecast it would seem to be one.
    reason=Phrase("how often, how lately and for how long they have bought", "综合购买频率、最近一次购买与首次购买时间来看"),
    absent=Phrase("no buying rhythm yet", "尚无购买节奏"),
    family="rhythm of purchases",
)
SEASON: Final = Term(
    name="season",
    unit=Unit.RATIO,
    meaning="odds of leaving at this time of the year against the usual ones",
    reason=Phrase(
        "at this time of year members' odds of leaving are {value} the usual",
        "每年这个时候，会员流失的几率是平时的 {value}",
    ),
    absent=Phrase("no season known", "季节规律未知"),
    family="season",
)
TERMS: Final = (RHYTHM, SEASON)


def terms(log_some: Floats, above_usual: float) -> Floats:
    """(n_rows, 2) values of the terms, from the process's log P(a purchase) and what the season adds to the log-odds."""
    return np.column_stack([np.exp(log_some), np.full(len(log_some), np.exp(above_usual))])
