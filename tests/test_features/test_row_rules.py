"""Rules about rows: patterns, what is counted, what is refused and with which words."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.engine import fetch, open_table
from features.errors import ColumnError, ConfigError
from features.quirks import Held, held
from features.row_rules import Rule, refusing
from features.usability import report
from features.verdicts import check


def rule(*matches: str, **more: Any) -> Rule:
    return Rule(**{"name": "r", "column": "code", "matches": matches, **more})


def holds(own: Rule, codes: Any) -> list[bool]:
    table = open_table(pa.table({"code": codes}))
    return fetch(table.select(holds=own.holds(table)))["holds"].to_pylist()


def by_hand(text: str, pattern: str) -> bool:
    """One pattern, in plain Python."""
    text, word = text.strip(), pattern.strip("*")
    if not text:
        return False
    if pattern.startswith("*") and pattern.endswith("*"):
        return word in text
    if pattern.startswith("*"):
        return text.endswith(word)
    return text.startswith(word) if pattern.endswith("*") else text == word


PATTERNS: list[tuple[str, list[str], list[str]]] = [  # a pattern, what matches it, and what does not
    ("POST", ["POST", " POST\t"], ["post", "POSTAGE", "XPOST", "", " "]),
    ("C*", ["C1", "C", " C1"], ["c1", "1C", ""]),
    ("*C", ["1C", "C", "1C "], ["1c", "C1", ""]),
    ("*C*", ["1C1", "C", "C1", "1C"], ["1c1", ""]),
    ("*", ["a", " a "], ["", " "]),
    ("**", ["a"], ["", "\t"]),
    ("%", ["%"], ["a", "100%"]),
    ("%*", ["%1"], ["a%", "a"]),
    ("*%*", ["100% cotton"], ["100 cotton"]),
    ("A_1", ["A_1"], ["AB1"]),
    ("A_*", ["A_1"], ["AB1"]),
    ("*.", ["a."], ["ab"]),
    ("a.c", ["a.c"], ["abc"]),
    ("[ab]*", ["[ab]1"], ["a", "b1"]),
    ("*(x)*", ["a (x) b"], ["axb"]),
    ("a\\*", ["a\\1"], ["a*", "a"]),
    ("^a$", ["^a$"], ["a"]),
    ("O'Hara*", ["O'Hara's"], ["OHara"]),
    ('"x"', ['"x"'], ["x"]),
    ("茶*", ["茶叶"], ["红茶"]),
    ("BANK CHARGES", ["BANK CHARGES"], ["BANK", "BANK  CHARGES"]),
]


def test_patterns() -> None:
    texts = sorted({text for _, yes, no in PATTERNS for text in (*yes, *no)})
    table = open_table(pa.table({"code": texts}))
    found = fetch(table.select(**{pattern: rule(pattern).holds(table) for pattern, _, _ in PATTERNS}))
    for pattern, yes, no in PATTERNS:
        matched = dict(zip(texts, found[pattern].to_pylist(), strict=True))
        assert [matched[text] for text in (*yes, *no)] == [True] * len(yes) + [False] * len(no), pattern
        assert matched == {text: by_hand(text, pattern) for text in texts}, pattern


letters = st.text(st.sampled_from("ab%_.[]\\*' "), max_size=4)


@settings(max_examples=12)
@given(
    pattern=letters.filter(lambda text: bool(text.strip(" "))).map(str.strip),
    codes=st.lists(letters, min_size=1, max_size=30),
)
def test_no_character_but_the_star_is_special(pattern: str, codes: list[str]) -> None:
    assert holds(rule(pattern), codes) == [by_hand(text, pattern) for text in codes]


def test_one_of_several_patterns_is_enough() -> None:
    assert holds(rule("POST", "D*", "*X"), ["POST", "D1", "1X", "P"]) == [True, True, True, False]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (pa.array([1, 21, None]), [True, False, False]),
        (pa.array(["1", None, " "]), [True, False, False]),
        (pa.array(["1", "2", "1"]).dictionary_encode(), [True, False, True]),
    ],
    ids=str,
)
def test_columns_of_any_kind_are_matched_as_text(codes: pa.Array, expected: list[bool]) -> None:
    assert holds(rule("1*"), codes) == expected


def test_a_column_that_is_not_there_is_said() -> None:
    with pytest.raises(ColumnError) as raised:
        holds(rule("x", name="postage", column="StockCode"), ["a"])
    assert str(raised.value) == (
        "the column of the rule 'postage' is in the source; got 'StockCode', which is not among 'code'. "
        "To mend it: change the rule."
    )


@pytest.mark.parametrize("keep", [True, False])
def test_it_is_said_when_the_log_is_checked(keep: bool) -> None:
    log = pa.table({"customer_id": [1], "timestamp": ["2017-01-01"]})
    with pytest.raises(ColumnError, match="the column of the rule 'r' is in the source"):
        report(check(log, rules=[rule("x", keep=keep)]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"matches": ()},
        {"matches": ("",)},
        {"name": ""},
        {"column": ""},
        {"name": "x" * 61},
        {"matches": ("x" * 201,)},
        {"drop": True},
    ],
    ids=str,
)
def test_a_rule_has_a_name_a_column_and_patterns(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rule("x", **wrong)


# -- verdicts ---------------------------------------------------------------------------------------------------------

LOG = pa.table(
    {
        "customer_id": ["a", "a", "b", None, "b", "b"],
        "timestamp": ["2017-01-01"] * 6,
        "amount": ["1", "-1", "2", "3", "x", "4"],
        "code": ["1", "C1", "POST", "POST", "POST", None],
    }
)
RETURNS, POSTAGE = rule("C*", name="cancellations", keep=True), rule("POST", name="postage")


def test_only_rules_that_do_not_keep_refuse() -> None:
    assert refusing([RETURNS, POSTAGE]) == [POSTAGE]
    reasons = {(): {}, (RETURNS,): {}, (POSTAGE,): {"ruled_out": 1}, (RETURNS, POSTAGE): {"ruled_out": 1}}
    for rules, ruled in reasons.items():
        found = fetch(check(LOG, rules=rules).quarantine)["reason"].to_pylist()
        assert Counter(found) == {"no_member": 1, "unparsable_amount": 1, **ruled}


def test_rules_are_counted_over_all_rows() -> None:
    checked = check(LOG, rules=[RETURNS, POSTAGE, rule("nothing", name="none")])
    assert held(checked) == [Held("cancellations", 1, True), Held("postage", 3, False), Held("none", 0, False)]
    text = report(checked).to_text().splitlines()
    assert "rule           cancellations: 1 row, kept" in text
    assert "rule           postage: 3 rows, refused" in text
    assert "refused        1 (16.67%): refused by a rule of the settings" in text


def test_without_rules_nothing_is_counted() -> None:
    assert held(check(LOG)) == []


def test_rules_may_be_of_the_contracts_own_columns() -> None:
    assert fetch(check(LOG, rules=[rule("b", column="customer_id")]).clean)["customer_id"].to_pylist() == ["a", "a"]


def test_refused_rows_are_in_the_quarantine_as_they_came() -> None:
    quarantine = fetch(check(LOG, rules=[POSTAGE]).quarantine).to_pylist()
    row = {"customer_id": "b", "timestamp": "2017-01-01", "amount": "2", "code": "POST", "reason": "ruled_out"}
    assert row in quarantine


def test_a_star_within_a_pattern_is_refused() -> None:
    assert Rule(name="r", column="c", matches=("*", "A*", "*A", "*A*", "A")).matches[3] == "*A*"
    with pytest.raises(ConfigError, match=r"a \* at its end, its beginning, or both; got 'A\*B'"):
        Rule(name="r", column="c", matches=("A", "A*B"))
