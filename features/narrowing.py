"""Columns of whole numbers, some rows a member, ↔ bytes of each member: every column in the narrowest type that holds it.

A member's bytes, numbers little-endian::

    1 byte      0: as below; 1: what follows is compressed (zlib)
    1 byte      width of a count: 1, 2 or 4 bytes
    counts      rows of each table
    kinds       one byte a column: type (position in ``_TYPES``) + 8 x factor (position in ``_FACTORS``)
    columns     one after another, each number divided by its column's factor

Money in ten-thousandths is mostly whole cents, and a member's days follow each other closely: one byte or two for each.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.errors import ArtifactError

Integers: TypeAlias = npt.NDArray[np.int64]
Column: TypeAlias = npt.NDArray[Any]
Table: TypeAlias = tuple[Integers, Sequence[Column]]
"""(n_members + 1,) offsets, and columns of whole numbers; one of uint8 is text, and stays as it is."""

_TYPES: Final = tuple(np.dtype(name) for name in ("<i1", "<i1", "<i2", "<i4", "<i8", "<u1"))
_NOUGHT, _TEXT = 0, 5
_WIDTHS: Final = np.array([0, 1, 2, 4, 8, 1], np.int64)
_FACTORS: Final = (1, 100, 10_000)
_PER_TYPE: Final = 8
_NONE: Final = np.empty(0, np.int64)
_COMPRESS_FROM: Final = 1024
"""Bytes from which compression is worth its time."""


def encoded(tables: Sequence[Table]) -> list[bytes]:
    """Each member's rows of all tables as bytes.

    >>> [body.hex(" ") for body in encoded([(np.array([0, 2, 2]), [np.array([500, 300])])])]
    ['00 01 02 09 05 03', '00 01 00 00']
    """
    counts = np.array([np.diff(offsets) for offsets, _ in tables])
    kinds = np.array([_kinds(offsets, column) for offsets, columns in tables for column in columns])
    owner = np.repeat(np.arange(len(tables)), [len(columns) for _, columns in tables])
    most = counts.max(axis=0)
    width = np.where(most < 1 << 8, 1, np.where(most < 1 << 16, 2, 4))
    sizes = counts[owner] * _WIDTHS[kinds % _PER_TYPE]
    head = 2 + len(tables) * width + len(kinds)
    ends = np.cumsum(head + sizes.sum(axis=0))
    starts = ends - head - sizes.sum(axis=0)
    out = np.empty(int(ends[-1]), np.uint8)
    out[starts], out[starts + 1] = 0, width
    for member_width in (1, 2, 4):
        members = np.flatnonzero(width == member_width)
        for k, count in enumerate(counts[:, members]):
            _put(out, starts[members] + 2 + k * member_width, count.astype(f"<u{member_width}"))
    for i, kind in enumerate(kinds):
        out[starts + 2 + len(tables) * width + i] = kind
    at = starts + head
    flat = ((offsets, column) for offsets, columns in tables for column in columns)
    for (offsets, column), kind, size in zip(flat, kinds, sizes, strict=True):
        _put_column(out, at, offsets, column, kind)
        at = at + size
    whole = out.tobytes()
    bodies = [whole[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return [body if len(body) < _COMPRESS_FROM else b"\x01" + zlib.compress(body[1:], 1) for body in bodies]


def decoded(body: bytes, tables: Sequence[int]) -> list[list[Column]]:
    """The columns of each table of one member, as int64, text as uint8.

    Parameters
    ----------
    tables : how many columns each has

    Raises
    ------
    ArtifactError
        these bytes are no member's, or of other tables

    >>> [[column.tolist() for column in columns] for columns in decoded(bytes.fromhex("000102090503"), [1])]
    [[[500, 300]]]
    """
    try:
        if body[0] == 1:
            body = b"\x01" + zlib.decompress(memoryview(body)[1:])
        found = list(_decoded(body, tables))
    except (IndexError, TypeError, ValueError, zlib.error) as error:
        raise _damaged() from error
    return found


def _decoded(body: bytes, tables: Sequence[int]) -> Iterator[list[Column]]:
    width = body[1]
    at = 2 + len(tables) * width
    counts = body[2:at] if width == 1 else np.frombuffer(body, f"<u{width}", len(tables), 2).tolist()
    head = at
    at += sum(tables)
    for count, columns in zip(counts, tables, strict=True):
        if not count:
            head += columns
            yield [_NONE] * columns
            continue
        found: list[Column] = []
        for _ in range(columns):
            factor, kind = divmod(body[head], _PER_TYPE)
            head += 1
            if kind == _NOUGHT:
                found.append(np.zeros(count, np.int64))
                continue
            type_ = _TYPES[kind]
            column = np.frombuffer(body, type_, count, at)
            at += count * type_.itemsize
            if kind != _TEXT:
                column = column.astype(np.int64)
                if factor:
                    column *= _FACTORS[factor]
            found.append(column)
        yield found
    if at != len(body):
        raise _damaged()


def _damaged() -> ArtifactError:
    return ArtifactError(
        "a member's history is stored as this release writes it", "other bytes", "run 'tiercast score' with this release"
    )


def texts(lengths: Column, text: Column) -> list[str]:
    """The texts of some lengths in characters, which stand one after another.

    >>> texts(np.array([3, 1]), np.frombuffer("tea茶".encode(), np.uint8))
    ['tea', '茶']
    """
    whole = text.tobytes().decode()
    return [whole[low:high] for low, high in pairwise(accumulate(lengths.tolist(), initial=0))]


def _kinds(offsets: Integers, column: Column) -> npt.NDArray[np.uint8]:
    """(n_members,) what each member's part of a column is written as."""
    kinds = np.zeros(len(offsets) - 1, np.uint8)
    there = offsets[1:] > offsets[:-1]
    if column.dtype == np.uint8:
        kinds[there] = _TEXT
        return kinds
    if len(column):
        first = offsets[:-1][there]
        low, high = np.minimum.reduceat(column, first), np.maximum.reduceat(column, first)
        factor = np.zeros(len(first), np.int64)
        wide = (high > _most(1)) | (low < ~_most(1))  # the others have a byte each as they are
        if wide.any():
            for position, of in list(enumerate(_FACTORS))[1:]:
                factor[wide & np.logical_and.reduceat(column % of == 0, first)] = position
        divisor = np.array(_FACTORS)[factor]
        low, high = low // divisor, high // divisor
        type_ = np.where((low == 0) & (high == 0), _NOUGHT, 1)
        for width in (1, 2, 4):
            type_ += (high > _most(width)) | (low < ~_most(width))
        kinds[there] = type_ + _PER_TYPE * factor
    return kinds


def _most(width: int) -> int:
    return (1 << (8 * width - 1)) - 1


def _put_column(out: npt.NDArray[np.uint8], at: Integers, offsets: Integers, column: Column, kinds: Column) -> None:
    """Write a column's rows, each member's from ``at`` on."""
    lengths = np.diff(offsets)
    for kind in np.unique(kinds).tolist():
        factor, type_ = divmod(kind, _PER_TYPE)
        if type_ == _NOUGHT:
            continue
        width = int(_WIDTHS[type_])
        to = np.repeat(at - width * offsets[:-1], lengths) + width * np.arange(len(column))
        rows: Any = slice(None) if (kinds == kind).all() else np.repeat(kinds == kind, lengths)
        numbers = column[rows] // _FACTORS[factor] if factor else column[rows]
        _put(out, to[rows], numbers.astype(_TYPES[type_]))


def _put(out: npt.NDArray[np.uint8], at: Integers, numbers: Column) -> None:
    width = numbers.dtype.itemsize
    as_bytes = numbers.view(np.uint8).reshape(-1, width)
    for i in range(width):
        out[at + i] = as_bytes[:, i]
