from __future__ import annotations

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
