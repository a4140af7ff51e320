"""Options that say how a log is written; what they may be is in features.dialects and features.csv_files."""

from __future__ import annotations

from typing import Final

import click

from features.dialects import ORDERS

WRITTEN: Final = (
    click.option("--delimiter", metavar="MARK", help="Of a CSV file: one character, tab or whitespace. [default: found]"),
    click.option("--encoding", metavar="NAME", help="Of a CSV file, as windows-1252 or gb18030. [default: utf-8]"),
    click.option("--number-format", metavar="EXAMPLE", help="How 1234.5 is written, as '$1,234.50'."),
    click.option("--decimal-comma", is_flag=True, default=None, help="Numbers are written as 1.234,50."),
    click.option("--date-format", metavar="FORMAT", help="As '%d-%b-%y', or 'days since 2014-12-31'."),
    click.option("--date-order", type=click.Choice(ORDERS), help="Of 31.01.2017: dmy; 1/31/2017: mdy; 2017/1/31: ymd."),
)
"""In the opposite order of how a command's help shows them."""
WRITTEN_NAMES: Final = ("decimal_comma", "number_format", "date_order", "date_format", "encoding", "delimiter")
