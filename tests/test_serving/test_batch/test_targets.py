from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from features.errors import ConfigError, SourceError, TiercastError
from serving.batch.targets import target_of, targets_of

DAY = dt.date(2018, 1, 2)


@pytest.mark.parametrize(
    ("place", "kind", "shown"),
    [
        ("a/b.parquet", "ParquetTarget", "a/b.parquet"),
        ("b.csv", "CsvTarget", "b.csv"),
        ("all", "DatasetTarget", "all/as_of=2018-01-02/forecasts.parquet"),
        ("postgresql://ann@host/db?table=a.b", "PostgresTarget", "postgresql://ann@host/db?table=a.b"),
    ],
)
def test_a_text_names_a_target(place: str, kind: str, shown: str) -> None:
    target = target_of(place, DAY)
    assert (type(target).__name__, target.shown) == (kind, shown)


@pytest.mark.parametrize(
    ("place", "kind", "said"),
    [
        ("table.xlsx", ConfigError, "forecasts go to a .parquet or .csv file, a folder or a postgresql:// URL"),
        ("a-file", ConfigError, "forecasts go to a .parquet or .csv file, a folder or a postgresql:// URL"),
        ("postgresql://ann@host/db", SourceError, "names a table"),
        ("postgresql://ann:hunter2@host/db?table=t", SourceError, "a URL holds no password"),
        ("mysql://host/db?table=t", SourceError, "a URL begins with postgresql:// or spark:"),
        ("spark:local[2]?table=t", ConfigError, "a batch on this machine writes to files or PostgreSQL"),
    ],
)
def test_what_cannot_be_written_to_is_said(
    place: str, kind: type[TiercastError], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").touch()
    with pytest.raises(kind) as caught:
        target_of(place, DAY)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_place_is_named_once() -> None:
    urls = ["postgresql://ann@host/db?table=a.b", "all", "a.csv"]
    assert [target.shown for target in targets_of(urls, DAY)] == [urls[0], "all/as_of=2018-01-02/forecasts.parquet", "a.csv"]
    with pytest.raises(ConfigError, match=r"forecasts go to each place once; got a\.csv, postgresql://"):
        targets_of([*urls, "a.csv", urls[0]], DAY)
    with pytest.raises(ConfigError, match=r"got all/ more than once"):  # as it was written, without the day's own folder
        targets_of(["all", "all/"], DAY)
