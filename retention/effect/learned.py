"""Measured effects in the catalogue: prior → posterior, in the file's own text, whose comments and order stay.

Under ``actions[i].effect``, per action of the campaign:

========  ===================================  ==========================================================
key       measured                             written
========  ===================================  ==========================================================
return    difference in who came back          as points, or as log-odds where the prior is
spend     difference in spend a member         per_member; where the catalogue has a ``margin_share``
tier      difference in who kept the tier      as points; where the catalogue has ``tier_is_worth``
========  ===================================  ==========================================================

A prior of spend on another scale is taken to this one first (retention.effect.believed).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from features.documents import read_yaml
from features.errors import ConfigError, ConflictError, listed
from features.files import written_whole
from retention.effect.believed import Base, as_log_odds, believed, spend_learned
from retention.effect.findings import Findings
from retention.effect.outcomes import RETURNED, SPEND, TIER_KEPT
from retention.effect.posterior import Belief, updated
from retention.effect.yaml_text import rewritten
from retention.plan.catalogue import Catalogue

_KEYS: Final = {RETURNED: "return", SPEND: "spend", TIER_KEPT: "tier"}
_SCALES: Final = {"return": "points", "spend": "per_member", "tier": "points"}
_NEEDS: Final = {"spend": "margin_share", "tier": "tier_is_worth"}
"""What a catalogue has to say for an effect on these to be of use to it."""
LOG_ODDS: Final = "log_odds"
_DIGITS: Final = 6
_AND: Final = " + "


@dataclass(frozen=True)
class Learned:
    """What a campaign changed in one entry; ``before`` is None where nothing was believed."""

    action: str
    key: str
    before: Belief | None
    measured: Belief
    after: Belief
    scale: str


@dataclass(frozen=True)
class Evidence:
    """What a campaign has shown of its actions: beliefs by action and key, and what each action's hold-out did."""

    beliefs: Mapping[tuple[str, str], Belief]
    bases: Mapping[str, Base]


def evidence(found: Findings, arm: str) -> Evidence:
    """From an arm's slices by action; those with too few members are not in it."""
    beliefs, means = {}, {}
    for one in found.found:
        if one.arm == arm and one.by == "action" and one.outcome in _KEYS:
            means[one.slice, one.outcome] = one.told.base
            if one.told.told and one.told.se > 0:
                beliefs[one.slice, _KEYS[one.outcome]] = Belief(one.told.value, one.told.se)
    nan = float("nan")
    return Evidence(
        beliefs, {action: Base(means.get((action, RETURNED), nan), means.get((action, SPEND), nan)) for action, _ in means}
    )


def learn(path: Path, seen: Evidence, campaign: str) -> list[Learned]:
    """Write posteriors into a catalogue, whole or not at all; what it says besides is unchanged to the letter.

    Raises
    ------
    ConfigError
        it is no catalogue, or not of these actions
    ConflictError
        the campaign is in the catalogue already: it would count twice
    """
    content = read_yaml(path)
    actions = _actions(content, path)
    unknown = sorted({action for action, _ in seen.beliefs} - set(actions))
    if unknown:
        raise ConfigError("effects are of actions of the catalogue", listed(unknown), "name the campaign's own catalogue")
    changes: dict[tuple[str | int, ...], dict[str, Any]] = {}
    learned = []
    priors = {action: effect for action, (_, effect) in actions.items()}
    # Returns first: what they bring in spend is believed as they are believed after the campaign.
    for (action, key), shown in sorted(seen.beliefs.items(), key=lambda one: list(_SCALES).index(one[0][1])):
        if not content.get(_NEEDS.get(key, "actions")):
            continue
        place, effect = actions[action]
        earlier = _campaigns(effect.get(key))
        if campaign in earlier:
            got = f"{campaign!r} in effect.{key} of {action!r}"
            raise ConflictError("a campaign is learned from once", got, "leave it: its effect is in the catalogue")
        measured = shown
        base, scale = seen.bases[action], _SCALES[key]
        before, rate = believed(priors[action], key, base), base.rate
        if key == "return" and (effect.get(key) or {}).get("scale") == LOG_ODDS and 0 < rate < 1:
            measured, scale = as_log_odds(measured, rate), LOG_ODDS
        if key == "spend":
            after = spend_learned(priors[action], effect, base, seen.beliefs.get((action, "return")), measured)
        else:
            after = updated(before, measured)
        learned.append(Learned(action, key, before, measured, after, scale))
        written_as = changes["actions", place, "effect", key] = {
            "mean": _rounded(after.mean),
            "sd": _rounded(after.sd),
            "scale": scale,
            "source": "measured",
            "campaign": _AND.join([*earlier, campaign]),
        }
        actions[action] = place, {**effect, key: written_as}
    with path.open(encoding="utf-8", newline="") as file:
        line_end = "\r\n" if "\r\n" in file.read() else "\n"
    written = rewritten(path.read_text(encoding="utf-8"), changes)
    if _plain(yaml.safe_load(written)) != _changed(content, changes):
        got = "one that is shared by a YAML anchor"
        raise ConfigError("a catalogue says each effect where it stands", got, "write the effects out, action by action")
    Catalogue.from_dict(yaml.safe_load(written))
    with written_whole(path) as partial:
        partial.write_text(written, encoding="utf-8", newline=line_end)
    return learned


def _actions(content: Any, path: Path) -> dict[str, tuple[int, dict[str, Any]]]:
    """By action, its place and what is believed of it."""
    actions = content.get("actions") if isinstance(content, dict) else None
    if not isinstance(actions, list) or not all(isinstance(own, dict) and "id" in own for own in actions):
        raise ConfigError("a catalogue lists actions with an id each", f"none in {str(path)!r}", "name the plan's catalogue")
    return {str(own["id"]): (place, own.get("effect") or {}) for place, own in enumerate(actions)}


def _campaigns(prior: Any) -> list[str]:
    """Campaigns that an entry was learned from."""
    said = prior.get("campaign") if isinstance(prior, dict) and prior.get("source") == "measured" else None
    return str(said).split(_AND) if said else []


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


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
