"""What a feature is: a declared number with its unit, definition, null rule and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from functools import cached_property
from string import Formatter
from typing import Any, Final, Literal, NamedTuple

from features.errors import ConfigError
from features.expressions import parse


class Unit(Enum):
    """What a value counts; decides how it is worded."""

    DAYS = "days"
    COUNT = "count"
    MONEY = "currency"
    RATIO = "ratio"
    SHARE = "share"
    CHANCE = "chance"
    NATS = "nats"
    SCORE = "score"
    METRIC = "the policy's metric"


class Phrase(NamedTuple):
    """A clause in English and Chinese; ``{value}`` stands for the worded value, ``{s}`` for an English plural's ending."""

    en: str
    zh: str


def _places(phrase: str) -> set[tuple[str, str | None, str | None]]:
    """What a phrase is filled with, and how: (name, format, conversion)."""
    try:
        return {(name, how, conversion) for _, name, how, conversion in Formatter().parse(phrase) if name is not None}
    except ValueError:
        return {("", None, None)}  # a brace too few


_PLACES: Final = frozenset({("value", "", None), ("s", "", None)})
_UNWORDED: Final = Phrase("", "")
_NOT_THERE: Final = Phrase("not available", "无数据")


@dataclass(frozen=True)
class Feature:
    """A number that describes a member at a cutoff.

    Parameters
    ----------
    name : in lower case, with the unit or window in it: ``spend_91d``
    expression : the exact definition, in operators (see features.expressions)
    meaning : the definition in words
    reason : what a value says of a member
    absent : what it says where the value is NaN
    direction : the sign in which churn may move with it, everything else equal; 0 is either
    default : whether it is used where no features are named: those that pay in the ablation
    family : the file that declares it, set by ``registered``

    Raises
    ------
    ConfigError
        the expression is not in the vocabulary, the name is no name, or a phrase holds anything but its places

    >>> weekly = Feature("visits_7d", Unit.COUNT, "total('visits', 7)", "days with a purchase in the last week")
    >>> sorted(weekly.needs), weekly.reason.en
    ([], '{value} days with a purchase in the last week')
    """

    name: str
    unit: Unit
    expression: str
    meaning: str
    reason: Phrase = _UNWORDED
    absent: Phrase = _NOT_THERE
    direction: Literal[-1, 0, 1] = 0
    default: bool = True
    family: str = ""

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.name != self.name.lower():
            raise ConfigError("a feature's name is in lower case, of letters, digits and _", repr(self.name), "rename it")
        parse(self.expression)
        if not self.reason.en:
            object.__setattr__(self, "reason", Phrase(f"{{value}} {self.meaning}", f"{self.name} = {{value}}"))
        for phrase in (*self.reason, *self.absent):
            if not _places(phrase) <= _PLACES:
                raise ConfigError("a phrase holds {value} and {s} and no other place", repr(phrase), "mend it")

    @cached_property
    def needs(self) -> frozenset[str]:
        """Columns that the log must have for it, ``time``, ``events`` or ``policy``; amounts are not counted."""
        return parse(self.expression).needs - {"amount"}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, from which ``from_dict`` makes it again."""
        return {**asdict(self), "unit": self.unit.value, "reason": list(self.reason), "absent": list(self.absent)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Feature:
        """A feature as stored with a model.

        Raises
        ------
        ConfigError

        >>> kept = Feature("visits_7d", Unit.COUNT, "total('visits', 7)", "days with a purchase in the last week")
        >>> Feature.from_dict(kept.to_dict()) == kept
        True
        """
        try:
            words = {name: Phrase(*plain[name]) for name in ("reason", "absent")}
            return cls(**{**plain, **words, "unit": Unit(plain["unit"])})
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError("a stored feature is one that this release knows", str(error), "train with it") from None
