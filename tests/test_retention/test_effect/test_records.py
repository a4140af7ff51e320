from __future__ import annotations

import json

import numpy as np
from trials import simulate

from retention.effect.findings import Findings, findings
from retention.effect.records import to_frame, to_plain
from retention.effect.worth import worth
from retention.trial.table import TrialTable


def some(members: int = 400) -> Findings:
    made = simulate(np.random.default_rng(1), members, 0.3)
    outcomes = {"returned": made.returned, "spend": made.spend}
    known = {"p_churn": made.p_churn}
    arm = made.treated.astype(np.int64)
    tier = np.array(["Member", "Silver", "Gold"])[made.strata]
    return findings(TrialTable(np.arange(members), arm, ("c", "t"), outcomes, known), slices={"tier": tier})


def test_plain_values_are_json_and_rows_hold_the_same() -> None:
    found = some(150)
    plain = json.loads(json.dumps(to_plain(found, campaign="spring", worth=worth(found, "t")), allow_nan=False))
    assert plain["campaign"] == "spring"
    assert plain["concluded"] is True
    assert plain["worth"]["treated"] == found.sizes["t"]
    frame = to_frame(found)
    assert len(frame) == len(plain["differences"]) == 8
    first = plain["differences"][0]
    one = found.found[0]
    assert (first["difference"], first["low"], first["p_corrected"]) == (one.told.value, one.told.low, one.p)
    assert frame.difference[0] == one.told.value
    gold = frame[frame.slice == "Gold"].iloc[-1]
    assert gold.method == "too few"
    assert np.isnan(gold.low)


def test_no_findings_are_a_frame_with_columns() -> None:
    empty = Findings("c", {}, frozenset(), (), (), ())
    assert to_frame(empty).columns.tolist() == to_frame(some()).columns.tolist()
    assert len(to_frame(empty)) == 0
