"""A campaign as it was planned: who was to be treated, who was kept back, and what was known of each. From a file.

=================  ========  =====================================================================================
column             needed    meaning
=================  ========  =====================================================================================
customer_id        yes       the member, once
arm                yes       'treated' or 'hold-out'; rows of any other arm are in no comparison
campaign           no        its name, one a file
as_of              no        the day from which on the treatment acts; rows of the log before it were known
horizon_days       no        days over which outcomes are counted
action             no        what the member gets
would_be           no        what a member kept back would have got; where it is not there, ``action`` says it
cost               no        of treating the member, in currency
hold_out_share     no        the probability with which the member was to be kept back
p_churn ...        no        what was forecast: p_churn, expected_spend
tier ...           no        tier, stage, temperature_band: texts
=================  ========  =====================================================================================
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from features.errors import ColumnError, ConfigError, SourceError, counted, listed
from features.operators import Floats
from features.snapshot import check_days
from retention.tables import column_names, day_of, read_table
from retention.trial.cells import coded, ids, numbers, texts
from retention.trial.table import check_members

if TYPE_CHECKING:
    import pyarrow as pa

_WHAT: Final = "a campaign"
TREATED: Final = "treated"
HELD: Final = "hold-out"
_NEEDED: Final = ("customer_id", "arm")
_TEXTS: Final = ("tier", "stage", "temperature_band", "action")
_NUMBERS: Final = ("p_churn", "expected_spend", "cost", "hold_out_share")
_RANGES: Final = {"p_churn": (0.0, 1.0), "hold_out_share": (0.0, 1.0), "cost": (0.0, np.inf)}
_ONCE: Final = ("campaign", "as_of", "horizon_days")


@dataclass(frozen=True, eq=False)
class Campaign:
    """Those whom a plan chose, (n,) each: ``treated`` says who got it; the others were kept back.

    ``texts`` and ``numbers`` are columns by name, those that the file has; a text not known is '', a number NaN. ``others``
    counts the members of the file who were not chosen. ``drawn`` is whether the file tells of a draw: what those
    kept back would have got, or with which probability they were.
    """

    name: str
    as_of: dt.date
    horizon_days: int
    members: npt.NDArray[Any]
    treated: npt.NDArray[np.bool_]
    texts: dict[str, npt.NDArray[Any]]
    numbers: dict[str, Floats]
    others: int = 0
    drawn: bool = True

    def __len__(self) -> int:
        return len(self.members)

    @property
    def until(self) -> dt.date:
        """The first day after the outcome."""
        return self.as_of + dt.timedelta(days=self.horizon_days)


def read_campaign(
    path: Path, *, as_of: dt.date | None = None, horizon_days: int | None = None, name: str | None = None
) -> Campaign:
    """An assignment file, CSV or Parquet, as ``tiercast plan`` writes it, or any with a member and an arm.

    Parameters
    ----------
    as_of, horizon_days, name : where the file does not say

    Raises
    ------
    SourceError, ColumnError, ConfigError, ConflictError
    """
    has = column_names(path, _WHAT)
    wanted = [column for column in (*_NEEDED, "would_be", *_TEXTS, *_NUMBERS, *_ONCE) if column in has or column in _NEEDED]
    table = read_table(path, _WHAT, wanted=wanted, texts=[column for column in wanted if column not in _NUMBERS])
    members = ids(table["customer_id"], "customer_id")
    arms, arm = coded(table["arm"], "arm")
    check_members(members, arm)
    names = np.array(arms, dtype=object)[arm] if len(arm) else np.zeros(0, object)
    if not (names == TREATED).any():
        got = f"none among {listed(list(arms)) or 'no rows'}"
        raise SourceError(f"a campaign file has members whose arm is {TREATED!r}", got, "name the file that the plan wrote")
    words = {column: texts(table[column]) for column in _TEXTS if column in has}
    if "would_be" in has:
        would = texts(table["would_be"])
        words["action"] = np.where(names == HELD, would, words["action"]) if "action" in words else would
    chosen = (names == TREATED) | (names == HELD)
    if "action" in words and (words["action"][names == HELD] != "").any():
        chosen &= words["action"] != ""  # kept back, and nothing would have been done
    figures: dict[str, Floats] = {column: _figures(table, column)[chosen] for column in _NUMBERS if column in has}
    return Campaign(
        name=_once(table, "campaign") or name or path.stem,
        as_of=_day(_once(table, "as_of"), as_of),
        horizon_days=_days(_once(table, "horizon_days"), horizon_days),
        members=members[chosen],
        treated=(names == TREATED)[chosen],
        texts={column: values[chosen] for column, values in words.items()},
        numbers=figures,
        others=int((~chosen).sum()),
        drawn="would_be" in has or "hold_out_share" in has,
    )


def _figures(table: pa.Table, column: str) -> Floats:
    """(n,) a column in numbers, each within its range; NaN where it is not known."""
    found = numbers(table[column], column, "a figure of a campaign")
    least, most = _RANGES.get(column, (-np.inf, np.inf))
    wrong = int((np.isinf(found) | (found < least) | (found > most)).sum())
    if wrong:
        rule = f"{column} is a number from {least:g}" + (f" to {most:g}" if np.isfinite(most) else " on")
        rule = f"{column} is a finite number" if np.isinf(least) else rule
        raise ColumnError(rule, f"{counted(wrong, 'row')} with another", "correct it, or leave the cell empty")
    return found


def _once(table: pa.Table, column: str) -> str | None:
    """What a column says in every row; None without it."""
    if column not in table.column_names:
        return None
    found = sorted({value for value in texts(table[column]).tolist() if value})
    if len(found) > 1:
        raise ConfigError(f"a campaign file is about one {column}", listed(found), "measure one campaign at a time")
    return found[0] if found else None


def _day(written: str | None, given: dt.date | None) -> dt.date:
    if written is None and given is None:
        raise ConfigError("a campaign has a first day", "none in the file", "pass --as-of, as 2017-11-06")
    found = given if written is None else day_of(written, "campaign's as_of")
    assert found is not None
    if given is not None and given < found:
        rule = "an outcome is counted from the treatment on, as what came before it cannot be its effect"
        raise ConfigError(rule, f"{given} for a treatment of {found}", f"count from {found} on")
    return given or found


def _days(written: str | None, given: int | None) -> int:
    text = written if given is None else str(given)
    if text is None or not text.isdigit() or int(text) < 1:
        got = "none in the file" if text is None else repr(text)
        raise ConfigError("an outcome is counted over a whole number of days", got, "pass --horizon-days 28")
    return check_days(int(text), "horizon_days")
