from __future__ import annotations

import re
from string import Formatter

import pytest

from serving.describing.description_words import WORDS


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("name", sorted(WORDS))
def test_both_languages_say_the_same(name: str) -> None:
    phrase = WORDS[name]
    assert places(phrase.en) - {"s"} == places(phrase.zh)
    assert name == "rfm" or re.search(r"[\u4e00-\u9fff]", phrase.zh)
