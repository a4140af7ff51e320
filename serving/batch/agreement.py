"""Whether a log and the settings are those that a model was trained for: refused before any work, with the difference."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from features.daily import TIME
from features.errors import ColumnError, ConfigError, listed
from features.histories import Histories
from features.policy import TierPolicy
from features.vocabulary import EVENTS, POLICY
from training.forecaster import Forecaster

_MOST: Final = 6
"""Differences that are said."""


def check_policy(forecaster: Forecaster, policy: TierPolicy | None) -> None:
    """Refuse settings that name another tier policy than the model's; where they name none, the model's is in force.

    Raises
    ------
    ConfigError
    """
    own = forecaster.settings.policy
    if policy is None or policy == own:
        return
    rule, fix = "a model forecasts by the tier policy it was trained with", "train on this policy, or name the model's"
    if own is None:
        raise ConfigError(rule, f"{policy.programme}, for a model without a policy", fix)
    found = list(differences(own.model_dump(mode="json"), policy.model_dump(mode="json")))
    said = [f"{place} {now}, where the model has {then}" for place, then, now in found[:_MOST]]
    more = [f"{len(found) - _MOST} more"] if len(found) > _MOST else []
    raise ConfigError(rule, "; ".join(said + more), fix)


def differences(then: Any, now: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two plain values differ: (place, then, now).

    >>> list(differences({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 3, 4]}))
    [('b[1]', 2, 3), ('b[2]', 'nothing', 4)]
    """
    if isinstance(then, dict) and isinstance(now, dict):
        for name in [*then, *(name for name in now if name not in then)]:
            inner = f"{place}.{name}" if place else str(name)
            yield from differences(then.get(name, "nothing"), now.get(name, "nothing"), inner)
    elif isinstance(then, list) and isinstance(now, list):
        for i in range(max(len(then), len(now))):
            before, after = (part[i] if i < len(part) else "nothing" for part in (then, now))
            yield from differences(before, after, f"{place}[{i}]")
    elif then != now:
        yield place, then, now


def check_columns(forecaster: Forecaster, histories: Histories) -> None:
    """Refuse a log without columns that the model reads: all of them at once.

    Raises
    ------
    ColumnError
    """
    check_has(needed_by(forecaster), histories.columns)


def needed_by(forecaster: Forecaster) -> frozenset[str]:
    """The columns of a log that a model's forecasts would be wrong without."""
    needs = frozenset().union(*(feature.needs for feature in forecaster.features)) - {POLICY, EVENTS}
    return needs | {"amount"} if forecaster.settings.has_amounts else needs


def check_has(needed: Collection[str], has: Collection[str]) -> None:
    """Refuse columns that lack some of those needed.

    Raises
    ------
    ColumnError

    >>> check_has({"amount"}, {"amount", "order_id"})
    """
    if missing := sorted(set(needed) - set(has)):
        raise ColumnError(
            "a model forecasts from the columns that it was trained on",
            f"a log without {listed(missing)}; the model reads {_names(needed)}, the log has {_names(has)}",
            f"map them, as in --map {missing[0]}=YOUR_COLUMN, or train a model on this log",
        )


def _names(columns: Collection[str]) -> str:
    return listed(sorted({*columns} - {TIME})) or "none of those that may be left out"
