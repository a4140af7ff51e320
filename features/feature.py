"""What a feature is: a declared number with its unit, meaning, null rule and words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple

import numpy as np

from features.operators import Floats, Panel
from features.policy import TierPolicy
from features.tiers import TierState


class Unit(Enum):
    """What a value counts; decides how it is worded."""

    DAYS = "days"
    COUNT = "count"
    MONEY = "currency"
    RATIO = "ratio"
    SHARE = "share"


class Phrase(NamedTuple):
    """A clause in English and Chinese; ``{value}`` stands for the worded value."""

    en: str
    zh: str


class Known(NamedTuple):
    """What a feature is computed from: the panel, and the policy with its word on it, if there is a policy."""

    panel: Panel
    policy: TierPolicy | None
    state: TierState | None


@dataclass(frozen=True)
class Feature:
    """A number that describes a member at a cutoff.

    ``direction`` is the sign in which churn may move with it, everything else equal (0: either); ``absent`` words its null
    rule; ``needs`` says what must be given for it to exist; ``family`` is the file that declares it, set by ``registered``.
    """

    name: str
    unit: Unit
    meaning: str
    compute: Callable[[Panel], Floats] | Callable[[Known], Floats]
    reason: Phrase
    absent: Phrase
    direction: Literal[-1, 0, 1] = 0
    needs: Literal["history", "policy"] = "history"
    family: str = ""

    def values(self, known: Known) -> Floats:
        """(n_pairs,) values, NaN by the null rule."""
        argument = known if self.needs == "policy" else known.panel
        values: Floats = self.compute(argument)  # type: ignore[arg-type]
        return np.asarray(values, np.float64)
