from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ConfigError
from retention.uplift.policies import NOBODY, Money, beats_the_same, chosen, compare, everyone_the_same

AT = np.arange(400)
BLOCK = AT % 2


def _perfect(effects: np.ndarray, money: Money, risk: np.ndarray | None = None) -> dict[str, float]:  # type: ignore[type-arg]
    """Money by policy where what is predicted is what comes."""
    names = [f"a{k}" for k in range(effects.shape[1])]
    return {p.name: p.worth.value for p in compare(effects, effects, AT // 200, money, names, at=AT, risk=risk)}


def test_money_by_hand() -> None:
    """A quarter is moved by a half, worth 40, at a cost of 4; those most likely to leave are others."""
    moved = AT % 4 == 0
    found = _perfect(np.where(moved, 0.5, 0.0)[:, None], Money(40.0, (4.0,)), risk=np.where(AT % 4 == 1, 0.9, 0.1))
    assert found == pytest.approx(
        {"uplift": 4.0, "a0 for everyone": 1.0, "nobody": 0.0, "as many at random": 0.25, "most likely to leave": -1.0}
    )


def test_each_member_gets_what_moves_it() -> None:
    effects = np.stack([np.where(AT < 200, 0.5, 0.0), np.where(AT < 200, 0.0, 0.5)], axis=1)
    assert _perfect(effects, Money(40.0, (4.0, 8.0)))["uplift"] == pytest.approx((16.0 + 12.0) / 2)


def test_a_value_a_member() -> None:
    worth = np.where(AT < 200, 100.0, 0.0)
    assert _perfect(np.full((400, 1), 0.1), Money(worth, (4.0,)))["uplift"] == pytest.approx(3.0)


@settings(max_examples=25)
@given(st.integers(0, 1_000), st.floats(0.05, 1.0))
def test_no_more_are_treated_than_can_be_and_none_at_a_loss(seed: int, at_most: float) -> None:
    net = np.random.default_rng(seed).normal(size=(400, 3))
    choice = chosen(net, BLOCK, at_most)
    for block in (0, 1):
        assert (choice[block == BLOCK] != NOBODY).sum() <= round(at_most * 200)
    treated = choice != NOBODY
    assert (net[treated, choice[treated]] > 0).all()
    assert np.array_equal(net[treated, choice[treated]], net[treated].max(axis=1))
    for block in (0, 1):
        left = ~treated & (block == BLOCK) & (net.max(axis=1) > 0)
        if left.any():
            assert net[left].max() <= net[treated & (block == BLOCK)].max(axis=1).min()


def test_it_beats_the_same_only_where_it_beats_each() -> None:
    rng = np.random.default_rng(0)
    effects = np.where(AT % 2 == 0, 0.5, -0.5)[:, None]
    noisy = effects + 0.1 * rng.normal(size=effects.shape)
    money = Money(40.0, (2.0,))
    found = compare(effects, noisy, BLOCK * 0, money, ["mail"], at=AT)
    assert beats_the_same(found, 1)
    assert everyone_the_same(found, 1).name == "nobody"
    alike = compare(np.full((400, 1), 0.2), 0.2 + noisy, BLOCK, money, ["mail"], at=AT)
    assert not beats_the_same(alike, 1), "treating everyone is what everyone the same does"
    assert everyone_the_same(alike, 1).name == "mail for everyone"
    none = compare(-np.ones((400, 1)), noisy, BLOCK, money, ["mail"], at=AT)
    assert not beats_the_same(none, 1)


@pytest.mark.parametrize(
    ("money", "rule"),
    [
        ((-1.0, (1.0,), 1.0), "the value of an outcome"),
        ((float("nan"), (1.0,), 1.0), "the value of an outcome"),
        ((1.0, (-1.0,), 1.0), "a cost"),
        ((1.0, (1.0,), 0.0), "a share of members"),
        ((1.0, (1.0,), 1.1), "a share of members"),
    ],
)
def test_money_that_is_none(money: tuple[float, tuple[float, ...], float], rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        Money(*money)
