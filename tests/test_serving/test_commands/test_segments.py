from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from corner_shop import write_programme

Run = Callable[..., tuple[int, str, str]]
TABLE = """\
tier    ladder stage    frequency  members  of all  spend  of all  profit  returned
Gold                                     1   25.0%    320   76.4%     123      1.5%
        advocate        medium           1   25.0%    320   76.4%     123      1.5%
Member                                   3   75.0%     99   23.6%      47      0.0%
        repeat          low              1   25.0%      4    1.0%       2      0.0%
        first purchase  low              1   25.0%     95   22.7%      45      0.0%
        prospect                         1   25.0%      0    0.0%       0
all                                      4  100.0%    419  100.0%     170      1.2%

near misses: 0 lack at most 10% of what keeps their tier on 2020-03-29, 1 of what lifts it
"""


def test_the_base_as_a_table(run: Run, tmp_path: Path) -> None:
    write_programme(tmp_path)
    code, out, err = run("segments")
    assert (code, out) == (0, TABLE)
    assert "as of 2020-03-01; spend, profit and returns over 56 days" in err


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_table_and_the_picture_as_files(run: Run, tmp_path: Path, suffix: str) -> None:
    write_programme(tmp_path)
    code, _, err = run("segments", "--out", f"segments.{suffix}", "--plot", "segments.png", "--language", "zh")
    assert code == 0
    assert f"4 segments are in segments.{suffix}" in err
    path = tmp_path / f"segments.{suffix}"
    frame = pd.read_csv(path) if suffix == "csv" else pd.read_parquet(path)
    assert frame.columns.tolist() == ["tier", "stage", "frequency_class", "members", "spend", "profit", "returned_share"]
    assert frame.stage.tolist() == ["倡导者", "重复", "首次", "潜在"]
    assert frame.members.sum() == 4
    assert (tmp_path / "segments.png").stat().st_size > 5_000


def test_an_earlier_date_counts_whom_it_knew(run: Run, tmp_path: Path) -> None:
    write_programme(tmp_path)
    _, out, _ = run("segments", "--as-of", "2020-01-15")
    assert out.splitlines()[-3].split()[:2] == ["all", "2"]


def test_without_policy_amounts_and_tables(run: Run, tmp_path: Path) -> None:
    write_programme(tmp_path)
    (tmp_path / "tiercast.yaml").unlink()
    pairs = [part for pair in ("customer_id=card", "timestamp=day") for part in ("--map", pair)]
    code, out, _ = run("segments", "--transactions", "log.csv", *pairs, "--plot", "p.png", "--out", "s.csv")
    assert code == 0
    assert out.splitlines()[0].split() == ["ladder", "stage", "frequency", "members", "of", "all"]
    assert out.splitlines()[-2:] == ["spend: not available", "profit: not available"]
    assert pd.read_csv(tmp_path / "s.csv").spend.isna().all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--out", "s.xlsx"), "a table goes to a .parquet or .csv file; got 's.xlsx'"),
        (("--plot", "s.jpg"), "a picture goes to a .png file; got 's.jpg'"),
    ],
)
def test_a_file_of_another_kind_is_refused(run: Run, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    write_programme(tmp_path)
    code, out, err = run("segments", *options)
    assert (code, out) == (2, "")
    assert said in err
