from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features.errors import NotFoundError
from features.identity import find, locate


def objects(*ids: Any) -> np.ndarray[Any, Any]:
    out = np.empty(len(ids), object)
    out[:] = ids
    return out


@pytest.mark.parametrize(
    ("members", "ids", "positions"),
    [
        (np.array([7, 8]), pa.array([8, 9, 7]), [1, -1, 0]),
        (np.array([7, 8]), pa.array([8, 7], pa.int32()), [1, 0]),
        (np.array([7, 8]), pa.array(["8", "007", "7"]), [1, -1, 0]),
        (np.array([7.0, 8.5]), pa.array(["7", "8.5", "7.0"]), [0, 1, -1]),
        (np.array([7.0, 8.0]), pa.array([8, 7]), [1, 0]),
        (objects("007", "7"), pa.array([7]), [1]),
        (objects("007", "7"), pa.array(["7", "007", None]), [1, 0, -1]),
        (objects("a"), pa.chunked_array([["b"], ["a"]]), [-1, 0]),
    ],
)
def test_ids_are_found_whatever_their_type(members: Any, ids: Any, positions: list[int]) -> None:
    assert locate(members, ids).tolist() == positions


def test_a_member_that_is_not_there_is_not_named() -> None:
    assert find(np.array([7, 8]), "8") == 1
    with pytest.raises(NotFoundError, match="a member has rows in the log before the date") as caught:
        find(np.array([7, 8]), "jane")
    assert "jane" not in str(caught.value)
