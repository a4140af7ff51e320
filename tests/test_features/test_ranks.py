from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.ranks import codes, encoded, ranked

WHOLE = st.integers(-(2**62), 2**62)
KINDS = [
    (pa.int64(), WHOLE),
    (pa.int64(), st.integers(-50, 50)),
    (pa.int8(), st.integers(-128, 127)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.string(), st.text(st.characters(codec="utf-8"), max_size=3)),
]


@pytest.mark.parametrize(("kind", "values"), KINDS)
@given(data=st.data())
def test_ids_are_ranked_across_batches(kind: pa.DataType, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    batches = data.draw(st.lists(st.lists(values, min_size=1, max_size=6), min_size=1, max_size=4))
    ids, member = ranked([encoded(pa.array(batch, kind)) for batch in batches], kind)
    by_bytes = {"key": str.encode} if pa.types.is_string(kind) else {}
    assert ids.tolist() == sorted({one for batch in batches for one in batch}, **by_bytes)
    assert [[ids[code] for code in part] for part in member] == batches


@given(
    st.lists(
        st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=2), min_size=1, max_size=5),
        min_size=1,
        max_size=4,
    )
)
def test_labels_are_ranked_and_none_is_below_them(batches: list[list[str | None]]) -> None:
    names, found = codes([pa.array(batch, pa.string()).dictionary_encode() for batch in batches])
    lines = [label for batch in batches for label in batch]
    labels = sorted({label for label in lines if label is not None}, key=str.encode)
    assert names.tolist() == labels
    assert found.tolist() == [-1 if label is None else labels.index(label) for label in lines]
