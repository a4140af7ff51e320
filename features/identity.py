"""Which member of the histories an id in another table is.

Ids of the same type are compared as they are. Where the types differ (a number in one table, text in the other), they are
compared by their text, a whole number's being its digits: 7 is '7', and never '007'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from features.errors import NotFoundError

if TYPE_CHECKING:
    import pyarrow as pa

Integers: TypeAlias = npt.NDArray[np.int64]


def locate(members: npt.NDArray[Any], ids: pa.Array | pa.ChunkedArray) -> Integers:
    """(n_ids,) positions among members, -1 where the id is none of theirs.

    >>> import pyarrow as pa
    >>> locate(np.array([7, 8]), pa.array(["8", "007"])).tolist()
    [1, -1]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    own = pa.array(members.tolist())
    if pa.types.is_integer(own.type) and pa.types.is_integer(ids.type):
        ids = ids.cast(pa.int64())
    if own.type != ids.type:
        own, ids = (pa.array([text_of(value) for value in column.to_pylist()], pa.string()) for column in (own, ids))
    found: Integers = pc.fill_null(pc.index_in(ids, value_set=own), -1).to_numpy().astype(np.int64)
    return found


def find(members: npt.NDArray[Any], member: str) -> int:
    """Position of the member whose id is written so.

    Raises
    ------
    NotFoundError
        there is none; the id stays out of the message

    >>> find(np.array([7, 8]), "8")
    1
    """
    import pyarrow as pa

    position = int(locate(members, pa.array([member]))[0])
    if position < 0:
        raise NotFoundError("a member has rows in the log before the date", "1 id without any", "check the id, or the date")
    return position


def text_of(member: Any) -> str | None:
    """The text of an id; of a whole number its digits, also where numbers have a point.

    >>> text_of(7.0), text_of("007")
    ('7', '007')
    """
    if isinstance(member, float) and member.is_integer():
        return str(int(member))
    return None if member is None else str(member)
