"""The reasons of many members as columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from features.operators import Floats
from serving.forecast.record import Layout
from serving.forecast.wording import Language

if TYPE_CHECKING:
    import pyarrow as pa

REASONS: Final = 3
"""In words, for each member."""


def reason_columns(layout: Layout, rows: Floats, language: Language) -> dict[str, pa.Array]:
    """``reason_1_feature``, ``reason_1_value``, ... of rows (n, layout.width); null where there are fewer reasons.

    >>> from serving.forecast.record import AT
    >>> from training.terms import RHYTHM
    >>> layout = Layout((RHYTHM,), (), 0.0, 28, "2018-01-02-00000000")
    >>> row = np.full((1, layout.width), np.nan)
    >>> row[0, layout.contributions] = 0.7
    >>> row[0, [AT["shopping_days"], AT["gap_days"], AT["silence_days"]]] = 30.0, 11.6, 45.0
    >>> print(reason_columns(layout, row, "en")["reason_1_sentence"][0])
    Buys every 12 days on average, last 45 days ago: raises the risk of leaving.
    """
    import pyarrow as pa

    told = layout.reason_columns(rows, most=REASONS, language=language)
    columns: dict[str, Any] = {}
    for k in range(REASONS):
        for field, values in told._asdict().items():
            kind = pa.float64() if values.dtype == np.float64 else pa.string()
            columns[f"reason_{k + 1}_{field}"] = pa.array(values[:, k], kind, from_pandas=True)  # NaN is null
    return columns
