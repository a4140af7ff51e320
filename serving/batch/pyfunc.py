"""How a model in MLflow answers: with all that a batch says of a member."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from features.bounds import StandingBounds
from features.daily import TIME
from features.schema import LABELS
from serving.batch.forecast_table import to_table
from serving.batch.frames import LINES, nobody
from serving.forecast.record import Layout
from training.artifact import Bundle, to_forecaster
from training.forecaster import Forecaster
from training.mlflow_model import Answers

if TYPE_CHECKING:
    import pandas as pd

_ROOT: Final = Path(__file__).resolve().parents[2]
_BOUNDS: Final = StandingBounds()


def answers(bundle: Bundle, bounds: StandingBounds = _BOUNDS) -> Answers:
    """What is logged beside a bundle, so that MLflow can load it and ask it.

    Parameters
    ----------
    bounds : of stages and near misses
    """
    forecaster = to_forecaster(bundle)
    example = _example(forecaster)
    return Answers(
        code=_ROOT / "serving" / "batch" / "pyfunc_model.py",
        packages=tuple(_ROOT / name for name in ("features", "training", "retention", "serving")),
        config={"standing": bounds.model_dump(mode="json")},
        signature=_signature(forecaster, Layout.of(forecaster, bundle.version), example),
        example=example,
    )


def _signature(forecaster: Forecaster, layout: Layout, example: pd.DataFrame) -> Any:
    """Of any type come in, since the check of a log says better what is wrong with a column; texts and numbers go out."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import AnyType

    as_of = forecaster.settings.trained_as_of
    inputs = [ColSpec(AnyType(), name, required=False) for name in (*example.columns, LINES)]
    answer = to_table(nobody(layout, as_of), layout, "en").schema
    outputs = [ColSpec(_kind(str(field.type)), field.name) for field in answer]
    params = [ParamSpec("as_of", "string", as_of.isoformat()), ParamSpec("language", "string", "en")]
    return ModelSignature(Schema(inputs), Schema(outputs), ParamSchema(params))


def _kind(arrow: str) -> str:
    """MLflow's word for an Arrow type; a date is told as text.

    >>> _kind("int32"), _kind("date32[day]")
    ('long', 'string')
    """
    return {"double": "double", "int32": "long", "int64": "long"}.get(arrow, "string")


def _example(forecaster: Forecaster) -> pd.DataFrame:
    """Made-up lines of somebody who is forecast by default: no row of the log goes into MLflow."""
    import pandas as pd

    as_of = forecaster.settings.trained_as_of
    lines: dict[str, Any] = {
        "customer_id": ["example"] * 3,
        "timestamp": [f"{as_of - dt.timedelta(days=days)}T11:05:00" for days in (45, 17, 1)],
        "amount": [25.5, 40.0, 18.25],
        "order_id": ["a", "b", "c"],
    }
    more = sorted(forecaster.columns - {*lines, TIME})
    return pd.DataFrame({**lines, **{name: ["a" if name in LABELS else 1.0] * 3 for name in more}})
