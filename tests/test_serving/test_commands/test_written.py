from __future__ import annotations

import click
from click.testing import CliRunner

from serving.commands.options import log_options
from serving.commands.written import WRITTEN_NAMES
from training.config import Config, Written


def test_each_option_is_a_setting() -> None:
    assert set(WRITTEN_NAMES) == set(Written.model_fields) - {"header"}  # names of columns are many: in the file alone


def test_what_is_said_is_among_the_settings() -> None:
    found: list[Config] = []
    command = click.command()(log_options(found.append))
    said = ["--date-format", "%d%b%y", "--number-format", "$1,234.50", "--encoding", "gb18030", "--delimiter", "tab"]
    assert CliRunner().invoke(command, said).exit_code == 0
    (chosen,) = found
    assert (chosen.date_format, chosen.number_format, chosen.encoding) == ("%d%b%y", "$1,234.50", "gb18030")
    assert chosen.layout().delimiter == "\t"
