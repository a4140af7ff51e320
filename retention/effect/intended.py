"""What a plan's catalogue says of its trial: the shares that were to be held out, and what is left of a unit of spend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from features.documents import read_yaml
from features.errors import ConfigError

_DEFAULT: Final = 0.10


@dataclass(frozen=True)
class Intended:
    """``share`` of those chosen is held out, ``tiers`` say otherwise; ``margin_share`` is None where it is not said."""

    share: float
    tiers: dict[str, float] = field(default_factory=dict)
    margin_share: float | None = None

    def shares(self, strata: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Shares of the two arms by stratum, the hold-out first.

        >>> Intended(0.1, {"Gold": 0.05}).shares(["Gold", "Member"])
        {'Gold': (0.05, 0.95), 'Member': (0.1, 0.9)}
        """
        held = {name: self.tiers.get(name, self.share) for name in strata or ("all",)}
        return {name: (share, 1.0 - share) for name, share in held.items()}


def read_intended(path: Path) -> Intended:
    """From a catalogue: ``hold_out: {share: 0.1, tiers: {Gold: 0.05}}`` and ``margin_share``; a tenth where it is not said.

    Raises
    ------
    ConfigError
        a share is none, or it is no catalogue
    """
    content = _mapping(read_yaml(path), "a catalogue", "name the plan's catalogue")
    said = _mapping(content.get("hold_out") or {}, "hold_out", "write hold_out: {share: 0.1}")
    by_tier = _mapping(said.get("tiers") or {}, "hold_out.tiers", "write tiers: {Gold: 0.05}")
    tiers = {str(name): _share(value) for name, value in by_tier.items()}
    margin = content.get("margin_share")
    return Intended(_share(said.get("share", _DEFAULT)), tiers, None if margin is None else _share(margin))


def _mapping(content: Any, what: str, fix: str) -> dict[Any, Any]:
    if not isinstance(content, dict):
        raise ConfigError(f"{what} is a mapping", type(content).__name__, fix)
    return content


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ConfigError("a share is a number from 0 to 1", repr(value), "write 0.1 for a tenth")
    return float(value)
