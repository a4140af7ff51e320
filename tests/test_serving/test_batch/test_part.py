from __future__ import annotations

from collections import Counter

from homes import Shop

from features.bounds import StandingBounds
from serving.batch.part import Clock, Maker, Part, tiers_of


def made(shop: Shop) -> Part:
    return Maker.of(shop.bundle, shop.as_of, StandingBounds(), "en").make(shop.histories, Clock())


def test_a_part_counts_its_members_by_tier(shop: Shop, visits_shop: Shop) -> None:
    part = made(shop)
    assert part.tiers == Counter(part.table["tier"].to_pylist())
    assert made(visits_shop).tiers == {"none": visits_shop.scored.members}


def test_without_whoever_was_erased_since(shop: Shop) -> None:
    part = made(shop)
    gone = part.rows[3].member
    left = part.without(frozenset([gone, "nobody"]))
    assert left.table["customer_id"].to_pylist() == [row.member for row in left.rows]
    assert {gone} == {row.member for row in part.rows} - {row.member for row in left.rows}
    assert [key for key, _ in part.histories if key != gone] == [key for key, _ in left.histories]
    assert left.tiers == tiers_of(left.table) == Counter(left.table["tier"].to_pylist())
    assert part.without(frozenset(["nobody"])) is part


def test_a_clock_adds_up_what_others_have_measured() -> None:
    ours, theirs = Clock({"store": 1.0}, {"store": 0.5}), Clock({"store": 2.0, "read": 1.0}, {"store": 0.25, "read": 3.0})
    ours.add(theirs)
    assert (ours.seconds, ours.processor) == ({"store": 3.0, "read": 1.0}, {"store": 0.75, "read": 3.0})
