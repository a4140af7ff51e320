"""Near misses in words: what a member just under a threshold lacks, and until when."""

from __future__ import annotations

import math
from typing import Final, Literal, TypeAlias

from features.feature import Phrase
from features.money import UNITS
from serving.forecast.wording import Language

Kind: TypeAlias = Literal["keep", "reach"]
PHRASES: Final[dict[Kind, Phrase]] = {
    "keep": Phrase("needs {need} more by {day} to keep {tier}", "{day} 前（含当日）还需 {need}，可保 {tier}"),
    "reach": Phrase("needs {need} more by {day} to reach {tier}", "{day} 前（含当日）还需 {need}，可升 {tier}"),
}


def missed(kind: Kind, tier: str, need: float, day: str, *, whole: bool, language: Language) -> str:
    """A near miss as a clause.

    Parameters
    ----------
    need : above 0, in the policy's metric
    day : the last on which that suffices, as it is to be written
    whole : the metric is counted, as orders are, and has no hundredths

    >>> missed("keep", "Gold", 86.2, "2018-03-31", whole=False, language="en")
    'needs 86.20 more by 2018-03-31 to keep Gold'
    """
    phrase = PHRASES[kind]
    return (phrase.zh if language == "zh" else phrase.en).format(need=rounded_up(need, whole=whole), day=day, tier=tier)


def rounded_up(need: float, *, whole: bool = False) -> str:
    """What is needed, in whole hundredths that suffice, or in whole numbers.

    >>> rounded_up(86.2001)
    '86.21'
    """
    return f"{math.ceil(need):,}" if whole else f"{math.ceil(round(need * UNITS) / (UNITS / 100)) / 100:,.2f}"
