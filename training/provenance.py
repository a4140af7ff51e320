"""Where a registered model came from: its run, the data it saw, and what it was worth on days held out.

``tiercast score`` asks MLflow once and stores it beside the model, so that a service can say it without MLflow.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from training.mlflow_session import connected
from training.registry import MODEL, VERSION_TAG

FIGURES: Final = {
    "churn_auc": ("churn", "AUC"),
    "churn_log_loss": ("churn", "log loss"),
    "churn_ece": ("churn", "ECE"),
    "next_tier_log_loss": ("next tier", "log loss"),
}
"""What is kept of a run's figures: name → target and metric, as training.scoreboard names them."""
_TEXTS: Final = ("data_first_day", "data_end_day", "data_fingerprint")
_COUNTS: Final = ("members", "training_rows")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


class Figure(NamedTuple):
    """A figure with the ends of its 95 % interval over members; None where it has none."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Provenance:
    """Facts of the run that trained a model; all None and empty where no registry knows it.

    ``data`` holds the run's ``data_first_day``, ``data_end_day`` (exclusive), ``data_fingerprint``, ``members`` and
    ``training_rows``; ``held_out`` the dates that the figures are of; ``failed_checks`` the codes of checks of the training,
    None where none ran.
    """

    run_id: str | None = None
    number: str | None = None
    data: Mapping[str, str | int] = field(default_factory=lambda: MappingProxyType({}))
    figures: Mapping[str, Figure] = field(default_factory=lambda: MappingProxyType({}))
    held_out: tuple[str, ...] = ()
    failed_checks: tuple[str, ...] | None = None

    def to_json(self) -> str:
        """Plain text, to be stored.

        >>> Provenance.from_json(Provenance(run_id="4f").to_json()).run_id
        '4f'
        """
        plain = vars(self) | {"data": dict(self.data), "figures": dict(self.figures)}
        return json.dumps(plain, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | None) -> Provenance:
        """Back from ``to_json``; of None, where nothing was stored, nothing."""
        if not text:
            return cls()
        plain = json.loads(text)
        checks = plain["failed_checks"]
        return cls(
            plain["run_id"],
            plain["number"],
            MappingProxyType(plain["data"]),
            MappingProxyType({name: Figure(*figure) for name, figure in plain["figures"].items()}),
            tuple(plain["held_out"]),
            None if checks is None else tuple(checks),
        )


def provenance(version: str, *, tracking_uri: str) -> Provenance:
    """What MLflow knows of a model: of the version registered last under its name.

    Raises
    ------
    TrackingError
    """
    from training.track import CHECKS_TAG

    with connected(tracking_uri) as mlflow:
        client = mlflow.MlflowClient()
        found = client.search_model_versions(f"name = '{MODEL}' and tag.`{VERSION_TAG}` = '{version}'")
        if not found:
            return Provenance()
        last = max(found, key=lambda one: int(one.version))
        number, run_id = str(last.version), last.run_id
        checks = json.loads(last.tags.get(CHECKS_TAG, "{}"))
        failed = tuple(checks["failed"]) if checks.get("ran") else None
        if not run_id:
            return Provenance(None, number, failed_checks=failed)
        run = client.get_run(run_id)
        params = run.data.params
        held_out = tuple(_DATE.findall(params.get("held_out_cutoffs", "")))
        return Provenance(str(run_id), number, _data(params), _figures(run.data.metrics), held_out, failed)


def _data(params: Mapping[str, str]) -> dict[str, str | int]:
    texts: dict[str, str | int] = {name: params[name] for name in _TEXTS if name in params}
    return texts | {name: int(params[name]) for name in _COUNTS if params.get(name, "").isdigit()}


def _figures(metrics: Mapping[str, float]) -> dict[str, Figure]:
    from training.backtest import OURS
    from training.track import metric_name

    found: dict[str, Any] = {}
    for name, (target, metric) in FIGURES.items():
        place = metric_name(target, metric, OURS)
        value, low, high = (metrics.get(place + end) for end in ("", "/low", "/high"))
        if value is not None and math.isfinite(value):
            found[name] = Figure(value, low, high)
    return found
