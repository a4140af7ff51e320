from __future__ import annotations

import math

import pytest
from by_example import ABSENT, Day, Stop, feature_at_cutoff, feature_of_lines

from features import mix

THREE_TO_ONE = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))


def bought(label: str, *stops: tuple[float, str | None]) -> list[Stop]:
    return [(ago, 1.0, {label: what}) for ago, what in stops]


CASES: list[tuple[str, list[Stop], float]] = [
    ("product_count", bought("product", (1, "a"), (2, "b"), (3, "a"), (365, "c")), 2.0),
    ("product_count", [*bought("product", (1, "a")), (2, -1.0, {"product": "b"})], 1.0),  # a return is no purchase
    ("product_count", bought("product", (1, None), (2, " ")), 0.0),
    ("category_count", bought("category", (1, "a"), (1, "b"), (364, "c")), 3.0),
    ("category_entropy", bought("category", (1, "a"), (9, "b")), math.log(2)),
    ("category_entropy", bought("category", (1, "a"), (2, "a"), (3, "a"), (9, "b")), THREE_TO_ONE),
    ("category_entropy", bought("category", (1, "a"), (0.5, "a"), (0.25, "a"), (9, "b")), math.log(2)),  # by days
    ("category_entropy", bought("category", (1, "a"), (0.5, None)), 0.0),
    ("category_entropy", bought("category", (1, None)), ABSENT),
    ("category_entropy", bought("category", (365, "a")), ABSENT),
    ("category_top_share", bought("category", (1, "a"), (2, "a"), (3, "a"), (9, "b")), 0.75),
    ("category_top_share", bought("category", (1, "a"), (1, "b"), (1, "c"), (1, "d")), 0.25),
    ("category_top_share", bought("category", (365, "a")), ABSENT),
    ("channel_count", bought("channel", (1, "web"), (2, "shop"), (3, "web")), 2.0),
    ("channel_top_share", bought("channel", (1, "web"), (2, "shop"), (3, "web")), 2 / 3),
    ("store_count", bought("store", (1, "1"), (2, "01")), 2.0),
    ("store_top_share", bought("store", (1, "1"), (2, "1")), 1.0),
    ("discount_share", [(1, 3.0, {"discount": 1.0}), (365, 9.0, {"discount": 9.0})], 0.25),
    ("discount_share", [(1, 3.0, {"discount": -1.0}), (2, -3.0, {"discount": 5.0})], 0.25),
    ("discount_share", [(1, 0.0, {"discount": 2.0})], 1.0),
    ("discount_share", [(1, 0.0, {"discount": 0.0})], ABSENT),
    ("discount_visit_share", [(1, 1.0, {"discount": 0.5}), (1, 1.0), (2, 1.0, {"discount": 0.0}), (3, 1.0), (4, 1.0)], 0.25),
    ("discount_visit_share", [(365, 1.0, {"discount": 0.5})], ABSENT),
    ("coupon_visit_share", [(1, 1.0, {"coupon": 0.5}), (2, 1.0)], 0.5),
    ("coupon_visit_share", [(1, 1.0), (2, -1.0, {"coupon": 0.5})], 0.0),
    ("coupon_visit_share", [(365, 1.0, {"coupon": 0.5})], ABSENT),
    (
        "quantity_per_order",
        [(1, 1.0, {"quantity": 4.0}), (1, 1.0, {"quantity": 3.0}), (2, 1.0), (3, -1.0, {"quantity": -9.0})],
        3.5,
    ),
    ("quantity_per_order", [(365, 1.0, {"quantity": 4.0})], ABSENT),
]
DAYS: list[tuple[str, list[Day], float]] = [
    ("returns_364d", [(1, 5.0), (2, -1.0), (3, -1.0), (365, -1.0)], 2.0),
    ("returns_364d", [(1, 5.0)], 0.0),
]


@pytest.mark.parametrize(("feature", "stops", "expected"), CASES)
def test_mix(feature: str, stops: list[Stop], expected: float) -> None:
    assert feature_of_lines(feature, stops) == pytest.approx(expected, rel=1e-12, abs=1e-15, nan_ok=True)


@pytest.mark.parametrize(("feature", "days", "expected"), DAYS)
def test_mix_of_days(feature: str, days: list[Day], expected: float) -> None:
    assert feature_at_cutoff(feature, days) == expected


def test_every_feature_has_an_example() -> None:
    assert {feature.name for feature in mix.FEATURES} == {name for name, _, _ in [*CASES, *DAYS]}
