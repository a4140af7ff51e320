from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from serving.desk.asked import ByHistories, ByIds, ForecastAsked, Post, WhatIf
from serving.desk.sent import LINE


def rules(model: type[Any], content: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as raised:
        model.model_validate(content)
    return [(".".join(map(str, error["loc"])), error["msg"]) for error in raised.value.errors()]


@pytest.mark.parametrize("member", [7, -7, 0, 7.5, 92 * 10**17, "7", "007", " a ", "客户", "x" * 200])
def test_ids_that_are_taken_as_they_are(member: Any) -> None:
    (taken,) = ByIds.model_validate({"ids": [member]}).ids
    assert (taken, type(taken)) == (member, type(member))


@pytest.mark.parametrize(
    "member",
    [
        None,
        True,
        False,
        "",
        " ",
        "\t\n",
        "x" * 201,
        float("nan"),
        float("inf"),
        2**63,
        -(2**64),
        [],
        {},
        "\ud800",
        "a\udfffb",
    ],
    ids=repr,
)
def test_ids_that_are_refused_once_each(member: Any) -> None:
    said = rules(ByIds, {"ids": [1, member]})
    assert said == [("ids.1", "Value error, an id is a number, or a text that is not blank, of at most 200 characters")]


@pytest.mark.parametrize("text", ["soon", "", 20170131, "2017-02-30", "2017-01-31T00:00:00", True, 1.5])
def test_an_as_of_that_is_no_date(text: Any) -> None:
    said = rules(ByHistories, {"as_of": text, "histories": [{"customer_id": 1, "transactions": [LINE]}]})
    assert [place for place, _ in said] == ["as_of"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"histories": []}, "histories"),
        ({"histories": None}, "histories"),
        ({"histories": [{"customer_id": 1, "transactions": []}]}, "histories.0.transactions"),
        ({"histories": [{"transactions": [LINE]}]}, "histories.0.customer_id"),
        ({"reasons": -1}, "reasons"),
        ({"reasons": 11}, "reasons"),
        ({"reasons": "3"}, "reasons"),
        ({"contributions": 1}, "contributions"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_a_request_may_not_hold(change: dict[str, Any], place: str) -> None:
    said = rules(ByHistories, {"histories": [{"customer_id": 1, "transactions": [LINE]}], **change})
    assert [where for where, _ in said] == [place]


@pytest.mark.parametrize("model", [ByIds, ByHistories, WhatIf, Post])
def test_the_examples_on_the_page_are_valid(model: Any) -> None:
    example = model.model_config["json_schema_extra"]["example"]
    assert model.model_validate(example)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"{}", "=ids.ids"),
        (b'{"ids": []}', "=ids.ids"),
        (
            b'{"ids": [1], "histories": [{"customer_id": 1, "transactions": [{"timestamp": "2017-01-01"}]}]}',
            "=histories.ids",
        ),
        (b"[1]", "=ids"),
    ],
)
def test_ids_or_histories_and_not_both(content: bytes, place: str) -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(ForecastAsked).validate_json(content)
    assert [".".join(map(str, error["loc"])) for error in raised.value.errors()] == [place]


def test_a_trial_says_how_much_or_that_it_is_a_visit() -> None:
    day = {"date": "2018-01-09"}
    taken = WhatIf.model_validate({"customer_id": 1, "trials": [[{**day, "amount": 5}, {**day, "kind": "visit"}]]})
    assert [one.kind for one in taken.trials[0]] == ["purchase", "visit"]
    for wrong in (
        {**day},
        {**day, "amount": -1},
        {**day, "kind": "visit", "amount": 1},
        {**day, "kind": "gift", "amount": 1},
    ):
        assert rules(WhatIf, {"customer_id": 1, "trials": [[wrong]]})


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (ForecastAsked, {"ids": [{}] * 900}),
        (ForecastAsked, {"histories": [{"customer_id": 1, "transactions": [{}] * 900}] * 2}),
        (
            ForecastAsked,
            {"histories": [{"customer_id": 1, "transactions": [{"timestamp": "2017-01-01"}], "events": [{}] * 9}]},
        ),
        (Post, {"lines": [{"timestamp": "2017-01-01", "customer_id": {}, "key": "a"}] * 900}),
        (WhatIf, {"customer_id": 1, "trials": [[{"date": ""}] * 9] * 9}),
    ],
)
def test_a_list_is_read_up_to_its_first_wrong_entry(kind: Any, sent: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_json(json.dumps(sent))
    assert caught.value.error_count() <= 2
