"""CSV files as one lazy table of text."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from features.causes import first_line
from features.csv_files import Layout, delimiter_of, fields_of
from features.errors import SourceError
from features.quoted_lines import has_quoted_lines
from features.rewriting import ENCODINGS, first_line_of, readable

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

MISSING: Final = ("", "NULL", "null", r"\N", "NaN", "nan", "NA", "N/A", "n/a", "#N/A", "<NA>", "None")
"""What programmes write where there is nothing: databases, R, pandas, spreadsheets. Taken for an id, it would be the
programme's best customer."""
FILE: Final = "tc_file"
"""Column that says which of several files a row is from."""


def csv_table(connection: Backend, paths: Sequence[str], layout: Layout, source: str) -> ir.Table:
    """The rows of all files, joined by the names of columns. Values come as text.

    Parameters
    ----------
    source : what the files were named by, for messages

    Raises
    ------
    SourceError
        a file cannot be read, or has lines of more fields than its header
    """
    paths, layout = readable(paths, layout, connection)
    heads = [first_line_of(path, layout) for path in paths]
    if any("\0" in head for head in heads):
        raise SourceError("a CSV file is text", f"bytes of zero in {source!r}", f"{ENCODINGS}, or utf-16-le or utf-16-be")
    delimiter = delimiter_of(heads[0], layout)
    named: dict[str, Any] = {"filename": FILE} if len(paths) > 1 else {}
    if layout.header is not None:
        _fits(layout.header, heads[0], delimiter)
        named["names"] = list(layout.header)
    try:
        # As text: one unparsable amount must cost a row, not the column's type. Lines cut short are filled with nulls. The
        # engine's own guess at the delimiter gives up at the first uneven line.
        table: ir.Table = connection.read_csv(
            [glob.escape(path) for path in paths],  # the engine would take brackets in a name for a pattern
            all_varchar=True,
            nullstr=list(MISSING),
            header=layout.header is None,
            delim=delimiter,
            null_padding=True,
            parallel=not has_quoted_lines(paths),  # it reads such lines one after the other or, with padding, not at all
            union_by_name=True,
            **named,
            sample_size=20_000,
        )
    except Exception as error:
        if "utf-8" in str(error):
            raise SourceError("a CSV file is in UTF-8", f"another encoding in {source!r}", ENCODINGS) from error
        got = f"{source!r}: {first_line(error)}"
        raise SourceError("a csv file can be read as such", got, "mend or leave out the file") from error
    if extra := _unnamed(table.columns, layout.header, heads, delimiter):
        got = f"{len(extra)} more on some line of {source!r}"
        if not all(heads):
            raise SourceError("a file has a header and rows", f"nothing but blank lines in {source!r}", "send it again")
        fix = "put fields that hold a delimiter in quotes, and leave out what stands above the header"
        raise SourceError("a line has as many fields as the header", got, fix)
    return table


def _unnamed(columns: Sequence[str], header: Sequence[str] | None, heads: Sequence[str], delimiter: str) -> list[str]:
    """Columns that the engine has named itself, but for those that have no name in a header, as a frame's index has none."""
    known = header or "\n".join(heads)
    blank = {place for head in heads for place, name in enumerate(fields_of(head, delimiter)) if not name.strip()}
    own = [(name, re.fullmatch("column([0-9]+)", name)) for name in columns if name not in known]
    return [name for name, found in own if found is not None and int(found[1]) not in blank]


def _fits(header: Sequence[str], line: str, delimiter: str) -> None:
    fields = fields_of(line, delimiter)
    if len(fields) != len(header):
        got = f"{len(header)} names, and {len(fields)} fields on the first line"
        raise SourceError("a header names each column of a file", got, "name each, and say the delimiter if it is another")
    if set(fields) == set(header):
        raise SourceError("a header is said of a file without one", "one that begins with it", "leave header out")
