"""One pair in plain Python, many compiled: the same bits."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Sequence

import numpy as np
import pytest
import strategies
from every_operator import EXPRESSIONS
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.daily import Line
from features.expressions import OPERATORS, evaluate
from features.feature_table import build
from features.histories import Histories
from features.operators import Panel
from features.policy import TierPolicy
from features.registry import registered
from features.single import Single, names
from features.snapshot import to_day

POLICY = TierPolicy.from_dict(
    {
        "programme": "P",
        "tiers": [{"name": "A"}, {"name": "B", "reach": 100.0}, {"name": "C", "reach": 900.0}],
        "metric": "spend",
        "window": {"rolling_days": 60},
    }
)

CUTOFFS = st.dates(strategies.FIRST.date() + dt.timedelta(days=1), strategies.LAST.date() + dt.timedelta(days=40))


def both(histories: Histories, cutoffs: Sequence[dt.date], horizon: int) -> None:
    """Every expression, for every member at every cutoff."""
    member = np.tile(np.arange(len(histories)), len(cutoffs))
    cutoff = np.repeat([to_day(cutoff) for cutoff in cutoffs], len(histories)).astype(np.int32)
    pairs = Panel(histories, member, cutoff, horizon)
    many = evaluate(EXPRESSIONS, names(pairs))
    for p, (position, day) in enumerate(zip(member.tolist(), cutoff.tolist(), strict=True)):
        one = evaluate(EXPRESSIONS, names(Single(histories, position, day, horizon)))
        for text, column, value in zip(EXPRESSIONS, many, one, strict=True):
            assert np.float64(np.broadcast_to(column, len(pairs))[p]).tobytes() == np.float64(value).tobytes(), text


@settings(max_examples=40)
@given(
    log=strategies.full_logs(),
    happened=st.one_of(st.none(), strategies.events()),
    cutoffs=st.lists(CUTOFFS, min_size=1, max_size=2),
    horizon=st.sampled_from([1, 14, 28, 364, 400]),
)
@example(log={"m0": [Line(dt.datetime(2016, 2, 1))]}, happened=None, cutoffs=[dt.date(2015, 12, 1)], horizon=28)
def test_every_operator_gives_the_same_bits(
    log: dict[str, list[Line]], happened: strategies.Events | None, cutoffs: list[dt.date], horizon: int
) -> None:
    both(strategies.full_histories(log, happened), cutoffs, horizon)


@settings(max_examples=25)
@given(strategies.logs(), st.lists(CUTOFFS, min_size=1, max_size=2))
def test_so_it_does_where_the_log_has_amounts_alone(log: dict[str, list[Line]], cutoffs: list[dt.date]) -> None:
    both(strategies.histories(log), cutoffs, 28)


@settings(max_examples=40)
@given(
    log=strategies.full_logs(),
    happened=strategies.events(),
    cutoffs=st.lists(CUTOFFS, min_size=1, max_size=2),
    horizon=st.sampled_from([1, 28, 60]),
)
def test_every_registered_feature_gives_the_same_bits(
    log: dict[str, list[Line]], happened: strategies.Events, cutoffs: list[dt.date], horizon: int
) -> None:
    known = {**log, "m0": [*log.get("m0", []), Line(strategies.FIRST, 1.0)]}
    histories = strategies.full_histories(known, happened)
    spans = {"horizon_days": horizon, "lookback_days": 400}
    many, one = (
        build(histories, cutoffs, **spans, policy=POLICY, features=registered(), compiled=how) for how in (True, False)
    )
    assert len(one) > 0
    for name, left, right in zip(many.names, many.x.T, one.x.T, strict=True):
        assert left.tobytes() == right.tobytes(), name


def test_long_lives_give_the_same_bits() -> None:
    """Thousands of days, gaps of centuries of half-lives, and sums near the end of what a float holds exactly."""
    first = dt.datetime(1981, 1, 1)
    dense = [
        Line(first + dt.timedelta(days=day), 9.9e10 if day % 7 else -1.0, product=str(day % 11)) for day in range(3_000)
    ]
    sparse = [Line(first + dt.timedelta(days=int(day)), 0.07) for day in np.cumsum(np.arange(1, 150) * 1.7)]
    both(strategies.full_histories({"m0": dense, "m1": sparse}), [dt.date(1990, 1, 1), dt.date(2040, 1, 1)], 28)


@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_both_take_the_same_and_say_the_same(operator: str) -> None:
    one, many = (inspect.signature(getattr(form, operator)).parameters for form in (Single, Panel))
    assert [(name, found.default) for name, found in one.items()] == [(name, found.default) for name, found in many.items()]
    assert getattr(Single, operator).__doc__.split("\n")[0] in getattr(Panel, operator).__doc__ or operator == "ratio"
