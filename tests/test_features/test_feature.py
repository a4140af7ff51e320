from __future__ import annotations

import numpy as np

from features.feature import Feature, Known, Phrase, Unit


def test_values_are_floats_whatever_a_feature_computes() -> None:
    feature = Feature("ones", Unit.COUNT, "ones", lambda _: np.ones(2, np.int32), Phrase("", ""), Phrase("", ""))
    values = feature.values(Known(None, None, None))  # type: ignore[arg-type]
    assert (values.dtype, values.tolist()) == (np.float64, [1.0, 1.0])
