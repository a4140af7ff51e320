from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from features.no_purchases import no_purchases
from features.row_rules import Rule
from features.usability import report
from features.verdicts import check
from training.config import load_config


def log(**columns: list[Any]) -> pa.Table:
    size = len(next(iter(columns.values())))
    return pa.table({"customer_id": [1] * size, "timestamp": ["2017-01-01"] * size, **columns})


@pytest.mark.parametrize(
    ("name", "kinds", "matches"),
    [
        ("event_type", ["view", "cart", "purchase", None], '["cart", "view"]'),
        ("order status", ["delivered", "Canceled ", "delivered", "shipped"], '["Canceled"]'),
        ("状态", ["已付款", "已取消", "已付款", "已付款"], '["已取消"]'),
    ],
)
def test_the_rule_that_is_told_can_be_written_so(tmp_path: Any, name: str, kinds: list[str | None], matches: str) -> None:
    table = log(**{name: kinds})
    (said,) = no_purchases(check(table))
    assert f"matches: {matches}, keep: false" in said
    assert said in report(check(table)).hints
    written = said.removeprefix("write ").removesuffix(", or rows that say so are purchases")
    (tmp_path / "tiercast.yaml").write_text(written)
    rules = load_config(tmp_path / "tiercast.yaml", {}).rules
    checked = check(table, rules=rules)
    assert no_purchases(checked) == []
    assert report(checked).refused == {"ruled_out": matches.count(",") + 1}


def test_who_has_a_rule_about_a_column_is_not_told_again() -> None:
    rule = Rule(name="carts", column="event", matches=("cart",), keep=True)
    assert no_purchases(check(log(event=["cart", "view"]), rules=[rule])) == []


def test_a_column_of_names_and_one_that_is_mapped_are_left_alone() -> None:
    names = [f"item {i}" for i in range(60)]
    assert no_purchases(check(log(item=[*names, "cart"]))) == []
    assert no_purchases(check(log(category=["cart", "wheel"]))) == []
    assert no_purchases(check(log(number=[1, 2]))) == []
