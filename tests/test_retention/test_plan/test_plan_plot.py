from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from plans import SECRET, audience, catalogue

from retention.plan.plan import Plan, make_plan
from retention.plan.plan_plot import draw_plan, plan_plot
from retention.plan.summary import summarised


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(
        catalogue(budget={"total": 60.0, "tiers": {"Gold": 20.0}}, capacity={"phone": 12}), audience(150), SECRET
    )


def test_bars_and_curve(plan: Plan) -> None:
    bars, curve = plan_plot(plan, factors=(0.5, 1.0, 2.0)).axes
    rows = [row for row in summarised(plan).rows if row.action is not None and row.treated]
    assert sum(bar.get_width() for bar in bars.patches) == pytest.approx(sum(row.saved for row in rows))
    assert len(bars.get_yticklabels()) == len(rows)
    x, y = curve.lines[0].get_data()
    assert list(x) == [0.0, 0.5, 1.0, 2.0]
    # More money gains more, and each unit less than the last; at the budgets given, the bound.
    assert (np.diff(y) >= -1e-9).all()
    assert (np.diff(np.diff(y) / np.diff(x)) <= 1e-6).all()
    assert y[2] >= plan.solution.bound * (1 - 1e-9)
    assert curve.lines[1].get_ydata()[0] == plan.solution.value


def test_a_picture(plan: Plan, tmp_path: Path) -> None:
    draw_plan(plan, tmp_path / "plan.png")
    assert (tmp_path / "plan.png").stat().st_size > 10_000


def test_a_plan_for_nobody_is_drawn(tmp_path: Path) -> None:
    draw_plan(make_plan(catalogue(budget={"total": 0.0}), audience(20), SECRET), tmp_path / "plan.png")
    assert (tmp_path / "plan.png").is_file()
