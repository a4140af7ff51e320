"""What the event log and the member table share, held on both."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from features.beside import CheckedTable, mapped
from features.errors import SourceError, UnusableLogError
from features.events import check_events
from features.members import MEMBER_CONTRACT, check_members

EVENTS = {"customer_id": ["a", None, "", "b"], "timestamp": ["2017-01-01"] * 4, "kind": ["sent"] * 4}
MEMBERS = {"customer_id": ["a", None, "", "b"], "joined": ["2017-01-01"] * 4}


@pytest.mark.parametrize("checked", [check_events(pd.DataFrame(EVENTS)), check_members(pd.DataFrame(MEMBERS))])
def test_every_row_is_usable_or_refused_for_a_reason(checked: CheckedTable) -> None:
    assert sorted(checked.usable.to_pyarrow()["tc_member"].to_pylist()) == ["a", "b"]  # an engine owes no order
    assert checked.refused == {"no_member": 2}
    assert checked.quarantine.to_pyarrow()["reason"].to_pylist() == ["no_member"] * 2
    assert checked.quarantine.columns == (*checked.columns.sources, "reason")
    assert checked.refusals("row", " of it") == ["2 rows of it: no member: customer_id is missing or blank"]


@pytest.mark.parametrize(
    ("check", "content", "option"), [(check_events, EVENTS, "--map-event"), (check_members, MEMBERS, "--map-member")]
)
def test_nothing_usable_says_what_is_wrong_and_how_to_map(check: Any, content: dict[str, list[str]], option: str) -> None:
    nobody = pd.DataFrame({**content, "customer_id": [""] * 4})
    with pytest.raises(UnusableLogError, match=rf"4 rows: no member.*\({option}\)"):
        _ = check(nobody).folded


def test_what_is_not_mapped_is_not_selected() -> None:
    row, columns = mapped(
        pd.DataFrame({"Member": ["a"], "address": ["x"], "joined": ["2017-01-01"]}),
        {"customer_id": "Member"},
        MEMBER_CONTRACT,
    )
    assert set(row.columns) == {"customer_id", "joined"}
    assert columns.sources["customer_id"] == ("Member",)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(SourceError, match="a member table has rows"):
        mapped(pd.DataFrame({"customer_id": pd.Series([], dtype=str)}), None, MEMBER_CONTRACT)
