from __future__ import annotations

import datetime as dt
import errno
import math
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from homes import SHOP_POLICY, Shop, open_shop, opened_store, shop_log

from features.bounds import StandingBounds
from features.errors import BatchError, ColumnError, ConfigError
from features.packing import unpack
from features.snapshot import to_day
from serving.batch import run as batch
from serving.batch import work
from serving.batch.file_targets import DatasetTarget
from serving.batch.forecast_rows import forecast_rows
from serving.batch.partitions import Partitions
from serving.database.engine import open_engine
from serving.database.erasure import erase, erased_marks
from serving.database.forecasts import Stored, histories, look_up
from serving.database.generations import Generation, complete
from serving.desk.erasing import erase_everywhere
from serving.forecast.members import id_of, member_key
from serving.forecast.scoring import score
from serving.privacy.pseudonyms import mark as pseudonym
from serving.settings import sqlite_url


def in_place(path: Path) -> list[Generation]:
    engine = open_engine(sqlite_url(path))
    try:
        return complete(engine)
    finally:
        engine.dispose()


def stored(path: Path, members: list[Any]) -> tuple[dict[str, Stored], dict[str, bytes]]:
    """Forecasts and histories of the newest generation."""
    engine = open_engine(sqlite_url(path))
    try:
        newest = complete(engine)[0].id
        keys = [member_key(member) for member in members]
        return look_up(engine, newest, keys), histories(engine, newest, keys)
    finally:
        engine.dispose()


@pytest.mark.parametrize("size", [1, 7, 59, 60, 61])
def test_chunk_size_does_not_change_a_number(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", size)
    told: list[int] = []
    scored = shop.score(tmp_path, advance=told.append)
    assert scored.members == shop.scored.members
    assert pq.read_table(scored.parquet).equals(pq.read_table(shop.scored.parquet))
    assert scored.csv.read_bytes() == shop.scored.csv.read_bytes()
    members = shop.histories.members.tolist()
    assert stored(tmp_path / "store.sqlite", members) == stored(shop.home.store, members)
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
    assert [generation.members for generation in in_place(tmp_path / "store.sqlite")] == [0]
    forecasts, kept = stored(tmp_path / "store.sqlite", shop.histories.members.tolist())
    assert (forecasts, len(kept)) == ({}, 60)


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
    before = {path.name: path.read_bytes() for path in tmp_path.glob("forecasts.*")}
    members = shop.histories.members.tolist()
    kept = stored(tmp_path / "store.sqlite", members)
    calls = 0

    def interrupt(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.score(tmp_path, shop.as_of - dt.timedelta(days=20), advance=interrupt)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir() if not path.name.startswith("store.sqlite")}
    assert files == before
    assert in_place(tmp_path / "store.sqlite") == [first.generation]
    assert stored(tmp_path / "store.sqlite", members) == kept
    again = shop.score(tmp_path, shop.as_of - dt.timedelta(days=20))
    assert again.parquet == first.parquet
    assert again.generation.as_of == shop.as_of - dt.timedelta(days=20)
    assert in_place(tmp_path / "store.sqlite") == [again.generation, first.generation]


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
    with opened_store(tmp_path / "store.sqlite") as store:
        place = {"out": tmp_path / "out", "store": store}
        with pytest.raises(ColumnError, match="a log has amounts where its model was trained on amounts"):
            batch.score_all(visits_shop.histories, shop.bundle, shop.as_of, **place)
        assert complete(store) == []
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


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
    with opened_store(tmp_path / "store.sqlite") as store:
        scored = batch.score_all(histories, shop.bundle, shop.as_of, out=tmp_path, store=store)
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
    found, _ = stored(tmp_path / "store.sqlite", column.to_pylist())
    assert {id_of(key, scored.generation.id_kind) for key in found} == set(column.to_pylist())
    _, kept = stored(tmp_path / "store.sqlite", histories.members.tolist())
    assert len(kept) == len(histories)


@pytest.mark.parametrize("back", [0, 20])
@pytest.mark.parametrize("kind", ["shop", "visits_shop"])
def test_forecasts_from_stored_histories_are_the_stored_ones(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, back: int
) -> None:
    shop: Shop = request.getfixturevalue(kind)
    as_of = shop.as_of - dt.timedelta(days=back)
    scored = shop.score(tmp_path, as_of)
    found, kept = stored(tmp_path / "store.sqlite", shop.histories.members.tolist())
    again = unpack(list(kept.items()), scored.generation.log)
    assert again.end_day == to_day(as_of)
    assert (again.visits.day < to_day(as_of)).all()
    scores = score(shop.forecaster, shop.layout, again, as_of)
    assert {row.member: row.body for row in forecast_rows(scores)} == {key: one.body for key, one in found.items()}
    alone = [
        forecast_rows(score(shop.forecaster, shop.layout, unpack([one], scored.generation.log), as_of))
        for one in kept.items()
    ]
    assert {row.member: row.body for rows in alone for row in rows} == {key: one.body for key, one in found.items()}


def test_the_rows_say_what_the_table_says(shop: Shop, visits_shop: Shop) -> None:
    for one in (shop, visits_shop):
        frame = pd.read_parquet(one.scored.parquet).set_index("customer_id")
        rows = forecast_rows(score(one.forecaster, one.layout, one.histories, one.as_of))
        assert [row.member for row in rows] == [member_key(member) for member in frame.index]
        assert [row.temperature for row in rows] == frame.temperature.tolist()
        values = [math.nan if row.value_at_risk is None else row.value_at_risk for row in rows]
        np.testing.assert_array_equal(values, frame.value_at_risk.astype(float))
        tiers = [None if row.tier is None else one.layout.tier_names[row.tier] for row in rows]
        assert tiers == (frame.tier.tolist() if "tier" in frame else [None] * len(frame))
        assert {(row.as_of, row.stale, len(row.body)) for row in rows} == {(to_day(one.as_of), False, 8 * one.layout.width)}


def mark(key: str) -> bytes:
    return key.encode()[::-1]


def test_who_was_erased_is_left_out_and_counted(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 20)
    whole = shop.score(tmp_path, mark=mark)
    gone = pq.read_table(whole.parquet)["customer_id"].to_pylist()[0]
    with opened_store(tmp_path / "store.sqlite") as store:
        erase(store, gone, mark(gone))
    scored = shop.score(tmp_path, mark=mark)
    assert (whole.erased, scored.erased, scored.members) == (0, 1, whole.members - 1)
    assert gone not in pq.read_table(scored.parquet)["customer_id"].to_pylist()
    assert stored(tmp_path / "store.sqlite", [gone]) == ({}, {})
    _, kept = stored(tmp_path / "store.sqlite", shop.histories.members.tolist())
    assert len(kept) == 59
    with opened_store(tmp_path / "store.sqlite") as elsewhere:  # a trial asks the store that was told
        trial = shop.score(tmp_path / "trial", mark=mark, erasures=elsewhere)
    assert (trial.members, trial.erased) == (scored.members, 1)


@pytest.mark.parametrize("which", [0, -1])  # of a part that is in the store already, and of one that is not
def test_who_is_erased_meanwhile_is_in_no_generation_and_not_counted(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 20)
    gone = pq.read_table(shop.scored.parquet)["customer_id"].to_pylist()[which]
    with opened_store(tmp_path / "store.sqlite") as store:
        scored = shop.score(
            tmp_path, mark=mark, advance=lambda _: None if erased_marks(store) else erase(store, gone, mark(gone))
        )
    left = pq.read_table(scored.parquet)
    assert (scored.members, scored.erased) == (shop.scored.members - 1, 1) == (len(left), 1)
    assert scored.generation.members == scored.members
    assert scored.tiers == Counter(left["tier"].to_pylist())
    assert stored(tmp_path / "store.sqlite", [gone]) == ({}, {})


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


def tables(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("forecasts.*"))}


def broken_off(shop: Shop, out: Path, after: int, error: type[BaseException] = KeyboardInterrupt, **options: Any) -> None:
    calls: list[int] = []

    def interrupt(_: int) -> None:
        calls.append(0)
        if len(calls) == after:
            raise error

    with pytest.raises(error):
        shop.score(out, advance=interrupt, keep=True, **options)


@pytest.mark.parametrize("after", [1, 3, 6])
def test_a_batch_that_was_broken_off_goes_on_and_gives_the_same_bytes(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 10)
    whole = shop.score(tmp_path / "whole", targets=[DatasetTarget(tmp_path / "whole" / "all", shop.as_of)])
    out = tmp_path / "out"
    broken_off(shop, out, after, targets=[DatasetTarget(out / "all", shop.as_of)])
    assert tables(out) == {}
    scored = shop.score(out, resume=True, keep=True, targets=[DatasetTarget(out / "all", shop.as_of)])
    assert (scored.resumed, scored.parts) == (after, 6)
    assert tables(out) == tables(tmp_path / "whole")
    assert len(tables(out)) == 3
    members = shop.histories.members.tolist()
    assert stored(out / "store.sqlite", members) == stored(tmp_path / "whole" / "store.sqlite", members)
    assert (scored.members, scored.tiers, scored.log) == (whole.members, whole.tiers, whole.log)
    with opened_store(out / "store.sqlite") as store:
        assert [one.id for one in complete(store)] == [scored.generation.id]
        with store.connect() as connection:  # what the first was filling is gone
            assert connection.exec_driver_sql("SELECT count(*) FROM generation").scalar() == 1
    assert not (out / ".scoring").exists()


def test_without_resume_a_batch_begins_anew(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 10)
    broken_off(shop, tmp_path, 3)
    assert shop.score(tmp_path).resumed == 0
    assert shop.score(tmp_path, resume=True).resumed == 0  # nothing was left


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"language": "zh"}, "language zh, where it was en"),
        ({"as_of": -1}, "as_of 2020-08-27, where it was 2020-08-28"),
        ({"bounds": StandingBounds(period_days=30)}, "bounds "),
    ],
)
def test_a_batch_of_something_else_is_not_taken_up(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], said: str
) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 10)
    broken_off(shop, tmp_path, 3)
    options = dict(change)
    as_of = shop.as_of + dt.timedelta(days=options.pop("as_of", 0))
    with pytest.raises(ConfigError, match="a batch is taken up again as it was begun") as caught:
        shop.score(tmp_path, as_of, resume=True, keep=True, **options)
    assert said in str(caught.value)
    assert shop.score(tmp_path, resume=True).resumed == 3  # it can still be


def test_a_batch_of_another_release_is_not_taken_up(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its numbers may differ from those of the parts that are finished."""
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 10)
    with monkeypatch.context() as before:
        before.setattr(work, "release", lambda: {"Tiercast": "0.0.9 (0a1b2c3d)", "numpy": "1.26.4"})
        broken_off(shop, tmp_path, 3)
    with pytest.raises(ConfigError, match=r"Tiercast .*, where it was 0\.0\.9 \(0a1b2c3d\); numpy .* without --resume"):
        shop.score(tmp_path, resume=True)
    assert shop.score(tmp_path).resumed == 0


def test_a_batch_of_another_log_is_not_taken_up(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 10)
    broken_off(shop, tmp_path, 3)
    fewer = replace(shop, histories=shop.histories.range(1, 60))
    with pytest.raises(ConfigError, match=r"log .*, where it was"):
        fewer.score(tmp_path, resume=True)


def test_who_is_erased_between_two_runs_is_in_no_table(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 10)
    gone = pq.read_table(shop.scored.parquet)["customer_id"].to_pylist()[0]
    broken_off(shop, tmp_path, 3, mark=mark)
    with opened_store(tmp_path / "store.sqlite") as store:
        erase(store, gone, mark(gone))
    scored = shop.score(tmp_path, resume=True, mark=mark)
    assert (scored.resumed, scored.erased, scored.members) == (3, 1, shop.scored.members - 1)
    assert gone not in pq.read_table(scored.parquet)["customer_id"].to_pylist()
    assert stored(tmp_path / "store.sqlite", [gone]) == ({}, {})


def test_who_is_erased_while_a_batch_is_at_work_that_is_then_killed_is_not_left_in_its_parts(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 20)
    table = pq.read_table(shop.scored.parquet)["customer_id"].to_pylist()
    first, last = table[0], table[-1]  # of a part that is finished, and of one that follows
    secret, told = b"s" * 32, list[int]()
    with opened_store(tmp_path / "store.sqlite") as store:

        def forget(_: int) -> None:
            told.append(0)
            if len(told) == 1:
                erase_everywhere(store, tmp_path, [first, last], secret)
            if len(told) == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            shop.score(tmp_path, advance=forget, keep=True, mark=partial(pseudonym, secret))
        kept = Partitions(tmp_path / ".scoring")
        found = [kept.load(number) for number in range(3)]
        assert [len(part.histories) for part in found] == [19, 20, 19]
        assert not {first, last} & {key for part in found for key, _ in part.histories}
        scored = shop.score(tmp_path, resume=True, mark=partial(pseudonym, secret))
    assert (scored.resumed, scored.members, scored.erased) == (3, shop.scored.members - 2, 2)
    assert not {first, last} & set(pq.read_table(scored.parquet)["customer_id"].to_pylist())


@pytest.mark.parametrize("moment", ["close", "commit"])
def test_who_is_erased_at_the_last_moment_is_in_no_table(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    gone = pq.read_table(shop.scored.parquet)["customer_id"].to_pylist()[0]
    all_dates = DatasetTarget(tmp_path / "all", shop.as_of)
    with opened_store(tmp_path / "store.sqlite") as store:

        def erasing() -> None:
            erase(store, gone, mark(gone))  # after the batch has looked for the last time
            getattr(DatasetTarget, moment)(all_dates)

        monkeypatch.setattr(all_dates, moment, erasing)
        scored = batch.score_all(
            shop.histories, shop.bundle, shop.as_of, out=tmp_path, store=store, mark=mark, targets=[all_dates]
        )
    for path in (scored.parquet, tmp_path / "all"):
        assert len(pq.read_table(path)) == shop.scored.members - 1
    assert pyarrow.csv.read_csv(scored.csv).num_rows == shop.scored.members - 1
    assert stored(tmp_path / "store.sqlite", [gone]) == ({}, {})


def test_some_members_after_others_give_the_same_bytes(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "CHUNK_MEMBERS", 10)
    for name, log in (("whole", shop.histories), ("parts", [shop.histories.range(0, 40), shop.histories.range(40, 60)])):
        with opened_store(tmp_path / name / "store.sqlite") as store:
            scored = batch.score_all(log, shop.bundle, shop.as_of, out=tmp_path / name, store=store)
            assert (scored.members, scored.parts, scored.erased) == (shop.scored.members, 6, 0)
    assert tables(tmp_path / "whole") == tables(tmp_path / "parts")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_and_nothing_is_half_written(shop: Shop, tmp_path: Path, number: int) -> None:
    first = shop.score(tmp_path)
    before = tables(tmp_path)

    class Full(DatasetTarget):
        def close(self) -> None:
            raise OSError(number, "full")

    with pytest.raises(BatchError, match="a disk has room for the forecasts"):
        shop.score(tmp_path, language="zh", targets=[Full(tmp_path / "all", shop.as_of)])
    assert tables(tmp_path) == before
    assert in_place(tmp_path / "store.sqlite") == [first.generation]
    assert [path.name for path in (tmp_path / "all").rglob("*") if path.is_file()] == []
