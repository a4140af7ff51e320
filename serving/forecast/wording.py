"""Values in words, with their units, in English and Chinese."""

from __future__ import annotations

import math
from typing import Final, Literal, TypeAlias

from features.feature import Unit

Language: TypeAlias = Literal["en", "zh"]
_MOST_NATS: Final = 20.0
"""No log holds enough labels for more."""
_LEAST: Final = 0.05
"""What is less would be rounded to nothing."""
WHOLE_FROM: Final = 100.0
"""From here on what is counted is told in whole numbers."""

_NONE: Final = (("有 0 个", "没有"), ("有 0 次", "没有"), ("有 0 笔", "没有"), ("还需 0", "无需再增加"))


def spoken_zh(said: str, value: float) -> str:
    """A Chinese clause as it is said: none is not counted, and no space stands between two characters.

    >>> spoken_zh("近 28 天有 0 个购物日", 0.0), spoken_zh("最近每月 不到 0.1 个购物日", 0.02)
    ('近 28 天没有购物日', '最近每月不到 0.1 个购物日')
    """
    if value == 0.0:
        for counted, none in _NONE:
            said = said.replace(counted, none)
    return said.replace(" 不到", "不到")


def plural(value: float) -> str:
    """The ending of what is counted.

    >>> plural(1.0), plural(2.0)
    ('', 's')
    """
    return "" if value == 1 else "s"


def worded(value: float, unit: Unit, language: Language) -> str:
    """A value with its unit.

    >>> worded(1.0, Unit.DAYS, "en"), worded(0.834, Unit.SHARE, "en"), worded(1204.5, Unit.MONEY, "zh")
    ('1 day', '83 %', '1,204.50')

    A chance is never said to be none, nor a certainty:

    >>> worded(0.002, Unit.CHANCE, "en"), worded(0.18, Unit.CHANCE, "en"), worded(0.999, Unit.CHANCE, "zh")
    ('under 1 %', '18 %', '99 % 以上')

    Nor is what is counted said to be 0.0:

    >>> worded(0.0, Unit.COUNT, "en"), worded(0.02, Unit.COUNT, "en"), worded(0.02, Unit.COUNT, "zh")
    ('no', 'under 0.1', '不到 0.1')
    >>> worded(0.0, Unit.MONEY, "en")
    'nothing'

    >>> worded(0.0, Unit.METRIC, "en"), worded(0.0, Unit.METRIC, "zh")
    ('nothing', '0')

    Entropy is no word for a manager: it is said as the number of labels that, all alike, would be as mixed.

    >>> worded(math.log(7), Unit.NATS, "en")
    '7.0'
    """
    if unit is Unit.DAYS:
        return worded_days(value, language)
    if value == 0.0 and unit in (Unit.MONEY, Unit.METRIC):
        return "0" if language == "zh" else "nothing"
    if unit is Unit.MONEY:
        return f"{value:,.2f}"
    if unit is Unit.SHARE:
        return f"{value:.0%}".replace("%", " %")
    if unit is Unit.CHANCE:
        return _chance(value, language)
    if unit is Unit.RATIO:
        times = f"{value:.1f}" if value == 1 else _some(value, language)  # '1 times' is no English
        return f"{times} 倍" if language == "zh" else f"{times} times"
    if unit is Unit.METRIC:  # money, points or orders: the policy knows
        return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
    if unit is Unit.NATS:
        return f"{math.exp(min(value, _MOST_NATS)):,.1f}"
    if unit is Unit.COUNT and value == 0.0 and language == "en":
        return "no"
    return _some(value, language)


def worded_days(value: float, language: Language) -> str:
    """A number of days.

    >>> worded_days(6.25, "en"), worded_days(1.0, "zh")
    ('6.2 days', '1 天')
    """
    return f"{number(value)} 天" if language == "zh" else f"{number(value)} day{plural(value)}"


def number(value: float) -> str:
    """A number as it is read: whole where it is whole or large, else to a tenth.

    >>> number(7.0), number(6.25), number(1234.5)
    ('7', '6.2', '1,234')
    """
    return f"{value:,.0f}" if value == round(value) or abs(value) >= WHOLE_FROM else f"{value:,.1f}"


def _some(value: float, language: Language) -> str:
    """A number, but what is there is not said to be 0.0."""
    if 0.0 < value < _LEAST:
        return "不到 0.1" if language == "zh" else "under 0.1"
    return number(value)


def _chance(value: float, language: Language) -> str:
    if value < 0.01:
        return "1 % 以下" if language == "zh" else "under 1 %"
    if value > 0.99:
        return "99 % 以上" if language == "zh" else "over 99 %"
    return worded(value, Unit.SHARE, language)
