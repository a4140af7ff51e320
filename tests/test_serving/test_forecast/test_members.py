from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.forecast.members import MemberId, asked_key, id_kind, id_of, member_key

INTEGERS = st.integers(-(2**63), 2**63 - 1)
REALS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)


@given(st.one_of(st.lists(INTEGERS, min_size=1), st.lists(REALS, min_size=1), st.lists(TEXTS, min_size=1)))
def test_ids_come_back_as_they_came(members: list[MemberId]) -> None:
    ids = np.array(members, dtype=object if isinstance(members[0], str) else None)
    kind = id_kind(ids)
    back = [id_of(member_key(member), kind) for member in ids.tolist()]
    assert back == members
    assert [type(member) for member in back] == [type(member) for member in members]


@pytest.mark.parametrize(
    ("ids", "kind"), [([7], "integer"), (np.array([7], np.uint8), "integer"), ([7.5], "real"), (["7"], "text")]
)
def test_the_kind(ids: Any, kind: str) -> None:
    assert id_kind(np.array(ids, dtype=object if kind == "text" else None)) == kind


@pytest.mark.parametrize(
    ("asked", "integer", "real", "text"),
    [
        (7, "7", "7", "7"),
        (7.0, "7", "7", "7"),
        ("7", "7", "7", "7"),
        ("7.0", "7.0", "7", "7.0"),
        ("-30.50", "-30.50", "-30.5", "-30.50"),
        ("007", "007", "7", "007"),  # 007 is not 7 but where ids are numbers with a point
        (" 7", " 7", " 7", " 7"),
        ("٧", "٧", "٧", "٧"),
    ],
)
def test_who_is_asked_for(asked: MemberId, integer: str, real: str, text: str) -> None:
    assert (asked_key(asked, "integer"), asked_key(asked, "real"), asked_key(asked, "text")) == (integer, real, text)
