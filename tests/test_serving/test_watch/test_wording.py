from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

from made_runs import REFERENCE, RUN, judged, skewed

from serving.watch.runs import Outcome
from serving.watch.verdicts import Seen, look
from serving.watch.wording import to_dict, to_text
from training.watching import Thresholds

BAD = replace(judged(auc=(0.7, 0.6, 0.79), off=(0.08, 0.01, 0.2)), counts=skewed("a").counts)


def seen(*runs: object) -> list[Seen]:
    return look(runs, {"v": REFERENCE}, Thresholds())  # type: ignore[arg-type]


def test_a_quiet_one_says_so_in_a_table() -> None:
    text = to_text(seen(RUN), {"v": REFERENCE}, None)
    assert text.splitlines()[0] == "model v: compared with 2020-06-01; what is usual, by 1 date from 2020-06-01 on"
    assert "  2020-06-29       1,000    0.200     0.00       0.00  nothing moved" in text.splitlines()
    assert "judged by what happened" not in text
    assert text.splitlines()[-1] == "quiet: nothing is past its threshold"


def test_one_past_its_thresholds_says_which_and_by_how_much() -> None:
    text = to_text(seen(BAD), {"v": REFERENCE}, "too young to be judged: the run of 2020-07-27")
    lines = text.splitlines()
    assert any(line.startswith("ALERT 2020-06-29: 1 input moved further than usual: a (0.") for line in lines)
    assert "ALERT 2020-06-29, judged: AUC 0.700 [0.600, 0.790]; at the training 0.850" in lines
    assert "too young to be judged: the run of 2020-07-27" in lines
    assert any("0.700 [0.600, 0.790]" in line and "+0.080 [+0.010, +0.200]" in line for line in lines)
    assert max(len(line) for line in lines if line.startswith("  ")) <= 140


def test_a_model_without_a_reference_and_a_run_without_members_are_told() -> None:
    runs = [
        replace(RUN, compared=False, counts={}),
        replace(RUN, as_of=dt.date(2020, 7, 1), members=0, means={"p_churn": float("nan")}),
    ]
    found = look(runs, {"v": None}, Thresholds())
    text = to_text(found, {"v": None}, None)
    assert "model v: no reference" in text
    assert "  2020-07-01           0" in text
    assert text.count("note: ") == 1


def test_the_same_as_plain_values() -> None:
    nothing = replace(RUN, as_of=dt.date(2020, 7, 6), outcome=Outcome(0, 5, {}, float("nan")))
    plain = json.loads(json.dumps(to_dict(seen(BAD, nothing), None), allow_nan=False))
    assert [run["as_of"] for run in plain["runs"]] == ["2020-06-29", "2020-07-06"]
    assert plain["runs"][0]["due"] == "2020-07-27"
    first = plain["runs"][0]["movements"][0]
    assert (first["name"], first["of"], first["far"]) == ("a", "feature", True)
    assert first["index"] > first["limit"]
    assert plain["runs"][0]["judged"]["figures"]["AUC"] == {"value": 0.7, "low": 0.6, "high": 0.79}
    assert plain["runs"][1]["judged"]["ece_by_chance"] is None
    assert len(plain["runs"][0]["alerts"]) == 3
    assert plain["alerts"] == []  # the newest is quiet, and the newest judged one has nothing to say
