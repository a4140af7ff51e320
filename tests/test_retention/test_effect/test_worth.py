from __future__ import annotations

import math
from dataclasses import replace

from retention.effect.difference import Difference
from retention.effect.findings import Findings, Found
from retention.effect.worth import Range, worth

RETURNED = Difference(0.031, 0.01, 0.012, 0.05, 0.01, 1000, 100, 0.5, "t")
SPEND = Difference(4.0, 1.0, -1.0, 9.0, 0.1, 1000, 100, 20.0, "t")


def found(*rows: tuple[str, Difference]) -> Findings:
    made = tuple(Found("treated", outcome, "all", "all", own, own, own.p, 0.1) for outcome, own in rows)
    return Findings("hold-out", {"hold-out": 100, "treated": 1000}, frozenset(), (), (), made)


def test_of_a_thousand_treated() -> None:
    own = worth(found(("returned", RETURNED), ("spend", SPEND)), "treated", 1900.0, 0.25)
    assert own.returned == Range(31.0, 12.0, 50.0)
    assert own.spend == Range(4000.0, -1000.0, 9000.0)
    assert own.margin == Range(1000.0, -250.0, 2250.0)
    assert own.gain == Range(-900.0, -2150.0, 350.0)


def test_what_is_not_known_is_not_told() -> None:
    few = replace(SPEND, method="too few")
    own = worth(found(("returned", RETURNED), ("spend", few)), "treated", math.nan, 0.25)
    assert (own.spend, own.margin, own.cost, own.gain) == (None, None, None, None)
