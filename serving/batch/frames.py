"""Forecasts of frames, for notebooks and MLflow: transactions in, the batch's own columns out, to the bit.

Two shapes come in. A row a line (customer_id, timestamp, amount, ...) gives a row a member with a forecast. A row a member,
with the member's lines in one column, gives as many rows in the same order, whatever else is in the frame: so whoever cuts
a table into frames, as ``mlflow.pyfunc.spark_udf`` does, may cut it anywhere.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from features.bounds import StandingBounds
from features.errors import InputError
from features.histories import Histories
from features.reading import from_log
from features.snapshot import to_day
from serving.batch.forecast_table import to_table
from serving.forecast.record import Layout
from serving.forecast.scoring import Scores, score
from serving.forecast.wording import Language
from training.forecaster import Forecaster

if TYPE_CHECKING:
    import pandas as pd

LINES: Final = "lines"
"""The column that makes a row a member's: an array of structs, or its JSON."""
_ID: Final = "customer_id"


@dataclass(frozen=True)
class Frames:
    """A model that forecasts frames.

    Parameters
    ----------
    layout : of the forecaster's rows
    bounds : that a member's standing is told by
    """

    forecaster: Forecaster
    layout: Layout
    bounds: StandingBounds

    def forecast(self, frame: pd.DataFrame, as_of: dt.date, language: Language = "en") -> pd.DataFrame:
        """The columns of serving.batch.forecast_table, with dates as text; by rows of lines, or of members.

        Raises
        ------
        InputError
            a line cannot be used; the message counts them by reason
        ColumnError, CutoffError
            see ``serving.forecast.scoring.score``
        """
        if LINES in frame.columns and not ("timestamp" in frame.columns and frame["timestamp"].notna().any()):
            return self._of_members(frame, as_of, language)
        return self._scored(self._histories(frame), as_of, language)

    def _of_members(self, frame: pd.DataFrame, as_of: dt.date, language: Language) -> pd.DataFrame:
        """A row a row: a number is missing and a text empty where there is nothing to say, as MLflow writes 'None' else."""
        import pandas as pd

        lines = pd.DataFrame([{**line, _ID: place} for place, cell in enumerate(frame[LINES]) for line in _lines(cell)])
        histories = self._histories(lines) if len(lines) else None
        # A frame whose lines all come later is no mistake of whoever asks: its members have no forecast.
        if histories is not None:
            histories = replace(histories, first_day=min(histories.first_day, to_day(as_of) - 1))
        found = self._scored(histories, as_of, language).set_index(_ID).reindex(range(len(frame))).reset_index(drop=True)
        words = {name: "" for name in found.columns if found[name].dtype == object or str(found[name].dtype) == "str"}
        found = found.fillna(words)
        found.insert(0, _ID, frame[_ID].to_numpy() if _ID in frame.columns else "")
        said: dict[str, Any] = {
            "as_of": as_of.isoformat(),
            "horizon_days": self.layout.horizon_days,
            "model_version": self.layout.model_version,
        }
        return found.assign(**said)

    def _histories(self, frame: pd.DataFrame) -> Histories:
        from features.engine import fetch
        from features.verdicts import REASONS, check

        lines = frame.dropna(axis="columns", how="all")
        checked = check(lines, time_zone=self.forecaster.settings.time_zone, whole_log=False)
        refused = Counter(fetch(checked.quarantine)["reason"].to_pylist())
        if refused:
            got = "; ".join(f"{count} with {REASONS[code]}" for code, count in refused.items())
            raise InputError("every row of a request can be used", got, "mend or leave out these rows")
        return from_log(checked, self.forecaster.columns)

    def _scored(self, histories: Histories | None, as_of: dt.date, language: Language) -> pd.DataFrame:
        import pyarrow as pa

        scores = nobody(self.layout, as_of)
        if histories is not None:
            scores = score(self.forecaster, self.layout, histories, as_of, self.bounds)
        table = to_table(scores, self.layout, language)
        fields = [field.with_type(pa.string()) if pa.types.is_date(field.type) else field for field in table.schema]
        told: pd.DataFrame = table.cast(pa.schema(fields)).to_pandas()
        return told


def nobody(layout: Layout, as_of: dt.date) -> Scores:
    """Scores without a member.

    >>> import datetime as dt
    >>> len(nobody(Layout((), (), 0.0, 28, "v"), dt.date(2020, 1, 1)))
    0
    """
    numbers, whole = np.empty(0), np.empty(0, np.int64)
    return Scores(np.empty(0, object), as_of, np.empty((0, layout.width)), numbers, numbers, whole, whole, whole)


def _lines(cell: Any) -> Iterator[Mapping[str, Any]]:
    """A member's lines: of JSON, or of an array of mappings or of Spark's rows; none where there is nothing.

    >>> list(_lines('[{"timestamp": "2020-01-01", "amount": 2.5}]')), list(_lines(None))
    ([{'timestamp': '2020-01-01', 'amount': 2.5}], [])

    Raises
    ------
    InputError
        it is neither
    """
    try:
        if isinstance(cell, str):
            cell = json.loads(cell)
        if cell is None or isinstance(cell, float):
            return
        for line in cell:
            yield line.asDict() if hasattr(line, "asDict") else dict(line)
    except (ValueError, TypeError) as error:
        got = f"one that cannot be read as that: {type(error).__name__}"
        raise InputError(f"a cell of '{LINES}' is an array of lines, or its JSON", got, "write it by to_json") from None
