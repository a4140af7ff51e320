"""One member's forecast as a row of numbers, and that row as an answer: the same for batch, HTTP and notebooks.

A row holds the numbers of ``HEAD``, then p_tier (n_tiers), needs (n_tiers), the values of what explains (features and
terms), and their contributions (as many); NaN where something is not available, inf for days that never come.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from features.feature import Feature
from features.ladder import STAGES
from features.operators import Floats
from features.snapshot import to_date
from features.tiers import scale_of
from serving.forecast.near_miss import Kind, missed
from serving.forecast.reasons import Language, Reason, Teller
from serving.forecast.temperature import band_of
from training.forecaster import Forecaster
from training.terms import TERMS, Term

HEAD: Final = (
    "log_odds",
    "p_churn",
    "expected_spend",
    "spend_low",
    "spend_high",
    "expected_value",
    "value_if_stays",
    "value_at_risk",
    "next_purchase_low",
    "next_purchase_median",
    "next_purchase_high",
    "earlier_temperature",
    "stage",
    "tier",
    "near",
    "keep_by",
    "reach_by",
    "shopping_days",
    "gap_days",
    "silence_days",
)
"""Spend is that of the horizon, from its .1 to its .9 quantile, leaving counted as nothing; a next purchase is in days by
which it has come with probability .1, .5 and .9; ``earlier_temperature`` is the temperature a horizon before; ``stage`` and
``tier`` are positions; ``near`` is one of ``NEAR``; and ``keep_by`` and ``reach_by`` are the last days, as day numbers, on
which what is lacking still keeps the tier or reaches the next; the last three are the pace (serving.forecast.pace)."""
AT: Final = {name: position for position, name in enumerate(HEAD)}
_PACE: Final = slice(AT["shopping_days"], AT["silence_days"] + 1)
KEEPS, REACHES = 1, 2
"""Parts of ``near``: may lose the tier for little, may reach the next for little; 3 is both and 0 is neither."""
DAYS: Final = ("low", "median", "high")
STAGE_NAMES: Final = tuple(stage.en.replace(" ", "_") for stage in STAGES)
"""The ladder's stages as answers name them, lowest first."""


@dataclass(frozen=True)
class Layout:
    """What the rows of one model mean. ``whole``: the tier policy's metric is counted, as orders are."""

    explained: tuple[Feature | Term, ...]
    tier_names: tuple[str, ...]
    base: float
    horizon_days: int
    model_version: str
    value_of: str | None = None
    whole: bool = False

    @classmethod
    def of(cls, forecaster: Forecaster, model_version: str) -> Layout:
        """The layout of a forecaster's rows."""
        policy = forecaster.settings.policy
        return cls(
            (*forecaster.features, *TERMS),
            policy.tier_names if policy else (),
            forecaster.churn.base,
            forecaster.settings.horizon_days,
            model_version,
            forecaster.margin.of if forecaster.margin else None,
            whole=policy is not None and scale_of(policy) == 1,
        )

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return len(HEAD) + 2 * len(self.tier_names) + 2 * len(self.explained)

    @cached_property
    def p_tier(self) -> slice:
        """Where in a row the probabilities of tiers lie."""
        return slice(len(HEAD), len(HEAD) + len(self.tier_names))

    @cached_property
    def needs(self) -> slice:
        """Where in a row the needs lie."""
        return slice(self.p_tier.stop, self.p_tier.stop + len(self.tier_names))

    @cached_property
    def values(self) -> slice:
        """Where in a row the values of what explains lie."""
        return slice(self.needs.stop, self.needs.stop + len(self.explained))

    @cached_property
    def contributions(self) -> slice:
        """Where in a row the contributions lie."""
        return slice(self.values.stop, self.values.stop + len(self.explained))

    def reasons(self, rows: Floats, *, most: int, language: Language) -> list[list[Reason]]:
        """For each of some rows (n, width), what moves its forecast most."""
        teller, paces = self._tellers[language], rows[:, _PACE]
        return teller.reasons(rows[:, self.values], rows[:, self.contributions], most, paces)

    def answer(
        self, member: Any, as_of: dt.date, row: Floats, *, reasons: int, language: Language, contributions: bool = False
    ) -> dict[str, Any]:
        """A row as plain values, ready for JSON; see ``answers``."""
        (found,) = self.answers(
            [member], [as_of], row[None, :], reasons=reasons, language=language, contributions=contributions
        )
        return found

    def answers(
        self,
        members: Sequence[Any],
        as_of: Iterable[dt.date],
        rows: Floats,
        *,
        reasons: int,
        language: Language,
        contributions: bool = False,
    ) -> list[dict[str, Any]]:
        """Rows as plain values, ready for JSON; None where something is not available, or never comes.

        Parameters
        ----------
        as_of : one for each row
        rows : (n, width)
        reasons : most for each
        contributions : give all of them too, and the base that they start from
        """
        told = self.reasons(rows, most=reasons, language=language)
        found = []
        heads = rows[:, : self.values.start].tolist()
        for i, (member, date, row, own) in enumerate(zip(members, as_of, heads, told, strict=True)):
            answer = self._answer(member, date, row, language)
            answer["reasons"] = [reason._asdict() for reason in own]
            if contributions:
                answer["base"] = self.base
                answer["contributions"] = dict(zip(self._names, rows[i, self.contributions].tolist(), strict=True))
            found.append(answer)
        return found

    def _answer(self, member: Any, as_of: dt.date, row: list[float], language: Language) -> dict[str, Any]:
        (
            log_odds,
            p_churn,
            spend,
            spend_low,
            spend_high,
            value,
            _,
            at_risk,
            next_low,
            next_median,
            next_high,
            earlier,
            stage,
            held,
            *_,
        ) = row[: len(HEAD)]
        p_tier, needs = row[self.p_tier], row[self.needs]
        has_tiers, forecast = not math.isnan(held), len(p_tier) > 0 and not math.isnan(p_tier[0])
        temperature = temperature_of(p_churn)
        return {
            "customer_id": member,
            "as_of": as_of.isoformat(),
            "horizon_days": self.horizon_days,
            "model_version": self.model_version,
            "p_churn": p_churn,
            "temperature": {
                "value": temperature,
                "band": band_of(temperature).name,
                "change": _there(temperature - earlier),
            },
            "log_odds": log_odds,
            "expected_spend": None if math.isnan(spend) else {"expected": spend, "low": spend_low, "high": spend_high},
            "expected_value": _there(value),
            "value_at_risk": _there(at_risk),
            "value_of": self.value_of,
            "next_purchase_days": {"low": _there(next_low), "median": _there(next_median), "high": _there(next_high)},
            "stage": STAGE_NAMES[int(stage)],
            "tier": self.tier_names[int(held)] if has_tiers else None,
            "p_next_tier": dict(zip(self.tier_names, p_tier, strict=True)) if forecast else None,
            "needs": dict(zip(self.tier_names, map(_there, needs), strict=True)) if has_tiers else None,
            "near_miss": self.near_miss(row, language),
        }

    def near_miss(self, row: list[float], language: Language) -> list[dict[str, Any]]:
        """What the member of a row lacks of keeping the tier, or of reaching the next, where that is little."""
        if not (near := int(row[AT["near"]])):
            return []
        held, needs = int(row[AT["tier"]]), row[self.needs]
        found: list[dict[str, Any]] = []
        parts: tuple[tuple[int, Kind, int], ...] = ((KEEPS, "keep", held), (REACHES, "reach", held + 1))
        for part, kind, tier in parts:
            if near & part:
                name, need, day = self.tier_names[tier], needs[tier], to_date(int(row[AT[f"{kind}_by"]])).isoformat()
                said = missed(kind, name, need, day, whole=self.whole, language=language)
                sentence = f"{said}。" if language == "zh" else f"{said[:1].upper()}{said[1:]}."
                found.append({"kind": kind, "tier": name, "need": need, "by": day, "sentence": sentence})
        return found

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.explained)

    @cached_property
    def _tellers(self) -> dict[Language, Teller]:
        return {"en": Teller(self.explained, "en"), "zh": Teller(self.explained, "zh")}


def temperature_of(p_churn: Any) -> Any:
    """100 x the probability of buying again within the horizon, elementwise.

    >>> temperature_of(0.25)
    75.0
    """
    return 100.0 * (1.0 - p_churn)


def _there(value: float) -> float | None:
    """A number, or None where it is not available or never comes."""
    return value if math.isfinite(value) else None
