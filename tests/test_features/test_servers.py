from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest

from features import postgres_tables, spark_tables
from features.errors import SourceError
from features.on_spark import feature_rows
from features.servers import arrow
from features.verdicts import check


def test_features_on_spark_need_a_log_on_spark() -> None:
    checked = check(pd.DataFrame({"customer_id": [1], "timestamp": ["2017-01-01"]}))
    with pytest.raises(SourceError, match="is done to a log on Spark; got one on duckdb"):
        feature_rows(checked, [dt.date(2017, 2, 1)], horizon_days=28, lookback_days=91)


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (
            "permission denied for table log\nLINE 1",
            "a connection's user may read the table; got permission denied for table log.",
        ),
        ("server closed the connection", "a log can be read to its end; got server closed the connection."),
    ],
)
@pytest.mark.parametrize(
    ("name", "module", "fetch"), [("postgres", postgres_tables, "copied"), ("pyspark", spark_tables, "collected")]
)
def test_a_server_that_fails_while_it_is_read_is_said(
    name: str, module: Any, fetch: str, raised: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(raised)

    monkeypatch.setattr(module, fetch, fail)
    expression = cast("Any", SimpleNamespace(get_backend=lambda: SimpleNamespace(name=name)))
    with pytest.raises(SourceError) as error:
        arrow(expression)
    assert said in str(error.value)
