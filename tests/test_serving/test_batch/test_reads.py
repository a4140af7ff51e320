from __future__ import annotations

from dataclasses import replace

import numpy as np
from homes import Shop

from serving.batch.known import as_known
from serving.batch.reads import Reads, fingerprint_of


def test_reads_come_one_after_another_as_they_were_known(shop: Shop) -> None:
    whole, log = shop.histories, [shop.histories.range(0, 40), shop.histories.range(40, 60)]
    asked: list[int] = []

    def lazily():
        for number, one in enumerate(log):
            asked.append(number)
            yield one

    reads = Reads(lazily(), shop.forecaster.columns, shop.as_of)
    assert asked == [0]
    assert len(reads.first) == 40
    assert [len(one) for one in reads] == [40, 20]
    assert list(reads.members) == whole.members.tolist()
    assert reads.shared == Reads(whole, shop.forecaster.columns, shop.as_of).shared


def test_the_fingerprint_knows_every_part_of_histories(shop: Shop) -> None:
    histories = shop.histories
    gross = histories.visits.values["gross"].copy()
    gross[5] += 1
    other = [
        replace(histories, visits=replace(histories.visits, values={**histories.visits.values, "gross": gross})),
        replace(histories, joined=np.zeros(60, np.int32)),
        replace(histories, joined=np.ones(60, np.int32)),
        replace(histories, end_day=histories.end_day + 1),
        replace(histories, label_names={"category": np.array(["tea"], object)}),
        histories.range(0, 59),
        as_known(histories, histories.span[1].replace(day=1)),
    ]
    found = [fingerprint_of(one) for one in (histories, *other)]
    assert len(set(found)) == len(found)
    assert fingerprint_of(histories.select(np.arange(60))) == found[0]
