from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from features.errors import ColumnError
from retention.trial.cells import coded, ids, numbers, texts


def test_names_and_ids() -> None:
    assert texts(pa.array(["07", None, " b "])).tolist() == ["07", "", "b"]
    assert coded(pa.array(["b", "a", "b"]), "arm")[1].tolist() == [1, 0, 1]
    assert ids(pa.array([7, 8]), "id").dtype == np.int64
    for column in (["07", ""], ["07", None]):
        for read in (ids, coded):
            with pytest.raises(ColumnError, match="1 row without"):
                read(pa.array(column), "id")


def test_ids_beyond_what_a_whole_number_holds_are_texts() -> None:
    assert ids(pa.array([2**63 + 1, 7], pa.uint64()), "id").tolist() == ["9223372036854775809", "7"]


def test_numbers() -> None:
    assert numbers(pa.array([1, None]), "x", "an outcome").tolist() == pytest.approx([1.0, np.nan], nan_ok=True)
    assert numbers(pa.array([True, False]), "x", "an outcome").tolist() == [1.0, 0.0]
    assert np.isnan(numbers(pa.nulls(2), "x", "an outcome")).all()
    with pytest.raises(ColumnError, match="an outcome is a number; got 'x' with string in it"):
        numbers(pa.array(["0,5"]), "x", "an outcome")
