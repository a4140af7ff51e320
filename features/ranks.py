"""Ids and labels as they come in batches → whole numbers from 0 on, in the order of what they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from features.chunks import narrow
from features.grouping import Integers

if TYPE_CHECKING:
    import pyarrow as pa

_DENSE: Final = 4
_MIN_DENSE: Final = 10_000


def encoded(column: pa.Array) -> Any:
    """Texts by a dictionary, so that each is kept once; whole numbers in an array, as narrow as may be."""
    import pyarrow as pa

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column.dictionary_encode()
    return narrow(column.to_numpy()) if pa.types.is_signed_integer(column.type) else column


def ranked(parts: list[Any], kind: pa.DataType) -> tuple[npt.NDArray[Any], list[npt.NDArray[np.int32]]]:
    """The ids in order (texts by their bytes), of the type ``kind``, and each line's position among them, part by part.

    The parts are used up.

    >>> import pyarrow as pa
    >>> ids, member = ranked([encoded(pa.array(["b", "a"])), encoded(pa.array(["b"]))], pa.string())
    >>> ids.tolist(), [part.tolist() for part in member]
    (['a', 'b'], [[1, 0], [1]])
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_signed_integer(kind):
        least, most = min(int(part.min()) for part in parts), max(int(part.max()) for part in parts)
        if most - least < _DENSE * sum(len(part) for part in parts) + _MIN_DENSE:
            return _dense(parts, least, most, kind)
        parts = [pa.array(part, kind) for part in parts]
    chunked = pa.chunked_array(parts).unify_dictionaries()
    if not pa.types.is_dictionary(chunked.type):
        chunked = chunked.dictionary_encode().unify_dictionaries()
    ids = chunked.chunk(0).dictionary
    sorting = pc.sort_indices(ids).to_numpy()
    rank = np.empty(len(sorting), np.int32)
    rank[sorting] = np.arange(len(sorting), dtype=np.int32)
    member = [rank[chunk.indices.to_numpy()] for chunk in chunked.chunks]
    return ids.take(pa.array(sorting)).to_numpy(zero_copy_only=False), member


def _dense(
    parts: list[Any], least: int, most: int, kind: pa.DataType
) -> tuple[npt.NDArray[Any], list[npt.NDArray[np.int32]]]:
    """The same for whole numbers that lie close together: a table in place of a dictionary."""
    there = np.zeros(most - least + 1, bool)
    for part in parts:
        there[np.subtract(part, least, dtype=np.int64)] = True  # in a small type the difference would not fit
    rank = np.cumsum(there, dtype=np.int32) - np.int32(1)
    for i, part in enumerate(parts):
        parts[i] = rank[np.subtract(part, least, dtype=np.int64)]
    return (np.flatnonzero(there) + least).astype(str(kind)), parts


def codes(chunks: list[Any]) -> tuple[npt.NDArray[Any], Integers]:
    """All labels in order (texts by their bytes), and each line's position among them, -1 for none, of dictionary arrays.

    >>> import pyarrow as pa
    >>> labels, code = codes([pa.array(["tea", None]).dictionary_encode(), pa.array(["ale"]).dictionary_encode()])
    >>> labels.tolist(), code.tolist()
    (['ale', 'tea'], [1, -1, 0])
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    chunked = pa.chunked_array(chunks).unify_dictionaries()
    labels = chunked.chunk(0).dictionary
    sorting = pc.sort_indices(labels).to_numpy()
    rank = np.full(len(sorting) + 1, -1, np.int64)  # the last place is for lines without a label
    rank[sorting] = np.arange(len(sorting))
    indices = (pc.fill_null(chunk.indices, len(sorting)).to_numpy() for chunk in chunked.chunks)
    in_order = labels.take(pa.array(sorting)).to_numpy(zero_copy_only=False)
    return in_order, np.concatenate([rank[index] for index in indices])
