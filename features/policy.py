"""A tier policy: which tier a programme grants for what, as a small validated YAML file.

The smallest::

    programme: Example
    tiers:                       # lowest first; the first is where everyone starts
      - {name: Member}
      - {name: Silver, reach: 320.10}
      - {name: Gold,   reach: 790.68}
    metric: spend
    returns: net                 # or ignore: gross spend
    window: {rolling_days: 91}

A member's tier at a cutoff T is the highest whose ``reach`` is not above the spend in [T - rolling_days, T).

All that a policy may say besides, with its default::

    time_zone: UTC                       # IANA name
    tiers:
      - {name: Gold, reach: 500, keep: 400, benefits: [free delivery], service_budget: 12.50}
      - {name: Patron, invitation: true} # by an event of the kind 'invitation'
    metric: spend                        # see features.metrics; or several by name, a threshold then has a number for each:
    metrics: {miles: points_earned, segments: orders}
    join: any                            # or all
    returns_reopen: false                # a return takes the decision on the held tier again
    points: {per_unit: 1, expire_days: 365}      # or expire_months, or expire_end_of_next_year: true
    window: {rolling_days: 91}           # see features.windows
    review: daily                        # or month_end, period_end, anniversary
    upgrade: at_once                     # or at_review
    downgrade: to_earned                 # or one_step, to_base, never
    validity: {days: 365}                # or {months: 12}, {until: end_of_period or end_of_next_period}; none unless said
    grace_days: 0
    versions:                            # instead of rules at the top; each holds from its date on, the first before it too
      - {from: 2023-01-01, tiers: [...], metric: ..., window: ...}

How a tier is held by these rules is written down in features.walk.
"""

from __future__ import annotations

import hashlib
import json
import re
import reprlib
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError, model_serializer, model_validator

from features.contradictions import number, refuse_contradictions, refuse_disorder
from features.documents import read_yaml
from features.errors import ConfigError, PolicyError
from features.metrics import in_units
from features.money import to_units
from features.rules import ONLY, Rules, Version

_SHAPES: Final = {"model_type": "mapping", "tuple_type": "list", "dict_type": "mapping"}
_WRITTEN: Final = {"tiers[]": "write {name: Silver, reach: 100}, or {name: Member}", "window": "write {rolling_days: 91}"}
_ALWAYS: Final = ("programme", "time_zone")


class TierPolicy(Rules):
    """A validated policy. With ``versions``, the rules at the top are those of the newest.

    >>> policy = TierPolicy.from_dict({"programme": "P", "metric": "spend", "window": {"rolling_days": 91},
    ...     "tiers": [{"name": "Member"}, {"name": "Gold", "reach": 100.0}]})
    >>> policy.tier_names
    ('Member', 'Gold')
    """

    programme: Annotated[str, Field(min_length=1, max_length=100)]
    time_zone: str = "UTC"
    versions: tuple[Version, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _newest_on_top(cls, content: Any) -> Any:
        if not isinstance(content, dict) or "versions" not in content:
            return content
        versions = content["versions"]
        if not isinstance(versions, list | tuple) or not versions:
            raise PolicyError("versions", "this is a list of versions", _shown(versions), "begin each with '- from: DATE'")
        both = [name for name in content if name not in (*_ALWAYS, "versions")]
        if both:
            fix = "move it into each version"
            raise PolicyError(str(both[0]), "with versions, every rule stands in a version", "a rule at the top", fix)
        checked = []
        for i, version in enumerate(versions):
            try:
                checked.append(Version.model_validate(version))
            except ValidationError as error:
                raise _worded(error, f"versions[{i}]") from None
        newest = {name: value for name, value in versions[-1].items() if name != "from"}
        return {**content, **newest, "versions": tuple(checked)}

    @model_validator(mode="after")
    def _without_contradiction(self) -> TierPolicy:
        if not _is_zone(self.time_zone):
            fix = "write it as Europe/Berlin"
            raise PolicyError("time_zone", "a time zone has a name of the IANA list", _shown(self.time_zone), fix)
        for i, version in enumerate(self.versions):
            refuse_contradictions(version, f"versions[{i}].")
        refuse_disorder(self.versions)
        if not self.versions:
            refuse_contradictions(self)
        return self

    @model_serializer(mode="wrap")
    def _said(self, write: Any) -> dict[str, Any]:
        content: dict[str, Any] = {name: value for name, value in write(self).items() if value is not None}
        if not self.versions:
            del content["versions"]
            return content
        return {name: content[name] for name in (*_ALWAYS, "versions")}

    @classmethod
    def from_dict(cls, content: Any) -> TierPolicy:
        """A policy from parsed YAML.

        Raises
        ------
        PolicyError
            names the place, the rule, what was found and what to do
        """
        if not isinstance(content, dict):
            raise PolicyError(
                "policy", "a policy is a mapping", type(content).__name__, "start with 'programme:' and 'tiers:'"
            )
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise _worded(error) from None

    @classmethod
    def from_yaml(cls, path: str | Path) -> TierPolicy:
        """A policy from a YAML file of at most a megabyte.

        Raises
        ------
        PolicyError
        """
        try:
            return cls.from_dict(read_yaml(Path(path)))
        except PolicyError as error:
            raise PolicyError(f"{path}: {error.place}", error.rule, error.got, error.fix) from None
        except ConfigError as error:
            raise PolicyError(str(path), error.rule, error.got, error.fix) from None

    @property
    def tier_names(self) -> tuple[str, ...]:
        """Names, lowest first."""
        return tuple(tier.name for tier in self.tiers)

    @property
    def benefits(self) -> dict[str, tuple[str, ...]]:
        """Tier → what it comes with."""
        return {tier.name: tier.benefits for tier in self.tiers}

    @property
    def thresholds(self) -> npt.NDArray[np.int64]:
        """(n_tiers,) what reaches each tier in the policy's one metric; 0 for the first.

        In fixed-point units for money and scores, whole numbers otherwise; the largest int64 for a tier by invitation.

        Raises
        ------
        PolicyError
            the policy has several metrics
        """
        if self.metric is None:
            raise PolicyError("metrics", "one row of thresholds belongs to one metric", "several", "read each tier's reach")
        convert = to_units if in_units(self.metric) else int
        never = np.iinfo(np.int64).max
        return np.array([never if tier.invitation else convert(number(tier.reach, ONLY)) for tier in self.tiers], np.int64)

    @property
    def version(self) -> str:
        """Twelve hex digits that change with any rule of the policy."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found, no name at all, a folder of names
        return False
    return True


def _shown(got: object) -> str:
    return f"{got:g}" if isinstance(got, float) else reprlib.repr(got)[:80]  # aliases in YAML may nest without end


def _worded(error: ValidationError, at: str = "") -> PolicyError:
    first = error.errors(include_url=False)[0]
    parts = [part for part in first["loc"] if not str(part).startswith("<")]  # which form was tried is no place
    place = at + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    place = place.lstrip(".")
    shown = _shown(first["input"])
    kind = first["type"]
    if kind == "missing":
        return PolicyError(place, "a policy states this", "nothing", f"add '{place.split('.')[-1]}:'")
    if kind == "extra_forbidden":
        return PolicyError(place, "a policy holds only what it defines", shown, "remove it or check its spelling")
    if kind in _SHAPES:
        fix = _WRITTEN.get(re.sub("[0-9]+", "", place), "see the example in the README")
        return PolicyError(place, f"this is a {_SHAPES[kind]}", shown, fix)
    rule = first["msg"].partition(" should ")[2]  # pydantic words every bound as '<type> should <rule>'
    return PolicyError(place or "policy", f"this should {rule}" if rule else first["msg"], shown, "change the value")
