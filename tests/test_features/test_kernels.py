"""The same loops compiled and interpreted, on the same numbers: to the bit."""

from __future__ import annotations

import inspect
import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import by_hand

from features import fading, kernels
from features.compiling import compiled as compile_kernel

LEVELS = np.array([0.0, 0.25, 0.5, 0.9, 1.0])
HORIZON = 14


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Histories, empty ones among them, and pairs over them in no order."""
    members = draw(st.lists(st.lists(st.integers(0, 90), max_size=12, unique=True).map(sorted), min_size=1, max_size=4))
    day = np.array([day for days in members for day in days], np.int32)
    offsets = np.cumsum([0, *(len(days) for days in members)]).astype(np.int64)
    pairs = draw(st.lists(st.tuples(st.integers(0, len(members) - 1), st.integers(0, 130)), min_size=1, max_size=6))
    member = np.array([m for m, _ in pairs], np.int64)
    cutoff = np.array([at for _, at in pairs], np.int32)
    stop = [offsets[m] + sum(d < at for d in members[m]) for m, at in pairs]
    integers = st.lists(st.integers(0, 10**13), min_size=len(day), max_size=len(day))
    return {
        "offsets": offsets,
        "day": day,
        "member": member,
        "cutoff": cutoff,
        "horizon": HORIZON,
        "start": offsets[member],
        "stop": np.array(stop, np.int64),
        "target": cutoff,
        "levels": LEVELS,
        "pair": np.lexsort((cutoff, member)),
        "weight": fading.weights(2),
        "n_log_n": fading.n_log_n(12),
        "value": np.array(draw(integers), np.int64),
        "after": np.array(draw(integers), np.float64),
        "factor": 0.3,
        "scale": 10_000.0,
        "sums": np.cumsum([0, *draw(integers)]).astype(np.int64),
        "low": offsets[member],
        "high": np.array(stop, np.int64),
        "cutoffs": np.unique(cutoff),
        "lookback": 20,
        "code": np.array(draw(integers), np.int64) % 5,
    }


def room(case: dict[str, Any]) -> dict[str, Any]:
    """What a loop writes to, afresh."""
    pairs = len(case["member"])
    return {
        "ordered": np.empty(12, np.int64),
        "seen": np.zeros(5, np.int64),
        "touched": np.empty(5, np.int64),
        **{name: np.full(pairs, -1.0) for name in ("longer", "returned", "distinct", "entropy", "top")},
        "quantiles": np.full((len(LEVELS), pairs), -1.0),
    }


OUT = {
    "first_from": lambda case: np.full(len(case["member"]), -1, np.int64),
    "seen_since": lambda case: np.zeros((len(case["cutoffs"]), len(case["offsets"]) - 1), bool),
    "faded": lambda case: np.full(len(case["day"]), -1.0),
    "faded_until": lambda case: np.full(len(case["member"]), -1.0),
    "difference": lambda case: np.full(len(case["member"]), -1.0),
}
KERNELS = ("first_from", "seen_since", "faded", "faded_until", "difference", "gap_order", "mixture")


def ran(name: str, case: dict[str, Any], *, compiled: bool) -> dict[str, np.ndarray]:
    kernel = getattr(kernels, name)
    written = room(case)
    if name in OUT:
        written["out"] = OUT[name](case)
    known = case if compiled else {key: v.tolist() if isinstance(v, np.ndarray) else v for key, v in case.items()}
    arguments = {**known, **written}
    (compile_kernel(kernel) if compiled else kernel)(
        *(arguments[parameter] for parameter in inspect.signature(kernel).parameters)
    )
    return {key: array for key, array in written.items() if key not in ("ordered", "touched")}


@pytest.mark.parametrize("name", KERNELS)
@settings(max_examples=60)
@given(case=cases())
def test_compiled_is_interpreted(name: str, case: dict[str, Any]) -> None:
    one, other = (ran(name, case, compiled=how) for how in (True, False))
    assert {key: array.tobytes() for key, array in one.items()} == {key: array.tobytes() for key, array in other.items()}


@settings(max_examples=60)
@given(case=cases())
def test_gaps_are_put_in_order_pair_by_pair(case: dict[str, Any]) -> None:
    found = ran("gap_order", case, compiled=True)
    for p, (start, stop) in enumerate(zip(case["start"], case["stop"], strict=True)):
        days = case["day"][start:stop].tolist()
        gaps = np.diff(days).tolist()
        for level, quantile in zip(LEVELS, found["quantiles"][:, p], strict=True):
            assert quantile == pytest.approx(by_hand.quantile(gaps, level) if gaps else math.nan, nan_ok=True)
        silence = case["cutoff"][p] - days[-1] if gaps else 0
        assert found["longer"][p] == sum(gap >= silence for gap in gaps)
        assert found["returned"][p] == sum(silence <= gap < silence + HORIZON for gap in gaps)


@settings(max_examples=60)
@given(case=cases())
def test_the_first_row_from_a_day_on_is_found_in_any_order_of_pairs(case: dict[str, Any]) -> None:
    offsets = case["offsets"]
    known = {**case, "stop": offsets[case["member"] + 1]}
    for order in (case["pair"], case["pair"][::-1].copy(), np.arange(len(case["pair"]))):
        found = ran("first_from", {**known, "pair": order}, compiled=True)["out"]
        assert found.tolist() == case["stop"].tolist()


@settings(max_examples=60)
@given(case=cases())
def test_who_was_seen(case: dict[str, Any]) -> None:
    seen = ran("seen_since", case, compiled=True)["out"]
    for c, at in enumerate(case["cutoffs"].tolist()):
        for m, (start, stop) in enumerate(itertools.pairwise(case["offsets"].tolist())):
            days = case["day"][start:stop].tolist()
            last = max((day for day in days if day < at), default=None)
            assert seen[c, m] == (last is not None and last >= at - case["lookback"])


@settings(max_examples=60)
@given(case=cases())
def test_a_mixture_leaves_its_room_as_it_was(case: dict[str, Any]) -> None:
    assert ran("mixture", case, compiled=True)["seen"].tolist() == [0] * 5


def test_every_kernel_is_in_the_table() -> None:
    public = {
        name
        for name, value in vars(kernels).items()
        if callable(value) and getattr(value, "__module__", "") == kernels.__name__
    }
    assert public == {*KERNELS, "first_at_least"}
