"""The rules of a tier policy as they are written: tiers, what counts, when it is looked at, how a tier is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_serializer

from features.metrics import Metric, Points, Strict
from features.money import MAX_AMOUNT
from features.snapshot import MAX_DAYS
from features.windows import Validity, Window

Number: TypeAlias = Annotated[float, Field(ge=0, lt=MAX_AMOUNT, allow_inf_nan=False, strict=True)]
Threshold: TypeAlias = Annotated[
    Annotated[Number, Tag("<number>")] | Annotated[dict[str, Number], Tag("<by metric>")],
    Discriminator(lambda value: "<by metric>" if isinstance(value, dict) else "<number>"),
]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=300)]
MetricName: TypeAlias = Annotated[str, Field(min_length=1, max_length=40)]
ONLY = ""
"""Name of the metric where a policy has one."""


class Tier(Strict):
    """One tier.

    ``reach`` is what it takes to rise to it, inclusive, in the metric's unit; 0 for the first tier. ``keep`` is what it
    takes to stay, the same unless said. With several metrics each is a number a metric. An ``invitation`` tier is reached
    by an event of the kind 'invitation' alone, and kept for ever unless it has a ``keep``.
    """

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f/\\]+$")]
    reach: Threshold = 0.0
    keep: Threshold | None = None
    invitation: bool = False
    benefits: tuple[Text, ...] = ()
    service_budget: Annotated[float, Field(ge=0, lt=MAX_AMOUNT, allow_inf_nan=False, strict=True)] = 0.0

    @model_serializer(mode="wrap")
    def _said(self, write: Any) -> dict[str, Any]:
        content: dict[str, Any] = write(self)
        if self.keep is None or (self.keep == self.reach and not self.invitation):
            del content["keep"]
        if self.invitation:
            del content["reach"]
        return content


class Rules(Strict):
    """Everything that a new version of a policy may change."""

    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=30)]
    metric: Metric | None = None
    metrics: Annotated[dict[MetricName, Metric], Field(min_length=1, max_length=8)] | None = None
    join: Literal["any", "all"] | None = None
    returns: Literal["net", "ignore"] = "net"
    returns_reopen: bool = False
    points: Points | None = None
    window: Window
    review: Literal["daily", "month_end", "period_end", "anniversary"] | None = None
    upgrade: Literal["at_once", "at_review"] = "at_once"
    downgrade: Literal["to_earned", "one_step", "to_base", "never"] = "to_earned"
    validity: Validity | None = None
    grace_days: Annotated[int, Field(ge=0, le=MAX_DAYS, strict=True)] = 0

    @property
    def named_metrics(self) -> Mapping[str, Metric]:
        """Metrics by name, in order; one named '' where the policy has one."""
        if self.metrics is not None:
            return self.metrics
        assert self.metric is not None
        return {ONLY: self.metric}

    @property
    def reviewed(self) -> str:
        """When tiers are looked at; daily unless said."""
        return self.review or "daily"

    @property
    def memoryless(self) -> bool:
        """Whether the tier on a morning follows from that morning's window alone, whatever was before."""
        keeps = any(tier.keep is not None and tier.keep != tier.reach for tier in self.tiers)
        plain = self.upgrade == "at_once" and self.downgrade == "to_earned" and self.reviewed == "daily"
        waits = self.validity is not None or self.grace_days > 0 or any(tier.invitation for tier in self.tiers)
        return plain and self.window.slides and not keeps and not waits


def _date(value: Any) -> dt.date:
    """A day, or its ISO text; a number is neither, though it could be taken for seconds."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("This should be a date, as 2024-01-31") from None


class Version(Rules):
    """Rules that hold from a date on."""

    since: Annotated[dt.date, BeforeValidator(_date), Field(alias="from")]

    @model_serializer(mode="wrap")
    def _said(self, write: Any) -> dict[str, Any]:
        content: dict[str, Any] = {name: value for name, value in write(self).items() if value is not None}
        content.pop("since", None)
        return {**content, "from": self.since.isoformat()}
