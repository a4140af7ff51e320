"""Each operator against a loop over days that shares no code with it."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
import strategies
from by_example import row
from every_operator import EXPRESSIONS
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import by_hand

from features.daily import Line
from features.expressions import OPERATORS, evaluate
from features.histories import Histories, from_rows
from features.operators import Panel, ratio
from features.single import names
from features.snapshot import to_date, to_day
from features.vocabulary import LABEL_NAMES, VALUES

HORIZON = 14
CUTOFFS = st.dates(strategies.FIRST.date() + dt.timedelta(days=1), strategies.LAST.date() + dt.timedelta(days=40))


def panel(histories: Histories, cutoffs: list[dt.date]) -> Panel:
    """Every member at every cutoff."""
    member = np.tile(np.arange(len(histories)), len(cutoffs))
    cutoff = np.repeat([to_day(cutoff) for cutoff in cutoffs], len(histories)).astype(np.int32)
    return Panel(histories, member, cutoff, HORIZON)


def values(pairs: Panel) -> dict[str, list[float]]:
    found = evaluate(EXPRESSIONS, names(pairs))
    return {text: np.broadcast_to(column, len(pairs)).tolist() for text, column in zip(EXPRESSIONS, found, strict=True)}


def test_every_operator_is_written_here() -> None:
    assert {text.partition("(")[0] for text in EXPRESSIONS if text[0].isalpha()} == set(OPERATORS)


@settings(max_examples=25)
@given(strategies.full_logs(), strategies.events(), st.lists(CUTOFFS, min_size=1, max_size=2))
def test_each_operator_is_a_loop_over_days(
    log: dict[str, list[Line]], happened: strategies.Events, cutoffs: list[dt.date]
) -> None:
    pairs = panel(strategies.full_histories(log, happened), cutoffs)
    got = values(pairs)
    members = sorted(log)
    for p, (position, day) in enumerate(zip(pairs.member, pairs.cutoff, strict=True)):
        member = members[position]
        own = {kind: by_member[member] for kind, by_member in happened.items()}
        by = by_hand.Operators(log[member], to_date(day), HORIZON, strategies.FULL, own)
        want = {text: eval(text, by.names()) for text in EXPRESSIONS}
        assert {text: column[p] for text, column in got.items()} == pytest.approx(want, rel=1e-11, abs=1e-11, nan_ok=True)


def test_what_the_log_has_not_is_absent() -> None:
    histories = from_rows([("m", [row(dt.date(2017, 1, 1), 2)])], has_amounts=False)
    found = {text: column[0] for text, column in values(panel(histories, [dt.date(2017, 1, 5)])).items()}
    counted = {value for value, spec in VALUES.items() if spec.needs is None}
    assert counted == {"visits", "orders", "weekend", "month_start"}
    for value in VALUES:
        assert math.isnan(found[f"total('{value}', 28)"]) == math.isnan(found[f"last('{value}')"]) == (value not in counted)
        assert math.isnan(found[f"rate('{value}', 42)"]) == (value not in counted)
    for label in LABEL_NAMES:
        assert math.isnan(found[f"distinct('{label}')"]) == (label != "weekday")
    assert math.isnan(found["events('sent')"])
    assert (found["total('visits')"], found["total('orders')"]) == (1.0, 2.0)


def test_nobody_has_no_values() -> None:
    histories = from_rows([("m", [row(dt.date(2017, 1, 1), 1, 100)])], has_amounts=True)
    assert {len(column) for column in values(panel(histories, [])).values()} == {0}


@pytest.mark.parametrize(("age", "weight"), [(14, 0.5), (28, 0.25), (840, 0.5**60), (841, 0.0)])
def test_a_fade_halves_and_ends_after_sixty_half_lives(age: int, weight: float) -> None:
    cutoff = dt.date(2017, 6, 1)
    histories = from_rows([("m", [row(cutoff - dt.timedelta(days=age), 1, 100)])], has_amounts=True)
    assert panel(histories, [cutoff]).rate("visits", 14).tolist() == pytest.approx(
        [weight * 30 * (2 ** (1 / 14) - 1)], rel=1e-14
    )


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"), [(1.0, 4.0, 0.25), (0.0, 0.0, None), (1.0, 0.0, None), (1.0, math.nan, None)]
)
def test_a_ratio_over_nothing_is_absent(numerator: float, denominator: float, expected: float | None) -> None:
    quotient = ratio(np.array([numerator]), np.array([denominator])).tolist()[0]
    assert math.isnan(quotient) if expected is None else quotient == expected
