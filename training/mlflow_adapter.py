"""The one place that writes to MLflow and reads its registry. Telemetry is off."""

from __future__ import annotations

import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from features.errors import ArtifactError, NoModelError, TrackingError
from features.policy import TierPolicy
from training.artifact import VERSION, Bundle, load, save
from training.track import Metric, Parameter, Record

EXPERIMENT: Final = "tiercast"
MODEL: Final = "tiercast"
VERSION_TAG: Final = "tiercast.version"
_ROOT: Final = Path(__file__).resolve().parent.parent
_SQLITE: Final = "sqlite:///"
_ABSENT: Final = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
_RUNTIME: Final = ("duckdb", "ibis-framework", "mlflow", "numpy", "pandas", "pyarrow", "pydantic", "pyyaml")


def log_training(records: Iterable[Record], bundle: Bundle, *, tracking_uri: str, artifacts: Path, alias: str) -> str:
    """Write a run, register its model and point an alias at it.

    Parameters
    ----------
    records : what the run is remembered by
    artifacts : folder for files, used when the experiment is new

    Returns
    -------
    str
        the run's id
    """
    with _mlflow(tracking_uri) as mlflow:
        client = mlflow.MlflowClient()
        experiment = client.get_experiment_by_name(EXPERIMENT)
        place = artifacts.absolute().as_uri() if tracking_uri.startswith("sqlite") else None
        identity = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT, artifact_location=place)
        with mlflow.start_run(experiment_id=identity, run_name=bundle.version) as run:
            for record in records:
                _write(mlflow, record)
            with tempfile.TemporaryDirectory() as folder:
                model = _log_model(mlflow, bundle, Path(folder))
        with redirect_stderr(io.StringIO()):  # it talks
            registered = mlflow.register_model(model.model_uri, MODEL, tags={VERSION_TAG: bundle.version})
        client.set_registered_model_alias(MODEL, alias, registered.version)
        return str(run.info.run_id)


def fetch(alias: str, *, tracking_uri: str, models: Path) -> str:
    """Bring the model that an alias points at into the folder of models, if it is not there yet.

    Returns
    -------
    str
        its version, the name of its folder

    Raises
    ------
    NoModelError
        the alias points at nothing
    """
    absent = NoModelError(
        f"a registered model has the alias {alias!r}",
        "none in " + tracking_uri.rsplit("@", 1)[-1],
        "train one with 'tiercast train'",
    )
    if tracking_uri.startswith(_SQLITE) and not Path(tracking_uri.removeprefix(_SQLITE)).is_file():
        raise absent  # asking MLflow would make the file
    with _mlflow(tracking_uri) as mlflow:
        client = mlflow.MlflowClient()
        try:
            found = client.get_model_version_by_alias(MODEL, alias)
        except mlflow.exceptions.MlflowException as error:
            if error.error_code not in _ABSENT:
                raise
            raise absent from error
        name = str(found.tags.get(VERSION_TAG))
        if not VERSION.fullmatch(name):
            raise ArtifactError(
                f"a registered model carries its version in the tag {VERSION_TAG!r}",
                repr(name),
                "register it by 'tiercast train'",
            )
        if not (models / name).is_dir():
            with tempfile.TemporaryDirectory() as folder:
                path = mlflow.artifacts.download_artifacts(f"models:/{MODEL}@{alias}", dst_path=folder)
                (bundle,) = Path(path).glob("**/forecaster.json")
                save(load(bundle.parent), models / name)
        return name


def _write(mlflow: Any, record: Record) -> None:
    if isinstance(record, Parameter):
        mlflow.log_param(record.name, record.value)
    elif isinstance(record, Metric):
        mlflow.log_metric(record.name, record.value)
    else:
        mlflow.log_figure(record.figure, f"plots/{record.name}.png")
        import matplotlib.pyplot as plt

        plt.close(record.figure)


def _log_model(mlflow: Any, bundle: Bundle, folder: Path) -> Any:
    code = [str(_ROOT / name) for name in ("features", "training")]
    return mlflow.pyfunc.log_model(
        name="model",
        python_model=str(_ROOT / "training" / "pyfunc_model.py"),
        code_paths=code,
        artifacts={"bundle": str(save(bundle, folder / "bundle"))},
        signature=_signature(bundle),
        input_example=_example(),
        pip_requirements=[f"{name}=={version(name)}" for name in _RUNTIME],
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


def _example() -> Any:
    """Made-up lines: no row of the log goes into MLflow."""
    import pandas as pd

    return pd.DataFrame(
        {
            "customer_id": ["example"] * 3,
            "timestamp": ["2017-12-02T10:00:00", "2017-12-16T17:20:00", "2017-12-23T11:05:00"],
            "amount": [25.5, 40.0, 18.25],
            "order_id": ["a", "b", "c"],
        }
    )


@contextmanager
def _mlflow(tracking_uri: str) -> Iterator[Any]:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # by default it tries for many minutes
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    environment = {name: os.environ.get(name) for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")}
    with warnings.catch_warnings():
        # MLflow 3.17 with SQLAlchemy 2.1 and pandas 3: its own affairs, none of which the caller can mend.
        warnings.simplefilter("ignore")
        import mlflow
        import mlflow.pyfunc

        # Its notes on table migrations and requirements are not for whoever trains a model.
        logging.getLogger("mlflow").setLevel(logging.ERROR)

        before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
        mlflow.set_tracking_uri(tracking_uri)
        mlflow.set_registry_uri(tracking_uri)
        try:
            yield mlflow
        except mlflow.exceptions.MlflowException as error:
            place = tracking_uri.rsplit("@", 1)[-1]  # without a password
            got = f"{place}: {' '.join(error.message.split())[:200]}"
            raise TrackingError("MLflow's store can be used", got, "check MLFLOW_TRACKING_URI and the store") from error
        finally:
            mlflow.set_tracking_uri(before[0])
            mlflow.set_registry_uri(before[1])
            # Setting a URI also writes it to the environment, where the next reader would take it for the user's word.
            for name, value in environment.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})
