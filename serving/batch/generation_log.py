"""What a generation says of its log: what all histories share, and the bounds that standings were told by."""

from __future__ import annotations

import json

from features.bounds import StandingBounds


def with_bounds(shared: str, bounds: StandingBounds) -> str:
    """What the histories share (features.packing), and the bounds.

    >>> bounds_of(with_bounds("{}", StandingBounds(period_days=30))).period_days
    30
    """
    return json.dumps({**json.loads(shared), "standing": bounds.model_dump(mode="json")})


def bounds_of(log: str) -> StandingBounds:
    """The bounds again."""
    return StandingBounds.model_validate(json.loads(log).get("standing", {}))
