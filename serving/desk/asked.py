"""Requests of the service: names, limits and examples. The OpenAPI page shows them."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, Tag

from serving.desk.fields import DateField, MemberField, ReasonsField, SizeField
from serving.desk.imagined import Imagined
from serving.desk.sent import LINE, History, PostedLine, Strict, said

MAX_IDS: Final = 1_000
MAX_HISTORIES: Final = 100
MAX_POSTED: Final = 1_000
MAX_IMAGINED: Final = 100
MAX_TRIALS: Final = 10


class _Answered(Strict):
    reasons: ReasonsField = 3
    contributions: bool = Field(
        False, strict=True, description="Also give every feature's contribution; base + their sum = log_odds."
    )
    as_of: DateField | None = Field(
        None, description="Forecast from lines before this day. Left out: each member's stored forecast, or its day."
    )


class ByIds(_Answered):
    """Members that the store knows."""

    model_config = ConfigDict(json_schema_extra={"example": {"ids": [1, 25], "reasons": 3}})

    ids: list[MemberField] = Field(min_length=1, max_length=MAX_IDS, fail_fast=True)


class ByHistories(_Answered):
    """Members whose histories are sent, to be forecast now by the model that answers for the stored ones."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of": "2018-01-02",
                "histories": [
                    {
                        "customer_id": "new-1",
                        "transactions": [LINE, {"timestamp": "2017-12-16T17:20:00", "amount": 40.0, "order_id": "b"}],
                    }
                ],
            }
        }
    )

    histories: list[History] = Field(min_length=1, max_length=MAX_HISTORIES, fail_fast=True)


ForecastAsked: TypeAlias = Annotated[
    Annotated[ByIds, Tag("=ids")] | Annotated[ByHistories, Tag("=histories")],
    Discriminator(lambda asked: "=ids" if said(asked, "histories") is None else "=histories"),
]


class Bought(Strict):
    """An imagined purchase or return."""

    date: DateField = Field(examples=["2018-01-09"], description="A day on or after the member's as-of date.")
    kind: Literal["purchase", "return"] = "purchase"
    amount: SizeField = Field(description="Its size in currency, 0 or more.")
    cost: SizeField | None = Field(None, description="What it costs the shop; left out, the member's usual share.")
    points: SizeField | None = Field(None, description="Points that it earns, or takes back; likewise.")
    quantity: SizeField | None = Field(None, description="Units; likewise.")

    def to_imagined(self) -> Imagined:
        """As serving.desk.what_if takes it."""
        return Imagined(self.date, self.kind, self.amount, self.cost, self.points, self.quantity)


class Visited(Strict):
    """An imagined visit."""

    date: DateField = Field(description="As of a purchase.")
    kind: Literal["visit"] = Field(description="A purchase of the member's usual basket, or in a log without amounts any.")

    def to_imagined(self) -> Imagined:
        """As serving.desk.what_if takes it."""
        return Imagined(self.date, "visit")


Trial: TypeAlias = Annotated[
    Annotated[Bought, Tag("=bought")] | Annotated[Visited, Tag("=visited")],
    Discriminator(lambda one: "=visited" if said(one, "kind") == "visit" else "=bought"),
]


class WhatIf(Strict):
    """What would become of a member if ...; and what it takes to keep or reach each tier."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer_id": 1,
                "trials": [
                    [{"date": "2018-01-09", "kind": "purchase", "amount": 120.0}],
                    [{"date": "2018-01-09", "kind": "visit"}],
                ],
            }
        }
    )

    customer_id: MemberField
    trials: list[Annotated[list[Trial], Field(min_length=1, max_length=MAX_IMAGINED, fail_fast=True)]] = Field(
        default_factory=list,
        max_length=MAX_TRIALS,
        fail_fast=True,
        description="Each is tried by itself; none gives what each tier takes.",
    )


class Post(Strict):
    """New lines, taken all or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"lines": [{"key": "till-3/8812/1", "customer_id": 1, **LINE, "timestamp": "2018-01-02T10:00:00"}]}
        }
    )

    lines: list[PostedLine] = Field(min_length=1, max_length=MAX_POSTED, fail_fast=True)
    reasons: ReasonsField = 3
