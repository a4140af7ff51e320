"""The model as it lies in MLflow: files, code, signature, an example, and every package that it needs."""

from __future__ import annotations

import datetime as dt
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from features.policy import TierPolicy
from training.artifact import Bundle, save

_ROOT: Final = Path(__file__).resolve().parent.parent
_RUNTIME: Final = ("duckdb", "ibis-framework[duckdb]", "mlflow", "numpy", "pandas", "pyarrow", "pydantic", "pyyaml", "scipy")


def log_model(mlflow: Any, bundle: Bundle, folder: Path) -> Any:
    """Log a bundle to the active run as a pyfunc model: its files, this release's code, what to install beside it."""
    code = [str(_ROOT / name) for name in ("features", "training")]
    return mlflow.pyfunc.log_model(
        name="model",
        python_model=str(_ROOT / "training" / "pyfunc_model.py"),
        code_paths=code,
        artifacts={"bundle": str(save(bundle, folder / "bundle"))},
        signature=_signature(bundle),
        input_example=_example(bundle),
        pip_requirements=[f"{name}=={version(name.partition('[')[0])}" for name in _RUNTIME],
    )


def _signature(bundle: Bundle) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    policy = TierPolicy.from_dict(bundle.plain["policy"]) if bundle.plain["policy"] else None
    tiers = [ColSpec("double", f"p_tier_{name}") for name in (policy.tier_names if policy else ())]
    inputs = [
        ColSpec("string", "customer_id"),
        ColSpec("string", "timestamp"),
        ColSpec("double", "amount", required=bool(bundle.plain["has_amounts"])),
        ColSpec("string", "order_id", required=False),
    ]
    outputs = [ColSpec("string", "customer_id"), ColSpec("datetime", "cutoff"), ColSpec("double", "p_churn"), *tiers]
    outputs.append(ColSpec("double", "expected_spend"))
    default = bundle.plain["trained_as_of"]
    return ModelSignature(Schema(inputs), Schema(outputs), ParamSchema([ParamSpec("as_of", "string", default)]))


def _example(bundle: Bundle) -> Any:
    """Made-up lines of somebody who is forecast by default: no row of the log goes into MLflow."""
    import pandas as pd

    as_of = dt.date.fromisoformat(bundle.plain["trained_as_of"])
    return pd.DataFrame(
        {
            "customer_id": ["example"] * 3,
            "timestamp": [f"{as_of - dt.timedelta(days=days)}T11:05:00" for days in (45, 17, 1)],
            "amount": [25.5, 40.0, 18.25],
            "order_id": ["a", "b", "c"],
        }
    )
