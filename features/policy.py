"""A tier policy: which tier a programme grants for what, as a small validated YAML file.

::

    programme: Example
    tiers:                       # lowest first; the first is where everyone starts
      - {name: Member}
      - {name: Silver, reach: 320.10}
      - {name: Gold,   reach: 790.68}
    metric: spend
    returns: net                 # or ignore: gross spend
    window: {rolling_days: 91}

A member's tier at a cutoff T is the highest whose ``reach`` is not above the spend in [T - rolling_days, T).
"""

from __future__ import annotations

import hashlib
import json
import reprlib
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.documents import read_yaml
from features.errors import ConfigError, PolicyError
from features.money import MAX_AMOUNT, to_units
from features.snapshot import MAX_DAYS

_SHAPES: Final = {"model_type": "mapping", "tuple_type": "list"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tier(_Strict):
    """One tier; ``reach`` is the qualifying spend in currency, inclusive, and 0 for the first tier."""

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f/\\]+$")]
    reach: Annotated[float, Field(ge=0, lt=MAX_AMOUNT, allow_inf_nan=False, strict=True)] = 0.0


class Window(_Strict):
    """Days that count: the ``rolling_days`` before a date."""

    rolling_days: Annotated[int, Field(ge=1, le=MAX_DAYS, strict=True)]


class TierPolicy(_Strict):
    """A validated policy.

    >>> policy = TierPolicy.from_dict({"programme": "P", "metric": "spend", "window": {"rolling_days": 91},
    ...     "tiers": [{"name": "Member"}, {"name": "Gold", "reach": 100.0}]})
    >>> policy.tier_names
    ('Member', 'Gold')
    """

    programme: Annotated[str, Field(min_length=1, max_length=100)]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=30)]
    metric: Literal["spend"]
    returns: Literal["net", "ignore"] = "net"
    window: Window

    @model_validator(mode="after")
    def _ordered(self) -> TierPolicy:
        if self.tiers[0].reach != 0:
            raise PolicyError(
                "tiers[0].reach", "everyone starts in the first tier", f"{self.tiers[0].reach:g}", "leave its reach out"
            )
        for i, (lower, upper) in enumerate(zip(self.tiers, self.tiers[1:], strict=False), start=1):
            if to_units(upper.reach) <= to_units(lower.reach):
                got = f"{upper.name} at {upper.reach:g} after {lower.name} at {lower.reach:g}"
                raise PolicyError(f"tiers[{i}].reach", "thresholds rise from tier to tier", got, "list the lowest first")
        names = [tier.name for tier in self.tiers]
        alike = [name.casefold() for name in names]  # they name columns, and many readers of columns know no case
        if len(set(alike)) < len(alike):
            twice = next(name for name, plain in zip(names, alike, strict=True) if alike.count(plain) > 1)
            raise PolicyError("tiers", "each tier has its own name", f"{twice!r} twice", "rename one")
        return self

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
    def thresholds(self) -> npt.NDArray[np.int64]:
        """(n_tiers,) what reaches each tier, in fixed-point units; 0 for the first."""
        return np.array([to_units(tier.reach) for tier in self.tiers], dtype=np.int64)

    @property
    def version(self) -> str:
        """Twelve hex digits that change with any rule of the policy."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _worded(error: ValidationError) -> PolicyError:
    first = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    got = first["input"]
    shown = f"{got:g}" if isinstance(got, float) else reprlib.repr(got)[:80]  # aliases in YAML may nest without end
    kind = first["type"]
    if kind == "missing":
        return PolicyError(place, "a policy states this", "nothing", f"add '{place.split('.')[-1]}:'")
    if kind == "extra_forbidden":
        return PolicyError(place, "a policy holds only what it defines", shown, "remove it or check its spelling")
    if kind in _SHAPES:
        return PolicyError(place, f"this is a {_SHAPES[kind]}", shown, "see the example in the README")
    rule = first["msg"].partition(" should ")[2]  # pydantic words every bound as '<type> should <rule>'
    return PolicyError(place or "policy", f"this should {rule}", shown, "change the value")
