from __future__ import annotations

import json

import pytest

from training.checks import Finding, to_plain, to_text, worst
from training.checks.check import STATUSES, Status

FINDINGS = [
    Finding("TC-A", "a", "ok", "All is well."),
    Finding("TC-B", "b", "warning", "3 rows are odd.", "Look at them."),
    Finding("TC-C", "c", "failed", "5 rows are wrong.", "Mend them."),
    Finding("TC-D", "d", "not applicable", "There is nothing."),
    Finding("TC-E", "e", "warning", "4 rows are odd.", "Look at them too."),
]


@pytest.mark.parametrize("status", STATUSES)
def test_the_worst_is_the_gravest(status: Status) -> None:
    below = [Finding("TC-X", "x", other, "") for other in STATUSES[: STATUSES.index(status) + 1]]
    assert worst(below) == worst(below[::-1]) == status


def test_without_findings_nothing_applies() -> None:
    assert worst([]) == "not applicable"
    assert to_text([]) == "Checks: none"


def test_text_tells_what_is_wrong_the_gravest_first() -> None:
    assert to_text(FINDINGS).splitlines() == [
        "Checks: 1 failed, 2 warnings, 1 not applicable, 1 ok",
        "  failed  TC-C  5 rows are wrong.",
        "          Mend them.",
        "  warning  TC-B  3 rows are odd.",
        "           Look at them.",
        "  warning  TC-E  4 rows are odd.",
        "           Look at them too.",
    ]


def test_a_long_finding_is_broken_at_the_width_of_a_terminal() -> None:
    text = to_text([Finding("TC-A", "a", "warning", "a feature lies far off; " * 20, "Look at what is missing. " * 20)])
    assert max(map(len, text.splitlines())) <= 138
    assert {line[:11] for line in text.splitlines()[2:]} == {" " * 11}


def test_all_are_told_if_asked() -> None:
    text = to_text(FINDINGS, all_of_them=True)
    assert all(f"{finding.code}  {finding.found}" in text for finding in FINDINGS)


def test_plain_values_are_json() -> None:
    odd = Finding(
        "TC-F", "f", "ok", "x", figures={"none": float("nan")}, table=[{"a": float("inf"), "b": "text", "c": None}]
    )
    plain = json.loads(json.dumps(to_plain([*FINDINGS, odd]), allow_nan=False))
    assert plain["worst"] == "failed"
    assert [found["code"] for found in plain["findings"]] == ["TC-A", "TC-B", "TC-C", "TC-D", "TC-E", "TC-F"]
    assert plain["findings"][-1]["figures"] == {"none": None}
    assert plain["findings"][-1]["table"] == [{"a": None, "b": "text", "c": None}]
