from __future__ import annotations

import numpy as np
import pytest

from features.errors import ColumnError, ConfigError, ConflictError, TiercastError, UnusableLogError
from retention.trial.table import TrialTable

ARMS = ("hold-out", "mail", "call")


def trial(**changed: object) -> TrialTable:
    given: dict[str, object] = {
        "members": np.arange(6),
        "arm": np.array([0, 0, 1, 1, 2, 2]),
        "arm_names": ARMS,
        "outcomes": {"returned": np.array([0.0, 1, 0, 1, 1, 1]), "spend": np.array([0, 5.5, 0, 7, 1, 2])},
        "covariates": {"p_churn": np.array([0.5, 0.4, np.nan, 0.2, 0.1, 0.3]), "tier": np.array(list("abcabc"), object)},
    }
    return TrialTable(**(given | changed))  # type: ignore[arg-type]


def test_sizes_and_kinds() -> None:
    found = trial()
    assert found.control == "hold-out"
    assert found.treatments == ("mail", "call")
    assert found.sizes.tolist() == [2, 2, 2]
    assert found.binary("returned")
    assert not found.binary("spend")


def test_one_treatment_against_the_control() -> None:
    call = trial().against(2)
    assert call.arm_names == ("hold-out", "call")
    assert call.members.tolist() == [0, 1, 4, 5]
    assert call.arm.tolist() == [0, 0, 1, 1]
    assert call.outcomes["spend"].tolist() == [0, 5.5, 1, 2]
    assert call.covariates["tier"].tolist() == list("abbc")


def test_some_members() -> None:
    two = trial(arm=np.array([0, 0, 1, 1, 1, 1]), arm_names=ARMS[:2]).where(np.array([1, 1, 0, 1, 0, 1], bool))
    assert two.members.tolist() == [0, 1, 3, 5]


@pytest.mark.parametrize(
    ("changed", "kind", "said"),
    [
        (
            {"members": np.array([1, 1, 2, 3, 4, 5])},
            ColumnError,
            "one row a member; got 1 member more than once (rows 1, 2)",
        ),
        (
            {"members": np.array([1, 2, 3, 1, 4, 5])},
            ConflictError,
            "one arm of a trial; got 1 member in more than one (rows 1, 4)",
        ),
        ({"arm_names": ("hold-out",), "arm": np.zeros(6, np.int64)}, UnusableLogError, "two arms or more"),
        ({"arm": np.array([0, 0, 0, 1, 1, 1])}, UnusableLogError, "got 0 members in 'call'"),
        ({"arm": np.array([0, 0, 1, 1, 2, 3])}, ColumnError, "position in arm_names"),
        ({"outcomes": {"spend": np.array([0, 1, np.nan, 2, 3, 4])}}, ColumnError, "none for 1 member in 'spend'"),
        ({"outcomes": {"spend": np.array([0, 1, np.inf, 2, 3, 4])}}, ColumnError, "infinity in 'spend'"),
        ({"outcomes": {"spend": np.array(list("abcdef"))}}, ColumnError, "texts in 'spend'"),
        ({"outcomes": {"spend": np.zeros(5)}}, ColumnError, "5 rows of 'spend' for 6 members"),
        ({"outcomes": {"tier": np.zeros(6)}}, ColumnError, "'tier' as both"),
        ({"covariates": {"p": np.full(6, np.inf)}}, ColumnError, "infinity in 'p'"),
        ({"strata": np.zeros(6, np.int64)}, ColumnError, "position in strata_names"),
    ],
)
def test_what_is_refused(changed: dict[str, object], kind: type[TiercastError], said: str) -> None:
    with pytest.raises(kind) as caught:
        trial(**changed)
    assert said in str(caught.value)


def test_no_id_is_in_a_message() -> None:
    with pytest.raises(ColumnError) as caught:
        trial(members=np.array(["secret"] * 2 + list("abcd"), object))
    assert "secret" not in str(caught.value)


def test_an_unknown_outcome() -> None:
    with pytest.raises(ConfigError, match="one of 'returned', 'spend'"):
        trial().outcome("visits")
