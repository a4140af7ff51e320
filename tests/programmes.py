"""What hypothesis draws tier policies and their members' diaries from, and those diaries as histories."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from features.histories import Histories, Ragged
from features.snapshot import to_day
from features.tier_states import TierState

Pages = dict[dt.date, dict[str, int]]
FIRST, DAYS = dt.date(2015, 11, 20), 500  # across two ends of years and a 29 February
VISITS = {"orders": "orders", "gross": "gross", "cost": "cost", "points_earned": "earned", "points_used": "used"}
RETURNS = {"returned": "returned", "returned_cost": "returned_cost", "points_back": "back"}
KINDS = ("referral", "survey", "invitation")


def to_histories(diaries: Sequence[tuple[Pages, dt.date | None]], kinds: Sequence[str] = KINDS) -> Histories:
    """Histories of several members' diaries and days of joining."""
    days = [day for pages, _ in diaries for day in pages] or [FIRST]
    dates = [-1 if joined is None else to_day(joined) for _, joined in diaries]
    return Histories(
        np.array([f"m{i}" for i in range(len(diaries))], dtype=object),
        _ragged(diaries, VISITS, "orders"),
        _ragged(diaries, RETURNS, "returned"),
        frozenset({"amount", "cost", "points"}),
        to_day(min(days)),
        to_day(max(days)) + 1,
        events={kind: _ragged(diaries, {"count": f"event:{kind}"}, f"event:{kind}") for kind in kinds},
        joined=None if all(joined is None for _, joined in diaries) else np.array(dates, np.int32),
    )


FIELDS = ("spend", "carry", "tier", "secured", "need", "days_to_review", "keep_by")


def same(one: TierState, other: TierState) -> None:
    """Two states agree in every field."""
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)


def _ragged(diaries: Sequence[tuple[Pages, dt.date | None]], names: Mapping[str, str], present: str) -> Ragged:
    rows = [[(day, page) for day, page in sorted(pages.items()) if page.get(present, 0) > 0] for pages, _ in diaries]
    flat = [row for own in rows for row in own]
    offsets = np.concatenate(([0], np.cumsum([len(own) for own in rows]))).astype(np.int64)
    unit = {name: 10_000 if name.startswith("points") else 1 for name in names}  # diaries count whole points
    values = {name: np.array([page.get(key, 0) * unit[name] for _, page in flat], np.int64) for name, key in names.items()}
    return Ragged(offsets, np.array([to_day(day) for day, _ in flat], np.int32), values)


def joining(pages: Pages, joined: dt.date | None) -> dt.date | None:
    """The day on which a member joined: what the log says, else the first purchase or return."""
    return joined or min((day for day, page in pages.items() if page.get("orders") or page.get("returned")), default=None)


@st.composite
def pages(draw: st.DrawFn) -> Pages:
    """A diary that begins with a purchase."""
    first = draw(st.integers(0, 60))
    offsets = [0, *draw(st.lists(st.integers(0, DAYS - 100), max_size=14))]
    found: Pages = {}
    for n, offset in enumerate(offsets):
        day = FIRST + dt.timedelta(days=first + offset)
        page = found.setdefault(day, {})
        kind = draw(st.sampled_from(["buy", "buy", "buy", "return", "event"])) if n else "buy"
        amount = draw(st.integers(1, 60))
        if kind == "buy":
            more = {"orders": 1, "gross": amount * 10_000, "cost": amount * 4_000, "earned": amount}
            more["used"] = draw(st.sampled_from([0, 0, 5, 40]))
        elif kind == "return":
            more = {"returned": amount * 10_000, "returned_cost": amount * 4_000, "back": amount}
        else:
            more = {f"event:{draw(st.sampled_from(KINDS))}": draw(st.integers(1, 3))}
        for name, value in more.items():
            page[name] = page.get(name, 0) + value
    return found


SCORE = {
    "score": {
        "contribution": {"weight": 0.5, "full": 120.0},
        "frequency": {"weight": 0.3, "full": 7},
        "loyalty": {"weight": 0.2},
    }
}
METRICS: dict[str, tuple[Any, int]] = {
    "spend": ("spend", 60),
    "profit": ("profit", 40),
    "orders": ("orders", 3),
    "earned": ("points_earned", 60),
    "balance": ("points_balance", 50),
    "events": ({"events": ["referral", "survey"]}, 2),
    "score": (SCORE, 25),
}
"""Name → (metric, threshold of a first tier)."""
SINGLE = ("spend", "profit", "orders", "earned", "balance", "events")


@st.composite
def rules(draw: st.DrawFn, metrics: Sequence[str] = tuple(METRICS)) -> dict[str, Any]:
    """One version's rules."""
    chosen = draw(st.lists(st.sampled_from(metrics), min_size=1, max_size=2, unique=True))
    if metrics is SINGLE or draw(st.booleans()):
        chosen = chosen[:1]
    found: dict[str, Any] = {}
    if len(chosen) == 1:
        found["metric"] = METRICS[chosen[0]][0]
    else:
        found["metrics"] = {name: METRICS[name][0] for name in chosen}
        found["join"] = draw(st.sampled_from(["any", "all"]))
    window = draw(
        st.sampled_from(
            [
                {"rolling_days": 30},
                {"rolling_days": 90},
                {"rolling_months": 1},
                {"rolling_months": 3},
                {"calendar": "month", "starts": "01-31"},
                {"calendar": "quarter"},
                {"calendar": "half_year", "starts": "04-01"},
                {"calendar": "year", "starts": "02-29"},
                {"membership": "year"},
                {"tier": "year"},
                "lifetime",
            ]
        )
    )
    if "balance" in chosen:
        window = "lifetime"
        expiries = [{"expire_days": 60}, {"expire_months": 2}, {"expire_end_of_next_year": True}, None]
        points = draw(st.sampled_from(expiries))
        if points:
            found["points"] = points
    found["window"] = window
    slides = window == "lifetime" or any("rolling" in name for name in window)
    found["review"] = draw(st.sampled_from(["daily", "month_end", "anniversary", *([] if slides else ["period_end"])]))
    if slides and draw(st.booleans()):
        del found["review"]
    found["returns"] = draw(st.sampled_from(["net", "ignore"]))
    if found["returns"] == "net":
        found["returns_reopen"] = draw(st.booleans())
    found["upgrade"] = draw(st.sampled_from(["at_once", "at_review"]))
    found["downgrade"] = draw(st.sampled_from(["to_earned", "one_step", "to_base", "never"]))
    ends = [] if slides else [{"until": "end_of_period"}, {"until": "end_of_next_period"}]
    validity = draw(st.sampled_from([None, None, {"days": 40}, {"months": 3}, *ends]))
    if validity:
        found["validity"] = validity
    found["grace_days"] = draw(st.sampled_from([0, 0, 1, 20]))
    found["tiers"] = draw(_tiers(chosen))
    return found


@st.composite
def _tiers(draw: st.DrawFn, chosen: Sequence[str]) -> list[dict[str, Any]]:
    tiers: list[dict[str, Any]] = [{"name": "T0"}]
    for level in range(1, 4):
        reach = {name: METRICS[name][1] * level + draw(st.integers(0, 1)) for name in chosen}
        keep = {name: draw(st.integers(0, value)) for name, value in reach.items()}
        tier: dict[str, Any] = {"name": f"T{level}", "reach": reach if len(chosen) > 1 else reach[chosen[0]]}
        if draw(st.booleans()):
            tier["keep"] = keep if len(chosen) > 1 else keep[chosen[0]]
        tiers.append(tier)
    if draw(st.booleans()):
        patron: dict[str, Any] = {"name": "Patron", "invitation": True}
        if draw(st.booleans()):
            patron["keep"] = tiers[1]["reach"]
        tiers.append(patron)
    return tiers


@st.composite
def policies(draw: st.DrawFn, metrics: Sequence[str] = tuple(METRICS)) -> dict[str, Any]:
    """A policy, in three versions at times; a later one may have a tier more at the bottom."""
    if draw(st.integers(0, 3)):
        return {"programme": "P", **draw(rules(metrics))}
    versions = []
    for offset in (0, 150, 260)[: draw(st.integers(2, 3))]:
        version = draw(rules(metrics))
        version["from"] = FIRST + dt.timedelta(days=offset)
        names = {tier["name"] for older in versions for tier in older["tiers"]}
        if "Patron" in names and version["tiers"][-1]["name"] != "Patron":
            version["tiers"].append({"name": "Patron", "invitation": True})
        versions.append(version)
    return {"programme": "P", "versions": versions}


def memoryless(metrics: Sequence[str] = tuple(METRICS)) -> st.SearchStrategy[dict[str, Any]]:
    """Policies whose tier follows from one window."""

    def plain(content: dict[str, Any]) -> dict[str, Any]:
        kept = {name: content[name] for name in ("metric", "metrics", "join", "points", "returns") if name in content}
        window = content["window"]
        if window != "lifetime" and not any("rolling" in name for name in window):
            window = {"rolling_days": 45}
        tiers = [{key: tier[key] for key in ("name", "reach") if key in tier} for tier in content["tiers"][:4]]
        return {"programme": "P", **kept, "window": window, "tiers": tiers}

    return rules(metrics).map(plain)
