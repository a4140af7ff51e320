from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from plans import SECRET, TIERS, action, audience, catalogue

from retention.plan.hold_out import draws, would_be
from retention.plan.plan import make_plan
from retention.plan.problem import Problem


@given(ids=st.lists(st.integers(0, 10**9), unique=True, min_size=1, max_size=30), others=st.lists(st.text(max_size=5)))
def test_a_member_s_draw_depends_on_nobody_else(ids: list[int], others: list[str]) -> None:
    alone, among = draws(SECRET, "spring", ids), draws(SECRET, "spring", [*others, *ids])
    np.testing.assert_array_equal(among[len(others) :], alone)
    np.testing.assert_array_equal(draws(SECRET, "spring", [str(each) for each in ids]), alone)
    assert ((alone >= 0) & (alone < 1)).all()


def test_draws_are_uniform_and_do_not_hang_together() -> None:
    found = draws(SECRET, "spring", range(20_000))
    other = draws(SECRET, "autumn", range(20_000))
    for share in (0.05, 0.1, 0.5):
        off = 4 * math.sqrt(share * (1 - share) / 20_000)
        assert abs((found < share).mean(axis=0) - share).max() < off
    for pair in (
        (found[:, 0], found[:, 1]),
        (found[:, 0], other[:, 0]),
        (found[:, 0], draws(b"s", "spring", range(20_000))[:, 0]),
    ):
        assert abs(np.corrcoef(*pair)[0, 1]) < 4 / math.sqrt(20_000)


def one_action(gain: list[float]) -> Problem:
    n = len(gain)
    return Problem(
        np.array(gain)[:, None], np.ones((n, 1)), np.zeros(n, np.int64), np.zeros(1, np.int64),
        np.inf, np.array([np.inf]), np.array([np.inf]),
    )  # fmt: skip


def test_the_prices_decide_for_those_held_back() -> None:
    prices = np.array([2.0, 0.0, 0.0])
    chosen = one_action([5.0, 1.0])
    found = would_be(chosen, np.array([0, -1]), prices, one_action([3.0, 1.9]), np.zeros(2))
    assert found.tolist() == [0, -1]


def test_where_the_prices_are_undecided_those_held_back_are_split_alike() -> None:
    """All are alike, and the money suffices for a quarter: a quarter of those held back would have been chosen."""
    prices = np.array([2.0, 0.0, 0.0])
    choice = np.array([0] * 25 + [-1] * 75)
    draw = draws(SECRET, "spring", range(2000))[:, 1]
    found = would_be(one_action([2.0] * 100), choice, prices, one_action([2.0] * 2000), draw)
    assert abs((found == 0).mean() - 0.25) < 0.04


def test_what_no_limit_lets_anybody_have_nobody_held_back_would_have() -> None:
    """No money for one tier, and no place by phone: neither has a price, and other tiers are held back in full."""
    who = audience(400, 1)
    made = catalogue(
        action(needs_contact=False),
        action("post", needs_contact=False, channel="post"),
        hold_out={"share": 0.5},
        budget={"tiers": {"Gold": 0.0}},
        capacity={"phone": 0},
    )
    plan = make_plan(made, who, SECRET)
    gold, drawn = who.tier == TIERS.index("Gold"), draws(SECRET, "spring", who.ids.tolist())[:, 0] < 0.5
    assert not (plan.arm[gold] == "hold-out").any()
    assert not (plan.choice == 0).any()
    worth = plan.gains.gain[:, 1] > 0
    assert ((plan.arm == "hold-out") == (~gold & drawn & worth)).all()


def test_who_is_split_is_split_within_the_tier() -> None:
    """Money is short in one tier alone: the other's hold-out would have been chosen as a whole."""
    gain, limits = np.full((200, 1), 2.0), (np.inf, np.array([25.0, np.inf]), np.array([np.inf]))
    both = Problem(gain, np.ones((200, 1)), np.repeat([0, 1], 100), np.zeros(1, np.int64), *limits)
    choice = np.where(np.arange(200) < 25, 0, np.where(np.arange(200) < 100, -1, 0))
    found = would_be(both, choice, np.array([0.0, 2.0, 2.0, 0.0]), both, draws(SECRET, "spring", range(200))[:, 1])
    assert (found[100:] == 0).all()
    assert abs((found[:100] == 0).mean() - 0.25) < 0.15
