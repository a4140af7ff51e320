from __future__ import annotations

import numpy as np
from moved import Campaign

from retention.uplift.learnt import Uplift
from retention.uplift.moved import fifths, reasons
from retention.uplift.qini import Ranked


def test_who_is_moved_is_named(uplift: Uplift, moving: Campaign) -> None:
    mail, call = (reasons(arm, moving.trial) for arm in uplift.arms)
    assert (mail[0].covariate, mail[0].words) == ("app", "more where app is yes")
    assert (call[0].covariate, call[0].words) == ("city", "more where city is south")
    assert [reason.size for reason in mail] == sorted((reason.size for reason in mail), reverse=True)


def test_nobody_is_named_where_nobody_differs(nobody: Uplift, moving: Campaign) -> None:
    assert reasons(nobody.arms[0], moving.trial) == []


def test_fifths_are_means_of_the_scores() -> None:
    ranked = Ranked.of(np.arange(10.0), -np.arange(10.0))
    assert [found.value for found in fifths(ranked)] == [0.5, 2.5, 4.5, 6.5, 8.5]


def test_fifths_fall_where_members_are_told_apart(uplift: Uplift) -> None:
    found = fifths(uplift.arms[0].held_out)
    assert len(found) == 5
    assert found[0].low > found[-1].value
