from __future__ import annotations

import numpy as np
import pytest
from homes import Shop
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.batch.reason_columns import REASONS, reason_columns
from serving.forecast.scoring import score


@pytest.fixture(scope="module")
def rows(shop: Shop) -> np.ndarray:
    return score(shop.forecaster, shop.layout, shop.histories, shop.as_of).rows


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), language=st.sampled_from(["en", "zh"]), moving=st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_columns_say_what_the_teller_says(shop: Shop, rows: np.ndarray, seed: int, language: str, moving: float) -> None:
    random, layout = np.random.default_rng(seed), shop.layout
    some = rows[random.integers(0, len(rows), 4)].copy()
    # Whole numbers: many are equal, or nothing.
    parts = random.integers(-3, 4, (4, len(layout.explained))) * (random.random((4, len(layout.explained))) < moving)
    some[:, layout.contributions] = parts
    told = layout.reasons(some, most=REASONS, language=language)
    columns = reason_columns(layout, some, language)
    for i, reasons in enumerate(told):
        for k in range(REASONS):
            own = tuple(columns[f"reason_{k + 1}_{field}"][i].as_py() for field in ("feature", "value", "unit"))
            own += tuple(columns[f"reason_{k + 1}_{field}"][i].as_py() for field in ("contribution", "sentence"))
            assert own == (tuple(reasons[k]) if k < len(reasons) else (None,) * 5)
