"""A tier policy as whole numbers, in the order in which the walk reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from features.calendars import month_and_day
from features.contradictions import number
from features.metrics import Events, Metric, Points, Score, in_units
from features.money import to_units
from features.policy import TierPolicy
from features.rules import Rules, Version
from features.snapshot import to_day
from features.windows import MONTHS

# -- the book: a header, a row of rules a version, then tables at the places that the header names ----------------------
VERSIONS, TIERS, METRICS, REACH, KEEP, ONWARD, NEWEST, SPECS, ROWS = range(9)
"""How many versions, most tiers and metrics of one; where reach, keep, onward, newest and specs begin; rows of the log."""
HEADER = 10
# -- a version's row of rules --------------------------------------------------------------------------------------------
FROM, N_TIERS, N_METRICS, JOIN_ALL, WINDOW, WIDTH, START_MONTH, START_DAY = range(8)
REVIEW, AT_ONCE, DOWNGRADE, VALIDITY, VALID_FOR, GRACE, REOPEN, INVITED = range(8, 16)
RULES = 16
# windows
DAYS, MONTHS_BACK, CALENDAR, MEMBERSHIP, TIER, LIFETIME = range(6)
# reviews
DAILY, MONTH_END, PERIOD_END, ANNIVERSARY = range(4)
# downgrades
TO_EARNED, ONE_STEP, TO_BASE, NEVER_DOWN = range(4)
# validities
NONE, FOR_DAYS, FOR_MONTHS, THIS_PERIOD, NEXT_PERIOD = range(5)
# -- a metric's row: a column, or the parts of a score -------------------------------------------------------------------
IS_SCORE, COLUMN, ORDERS, VISIT_DAYS, W_SPEND, FULL_SPEND, W_ORDERS, FULL_ORDERS, W_LOYAL = range(9)
SPEC = 9

FAR = 1 << 60
"""Further than any amount or day."""
BEYOND = 1 << 61
"""A threshold that nothing meets; its negative is met by everything."""

_REVIEWS: Final = ("daily", "month_end", "period_end", "anniversary")
_DOWNGRADES: Final = ("to_earned", "one_step", "to_base", "never")


class Column(NamedTuple):
    """A number that adds up over days: what it counts, and by which rules."""

    name: str
    net: bool = True
    kinds: tuple[str, ...] = ()
    points: Points | None = None


@dataclass(frozen=True, eq=False)
class Rulebook:
    """A policy for the walk; the numbers of versions and metrics lie one after another.

    ``reach`` and ``keep`` have a number a version, tier and metric; ``newest`` (a tier's position in the newest ladder) and
    ``onward`` (in the next version's) one a version and tier; ``specs`` a row a version and metric. ``columns`` are what a
    ledger must hold, ``versions`` the rules as written.
    """

    versions: tuple[Rules, ...]
    columns: tuple[Column, ...]
    rules: list[int]
    reach: list[int]
    keep: list[int]
    newest: list[int]
    onward: list[int]
    specs: list[int]
    most_tiers: int
    most_metrics: int
    tiers: int
    memoryless: bool

    def flat(self, rows: int) -> list[int]:
        """Everything in one list, as the kernels read it, for a log with so many rows."""
        head = [0] * HEADER
        head[VERSIONS], head[TIERS], head[METRICS], head[ROWS] = len(self.versions), self.most_tiers, self.most_metrics, rows
        out = [*head, *self.rules]
        for name, table in ((REACH, self.reach), (KEEP, self.keep), (ONWARD, self.onward), (NEWEST, self.newest)):
            out[name] = len(out)
            out.extend(table)
        out[SPECS] = len(out)
        return [*out, *self.specs]

    @property
    def expires(self) -> bool:
        """Whether points that count may expire: what will then depends on what was used by then."""
        return any(column.points is not None and column.points.expiries for column in self.columns)

    def spec(self, version: int, metric: int) -> list[int]:
        """One metric's row."""
        at = (version * self.most_metrics + metric) * SPEC
        return self.specs[at : at + SPEC]


_KEPT: dict[int, tuple[TierPolicy, Rulebook]] = {}


def rulebook(policy: TierPolicy) -> Rulebook:
    """The rulebook of a policy, written once."""
    known = _KEPT.get(id(policy))
    if known is not None and known[0] is policy:
        return known[1]
    if len(_KEPT) >= 64:
        _KEPT.clear()
    book = _write(policy)
    _KEPT[id(policy)] = (policy, book)  # holding the policy keeps its id from being given to another
    return book


def _write(policy: TierPolicy) -> Rulebook:
    versions: tuple[Rules, ...] = policy.versions or (policy,)
    tiers = max(len(rules.tiers) for rules in versions)
    metrics = max(len(rules.named_metrics) for rules in versions)
    columns: dict[Column, int] = {}
    book = Rulebook(
        versions,
        (),
        [],
        [],
        [],
        [],
        [],
        [],
        tiers,
        metrics,
        len(policy.tiers),
        len(versions) == 1 and versions[0].memoryless,
    )
    for v, rules in enumerate(versions):
        book.rules.extend(_row(rules))
        for i in range(tiers):
            tier = rules.tiers[i] if i < len(rules.tiers) else None
            book.newest.append(policy.tier_names.index(tier.name) if tier else 0)
            later = [other.name for other in versions[min(v + 1, len(versions) - 1)].tiers]
            book.onward.append(later.index(tier.name) if tier else 0)
            named = list(rules.named_metrics.items())
            for m in range(metrics):
                if tier is None or m >= len(named):
                    book.reach.append(BEYOND)
                    book.keep.append(BEYOND)
                    continue
                name, metric = named[m]
                convert = to_units if in_units(metric) else int
                book.reach.append(BEYOND if tier.invitation else convert(number(tier.reach, name)))
                if tier.keep is not None:
                    book.keep.append(convert(number(tier.keep, name)))
                else:
                    book.keep.append(-BEYOND if tier.invitation else book.reach[-1])
        specs = [_spec(metric, rules, columns) for metric in rules.named_metrics.values()]
        book.specs.extend(n for spec in [*specs, *[[0] * SPEC] * (metrics - len(specs))] for n in spec)
    return Rulebook(**{**vars(book), "columns": tuple(columns)})


def _row(rules: Rules) -> list[int]:
    row = [0] * RULES
    row[FROM] = to_day(rules.since) if isinstance(rules, Version) else -FAR
    row[N_TIERS], row[N_METRICS] = len(rules.tiers), len(rules.named_metrics)
    row[JOIN_ALL] = int(rules.join == "all")
    form = rules.window.forms[0]
    row[WINDOW] = ("rolling_days", "rolling_months", "calendar", "membership", "tier", "lifetime").index(form)
    row[WIDTH] = 12
    if form.startswith("rolling"):
        row[WIDTH] = getattr(rules.window, form)
    elif rules.window.calendar is not None:
        row[WIDTH] = MONTHS[rules.window.calendar]
    month, row[START_DAY] = rules.window.start
    row[START_MONTH] = month_and_day(0)[0] + month - 1
    row[REVIEW] = _REVIEWS.index(rules.reviewed)
    row[AT_ONCE] = int(rules.upgrade == "at_once")
    row[DOWNGRADE] = _DOWNGRADES.index(rules.downgrade)
    if rules.validity is not None:
        valid = rules.validity
        if valid.days is not None:
            row[VALIDITY], row[VALID_FOR] = FOR_DAYS, valid.days
        elif valid.months is not None:
            row[VALIDITY], row[VALID_FOR] = FOR_MONTHS, valid.months
        else:
            row[VALIDITY] = THIS_PERIOD if valid.until == "end_of_period" else NEXT_PERIOD
    row[GRACE] = rules.grace_days
    row[REOPEN] = int(rules.returns_reopen)
    row[INVITED] = len(rules.tiers) - 1 if rules.tiers[-1].invitation else -1
    return row


def _spec(metric: Metric, rules: Rules, columns: dict[Column, int]) -> list[int]:
    net = rules.returns == "net"

    def at(column: Column) -> int:
        return columns.setdefault(column, len(columns))

    row = [0] * SPEC
    if isinstance(metric, Score):
        parts = metric.score
        row[IS_SCORE] = 1
        row[FULL_SPEND] = row[FULL_ORDERS] = 1
        if parts.contribution is not None:
            row[COLUMN] = at(Column("spend", net))
            row[W_SPEND], row[FULL_SPEND] = to_units(parts.contribution.weight), to_units(parts.contribution.full)
        if parts.frequency is not None:
            row[ORDERS] = at(Column("orders"))
            row[W_ORDERS], row[FULL_ORDERS] = to_units(parts.frequency.weight), to_units(parts.frequency.full)
        if parts.loyalty is not None:
            row[VISIT_DAYS] = at(Column("visit_days"))
            row[W_LOYAL] = to_units(parts.loyalty.weight)
    elif isinstance(metric, Events):
        row[COLUMN] = at(Column("events", kinds=metric.events))
    elif metric == "orders":
        row[COLUMN] = at(Column("orders"))
    elif metric in ("points_earned", "points_balance"):
        row[COLUMN] = at(Column(metric, net, points=rules.points))
    else:
        row[COLUMN] = at(Column(metric, net))
    return row
