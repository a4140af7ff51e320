"""Rows as JSON text, without plain values in between: making objects of a thousand rows, and writing them down, takes four
times as long as writing all their numbers and setting text around them.

What of an answer is not a number (band, stage, tier, which parts are not available) takes few forms. The text of each is
made once, and filled in.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from features.feature import Feature
from features.operators import Floats
from serving.forecast.reasons import Teller
from serving.forecast.row import AT, PACE, STAGE_NAMES
from serving.forecast.temperature import BANDS, temperature_of
from serving.forecast.wording import Language
from training.terms import Term

if TYPE_CHECKING:
    from serving.forecast.record import Layout

_FEW: Final = 8
_TIER, _STAGE, _SPEND = AT["tier"], AT["stage"], AT["expected_spend"]
_NO_TIER: Final = -1
_BANDS_FROM: Final = [band.low for band in BANDS[1:]]
# Bytes that JSON cannot hold: where something is filled in, and where a number is passed over.
_FILL, _PASS = b"\x00", b"\x01"
_SLOT: Final = orjson.Fragment(_FILL)


class Writer:
    """Writes the rows of one layout in one language."""

    def __init__(self, layout: Layout, language: Language) -> None:
        self._layout = layout
        self._teller = Teller(layout.explained, language, orjson.dumps)
        self._columns = [AT["p_churn"], AT["p_churn"], AT["earlier_temperature"], AT["log_odds"]]
        self._columns += [AT[name] for name in ("expected_spend", "spend_low", "spend_high", "expected_value")]
        self._columns += [AT["value_at_risk"], *range(AT["next_purchase_low"], AT["next_purchase_high"] + 1)]
        self._columns += range(layout.p_tier.start, layout.needs.stop)
        self._form = lru_cache(maxsize=None)(self._made_form)
        self._reason_forms = [_reason_form(feature) for feature in layout.explained]

    def texts(
        self, members: Sequence[Any], as_of: Iterable[dt.date], rows: Floats, *, reasons: int, contributions: bool = False
    ) -> list[bytes]:
        """Each row as a JSON object.

        Parameters
        ----------
        members, as_of : one for each row
        rows : (n, width)
        reasons : most for each
        contributions : give all of them too, and the base that they start from
        """
        forms, numbers = self._few(rows) if len(rows) <= _FEW else self._many(rows)
        nears, said = self._near(rows), self._reasons(rows, reasons)
        more = map(self._contributions, rows) if contributions else [b""] * len(rows)
        tokens = [iter(_tokens(numbers))] * len(self._columns)
        days = map(_written, as_of)
        parts = zip(forms, _parts(members), days, zip(*tokens, strict=True), nears, said, more, strict=True)
        return [form % (member, day, *own, near, told, rest) for form, member, day, own, near, told, rest in parts]

    def _few(self, rows: Floats) -> tuple[Iterable[bytes], list[float]]:
        """The text around each row's numbers, and the numbers of all, in plain Python: done before numpy has begun."""
        p_tier, forms, numbers = self._layout.p_tier, [], []
        for row in rows[:, : self._layout.needs.stop].tolist():
            own = [row[at] for at in self._columns]
            own[1] = temperature_of(own[1])
            own[2] = own[1] - own[2]
            numbers += own
            tier, chances = row[_TIER], row[p_tier]
            forms.append(
                self._form(
                    bisect_right(_BANDS_FROM, own[1]),
                    int(row[_STAGE]),
                    _NO_TIER if math.isnan(tier) else int(tier),
                    not math.isnan(row[_SPEND]),
                    bool(chances) and not math.isnan(chances[0]),
                )
            )
        return forms, numbers

    def _many(self, rows: Floats) -> tuple[Iterable[bytes], Floats]:
        """The same in columns."""
        numbers = rows[:, self._columns]
        numbers[:, 1] = temperature_of(numbers[:, 1])
        numbers[:, 2] = numbers[:, 1] - numbers[:, 2]
        tier = rows[:, _TIER]
        without = np.isnan(rows[:, self._layout.p_tier]).all(axis=1)  # also where there are no tiers
        forms = map(
            self._form,
            np.searchsorted(_BANDS_FROM, numbers[:, 1], side="right").tolist(),
            rows[:, _STAGE].astype(np.int64).tolist(),
            np.where(np.isnan(tier), _NO_TIER, tier).astype(np.int64).tolist(),
            (~np.isnan(rows[:, _SPEND])).tolist(),
            np.logical_not(without).tolist(),
        )
        return forms, numbers.ravel()

    def _made_form(self, band: int, stage: int, tier: int, has_spend: bool, has_forecast: bool) -> bytes:
        """An answer with slots for what is filled in."""
        layout, names = self._layout, self._layout.tier_names

        def parts(given: bool, names: Sequence[str]) -> Any:
            return dict.fromkeys(names, _SLOT) if given else orjson.Fragment(b"null" + _PASS * len(names))

        return _slotted(
            {
                "customer_id": _SLOT,
                "as_of": _SLOT,
                "horizon_days": layout.horizon_days,
                "model_version": layout.model_version,
                "p_churn": _SLOT,
                "temperature": {"value": _SLOT, "band": BANDS[band].name, "change": _SLOT},
                "log_odds": _SLOT,
                "expected_spend": parts(has_spend, ("expected", "low", "high")),
                "expected_value": _SLOT,
                "value_at_risk": _SLOT,
                "value_of": layout.value_of,
                "next_purchase_days": parts(True, ("low", "median", "high")),
                "stage": STAGE_NAMES[stage],
                "tier": None if tier == _NO_TIER else names[tier],
                "p_next_tier": parts(has_forecast, names),
                "needs": parts(tier != _NO_TIER, names),
                "near_miss": _SLOT,
                "reasons": orjson.Fragment(b"[" + _FILL + b"]" + _FILL),
            }
        )

    def _near(self, rows: Floats) -> list[bytes]:
        layout, language = self._layout, self._teller.language
        return [
            orjson.dumps(layout.near_miss(rows[i].tolist(), language)) if near else b"[]"
            for i, near in enumerate(rows[:, AT["near"]].tolist())
        ]

    def _reasons(self, rows: Floats, most: int) -> Iterable[bytes]:
        """For each row, reasons with commas between."""
        layout, teller, forms = self._layout, self._teller, self._reason_forms
        told = teller.told(rows[:, layout.values], rows[:, layout.contributions], most, rows[:, PACE])
        parts = zip(told.features, _tokens(told.values), _tokens(told.contributions), told.sentences, strict=True)
        texts = iter([forms[i] % (value, part, words) for i, value, part, words in parts])
        return (b",".join(islice(texts, count)) for count in told.counts)

    def _contributions(self, row: Floats) -> bytes:
        layout = self._layout
        parts = dict(zip(layout.names, row[layout.contributions].tolist(), strict=True))
        return b"," + orjson.dumps({"base": layout.base, "contributions": parts})[1:-1]


def _reason_form(feature: Feature | Term) -> bytes:
    about = {"feature": feature.name, "value": _SLOT, "unit": feature.unit.value}
    return _slotted({**about, "contribution": _SLOT, "sentence": _SLOT})


def _slotted(outline: dict[str, Any]) -> bytes:
    """JSON to be filled in by ``%``."""
    return orjson.dumps(outline).replace(b"%", b"%%").replace(_FILL, b"%b").replace(_PASS, b"%.0b")


def _tokens(numbers: Floats | list[float]) -> list[bytes]:
    """Numbers as JSON, null where one is not available or never comes."""
    text = orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    return text.split(b",") if text else []


def _parts(values: Sequence[Any]) -> list[bytes]:
    """Each value as JSON. All are written in one go, which is ten times as fast as one by one."""
    apart: list[Any] = [_SLOT] * (2 * len(values))
    apart[::2] = values
    return orjson.dumps(apart[:-1])[1:-1].split(b"," + _FILL + b",") if apart else []


@lru_cache(1_024)
def _written(day: dt.date) -> bytes:
    return orjson.dumps(day)
