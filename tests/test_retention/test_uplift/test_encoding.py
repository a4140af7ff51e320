from __future__ import annotations

import numpy as np
import pytest

from features.errors import ColumnError
from retention.uplift.encoding import MOST_LEVELS, Encoding


def test_a_text_of_two_has_one_column_and_is_worded_both_ways() -> None:
    (column,) = Encoding.of({"app": np.array(["yes", "no", "yes"], object)}).columns
    assert (column.words, column.otherwise) == ("app is no", "app is yes")
    assert column.of(np.array(["yes", "no", "never seen"], object)).tolist() == [0.0, 1.0, 0.0]


def test_rare_levels_are_alike() -> None:
    texts = np.array([f"s{k:02}" for k in range(40) for _ in range(1 + (k < 5) * 10)], object)
    columns = Encoding.of({"shop": texts}).columns
    assert len(columns) == MOST_LEVELS
    assert {f"s{k:02}" for k in range(5)} < {column.level for column in columns}


def test_an_unknown_number_is_the_median_and_known_as_unknown() -> None:
    known = {"visits": np.array([1.0, 5.0, np.nan, 9.0])}
    encoding = Encoding.of(known)
    assert encoding.matrix(known).tolist() == [[1, 0], [5, 0], [5, 1], [9, 0]]
    assert encoding.matrix({"visits": np.array([np.nan])}).tolist() == [[5, 1]]
    assert not np.isnan(Encoding.of(known | {"none": np.full(4, np.nan)}).matrix(known)).any()


def test_what_has_one_value_is_left_out_and_said() -> None:
    encoding = Encoding.of({"a": np.ones(3), "b": np.arange(3.0), "c": np.array(["x"] * 3, object)})
    assert (encoding.constant, len(encoding.columns)) == (("a", "c"), 1)


def test_texts_that_are_all_different_say_nothing() -> None:
    names = np.array([f"name {k}" for k in range(500)], object)
    assert Encoding.of({"name": names, "visits": np.arange(500.0)}).constant == ("name",)


@pytest.mark.parametrize("covariates", [{}, {"a": np.ones(3)}, {"a": np.ones(3), "b": np.array(["x"] * 3, object)}])
def test_without_anything_that_differs_nobody_is_told_apart(covariates: dict[str, np.ndarray]) -> None:  # type: ignore[type-arg]
    with pytest.raises(ColumnError, match="told by covariates that differ between members"):
        Encoding.of(covariates)


def test_other_members_have_the_same_covariates() -> None:
    encoding = Encoding.of({"tier": np.array(["a", "b"], object), "visits": np.array([1.0, 2.0])})
    with pytest.raises(ColumnError, match="no column 'visits'"):
        encoding.matrix({"tier": np.array(["a"], object)})
    with pytest.raises(ColumnError, match="texts in 'visits'"):
        encoding.matrix({"tier": np.array(["a"], object), "visits": np.array(["1"], object)})
    with pytest.raises(ColumnError, match="numbers in 'tier'"):
        encoding.matrix({"tier": np.array([1.0]), "visits": np.array([1.0])})
