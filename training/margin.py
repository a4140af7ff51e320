"""What is left of a member's spend: the share by which expected spend becomes expected margin.

Where the log has costs, a member's own share over the last 364 days, shrunk to that of the whole log: profit / spend with
``prior_spend`` of everybody's added to both. Where it has none, a share can be set; otherwise the money stays spend and is
called so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from features.feature_table import FeatureTable
from features.operators import Floats
from features.registry import by_name

Of: TypeAlias = Literal["margin", "spend"]

WINDOW_DAYS: Final = 364


@dataclass(frozen=True)
class Margin:
    """``share`` of everybody's spend that is left; ``of`` says what values are then, margin or plain spend.

    ``prior_spend``, in currency, is how much of everybody's counts beside a member's own; None where there is no own.

    >>> Margin("margin", 0.3, 100.0).shares(np.array([100.0, 0.0]), np.array([50.0, 0.0])).tolist()
    [0.4, 0.3]
    """

    of: Of
    share: float
    prior_spend: float | None = None

    @property
    def columns(self) -> frozenset[str]:
        """The optional columns of a log that members' own shares are worked out from."""
        return frozenset() if self.prior_spend is None else frozenset({"cost"})

    def shares(self, spend: Floats, profit: Floats | None = None) -> Floats:
        """(n_members,) each member's share, in [-1, 1].

        Parameters
        ----------
        spend, profit : (n_members,) net, in currency, over the last ``WINDOW_DAYS``; who has not spent has everybody's share
        """
        if self.prior_spend is None or profit is None:
            return np.full(len(spend), self.share)
        some = spend > 0
        own = np.where(some, profit, 0.0) + self.prior_spend * self.share
        return np.clip(own / (np.where(some, spend, 0.0) + self.prior_spend), -1.0, 1.0)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; floats survive JSON exactly."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Margin:
        """Back from ``to_dict``."""
        return cls(plain["of"], plain["share"], plain["prior_spend"])


def fit_margin(spend: Floats, profit: Floats | None, share: float | None = None) -> Margin:
    """The log's margin: ``share`` if one is set, else from costs, else none, and then values are spend.

    Members count by what they spent. The prior is the mean member's spend, so that such a member is half judged alone.

    Parameters
    ----------
    spend, profit : (n_members,) net, in currency, over the last ``WINDOW_DAYS``; profit None or NaN where there are no costs

    >>> fit_margin(np.array([100.0, 300.0]), np.array([50.0, 70.0]))
    Margin(of='margin', share=0.3, prior_spend=200.0)
    >>> fit_margin(np.array([100.0, 300.0]), None)
    Margin(of='spend', share=1.0, prior_spend=None)
    """
    if share is not None:
        return Margin("margin", share)
    if profit is None:
        return Margin("spend", 1.0)
    known = np.isfinite(profit) & (spend > 0)
    if not known.any():
        return Margin("spend", 1.0)
    total = float(spend[known].sum())
    return Margin("margin", float(np.clip(profit[known].sum() / total, -1.0, 1.0)), total / int(known.sum()))


def spend_and_profit(table: FeatureTable) -> tuple[Floats, Floats | None]:
    """(n_rows,) net spend and profit of the rows of a table over the last ``WINDOW_DAYS``; profit None without costs."""
    if "cost" not in table.panel.histories.columns:
        return table.values(by_name(("net_spend_364d",)))[:, 0], None
    values = table.values(by_name(("net_spend_364d", "profit_364d")))
    return values[:, 0], values[:, 1]
