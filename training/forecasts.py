"""What is forecast of some members at one date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.feature import Feature
from features.feature_table import FeatureTable
from features.operators import Floats
from training.spend import SpendIfAny
from training.terms import TERMS, Term
from training.worth import Value


@dataclass(frozen=True, eq=False)
class Forecasts:
    """One row a member, for ``as_of``; money in currency.

    ``log_odds`` = ``base`` + the sum of ``contributions`` (n_rows, n_features + n_terms), which are None unless asked for;
    ``terms`` are the values of what is explained beside features (training.terms), (n_rows, n_terms). ``next_purchase_days``
    (n_rows, 3): days by which the next purchase has come with probability .1, .5 and .9, inf where never. ``spend``, the
    distribution of spend given a purchase, and ``value`` over the horizons ahead are None without amounts. ``p_tier``
    (n_rows, n_tiers) is None where tiers are not forecast: no policy, no amounts, or what ``Forecaster.next_tier`` says.
    """

    as_of: dt.date
    table: FeatureTable
    log_odds: Floats
    p_churn: Floats
    base: float
    contributions: Floats | None
    terms: Floats
    next_purchase_days: Floats
    spend: SpendIfAny | None
    p_tier: Floats | None
    value: Value | None

    @property
    def members(self) -> npt.NDArray[Any]:
        """(n_rows,) ids as they came."""
        return self.table.members

    @property
    def explained(self) -> tuple[Feature | Term, ...]:
        """(n_features + n_terms,) what ``contributions`` are of."""
        return (*self.table.features, *TERMS)

    @property
    def explained_values(self) -> Floats:
        """(n_rows, n_features + n_terms) the values of what is ``explained``."""
        return np.column_stack([self.table.x, self.terms])

    @property
    def temperature(self) -> Floats:
        """(n_rows,) 100 x the probability of buying again within the horizon."""
        return 100.0 * (1.0 - self.p_churn)

    @property
    def expected_spend(self) -> Floats | None:
        """(n_rows,) expected spend in the horizon, leaving counted as nothing; None without amounts."""
        return None if self.spend is None else (1.0 - self.p_churn) * self.spend.expected()

    def spend_quantiles(self, levels: Sequence[float]) -> Floats | None:
        """(n_rows, n_levels) quantiles of spend in the horizon: 0 up to the probability of leaving; None without amounts.

        Parameters
        ----------
        levels : inside (0, 1)
        """
        if self.spend is None:
            return None
        p, level = self.p_churn[:, None], np.asarray(levels, np.float64)[None, :]
        rank = (level - p) / np.maximum(1.0 - p, 1e-12)
        return self.spend.quantiles(np.where(rank > 0.0, np.clip(rank, 1e-9, 1.0 - 1e-9), 0.0))
