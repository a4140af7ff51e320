"""The champion, as MLflow gives it to whoever asks the registry for it: what the batch says, to the bit."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from homes import Shop
from pandas.testing import assert_frame_equal

from features.bounds import StandingBounds
from features.errors import ConfigError
from serving.batch.pyfunc import answers
from training.mlflow_adapter import log_training
from training.mlflow_session import connected
from training.registry import MODEL

BOUNDS = StandingBounds(period_days=30, loyal_periods=2)


@pytest.fixture(scope="module")
def champion(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("registry")
    place = {"tracking_uri": f"sqlite:///{folder}/mlflow.db", "artifacts": folder / "artifacts"}
    log_training([], shop.bundle, lambda bundle: answers(bundle, BOUNDS), **place)  # type: ignore[arg-type]
    before = list(sys.path)  # loading puts the model's code in front
    with connected(str(place["tracking_uri"])) as mlflow:
        yield mlflow.pyfunc.load_model(f"models:/{MODEL}@champion")
    sys.path[:] = before


@pytest.fixture(scope="module")
def batch(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    place: Path = tmp_path_factory.mktemp("batch")
    frame = pd.read_parquet(shop.score(place, bounds=BOUNDS).parquet)
    for name in ("as_of", "near_miss_keep_by", "near_miss_reach_by"):
        frame[name] = [None if pd.isna(day) else day.isoformat() for day in frame[name]]
    return frame


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert list(found.columns) == list(expected.columns)
    assert_frame_equal(found.reset_index(drop=True), expected.reset_index(drop=True), check_exact=True, check_dtype=False)


def test_transactions_give_what_the_batch_says(champion: Any, shop: Shop, batch: pd.DataFrame) -> None:
    assert len(batch) > 20
    same(champion.predict(shop.log.sample(frac=1.0, random_state=1)), batch)


def test_times_need_not_be_text(champion: Any, shop: Shop, batch: pd.DataFrame) -> None:
    same(champion.predict(shop.log.assign(timestamp=pd.to_datetime(shop.log.timestamp))), batch)


def test_members_with_their_lines_give_a_row_each(champion: Any, shop: Shop, batch: pd.DataFrame) -> None:
    columns = ["timestamp", "amount"]
    rows = [(member, own[columns].to_dict("records")) for member, own in shop.log.groupby("customer_id")]
    members = pd.DataFrame([*rows, ("nobody", []), ("unheard of", None)], columns=["customer_id", "lines"])
    found = champion.predict(members.sample(frac=1.0, random_state=2))
    assert sorted(found.customer_id) == sorted(members.customer_id)
    said = found[found.p_churn.notna()].sort_values("customer_id")
    same(said, batch.fillna(dict.fromkeys(batch.select_dtypes(["object", "str"]).columns, "")))
    silent = found[found.p_churn.isna()]
    assert {"nobody", "unheard of"} < {*silent.customer_id}
    assert set(silent.as_of) == set(batch.as_of)
    assert set(silent.tier) == {""}
    cut = [members.iloc[:1], members.iloc[1:7], members.iloc[7:-2], members.iloc[-2:].assign(lines="[]")]
    whole = champion.predict(members)
    same(pd.concat([champion.predict(part) for part in cut]), whole)
    same(champion.predict(members.assign(lines=[json.dumps(lines or []) for lines in members.lines])), whole)


def test_a_later_day_and_another_language(champion: Any, shop: Shop, batch: pd.DataFrame) -> None:
    found = champion.predict(shop.log, params={"as_of": "2020-09-10", "language": "zh"})
    assert set(found.as_of) == {"2020-09-10"}
    assert found.p_churn.tolist() != batch.p_churn.tolist()
    assert found.reason_1_sentence[0] != batch.reason_1_sentence[0]


def test_the_signature_is_that_of_the_answers(champion: Any, shop: Shop, batch: pd.DataFrame) -> None:
    outputs = champion.metadata.get_output_schema()
    assert outputs.input_names() == list(batch.columns)
    assert {kind.name for kind in outputs.input_types()} == {"string", "double", "long"}
    assert champion.metadata.get_input_schema().input_names() == ["customer_id", "timestamp", "amount", "order_id", "lines"]


def test_a_language_without_words_is_refused(champion: Any, shop: Shop) -> None:
    with pytest.raises(ConfigError, match="reasons are told in English or Chinese; got 'fr'"):
        champion.predict(shop.log.head(), params={"language": "fr"})
