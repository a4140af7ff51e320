"""A policy and what the horizon adds → the probability of each tier at cutoff + horizon, by the policy's own rules.

With probability ``p_nothing`` nothing happens, and the tier is the one that is secured. Otherwise something is added, and

- where the tier follows from one sum over a sliding window, P(tier >= k) = P(added >= need of k | something);
- anything else is played: each member's horizon goes along paths that horizons of the training data took (training.futures), at
  many levels of what is added, and the policy says where each ends (features.futures).

``p_nothing`` is the probability of leaving, and spend is the forecast of spend, so that all forecasts agree. Where a policy counts
events, which come without purchases, it is a forecast of its own. Returns may take from what is secured: ``slip`` is how often
they took a tier in training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from features.feature_table import FeatureTable
from features.futures import MOST, ends
from features.histories import Histories
from features.ledger import Ledger, ledger
from features.metrics import MONEY, Points
from features.money import UNITS
from features.operators import Floats, Integers
from features.policy import TierPolicy
from features.rulebook import DAYS, IS_SCORE, LIFETIME, WIDTH, WINDOW, Column, rulebook
from features.tiers import UNDEFINED, TierState
from training.added import AddedModel, At, Distribution, fit_added, logarithm, quantiles
from training.dataset import Dataset
from training.futures import PER_BAND, Bank, activity, fit_bank
from training.tabulated import TabulatedTrees
from training.trees import boost

_TAILS: Final = (1e-8, 1e-6, 1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3)
RANKS: Final = np.array([*_TAILS, *np.linspace(0.01, 0.99, 51), *(1.0 - rank for rank in reversed(_TAILS))])
"""Where in the distribution of what is added horizons are played."""
_CHUNK: Final = 4096
MIN_ROWS: Final = 20
"""Rows of the training data in which something was added, for a forecast of it."""


@dataclass(frozen=True, eq=False)
class Other:
    """A column beside the one that drives: log total = mean(x) + slope * residual of the driver + what a path adds."""

    column: int
    mean: TabulatedTrees
    slope: float


@dataclass(frozen=True, eq=False)
class NextTier:
    """The forecast of the next tier under one policy.

    ``because`` says why there is none. ``added`` is the distribution of the column that drives, None where that is spend or
    spend times ``rate``; ``nothing`` scores the log-odds that nothing happens, None where that is leaving. ``bank`` has the
    paths where the policy is played, None where its needs say everything; ``driver`` and ``others`` are positions in the
    rulebook's columns, and ``z`` the driver's residual at each of ``RANKS``.
    """

    policy: TierPolicy
    horizon_days: int
    lookback_days: int
    slip: float
    because: str | None = None
    rate: float = 1.0
    added: AddedModel | None = None
    nothing: TabulatedTrees | None = None
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
            p_nothing = 1.0 / (1.0 + np.exp(-self.nothing.score(table.x)))
        if self.added is not None:
            added = At(self.added, *self.added.parameters(table.x))
        assert added is not None
        if self.rate != 1.0:
            added = Times(added, self.rate)
        if self.bank is None:
            return tier_probabilities(p_nothing, added, state, self.slip)
        probability = (1.0 - p_nothing)[:, None] * self._played(self.bank, added, table)
        probability[np.arange(len(probability)), state.secured] += p_nothing
        return _slipped(probability, state.secured, self.slip)

    def _played(self, bank: Bank, added: Distribution, table: FeatureTable) -> Floats:
        """(n_rows, n_tiers) where horizons end in which something is added."""
        panel, book = table.panel, rulebook(self.policy)
        amount = added.levels(RANKS)
        weight = -np.diff(added.exceeds(np.sqrt(amount[:, :-1] * amount[:, 1:])), prepend=1.0, append=0.0, axis=1)
        first = bank.first(activity(_counted(panel.histories, self.policy), panel.member, panel.cutoff, self.lookback_days))
        levels = np.empty((len(table), len(book.columns), len(RANKS)))
        levels[:, self.driver] = amount * _units(book.columns[self.driver])
        for other in self.others:
            assert self.z is not None
            mean = other.mean.score(table.x)
            levels[:, other.column] = np.exp(mean[:, None] + other.slope * self.z) * _units(book.columns[other.column])
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
                PER_BAND,
                levels[rows],
            )
            for j in range(len(RANKS)):  # one after another: a row's sum does not depend on the rows beside it
                out[rows] += weight[rows, j, None] * count[:, j]
        return out / PER_BAND

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
            TabulatedTrees(texts["nothing"], plain["nothing"], width) if plain["nothing"] is not None else None,
            Bank.from_dict(plain["bank"]) if plain["bank"] else None,
            plain["driver"],
            tuple(
                Other(other["column"], TabulatedTrees(texts[f"added_{other['column']}"], other["bias"], width), other["slope"])
                for other in plain["others"]
            ),
            np.array(plain["z"], np.float64) if plain["z"] else None,
        )


@dataclass(frozen=True)
class Times:
    """A distribution times a rate: points for a unit of currency, say."""

    of: Distribution
    rate: float

    def levels(self, rank: Floats) -> Floats:
        """As in ``Distribution``."""
        return self.of.levels(rank) * self.rate

    def exceeds(self, need: Floats) -> Floats:
        """As in ``Distribution``."""
        return self.of.exceeds(need / self.rate)


def tier_probabilities(p_nothing: Floats, added: Distribution, state: TierState, slip: float) -> Floats:
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
    for k in range(1, tiers):
        reached = (1.0 - p_nothing) * added.exceeds(needs[:, k])
        reached = np.where(state.need[:, k] == UNDEFINED, 0.0, reached)
        at_least[:, k] = np.where(state.need[:, k] == 0, 1.0, np.minimum(reached, at_least[:, k - 1]))
    return _slipped(at_least[:, :-1] - at_least[:, 1:], state.secured, slip)


def _slipped(probability: Floats, secured: Integers, slip: float) -> Floats:
    if slip > 0.0:
        at = secured > 0
        probability[at] *= 1.0 - slip
        probability[at, secured[at] - 1] += slip
    return probability


@dataclass(frozen=True)
class FittedNextTier:
    """What was fitted: plain values and the trees' texts by name. ``because`` says why nothing was."""

    plain: dict[str, Any]
    texts: dict[str, str]

    @property
    def because(self) -> str | None:
        """Why the next tier is not forecast, None where it is."""
        found: str | None = self.plain["because"]
        return found


def fit_next_tier(data: Dataset) -> FittedNextTier:
    """Fit what a policy counts beside the spend forecast, and choose the paths along which it is played.

    Parameters
    ----------
    data : with a policy, of a log that gives what it counts
    """
    table, policy = data.table, data.table.policy
    assert policy is not None
    panel, book = table.panel, rulebook(policy)
    plain: dict[str, Any] = {"slip": fit_slip(data), "because": None, "rate": 1.0, "added": None, "nothing": None}
    plain |= {"bank": None, "driver": 0, "others": [], "z": None}
    texts: dict[str, str] = {}
    plain["because"] = _because(policy, panel.horizon_days)
    if plain["because"]:
        return FittedNextTier(plain, texts)
    histories, cutoff = panel.histories, panel.cutoff.astype(np.int64)
    log = _counted(histories, policy)
    low, high = log.rows_before(panel.member, cutoff), log.rows_before(panel.member, cutoff + panel.horizon_days)
    unit = np.array([_units(column) for column in book.columns])
    total = (log.totals[:, high] - log.totals[:, low]) / unit[:, None]
    names = [column.name for column in book.columns]
    something = ~data.labels.churned
    if "events" in names:
        something = total[0] > 0
        nothing = boost(table.x, (~something).astype(np.float64), panel.member, objective="binary", seed=3)
        plain["nothing"], texts["nothing"] = nothing.bias, nothing.text
    plain["driver"] = driver = names.index("spend") if "spend" in names else 0
    at = np.flatnonzero(something & (total[driver] > 0))
    if len(at) < MIN_ROWS:
        plain["because"] = f"only {len(at)} horizons of the training data add to {names[driver]}"
        return FittedNextTier(plain, texts)
    some = np.flatnonzero(something)
    column = book.columns[driver]
    plain["rate"] = rate = _rate(column, histories)
    plays = not by_needs(policy, panel.horizon_days)
    fitted = None
    if column.name != "spend" and rate == 1.0 or len(names) > 1:
        fitted = fit_added(table.x[some], panel.member[some], total[driver, some], whole=_whole(column))
        if column.name != "spend" and rate == 1.0:
            plain["added"] = fitted.to_dict()
            texts |= fitted.texts("added")
    if not plays:
        return FittedNextTier(plain, texts)
    factor = np.ones((len(names), len(at)))
    if len(names) > 1:
        assert fitted is not None
        z = fitted.left[np.isin(some, at)]
        plain["z"] = quantiles(fitted.residuals, RANKS).tolist()
        for c in range(len(names)):
            if c != driver:
                other, text, factor[c] = _other(table.x[at], panel.member[at], total[c, at], z, whole=_whole(book.columns[c]))
                plain["others"].append({"column": c, **other})
                texts[f"added_{c}"] = text
    active = activity(log, panel.member[at], cutoff[at], data.lookback_days)
    plain["bank"] = fit_bank(log, panel.member[at], cutoff[at], panel.horizon_days, active, factor, driver).to_dict()
    return FittedNextTier(plain, texts)


def _other(
    x: Floats, member: Integers, amount: Floats, z: Floats, *, whole: bool
) -> tuple[dict[str, Any], str, Floats]:
    """A column beside the driver: its mean, its slope on the driver's residual, and each row's factor."""
    some = amount > 0
    factor = np.zeros(len(amount))
    if not some.any():
        return {"bias": 0.0, "slope": 0.0}, "", factor
    y = logarithm(amount[some], whole=whole)
    mean = boost(x[some], y, member[some], objective="regression", seed=4)
    left = y - mean.held_out
    slope = max(float((left * z[some]).sum() / np.maximum((z[some] ** 2).sum(), 1e-9)), 0.0)
    factor[some] = np.exp(left - slope * z[some])
    return {"bias": mean.bias, "slope": slope}, mean.text, factor


def by_spend(policy: TierPolicy | None) -> bool:
    """Whether tiers follow from spend alone."""
    return policy is not None and all(version.metric == "spend" for version in policy.versions or (policy,))


def by_needs(policy: TierPolicy, horizon_days: int) -> bool:
    """Whether the next tier follows from what is added in all, whenever it comes: one sum over a sliding window."""
    book = rulebook(policy)
    window, width = book.rules[WINDOW], book.rules[WIDTH]
    lasts = window in (DAYS, LIFETIME) or width * 28 >= horizon_days
    one = book.most_metrics == 1 and not book.specs[IS_SCORE]
    return book.memoryless and one and lasts and not any(_expiries(column) for column in book.columns)


def _because(policy: TierPolicy, horizon_days: int) -> str | None:
    columns = rulebook(policy).columns
    if len(columns) > 1 and any(column.name == "events" for column in columns):
        return "the policy counts events beside something else, and the two are not forecast together"
    for column in columns:
        points = column.points
        if points is None or not _expiries(column):
            continue
        days = points.expire_days or 28 * (points.expire_months or 13)
        if days < horizon_days:
            return "points earned in the horizon expire within it"
    return None


def _expiries(column: Column) -> bool:
    return column.points is not None and bool(column.points.expiries)


def _counted(histories: Histories, policy: TierPolicy) -> Ledger:
    """The ledger of what a policy counts, in which nothing expires."""
    columns = rulebook(policy).columns
    lasting = [
        column._replace(points=Points(per_unit=column.points.per_unit)) if column.points is not None else column
        for column in columns
    ]
    return ledger(histories, lasting)


def _units(column: Column) -> float:
    return float(UNITS) if column.name in MONEY else 1.0


def _whole(column: Column) -> bool:
    return column.name not in MONEY


def _rate(column: Column, histories: Histories) -> float:
    """Points for a unit of currency where they are reckoned from amounts, 1 otherwise."""
    reckoned = column.name in ("points_earned", "points_balance") and "points" not in histories.columns
    if not reckoned or column.points is None or column.points.per_unit is None:
        return 1.0
    return column.points.per_unit


def fit_slip(data: Dataset) -> float:
    """How often training members fell below a secured tier, drawn in by half a member; 0 where returns do not count."""
    state, reached = data.table.state, data.labels.next_tier
    assert state is not None
    assert reached is not None
    assert data.table.policy is not None
    if data.table.policy.returns == "ignore":
        return 0.0
    secured = state.secured > 0
    fell = reached[secured] < state.secured[secured]
    return float((fell.sum() + 0.5) / (len(fell) + 1.0))
