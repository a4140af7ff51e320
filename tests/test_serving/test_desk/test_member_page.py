from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from homes import Shop
from test_layout import HEAVY

from features.errors import ConfigError
from serving.describing.description import described
from serving.desk.member_page import member_page
from serving.desk.what_it_takes import what_it_takes
from serving.forecast.scoring import score

ROOT = Path(__file__).parents[3]


def page(shop: Shop, place: int, language: Any = "en", **options: Any) -> dict[str, Any]:
    """With the forecast as the service answers it."""
    one = shop.histories.select(np.array([place]))
    rows = score(shop.forecaster, shop.layout, one, shop.as_of).rows
    forecast = shop.layout.answer(one.members[0], shop.as_of, rows[0], reasons=3, language=language) if len(rows) else None
    return member_page(shop.forecaster, one, shop.as_of, forecast=forecast, language=language, **options)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_holds_the_description_the_forecast_and_what_it_takes(shop: Shop, language: Any) -> None:
    for place in range(0, 60, 7):
        found = page(shop, place, language, consent=True)
        assert json.loads(json.dumps(found, allow_nan=False)) == found
        name = shop.histories.members[place]
        policy = shop.forecaster.settings.policy
        told = described(shop.histories, name, shop.as_of, horizon_days=21, policy=policy, language=language)
        assert {key: found[key] for key in told} == {**told, "consent": True}
        one = shop.histories.select(np.array([place]))
        assert found["what_it_takes"] == what_it_takes(shop.forecaster, one, shop.as_of, language=language)
        assert (found["forecast"] is None) != (found["no_forecast"] is None)
        assert len(found["summary"]) >= 3


def test_nothing_heavy_is_loaded_by_what_a_service_asks_of_one_member(shop: Shop) -> None:
    days = shop.histories.select(np.array([4])).visits
    rows = [(int(day), int(gross)) for day, gross in zip(days.day, days.values["gross"], strict=True)]
    (model,) = shop.home.models.iterdir()
    code = f"""
import datetime as dt, sys
from pathlib import Path
from features.histories import from_rows
from features.snapshot import to_date
from serving.desk.imagined import Imagined
from serving.desk.member_page import member_page
from serving.desk.what_if import what_if
from training.artifact import load, to_forecaster
days = [(to_date(day), {{"orders": 1, "gross": gross, "returned": 0}}) for day, gross in {rows}]
forecaster, as_of = to_forecaster(load(Path({str(model)!r}))), dt.date.fromisoformat({shop.as_of.isoformat()!r})
one = from_rows([("004", days)], True, columns=forecaster.columns)
what_if(forecaster, one, as_of, [[Imagined(as_of)]])
member_page(forecaster, one, as_of, forecast=None)
print(*sorted({HEAVY} & set(sys.modules)))
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stdout.split() == []


def test_who_is_silent_is_told_to_be(shop: Shop) -> None:
    last = [shop.histories.visits.day[stop - 1] for stop in shop.histories.visits.offsets[1:]]
    found = page(shop, int(np.argmin(last)))
    assert found["forecast"] is None
    assert found["no_forecast"] == "No purchase in the last 60 days: no forecast is made."
    assert found["summary"][-1] == found["no_forecast"]
    assert all(own["because"]["p_unaided"] for own in found["what_it_takes"])


def test_a_forecast_of_another_day_is_refused(shop: Shop) -> None:
    one = shop.histories.select(np.array([4]))
    with pytest.raises(ConfigError, match="a page and its forecast are of the same day"):
        member_page(shop.forecaster, one, shop.as_of, forecast={"as_of": "2020-01-01", "p_next_tier": None})


def test_without_a_policy_a_page_has_no_tier(visits_shop: Shop) -> None:
    found = page(visits_shop, 1)
    assert (found["tier"], found["what_it_takes"]) == (None, [])
    assert found["summary"][0].startswith("Chance of a purchase in the next 21 days: ")


def test_what_comes_later_is_not_looked_at(shop: Shop) -> None:
    as_of = shop.as_of - dt.timedelta(days=30)
    whole = shop.histories.select(np.array([4]))
    silent = replace(shop.forecaster, next_tier=None)
    assert member_page(silent, whole, as_of, forecast=None) == member_page(silent, whole.before(as_of), as_of, forecast=None)
