"""Rows that say of themselves that they are no purchase: views and carts of a click stream, orders that were cancelled.

Each row of a log is a purchase or a return. Of which rows that is not so, only a rule of the settings can say; what such
rows usually call themselves is looked for in the columns that nobody has mapped, and told.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from features.csv_tables import FILE
from features.engine import fetch

if TYPE_CHECKING:
    from features.verdicts import Checked

WORDS: Final = frozenset(
    {
        *("view", "views", "pageview", "page_view", "pv", "click", "impression", "search", "fav", "favorite", "wishlist"),
        *("cart", "addtocart", "add_to_cart", "add to cart", "removefromcart", "remove_from_cart", "checkout"),
        *("cancel", "canceled", "cancelled", "declined", "rejected", "failed", "pending", "unpaid", "unavailable"),
        *("void", "voided", "abandoned", "draft", "storniert", "cancelado", "annulé", "annulée"),
        *("浏览", "点击", "收藏", "加购", "已取消", "取消", "未付款", "待付款", "交易关闭"),
    }
)
_ROWS: Final = 20_000
_MOST_KINDS: Final = 50


def no_purchases(checked: Checked) -> list[str]:
    """A rule to write for each column whose first rows say so, and that no rule is about; often nothing.

    >>> import pandas as pd
    >>> from features.verdicts import check
    >>> log = pd.DataFrame({"customer_id": 1, "timestamp": "2017-01-01", "event": ["view", "purchase"]})
    >>> no_purchases(check(log))
    ['write rules: [{name: event, column: "event", matches: ["view"], keep: false}], or rows that say so are purchases']
    """
    table = checked.source
    known = {FILE, *(rule.column for rule in checked.rules)}
    known |= {source for sources in checked.columns.sources.values() for source in sources}
    texts = [name for name in table.columns if name not in known and table[name].type().is_string()]
    if not texts:
        return []
    first = fetch(table.select(*texts).limit(_ROWS))
    said = []
    for name in texts:
        kinds = first[name].unique().to_pylist()
        found = sorted({kind for kind in kinds if kind is not None and kind.strip().lower() in WORDS})
        if found and len(kinds) <= _MOST_KINDS:
            column, matches = (json.dumps(value, ensure_ascii=False) for value in (name, [kind.strip() for kind in found]))
            rule = f"{{name: {name if name.isidentifier() else 'kind'}, column: {column}, matches: {matches}, keep: false}}"
            said.append(f"write rules: [{rule}], or rows that say so are purchases")
    return said
