from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from features.errors import ArtifactError
from serving.watch import told as module
from serving.watch.told import KEPT_DAYS, Told, place_of, prune, read_told, wipe, write_told

DAY = dt.date(2020, 2, 1)


def marks(count: int, start: int = 0) -> list[bytes]:
    return [bytes([start + k]) * 32 for k in range(count)]


def told(count: int = 4, tiers: int = 2, start: int = 0) -> Told:
    named = np.empty(count, object)
    named[:] = marks(count, start)
    numbers = np.arange(count) / 10
    return Told(named, numbers, numbers * 100, np.column_stack([numbers] * tiers) if tiers else np.empty((count, 0)))


@pytest.mark.parametrize(("count", "tiers"), [(4, 2), (4, 0), (0, 2)])
def test_what_was_forecast_comes_back(tmp_path: Path, count: int, tiers: int) -> None:
    write_told(tmp_path, "v", DAY, told(count, tiers))
    back = read_told(tmp_path, "v", DAY)
    assert back is not None
    assert back.marks.tolist() == marks(count)
    assert np.array_equal(back.p_churn, told(count).p_churn)
    assert np.array_equal(back.p_tier, told(count, tiers).p_tier)
    assert read_told(tmp_path, "v", DAY + dt.timedelta(days=1)) is None


def test_members_leave_all_runs_and_the_others_stay(tmp_path: Path) -> None:
    for k in range(2):
        write_told(tmp_path, f"v{k}", DAY, told(start=2 * k))
    found = dict(wipe(tmp_path, set(marks(3))))
    assert found == {place_of(tmp_path, "v0", DAY, ".parquet"): 3, place_of(tmp_path, "v1", DAY, ".parquet"): 1}
    left = read_told(tmp_path, "v1", DAY)
    assert left is not None
    assert left.marks.tolist() == marks(3, 3)
    assert left.p_churn.tolist() == [0.1, 0.2, 0.3]
    assert list(wipe(tmp_path, set(marks(3)))) == []
    assert sorted(path.name for path in (tmp_path / "watch" / "v0").iterdir()) == ["2020-02-01.parquet"]


def test_a_table_that_a_batch_puts_there_meanwhile_is_wiped_and_not_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_told(tmp_path, "v", DAY, told())
    read, replaced = module._read, []

    def slow(path: Path) -> object:
        table = read(path)
        if not replaced:
            replaced.append(True)
            write_told(tmp_path, "v", DAY, told(6))
        return table

    monkeypatch.setattr(module, "_read", slow)
    assert [rows for _, rows in wipe(tmp_path, set(marks(1)))] == [1]
    left = read_told(tmp_path, "v", DAY)
    assert left is not None
    assert left.marks.tolist() == marks(6)[1:]


def test_a_damaged_table_is_said_and_a_missing_folder_is_nothing(tmp_path: Path) -> None:
    assert list(wipe(tmp_path, set(marks(1)))) == []
    path = place_of(tmp_path, "v", DAY, ".parquet")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1")
    write_told(tmp_path, "w", DAY, told())
    with pytest.raises(ArtifactError, match="a table of forecasts can be read"):
        list(wipe(tmp_path, set(marks(1))))
    left = read_told(tmp_path, "w", DAY)
    assert left is not None
    assert left.marks.tolist() == marks(4)[1:]  # the one that is damaged keeps nobody in the others


def test_members_are_kept_for_a_while_only(tmp_path: Path) -> None:
    days = [DAY, DAY - dt.timedelta(days=KEPT_DAYS), DAY - dt.timedelta(days=KEPT_DAYS + 1)]
    for day in days:
        write_told(tmp_path, "v", day, told())
    (tmp_path / "watch" / "v" / "copy of 2020-02-01.parquet").touch()  # somebody's own
    prune(tmp_path, DAY)
    assert [read_told(tmp_path, "v", day) is not None for day in days] == [True, True, False]
