from __future__ import annotations

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]

from retention.effect.rates import few_events, newcombe, newcombe_p, wilson


@pytest.mark.parametrize(("events", "members"), [(0, 12), (3, 40), (40, 40), (17, 90)])
def test_wilson_is_scipys(events: int, members: int) -> None:
    low, high = wilson(events / members, members, stats.norm.ppf(0.975))
    found = stats.binomtest(events, members).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose([low, high], [found.low, found.high], atol=1e-12)


@pytest.mark.parametrize(
    ("counts", "ends"),
    [((56, 70, 48, 80), (0.0524, 0.3339)), ((9, 10, 3, 10), (0.1705, 0.8090)), ((10, 10, 0, 20), (0.6791, 1.0))],
)
def test_newcombes_own_table(counts: tuple[int, int, int, int], ends: tuple[float, float]) -> None:
    a, m, b, n = counts  # Newcombe 1998, table II, method 10
    _, low, high = newcombe(a / m, m, b / n, n, 0.95)
    assert (round(low, 4), round(high, 4)) == ends


def test_p_says_what_the_interval_says() -> None:
    for b in range(1, 12):
        _, low, high = newcombe(8 / 40, 40, b / 50, 50, 0.95)
        assert (newcombe_p(8 / 40, 40, b / 50, 50) < 0.05) == (low > 0 or high < 0)
    assert newcombe_p(0.2, 10, 0.2, 30) == 1.0


def test_few_events_are_seen_in_either_arm() -> None:
    treated = np.repeat([True, False], 100)
    y = np.tile([0.0, 1.0], 100)
    assert not few_events(y, treated)
    y[100:114] = 1.0
    y[114:] = 0.0
    assert few_events(y, treated)
