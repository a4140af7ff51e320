"""A plan for 100,000 members and 10 actions, from the table of forecasts to the assignment, beside HiGHS on the whole of it.

Run by hand: python benchmarks/bench_plan.py [members]
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import datetime as dt
import sys
import time
from typing import Any

import numpy as np
import pyarrow as pa

from retention.plan.assignment import assigned
from retention.plan.audience import audience_of
from retention.plan.catalogue import Catalogue
from retention.plan.plan import make_plan
from retention.plan.problem import Problem
from retention.plan.quiet import quiet_output
from retention.plan.summary import summarised

TIERS = ("Member", "Silver", "Gold", "Diamond")
CHANNELS = ("phone", "post", "mail", "app")
PEER_MEMBERS, PEER_LIMIT_S = 20_000, 120.0


def main() -> None:
    """Print seconds, the gap, what greed gains, and how far HiGHS alone comes on a fifth of the members."""
    members = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    table, catalogue = forecasts(members), actions(members)
    began = time.perf_counter()
    audience = audience_of(table)
    audience.consent[:] = np.random.default_rng(1).random(members) < 0.8
    read = time.perf_counter()
    plan = make_plan(catalogue, audience, b"a secret of the benchmark's own")
    planned = time.perf_counter()
    rows = len(assigned(plan))
    done = time.perf_counter()
    print(f"{members:,} members, {len(catalogue.actions)} actions, {len(summarised(plan).limits)} limits")
    print(f"table to arrays {read - began:.1f} s, plan {planned - read:.1f} s, {rows:,} rows {done - planned:.1f} s")
    gain, gap = plan.solution.value, plan.solution.gap
    print(f"gains {gain:,.0f}, gap {gap:.5%}")
    print(f"the most likely to leave first {plan.by_risk:,.0f}, those with most value at risk {plan.by_value:,.0f}")
    share = min(PEER_MEMBERS, members) / members
    part = plan.problem.rows(np.arange(len(plan.problem.gain)) < len(plan.problem.gain) * share)
    part = Problem(
        part.gain, part.cost, part.group, part.channel, part.total_budget * share, part.group_budgets * share,
        np.floor(part.capacities * share),
    )  # fmt: skip
    contest(part)


def contest(problem: Problem) -> None:
    """The same problem by prices and a core, and by HiGHS as it stands, to the same gap."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array, vstack

    from retention.plan.solver import solve

    began = time.perf_counter()
    ours = solve(problem)
    took = time.perf_counter() - began
    rows, cols = np.nonzero(problem.gain > 0)
    at, n = np.arange(len(rows)), len(problem.group_budgets)
    gain, cost = problem.gain[rows, cols], problem.cost[rows, cols]
    each = coo_array((np.ones(len(rows)), (rows, at)), shape=(len(problem.gain), len(rows)))
    lines = np.concatenate([np.zeros(len(rows), int), 1 + problem.group[rows], 1 + n + problem.channel[cols]])
    entries = np.concatenate([cost, cost, np.ones(len(rows))])
    limits = coo_array((entries, (lines, np.tile(at, 3))), shape=(len(problem.limits), len(rows))).tocsr()
    kept = np.isfinite(problem.limits)
    most = np.concatenate([np.ones(len(problem.gain)), problem.limits[kept]])
    began = time.perf_counter()
    with quiet_output():
        found = milp(
            -gain,
            integrality=np.ones(len(rows)),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(vstack([each, limits[kept]]), -np.inf, most),
            options={"time_limit": PEER_LIMIT_S, "mip_rel_gap": 5e-5},
        )
    peer = time.perf_counter() - began
    value = 0.0 if found.x is None else float(gain @ np.round(found.x))
    print(f"{len(problem.gain):,} members alone: prices and core {took:.1f} s, gains {ours.value:,.0f}, gap {ours.gap:.5%}")
    print(f"  HiGHS on the whole {peer:.1f} s, gains {value:,.0f}: {peer / took:.0f} times as long")


def forecasts(n: int) -> pa.Table:
    """Members as a forecaster might see them."""
    random = np.random.default_rng(0)
    p = random.beta(0.8, 3.0, n).clip(0.001, 0.999)
    stays, spend = random.gamma(1.5, 150.0, n), random.gamma(1.5, 60.0, n)
    otherwise = stays * random.uniform(0.0, 0.6, n)
    tier = random.choice(len(TIERS), n, p=[0.6, 0.25, 0.1, 0.05])
    columns: dict[str, Any] = {
        "customer_id": np.arange(n),
        "as_of": [dt.date(2020, 3, 1)] * n,
        "horizon_days": np.full(n, 28),
        "p_churn": p,
        "temperature_band": np.array(["cold", "cool", "warm", "hot"])[np.digitize(1.0 - p, [0.2, 0.5, 0.8])],
        "expected_spend": (1.0 - p) * spend,
        "expected_value": (1.0 - p) * stays + p * otherwise,
        "value_at_risk": p * stays,
        "value_of": ["margin"] * n,
        "stage": np.array(["repeat", "loyal"])[random.integers(0, 2, n)],
        "tier": np.array(TIERS)[tier],
        **{f"p_tier_{name}": np.where(tier == t, 0.7, 0.1) for t, name in enumerate(TIERS)},
    }
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def actions(members: int) -> Catalogue:
    """Ten actions over four channels, with budgets by tier and in all that do not reach for everybody."""
    random = np.random.default_rng(2)
    made: list[dict[str, Any]] = []
    for k in range(10):
        made += [
            {
                "id": f"a{k}",
                "name": {"en": f"Action {k}", "zh": f"措施 {k}"},
                "channel": CHANNELS[k % 4],
                "cost": {"fixed": round(0.2 + 0.6 * k, 2), "per_return": 0.3 * (k % 3)},
                "needs_contact": k % 4 != 3,
                "who": {} if k % 3 else {"tiers": list(TIERS[1:])},
                "effect": {
                    "return": {
                        "mean": round(float(random.uniform(0.02, 0.05)) * (1 + k), 3),
                        "scale": "log_odds",
                        "sd": 0.05,
                    },
                    "spend": {"mean": 0.01 * k, "sd": 0.01},
                },
            }
        ]
    budgets = {"Member": 0.4, "Silver": 0.25, "Gold": 0.15, "Diamond": 0.1}
    return Catalogue.from_dict(
        {
            "campaign": "bench",
            "margin_share": 0.3,
            "actions": made,
            "budget": {"total": 0.8 * members, "tiers": {name: share * members for name, share in budgets.items()}},
            "capacity": {"phone": members // 50, "post": members // 20},
        }
    )


if __name__ == "__main__":
    main()
