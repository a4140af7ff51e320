"""What is imported, from where, and how much of it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import features

ROOT = Path(__file__).parents[1]
HEAVY = {
    "ibis",
    "duckdb",
    "pandas",
    "pyarrow",
    "numba",
    "lightgbm",
    "sklearn",
    "mlflow",
    "bentoml",
    "shap",
    "matplotlib",
    "optuna",
    "pyspark",
    "psycopg",
    "scipy.optimize",
    "scipy.stats",
}


@pytest.mark.parametrize("package", ["features", "training", "retention", "serving"])
def test_packages_come_from_this_repository(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert [Path(place).resolve() for place in spec.submodule_search_locations or []] == [ROOT / package]


def test_public_names() -> None:
    assert features.__all__ == [
        *("Feature", "FeatureTable", "Histories", "Layout", "Phrase", "TierPolicy"),
        *("TiercastError", "Unit", "UsabilityReport"),
        *("available", "build", "check", "chosen_by_default", "from_log", "registered", "report"),
    ]
    assert [getattr(features, name).__name__ for name in features.__all__] == features.__all__


def test_a_name_that_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'features' has no attribute 'score'"):
        features.score  # noqa: B018


@pytest.mark.parametrize(
    "imported",
    [
        "import features",
        "from features import FeatureTable, Histories, TierPolicy, TiercastError, build, registered",
        "from features import check, from_log, report",
        "from features.daily import fold; from features.histories import from_rows",
        "from features import events, members, membership, segmentation, standing",
        "from serving.commands import describe, segments; from serving.describing import description_text, segments_text",
        "from training import config, learning, promotion, recipe, tuning",
        "from training import mlflow_adapter, promotion_log, registry, tuning_log",
        "from training.checks import gather, run_checks",
        "from training import horizon, horizon_plot, margin, next_purchase, segment_plot, worth",
        "from training import churn, forecaster, gamma_gamma, linear, process, process_fitting, season, terms",
        "from serving import predictor; from serving.forecast import record; from serving.http import routes",
        "from serving.http import access, gate, headers, protection, rate_limit, request_log",
        "from serving.commands import forget, keys; from serving.desk import erasing",
        "from serving.privacy import keys, pseudonyms, wiping",
        "from serving.commands import effect; from retention.effect import campaign, learned, measured, planning, plot",
        "from retention.trial import dates, reading, table; from serving.describing import effect_text",
        "from serving.commands import plan; from retention.plan import assignment, plan, plan_plot, ranking, solver",
        "from retention.uplift import encoding, forest, gains, given, held_out, learnt, measured, members, moved, policies",
        "from retention.uplift import qini, qini_plot, randomised, scores, told; from serving.commands import uplift",
        "from serving.commands import watch; from serving.watch import judging, recording, references, wording",
        "from serving.database import erasure, forecasts, generations, lines, pruning, schema",
        "from serving.batch import frames, pyfunc, shipped, spark_run, spark_targets, spark_worker",
    ],
)
def test_nothing_heavy_is_imported_before_it_is_used(imported: str) -> None:
    code = f"import sys; {imported}; print(*sorted({HEAVY} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stdout.split() == []
