"""Findings as plain values, for JSON, and as rows, for Parquet and CSV."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from retention.effect.difference import Difference
from retention.effect.findings import Findings, Found
from retention.effect.worth import Worth

if TYPE_CHECKING:
    import pandas as pd


def to_records(found: Findings) -> list[dict[str, Any]]:
    """One record a difference; None where too few members were there to say."""
    return [_record(found.control, one) for one in found.found]


def _record(control: str, one: Found) -> dict[str, Any]:
    told, plain = one.told, one.plain
    return {
        "arm": one.arm,
        "control": control,
        "outcome": one.outcome,
        "by": one.by,
        "slice": one.slice,
        "members_treated": told.treated,
        "members_control": told.control,
        "mean_control": _known(told.base),
        "difference": _known(told.value),
        "standard_error": _known(told.se),
        "low": _known(told.low),
        "high": _known(told.high),
        "p": _known(told.p),
        "p_corrected": _known(one.p),
        "method": told.method,
        "adjusted": told.adjusted,
        "unadjusted_difference": _known(plain.value),
        "unadjusted_low": _known(plain.low),
        "unadjusted_high": _known(plain.high),
        "detectable": _known(one.detectable),
        "members_left_out": told.left_out,
    }


def to_plain(found: Findings, **more: Any) -> dict[str, Any]:
    """All of it as plain values, checks and refusals too.

    Parameters
    ----------
    more : beside it, by name: plain values, or a ``Worth``
    """
    checks = [
        {
            "arm": one.arm,
            "sample_ratio": [asdict(ratio) for ratio in one.ratios],
            "differences_at_start": dict(one.balance.differences),
            "p_at_start": _known(one.balance.p),
        }
        for one in found.checks
    ]
    refused = [{"arm": one.arm, "reason": one.reason, "said": one.said.en} for one in found.refused]
    return {
        **{name: asdict(value) if isinstance(value, Worth) else value for name, value in more.items()},
        "members": found.sizes,
        "concluded": not found.refused,
        "refused": refused,
        "checks": checks,
        "differences": to_records(found),
    }


def to_frame(found: Findings) -> pd.DataFrame:
    """One row a difference; NaN where too few members were there to say."""
    import pandas as pd

    names = list(_record("", Found("", "", "", "", _NOTHING, _NOTHING, 0.0, 0.0)))
    return pd.DataFrame(to_records(found), columns=names)


_NOTHING = Difference(0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0.0, "t")


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
