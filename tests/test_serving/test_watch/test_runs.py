from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import replace

import pytest

from features.errors import ArtifactError
from serving.watch.runs import Outcome, Run
from training.metrics import Estimate

RUN = Run(
    "2020-01-01-0123abcd",
    dt.date(2020, 2, 1),
    28,
    3,
    {"x": (0, 1, 2)},
    {"members": 3.0},
    {"p_churn": 0.5, "expected_spend": math.nan},
    {"rows": 9, "no_member": 1},
    outcome=Outcome(3, 1, {"AUC": Estimate(math.nan, math.nan, math.nan), "log loss": Estimate(0.3, 0.2, 0.4)}, 0.1),
    logged=("scored",),
    bins="0123456789abcdef",
)


def test_it_comes_back_as_it_was_and_nan_is_null() -> None:
    text = RUN.to_json()
    assert "NaN" not in text
    back = Run.from_json(text, "here")
    assert back.to_json() == text
    assert math.isnan(back.means["expected_spend"])
    assert back.outcome is not None
    assert math.isnan(back.outcome.figures["AUC"].value)
    plain = replace(RUN, means={}, outcome=None)
    assert Run.from_json(plain.to_json(), "here") == plain


def test_it_is_due_when_its_horizon_is_over() -> None:
    assert RUN.due == dt.date(2020, 2, 29)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [("{", "", "JSONDecodeError"), ('"format": 1', '"format": 2', "another in here"), ('"members"', '"folk"', "TypeError")],
)
def test_a_damaged_one_is_refused(before: str, after: str, said: str) -> None:
    with pytest.raises(ArtifactError) as raised:
        Run.from_json(RUN.to_json().replace(before, after, 1), "here")
    assert said in raised.value.got


def test_a_run_of_an_earlier_release_says_nothing_of_its_bins() -> None:
    plain = json.loads(RUN.to_json())
    del plain["bins"]
    assert Run.from_json(json.dumps(plain), "here").bins == ""
