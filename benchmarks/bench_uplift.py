"""Simulated campaigns with a known truth: what choosing by uplift is worth in money, and how often it is fooled.

Those who are moved are not those likely to leave. Then a campaign in which nobody differs, at the price where treating
everybody and nobody come to the same: the hardest place not to see what is not there.

Run by hand: make bench. Arguments: simulations in which nobody differs, members of each.
"""

from __future__ import annotations

import os
import sys
import time

# Before anything that starts threads: one core.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from moved import Campaign, campaign

from retention.uplift.held_out import hold_out
from retention.uplift.measured import Measured
from retention.uplift.policies import Money, beats_the_same, compare

VALUE = 40.0
PRICES = {0.05: "less than the mean effect is worth", 0.1: "more than the mean effect is worth"}
MEMBERS, CAMPAIGNS, NULLS, NULL_MEMBERS = 10_000, 5, 200, 2_000


def main() -> None:
    """Print money by policy, then how often nobody's differing is seen as a difference."""
    nulls = int(sys.argv[1]) if len(sys.argv) > 1 else NULLS
    members = int(sys.argv[2]) if len(sys.argv) > 2 else NULL_MEMBERS
    money()
    fooled(nulls, members)


def money() -> None:
    """Money for 1,000 members held out, by policy: as measured, and as it truly is."""
    print(f"{CAMPAIGNS} campaigns of {MEMBERS:,} members, a return worth {VALUE:.0f}: money for 1,000 members held out")
    found = [_held(campaign(MEMBERS, seed)) for seed in range(CAMPAIGNS)]
    for points, called in PRICES.items():
        cost = points * VALUE
        measured: dict[str, list[float]] = {}
        true: dict[str, list[float]] = {}
        told_apart = 0
        for made, held in found:
            at = held.at
            risk = made.p_leave[at]
            args = (held.block, Money(VALUE, (cost,)), ["mail"])
            policies = compare(held.effect[:, None], held.score[:, None], *args, at=at, risk=risk)
            truth = compare(held.effect[:, None], made.effects[at], *args, at=at, risk=risk)
            told_apart += beats_the_same(policies, 1)
            for policy, really in zip(policies, truth, strict=True):
                measured.setdefault(policy.name, []).append(1e3 * policy.worth.value)
                true.setdefault(policy.name, []).append(1e3 * really.worth.value)
            oracle = 1e3 * float(np.maximum(VALUE * made.effects[at, 0] - cost, 0.0).mean())
            true.setdefault("the oracle", []).append(oracle)
        print(f"\na treatment costs {cost:.2f}, {called}; members told apart in {told_apart} of {CAMPAIGNS}")
        for name, values in true.items():
            seen = f"{np.mean(measured[name]):10,.0f}" if name in measured else " " * 10
            print(f"  {name:22} truly {np.mean(values):8,.0f}   measured {seen}")
    for made, held in found[:1]:
        qini = held.ranked.coefficient()
        print(f"\nQini of the first {qini}; correlation of the true effect with p of leaving ", end="")
        print(f"{np.corrcoef(made.effects[:, 0], made.p_leave)[0, 1]:+.2f}")


def fooled(simulations: int, members: int) -> None:
    """How often members are told apart where the same 0.05 is added to everybody."""
    start, z = time.process_time(), []
    by_qini = by_money = 0
    for seed in range(simulations):
        _, held = _held(campaign(members, 10_000 + seed, moved=0.0, everyone=0.05))
        qini = held.ranked.coefficient()
        z.append(qini.value / qini.error if qini.error > 0 else 0.0)
        by_qini += _above(qini)
        money = Money(VALUE, (0.05 * VALUE,))
        by_money += beats_the_same(
            compare(held.effect[:, None], held.score[:, None], held.block, money, ["mail"], at=held.at), 1
        )
    print(f"\nnobody differs: {simulations} campaigns of {members:,} members")
    print(f"  'one effect for all' in {1 - by_qini / simulations:.1%} by Qini, {1 - by_money / simulations:.1%} in money")
    print(f"  Qini / its error: mean {np.mean(z):+.2f}, standard deviation {np.std(z):.2f} (0 and 1 if all is right)")
    print(f"  {(time.process_time() - start) / max(simulations, 1):.1f} s of one core each")


def _held(made: Campaign):  # type: ignore[no-untyped-def]
    return made, hold_out(made.trial, 1, "returned")


def _above(figure: Measured) -> bool:
    return figure.error > 0 and figure.low > 0


if __name__ == "__main__":
    main()
