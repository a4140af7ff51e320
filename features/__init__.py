"""From a transaction log and a tier policy to what is known of each member at a cutoff.

The public names, loaded when first used::

    checked = features.check("log.parquet", {"customer_id": "member"})
    histories = features.from_log(checked)
    table = features.build(histories, [date], horizon_days=28, lookback_days=91)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from features.csv_files import Layout as Layout
    from features.errors import TiercastError as TiercastError
    from features.feature import Feature as Feature
    from features.feature import Phrase as Phrase
    from features.feature import Unit as Unit
    from features.feature_table import FeatureTable as FeatureTable
    from features.feature_table import build as build
    from features.histories import Histories as Histories
    from features.policy import TierPolicy as TierPolicy
    from features.reading import from_log as from_log
    from features.registry import available as available
    from features.registry import chosen_by_default as chosen_by_default
    from features.registry import registered as registered
    from features.usability import UsabilityReport as UsabilityReport
    from features.usability import report as report
    from features.verdicts import check as check

__all__ = [
    "Feature",
    "FeatureTable",
    "Histories",
    "Layout",
    "Phrase",
    "TierPolicy",
    "TiercastError",
    "Unit",
    "UsabilityReport",
    "available",
    "build",
    "check",
    "chosen_by_default",
    "from_log",
    "registered",
    "report",
]
_HOME = {
    "Feature": "feature",
    "Phrase": "feature",
    "Unit": "feature",
    "available": "registry",
    "chosen_by_default": "registry",
    "FeatureTable": "feature_table",
    "Histories": "histories",
    "Layout": "csv_files",
    "TierPolicy": "policy",
    "TiercastError": "errors",
    "UsabilityReport": "usability",
    "build": "feature_table",
    "check": "verdicts",
    "from_log": "reading",
    "registered": "registry",
    "report": "usability",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'features' has no attribute {name!r}")
    return getattr(importlib.import_module(f"features.{_HOME[name]}"), name)
