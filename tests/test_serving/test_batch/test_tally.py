from __future__ import annotations

import math

import numpy as np
from homes import Shop

from serving.batch.tally import Tally, added
from serving.forecast.scoring import score
from training.sightings import AMOUNT, ORDERS, P_CHURN, TIER, log_columns, make_reference


def test_parts_add_up_to_the_whole_and_every_member_is_in_a_bin(shop: Shop) -> None:
    reference = make_reference(shop.forecaster, shop.bundle.version, shop.histories)
    names = [feature.name for feature in shop.forecaster.features]
    rows = score(shop.forecaster, shop.layout, shop.histories, shop.as_of).rows
    log = log_columns(shop.histories, shop.as_of, shop.layout.horizon_days)
    whole, parts = Tally(shop.layout, names, reference), [Tally(shop.layout, names, reference) for _ in range(2)]
    whole.add(rows)
    for tally, some in zip(parts, (rows[:7], rows[7:]), strict=True):
        tally.add(some)
    counts = whole.counts(log)
    logs = ({name: values[:5] for name, values in log.items()}, {name: values[5:] for name, values in log.items()})
    assert added([tally.counts(some) for tally, some in zip(parts, logs, strict=True)]) == counts
    assert set(counts) == {quantity.name for quantity in reference.quantities}
    assert {sum(found) for name, found in counts.items() if name not in (AMOUNT, ORDERS)} == {len(rows)} == {whole.members}
    assert sum(counts[ORDERS]) == len(log[ORDERS])
    # The reference is of this very date: what it counted then is what is counted now.
    of = {quantity.name: quantity.counts[-1].tolist() for quantity in reference.quantities}
    assert {name: list(found) for name, found in counts.items()} == of
    assert counts[TIER][0] == 0
    shares = [tally.means()[P_CHURN] * tally.members for tally in parts]
    assert math.isclose(whole.means()[P_CHURN], sum(shares) / len(rows))


def test_without_a_reference_nothing_is_counted_and_means_are_told(shop: Shop) -> None:
    tally = Tally(shop.layout, [], None)
    assert math.isnan(tally.means()[P_CHURN])
    tally.add(np.empty((0, shop.layout.width)))
    assert (tally.counts({}), tally.members, added([])) == ({}, 0, {})
