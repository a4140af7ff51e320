"""What it would have been worth, in money, to choose members in one way or another: reckoned on members held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.errors import ConfigError
from features.operators import Floats, Integers
from retention.uplift.measured import Measured

NOBODY: Final = -1


@dataclass(frozen=True, eq=False)
class Money:
    """What outcomes and treatments are worth.

    Parameters
    ----------
    value : money for each unit of the outcome: one number, or (n,) one a member
    costs : (n_treatments,) of treating a member, in the order of the trial's treatments
    at_most : share of members that can be treated, in (0, 1]
    """

    value: float | Floats
    costs: tuple[float, ...]
    at_most: float = 1.0

    def __post_init__(self) -> None:
        if not np.isfinite(self.value).all() or np.any(np.asarray(self.value) < 0):
            raise ConfigError("the value of an outcome is a finite number of at least 0", "another", "correct --value")
        if not all(np.isfinite(cost) and cost >= 0 for cost in self.costs):
            raise ConfigError("a cost is a finite number of at least 0", "another", "correct --cost")
        if not 0.0 < self.at_most <= 1.0:
            raise ConfigError("a share of members is above 0 and at most 1", str(self.at_most), "correct --at-most")

    def net(self, effects: Floats, at: Integers) -> Floats:
        """(n_rows, n_treatments) money from effects of the same shape, of members at these positions."""
        value = self.value[at, None] if isinstance(self.value, np.ndarray) else self.value
        return np.asarray(value * effects - np.array(self.costs))


@dataclass(frozen=True)
class Policy:
    """One way to choose: money a member of the base beside treating nobody, the share treated, what ours gains over it."""

    name: str
    worth: Measured
    treated: float
    ours_more: Measured | None = None


def chosen(net: Floats, block: Integers, at_most: float = 1.0) -> Integers:
    """(n,) the treatment that promises most, NOBODY where none promises anything, or where others promise more.

    >>> chosen(np.array([[1.0, 2.0], [-1.0, -2.0], [0.5, 0.1], [3.0, 0.0]]), np.zeros(4, int), at_most=0.5).tolist()
    [1, -1, -1, 0]
    """
    best = net.argmax(axis=1)
    promise = net.max(axis=1)
    choice = np.where(promise > 0, best, NOBODY)
    for one in np.unique(block):
        at = np.flatnonzero(block == one)
        room = round(at_most * len(at))
        behind = at[np.argsort(-promise[at], kind="stable")[room:]]
        choice[behind] = NOBODY
    return np.asarray(choice, np.int64)


def compare(
    effects: Floats,
    scores: Floats,
    block: Integers,
    money: Money,
    names: Sequence[str],
    *,
    at: Integers,
    risk: Floats | None = None,
) -> tuple[Policy, ...]:
    """Money by way to choose, ours first: then each treatment for everyone, nobody, members drawn at random, and by risk.

    With ``money.at_most`` below 1, 'for everyone' is for as large a share, drawn at random. Members at random, and by risk,
    are as many as ours takes in; they get the treatment that is best on the whole.

    Parameters
    ----------
    effects, scores : (n_held_out, n_treatments) predicted, and doubly robust
    at : (n_held_out,) positions in the trial, for the values of members
    risk : (n_held_out,) how likely each member was to leave, where known
    """
    net, realised = money.net(effects, at), money.net(scores, at)
    choice = chosen(net, block, money.at_most)
    ours = _worth(choice, realised)
    found = [Policy("uplift", Measured.mean(ours), float((choice != NOBODY).mean()))]

    def beside(name: str, other: Floats, treated: float) -> None:
        found.append(Policy(name, Measured.mean(other), treated, Measured.mean(ours - other)))

    share = "for everyone" if money.at_most == 1.0 else f"for {money.at_most:.0%} at random"
    for k, name in enumerate(names):
        beside(f"{name} {share}", money.at_most * realised[:, k], money.at_most)
    beside("nobody", np.zeros(len(ours)), 0.0)
    best = int(net.mean(axis=0).argmax())
    beside("as many at random", found[0].treated * realised[:, best], found[0].treated)
    if risk is not None:
        riskiest = np.where(np.isnan(risk), -np.inf, risk)
        as_many = np.full(len(ours), NOBODY)
        for one in np.unique(block):
            rows = np.flatnonzero(block == one)
            room = int((choice[rows] != NOBODY).sum())
            as_many[rows[np.argsort(-riskiest[rows], kind="stable")[:room]]] = best
        beside("most likely to leave", _worth(as_many, realised), found[0].treated)
    return tuple(found)


def everyone_the_same(policies: Sequence[Policy], treatments: int) -> Policy:
    """The best of those that treat members alike: the one ours gains least over."""
    alike = [policy for policy in policies[1 : treatments + 2] if policy.ours_more is not None]
    return max(alike, key=lambda policy: policy.worth.value)


def beats_the_same(policies: Sequence[Policy], treatments: int) -> bool:
    """Whether ours is shown to gain over every way that treats members alike."""
    gains = [policy.ours_more for policy in policies[1 : treatments + 2] if policy.ours_more is not None]
    return all(gain.error > 0 and gain.low > 0 for gain in gains)


def _worth(choice: Integers, realised: Floats) -> Floats:
    return np.where(choice == NOBODY, 0.0, realised[np.arange(len(choice)), np.maximum(choice, 0)])
