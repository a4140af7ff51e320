from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from features.histories import from_rows
from retention.effect.campaign import Campaign
from retention.effect.planning import planned
from retention.effect.power import detectable

AS_OF = dt.date(2020, 3, 1)


def test_from_the_forecast_and_the_spend_before() -> None:
    spent = [10.0, 20.0, 30.0, 40.0, 50.0, 0.0]
    rows = [
        (f"{i}", [(AS_OF - dt.timedelta(days=7), {"orders": 1, "gross": int(own * 10_000), "returned": 0})])
        for i, own in enumerate(spent)
    ]
    rows.append(("other", [(AS_OF - dt.timedelta(days=8), {"orders": 1, "gross": 10**9, "returned": 0})]))
    histories = from_rows(rows, has_amounts=True)
    treated = np.array([1, 1, 0, 1, 0, 1], bool)
    numbers = {"p_churn": np.array([0.2, 0.4, 0.3, 0.3, 0.3, 0.3])}
    members = np.array([f"{i}" for i in range(6)], object)
    campaign = Campaign("c", AS_OF, 7, members, treated, {}, numbers)
    found = planned(campaign, histories)
    alone = replace(campaign, treated=np.ones(6, bool))
    assert planned(alone, histories) == {}
    both = 1 / 4 + 1 / 2
    assert found["returned"] == pytest.approx(detectable(np.sqrt(0.3 * 0.7 * both)))
    assert found["spend"] == pytest.approx(detectable(np.sqrt(np.var(spent, ddof=1) * both)))
