from __future__ import annotations

import dataclasses
import datetime as dt
import json
import posixpath
import re
from collections.abc import Iterator

import numpy as np
import pytest
import simulated
import strategies
import yaml
from by_example import row
from hypothesis import given
from hypothesis import strategies as st

from features.daily import DailyRow, Line
from features.feature import Feature
from features.histories import Histories, from_rows
from features.policy import TierPolicy
from training.backtest import OURS
from training.track import Child, Metric, Parameter, Picture, Record, Tag, Text, fingerprint, metric_name, records
from training.train import Trained, run_training


@dataclasses.dataclass(frozen=True)
class Finding:
    code: str
    status: str
    found: str
    fix: str
    figures: dict[str, float]

    def to_dict(self) -> dict[str, object]:
        return dataclasses.asdict(self)


FINDINGS: list[object] = [
    {"code": "too_few_churners", "status": "ok", "found": "61 of 812 rows", "fix": ""},
    Finding("miscalibrated", "failed", "an ECE of .09", "train on more cutoffs", {"ECE": 0.09}),
]
SLICES = [{"slice": "tier", "part": "Gold", "members": 41, "churn log loss": 0.41}]


@pytest.fixture(scope="module")
def found(small_trained: Trained, small: Histories) -> Iterator[list[Record]]:
    import matplotlib.pyplot as plt

    made = [
        dataclasses.replace(record, records=list(record.records)) if isinstance(record, Child) else record
        for record in records(small_trained, small, findings=FINDINGS, slices=SLICES)
    ]
    yield made
    plt.close("all")


def test_parameters_tell_what_was_trained_on_what(found: list[Record], small_trained: Trained, small: Histories) -> None:
    values = {record.name: record.value for record in found if isinstance(record, Parameter)}
    data = small_trained.fitted.data
    assert values == {
        "as_of": "2020-12-26",
        "horizon_days": 28,
        "lookback_days": 91,
        "policy": "Simulated",
        "policy_version": simulated.NET.version,
        "data_fingerprint": fingerprint(small),
        "data_first_day": "2020-01-01",
        "data_end_day": str(small.span[1]),
        "members": len(small),
        "has_amounts": "True",
        "training_rows": len(data.table),
        "training_member_share": 1.0,
        "training_cutoffs": ", ".join(map(str, data.cutoffs)),
        "feature_count": len(data.table.names),
        "held_out_cutoffs": "2020-10-31, 2020-11-28",
        **{f"rounds_{name}": rounds for name, rounds in small_trained.fitted.rounds.items()},
    }


def test_metrics_stand_beside_the_baselines(found: list[Record], small_trained: Trained) -> None:
    values = {record.name: record.value for record in found if isinstance(record, Metric)}
    for model in ("Tiercast", "base_rate", "recency_rule", "logistic_RFM"):
        assert 0 < values[f"churn/log_loss/{model}/low"] < values[f"churn/log_loss/{model}"]
        assert values[f"churn/log_loss/{model}"] < values[f"churn/log_loss/{model}/high"]
    for model in ("Tiercast", "same_tier", "Markov"):
        assert f"next_tier/log_loss/{model}" in values
    assert values["churn/ECE/Tiercast/low"] <= values["churn/ECE/Tiercast"] <= values["churn/ECE/Tiercast/high"]
    assert values["training_churn_rate"] == small_trained.fitted.data.labels.churned.mean()
    names = [record.name for record in found]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[\w\-. /]+", name) for name in names)  # what MLflow takes


def test_names_are_what_mlflow_takes() -> None:
    assert metric_name("churn", "log loss", "BG/NBD") == "churn/log_loss/BG-NBD"
    assert metric_name("churn", "lift, top 10 %", "..") == "churn/lift_top_10/_"


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_any_text_becomes_a_name_that_mlflow_takes(parts: list[str]) -> None:
    name = metric_name(*parts)
    assert re.fullmatch(r"[\w\-. /]+", name)
    assert posixpath.normpath(name) == name  # no part is empty, '.' or '..'
    assert not name.startswith(("/", ".."))


def test_an_origin_is_a_run_of_its_own_with_its_own_figures(found: list[Record], small_trained: Trained) -> None:
    children = [record for record in found if isinstance(record, Child)]
    assert [child.name for child in children] == ["origin 2020-10-31", "origin 2020-11-28"]
    for child, origin in zip(children, small_trained.origins, strict=True):
        own = list(child.records)
        values = {record.name: record.value for record in own if isinstance(record, (Parameter, Metric))}
        mine = [score for score in small_trained.scores if score.cutoff == str(origin.cutoff)]
        (auc,) = [s for s in mine if (s.target, s.metric, s.model) == ("churn", "AUC", OURS)]
        assert values["cutoff"] == str(origin.cutoff)
        assert values["members"] == len(origin.forecasts.table)
        assert values["churn/AUC/Tiercast/low"] == auc.estimate.low
        assert {record.name for record in own if isinstance(record, Picture)} == {"reliability", "lift", "tiers"}


def test_the_run_holds_the_figures_of_all_origins(found: list[Record], small_trained: Trained) -> None:
    values = {record.name: record.value for record in found if isinstance(record, Metric)}
    together = {(s.target, s.metric, s.model): s.estimate for s in small_trained.scores if s.cutoff == "all"}
    assert values["churn/AUC/Tiercast"] == together["churn", "AUC", OURS].value
    assert values["next_tier/log_loss/Markov/high"] == together["next tier", "log loss", "Markov"].high


def test_files_say_policy_features_checks_and_card(found: list[Record], small_trained: Trained) -> None:
    files = {record.name: record.content for record in found if isinstance(record, Text)}
    assert list(files) == ["policy.yaml", "features.json", "checks.json", "checks.txt", "model-card.md"]
    assert TierPolicy.from_dict(yaml.safe_load(files["policy.yaml"])) == simulated.NET
    described = [Feature.from_dict(stored) for stored in json.loads(files["features.json"])]
    assert tuple(described) == small_trained.fitted.data.table.features
    assert [row["status"] for row in json.loads(files["checks.json"])] == ["ok", "failed"]
    assert json.loads(files["checks.json"])[1]["figures"] == {"ECE": 0.09}
    assert files["checks.txt"].splitlines()[-1].split() == ["to", "mend", "it:", "train", "on", "more", "cutoffs"]
    assert "an ECE of .09" in files["model-card.md"]
    assert "| tier | Gold | 41 | 0.4100 |" in files["model-card.md"]


def test_a_failed_check_is_said_of_the_model_too(found: list[Record], small: Histories) -> None:
    tags = {record.name: record.value for record in found if isinstance(record, Tag)}
    assert json.loads(tags["tiercast.checks"]) == {"ran": 2, "failed": ["miscalibrated"]}
    assert tags["tiercast.data_fingerprint"] == fingerprint(small)


def test_pictures(found: list[Record]) -> None:
    assert [record.name for record in found if isinstance(record, Picture)] == [
        "reliability",
        "lift",
        "tiers",
        "contributions",
    ]


def test_no_record_holds_an_id(found: list[Record], small: Histories) -> None:
    every = [*found, *(record for child in found if isinstance(child, Child) for record in child.records)]
    plain = " ".join(str(record) for record in every if not isinstance(record, (Picture, Child)))
    drawn = [text.get_text() for r in every if isinstance(r, Picture) for text in r.figure.findobj(match=_is_text)]
    for member in small.members:
        assert member not in plain
        assert not any(member in text for text in drawn)


def _is_text(artist: object) -> bool:
    return hasattr(artist, "get_text")


def test_without_a_held_out_horizon_or_money_it_is_less(visits_only: Histories) -> None:
    trained = run_training(visits_only, **simulated.SPANS, as_of=simulated.FIRST + dt.timedelta(days=50))
    found = list(records(trained, visits_only))
    values = {record.name: record.value for record in found if isinstance(record, Parameter)}
    assert values["held_out_cutoffs"] == "none: the log is too short"
    assert (values["policy"], values["has_amounts"]) == ("none", "False")
    assert [record.name for record in found if isinstance(record, Metric)] == ["training_churn_rate"]
    assert [record.name for record in found if isinstance(record, Picture)] == ["contributions"]


def test_an_outcome_not_known_yet_gives_no_picture_of_it(small_trained: Trained, small: Histories) -> None:
    assert OURS in small_trained.origins[0].churn
    unseen = tuple(dataclasses.replace(origin, labels=None) for origin in small_trained.origins)
    blind = dataclasses.replace(small_trained, origins=unseen, scores=[])
    assert [r.name for r in records(blind, small) if isinstance(r, Picture)] == ["contributions"]


def test_the_fingerprint_is_of_the_rows(small_log: dict[str, list[DailyRow]], small: Histories) -> None:
    assert re.fullmatch("[0-9a-f]{16}", fingerprint(small))
    assert fingerprint(simulated.histories(dict(reversed(small_log.items())))) == fingerprint(small)


def test_the_fingerprint_sees_each_change() -> None:
    day, later = dt.date(2020, 1, 1), dt.date(2020, 1, 9)
    base: dict[str, list[DailyRow]] = {"a": [row(day, 1, 50), row(later, 0, 0, 7)], "b": [row(day, 1, 50)]}
    changed: list[dict[str, list[DailyRow]]] = [
        {"a": [row(day, 1, 51), row(later, 0, 0, 7)], "b": [row(day, 1, 50)]},
        {"a": [row(day, 2, 50), row(later, 0, 0, 7)], "b": [row(day, 1, 50)]},
        {"a": [row(day, 1, 50), row(later, 0, 0, 8)], "b": [row(day, 1, 50)]},
        {"a": [row(day, 1, 50)], "b": [row(day, 1, 50), row(later, 0, 0, 7)]},  # another's return
        {"a": [row(day, 1, 50), row(later, 0, 0, 7)], "c": [row(day, 1, 50)]},
        {"a": [row(day, 1, 50), row(later, 0, 0, 7)]},
    ]
    prints = [fingerprint(simulated.histories(log)) for log in [base, *changed]]
    free = [("a", [row(day, 1, 0)])]
    prints += [fingerprint(from_rows(free, has_amounts)) for has_amounts in (True, False)]
    noon = dt.datetime(2020, 1, 1, 12)
    lines = [Line(noon, 5.0, category="a", cost=1.0), Line(noon, 5.0, category="b", cost=2.0)]
    other = [dataclasses.replace(lines[0], category="b"), lines[1]]
    dear = [dataclasses.replace(lines[0], cost=9.0), lines[1]]
    prints += [fingerprint(strategies.full_histories({"a": own})) for own in (lines, other, dear)]
    prints.append(fingerprint(strategies.full_histories({"a": lines}, {"sent": {"a": [(day, 1, 0)]}})))
    assert len(set(prints)) == len(prints)
    assert np.unique(prints).size == 13
