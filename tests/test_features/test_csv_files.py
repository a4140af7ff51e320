from __future__ import annotations

from typing import Any

import pytest

from features.csv_files import WHITESPACE, Layout, delimiter_of
from features.errors import ConfigError


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"encoding": "latin-15"}, "an encoding is one that Python knows; got 'latin-15'"),
        ({"encoding": "rot13"}, "an encoding is one that Python knows"),
        ({"delimiter": "::"}, "a delimiter is one character"),
        ({"delimiter": '"'}, "a delimiter is one character"),
        ({"header": ()}, "a header names each column once"),
        ({"header": ("a", "A")}, "a header names each column once"),
        ({"header": ("a", " ")}, "a header names each column once; got empty names"),
    ],
)
def test_what_is_no_layout_is_refused(said: Any, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        Layout(**said)


@pytest.mark.parametrize(
    ("line", "layout", "found"),
    [
        ("a;b,c;d", Layout(), ";"),
        ("a b\tc", Layout(), "\t"),
        ("a^b^c,d", Layout(delimiter="^"), "^"),
        ("a b,c", Layout(delimiter="tab"), "\t"),
        (" 00001 19970101  1  11.77", Layout(header=("a", "b", "c", "d")), WHITESPACE),
        (" 00001 19970101  1  11.77", Layout(header=("a", "b", "c")), ","),  # which does not fit, and is told of
        ("00001,19970101 09:00", Layout(header=("a", "b")), ","),
        ("a name", Layout(), ","),
    ],
)
def test_what_parts_fields(line: str, layout: Layout, found: str) -> None:
    assert delimiter_of(line, layout) == found


def test_what_is_said() -> None:
    assert Layout().said == ()
    assert Layout(encoding="utf-8", header=["a"]).said == ("encoding", "header")  # type: ignore[arg-type]
