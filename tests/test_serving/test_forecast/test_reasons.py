from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.feature import Feature, Unit
from features.registry import registered
from serving.forecast.pace import Pace
from serving.forecast.reasons import Reason, Teller, family_of, top_reasons
from serving.forecast.sentences import sentence
from serving.forecast.wording import Language
from training.terms import RHYTHM, TERMS, Term

ALL: tuple[Feature | Term, ...] = (*registered(), *TERMS)
FINITE = st.floats(-1e9, 1e9, allow_nan=False)
CONTRIBUTIONS = st.lists(st.one_of(FINITE, st.just(0.0)), min_size=len(ALL), max_size=len(ALL)).map(np.array)
IN_TENTHS = [
    next(feature for feature in registered() if feature.unit is unit) for unit in (Unit.DAYS, Unit.RATIO, Unit.COUNT)
]
NEAR = st.builds(lambda tenths, off: tenths / 20 + off, st.integers(-3, 2_003), st.sampled_from([0.0, 1e-9, -1e-9, 0.01]))
VALUES = st.lists(st.one_of(FINITE, st.just(math.nan)), min_size=len(ALL), max_size=len(ALL)).map(np.array)


@given(VALUES, CONTRIBUTIONS, st.integers(0, 40))
def test_reasons_are_the_largest_contributions_of_different_families(
    values: np.ndarray, contributions: np.ndarray, most: int
) -> None:
    found = top_reasons(ALL, values, contributions, most=most, language="en")
    sizes = [abs(reason.contribution) for reason in found]
    assert sizes == sorted(sizes, reverse=True)
    moving = {feature.name: abs(c) for feature, c in zip(ALL, contributions.tolist(), strict=True) if c != 0.0}
    assert len(found) == min(most, len(moving))
    if found:
        assert sizes[0] == max(moving.values())
    family = {feature.name: family_of(feature) for feature in ALL}
    told = [family[reason.feature] for reason in found]
    if len(set(told)) < len(told):  # a second of one family only after one of each
        assert set(told) == {family[name] for name in moving}
    for reason in found:  # and within a family the largest
        left = {name for name in moving if family[name] == family[reason.feature]} - {other.feature for other in found}
        assert all(moving[name] <= abs(reason.contribution) for name in left)


@given(VALUES, CONTRIBUTIONS)
def test_a_reason_holds_the_value_and_the_contribution(values: np.ndarray, contributions: np.ndarray) -> None:
    found = top_reasons(ALL, values, contributions, most=len(ALL), language="zh")
    own = {feature.name: pair for feature, pair in zip(ALL, zip(values, contributions, strict=True), strict=True)}
    for reason in found:
        value, contribution = own[reason.feature]
        assert reason.contribution == contribution
        assert (reason.value is None) if math.isnan(value) else (reason.value == value)


def test_a_term_is_a_reason_among_features() -> None:
    values, contributions = np.ones(len(ALL)), np.full(len(ALL), 0.1)
    contributions[-2:] = 0.7, -0.5
    found = top_reasons(ALL, values, contributions, most=3, language="en")
    assert [reason.feature for reason in found[:2]] == ["buying_rhythm", "season"]


def test_the_rhythm_is_told_as_a_pace_and_beside_it_no_feature_of_the_same_facts() -> None:
    values, contributions = np.full(len(ALL), 9.0), np.full(len(ALL), 0.1)
    names = [feature.name for feature in ALL]
    alike = {"recency_days", "gap_mean_days", "gap_median_days"}
    for name in alike:
        contributions[names.index(name)] = -0.6
    contributions[names.index("buying_rhythm")] = 0.7
    values[names.index("buying_rhythm")] = 0.002
    found = top_reasons(ALL, values, contributions, most=6, language="en", pace=Pace(30.0, 12.0, 45.0))
    assert found[0].sentence == "Buys every 12 days on average, last 45 days ago: raises the risk of leaving."
    assert (found[0].value, found[0].unit) == (0.002, "chance")
    assert not alike & {reason.feature for reason in found}
    contributions[names.index("recency_days")] = -0.8
    told = [reason.feature for reason in top_reasons(ALL, values, contributions, most=6, language="en")]
    assert told[0] == "recency_days"
    assert not {"buying_rhythm", "gap_mean_days", "gap_median_days"} & set(told)


@settings(max_examples=15)
@given(st.lists(st.tuples(VALUES, CONTRIBUTIONS), min_size=1, max_size=4), st.integers(0, 10))
def test_each_of_many_is_told_as_if_alone(rows: list[tuple[np.ndarray, np.ndarray]], most: int) -> None:
    values, contributions = (np.array(part) for part in zip(*rows, strict=True))
    paces = np.array([[5.0 + i, 3.0 * i, 9.0] for i in range(len(rows))])
    teller = Teller(ALL, "zh", str)
    many = teller.reasons(values, contributions, most, paces)
    columns = teller.columns(values, contributions, most, paces)
    for i, found in enumerate(many):
        alone = top_reasons(ALL, values[i], contributions[i], most=most, language="zh", pace=Pace(*paces[i]))
        assert repr(alone) == repr(found)
        told = [reason._replace(value=math.nan if reason.value is None else reason.value) for reason in found]
        told += [Reason(None, math.nan, None, math.nan, None)] * (most - len(found))  # type: ignore[arg-type]
        assert repr([Reason(*own) for own in zip(*(part[i].tolist() for part in columns), strict=True)]) == repr(told)


@given(
    st.lists(st.tuples(st.integers(0, len(IN_TENTHS) - 1), NEAR | st.floats(-200, 200)), min_size=1, max_size=40),
    st.sampled_from(["en", "zh"]),
)
def test_what_is_told_to_a_tenth_is_told_of_each_as_it_is(parts: list[tuple[int, float]], language: Language) -> None:
    values, contributions = np.zeros((2, len(parts), len(IN_TENTHS)))
    for row, (i, value) in enumerate(parts):
        values[row, i], contributions[row, i] = value, 1.0
    alone = [sentence(IN_TENTHS[i], value, 1.0, language) for i, value in parts]
    teller = Teller(IN_TENTHS, language, str)
    for _ in range(2):  # the second time as remembered
        assert teller.told(values, contributions, 1).sentences == alone


def test_the_rhythm_has_a_family_of_its_own() -> None:
    assert [family_of(term) for term in TERMS] == [RHYTHM.family, "season"]
