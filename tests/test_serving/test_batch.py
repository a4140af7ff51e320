from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from homes import SHOP_POLICY, Shop, open_shop, shop_log

from features.errors import ColumnError
from serving import batch
from serving.store import Store


def stored(path: Path, members: list[Any]) -> dict[str, bytes]:
    return {key: row.tobytes() for key, row in Store(path).get(members).items()}


@pytest.mark.parametrize("size", [1, 7, 59, 60, 61])
def test_chunk_size_does_not_change_a_number(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", size)
    told: list[int] = []
    scored = shop.score(tmp_path, advance=told.append)
    assert scored.members == shop.scored.members
    assert pq.read_table(scored.parquet).equals(pq.read_table(shop.scored.parquet))
    assert scored.csv.read_bytes() == shop.scored.csv.read_bytes()
    members = shop.histories.members.tolist()
    assert stored(scored.store, members) == stored(shop.scored.store, members)
    assert told == [min(size, 60 - start) for start in range(0, 60, size)]


@pytest.mark.parametrize("size", [1, 20_000])
@pytest.mark.parametrize("kind", ["shop", "visits_shop"])
def test_nobody_in_the_look_back(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, size: int
) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", size)
    shop: Shop = request.getfixturevalue(kind)
    scored = shop.score(tmp_path, shop.as_of + dt.timedelta(days=80))
    assert scored.members == 0
    table = pq.read_table(scored.parquet)
    assert (table.num_rows, table.schema) == (0, pq.read_schema(shop.scored.parquet))
    assert pyarrow.csv.read_csv(scored.csv).column_names == table.column_names
    assert Store(scored.store).info.members == 0


def test_a_chunk_of_silent_members_first(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 1)
    scored = shop.score(tmp_path)
    silent = set(shop.histories.members) - set(pq.read_table(scored.parquet)["customer_id"].to_pylist())
    assert shop.histories.members[0] in silent  # so that the first chunk is an empty one
    assert 0 < scored.members == 60 - len(silent)


@pytest.mark.parametrize("at", [1, 3])
def test_an_interruption_leaves_no_partial_file_and_the_old_ones(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 10)
    first = shop.score(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    calls = 0

    def interrupt(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.score(tmp_path, shop.as_of - dt.timedelta(days=20), advance=interrupt)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    again = shop.score(tmp_path, shop.as_of - dt.timedelta(days=20))
    assert set(before) == {path.name for path in tmp_path.iterdir()}
    assert again.parquet == first.parquet
    assert Store(again.store).as_of == shop.as_of - dt.timedelta(days=20)


def test_parquet_and_csv_agree(shop: Shop) -> None:
    types = {"customer_id": pa.string()}
    options = pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False)
    csv = pyarrow.csv.read_csv(shop.scored.csv, convert_options=options).to_pylist()
    parquet = pq.read_table(shop.scored.parquet).to_pylist()
    assert csv == parquet


def test_a_log_without_amounts_has_no_money_and_says_so_with_null(visits_shop: Shop) -> None:
    table = pq.read_table(visits_shop.scored.parquet)
    assert table.num_rows == visits_shop.scored.members > 0
    for name in ("expected_spend", "expected_value", "value_at_risk", "value_of"):
        assert table[name].null_count == table.num_rows
    p = table["p_churn"].to_numpy()
    assert ((p > 0) & (p < 1)).all()
    assert (table["temperature"].to_numpy() == 100.0 * (1.0 - p)).all()


def test_a_log_without_amounts_is_refused_by_a_model_trained_on_amounts(
    shop: Shop, visits_shop: Shop, tmp_path: Path
) -> None:
    place = {"layout": shop.layout, "out": tmp_path / "out", "store": tmp_path / "store.sqlite"}
    with pytest.raises(ColumnError, match="a log has amounts where its model was trained on amounts"):
        batch.score_all(visits_shop.histories, shop.forecaster, shop.as_of, **place)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_policy_on_a_log_without_amounts_has_no_tiers(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, shop_log(30, amounts=False), SHOP_POLICY)
    table = pq.read_table(shop.scored.parquet)
    for name in ("expected_spend", "tier", "p_tier_Base", "p_tier_Top", "need_Base", "need_Top"):
        assert table[name].null_count == table.num_rows > 0, name


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        (lambda i: f"{i:03d}", pa.string()),
        (lambda i: i - 5, pa.int64()),
        (lambda i: i + 0.5, pa.float64()),
        (lambda i: f"会员 {i}", pa.string()),
        (lambda i: f'a,"{i}"\nb', pa.string()),
    ],
    ids=["007", "int", "float", "zh", "quotes"],
)
def test_ids_come_back_as_they_came(shop: Shop, tmp_path: Path, ids: Any, kind: pa.DataType) -> None:
    import features

    log = shop_log(20, ids=ids)
    histories = features.from_log(features.check(log))
    scored = batch.score_all(
        histories, shop.forecaster, shop.as_of, layout=shop.layout, out=tmp_path, store=tmp_path / "store.sqlite"
    )
    column = pq.read_table(scored.parquet)["customer_id"]
    assert column.type == kind
    assert 0 < len(column) == scored.members
    assert set(column.to_pylist()) <= set(log.customer_id)
    options = pyarrow.csv.ConvertOptions(column_types={"customer_id": kind})
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    assert (
        pyarrow.csv.read_csv(scored.csv, parse_options=parse, convert_options=options)["customer_id"].to_pylist()
        == column.to_pylist()
    )
    store = Store(scored.store)
    keys = store.get(column.to_pylist())
    assert {store.member(key) for key in keys} == set(column.to_pylist())


def test_the_same_member_has_the_same_numbers_under_any_kind_of_id(shop: Shop) -> None:
    frame = pd.read_parquet(shop.scored.parquet).set_index("customer_id")
    forecasts = shop.forecaster.forecast(shop.histories.select(np.array([59])), shop.as_of, explain=True)
    row = frame.loc[forecasts.members[0]]
    assert row.p_churn == forecasts.p_churn[0]
    assert row.expected_spend == forecasts.expected_spend[0]
    assert row.expected_value == forecasts.value.expected[0]
    assert row.value_at_risk == forecasts.value.at_risk[0]
    assert row.next_purchase_days_low == forecasts.next_purchase_days[0, 0]
    assert not math.isnan(row.reason_1_contribution)


def test_reasons_in_chinese(shop: Shop, tmp_path: Path) -> None:
    scored = shop.score(tmp_path, language="zh")
    sentences = pq.read_table(scored.parquet)["reason_1_sentence"].to_pylist()
    assert all(text is None or text.endswith("。") for text in sentences)
    assert any(text for text in sentences)
