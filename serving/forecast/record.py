"""One member's forecast as a row of numbers, and that row as an answer: the same for batch, HTTP and notebooks.

A row holds the numbers of ``HEAD``, then p_tier (n_tiers), needs (n_tiers), the values of what explains (features and
terms), and their contributions (as many); NaN where something is not available, inf for days that never come.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.feature import Feature
from features.operators import Floats
from features.snapshot import to_date
from features.tiers import scale_of
from serving.forecast.near_miss import Kind, missed
from serving.forecast.reasons import Reason, ReasonColumns, Teller
from serving.forecast.row import AT, DAYS, HEAD, KEEPS, PACE, REACHES, STAGE_NAMES
from serving.forecast.wording import Language
from training.forecaster import Forecaster
from training.terms import TERMS, Term

if TYPE_CHECKING:
    from serving.forecast.writing import Writer

__all__ = ["AT", "DAYS", "HEAD", "KEEPS", "REACHES", "STAGE_NAMES", "Layout"]


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
        return self._tellers[language].reasons(*self._moving(rows, most))

    def reason_columns(self, rows: Floats, *, most: int, language: Language) -> ReasonColumns:
        """The same as arrays (n, most)."""
        return self._tellers[language].columns(*self._moving(rows, most))

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
        import orjson  # where only rows and tables are made, as on a cluster's executors, it need not be there

        # An id is left out of the text: it may be of a kind that JSON does not have.
        nobody = [None] * len(rows)
        texts = self.texts(nobody, as_of, rows, reasons=reasons, language=language, contributions=contributions)
        return [orjson.loads(text) | {"customer_id": member} for member, text in zip(members, texts, strict=True)]

    def texts(
        self,
        members: Sequence[Any],
        as_of: Iterable[dt.date],
        rows: Floats,
        *,
        reasons: int,
        language: Language,
        contributions: bool = False,
    ) -> list[bytes]:
        """The same as JSON, a text for each row."""
        return self._writers[language].texts(members, as_of, rows, reasons=reasons, contributions=contributions)

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

    def _moving(self, rows: Floats, most: int) -> tuple[Floats, Floats, int, Floats]:
        return rows[:, self.values], rows[:, self.contributions], most, rows[:, PACE]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of what explains."""
        return tuple(part.name for part in self.explained)

    @cached_property
    def _writers(self) -> dict[Language, Writer]:
        from serving.forecast.writing import Writer

        return {"en": Writer(self, "en"), "zh": Writer(self, "zh")}

    @cached_property
    def _tellers(self) -> dict[Language, Teller[str]]:
        return {"en": Teller(self.explained, "en", str), "zh": Teller(self.explained, "zh", str)}
