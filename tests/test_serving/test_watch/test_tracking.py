from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

from homes import Demo
from made_runs import CALM, REFERENCE, RUN, skewed

from features.snapshot import to_day
from serving.watch.runs import Run
from serving.watch.tracking import figures, log_watch
from serving.watch.verdicts import Seen, look
from training.watching import Thresholds


def seen(*runs: Run) -> list[Seen]:
    return look(runs, {"v": REFERENCE}, Thresholds())


def test_only_what_is_new_is_logged() -> None:
    (first,) = seen(skewed("a"))
    names = dict(figures(first))
    assert (names["members"], names["alerts"], names["mean/p_churn"]) == (1_000.0, 1.0, 0.2)
    assert names["moved_by_its_limit/a"] > 1 > names["moved_by_its_limit/b"] == 0.0
    assert not [name for name in names if name.startswith("judged")]
    (later,) = seen(replace(CALM, logged=("scored",)))
    assert {name for name, _ in figures(later)} == {
        "judged/alerts",
        *(f"judged/{what}{end}" for what in ("AUC", "mean_p_-_left", "left") for end in ("", "/low", "/high")),
    }
    (done,) = seen(replace(CALM, logged=("scored", "judged")))
    assert list(figures(done)) == []


def test_a_model_has_one_mlflow_run_and_its_figures_are_curves_over_days(demo: Demo, tmp_path: Path) -> None:
    uri = f"sqlite:///{shutil.copy(demo.place / 'mlflow.db', tmp_path)}"
    broken = replace(RUN, means={"p_churn": 0.2, "expected_spend": math.nan})
    (kept,) = log_watch(seen(broken), tracking_uri=uri, artifacts=tmp_path / "files")
    assert kept == replace(broken, logged=("scored",))
    later = replace(CALM, as_of=kept.due)
    after = log_watch(seen(kept, later), tracking_uri=uri, artifacts=tmp_path / "files")
    assert after == [replace(later, logged=("scored", "judged"))]
    assert log_watch(seen(kept, *after), tracking_uri=uri, artifacts=tmp_path / "files") == []
    from training.mlflow_session import connected

    with connected(uri) as mlflow:
        client = mlflow.MlflowClient()
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        runs = client.search_runs(experiments, "tags.`tiercast.kind` = 'watch'")
        assert [(run.info.run_name, run.data.tags["tiercast.version"]) for run in runs] == [("watch v", "v")]
        curve = client.get_metric_history(runs[0].info.run_id, "mean/p_churn")
        assert [(point.step, point.value) for point in curve] == [(to_day(kept.as_of), 0.2), (to_day(later.as_of), 0.2)]
        assert "mean/expected_spend" not in runs[0].data.metrics
        assert runs[0].data.metrics["judged/AUC/high"] == 0.88
