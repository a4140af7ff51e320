from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.registry import registered
from training.terms import SEASON, TERMS, terms


@given(st.lists(st.floats(-700, -1e-12), max_size=5), st.floats(-5, 5))
def test_values_are_a_probability_and_a_ratio_of_odds(log_some: list[float], above: float) -> None:
    found = terms(np.array(log_some), above)
    assert found.shape == (len(log_some), len(TERMS))
    assert ((found[:, 0] >= 0) & (found[:, 0] <= 1)).all()
    assert found[:, 0] == pytest.approx(np.exp(log_some))
    assert (found[:, 1] == np.exp(above)).all()


def test_the_season_multiplies_odds() -> None:
    odds = 0.25 / 0.75
    raised = terms(np.zeros(1), 0.7)[0, 1] * odds
    assert np.log(raised) - np.log(odds) == pytest.approx(0.7)


def test_names_are_no_features_and_only_the_seasons_words_say_the_value() -> None:
    assert not {term.name for term in TERMS} & {feature.name for feature in registered()}
    for term in TERMS:
        assert all(("{value}" in text) == (term is SEASON) for text in (term.reason.en, term.reason.zh))
        assert not any("{value}" in text for text in (term.absent.en, term.absent.zh))
