from __future__ import annotations

import numpy as np
from moved import Campaign

from retention.uplift.gains import to_frame
from retention.uplift.learnt import Uplift


def test_a_row_a_member_and_action(uplift: Uplift, moving: Campaign) -> None:
    frame = to_frame({"return": uplift}, moving.trial)
    assert frame.columns.tolist() == ["customer_id", "action", "return_gain", "return_gain_sd", "told_apart"]
    assert frame.groupby("action", sort=False).size().to_dict() == {"mail": 2_000, "call": 2_000}
    assert not frame.duplicated(["customer_id", "action"]).any()
    assert frame.told_apart.all()
    assert (frame.return_gain_sd > 0).all()


def test_of_others_with_a_second_outcome(uplift: Uplift, moving: Campaign) -> None:
    few = {name: values[:2] for name, values in moving.trial.covariates.items()}
    frame = to_frame({"return": uplift, "spend": uplift}, moving.trial, (np.array([7, 9]), few))
    assert frame.customer_id.tolist() == [7, 9, 7, 9]
    assert frame.spend_gain.tolist() == frame.return_gain.tolist()
    assert frame.columns.tolist()[4:6] == ["spend_gain", "spend_gain_sd"]
