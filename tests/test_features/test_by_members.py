from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.by_members import in_turn
from features.errors import UnusableLogError
from features.packing import pack_all, shared
from features.reading import from_log
from features.verdicts import check


def made(seed: int, ids: Any, *, strays: bool) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    n = int(random.integers(30, 60))
    days = random.integers(0, 40, n)
    frame = pd.DataFrame(
        {
            "customer_id": [ids(int(i)) for i in random.integers(-6, 6, n)],
            "timestamp": [dt.datetime(2017, 1, 1, 9) + dt.timedelta(days=int(day)) for day in days],
            "amount": np.round(random.normal(10.0, 8.0, n), 2),
            "order_id": random.integers(0, 9, n),
            "category": random.choice(["tea", "茶", "ale"], n),
            "cost": np.round(random.random(n), 2),
        }
    )
    if strays:
        frame = pd.concat([frame] * 4, ignore_index=True)
        frame.loc[len(frame)] = {**frame.iloc[0], "customer_id": ids(77), "timestamp": dt.datetime(2099, 1, 1)}
    return frame


@settings(max_examples=4, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    ids=st.sampled_from([lambda i: i, lambda i: f"m{i}", lambda i: "Aa茶é z"[i % 6] + str(i), lambda i: i + 0.5]),
    strays=st.booleans(),
    lines=st.integers(20, 80),
    multiple=st.integers(1, 5),
)
def test_in_turn_is_what_all_at_once_is(seed: int, ids: Any, lines: int, multiple: int, *, strays: bool) -> None:
    checked = check(made(seed, ids, strays=strays))
    whole = from_log(checked)
    reads = in_turn(checked, None, lines=lines, multiple=multiple)
    found = list(reads)
    assert [member for read in found for member in read.members.tolist()] == whole.members.tolist()
    assert [body for read in found for body in pack_all(read)] == pack_all(whole)
    assert {shared(read) for read in found} == {shared(whole)}
    assert reads.members == len(whole)
    assert all(len(read) % multiple == 0 for read in found[:-1])
    assert all(read.members.dtype == whole.members.dtype for read in found)


def test_a_log_of_nothing_usable_is_refused() -> None:
    log = check(pd.DataFrame({"customer_id": ["a"], "timestamp": ["soon"]}))
    with pytest.raises(UnusableLogError, match="a log has usable rows"):
        in_turn(log, None, lines=1, multiple=1)
