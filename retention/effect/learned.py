"""Measured effects in the catalogue: prior → posterior, in the file's own text, whose comments and order stay.

Under ``actions[i].effect``, per action of the campaign:

========  ===================================  =====================================================
key       measured                             scale
========  ===================================  =====================================================
return    difference in who came back          points: added to the probability of returning
spend     difference in spend a member         per_member: currency, returning or not
tier      difference in who kept the tier      points
========  ===================================  =====================================================

A prior on another scale (log-odds, a share of spend) cannot be weighed against these and is replaced by what was measured.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from features.errors import ConfigError, ConflictError, SourceError, listed
from features.files import written_whole
from retention.effect.findings import Findings
from retention.effect.outcomes import RETURNED, SPEND, TIER_KEPT
from retention.effect.posterior import Belief, updated
from retention.effect.yaml_text import rewritten

KEYS: Final = {RETURNED: ("return", "points"), SPEND: ("spend", "per_member"), TIER_KEPT: ("tier", "points")}
_SCALES: Final = dict(KEYS.values())
_DEFAULT_SCALES: Final = {"return": "points", "spend": "relative", "tier": "points"}
_PLACES: Final = 6
"""Significant digits that are written."""


@dataclass(frozen=True)
class Learned:
    """What a campaign changed in one entry; ``before`` is None where nothing was believed, or on another scale."""

    action: str
    key: str
    before: Belief | None
    measured: Belief
    after: Belief


def measured(found: Findings, arm: str) -> dict[tuple[str, str], Belief]:
    """By action and key of the catalogue, what an arm's slices by action have shown; those with too few are not in it."""
    beliefs = {}
    for one in found.found:
        if one.arm == arm and one.by == "action" and one.outcome in KEYS and one.told.told and one.told.se > 0:
            beliefs[one.slice, KEYS[one.outcome][0]] = Belief(one.told.value, one.told.se)
    return beliefs


def learn(path: Path, beliefs: Mapping[tuple[str, str], Belief], campaign: str) -> list[Learned]:
    """Write posteriors into a catalogue, whole or not at all; what it says besides is unchanged to the letter.

    Parameters
    ----------
    beliefs : measured, by action and key (``measured``)

    Raises
    ------
    SourceError, ConfigError
    ConflictError
        the campaign is in the catalogue already: it would count twice
    """
    text = _text(path)
    actions = _actions(text, path)
    unknown = sorted({action for action, _ in beliefs} - set(actions))
    if unknown:
        raise ConfigError("effects are of actions of the catalogue", listed(unknown), f"name the campaign's, not {path}")
    changes: dict[tuple[str | int, ...], dict[str, Any]] = {}
    learned = []
    for (action, key), seen in beliefs.items():
        place, effect = actions[action]
        prior = effect.get(key)
        if isinstance(prior, dict) and campaign in str(prior.get("campaign", "")).split(" + "):
            rule = "a campaign is learned from once"
            raise ConflictError(
                rule, f"{campaign!r} in effect.{key} of {action!r}", "leave it: its effect is in the catalogue"
            )
        scale = _SCALES[key]
        before = _belief(prior, key, scale)
        after = updated(before, seen)
        learned.append(Learned(action, key, before, seen, after))
        earlier = prior.get("campaign") if isinstance(prior, dict) and before is not None else None
        changes["actions", place, "effect", key] = {
            "mean": _rounded(after.mean),
            "sd": _rounded(after.sd),
            "scale": scale,
            "source": "measured",
            "campaign": f"{earlier} + {campaign}" if earlier else campaign,
        }
    written = rewritten(text, changes)
    if _plain(yaml.safe_load(written)) != _changed(yaml.safe_load(text), changes):
        rule = "a catalogue says each effect where it stands"
        raise ConfigError(rule, "one that is shared by a YAML anchor", "write the effects out, action by action")
    with written_whole(path) as partial:
        partial.write_text(written, encoding="utf-8")
    return learned


def _changed(content: Any, changes: Mapping[tuple[str | int, ...], Mapping[str, Any]]) -> Any:
    """What the file should say afterwards; nothing in it is shared."""
    content = _plain(content)
    for path, values in changes.items():
        part = content
        for key in path:
            if isinstance(part, dict) and part.get(key) is None:
                part[key] = {}
            part = part[key]
        part.update(values)
    return content


def _plain(content: Any) -> Any:
    return json.loads(json.dumps(content, default=str))


def _text(path: Path) -> str:
    if not path.is_file():
        raise SourceError("a catalogue is a YAML file", f"{str(path)!r}, which is not there", "check the path")
    return path.read_text(encoding="utf-8")


def _actions(text: str, path: Path) -> dict[str, tuple[int, dict[str, Any]]]:
    """By action, its place and what is believed of it."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SourceError("a catalogue is a YAML file", f"{str(path)!r}, which is none", "check its indentation") from error
    actions = content.get("actions") if isinstance(content, dict) else None
    if not isinstance(actions, Sequence) or not all(isinstance(own, dict) and "id" in own for own in actions):
        raise ConfigError("a catalogue lists actions with an id each", f"none in {str(path)!r}", "name the plan's catalogue")
    return {str(own["id"]): (place, own.get("effect") or {}) for place, own in enumerate(actions)}


def _belief(prior: Any, key: str, scale: str) -> Belief | None:
    """What was believed, None where it is on another scale."""
    if not isinstance(prior, dict) or prior.get("scale", _DEFAULT_SCALES[key]) != scale:
        return None
    return Belief(float(prior.get("mean", 0.0)), float(prior.get("sd", 0.0)))


def _rounded(value: float) -> float:
    return float(f"{value:.{_PLACES}g}")
