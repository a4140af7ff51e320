"""Standing: who a member is to the programme at a cutoff, described without learning, from rows before the cutoff alone.

RFM, contribution, loyalty, the ladder's stage and the frequency class, each against fixed bounds (features.bounds): the
same member stands the same alone as among all others.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from features.bounds import StandingBounds
from features.contribution import Contribution, contributions
from features.histories import Histories
from features.ladder import Codes, frequency_classes, stages
from features.loyalty import Loyalty, loyalties
from features.rfm import Rfm, score_rfm
from features.snapshot import to_day

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Standing:
    """One row a member, in the order of the histories' members.

    ``stage`` and ``frequency_class`` are positions in features.ladder's ``STAGES`` and ``CLASSES`` (-1: a prospect has no
    class).
    """

    histories: Histories
    as_of: dt.date
    bounds: StandingBounds
    rfm: Rfm
    contribution: Contribution
    loyalty: Loyalty
    stage: Codes
    frequency_class: Codes

    def __len__(self) -> int:
        return len(self.stage)

    @property
    def has_advocates(self) -> bool:
        """Whether anybody could be an advocate: there is an event log."""
        return bool(self.histories.events)

    def to_pandas(self) -> pd.DataFrame:
        """Frame with customer_id and one column a number: NaN, or a score or class below its first, is 'not available'."""
        import pandas as pd

        columns = {**vars(self.rfm), **vars(self.contribution), **vars(self.loyalty)}
        own = {"stage": self.stage, "frequency_class": self.frequency_class}
        return pd.DataFrame({"customer_id": self.histories.members, **columns, **own})


def stand(
    histories: Histories, as_of: dt.date, bounds: StandingBounds | None = None, *, pace: float | None = None
) -> Standing:
    """The standing of all members at a date; for one, select it first.

    Parameters
    ----------
    as_of : rows on days before it are seen, and no others
    pace : spend a day that reaches the policy's second tier, which scores monetary where no bound in currency is set

    >>> from features.histories import from_rows
    >>> visit = {"orders": 1, "gross": 25_0000, "returned": 0}
    >>> log = from_rows([("m", [(dt.date(2017, 1, day), visit) for day in (1, 8, 15)])], has_amounts=True)
    >>> found = stand(log, dt.date(2017, 1, 20))
    >>> found.rfm.recency_days.tolist(), found.rfm.recency_score.tolist(), found.contribution.sales.tolist()
    ([5.0], [5], [75.0])
    """
    bounds = bounds or StandingBounds()
    day = to_day(as_of)
    loyalty = loyalties(histories, day, bounds)
    stage = stages(histories, day, loyalty, bounds)
    rfm = score_rfm(histories, day, bounds, pace)
    return Standing(
        histories=histories,
        as_of=as_of,
        bounds=bounds,
        rfm=rfm,
        contribution=contributions(histories, day, bounds.window_days),
        loyalty=loyalty,
        stage=stage,
        frequency_class=frequency_classes(stage, rfm.frequency, bounds),
    )
