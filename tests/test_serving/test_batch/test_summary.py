from __future__ import annotations

from collections import Counter

from serving.batch.summary import mib, now, plain, rounded


def test_figures_as_json_takes_them() -> None:
    assert list(rounded({"a": 0.12349, "b": 2.0})) == ["b", "a"]
    assert rounded({"a": 0.12349}) == {"a": 0.123}
    assert plain(Counter({"b": 2, "a": 1})) == {"a": 1, "b": 2}
    assert mib(1536) == 1.5
    assert now().endswith("+00:00")
