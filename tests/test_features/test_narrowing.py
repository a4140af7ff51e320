from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from features.errors import ArtifactError
from features.narrowing import Table, decoded, encoded, texts

EDGES = [edge * sign + step for edge in (2**7, 2**15, 2**31, 2**63 - 2) for sign in (1, -1) for step in (-1, 0, 1)]
NUMBERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-200, 200), st.sampled_from(EDGES))
FACTORS = st.sampled_from([1, 1, 100, 10_000])


@st.composite
def tables(draw: st.DrawFn) -> list[list[list[list[int]]]]:
    """Member → table → column → numbers; all members have the same tables and columns."""
    members = draw(st.integers(1, 4))
    columns = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    found: list[list[list[list[int]]]] = []
    for _ in range(members):
        rows = draw(st.lists(st.sampled_from([0, 1, 2, 5]), min_size=len(columns), max_size=len(columns)))
        found.append([])
        for count, wide in zip(rows, columns, strict=True):
            of = draw(FACTORS)
            number = NUMBERS if of == 1 else st.integers(-(2**40), 2**40).map(lambda n, of=of: n * of)
            found[-1].append([draw(st.lists(number, min_size=count, max_size=count)) for _ in range(wide)])
    return found


def as_tables(members: list[list[list[list[int]]]]) -> list[Table]:
    found: list[Table] = []
    for k, columns in enumerate(members[0]):
        offsets = np.cumsum([0, *(len(member[k][0]) for member in members)]).astype(np.int64)
        found.append(
            (offsets, [np.array([n for member in members for n in member[k][c]], np.int64) for c in range(len(columns))])
        )
    return found


@given(tables())
@example([[[[100 * n for n in range(300)]], [[2**40] * 70_000]]])  # counts of two bytes and of four, compressed
def test_what_is_written_is_read_again(members: list[list[list[list[int]]]]) -> None:
    shape = [len(columns) for columns in members[0]]
    bodies = encoded(as_tables(members))
    assert [[[column.tolist() for column in table] for table in decoded(body, shape)] for body in bodies] == members
    assert all(column.dtype == np.int64 for body in bodies for table in decoded(body, shape) for column in table)


@pytest.mark.parametrize(
    ("numbers", "size"),
    [
        ([0] * 50, 0),
        ([1] * 50, 50),
        ([127, -128], 2),
        ([128], 2),
        ([4_99_00, 327_67_00], 4),  # whole cents
        ([30_000 * 10_000], 2),  # whole units
        ([4_99_01], 4),
        ([2**40 + 1], 8),
    ],
)
def test_a_column_is_as_narrow_as_it_may_be(numbers: list[int], size: int) -> None:
    (body,) = encoded([(np.array([0, len(numbers)]), [np.array(numbers, np.int64)])])
    assert len(body) - 4 == size


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=4), min_size=1, max_size=6))
def test_texts_stand_one_after_another(labels: list[str]) -> None:
    whole = np.frombuffer("".join(labels).encode(), np.uint8)
    offsets = np.array([0, len(whole)])
    lengths = np.array([len(label) for label in labels])
    (body,) = encoded([(np.array([0, len(lengths)]), [lengths]), (offsets, [whole])])
    (read,), (text,) = decoded(body, [1, 1])
    assert texts(read, text) == labels


@given(st.data())
def test_damaged_bytes_are_refused_or_read_as_something_of_that_shape(data: st.DataObject) -> None:
    numbers = np.arange(900) if data.draw(st.booleans()) else np.array([7, 300])
    (body,) = encoded([(np.array([0, len(numbers)]), [numbers, numbers])])
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(ArtifactError, match="a member's history is stored as this release writes it"):
        decoded(body[:cut], [2])
    with pytest.raises(ArtifactError):
        decoded(body, [2, 1])
    damaged = bytearray(body)
    damaged[cut] ^= data.draw(st.integers(1, 255))
    try:
        found = decoded(bytes(damaged), [2])
    except ArtifactError:
        return
    assert [len(columns) for columns in found] == [2]
