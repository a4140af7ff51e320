"""When the next purchase comes: the MBG/NBD and BG/NBD processes.

A member buys at random at a rate of their own, and after a purchase may drop out for good. Rates vary between members as
Gamma(r, α), the chance of dropping out as Beta(a, b). Under BG/NBD (Fader, Hardie & Lee 2005) it exists after each repeat
purchase, under MBG/NBD (Batislam, Denizel & Filiztekin 2007) after the first purchase too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from features.errors import InputError, counted
from features.operators import Floats
from training import process_likelihood
from training.process_fitting import PULL

Kind = Literal["mbg", "bg"]

_LEAST: Final = 1e-300
_MOST: Final = 1.0 - 2.0**-53
_NODES: Final = np.linspace(-20.0, 20.0, 81)  # of the trapezoid rule in the log odds of dropping out
_CHUNK: Final = 1_000  # rows at a time, so few that their nodes stay in the cache


@dataclass(frozen=True)
class PurchaseProcess:
    """Rates ~ Gamma(``r``, ``alpha``), a purchase a day; chance to drop out after a purchase ~ Beta(``a``, ``b``).

    All methods take (n_rows,) arrays, or what broadcasts to them: ``x`` repeat purchases, ``recency`` days from the first
    purchase to the last, ``age`` days from the first to the cutoff, ``days`` of the horizon, all of the member's history.

    >>> cdnow = PurchaseProcess("bg", r=0.243, alpha=4.414 * 7, a=0.793, b=2.426)
    >>> cdnow.p_alive(np.array([2]), np.array([30.43 * 7]), np.array([38.86 * 7])).round(3).tolist()
    [0.727]
    """

    kind: Kind
    r: float
    alpha: float
    a: float
    b: float

    def p_alive(self, x: Floats, recency: Floats, age: Floats) -> Floats:
        """P(not dropped out by the cutoff), in (0, 1], exactly 1 only under BG/NBD without a repeat purchase."""
        return _inside(special.expit(-self.log_odds_left(x, recency, age)), most=1.0)

    def p_none(self, x: Floats, recency: Floats, age: Floats, days: float | Floats) -> Floats:
        """P(no purchase in (cutoff, cutoff + ``days``]), in (0, 1)."""
        return _inside(np.exp(self.log_p_none(x, recency, age, days)))

    def log_p_none(self, x: Floats, recency: Floats, age: Floats, days: float | Floats) -> Floats:
        """Log of ``p_none``, accurate near 0 too; below 0."""
        log_odds = self.log_odds_left(x, recency, age)
        log_some = self.log_p_some(x, recency, age, days)
        log_sum = np.logaddexp(special.log_expit(log_odds), special.log_expit(-log_odds) + self.log_quiet(x, age, days))
        return np.where(log_some < -0.5, np.log1p(-np.exp(np.minimum(log_some, -0.4))), log_sum)

    def log_p_some(self, x: Floats, recency: Floats, age: Floats, days: float | Floats) -> Floats:
        """Log of P(a purchase in the horizon), accurate near 0 too; below 0 and finite for ``days`` > 0."""
        quiet = self.log_quiet(x, age, days)
        alive: Floats = special.log_expit(-self.log_odds_left(x, recency, age))
        return alive + np.log(-np.expm1(quiet))

    def expected_purchases(self, x: Floats, recency: Floats, age: Floats, days: float | Floats) -> Floats:
        """E[purchases in the horizon]."""
        return self.p_alive(x, recency, age) * self.expected_if_alive(x, age, days)

    def expected_if_alive(self, x: Floats, age: Floats, days: float | Floats) -> Floats:
        """E[purchases in the horizon | not dropped out by the cutoff].

        Given the chance p of dropping out it is g(p) = (1 - (1 + p τ)^-R) / p with R = r + x and τ = days / (α + age);
        p ~ Beta(a, b + c) is summed by the trapezoid rule in log odds, after taking away g(0)(1 - p)^M + g(1) p, whose mean
        is known: what is left vanishes at both ends.
        """
        x, age, days = np.broadcast_arrays(
            np.asarray(x, np.float64), np.asarray(age, np.float64), np.asarray(days, np.float64)
        )
        flat = [np.ravel(each) for each in (x, age, days)]
        parts = [self._expected_if_alive(*(each[i : i + _CHUNK] for each in flat)) for i in range(0, max(x.size, 1), _CHUNK)]
        return np.concatenate(parts).reshape(x.shape)

    def days_to_next(self, x: Floats, recency: Floats, age: Floats, level: float | Floats) -> Floats:
        """Days until P(next purchase has come) reaches ``level`` in (0, 1); inf where it never does."""
        share = level / self.p_alive(x, recency, age)
        grown = -np.log1p(-np.minimum(share, _MOST)) / (self.r + x)
        return np.where(share < 1.0, (self.alpha + age) * np.expm1(np.minimum(grown, 600.0)), np.inf)

    def chances(self, x: Floats) -> Floats:
        """How many chances to drop out a member has survived, if alive: c, so that p | alive ~ Beta(a, b + c)."""
        return np.asarray(x + 1.0 if self.kind == "mbg" else x, np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; floats survive JSON exactly."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> PurchaseProcess:
        """Back from ``to_dict``."""
        return cls(plain["kind"], *(float(plain[name]) for name in ("r", "alpha", "a", "b")))

    def log_odds_left(self, x: Floats, recency: Floats, age: Floats) -> Floats:
        """Log odds of having dropped out by the cutoff; -inf without a chance to."""
        x, recency, age = np.asarray(x, np.float64), np.asarray(recency, np.float64), np.asarray(age, np.float64)
        chances = self.chances(x)
        odds = np.log(self.a) - np.log(np.where(chances > 0, self.b + chances - 1.0, 1.0))
        return np.where(chances > 0, odds + (self.r + x) * np.log1p((age - recency) / (self.alpha + recency)), -np.inf)

    def log_quiet(self, x: Floats, age: Floats, days: float | Floats) -> Floats:
        """Log of P(no purchase in the horizon | alive)."""
        return -(self.r + np.asarray(x, np.float64)) * np.log1p(days / (self.alpha + np.asarray(age, np.float64)))

    def _expected_if_alive(self, x: Floats, age: Floats, days: Floats) -> Floats:
        a, big_r, tau = self.a, self.r + x, days / (self.alpha + age)
        repeats, place = np.unique(x, return_inverse=True) if len(x) > 1 else (x, np.zeros(len(x), np.intp))
        b = self.b + self.chances(repeats)
        step = np.sqrt(1.0 / (a + 1.0) + 1.0 / (b + 1.0))  # the spread of what is summed
        log_odds = np.log((a + 1.0) / (b + 1.0))[:, None] + step[:, None] * _NODES
        log_p, log_rest = special.log_expit(log_odds), special.log_expit(-log_odds)
        weight = (
            (_NODES[1] - _NODES[0])
            * step[:, None]
            * np.exp(a * log_p + b[:, None] * log_rest - special.betaln(a, b)[:, None])
        )
        p, log_rest, weight, b = np.exp(log_p)[place], log_rest[place], weight[place], b[place]
        at_0, at_1, power = big_r * tau, -np.expm1(-big_r * np.log1p(tau)), 1.0 + (big_r + 1.0) * tau / 2.0
        known = at_0[:, None] * np.exp(power[:, None] * log_rest) + at_1[:, None] * p
        left = -np.expm1(-big_r[:, None] * np.log1p(p * tau[:, None])) / p - known
        fading: Floats = np.exp(special.betaln(a, b + power) - special.betaln(a, b))
        found: Floats = at_0 * fading + at_1 * a / (a + b) + (weight * left).sum(axis=1)
        return np.clip(found, at_1, at_0)


def fit_process(
    x: Floats, recency: Floats, age: Floats, *, weight: Floats | None = None, kind: Kind = "mbg", pull: float = PULL
) -> PurchaseProcess:
    """The process of the greatest likelihood, from (n_members,) histories.

    Equal histories are counted once. Odd data (one member, nobody who came back, everybody alive) give finite parameters
    by a weak pull towards a plain process; no members at all give that process itself: a purchase a quarter, one in five
    dropping out after each.

    Parameters
    ----------
    x : repeat purchases, whole, 0 or more
    recency, age : days, 0 <= recency <= age, age > 0
    weight : above 0 or 0; only their ratios matter
    pull : towards the plain process, against the mean log-likelihood a member; more where members are few

    Raises
    ------
    InputError
        A count below 0, an age of 0 or a recency beyond the age.
    """
    x, recency, age = (np.asarray(column, np.float64) for column in (x, recency, age))
    weight = np.ones(len(x)) if weight is None else np.asarray(weight, np.float64)
    bad = ~((x >= 0) & (recency >= 0) & (recency <= age) & (age > 0) & (weight >= 0) & np.isfinite(age + x + weight))
    if bad.any():
        raise InputError(
            "repeat purchases are 0 or more, 0 <= recency <= age, age > 0, and weights are 0 or more",
            f"{counted(int(bad.sum()), 'member')} otherwise",
            "leave out members without a purchase before the cutoff",
        )
    some = weight > 0
    if not some.any():
        return PurchaseProcess(kind, r=1.0, alpha=90.0, a=0.5, b=2.0)
    known = process_likelihood.Counted.of(x[some], recency[some], age[some], weight[some])
    return PurchaseProcess(kind, *process_likelihood.fit(known, first_too=kind == "mbg", pull=pull))


def _inside(p: Floats, most: float = _MOST) -> Floats:
    return np.clip(p, _LEAST, most)
