from __future__ import annotations

from typing import Any

import pytest

from features.causes import first_line, said_by


class JavaError(RuntimeError):
    """As py4j raises one."""

    def __init__(self, said: Any) -> None:
        super().__init__("An error occurred while calling o42.toArrow\nat java.base")
        self.java_exception = said


class Cause:
    def toString(self) -> str:
        return "AnalysisException: no such table.\nat org.apache"


class Gone:
    def toString(self) -> str:
        raise ConnectionError


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("\n  a table is missing.\nmore"), "a table is missing"),
        (ValueError(""), "ValueError"),
        (ValueError("x" * 1_000), "x" * 300),
        (JavaError(Cause()), "AnalysisException: no such table"),
        (JavaError(Gone()), "An error occurred while calling o42.toArrow"),
        (JavaError(None), "An error occurred while calling o42.toArrow"),
    ],
)
def test_one_line_is_said(error: Exception, said: str) -> None:
    assert said_by(error) == said
    assert "\n" not in first_line(error)
