"""What the store answers: posted lines are in the forecasts as a batch over the longer log has them, to the bit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
from homes import AS_OF, Demo, Shop, copied_store, service
from sqlalchemy import update

import features
from features.errors import ConflictError, CutoffError, InputError, UnknownMemberError
from serving.database.engine import writing
from serving.database.forecasts import look_up
from serving.database.lines import lines_of
from serving.database.tables import FORECAST
from serving.desk.answers import Answers, Chosen
from serving.desk.asked import Post, WhatIf
from serving.forecast.record import Layout
from serving.forecast.scoring import score
from serving.predictor import Ask

ASK = Ask(reasons=1, contributions=True)
LATER = AS_OF + dt.timedelta(days=3)


class Read:
    """Answers as who asks over HTTP reads them: forecasts come as JSON text."""

    def __init__(self, answers: Any) -> None:
        self.desk = answers.desk
        self.answers = answers

    def __getattr__(self, name: str) -> Any:
        return lambda *asked: orjson.loads(orjson.dumps(getattr(self.answers, name)(*asked)))


def answers_of(home: Path) -> Any:
    made = service(home)
    return Read(Answers(made.desk, made.metrics, lambda key, kind: None))


@pytest.fixture
def answers(shop: Shop, tmp_path: Path) -> Iterator[Any]:
    made = answers_of(copied_store(shop.home, tmp_path / "home"))
    yield made
    made.desk.engine.dispose()


def line(member: Any, key: str, day: dt.date, amount: float = 25.0, **more: Any) -> dict[str, Any]:
    return {"key": key, "customer_id": member, "timestamp": f"{day}T10:00:00", "amount": amount, **more}


def post(answers: Any, *lines: dict[str, Any]) -> dict[str, Any]:
    return answers.post(Post.model_validate({"lines": list(lines)}), ASK)


def test_posted_lines_give_the_forecasts_of_a_batch_over_the_longer_log(
    demo: Demo, journey_path: str, journey_map: dict[str, str], tmp_path: Path
) -> None:
    """Complete Journey, everybody; sixty of them with purchases, orders of several lines and returns on three days."""
    random = np.random.default_rng(3)
    members = random.choice(demo.forecasts.customer_id, 60, replace=False).tolist()
    new = [
        line(
            member,
            f"{member}/{day}/{part}",
            AS_OF + dt.timedelta(days=day),
            round(float(random.gamma(2.0, 15.0)), 2) * (-1 if part == 2 and day == 1 else 1),
            order_id=f"new-{member}-{day}-{part // 2}",
        )
        for place, member in enumerate(members)
        for day in range(1 + place % 3)
        for part in range(3)
    ]
    answers = answers_of(copied_store(demo.home, tmp_path / "home"))
    done = post(answers, *new)
    assert (done["stored"], done["known"], done["unknown"], done["silent"]) == (len(new), 0, [], [])
    assert {forecast["customer_id"] for forecast in done["forecasts"]} == set(members)

    columns = list(journey_map.values())
    more = pd.DataFrame(
        [(one["customer_id"], pd.Timestamp(one["timestamp"]), one["amount"], one["order_id"]) for one in new],
        columns=columns,
    )
    log = pd.read_parquet(journey_path, columns=columns).astype({"basket_id": str})
    longer = features.from_log(features.check(pd.concat([log, more], ignore_index=True), journey_map))
    layout = Layout.of(demo.forecaster, demo.version)
    batch = score(demo.forecaster, layout, longer, LATER)
    told = layout.answers(batch.members.tolist(), [LATER] * len(batch), batch.rows, **vars(ASK))
    everyone = [int(member) for member in longer.members]
    served = [
        forecast
        for start in range(0, len(everyone), 1_000)
        for forecast in answers.of_ids(everyone[start : start + 1_000], LATER, ASK)["forecasts"]
    ]
    assert served == told
    # What the post answered is of the day after each one's last line: the batch's on that day.
    stored = answers.of_ids(members, None, ASK)["forecasts"]
    assert sorted(stored, key=lambda one: one["customer_id"]) == sorted(
        done["forecasts"], key=lambda one: one["customer_id"]
    )
    for forecast in stored[:6]:
        day = dt.date.fromisoformat(forecast["as_of"])
        own = score(demo.forecaster, layout, longer, day)
        row = own.members.tolist().index(forecast["customer_id"])
        assert layout.answers([forecast["customer_id"]], [day], own.rows[row : row + 1], **vars(ASK)) == [forecast]


def test_a_line_counts_once(answers: Any, shop: Shop) -> None:
    first, second = line("058", "a", shop.as_of), line("058", "b", shop.as_of, 5.0)
    done = post(answers, first, second, first)
    assert (done["stored"], done["known"]) == (2, 1)
    again = post(answers, first, second)
    assert (again["stored"], again["known"]) == (0, 2)
    assert again["forecasts"] == done["forecasts"]
    with pytest.raises(ConflictError):
        post(answers, line("058", "c", shop.as_of), {**first, "amount": 99.0})
    assert len(lines_of(answers.desk.engine, ["058"])["058"]) == 2


def test_members_that_the_store_does_not_know_are_named_and_the_rest_is_stored(answers: Any, shop: Shop) -> None:
    done = post(answers, line("stranger", "a", shop.as_of), line("058", "a", shop.as_of))
    assert (done["stored"], done["unknown"]) == (1, ["stranger"])
    assert [forecast["customer_id"] for forecast in done["forecasts"]] == ["058"]
    assert post(answers, line("stranger", "a", shop.as_of))["forecasts"] == []


def test_a_line_of_a_day_that_the_batch_knew_is_refused(answers: Any, shop: Shop) -> None:
    with pytest.raises(CutoffError, match=r"lines.1: a new line lies on 2020-08-28 or later"):
        post(answers, line("058", "a", shop.as_of), line("058", "b", shop.as_of - dt.timedelta(days=1)))
    assert lines_of(answers.desk.engine, ["058"]) == {}
    with pytest.raises(InputError, match=r"lines.0: a line has an amount"):
        post(answers, {"key": "a", "customer_id": "058", "timestamp": "2020-08-29"})


def test_whoever_was_silent_is_forecast_after_a_purchase(answers: Any, shop: Shop) -> None:
    silent = sorted(set(shop.log.customer_id) - {row.member for row in _rows(answers, shop)})
    assert silent
    found = answers.of_ids([silent[0], "stranger"], None, ASK)
    assert (found["forecasts"], found["silent"], found["unknown"]) == ([], [silent[0]], ["stranger"])
    assert answers.member(silent[0], ASK)["forecast"] is None
    post(answers, line(silent[0], "a", shop.as_of))
    (forecast,) = answers.of_ids([silent[0]], None, ASK)["forecasts"]
    assert forecast["as_of"] == (shop.as_of + dt.timedelta(days=1)).isoformat()


def _rows(answers: Any, shop: Shop) -> list[Any]:
    keys = sorted(set(shop.log.customer_id))
    found = look_up(answers.desk.engine, answers.desk.current().generation.id, keys)
    return [type("Row", (), {"member": key}) for key in found]


def test_a_stale_forecast_is_made_anew_by_whoever_reads_it(answers: Any, shop: Shop) -> None:
    (before,) = answers.of_ids(["058"], None, ASK)["forecasts"]
    with writing(answers.desk.engine) as connection:
        connection.execute(update(FORECAST).where(FORECAST.c.member == "058").values(stale=True, body=b"\0" * 8))
    assert answers.at_once(["058"], ASK) is None
    assert answers.of_ids(["058"], None, ASK)["forecasts"] == [before]
    assert answers.at_once(["058"], ASK) == answers.of_ids(["058"], None, ASK)
    generation = answers.desk.current().generation.id
    assert not look_up(answers.desk.engine, generation, ["058"])["058"].stale
    with writing(answers.desk.engine) as connection:
        connection.execute(update(FORECAST).where(FORECAST.c.member == "058").values(stale=True, body=b""))
    assert before in answers.members(Chosen(), 1_000, None, ASK)["members"]


def test_ids_come_in_the_order_asked_for_and_numbers_as_they_came(visits_shop: Shop) -> None:
    answers = answers_of(visits_shop.home.path)
    first, second, third = (one["customer_id"] for one in answers.members(Chosen(), 3, None, ASK)["members"])
    found = answers.of_ids([third, str(first), float(second), f"0{first}", "x"], None, Ask())
    assert [forecast["customer_id"] for forecast in found["forecasts"]] == [third, first, second]
    assert found["unknown"] == [f"0{first}", "x"]


def test_the_desks_list_is_sorted_filtered_and_whole(answers: Any, shop: Shop) -> None:
    everyone = answers.members(Chosen(), 1_000, None, ASK)
    assert everyone["next"] is None
    risks = [member["value_at_risk"] for member in everyone["members"]]
    assert risks == sorted(risks, reverse=True)
    pages, cursor = [], None
    while True:
        page = answers.members(Chosen(), 7, cursor, ASK)
        pages += page["members"]
        if (cursor := page["next"]) is None:
            break
    assert pages == everyone["members"]
    for name, value, of in (
        ("tier", "Top", lambda one: one["tier"]),
        ("temperature", "hot", lambda one: one["temperature"]["band"]),
        ("stage", "loyal", lambda one: one["stage"]),
    ):
        some = answers.members(Chosen(**{name: value}), 1_000, None, ASK)["members"]
        assert some == [one for one in everyone["members"] if of(one) == value]
        assert 0 < len(some) < len(pages) or name == "stage"
    coldest = answers.members(Chosen(sort="temperature"), 1_000, None, ASK)["members"]
    temperatures = [member["temperature"]["value"] for member in coldest]
    assert temperatures == sorted(temperatures)
    assert sorted(map(str, coldest)) == sorted(map(str, everyone["members"]))
    near = answers.members(Chosen(near_miss="keep"), 1_000, None, ASK)["members"]
    assert near == [one for one in pages if any(miss["kind"] == "keep" for miss in one["near_miss"])]
    with pytest.raises(InputError, match="a tier is one of the policy's"):
        answers.members(Chosen(tier="Platinum"), 10, None, ASK)
    with pytest.raises(InputError, match="a cursor continues the list"):
        answers.members(Chosen(tier="Top"), 7, answers.members(Chosen(), 7, None, ASK)["next"], ASK)


def test_without_amounts_the_coldest_are_first(visits_shop: Shop) -> None:
    answers = answers_of(visits_shop.home.path)
    listed = answers.members(Chosen(), 7, None, ASK)
    listed["members"] += answers.members(Chosen(), 1_000, listed["next"], ASK)["members"]
    temperatures = [member["temperature"]["value"] for member in listed["members"]]
    assert temperatures == sorted(temperatures)
    assert temperatures[0] < temperatures[-1]


def test_a_what_if_knows_what_was_posted(answers: Any, shop: Shop) -> None:
    asked = WhatIf.model_validate({"customer_id": "058"})
    before = answers.what_if(asked, "en")
    post(answers, line("058", "a", shop.as_of, 500.0))
    after = answers.what_if(asked, "en")
    assert before["now"]["rule"]["counted"] + 500.0 == pytest.approx(after["now"]["rule"]["counted"], abs=200.0)
    assert after["as_of"] == (shop.as_of + dt.timedelta(days=1)).isoformat()
    assert after["now"]["rule"]["tier"] == "Top"
    with pytest.raises(UnknownMemberError):
        answers.what_if(WhatIf.model_validate({"customer_id": "stranger"}), "en")


def test_a_day_before_the_models_is_refused(answers: Any, shop: Shop) -> None:
    with pytest.raises(CutoffError):
        answers.of_ids(["058"], shop.as_of - dt.timedelta(days=1), ASK)
    later = answers.of_ids(["058"], shop.as_of + dt.timedelta(days=5), ASK)["forecasts"][0]
    assert later["as_of"] == (shop.as_of + dt.timedelta(days=5)).isoformat()
