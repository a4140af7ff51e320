from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest

from features.errors import ArtifactError
from training.reference import Quantity, Reference

QUANTITY = Quantity("x", "feature", np.array([1.0, 2.0]), np.array([[0, 3, 4, 5], [1, 2, 3, 6]]))
REFERENCE = Reference(
    "2020-01-01-0123abcd",
    28,
    (dt.date(2019, 12, 4), dt.date(2020, 1, 1)),
    (QUANTITY, Quantity("tier", "forecast", np.array([0.5]), np.array([[0, 6, 6], [0, 7, 5]]), ("Base", "Top"))),
    {"members": (12.0, 12.0)},
    {"rows": 100, "no_member": 1},
    {"churn_auc": (0.8, None, None)},
)


def test_it_comes_back_from_json_as_it_was() -> None:
    back = Reference.from_json(REFERENCE.to_json(), "here")
    assert back.to_json() == REFERENCE.to_json()
    assert (back.as_of, back.dates, back.levels) == (dt.date(2020, 1, 1), REFERENCE.dates, REFERENCE.levels)
    assert back.figures["churn_auc"] == (0.8, None, None)
    assert back.quantities[1].labels == ("Base", "Top")
    assert (back.quantities[0].counts == QUANTITY.counts).all()


def test_values_are_counted_by_bin_with_missing_ones_first() -> None:
    assert QUANTITY.count(np.array([np.nan, 0.0, 1.0, 1.9, 2.0, 99.0])).tolist() == [1, 1, 2, 2]
    assert QUANTITY.known
    assert not Quantity("y", "feature", np.empty(0), np.array([[12, 0], [12, 0]])).known


def test_a_run_is_compared_with_the_training_at_its_own_season() -> None:
    assert QUANTITY.then(300).tolist() == [1, 2, 3, 6]
    ahead = np.array([[0, 1, 1, 10], [0, 2, 2, 8], [0, 3, 3, 6]])
    seasonal = Quantity("p", "forecast", QUANTITY.edges, QUANTITY.counts, ahead=ahead)
    assert [seasonal.then(days)[1] for days in (0, 13, 15, 28, 43, 900)] == [1, 1, 2, 2, 3, 3]
    back = Quantity.from_dict(json.loads(json.dumps(seasonal.to_dict())))
    assert (back.ahead == ahead).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "JSONDecodeError"),
        ("[]", "TypeError"),
        (REFERENCE.to_json().replace('"format": 1', '"format": 9'), "9 in here"),
        (REFERENCE.to_json().replace('"dates"', '"days"'), "KeyError"),
        (REFERENCE.to_json().replace("[0, 3, 4, 5]", "[0, 3, 4]"), "ValueError"),
    ],
)
def test_a_damaged_one_is_refused_and_says_how_to_mend_it(text: str, said: str) -> None:
    with pytest.raises(ArtifactError, match="tiercast watch --make-reference") as raised:
        Reference.from_json(text, "here")
    assert said in raised.value.got
