"""The bundle that forecasts: loaded from an artefact or just fitted, it needs numpy and nothing heavier.

Every way in (training, backtest, batch, notebook, HTTP) forecasts through ``Forecaster.forecast``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from features.errors import ColumnError, ConfigError
from features.feature import Feature
from features.feature_table import FeatureTable, build
from features.histories import Histories
from features.ledger import columns_counted
from features.metrics import Events
from features.operators import Floats
from features.policy import TierPolicy
from features.registry import columns_of
from features.snapshot import to_day
from features.vocabulary import EVENTS
from features.zones import UTC
from training.churn import ChurnModel, probability
from training.forecasts import Forecasts
from training.margin import Margin, spend_and_profit
from training.next_purchase import days_to_next
from training.next_tier import NextTier
from training.process import Process, Purchases
from training.spend import SpendIfAny, SpendModel
from training.terms import terms
from training.worth import COUNTED, Value, Worth, values_ahead


@dataclass(frozen=True)
class Settings:
    """What a forecaster was trained for. ``trained_as_of`` bounds what it has seen: rows on days before it.

    ``tables`` names what the model and its policy read beside transactions: ``events``, ``members``; and ``points`` where
    the log had its own (``tables_read``).
    """

    horizon_days: int
    lookback_days: int
    trained_as_of: dt.date
    has_amounts: bool
    policy: TierPolicy | None
    time_zone: str = UTC
    tables: frozenset[str] = frozenset()
    worth: Worth = COUNTED


_TABLES: Final = {"events": "an event log", "members": "a member table", "points": "points of the log"}
_GIVE: Final = "give it, as --{0} or '{0}:' in tiercast.yaml, or look up stored forecasts"


def _tables_there(histories: Histories) -> dict[str, bool]:
    points = "points" in histories.columns
    return {"events": bool(histories.events), "members": histories.joined is not None, "points": points}


def tables_read(histories: Histories, policy: TierPolicy | None, features: Sequence[Feature]) -> frozenset[str]:
    """What features and a policy read of these histories beside transactions: without it they would answer otherwise."""
    versions = () if policy is None else policy.versions or (policy,)
    invited = any(tier.invitation for rules in versions for tier in rules.tiers)
    counted = any(isinstance(metric, Events) for rules in versions for metric in rules.named_metrics.values())
    contact = any(EVENTS in feature.needs for feature in features)
    anniversaries = any(rules.window.membership or rules.reviewed == "anniversary" for rules in versions)
    points = policy is not None and "points" in columns_counted(policy)
    read = {"events": invited or counted or contact, "members": anniversaries, "points": points}
    there = _tables_there(histories)
    return frozenset(name for name in read if read[name] and there[name])


@dataclass(frozen=True, eq=False)
class Forecaster:
    """Churn, spend and next tier from one distribution.

    ``spend`` and ``margin`` are None for a log without amounts; ``next_tier`` without a policy that the log can feed.
    """

    settings: Settings
    features: tuple[Feature, ...]
    process: Process
    churn: ChurnModel
    spend: SpendModel | None
    margin: Margin | None
    next_tier: NextTier | None

    @cached_property
    def columns(self) -> frozenset[str]:
        """The optional columns of a log that the model, its tier policy and its margin read."""
        policy = self.settings.policy
        counted = columns_counted(policy) if policy is not None else frozenset()
        # Points that a log does not have are reckoned from amounts, and a column of nothing would stand for none earned.
        read = columns_of(self.features) | (counted if "points" in self.settings.tables else counted - {"points"})
        return read | self.margin.columns if self.margin else read

    @property
    def uses_events(self) -> bool:
        """Whether the model or its tier policy looks at events."""
        return "events" in self.settings.tables

    def describe(self, histories: Histories, as_of: dt.date) -> FeatureTable:
        """Features of members with a purchase in the look-back before ``as_of``."""
        settings = self.settings
        return build(
            histories,
            [as_of],
            horizon_days=settings.horizon_days,
            lookback_days=settings.lookback_days,
            policy=settings.policy,
            features=self.features,
        )

    def forecast(self, histories: Histories, as_of: dt.date, *, explain: bool = False) -> Forecasts:
        """Forecast each member with a purchase in the look-back before ``as_of``, from rows on days before it.

        Parameters
        ----------
        histories : of a whole log, or of one member
        as_of : the cutoff T; the horizon is [T, T + horizon)
        explain : also give contributions

        Raises
        ------
        ColumnError
            the model was trained on amounts and there are none: every probability would be off, and none would say so
        ConfigError
            the days are of another time zone than the model's
        CutoffError
        """
        if self.settings.has_amounts and not histories.has_amounts:
            raise ColumnError(
                "a log has amounts where its model was trained on amounts",
                "a log without",
                "map them, as in --map amount=YOUR_COLUMN, or train a model on this log",
            )
        there = _tables_there(histories)
        for name in sorted(self.settings.tables):
            if not there[name]:
                raise ColumnError(
                    f"a model that was trained with {_TABLES[name]} forecasts with {_TABLES[name]}",
                    "a log without",
                    "map the column 'points'" if name == "points" else _GIVE.format(name),
                )
        if self.settings.time_zone != histories.time_zone:
            raise ConfigError(
                "a model forecasts from days of the time zone that it was trained on",
                f"days of {histories.time_zone}, for a model of {self.settings.time_zone}",
                f"set time_zone: {self.settings.time_zone}",
            )
        return self.forecast_table(self.describe(histories, as_of), as_of, explain=explain)

    def forecast_table(self, table: FeatureTable, as_of: dt.date, *, explain: bool = False) -> Forecasts:
        """Forecast members that are described already, by this forecaster's features at ``as_of``."""
        days, cutoff, of = self.settings.horizon_days, to_day(as_of), Purchases.of(table)
        log_none, log_some = self.process.log_chances(of, days)
        log_odds = self.churn.log_odds(table.x, log_none, log_some, cutoff)
        p_churn = probability(log_odds)
        spend, value, tiers = None, None, None
        if self.spend is not None:
            spend = self.spend.given(table.x, self.process, of, cutoff, days)
            value = self._value(table, of, p_churn, spend)
        if self.next_tier is not None:
            tiers = self.next_tier.probabilities(p_churn, spend, table)
        known = of.repeats, of.recency, of.age
        return Forecasts(
            as_of,
            table,
            log_odds,
            p_churn,
            self.churn.base,
            self.churn.contributions(table.x, log_none, log_some, cutoff) if explain else None,
            terms(log_some, self.churn.season.above_usual(cutoff)),
            days_to_next(self.process.purchases, *known, p_churn, float(days)),
            spend,
            tiers,
            value,
        )

    def explain_spend(self, table: FeatureTable, as_of: dt.date) -> tuple[float, Floats]:
        """What the log of spend given a purchase adds up from, for members that are described already.

        Returns
        -------
        A base, and (n_rows, n_features + n_terms) contributions in log money: of features by the trees, of the buying rhythm
        (the log of what the purchase process expects) and of the season. They add up to ``Forecasts.spend.mean``.

        Raises
        ------
        ColumnError
            the model was trained without amounts
        """
        if self.spend is None:
            raise ColumnError("spend is explained where amounts are known", "a model without", "train on a log with amounts")
        of = Purchases.of(table)
        return self.spend.contributions(table.x, self.process, of, to_day(as_of), self.settings.horizon_days)

    def _value(self, table: FeatureTable, of: Purchases, p_churn: Floats, spend: SpendIfAny) -> Value:
        settings, margin = self.settings, self.margin
        share: Floats | float = 1.0 if margin is None else margin.share
        if margin is not None and margin.prior_spend is not None:
            share = margin.shares(*spend_and_profit(table))
        return values_ahead(
            self.process.purchases,
            of.repeats,
            of.recency,
            of.age,
            p_churn,
            spend.expected(),
            share,
            float(settings.horizon_days),
            settings.worth,
        )
