from __future__ import annotations

from pathlib import Path

import pytest

from features.documents import read_yaml
from features.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    path = folder / "a.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("a: 1\nb: {a: 2}", {"a": 1, "b": {"a": 2}}),
        ("base: &base {a: 1}\nmore: {<<: *base, b: 2}", {"base": {"a": 1}, "more": {"a": 1, "b": 2}}),
        ("", None),
        ("- 等级", ["等级"]),
    ],
)
def test_plain_content_is_read(tmp_path: Path, text: str, content: object) -> None:
    assert read_yaml(write(tmp_path, text)) == content


@pytest.mark.parametrize("text", ["a: 1\na: 2", "x: [{a: 1, b: 2, a: 1}]", "'a': 1\na: 1"])
def test_a_key_said_twice_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"'a' stands here twice.*line \d"):
        read_yaml(write(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_yaml(tmp_path / "none.yaml")
