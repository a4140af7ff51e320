from __future__ import annotations

import pytest

from features.errors import ConfigError
from features.row_rules import Rule


def test_a_star_within_a_pattern_is_refused() -> None:
    assert Rule(name="r", column="c", matches=("*", "A*", "*A", "*A*", "A")).matches[3] == "*A*"
    with pytest.raises(ConfigError, match=r"a \* at its end, its beginning, or both; got 'A\*B'"):
        Rule(name="r", column="c", matches=("A", "A*B"))
