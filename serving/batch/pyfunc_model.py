"""The model as MLflow loads it: as code, never from a pickle. What it says is said by serving.batch.frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast, get_args

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from features.bounds import StandingBounds
from features.errors import ConfigError
from features.snapshot import parse_date
from serving.batch.frames import Frames
from serving.forecast.record import Layout
from serving.forecast.wording import Language
from training.artifact import load, to_forecaster


class TiercastModel(PythonModel):  # type: ignore[misc]
    """Lines, or members with their lines → forecasts, in the columns of the batch (serving.batch.forecast_table)."""

    def load_context(self, context: Any) -> None:
        """Read the bundle."""
        bundle = load(Path(context.artifacts["bundle"]))
        forecaster = to_forecaster(bundle)
        bounds = StandingBounds.model_validate((context.model_config or {}).get("standing", {}))
        self.frames = Frames(forecaster, Layout.of(forecaster, bundle.version), bounds)

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002
        """Forecast for ``params['as_of']`` (ISO date), by default the day the model was trained for.

        Raises
        ------
        InputError
            a row cannot be used; the message counts them by reason
        ConfigError
            there are no words in that language
        CutoffError
            the date is no date, or before the first line
        """
        asked = params or {}
        as_of = asked.get("as_of") or self.frames.forecaster.settings.trained_as_of.isoformat()
        return self.frames.forecast(model_input, parse_date(as_of, "date"), _language(asked.get("language") or "en"))


def _language(asked: str) -> Language:
    for known in get_args(Language):
        if asked == known:
            return cast("Language", known)
    raise ConfigError("reasons are told in English or Chinese", repr(asked), "say en or zh")


set_model(TiercastModel())
