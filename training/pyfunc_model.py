"""The model as MLflow serves it: transaction lines in, one forecast a member out. Loaded as code, never from a pickle."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from features.engine import fetch
from features.errors import InputError
from features.reading import from_log
from features.snapshot import parse_date
from features.verdicts import REASONS, check
from training.artifact import load, to_forecaster
from training.backtest import Origin


class TiercastModel(PythonModel):  # type: ignore[misc]
    """Lines (customer_id, timestamp, amount, order_id) → customer_id, cutoff, p_churn, p_tier_<name> ..., expected_spend."""

    def load_context(self, context: Any) -> None:
        """Read the bundle."""
        self.forecaster = to_forecaster(load(Path(context.artifacts["bundle"])))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002
        """Forecast for ``params['as_of']`` (ISO date), by default the day the model was trained for.

        Raises
        ------
        InputError
            a row cannot be used; the message counts them by reason
        CutoffError
            the date is no date, or before the first line
        """
        as_of = (params or {}).get("as_of") or self.forecaster.settings.trained_as_of.isoformat()
        lines = model_input.dropna(axis="columns", how="all")
        checked = check(lines, time_zone=self.forecaster.settings.time_zone, whole_log=False)
        refused = Counter(fetch(checked.quarantine)["reason"].to_pylist())
        if refused:
            got = "; ".join(f"{count} with {REASONS[code]}" for code, count in refused.items())
            raise InputError("every row of a request can be used", got, "mend or leave out these rows")
        cutoff = parse_date(as_of, "date")
        forecasts = self.forecaster.forecast(from_log(checked, self.forecaster.columns), cutoff)
        return Origin(cutoff, forecasts, {}, {}, None).to_pandas()


set_model(TiercastModel())
