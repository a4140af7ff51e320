"""Expressions with every operator, every value, every label, and windows of each kind."""

from __future__ import annotations

from features.expressions import OPERATORS
from features.vocabulary import LABEL_NAMES, VALUES

KINDS = ("survey", "sent", "nothing of the kind")

EXPRESSIONS = (
    *(f"{name}()" for name, kinds in OPERATORS.items() if not kinds),
    *(f"gap_quantile({level})" for level in (0, 0.1, 0.25, 0.5, 0.62, 0.75, 0.9, 1, 1.0)),
    *(f"total('{value}'{window})" for value in VALUES for window in ("", ", 28", ", 91, 28", ", 364, 364 - horizon")),
    *(f"rate('{value}', {half_life})" for value in VALUES for half_life in (3, 42)),
    *(f"{end}('{value}')" for value in VALUES for end in ("first", "last")),
    *(
        f"{how}('{label}'{days})"
        for label in LABEL_NAMES
        for how in ("distinct", "entropy", "top_share")
        for days in ("", ", 60")
    ),
    *(f"events('{kind}'{days})" for kind in KINDS for days in ("", ", 60")),
    *(f"{how}('{kind}')" for kind in KINDS for how in ("since_event", "last_score")),
    "ratio(total('gross', 91) - total('returned', 91), total('orders') + 1)",
    "ratio(1, recency())",
    "ratio(recency(), 7)",
    "3 * tenure() - 2",
    "total('gross', horizon + 7, horizon)",
    "total('gross', 7, 28)",  # a window inside out holds nothing
    "total('visits', 7, 28)",
    "total('orders', 0)",
)
