from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from training.config import Config
from training.watching import Thresholds


def test_settings_say_some_and_leave_the_rest() -> None:
    chosen = Config.model_validate({"watch": {"times": 3, "inputs": 2}}).watch
    assert (chosen.times, chosen.inputs, chosen.auc) == (3.0, 2, Thresholds().auc)
    assert Config().watch == Thresholds()


@pytest.mark.parametrize(
    "wrong", [{"times": -1}, {"auc": math.nan}, {"off": math.inf}, {"inputs": 0}, {"inputs": 1.5}, {"a": 1}]
)
def test_what_would_never_or_always_alert_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Thresholds.model_validate(wrong)
