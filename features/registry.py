"""The list of features: what the family files declare, one column each, in the order of the list."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from features import cadence, frequency, programme, recency, trend, value
from features.errors import ConfigError, listed
from features.feature import Feature
from features.policy import TierPolicy

_OF_HISTORY: Final = (recency, frequency, cadence, value, trend)


def registered(policy: TierPolicy | None) -> tuple[Feature, ...]:
    """Every feature that can be computed, in column order; those on the programme only with a policy.

    >>> len(registered(None))
    32
    """
    families = _OF_HISTORY if policy is None else (*_OF_HISTORY, programme)
    return tuple(
        replace(feature, family=family.__name__.rpartition(".")[2]) for family in families for feature in family.FEATURES
    )


def by_name(names: list[str] | tuple[str, ...], policy: TierPolicy | None) -> tuple[Feature, ...]:
    """Features by name, in the order given.

    Raises
    ------
    ConfigError
        a name is not registered

    >>> by_name(["recency_days"], None)[0].unit.value
    'days'
    """
    known = {feature.name: feature for feature in registered(policy)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError("a feature is registered", listed(unknown), f"choose among {listed(list(known), most=50)}")
    return tuple(known[name] for name in names)
