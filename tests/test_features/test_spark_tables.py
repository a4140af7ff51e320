"""What is said before a master is asked; the rest is told on a cluster of our own (tests/test_engines)."""

from __future__ import annotations

import pytest

from features.engine import open_table
from features.errors import SourceError


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("spark:local[2]", "a Spark URL names a table or Parquet; got spark:local[2]."),
        ("spark:local[2]?table=", "a Spark URL names a table or Parquet; got spark:local[2]?table=."),
        ("spark:local[2]?table=log&parquet=log.parquet", "a Spark URL names a table or Parquet"),
        (
            "spark://host:7077,other:7077?csv=log.csv",
            "a Spark URL names a table or Parquet; got spark://host:7077,other:7077?csv",
        ),
    ],
)
def test_a_url_that_names_no_table_is_refused(url: str, said: str) -> None:
    with pytest.raises(SourceError) as raised:
        open_table(url)
    assert said in str(raised.value)
