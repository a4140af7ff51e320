"""Who is kept back at random: drawn for each member and campaign by a keyed hash, before anything is optimised.

The draw of a member is the first 64 bits of HMAC-SHA-256 (secret, campaign and member), as a number in [0, 1): held back
below the share of the member's tier. It depends on nothing else, so a forecast made again, or a base that grew, moves
nobody to the other arm; a tier with another share than the last can. Only the holder of the secret can tell who will be
held back.

Who of the hold-out would have been chosen is said by the same prices that decided for the others (retention.plan.dual): at
them every member's best action follows from the member's own numbers. So both arms are 'those whom the plan chooses', and
differ by the draw alone. Where the solver split members between whom the prices are undecided, those held back of the same
tier are split alike, by the next 64 bits.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from features.identity import text_of
from features.operators import Floats
from retention.plan.problem import NOTHING, Codes, Problem, best_of

_SCALE: Final = 2.0**-64


def draws(secret: bytes, campaign: str, ids: Sequence[Any]) -> Floats:
    """(n_members, 2) numbers in [0, 1), the same for a member and campaign whoever else is there.

    >>> bool((draws(b"s", "spring", [7, "8"]) == draws(b"s", "spring", ["7", 8.0])).all())
    True
    """
    start = campaign.encode() + b"\0"
    found = np.empty((len(ids), 2))
    for i, member in enumerate(ids):
        text = text_of(member) or ""
        digest = hmac.digest(secret, start + text.encode(errors="surrogatepass"), "sha256")
        found[i] = int.from_bytes(digest[:8], "big") * _SCALE, int.from_bytes(digest[8:16], "big") * _SCALE
    return np.minimum(found, np.nextafter(1.0, 0.0))


def would_be(chosen: Problem, choice: Codes, prices: Floats, held: Problem, draw: Floats) -> Codes:
    """(n_held,) the action that each member held back would get, -1 for none.

    Parameters
    ----------
    chosen, choice : the problem that was solved, and its (n_members,) solution
    held : the same for those held back
    draw : (n_held,) numbers in [0, 1)
    """
    # A limit that nobody fits in has no price: what it forbids the others is forbidden here by itself.
    first, second, slack = _ranked(held.possible().reduced(prices))
    own_first, own_second, own_slack = _ranked(chosen.possible().reduced(prices))
    differ = choice != own_first
    if not differ.any() or not len(first):
        return first
    within = float(own_slack[differ].max())
    near, own_near = slack <= within, own_slack <= within
    found = first.copy()
    for group, one, other in {*zip(held.group[near].tolist(), first[near].tolist(), second[near].tolist(), strict=True)}:
        alike = own_near & (chosen.group == group) & (own_first == one) & (own_second == other)
        if alike.any():
            stay = float((~differ[alike]).mean())
            mine = near & (held.group == group) & (first == one) & (second == other)
            found[mine & (draw >= stay)] = other
    return found


def _ranked(reduced: Floats) -> tuple[Codes, Codes, Floats]:
    """(n_members,) the best choice at the prices, the second best, nothing being one of them, and how far that is behind."""
    with_nothing: npt.NDArray[np.float64] = np.column_stack([reduced, np.zeros(len(reduced))])
    first, best = best_of(reduced)
    rows = np.arange(len(reduced))
    with_nothing[rows, np.where(first == NOTHING, reduced.shape[1], first)] = -np.inf
    second = with_nothing.argmax(axis=1)
    slack = best - with_nothing[rows, second]
    return first, np.where(second == reduced.shape[1], NOTHING, second).astype(np.int64), slack
