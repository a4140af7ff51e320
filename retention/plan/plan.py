"""A plan: who gets what, who is kept back, and what it costs and is expected to save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError
from features.feature import Phrase
from features.operators import Floats
from retention.plan.audience import UNKNOWN, Audience
from retention.plan.catalogue import Catalogue
from retention.plan.eligibility import Eligible, LeftOut, check_tiers, eligible
from retention.plan.gains import NONE, Gains, Given, gains_of, standard_error
from retention.plan.greedy import in_order
from retention.plan.hold_out import draws, would_be
from retention.plan.problem import NOTHING, Codes, Problem, Solution
from retention.plan.solver import solve

TREATED, HELD, NOT_CHOSEN, OUT = "treated", "hold-out", "not chosen", "left out"
"""Arms: who gets the action; who would get it and is kept back; who may get one and does not; who may get none."""
_NO_GAIN: Final = Phrase("no action is worth its cost", "任何措施都得不偿失")
_DEARER: Final = Phrase("money or places go further with others", "预算或名额用于他人更有效")
_DRAWN: Final = Phrase("are kept back, and would not have been chosen", "随机留出，且未被选中")


@dataclass(frozen=True, eq=False)
class Plan:
    """``choice`` (n_members,) the action that each gets, or would get where ``held``; -1 for none.

    ``problem``, ``solution`` and ``rest`` are of those who may get something and are not held back: ``rest`` (n_members,)
    marks them. ``by_risk`` and ``by_value`` are what they would gain, with the same limits, if members were taken by
    probability of leaving, and by value at risk. ``given`` is what was planned with in place of effects on return.
    """

    catalogue: Catalogue
    audience: Audience
    eligible: Eligible
    gains: Gains
    held: npt.NDArray[np.bool_]
    choice: Codes
    rest: npt.NDArray[np.bool_]
    problem: Problem
    solution: Solution
    by_risk: float
    by_value: float
    given: Given = field(default_factory=dict)

    @cached_property
    def arm(self) -> npt.NDArray[np.object_]:
        """(n_members,) one of the arms."""
        some = self.choice != NOTHING
        arm = np.where(some, np.where(self.held, HELD, TREATED), np.where(self.eligible.members, NOT_CHOSEN, OUT))
        return arm.astype(object)

    @property
    def treated(self) -> npt.NDArray[np.bool_]:
        """(n_members,) who gets an action."""
        found: npt.NDArray[np.bool_] = (self.choice != NOTHING) & ~self.held
        return found

    def of_choice(self, values: Floats) -> Floats:
        """(n_members,) from (n_members, n_actions) what belongs to the action chosen; 0 without one."""
        found: Floats = np.where(
            self.choice == NOTHING, 0.0, values[np.arange(len(self.choice)), np.maximum(self.choice, 0)]
        )
        return found

    @cached_property
    def standard_error(self) -> float:
        """Of the gain, from the uncertainty of the effects."""
        return standard_error(self.catalogue, self.audience, np.where(self.treated, self.choice, NOTHING), self.given)

    @cached_property
    def left_out(self) -> tuple[LeftOut, ...]:
        """By rule, those who get nothing and are in no arm to compare: the sum with the two arms is everybody."""
        idle = self.eligible.members & (self.choice == NOTHING)
        worth = np.where(self.eligible.cells, self.gains.gain, -np.inf).max(axis=1) > 0
        more = (
            ("no_gain", _NO_GAIN, idle & ~worth),
            ("held", _DRAWN, idle & worth & self.held),
            ("dearer", _DEARER, idle & worth & ~self.held),
        )
        found = [LeftOut(name, words, int(who.sum()), int(who.sum())) for name, words, who in more]
        return (*self.eligible.left_out, *found)


def make_plan(
    catalogue: Catalogue,
    audience: Audience,
    secret: bytes,
    given: Given = NONE,
    say: Callable[[str], None] = lambda _: None,
) -> Plan:
    """The plan of most expected gain within every limit.

    Parameters
    ----------
    secret : of the draw (retention.plan.hold_out)
    given : effects on return measured member by member, by action
    say : is told the steps

    Raises
    ------
    ConfigError
        the catalogue does not fit the forecasts, or nobody's consent is known
    """
    check_tiers(catalogue, audience)
    if (audience.consent == UNKNOWN).all() and catalogue.unknown_consent == "left_out":
        needs = [action.id for action in catalogue.actions if action.needs_contact]
        if needs:
            fix = "name a member table (--members), or write 'unknown_consent: included' if all have agreed otherwise"
            raise ConfigError("nobody is contacted without consent", f"no consent, and {needs[0]!r} contacts members", fix)
    may = eligible(catalogue, audience)
    gains = gains_of(catalogue, audience, given)
    say(f"{int(may.members.sum()):,} of {len(audience):,} members may get one of {len(catalogue.actions)} actions")
    draw = draws(secret, catalogue.campaign, audience.ids.tolist())
    share = shares(catalogue, audience)
    held = draw[:, 0] < share
    whole = problem_of(catalogue, audience, may, gains)
    rest = may.members & ~held
    problem = whole.rows(rest)
    solution = solve(problem, say)
    say(f"the plan gains {solution.value:,.2f}, at most {solution.gap:.4%} below the best")
    choice = np.full(len(audience), NOTHING)
    choice[rest] = solution.choice
    back = may.members & held
    choice[back] = would_be(problem, solution.choice, solution.prices, whole.rows(back), draw[back, 1])
    by_risk, by_value = (
        problem.value(in_order(problem, order[rest], gains.returns[rest])) for order in (audience.p_churn, _known(audience))
    )
    return Plan(catalogue, audience, may, gains, held, choice, rest, problem, solution, by_risk, by_value, given)


def shares(catalogue: Catalogue, audience: Audience) -> Floats:
    """(n_members,) the share held back of each member's tier."""
    by_tier = [catalogue.hold_out.of(name) for name in (*audience.tier_names, None)]
    return np.array(by_tier)[audience.tier]


def problem_of(catalogue: Catalogue, audience: Audience, may: Eligible, gains: Gains) -> Problem:
    """The programme over all members; those without a tier are a group of their own, without a budget of its own."""
    tiers, channels = catalogue.budget.tiers, catalogue.channels
    return Problem(
        gain=np.where(may.cells, gains.gain, -np.inf),
        cost=np.where(may.cells, gains.cost, 0.0),
        group=np.where(audience.tier < 0, len(audience.tier_names), audience.tier),
        channel=np.array([channels.index(action.channel) for action in catalogue.actions], np.int64),
        total_budget=np.inf if catalogue.budget.total is None else catalogue.budget.total,
        group_budgets=np.array([tiers.get(name, np.inf) for name in (*audience.tier_names, "")]),
        capacities=np.array([float(catalogue.capacity.get(name, np.inf)) for name in channels]),
    )


def _known(audience: Audience) -> Floats:
    return np.where(np.isfinite(audience.value_at_risk), audience.value_at_risk, -np.inf)
