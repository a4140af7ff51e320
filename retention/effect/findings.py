"""What a trial says: checks first, then the difference of each outcome, over all and in slices, or why none is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from retention.effect.checks import Balance, SampleRatio, balance, sample_ratio
from retention.effect.corrected import holm
from retention.effect.design import numeric
from retention.effect.difference import Difference, difference
from retention.effect.power import detectable
from retention.effect.refusal import Refusal, refusals
from retention.trial.table import TrialTable

ALL: Final = "all"
_Slice: TypeAlias = tuple[str, str, npt.NDArray[np.bool_]]
"""By what, its name, and (n,) who is in it."""
Shares = Sequence[float] | Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Found:
    """One difference: of an outcome, of an arm to the control, over ``by`` = 'all' or within a slice of it.

    Parameters
    ----------
    plain : the difference of means, within strata
    told : the same with the forecast as covariate where that could be done: what is concluded from
    p : corrected for its family (Holm): differences over all are one, an outcome's slices of an arm are another
    detectable : the least difference that would have been found four times out of five
    """

    arm: str
    outcome: str
    by: str
    slice: str
    plain: Difference
    told: Difference
    p: float
    detectable: float


@dataclass(frozen=True)
class Checked:
    """One arm's checks against the control; ``ratios`` is empty where no share was meant."""

    arm: str
    ratios: tuple[SampleRatio, ...]
    balance: Balance


@dataclass(frozen=True)
class Findings:
    """``found`` is empty for an arm that is refused."""

    control: str
    sizes: dict[str, int]
    binary: frozenset[str]
    checks: tuple[Checked, ...]
    refused: tuple[Refusal, ...]
    found: tuple[Found, ...]

    def overall(self, outcome: str, arm: str | None = None) -> Found | None:
        """The difference over all; of the first arm where none is named."""
        return next((one for one in self.found if one.outcome == outcome and one.by == ALL and arm in (None, one.arm)), None)


def findings(
    trial: TrialTable,
    *,
    shares: Shares | None = None,
    slices: Mapping[str, npt.NDArray[Any]] | None = None,
    adjust: Mapping[str, Sequence[str]] | None = None,
    orders: Mapping[str, Sequence[str]] | None = None,
) -> Findings:
    """Check, and conclude where that can be done.

    Parameters
    ----------
    trial : of any number of arms
    shares : meant for each arm, the control first; for all, or by stratum
    slices : by name, (n,) texts to tabulate differences by; '' is in none
    adjust : by outcome, names of the covariates to adjust it by; all numbers where None
    orders : by name of a slice, the order of its texts; what is not in it follows, by the alphabet
    """
    checks, refused, found = [], [], []
    for arm, name in enumerate(trial.treatments, 1):
        kept = (trial.arm == 0) | (trial.arm == arm)
        two = trial.against(arm)
        ratios = sample_ratio(two, _two(shares, arm)) if shares is not None else ()
        alike = balance(two)
        checks.append(Checked(name, ratios, alike))
        against = refusals(name, ratios, alike)
        refused += against
        if not against:
            own = {by: values[kept] for by, values in (slices or {}).items()}
            found += _arm(name, two, _slices(own, orders or {}), adjust)
    return Findings(
        trial.control,
        dict(zip(trial.arm_names, trial.sizes.tolist(), strict=True)),
        frozenset(name for name in trial.outcomes if trial.binary(name)),
        tuple(checks),
        tuple(refused),
        tuple(_corrected(found)),
    )


def _arm(arm: str, two: TrialTable, slices: Sequence[_Slice], adjust: Mapping[str, Sequence[str]] | None) -> list[Found]:
    found = []
    everyone = np.ones(len(two), np.bool_)
    for outcome, y in two.outcomes.items():
        names = two.covariates if adjust is None else adjust.get(outcome, ())
        known = numeric({name: two.covariates[name] for name in names})
        for by, name, own in ((ALL, ALL, everyone), *slices):
            treated = two.treated()[own]
            strata = None if two.strata is None else two.strata[own]
            plain = difference(y[own], treated, strata)
            told = difference(y[own], treated, strata, known[own]) if known.shape[1] else plain
            found.append(Found(arm, outcome, by, name, plain, told, told.p, detectable(told.se)))
    return found


def _slices(slices: Mapping[str, npt.NDArray[Any]], orders: Mapping[str, Sequence[str]]) -> list[_Slice]:
    found = []
    for by, values in slices.items():
        rank = {name: place for place, name in enumerate(orders.get(by, ()))}
        names = sorted(set(values.tolist()) - {""}, key=lambda name: (rank.get(name, len(rank)), name))
        found += [(by, name, values == name) for name in names]
    return found


def _corrected(found: Sequence[Found]) -> list[Found]:
    """The same with p corrected within each family."""
    families: dict[tuple[str, ...], list[int]] = {}
    for place, one in enumerate(found):
        family = (ALL,) if one.by == ALL else (one.arm, one.outcome)
        families.setdefault(family, []).append(place)
    corrected = list(found)
    for places in families.values():
        for place, p in zip(places, holm([found[place].told.p for place in places]), strict=True):
            corrected[place] = replace(found[place], p=p)
    return corrected


def _two(shares: Shares, arm: int) -> Shares:
    """Shares of the control and of one arm."""
    if isinstance(shares, Mapping):
        return {name: (own[0], own[arm]) for name, own in shares.items()}
    return shares[0], shares[arm]
