from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import ConfigError
from retention.effect.intended import Intended, read_intended


def test_a_catalogues_shares(tmp_path: Path) -> None:
    path = tmp_path / "actions.yaml"
    path.write_text("hold_out: {share: 0.2, tiers: {Gold: 0.05}}\nmargin_share: 0.25\n")
    found = read_intended(path)
    assert found == Intended(0.2, {"Gold": 0.05}, 0.25)
    assert found.shares(()) == {"all": (0.2, 0.8)}
    path.write_text("campaign: spring\n")
    assert read_intended(path) == Intended(0.1)


@pytest.mark.parametrize("text", ["hold_out: {share: 1.2}", "hold_out: {tiers: {Gold: few}}", "margin_share: true"])
def test_a_share_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ConfigError, match="a share is a number from 0 to 1"):
        read_intended(tmp_path / "a.yaml")


@pytest.mark.parametrize("text", ["customer_id", "[]", "hold_out: 0.2", "hold_out: {tiers: [Gold]}"])
def test_what_is_no_catalogue_says_no_share(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ConfigError, match="is a mapping"):
        read_intended(tmp_path / "a.yaml")
