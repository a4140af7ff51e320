"""What happened to one member's tier, with dates and reasons, in English and Chinese."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from features.counting import evaluate
from features.errors import CutoffError
from features.histories import Histories
from features.ledger import Ledger, ledger
from features.metrics import Metric, in_units
from features.money import UNITS
from features.policy import TierPolicy
from features.rulebook import BEYOND, HEADER, LIFETIME, N_METRICS, RULES, WINDOW, Rulebook, rulebook
from features.running import run_events
from features.snapshot import to_date, to_day
from features.steps import AT, HIGH, STATE, VALUE, VERSION, begin
from features.walk import FELL, INVITES, KEPT, REOPENED, ROSE, SPARED, WARNED
from features.walk import JOINED as BEGAN

Kind = Literal["joined", "rose", "kept", "fell", "invited", "reopened", "warned", "spared"]

_KINDS: Final[dict[int, Kind]] = {
    BEGAN: "joined",
    ROSE: "rose",
    KEPT: "kept",
    FELL: "fell",
    INVITES: "invited",
    REOPENED: "reopened",
    WARNED: "warned",
    SPARED: "spared",
}
_ZH: Final = {" and ": " 且 ", " or ": " 或 "}


@dataclass(frozen=True)
class TierEvent:
    """A morning on which something was decided.

    ``tier`` is the tier held from that morning on; of a warning, the tier that the member will fall to. Reviews that renew a
    tier are told where they are not daily.
    """

    date: dt.date
    tier: str
    kind: Kind
    reason: str


def tier_history(
    histories: Histories,
    policy: TierPolicy,
    member: int,
    until: dt.date,
    *,
    since: dt.date = dt.date.min,
    language: Literal["en", "zh"] = "en",
) -> list[TierEvent]:
    """Everything that was decided on a member's tier up to the morning of a date, by rows on days before it.

    Parameters
    ----------
    member : position in ``histories``
    since : mornings before it are left out

    Raises
    ------
    PolicyError
        the log cannot give what the policy counts

    >>> from features.histories import from_rows
    >>> policy = TierPolicy.from_dict({"programme": "P", "metric": "spend", "window": {"rolling_days": 91},
    ...     "tiers": [{"name": "Member"}, {"name": "Gold", "reach": 100.0}]})
    >>> log = from_rows([("m", [(dt.date(2017, 1, 5), {"orders": 1, "gross": 250_0000, "returned": 0})])], has_amounts=True)
    >>> for event in tier_history(log, policy, 0, dt.date(2018, 1, 1)):
    ...     print(event.date, event.tier, event.kind, "-", event.reason)
    2017-01-06 Member joined - joined on 2017-01-05
    2017-01-06 Gold rose - 250.00 from 2016-10-07 to 2017-01-05, 100.00 needed
    2017-04-07 Member fell - 0.00 from 2017-01-06 to 2017-04-06, 100.00 needed to keep Gold
    """
    if not 0 <= member < len(histories):
        raise CutoffError("a member's position lies in the histories", str(member), f"choose one below {len(histories)}")
    book = rulebook(policy)
    own = histories.select(np.array([member], np.int64)).before(until)
    log = ledger(own, book.columns)
    found = []
    for day, code, before, after, version, start in run_events(book, log, to_day(until)):
        if day < to_day(since):
            continue
        names = [tier.name for tier in book.versions[version].tiers]
        kind = _KINDS[code]
        reason = _reason(book, log, kind, day, version, before, after, start, language)
        found.append(TierEvent(to_date(day), names[after], kind, reason))
    return found


def _reason(
    book: Rulebook, log: Ledger, kind: Kind, day: int, version: int, before: int, after: int, start: int, language: str
) -> str:
    zh = language == "zh"
    if kind == "joined":
        return f"{to_date(start)} 入会" if zh else f"joined on {to_date(start)}"
    if kind == "invited":
        return "获邀" if zh else "by invitation"
    rules = book.versions[version]
    tier = after if kind == "rose" else before
    table = book.reach if kind == "rose" else book.keep
    values = _values(book, log, version, start, day)
    had, needed = [], []
    for m, (name, metric) in enumerate(rules.named_metrics.items()):
        threshold = table[(version * book.most_tiers + tier) * book.most_metrics + m]
        had.append(_amount(values[m], metric, name))
        if abs(threshold) < BEYOND:
            needed.append(_amount(threshold, metric, name))
    joint = " and " if rules.join == "all" else " or "
    span = _span(book, version, start, day, zh)
    said = f"{span}{'、'.join(had)}" if zh else f"{' and '.join(had)} {span}"
    if not needed:
        return f"{said}，无保级要求" if zh else f"{said}, nothing needed"
    need = (_ZH[joint] if zh else joint).join(needed)
    if kind == "rose":
        return f"{said}，需 {need}" if zh else f"{said}, {need} needed"
    name = rules.tiers[tier].name
    return f"{said}，保级 {name} 需 {need}" if zh else f"{said}, {need} needed to keep {name}"


def _span(book: Rulebook, version: int, start: int, day: int, zh: bool) -> str:
    last = to_date(day - 1)
    if book.rules[version * RULES + WINDOW] == LIFETIME:
        return f"截至 {last} 累计 " if zh else f"up to {last}"
    return f"{to_date(start)} 至 {last} 累计 " if zh else f"from {to_date(start)} to {last}"


def _amount(value: int, metric: Metric, name: str) -> str:
    text = f"{value / UNITS:,.2f}" if in_units(metric) else f"{value:,}"
    return f"{text} {name}" if name else text


def _values(book: Rulebook, log: Ledger, version: int, start: int, day: int) -> list[int]:
    """The version's metrics over rows on days in [start, day), as the walk counts them."""
    state = [0] * STATE
    begin(state, 0, len(log.day), 0)
    state[VERSION], state[AT] = version, HEADER + version * RULES
    state[HIGH] = int((log.day < day).sum())
    flat = book.flat(len(log.day))
    evaluate(flat, [*log.day.tolist(), *log.flags.tolist(), *log.totals.ravel().tolist()], state, start, day)
    return state[VALUE : VALUE + flat[HEADER + version * RULES + N_METRICS]]
