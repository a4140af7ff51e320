from __future__ import annotations

import numpy as np

from retention.effect.difference import difference
from retention.effect.power import detectable, planned_error, variances


def test_such_a_difference_is_found_four_times_out_of_five() -> None:
    rng = np.random.default_rng(1)
    strata = np.repeat([0, 1], [300, 100])
    treated = np.tile([True, True, False, True], 100)
    spread = np.where(strata == 0, 1.0, 3.0)
    se = planned_error(np.array([1.0, 9.0]), treated, strata)
    least = detectable(se)
    found = [difference(spread * rng.normal(size=400) + least * treated, treated, strata).low > 0 for _ in range(250)]
    assert 0.75 < np.mean(found) < 0.85


def test_variances_are_within_strata() -> None:
    y, strata = np.array([1.0, 2.0, 6.0, 0.0, 0.0]), np.array([0, 0, 0, 2, 2])
    assert variances(y, strata).tolist() == [np.var(y[:3], ddof=1), 0.0, 0.0]
