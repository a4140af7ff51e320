"""A long log of the usual columns takes another way than a short one, and means the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features import streaming
from features.reading import from_log
from features.verdicts import check


@pytest.mark.parametrize("by_time", [True, False])
@pytest.mark.parametrize("as_id", [int, str, float, lambda code: 2**40 + code])
def test_a_long_log_is_read_as_a_short_one_is(
    as_id: Callable[[int], Any], by_time: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(7)
    n = 1_000
    times = np.sort(rng.integers(0, 200 * 86_400, n)).astype("m8[s]") + np.datetime64("2017-01-01", "us")
    times[-1] = np.datetime64("2031-01-01", "us")  # a stray, of a member who has nothing else
    log = pa.table(
        {
            "customer_id": [as_id(code) for code in (*np.repeat(rng.integers(500, 530, n), 3)[: n - 1].tolist(), 900)],
            "timestamp": times,
            "amount": np.round(rng.normal(5, 6, n), 2),
            "order_id": np.arange(n) // 2,
        }
    )
    if not by_time:  # neighbours stay neighbours
        log = pa.concat_tables([log.slice(n // 2), log.slice(0, n // 2)])
    short = from_log(check(log), {"order_id"})
    monkeypatch.setattr(streaming, "COMPILE_FROM_LINES", 1)
    monkeypatch.setattr(streaming, "_BATCH_LINES", 300)
    long = from_log(check(log), {"order_id"})
    assert long.members.tolist() == short.members.tolist()
    assert as_id(900) not in long.members
    assert (long.first_day, long.end_day, long.columns) == (short.first_day, short.end_day, short.columns)
    for one, other in ((long.visits, short.visits), (long.returns, short.returns)):
        assert one.offsets.tolist() == other.offsets.tolist()
        assert one.day.tolist() == other.day.tolist()
        assert {name: values.tolist() for name, values in one.values.items()} == {
            name: values.tolist() for name, values in other.values.items()
        }
