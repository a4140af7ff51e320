"""The catalogue of a campaign: its actions, budgets, capacities, limits of contact and hold-out, as a validated YAML file.

The smallest::

    campaign: spring-2018
    margin_share: 0.25                   # of spend; see below
    actions:
      - id: call
        name: {en: Personal call, zh: 专属客服电话}
        channel: phone
        cost: 6.00                       # or {fixed: 0.30, per_return: 5.00, per_spend: 0.10}
        effect: {return: {mean: 0.05, sd: 0.02}}

All that it may say besides, with its default::

    hold_out: {share: 0.10, tiers: {Diamond: 0.05}}       # 0.10 for every tier; kept back at random
    budget: {total: 900, tiers: {Gold: 250}}              # no limit
    capacity: {phone: 60}                                 # members a channel; no limit
    pressure: {most: 2, days: 30, kinds: [sent]}          # fewer than 'most' contacts in the days before, or no more; none
    unknown_consent: left_out                             # or included: who was never asked has agreed otherwise
    return_is_worth: added                                # or everything (retention.plan.gains)
    tier_is_worth: {Gold: 20}                             # money, for a tier kept; 0
    actions:
      - ...
        benefit: {en: ..., zh: ...}
        needs_contact: true
        who: {tiers: [Gold], stages: [loyal], bands: [cool, warm], p_churn: {from: 0.2, to: 0.9},
              value_at_risk: {from: 10}, since_contact_days: 14}
        effect:
          return: {mean: 0.05, sd: 0.02, scale: points, source: prior}        # retention.plan.action
          spend: {mean: 0.02, sd: 0.01, scale: relative, source: measured, campaign: autumn-2017}
          tier: {mean: 0.03, sd: 0.02}

``margin_share`` is needed where forecasts value spend, or an action has an effect on spend: what is left of a unit of spend.
"""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from features.documents import read_yaml
from features.errors import ConfigError
from retention.plan.action import Action, AtLeastNone, Finite, Name, Part

Share = Annotated[float, Field(ge=0, lt=1, strict=True)]


class HoldOut(Part):
    """The share of members kept back, and that of single tiers."""

    share: Share = 0.10
    tiers: dict[str, Share] = Field(default_factory=dict)

    def of(self, tier: str | None) -> float:
        """The share of a tier."""
        return self.share if tier is None else self.tiers.get(tier, self.share)


class Budget(Part):
    """Most that may be spent, in currency; None is no limit."""

    total: AtLeastNone | None = None
    tiers: dict[str, AtLeastNone] = Field(default_factory=dict)


class Pressure(Part):
    """Nobody is contacted who had ``most`` events of some kinds in the last ``days``."""

    most: Annotated[int, Field(ge=1, strict=True)]
    days: Annotated[int, Field(ge=1, le=3660, strict=True)]
    kinds: Annotated[tuple[str, ...], Field(min_length=1)] = ("sent",)


class Catalogue(Part):
    """A validated catalogue.

    >>> call = {"id": "call", "name": {"en": "Call", "zh": "电话"}, "channel": "phone", "cost": 3}
    >>> Catalogue.from_dict({"campaign": "spring", "actions": [{**call, "effect": {"return": {"mean": 0.05}}}]}).channels
    ('phone',)
    """

    campaign: Name
    actions: Annotated[tuple[Action, ...], Field(min_length=1, max_length=200)]
    hold_out: HoldOut = HoldOut()
    budget: Budget = Budget()
    capacity: dict[str, Annotated[int, Field(ge=0, strict=True)]] = Field(default_factory=dict)
    pressure: Pressure | None = None
    unknown_consent: Literal["left_out", "included"] = "left_out"
    return_is_worth: Literal["added", "everything"] = "added"
    tier_is_worth: dict[str, Finite] = Field(default_factory=dict)
    margin_share: Annotated[float, Field(gt=0, le=1, strict=True)] | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Catalogue:
        ids = [action.id for action in self.actions]
        for i, name in enumerate(ids):
            if name in ids[:i]:
                raise PydanticCustomError("twice", "should name each action once ('{name}' stands twice)", {"name": name})
        for name in self.capacity:
            if name not in self.channels:
                known = {"name": name, "known": ", ".join(self.channels)}
                raise PydanticCustomError("channel", "has a capacity for '{name}', a channel of no action ({known})", known)
        for action in self.actions:
            if not action.effect.parts:
                raise PydanticCustomError("effect", "should say an effect of '{name}'", {"name": action.id})
            if action.effect.tier is not None and not self.tier_is_worth:
                said = {"name": action.id}
                raise PydanticCustomError("tier", "should say 'tier_is_worth', as '{name}' has an effect on tiers", said)
        return self

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels of the actions, in the order in which they first stand."""
        return tuple(dict.fromkeys(action.channel for action in self.actions))

    @property
    def tiers_named(self) -> dict[str, str]:
        """Every tier that is named, and where first."""
        found: dict[str, str] = {}
        for place, names in (
            ("budget.tiers", self.budget.tiers),
            ("hold_out.tiers", self.hold_out.tiers),
            ("tier_is_worth", self.tier_is_worth),
            *((f"actions[{i}].who.tiers", action.who.tiers or ()) for i, action in enumerate(self.actions)),
        ):
            for name in names:
                found.setdefault(name, place)
        return found

    @classmethod
    def from_dict(cls, content: Any) -> Catalogue:
        """A catalogue from parsed YAML.

        Raises
        ------
        ConfigError
            names the place, the rule, what was found and what to do
        """
        if not isinstance(content, dict):
            raise ConfigError("a catalogue is a mapping", type(content).__name__, "start with 'campaign:' and 'actions:'")
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise _worded(error) from None

    @classmethod
    def from_yaml(cls, path: str | Path) -> Catalogue:
        """A catalogue from a YAML file of at most a megabyte.

        Raises
        ------
        ConfigError
        """
        try:
            return cls.from_dict(read_yaml(Path(path)))
        except ConfigError as error:
            raise ConfigError(f"{path}: {error.rule}", error.got, error.fix) from None


def _worded(error: ValidationError) -> ConfigError:
    """The first thing that is wrong, with its place."""
    first = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    name = place.rpartition(".")[2]
    if first["type"] == "missing":
        return ConfigError(f"{place}: a catalogue states this", "nothing", f"add '{name}:'")
    shown = reprlib.repr(first["input"])[:80]
    if first["type"] == "extra_forbidden":
        return ConfigError(f"{place}: a catalogue holds only what it defines", shown, "remove it or check its spelling")
    rule = first["msg"].removeprefix("Input ").removeprefix("Value ")
    if not isinstance(first["input"], int | float | str):
        shown = "otherwise"
    return ConfigError(f"{place}: this {rule}" if place else f"a catalogue {rule}", shown, "change it (docs/plan.md)")
