"""Who may get which action: one rule a function, tried in order, and how many each rule leaves out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, listed
from features.feature import Phrase
from features.operators import Floats
from retention.plan.action import Action, Between
from retention.plan.audience import UNKNOWN, Audience
from retention.plan.catalogue import Catalogue

Mask = npt.NDArray[np.bool_]
Allows = Callable[[Action, Catalogue, Audience], Mask]


@dataclass(frozen=True)
class Rule:
    """``allows`` says (n,) to whom an action may go; ``words`` what is wrong with the others."""

    name: str
    words: Phrase
    allows: Allows


def _consents(action: Action, _: Catalogue, audience: Audience) -> Mask:
    return np.asarray((audience.consent != 0) | (not action.needs_contact), bool)


def _was_asked(action: Action, catalogue: Catalogue, audience: Audience) -> Mask:
    taken = not action.needs_contact or catalogue.unknown_consent == "included"
    return np.asarray((audience.consent != UNKNOWN) | taken, bool)


def _below_limit(action: Action, catalogue: Catalogue, audience: Audience) -> Mask:
    if catalogue.pressure is None or not action.needs_contact:
        return np.ones(len(audience), bool)
    return audience.contacts < catalogue.pressure.most


def _in_tier(action: Action, _: Catalogue, audience: Audience) -> Mask:
    if action.who.tiers is None:
        return np.ones(len(audience), bool)
    return np.isin(audience.tier, [audience.tier_names.index(name) for name in action.who.tiers])


def _among(names: tuple[str, ...] | None, values: npt.NDArray[np.object_]) -> Mask:
    if names is None:
        return np.ones(len(values), bool)
    return np.isin(values.astype(str), names)


def _within(bounds: Between, values: Floats) -> Mask:
    low, high = (-np.inf if bounds.low is None else bounds.low), (np.inf if bounds.high is None else bounds.high)
    return np.asarray((values >= low) & (values <= high), bool)


RULES: Final = (
    Rule("no_value", Phrase("are of unknown worth", "价值未知"), lambda _, __, who: who.usable),
    Rule("no_consent", Phrase("have not agreed to be contacted", "未同意接收营销信息"), _consents),
    Rule("unknown_consent", Phrase("were never asked whether they agree", "从未征求过同意"), _was_asked),
    Rule("contact_pressure", Phrase("were contacted too often lately", "近期联系过于频繁"), _below_limit),
    Rule(
        "since_contact",
        Phrase("were contacted too recently", "距上次联系时间过短"),
        lambda action, _, who: who.since_contact >= action.who.since_contact_days,
    ),
    Rule("tier", Phrase("hold another tier", "等级不符"), _in_tier),
    Rule("stage", Phrase("stand elsewhere on the ladder", "阶梯不符"), lambda a, _, w: _among(a.who.stages, w.stage)),
    Rule("band", Phrase("are in another band of temperature", "温度不符"), lambda a, _, w: _among(a.who.bands, w.band)),
    Rule(
        "p_churn",
        Phrase("leave with another probability", "流失概率不符"),
        lambda a, _, w: _within(a.who.p_churn, w.p_churn),
    ),
    Rule(
        "value_at_risk",
        Phrase("have another value at risk", "风险价值不符"),
        lambda action, _, who: _within(action.who.value_at_risk, who.value_at_risk),
    ),
)
"""In the order in which they are tried: the law before the campaign's own wishes."""


@dataclass(frozen=True)
class LeftOut:
    """``closed``: members to whom a rule closed an action or more; ``left_out``: those with none left by then."""

    rule: str
    words: Phrase
    closed: int
    left_out: int


@dataclass(frozen=True, eq=False)
class Eligible:
    """``cells`` (n_members, n_actions): who may get what; ``left_out`` by rule."""

    cells: Mask
    left_out: tuple[LeftOut, ...]

    @property
    def members(self) -> Mask:
        """(n_members,) who may get anything."""
        return np.asarray(self.cells.any(axis=1), bool)


def check_tiers(catalogue: Catalogue, audience: Audience) -> None:
    """Refuse a catalogue that names a tier which the forecasts do not know.

    Raises
    ------
    ConfigError
    """
    known = listed(audience.tier_names) if audience.tier_names else "none at all"
    for name, place in catalogue.tiers_named.items():
        if name not in audience.tier_names:
            rule = f"{place}: this is a tier of the forecasts, which have {known}"
            raise ConfigError(rule, repr(name), "name one of them")


def eligible(catalogue: Catalogue, audience: Audience) -> Eligible:
    """Who may get which action; the catalogue's tiers are known (``check_tiers``).

    Raises
    ------
    ConfigError
        nobody may get some action
    """
    cells = np.ones((len(audience), len(catalogue.actions)), bool)
    found = []
    for rule in RULES:
        before = cells.any(axis=1)
        allowed = np.column_stack([rule.allows(action, catalogue, audience) for action in catalogue.actions])
        closed = int((cells & ~allowed).any(axis=1).sum())
        emptied = cells.any(axis=0) & ~(cells & allowed).any(axis=0)
        if emptied.any():
            name = catalogue.actions[int(np.argmax(emptied))].id
            got = f"nobody for {name!r} of {len(audience):,} members: all that were left {rule.words.en}"
            raise ConfigError("every action has somebody who is eligible", got, "widen its 'who:', or take it out")
        cells &= allowed
        found.append(LeftOut(rule.name, rule.words, closed, int((before & ~cells.any(axis=1)).sum())))
    return Eligible(cells, tuple(found))
