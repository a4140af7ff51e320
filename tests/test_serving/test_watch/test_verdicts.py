from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_runs import DAY, REFERENCE, RUN, judged, skewed

from serving.watch.runs import Outcome, Run
from serving.watch.verdicts import Seen, alerts, look
from training.reference import Quantity, Reference
from training.watching import Thresholds


def seen(run: Run, reference: Reference | None = REFERENCE, **allowed: Any) -> Seen:
    (found,) = look([run], {"v": reference}, Thresholds(**allowed))
    return found


def test_a_run_like_the_training_is_quiet() -> None:
    found = seen(RUN)
    assert (found.alerts, found.judged_alerts, found.notes) == ((), (), ())
    assert alerts([found]) == []
    assert alerts([]) == []
    assert (found.pace("inputs"), found.pace("forecasts")) == (0.0, 0.0)


def test_one_input_is_told_or_several_are_waited_for() -> None:
    (alert,) = seen(skewed("a")).alerts
    assert alert.startswith("1 input moved further than usual: a (")
    assert seen(skewed("a", "c"), inputs=3).alerts == ()
    (alert,) = seen(skewed("a", "b", "c"), inputs=3).alerts
    assert alert.startswith("3 inputs moved")


def test_a_forecast_is_always_told() -> None:
    (alert,) = seen(skewed("p_churn"), inputs=9).alerts
    assert alert.startswith("1 forecast moved further than usual: p_churn (")


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        ({"rows": 1_000, "no_member": 19}, ()),
        ({"rows": 1_000, "no_member": 25}, ("2.50% of the log's rows are refused; at the training 1.00% were",)),
        (
            {"rows": 1_000, "no_member": 10, "no_amount": 5},
            ("rows are refused for a reason that the training's log did not know: no_amount, 0.50% of the rows",),
        ),
        ({"rows": 10_000, "no_member": 100, "no_amount": 5}, ()),
        ({"rows": 0}, ()),
        (None, ()),
    ],
)
def test_refused_rows_are_compared_by_share_and_by_reason(refused: dict[str, int] | None, said: tuple[str, ...]) -> None:
    assert seen(replace(RUN, refused=refused)).alerts == said


def test_an_empty_run_is_told_and_nothing_else_of_it() -> None:
    (alert,) = seen(replace(RUN, members=0, counts={}, levels={"members": 0.0})).alerts
    assert alert.startswith("nobody was forecast")


def test_without_a_reference_it_says_how_to_make_one() -> None:
    found = seen(replace(RUN, compared=False, counts={}), None)
    assert found.alerts == ()
    assert "tiercast watch --make-reference" in found.notes[0]
    (note,) = seen(replace(RUN, compared=False, counts={})).notes
    assert "was scored when its model had no reference" in note


def test_what_the_training_was_too_short_to_know_is_named() -> None:
    quantities = (*REFERENCE.quantities, Quantity("d", "feature", np.empty(0), np.array([[9, 0]])))
    filling = replace(quantities[0], filling=True)
    (note,) = seen(RUN, replace(REFERENCE, quantities=(filling, *quantities[1:]))).notes
    assert note.endswith("too short to know them: a, d")


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"auc": (0.8, 0.7, 0.82)}, None),
        ({"auc": (0.7, 0.6, 0.79)}, "AUC 0.700 [0.600, 0.790]; at the training 0.850"),
        ({"off": (0.04, 0.03, 0.05)}, None),
        ({"off": (0.08, -0.01, 0.2)}, None),
        ({"off": (0.08, 0.01, 0.2)}, "fewer left than was forecast"),
        ({"off": (-0.08, -0.2, -0.01)}, "more left than was forecast"),
        ({"tier": (0.5, 0.39, 0.6)}, None),
        ({"tier": (0.5, 0.41, 0.6)}, "next tier: log loss 0.500 [0.410, 0.600]; at the training 0.300"),
        ({"spend": (0.85, 0.8, 0.9)}, None),
        ({"spend": (0.7, 0.4, 1.2)}, None),
        ({"spend": (0.74, 0.72, 0.76)}, "spend forecast is 0.74 [0.72, 0.76] times what came"),
    ],
)
def test_what_turned_out_badly_is_told_where_its_interval_says_so(
    figures: dict[str, tuple[float, float, float]], said: str | None
) -> None:
    found = seen(judged(**figures)).judged_alerts
    assert len(found) == (said is not None)
    assert said is None or found[0].startswith(said)


def test_a_ranking_of_which_nothing_was_measured_has_to_beat_a_coin() -> None:
    bare = replace(REFERENCE, figures={})
    assert seen(judged(auc=(0.6, 0.5, 0.7)), bare).judged_alerts == ()
    assert "hardly better than a coin" in seen(judged(auc=(0.5, 0.45, 0.54)), bare).judged_alerts[0]


def test_whom_the_log_lost_is_noted() -> None:
    run = replace(RUN, outcome=Outcome(9, 2, {}, 0.01))
    assert "2 members forecast then, not in the log's look-back now" in seen(run).notes[0]
    run = replace(RUN, outcome=Outcome(0, 9, {}, float("nan")))
    assert "is it the same log?" in seen(run).notes[0]


def test_only_the_newest_run_and_the_newest_judged_one_alert() -> None:
    older = replace(judged(off=(0.2, 0.1, 0.3)), as_of=DAY)
    middle = replace(judged(off=(0.0, -0.1, 0.1)), as_of=DAY + dt.timedelta(days=7))
    newest = replace(skewed("a"), as_of=DAY + dt.timedelta(days=14))
    found = look([older, middle, newest], {"v": REFERENCE}, Thresholds())
    assert [alert.partition(":")[0] for alert in alerts(found)] == ["2020-06-15"]
    assert [alert.partition(",")[0] for alert in alerts(found[:1])] == ["2020-06-01"]


def test_a_challenger_scored_on_the_same_date_hides_nothing_of_the_champion() -> None:
    champion = replace(skewed("a"), outcome=judged(off=(0.2, 0.1, 0.3)).outcome)
    challenger = replace(RUN, version="w", outcome=judged(off=(0.0, -0.1, 0.1)).outcome)
    found = look([champion, challenger], {"v": REFERENCE, "w": REFERENCE}, Thresholds())
    first, second = alerts(found)
    assert first.startswith("2020-06-29, model v: 1 input moved further than usual: a (")
    assert second.startswith("2020-06-29, model v, judged: fewer left than was forecast")


def test_a_run_counted_by_other_bins_is_not_compared_and_says_so() -> None:
    wider = replace(REFERENCE.quantities[0], edges=np.array([1.0, 2.0]), counts=np.array([[0, 250, 500, 250]]))
    again = replace(REFERENCE, quantities=(wider, *REFERENCE.quantities[1:]))
    moved = replace(REFERENCE.quantities[0], edges=np.array([1.5, 2.0, 3.0]))
    of_moved = replace(REFERENCE, quantities=(moved, *REFERENCE.quantities[1:]))
    told = replace(skewed("a"), bins=REFERENCE.bins)
    for run, reference in ((skewed("a"), again), (told, again), (told, of_moved)):
        found = seen(run, reference)
        assert (found.alerts, found.moved) == ((), ())
        assert "counted by a reference made before this one" in found.notes[0]
    assert len(seen(told).alerts) == len(seen(skewed("a")).alerts) == 1
