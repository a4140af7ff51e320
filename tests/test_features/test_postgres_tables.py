"""What is said before a server is asked; the rest is told on one of our own (tests/test_engines)."""

from __future__ import annotations

import pyarrow as pa
import pytest

from features.engine import open_table
from features.errors import SourceError
from features.postgres_tables import _Stream, _temporal


class Blocks:
    """A COPY that comes in blocks of its own sizes."""

    def __init__(self, *blocks: bytes) -> None:
        self.blocks = list(blocks)

    def read(self) -> bytes:
        return self.blocks.pop(0) if self.blocks else b""


def test_a_url_without_a_table_is_refused() -> None:
    with pytest.raises(SourceError, match=r"a PostgreSQL URL names a table; got postgresql://ann@host/shop\."):
        open_table("postgresql://ann@host/shop")


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_blocks_of_a_copy_are_read_through_whatever_their_size(size: int) -> None:
    stream = _Stream(Blocks(b"a,1\n", b"b", b",22\nc,3\n"))
    assert stream.readable()
    read = b"".join(iter(lambda: stream.read(size), b""))
    assert read == b"a,1\nb,22\nc,3\n"


def test_what_arrow_has_no_value_for_stays_text() -> None:
    day = pa.chunked_array([["2017-01-31", None]])
    assert _temporal(day, pa.date32()).type == pa.date32()
    odd = pa.chunked_array([["infinity", "2017-01-31"]])
    assert _temporal(odd, pa.date32()).to_pylist() == ["infinity", "2017-01-31"]
