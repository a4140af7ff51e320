from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.margin import Margin, fit_margin

amounts = st.floats(0.01, 1e6)
members = st.lists(st.tuples(amounts, st.floats(-1.0, 1.0)), min_size=1, max_size=20)


@given(members)
def test_own_shares_lie_between_the_own_and_everybodys(rows: list[tuple[float, float]]) -> None:
    spend, own = (np.array(column) for column in zip(*rows, strict=True))
    margin = fit_margin(spend, spend * own)
    shares = margin.shares(spend, spend * own)
    assert margin.of == "margin"
    slack = 1e-9
    assert (shares >= np.minimum(own, margin.share) - slack).all()
    assert (shares <= np.maximum(own, margin.share) + slack).all()
    assert margin.share == pytest.approx((spend * own).sum() / spend.sum(), abs=1e-9)


@given(members, st.floats(1.0, 100.0))
def test_who_spends_more_is_judged_more_by_what_they_bring(rows: list[tuple[float, float]], times: float) -> None:
    spend, own = (np.array(column) for column in zip(*rows, strict=True))
    margin = Margin("margin", 0.2, 50.0)
    little, much = margin.shares(spend, spend * own), margin.shares(spend * times, spend * times * own)
    assert (np.abs(much - own) <= np.abs(little - own) + 1e-9).all()


def test_who_has_not_spent_has_everybodys() -> None:
    spend, profit = np.array([0.0, -20.0, 100.0]), np.array([0.0, -50.0, 40.0])
    margin = fit_margin(spend, profit)
    assert margin == Margin("margin", 0.4, 100.0)
    assert margin.shares(spend, profit).tolist() == [0.4, 0.4, 0.4]


NO_COSTS: dict[str, Any] = {
    "no column": (np.array([10.0]), None),
    "not available": (np.array([10.0]), np.array([np.nan])),
    "nobody spent": (np.array([0.0, -5.0]), np.array([0.0, -2.0])),
    "nobody": (np.zeros(0), np.zeros(0)),
}


@pytest.mark.parametrize("case", NO_COSTS)
def test_without_costs_money_is_called_spend(case: str) -> None:
    spend, profit = NO_COSTS[case]
    margin = fit_margin(spend, profit)
    assert (margin.of, margin.share) == ("spend", 1.0)
    assert margin.shares(spend, profit).tolist() == [1.0] * len(spend)


def test_a_share_that_is_set_is_everybodys_and_money_is_margin() -> None:
    margin = fit_margin(np.array([10.0]), np.array([9.0]), share=0.25)
    assert margin.of == "margin"
    assert margin.shares(np.array([10.0]), np.array([9.0])).tolist() == [0.25]


def test_a_member_who_costs_money_is_not_made_to_bring_any() -> None:
    margin = Margin("margin", 0.3, 100.0)
    assert margin.shares(np.array([100.0]), np.array([-60.0]))[0] == pytest.approx(-0.15)
    assert margin.shares(np.array([1.0]), np.array([-5_000.0])).tolist() == [-1.0]


@pytest.mark.parametrize("margin", [Margin("margin", 0.1 + 0.2, 1 / 3), Margin("spend", 1.0)])
def test_plain_values_survive_json(margin: Margin) -> None:
    assert Margin.from_dict(json.loads(json.dumps(margin.to_dict(), allow_nan=False))) == margin
