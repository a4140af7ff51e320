"""Features named or declared in settings, for those who write no Python.

Where features are listed, an entry is a registered name, ``default`` for all that are on by default, or a declaration::

    - default
    - visits_182d
    - name: big_baskets_91d
      unit: currency
      expression: ratio(total('gross', 91), total('orders', 91))
      meaning: gross spend over orders in the 91 days before the cutoff
      reason: {en: "spends {value} an order lately", zh: "最近每单消费 {value}"}
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from features.documents import read_yaml
from features.errors import ConfigError, listed
from features.expressions import parse
from features.feature import Feature, Phrase, Unit
from features.registry import by_name, chosen_by_default, registered

DEFAULT: Final = "default"
_NEEDED: Final = ("name", "unit", "expression", "meaning")
_MAY: Final = ("reason", "absent", "direction")
_UNITS: Final = tuple(unit.value for unit in Unit)
Entry: TypeAlias = str | Feature
Made = TypeVar("Made")


def read_entries(path: Path) -> tuple[Entry, ...]:
    """The entries of a YAML file: a list as above.

    Raises
    ------
    ConfigError
        says the file and the entry
    """
    try:
        content = read_yaml(path)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.rule}", error.got, error.fix) from None
    if not isinstance(content, list):
        raise ConfigError(f"{path}: a file of features is a list", type(content).__name__, "begin each entry with '- '")
    return entries(content, str(path))


def entries(content: Sequence[Any], place: str) -> tuple[Entry, ...]:
    """Entries of a list, checked.

    Raises
    ------
    ConfigError
        says the place: ``place[2].expression``

    >>> week = {"name": "visits_7d", "unit": "count", "expression": "total('visits', 7)", "meaning": "days with a purchase"}
    >>> [getattr(entry, "name", entry) for entry in entries(["default", week], "features")]
    ['default', 'visits_7d']
    >>> entries([{**week, "expression": "ratio(1)"}], "features")
    Traceback (most recent call last):
    ...
    features.errors.ConfigError: features[0].expression: ratio() takes expression, expression; got ratio(1). \
To mend it: change the arguments.
    """
    found = tuple(_entry(entry, f"{place}[{i}]") for i, entry in enumerate(content))
    if not found:
        raise ConfigError(f"{place}: a list of features has an entry", "none", f"write '- {DEFAULT}'")
    names = [entry if isinstance(entry, str) else entry.name for entry in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{place}: a feature stands in a list once", listed(twice), "leave one out")
    return found


def choose(wanted: Sequence[Entry], columns: Collection[str], *, policy: bool, events: bool = False) -> tuple[Feature, ...]:
    """The features that entries stand for in a log with these columns, each once; ``default`` gives those the log can give.

    >>> [feature.name for feature in choose(["visits_182d", "recency_days"], set(), policy=False)]
    ['visits_182d', 'recency_days']
    """
    found: dict[str, Feature] = {}
    for entry in wanted:
        if entry == DEFAULT:
            several = chosen_by_default(columns, policy=policy, events=events)
        else:
            several = by_name([entry]) if isinstance(entry, str) else (entry,)
        found |= {feature.name: feature for feature in several}
    return tuple(found.values())


def _entry(entry: Any, place: str) -> Entry:
    if isinstance(entry, str):
        if entry != DEFAULT:
            _placed(place, lambda: by_name([entry]))
        return entry
    if not isinstance(entry, dict):
        raise ConfigError(f"{place} is a name or a declaration", type(entry).__name__, "see docs/features.md")
    return _feature(entry, place)


def _feature(plain: Mapping[str, Any], place: str) -> Feature:
    if unknown := [key for key in plain if key not in (*_NEEDED, *_MAY)]:
        raise ConfigError(f"{place} has {', '.join((*_NEEDED, *_MAY))}", listed(unknown), "rename or leave out")
    for key in _NEEDED:
        if not isinstance(plain.get(key), str) or not plain[key].strip():
            raise ConfigError(f"{place}.{key} is a text", repr(plain.get(key))[:80], f"write '{key}: ...'")
    if plain["name"] in {DEFAULT, *(feature.name for feature in registered())}:
        raise ConfigError(f"{place}.name is not registered yet", repr(plain["name"]), "choose another name")
    if plain["unit"] not in _UNITS:
        raise ConfigError(f"{place}.unit is one of {', '.join(_UNITS)}", repr(plain["unit"])[:80], "change it")
    direction = plain.get("direction", 0)
    if type(direction) is not int or direction not in (-1, 0, 1):
        raise ConfigError(f"{place}.direction is -1, 0 or 1", repr(direction)[:80], "change it")
    _placed(f"{place}.expression", lambda: parse(plain["expression"]))
    words = {"reason": Feature.reason, "absent": Feature.absent}
    words |= {key: _phrase(plain[key], f"{place}.{key}") for key in words if key in plain}
    return _placed(place, lambda: Feature.from_dict({**plain, **words}))


def _phrase(plain: Any, place: str) -> Phrase:
    """``{en: ..., zh: ...}``; a text alone stands for both languages."""
    words = {"en": plain, "zh": plain} if isinstance(plain, str) else plain
    if (
        not isinstance(words, dict)
        or set(words) != {"en", "zh"}
        or not all(isinstance(text, str) for text in words.values())
    ):
        raise ConfigError(f"{place} is a text, or one each for en and zh", repr(plain)[:80], "write {en: ..., zh: ...}")
    return Phrase(**words)


def _placed(place: str, made: Callable[[], Made]) -> Made:
    """What ``made`` gives; its errors say the place."""
    try:
        return made()
    except ConfigError as error:
        raise ConfigError(f"{place}: {error.rule}", error.got, error.fix) from None
