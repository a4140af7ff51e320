"""What of a watched run is allowed before somebody is told: settings, which the command line may overrule."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Allowed = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Thresholds(BaseModel):
    """What is allowed (serving.watch.verdicts).

    ``times`` so many times the usual movement of a quantity; ``inputs``: so many inputs may not have moved further than
    that, one forecast never; ``refused``: how much larger the share of refused rows may be than the training's; ``auc``:
    how far the whole interval of the AUC may lie below what was measured at the training; ``off``: how far the mean
    p_churn may lie from the share that left, where the interval does not hold 0; ``tier``: how far the whole interval of
    the tiers' log loss may lie above what was measured; ``spend``: how far spend forecast may lie from spend that came,
    as a share, where the interval does not hold it.

    >>> Thresholds(times=3).inputs
    1
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    times: Allowed = 2.0
    inputs: Annotated[int, Field(ge=1, strict=True)] = 1
    refused: Allowed = 0.01
    auc: Allowed = 0.05
    off: Allowed = 0.05
    tier: Allowed = 0.1
    spend: Allowed = 0.2
