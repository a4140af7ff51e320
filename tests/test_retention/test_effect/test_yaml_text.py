from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.effect.yaml_text import rewritten

FILE = """# catalogue
actions:
  - id: call   # dear
    effect:
      # what we think
      return: {mean: 0.05, sd: 0.02}   # a guess
      spend:
        mean: 0.1
        sd: 0.2  # wide
    # after it

  - id: "mail"
    effect: {return: {mean: 0.01}}
  - {id: sms, effect: {tier: {mean: 1}}}
  - id: app
    effect:
"""
NEW: dict[str, Any] = {"mean": -1.5, "sd": 2e-7, "campaign": "spring: 1"}
PLACES = [("actions", i, "effect", key) for i in range(4) for key in ("return", "spend", "tier")]


def changed(path: tuple[Any, ...]) -> Any:
    content = yaml.safe_load(FILE)
    part = content
    for key in path:
        if isinstance(part, dict) and part.get(key) is None:
            part[key] = {}
        part = part[key]
    part.update(NEW)
    return content


@pytest.mark.parametrize("path", PLACES)
def test_the_file_says_the_new_and_nothing_else_changes(path: tuple[Any, ...]) -> None:
    text = rewritten(FILE, {path: NEW})
    assert yaml.safe_load(text) == changed(path)
    for comment in ("# catalogue", "# dear", "# what we think", "# a guess", "# wide", "# after it", '"mail"'):
        assert comment in text
    kept = [line for line in FILE.splitlines() if "effect" not in line and "{" not in line and ": 0." not in line]
    assert [line for line in text.splitlines() if line in kept] == kept


@settings(max_examples=8)
@given(st.dictionaries(st.sampled_from(PLACES), st.fixed_dictionaries({"mean": st.floats(-9, 9), "note": st.text()})))
def test_several_at_once(changes: dict[Any, dict[str, Any]]) -> None:
    content = yaml.safe_load(rewritten(FILE, changes))
    for path, values in changes.items():
        part = content
        for key in path:
            part = part[key]
        assert {key: part[key] for key in values} == values
