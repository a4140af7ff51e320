"""What the service says, asked by ids, by histories and by new lines: one champion a question, over the store.

Knows no web framework: the routes call it, and so may a notebook.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
import orjson

from features.errors import InputError, NothingKeptError, UnknownMemberError, listed
from features.histories import Histories
from features.operators import Floats
from features.snapshot import to_date, to_day
from features.zones import zone_of
from serving.database.forecasts import Filters, Sort, Stored, histories, look_up, page
from serving.desk.asked import ByHistories, Post, WhatIf
from serving.desk.champion import Champion
from serving.desk.following import Desk
from serving.desk.fresh import known, posted, renewed, scored
from serving.desk.line_checks import check_histories
from serving.desk.member_page import member_page
from serving.desk.metrics import Metrics
from serving.desk.model_page import model_page
from serving.desk.what_if import what_if
from serving.desk.what_it_takes import what_it_takes
from serving.forecast.members import IdKind, MemberId, asked_key, asked_keys, id_of, ids_of, member_key
from serving.forecast.record import AT, STAGE_NAMES, Layout
from serving.forecast.temperature import BANDS
from serving.forecast.tier_pairs import tier_pairs
from serving.forecast.wording import Language
from serving.predictor import Ask, Predictor
from training.reach import check_learned

_date = lru_cache(1_024)(to_date)
_NEAR: Final = {"keep": 1, "reach": 2}
Erase = Callable[[str, IdKind], dict[str, Any] | None]


@dataclass(frozen=True)
class Chosen:
    """Whom the desk wants listed, in its words; None lets everyone pass. ``sort`` None: whatever says whom to call first."""

    tier: str | None = None
    temperature: str | None = None
    stage: str | None = None
    near_miss: str | None = None
    sort: Sort | None = None


@dataclass(frozen=True)
class Answers:
    """The store's answers, by the champion at the time of each question, to be written as JSON by orjson.

    Stored forecasts come as text (``orjson.Fragment``): a thousand of them as plain values take four times as long.

    Parameters
    ----------
    desk : knows the champion and the database
    metrics : counts what is given
    erase : takes a member away everywhere by the key, and gives the receipt; None where nobody is known by it
    """

    desk: Desk
    metrics: Metrics
    erase: Erase

    def at_once(self, ids: Sequence[MemberId], ask: Ask) -> dict[str, Any] | None:
        """Stored forecasts by id; None where one has to be made anew first, since writing it may wait for others."""
        champion = self.desk.current()
        keys = asked_keys(ids, champion.generation.id_kind)
        found = look_up(self.desk.engine, champion.generation.id, keys)
        return None if any(row.stale for row in found.values()) else self._found(champion, ids, keys, found, ask)

    def of_ids(self, ids: Sequence[MemberId], as_of: dt.date | None, ask: Ask) -> dict[str, Any]:
        """Forecasts by id, in the order asked for: the stored ones, or for a day anew from the stored histories."""
        champion = self.desk.current()
        keys = asked_keys(ids, champion.generation.id_kind)
        if as_of is None:
            found = self._fresh(champion, look_up(self.desk.engine, champion.generation.id, keys))
        else:
            found = self._anew(champion, keys, as_of)
        return self._found(champion, ids, keys, found, ask)

    def _found(
        self, champion: Champion, ids: Sequence[MemberId], keys: Sequence[str], found: dict[str, Stored], ask: Ask
    ) -> dict[str, Any]:
        missing = {}
        if len(found) < len(keys):
            missing = {key: member for key, member in zip(keys, ids, strict=True) if key not in found}
        silent = histories(self.desk.engine, champion.generation.id, list(missing)) if missing else {}
        return {
            "forecasts": self._told(champion, [key for key in keys if key in found] if missing else keys, found, ask),
            "unknown": [member for key, member in missing.items() if key not in silent],
            "silent": [member for key, member in missing.items() if key in silent],
        }

    def of_histories(self, asked: ByHistories, ask: Ask) -> dict[str, Any]:
        """Forecasts of histories sent with the question, by the model that answers for the stored ones."""
        champion = self.desk.current()
        forecaster, as_of = champion.forecaster, asked.as_of or champion.generation.as_of
        zone = zone_of(forecaster.settings.time_zone)
        sent = [(history.customer_id, [line.to_line(zone) for line in history.transactions]) for history in asked.histories]
        check_histories(sent, as_of, forecaster)
        about = {member_key(history.customer_id): history.about(zone) for history in asked.histories}
        answers, silent = Predictor(forecaster, champion.layout, champion.bounds).of_lines(sent, as_of, ask, about)
        return {"forecasts": self._counted(answers), "unknown": [], "silent": silent}

    def what_if(self, asked: WhatIf, language: Language) -> dict[str, Any]:
        """What would become of a member, and what it takes to keep or reach each tier."""
        champion = self.desk.current()
        one, as_of = self._one(champion, asked.customer_id)
        check_learned(champion.forecaster, as_of)
        imagined = [[one.to_imagined() for one in trial] for trial in asked.trials]
        takes = what_it_takes(champion.forecaster, one, as_of, language=language)
        tried = what_if(champion.forecaster, one, as_of, imagined, language=language)
        return {**tried, "model_version": champion.generation.model_version, "what_it_takes": takes}

    def member(self, customer_id: str, ask: Ask) -> dict[str, Any]:
        """All there is to say of a member."""
        champion = self.desk.current()
        one, as_of = self._one(champion, customer_id)
        scores = scored(champion, one, as_of)
        told = champion.layout.answers(one.members.tolist(), [as_of], scores.rows, **vars(ask)) if len(scores) else [None]
        page = member_page(champion.forecaster, one, as_of, forecast=told[0], bounds=champion.bounds, language=ask.language)
        return {**page, "model_version": champion.generation.model_version}

    def members(self, chosen: Chosen, limit: int, cursor: str | None, ask: Ask) -> dict[str, Any]:
        """A page of the desk's list, most value at risk first; the coldest first where the log has no amounts."""
        champion = self.desk.current()
        sort = chosen.sort or ("temperature" if champion.layout.value_of is None else "value_at_risk")
        found = page(self.desk.engine, champion.generation.id, _filters(chosen, champion), sort, limit, cursor)
        rows = self._fresh(champion, dict(found.rows))
        return {"members": self._told(champion, list(rows), rows, ask), "next": found.cursor}

    def post(self, asked: Post, ask: Ask) -> dict[str, Any]:
        """New lines, all or none, and the forecasts that follow from them."""
        champion = self.desk.current()
        made = posted(self.desk.engine, champion, asked.lines)
        silent = [member for key, member in made.members.items() if key not in made.forecasts]
        return {
            "stored": made.stored,
            "known": made.known,
            "unknown": made.unknown,
            "forecasts": self._told(champion, list(made.forecasts), made.forecasts, ask),
            "silent": silent,
        }

    def model(self) -> dict[str, Any]:
        """What answers: version, data span, figures, policy."""
        return model_page(self.desk.current(), self.desk.status)

    def forget(self, customer_id: str) -> dict[str, Any]:
        """Erase a member; the receipt."""
        champion = self.desk.current()
        kind = champion.generation.id_kind
        receipt = self.erase(asked_key(customer_id, kind), kind)
        if receipt is None:
            raise NothingKeptError(1)
        return receipt

    def _fresh(self, champion: Champion, found: dict[str, Stored]) -> dict[str, Stored]:
        """The same, in the same order, with stale ones made anew; who has no forecast any more is left out."""
        stale = [key for key, row in found.items() if row.stale]
        if not stale:
            return found
        self.metrics.refreshed(len(stale))
        made = renewed(self.desk.engine, champion, stale)
        return {key: row for key, old in found.items() if (row := made.get(key) if old.stale else old) is not None}

    def _anew(self, champion: Champion, keys: Sequence[str], as_of: dt.date) -> dict[str, Stored]:
        scores = scored(champion, known(self.desk.engine, champion, keys), as_of)
        day = to_day(as_of)
        rows = zip(scores.members.tolist(), scores.rows, strict=True)
        return {key: Stored(day, False, row.tobytes()) for key, row in rows}

    def _one(self, champion: Champion, customer_id: MemberId) -> tuple[Histories, dt.date]:
        """A member's history with the lines posted since, and the day that the forecast is of."""
        key = asked_key(customer_id, champion.generation.id_kind)
        one = known(self.desk.engine, champion, [key])
        if not len(one):
            raise UnknownMemberError(1)
        as_of = max(champion.generation.as_of, one.span[1])
        return replace(one, members=np.array([id_of(key, champion.generation.id_kind)], object)), as_of

    def _told(self, champion: Champion, keys: Sequence[str], found: dict[str, Stored], ask: Ask) -> orjson.Fragment:
        if not keys:
            return orjson.Fragment(b"[]")
        layout = champion.layout
        as_of, _, bodies = zip(*[found[key] for key in keys], strict=True)
        rows, days = np.frombuffer(b"".join(bodies), "<f8").reshape(len(keys), -1), list(map(_date, as_of))
        self._count(layout, rows)
        texts = layout.texts(ids_of(keys, champion.generation.id_kind), days, rows, **vars(ask))
        texts[0] = b"[" + texts[0]  # so that the whole is copied once
        texts[-1] += b"]"
        return orjson.Fragment(b",".join(texts))

    def _count(self, layout: Layout, rows: Floats) -> None:
        tiers = tier_pairs(rows[:, AT["tier"]], rows[:, layout.p_tier], layout.tier_names)
        self.metrics.forecasts(rows[:, AT["p_churn"]].tolist(), tiers)

    def _counted(self, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        likely = [max(own, key=own.__getitem__) if (own := one["p_next_tier"]) else None for one in given]
        tiers = Counter(zip([one["tier"] for one in given], likely, strict=True))
        self.metrics.forecasts([one["p_churn"] for one in given], tiers)
        return given


def _filters(chosen: Chosen, champion: Champion) -> Filters:
    tier = None
    if chosen.tier is not None:
        names = champion.layout.tier_names
        if chosen.tier not in names:
            raise InputError("a tier is one of the policy's", "another", f"ask for one of {listed(names)}")
        tier = names.index(chosen.tier)
    band = next((band for band in BANDS if band.name == chosen.temperature), None)
    span = None if band is None else (band.low, float("inf") if band is BANDS[-1] else band.high)
    stage = None if chosen.stage is None else STAGE_NAMES.index(chosen.stage)
    return Filters(tier, span, stage, _NEAR.get(chosen.near_miss or ""))
