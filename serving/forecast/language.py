"""Which language is answered in: the one of ours that the Accept-Language header likes best."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from serving.forecast.wording import Language

_READ: Final = 200
"""Characters of the header; what comes after them nobody likes."""


def language_of(header: str | None) -> Language:
    """English or Chinese, by RFC 9110 section 12.5.4; English where the header names neither.

    >>> language_of("zh-CN,zh;q=0.9,en;q=0.8"), language_of("de, en;q=0.5"), language_of(None)
    ('zh', 'en', 'en')
    """
    return _liked((header or "")[:_READ])


@lru_cache(maxsize=256)
def _liked(header: str) -> Language:
    best: Language = "en"
    liked = 0.0
    for part in header.lower().split(","):
        tag, _, quality = part.partition(";")
        name = tag.strip().partition("-")[0]
        like = _quality(quality)
        if like > liked and name in ("en", "zh", "*"):
            best, liked = "zh" if name == "zh" else "en", like
    return best


def _quality(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if not name:
        return 1.0
    try:
        found = float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
    return found if 0.0 <= found <= 1.0 else 0.0
