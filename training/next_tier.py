"""A policy and what the horizon adds → the probability of each tier at cutoff + horizon, by the policy's own rules.

With probability ``p_nothing`` nothing happens, and the tier is the one that is secured. Otherwise something is added, and

- where the tier follows from one sum over a sliding window, P(tier >= k) = P(added >= need of k | something);
- anything else is played: a member's horizon goes along paths that horizons of the training data took (training.paths), at
  many levels of what is added, and the policy says where each ends (features.futures).

``p_nothing`` is the probability of leaving, and spend is the forecast of spend, so that all forecasts agree. Where a policy
counts events, which come without purchases, it is a forecast of its own. Returns may take from what is secured: ``slip`` is
how often they took a tier in training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from features.feature_table import FeatureTable
from features.futures import ends
from features.operators import Floats, Integers
from features.playing import MOST, STRIDE
from features.policy import TierPolicy
from features.rulebook import DAYS, IS_SCORE, LIFETIME, WIDTH, WINDOW, rulebook
from features.tier_states import UNDEFINED, TierState
from training.added import MOST_LOG, AddedModel, At, Distribution, Times
from training.churn import probability
from training.paths import Bank, activity, counted, units
from training.tabulated import TabulatedTrees

_TAILS: Final = (1e-8, 1e-6, 1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3)
RANKS: Final = np.array([*_TAILS, *np.linspace(0.01, 0.99, 51), *(1.0 - rank for rank in reversed(_TAILS))])
"""Where in the distribution of what is added horizons are played."""
_CHUNK: Final = 4096
FALLS: Final = 2 * STRIDE
"""Parts of a balance at whose loss horizons are played."""


@dataclass(frozen=True, eq=False)
class Other:
    """A column beside the one that drives: log total = mean(x) + slope * residual of the driver + what a path adds."""

    column: int
    mean: TabulatedTrees
    slope: float

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], texts: Mapping[str, str], width: int) -> Other:
        """Back from plain values and the trees' texts."""
        column = plain["column"]
        return cls(column, TabulatedTrees.one(texts[f"added_{column}"], plain["bias"], width), plain["slope"])


@dataclass(frozen=True, eq=False)
class Falls:
    """How a balance shrinks: log-odds that it does if something happens, and the parts lost, largest first."""

    odds: TabulatedTrees
    lost: Floats

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], text: str, width: int) -> Falls:
        """Back from plain values and the trees' text."""
        return cls(TabulatedTrees.one(text, plain["bias"], width), np.array(plain["lost"], np.float64))


@dataclass(frozen=True, eq=False)
class NextTier:
    """The forecast of the next tier under one policy.

    ``because`` says why there is none. ``added`` is the distribution of the column that drives, None where that is spend or
    spend times ``rate``; ``nothing`` scores the log-odds that nothing happens, None where that is leaving; ``falls`` says
    how a balance shrinks, None where nothing does. ``bank`` has the paths where the policy is played, None where its needs
    say everything. ``driver`` and ``others`` are columns of the rulebook; ``z`` is the driver's residual at ``RANKS``.
    """

    policy: TierPolicy
    horizon_days: int
    lookback_days: int
    slip: float
    because: str | None = None
    rate: float = 1.0
    added: AddedModel | None = None
    nothing: TabulatedTrees | None = None
    falls: Falls | None = None
    bank: Bank | None = None
    driver: int = 0
    others: tuple[Other, ...] = ()
    z: Floats | None = None

    def probabilities(self, p_churn: Floats, spend: Distribution | None, table: FeatureTable) -> Floats | None:
        """(n_rows, n_tiers) probability of each tier, lowest first, rows sum to 1; None where it cannot be said.

        Parameters
        ----------
        p_churn : (n_rows,) probability of no purchase in the horizon
        spend : what is spent given a purchase, None for a log without amounts
        table : the rows, described with this policy
        """
        state = table.state
        if self.because is not None or state is None:
            return None
        p_nothing, added = p_churn, spend
        if self.nothing is not None:
            p_nothing = probability(self.nothing.score(table.x))
        if self.added is not None:
            added = At(self.added, *self.added.parameters(table.x))
        assert added is not None
        if self.rate != 1.0:
            added = Times(added, self.rate)
        if self.bank is None:
            return from_needs(p_nothing, added, state, self.slip)
        found = (1.0 - p_nothing)[:, None] * self._played(self.bank, added, table, state)
        found[np.arange(len(found)), state.secured] += p_nothing
        return _slipped(found, state.secured, self.slip)

    def _played(self, bank: Bank, added: Distribution, table: FeatureTable, state: TierState) -> Floats:
        """(n_rows, n_tiers) where horizons end in which something is added."""
        panel, book = table.panel, rulebook(self.policy)
        amount = added.levels(RANKS)
        between = np.sqrt(amount[:, :-1] * amount[:, 1:])
        if self.added is not None and self.added.whole:
            between += 0.5  # counts are asked for half below, and these are no counts yet
        weight = -np.diff(added.exceeds(between), prepend=1.0, append=0.0, axis=1)
        z = self.z
        if self.falls is not None:
            falls = probability(self.falls.odds.score(table.x))[:, None]
            balance = np.maximum(state.natural(state.spend), 0.0)
            amount = np.concatenate((-balance[:, None] * self.falls.lost, amount), axis=1)
            weight = np.concatenate((np.repeat(falls / FALLS, FALLS, axis=1), (1.0 - falls) * weight), axis=1)
            z = None if z is None else np.concatenate((np.repeat(z[:1], FALLS), z))
        first = bank.first(activity(counted(panel.histories, self.policy), panel.member, panel.cutoff, self.lookback_days))
        levels = np.empty((len(table), len(book.columns), amount.shape[1]))
        levels[:, self.driver] = amount
        for other in self.others:
            assert z is not None
            log = other.mean.score(table.x)[:, None] + other.slope * z
            levels[:, other.column] = np.exp(np.minimum(log, MOST_LOG))
        levels *= np.array([units(column) for column in book.columns])[:, None]
        np.minimum(levels, MOST, out=levels)
        out = np.zeros((len(table), book.tiers))
        for start in range(0, len(table), _CHUNK):
            rows = slice(start, start + _CHUNK)
            count = ends(
                panel.histories,
                panel.member[rows],
                panel.cutoff[rows],
                self.horizon_days,
                self.policy,
                bank.paths,
                first[rows],
                bank.per_band,
                levels[rows],
            )
            for j in range(amount.shape[1]):  # one after another: a row's sum does not depend on the rows beside it
                out[rows] += weight[rows, j, None] * count[:, j]
        return out / bank.per_band

    @classmethod
    def from_dict(
        cls,
        plain: Mapping[str, Any],
        texts: Mapping[str, str],
        policy: TierPolicy,
        *,
        horizon_days: int,
        lookback_days: int,
        width: int,
    ) -> NextTier:
        """Back from ``FittedNextTier``; ``width`` is the number of the model's features."""
        return cls(
            policy,
            horizon_days,
            lookback_days,
            plain["slip"],
            plain["because"],
            plain["rate"],
            AddedModel.from_dict(plain["added"], texts, "added", width) if plain["added"] else None,
            TabulatedTrees.one(texts["nothing"], plain["nothing"], width) if plain["nothing"] is not None else None,
            Falls.from_dict(plain["falls"], texts["falls"], width) if plain["falls"] else None,
            Bank.from_dict(plain["bank"]) if plain["bank"] else None,
            plain["driver"],
            tuple(Other.from_dict(other, texts, width) for other in plain["others"]),
            np.array(plain["z"], np.float64) if plain["z"] else None,
        )


def from_needs(p_nothing: Floats, added: Distribution, state: TierState, slip: float) -> Floats:
    """Probability of each tier, lowest first, where the tier follows from one sum over a sliding window.

    Parameters
    ----------
    p_nothing : (n_rows,) probability that nothing is added
    added : what is added if something is
    state : the policy's word on the rows
    slip : probability of ending one tier below the secured one because of returns, 0 where they do not count

    Returns
    -------
    (n_rows, n_tiers), rows sum to 1
    """
    rows, tiers = state.need.shape
    at_least = np.ones((rows, tiers + 1))
    at_least[:, tiers] = 0.0
    needs = state.natural(state.need)
    exceeded = added.exceeds(needs[:, 1:])
    for k in range(1, tiers):
        reached = (1.0 - p_nothing) * exceeded[:, k - 1]
        reached = np.where(state.need[:, k] == UNDEFINED, 0.0, reached)
        at_least[:, k] = np.where(state.need[:, k] == 0, 1.0, np.minimum(reached, at_least[:, k - 1]))
    return _slipped(at_least[:, :-1] - at_least[:, 1:], state.secured, slip)


def _slipped(probability: Floats, secured: Integers, slip: float) -> Floats:
    if slip > 0.0:
        at = secured > 0
        probability[at] *= 1.0 - slip
        probability[at, secured[at] - 1] += slip
    return probability


def by_needs(policy: TierPolicy, horizon_days: int) -> bool:
    """Whether the next tier follows from what is added in all, whenever it comes: one sum over a sliding window."""
    book = rulebook(policy)
    window, width = book.rules[WINDOW], book.rules[WIDTH]
    lasts = window in (DAYS, LIFETIME) or width * 28 >= horizon_days
    one = book.most_metrics == 1 and not book.specs[IS_SCORE]
    return book.memoryless and one and lasts and book.columns[0].name != "points_balance"
