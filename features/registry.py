"""The list of features: what the family files declare, in the order of the list."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import cache
from typing import Final

from features import cadence, contact, frequency, mix, programme, recency, rhythm, trend, value
from features.errors import ConfigError, listed
from features.feature import Feature
from features.vocabulary import EVENTS, POLICY

_FAMILIES: Final = (recency, frequency, cadence, value, trend, rhythm, mix, programme, contact)


@cache
def registered() -> tuple[Feature, ...]:
    """Every feature, each with its family.

    >>> len(registered()) > 60
    True
    """
    return tuple(
        replace(feature, family=family.__name__.rpartition(".")[2]) for family in _FAMILIES for feature in family.FEATURES
    )


def available(columns: Collection[str], *, policy: bool, events: bool = False) -> tuple[Feature, ...]:
    """Registered features that a log with these columns can give.

    Parameters
    ----------
    columns : of the contract, that the log has; ``time`` for the time of day
    policy, events : whether there is a tier policy, and an event log

    >>> "profit_91d" in {feature.name for feature in available({"amount", "cost"}, policy=False)}
    True
    """
    there = {*columns, *((POLICY,) if policy else ()), *((EVENTS,) if events else ())}
    return tuple(feature for feature in registered() if feature.needs <= there)


def chosen_by_default(columns: Collection[str], *, policy: bool, events: bool = False) -> tuple[Feature, ...]:
    """Those of the available features that pay, as the ablation found.

    >>> len(chosen_by_default({"amount"}, policy=True))
    38
    """
    return tuple(feature for feature in available(columns, policy=policy, events=events) if feature.default)


def by_name(names: Iterable[str]) -> tuple[Feature, ...]:
    """Features by name, in the order given.

    Raises
    ------
    ConfigError
        a name is not registered

    >>> by_name(["recency_days"])[0].unit.value
    'days'
    """
    known = _by_name()
    wanted = list(names)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ConfigError("a feature is registered", listed(unknown), f"choose among {listed(list(known), most=80)}")
    return tuple(known[name] for name in wanted)


@cache
def _by_name() -> dict[str, Feature]:
    return {feature.name: feature for feature in registered()}


def columns_of(features: Iterable[Feature]) -> frozenset[str]:
    """The optional columns of a log that features need; what ``from_log`` has to read."""
    needed = frozenset[str]().union(*(feature.needs for feature in features))
    return needed - {POLICY, EVENTS}
