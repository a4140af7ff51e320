"""Where the tier policy puts a member, what carries over and what is still needed."""

from __future__ import annotations

from typing import Final

import numpy as np

from features.feature import Feature, Known, Phrase, Unit
from features.operators import Floats
from features.tiers import TierState

_NO_MONEY: Final = Phrase("amounts are not available", "无金额数据")


def _money(known: Known, pick: str) -> Floats:
    if known.state is None:
        return np.full(len(known.panel), np.nan)
    state = known.state
    return state.natural(getattr(state, pick)) if pick in ("spend", "carry") else _need(state, pick)


def _need(state: TierState, pick: str) -> Floats:
    """Need of the tier held, or of the one above (0 at the top)."""
    top = state.need.shape[1] - 1
    column = state.tier if pick == "keep" else np.minimum(state.tier + 1, top)
    need = np.take_along_axis(state.needs, column[:, None], axis=1)[:, 0]
    return need if pick == "keep" else np.where(state.tier == top, 0, need)


FEATURES: Final = (
    Feature(
        name="tier_spend",
        unit=Unit.MONEY,
        meaning="qualifying spend in the tier window before the cutoff",
        compute=lambda known: _money(known, "spend"),
        reason=Phrase("qualifying spend of {value} in the tier window", "等级周期内合格消费 {value}"),
        absent=_NO_MONEY,
        needs="policy",
    ),
    Feature(
        name="tier_carry",
        unit=Unit.MONEY,
        meaning="qualifying spend that still counts at cutoff + horizon",
        compute=lambda known: _money(known, "carry"),
        reason=Phrase("{value} already counts towards the next tier", "已有 {value} 计入下期等级"),
        absent=_NO_MONEY,
        needs="policy",
    ),
    Feature(
        name="need_to_keep",
        unit=Unit.MONEY,
        meaning="spend still needed in the horizon to hold the tier",
        compute=lambda known: _money(known, "keep"),
        reason=Phrase("needs {value} more to keep the tier", "保级还需消费 {value}"),
        absent=_NO_MONEY,
        needs="policy",
    ),
    Feature(
        name="need_to_rise",
        unit=Unit.MONEY,
        meaning="spend needed in the horizon for the tier above, 0 at the top",
        compute=lambda known: _money(known, "rise"),
        reason=Phrase("needs {value} more to rise a tier", "升级还需消费 {value}"),
        absent=_NO_MONEY,
        needs="policy",
    ),
)
