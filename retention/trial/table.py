"""A trial: one row a member, the arm the member was put in, what came of it, and what was known before.

Shapes: n members. ``arm[i]`` is a position in ``arm_names``, of which the first is the control: who was left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from features.errors import ColumnError, ConfigError, ConflictError, UnusableLogError, counted, listed
from features.operators import Floats, Integers

Ids: TypeAlias = npt.NDArray[Any]
LEAST_IN_AN_ARM: Final = 2
"""Members: of fewer there is no variance."""
_ROWS_SHOWN: Final = 5


@dataclass(frozen=True, eq=False)
class TrialTable:
    """A checked trial; whatever it holds may be reckoned with.

    Parameters
    ----------
    members : (n,) ids, each once
    arm : (n,) position in ``arm_names``
    arm_names : the control first; two or more, each with two members or more
    outcomes : by name, (n,) finite numbers: what came afterwards, for every member
    covariates : by name, (n,) numbers (NaN: not known) or texts (object): what was known before the treatment
    strata : (n,) position in ``strata_names``: within which arms were drawn, such as the tier; None without

    Raises
    ------
    ConflictError
        a member is in both arms
    ColumnError
        a member is there twice, an outcome is missing or not finite, columns differ in length, a name has two meanings
    UnusableLogError
        fewer than two arms, or too few members in one

    >>> trial = TrialTable(np.array([7, 8, 9, 4]), np.array([0, 1, 1, 0]), ("hold-out", "treated"), {"spend": np.ones(4)})
    >>> len(trial), trial.sizes.tolist(), trial.binary("spend")
    (4, [2, 2], True)
    """

    members: Ids
    arm: Integers
    arm_names: tuple[str, ...]
    outcomes: Mapping[str, Floats]
    covariates: Mapping[str, Floats | npt.NDArray[Any]] = field(default_factory=dict)
    strata: Integers | None = None
    strata_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_lengths(self)
        check_members(self.members, self.arm)
        _check_arms(self.arm, self.arm_names)
        for name, values in self.outcomes.items():
            _check_outcome(name, values)
        for name, known in self.covariates.items():
            check_covariate(name, known)
        if self.strata is not None and (len(self.strata) and not _within(self.strata, len(self.strata_names))):
            raise ColumnError("a stratum is a position in strata_names", "one outside of them", "name every stratum")

    def __len__(self) -> int:
        return len(self.members)

    @property
    def control(self) -> str:
        """The arm that was left alone."""
        return self.arm_names[0]

    @property
    def treatments(self) -> tuple[str, ...]:
        """The other arms."""
        return self.arm_names[1:]

    @property
    def sizes(self) -> Integers:
        """(n_arms,) members in each arm."""
        return np.bincount(self.arm, minlength=len(self.arm_names)).astype(np.int64)

    def treated(self, arm: int = 1) -> npt.NDArray[np.bool_]:
        """(n,) who was put in an arm; members of third arms are in neither: see ``against``."""
        return np.asarray(self.arm == arm)

    def binary(self, outcome: str) -> bool:
        """Whether an outcome is nothing but 0 and 1."""
        values = self.outcome(outcome)
        return bool(((values == 0) | (values == 1)).all())

    def outcome(self, name: str) -> Floats:
        """(n,) an outcome by its name.

        Raises
        ------
        ConfigError
            there is none of that name
        """
        if name not in self.outcomes:
            raise ConfigError("an outcome is one of the trial's", repr(name), f"one of {listed(sorted(self.outcomes))}")
        return self.outcomes[name]

    def where(self, kept: npt.NDArray[np.bool_]) -> TrialTable:
        """The same trial of some of its members, with all of its arms.

        Raises
        ------
        UnusableLogError
            an arm is left with too few members
        """
        return self._rows(kept)

    def against(self, arm: int) -> TrialTable:
        """One treatment and the control alone, as arms 1 and 0."""
        return self.where_arms((0, arm))

    def where_arms(self, arms: Sequence[int]) -> TrialTable:
        """Some arms alone, numbered in the order given."""
        if tuple(arms) == tuple(range(len(self.arm_names))):
            return self
        kept = np.isin(self.arm, arms)
        number = np.full(len(self.arm_names), -1)
        number[list(arms)] = np.arange(len(arms))
        return self._rows(kept, arm=number[self.arm[kept]], arm_names=tuple(self.arm_names[arm] for arm in arms))

    def _rows(self, kept: npt.NDArray[np.bool_], **changed: Any) -> TrialTable:
        rows: dict[str, Any] = {
            "members": self.members[kept],
            "arm": self.arm[kept],
            "outcomes": {name: values[kept] for name, values in self.outcomes.items()},
            "covariates": {name: values[kept] for name, values in self.covariates.items()},
            "strata": None if self.strata is None else self.strata[kept],
        }
        return replace(self, **(rows | changed))


def _columns(trial: TrialTable) -> Iterator[tuple[str, int]]:
    yield "arm", len(trial.arm)
    for name, values in (*trial.outcomes.items(), *trial.covariates.items()):
        yield name, len(values)
    if trial.strata is not None:
        yield "strata", len(trial.strata)


def _check_lengths(trial: TrialTable) -> None:
    for name, length in _columns(trial):
        if length != len(trial.members):
            got = f"{counted(length, 'row')} of {name!r} for {counted(len(trial), 'member')}"
            raise ColumnError("every column of a trial has a row a member", got, "bring them to one length")
    both = sorted(set(trial.outcomes) & set(trial.covariates))
    if both:
        rule = "an outcome comes after the treatment, a covariate was known before"
        raise ColumnError(rule, f"{listed(both)} as both", "name it once: what came afterwards is an outcome")


def check_members(members: Ids, arm: Integers) -> None:
    """Refuse members that are there more than once, and say whether it is in both arms."""
    _, first, at, count = np.unique(members, return_index=True, return_inverse=True, return_counts=True)
    twice = count > 1
    if not twice.any():
        return
    differs = np.zeros(len(count), np.bool_)
    np.logical_or.at(differs, at, arm != arm[first[at]])
    places = np.flatnonzero(twice[at])[:_ROWS_SHOWN].tolist()
    rows = f"rows {', '.join(str(place + 1) for place in places)}{' …' if int(count[twice].sum()) > len(places) else ''}"
    if differs.any():
        got = f"{counted(int(differs.sum()), 'member')} in more than one ({rows})"
        fix = "find out who got what: such a file does not say what was tried"
        raise ConflictError("a member is in one arm of a trial", got, fix, places)
    got = f"{counted(int(twice.sum()), 'member')} more than once ({rows})"
    raise ColumnError("a trial has one row a member", got, "leave one row of each, with the outcomes added up")


def _check_arms(arm: Integers, names: tuple[str, ...]) -> None:
    if len(names) < 2 or len(set(names)) != len(names):
        fix = "a trial needs members who were left alone, and the same choice of others who were not"
        raise UnusableLogError("a trial has two arms or more, the control among them", listed(names) or "none", fix)
    if len(arm) and not _within(arm, len(names)):
        raise ColumnError("an arm is a position in arm_names", "one outside of them", "name every arm, the control first")
    sizes = np.bincount(arm, minlength=len(names))
    for name, size in zip(names, sizes.tolist(), strict=True):
        if size < LEAST_IN_AN_ARM:
            rule = f"every arm has {LEAST_IN_AN_ARM} members or more"
            raise UnusableLogError(rule, f"{counted(size, 'member')} in {name!r}", "leave the arm out, or try more members")


def _check_outcome(name: str, values: Floats) -> None:
    if values.dtype.kind not in "fiub":
        raise ColumnError("an outcome is a number", f"texts in {name!r}", "write 1 and 0 for yes and no, and money plainly")
    missing = int(np.isnan(values).sum()) if values.dtype.kind == "f" else 0
    if missing:
        rule = "every member of a trial has every outcome, as leaving members out would bias the difference"
        fix = "write 0 where nothing was spent; where it is not known, leave the outcome out"
        raise ColumnError(rule, f"none for {counted(missing, 'member')} in {name!r}", fix)
    if not np.isfinite(values).all():
        raise ColumnError("an outcome is a finite number", f"infinity in {name!r}", "correct it at its source")


def check_covariate(name: str, values: npt.NDArray[Any]) -> None:
    """Refuse an infinite number."""
    if values.dtype.kind in "fc" and np.isinf(values).any():
        raise ColumnError("a covariate is a finite number, or not known", f"infinity in {name!r}", "leave the cell empty")


def _within(codes: Integers, count: int) -> bool:
    return bool(codes.min() >= 0 and codes.max() < count)
