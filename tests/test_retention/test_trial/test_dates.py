from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from features.errors import ConflictError, CutoffError
from retention.trial.dates import check_dates


def test_no_outcome_before_its_treatment(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("on,since\n2020-01-02,2020-01-02\n2020-01-02,2020-01-03 10:00\n,2019-01-01\n")
    check_dates(path, "on", "since")
    path.write_text("on,since\n2020-01-02,2020-01-02\n2020-01-02,2020-01-01 23:59\n")
    with pytest.raises(ConflictError, match=r"from the treatment on.*1 outcome before it \(rows 2\)"):
        check_dates(path, "on", "since")
    path.write_text("on,since\nsoon,later\n")
    with pytest.raises(CutoffError):
        check_dates(path, "on", "since")


@pytest.mark.parametrize(
    ("treated", "measured", "right"),
    [
        ("2020-01-01T10:00:00+02:00", "2020-01-01T09:00:00+02:00", False),
        ("2020-01-01T23:30:00-08:00", "2020-01-02T01:00:00Z", False),
        ("2020-01-02T01:00:00+02:00", "2020-01-01T23:30:00Z", True),
        ("2020-01-01 10:00", "2020-01-01 10:00", True),
        ("2020-01-01 10:00", "2020-01-01", True),
        ("2020-01-01 10:00", "2020-01-01T09:00:00Z", True),  # no zone on one side: which came first is not known
    ],
)
def test_times_are_compared_where_both_have_one(tmp_path: Path, treated: str, measured: str, *, right: bool) -> None:
    (tmp_path / "t.csv").write_text(f"on,since\n{treated},{measured}\n")
    with nullcontext() if right else pytest.raises(ConflictError, match="1 outcome before it"):
        check_dates(tmp_path / "t.csv", "on", "since")
