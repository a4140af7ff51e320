"""What is believed of an action after a campaign: the prior of the catalogue and what was measured, weighed by precision.

Both are normal, so the posterior is: its precision is the sum of theirs, its mean their mean weighted by precision (the
conjugate update of a normal mean with known variance). Weights move to the measurement as campaigns grow.
"""

from __future__ import annotations

from dataclasses import dataclass

from features.errors import ConfigError


@dataclass(frozen=True)
class Belief:
    """A normal distribution of an effect: its mean and standard deviation, both in the effect's unit."""

    mean: float
    sd: float


def updated(prior: Belief | None, measured: Belief) -> Belief:
    """The posterior; what was measured where there is no prior, or one without a standard deviation: it says no weight.

    Raises
    ------
    ConfigError
        nothing was measured: no standard error above 0

    >>> updated(Belief(0.05, 0.02), Belief(0.01, 0.02))
    Belief(mean=0.03, sd=0.01414213562373095)
    """
    if not measured.sd > 0:
        raise ConfigError("an effect is learned with its standard error", f"{measured.sd:g}", "measure more members")
    if prior is None or prior.sd == 0:
        return measured
    weights = prior.sd**-2, measured.sd**-2
    total = sum(weights)
    return Belief((weights[0] * prior.mean + weights[1] * measured.mean) / total, total**-0.5)
