"""A run that a cluster made, remembered as one of this machine is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np

from features.operators import Floats
from serving.batch.spark_run import ScoredThere
from serving.forecast.members import member_key
from serving.forecast.record import Layout
from serving.privacy.pseudonyms import erasure_secret, mark
from serving.settings import Home
from serving.watch.recording import CHUNK, keep, together
from serving.watch.runs import Run
from serving.watch.told import Told
from training.artifact import Bundle, to_forecaster
from training.reference import Reference
from training.sightings import DAYS, MEMBERS, P_CHURN, SPEND


def record_there(
    place: Home,
    bundle: Bundle,
    scored: ScoredThere,
    reference: Reference | None,
    *,
    refused: Mapping[str, int] | None = None,
    erased: Callable[[], Collection[bytes]] = tuple,
) -> Run:
    """Remember a run for ``tiercast watch``: as serving.watch.recording does, from what executors have counted.

    Whoever was erased while it ran is in the counts of bins, and nowhere else.

    Parameters
    ----------
    reference : that executors counted by, None where there is none
    refused : rows of the log by reason, and ``rows``, all of them
    erased : asks for the marks of all who have been

    Raises
    ------
    ArtifactError, StoreError
    """
    assert scored.told is not None
    layout = Layout.of(to_forecaster(bundle), bundle.version)
    keys = list(map(member_key, scored.told["customer_id"].to_pylist()))
    order = np.argsort(np.array([key.encode() for key in keys], object), kind="stable")  # as the store has them
    columns = {name: np.asarray(scored.told[name].to_numpy(), np.float64)[order] for name in scored.told.column_names[1:]}
    p_churn, spend, *p_tier = columns.values()
    counts = {name: tuple(found) for name, found in scored.counts.items() if name != DAYS}
    levels = {MEMBERS: float(len(keys))}
    if keys:
        levels[DAYS] = scored.counts[DAYS][0] / len(keys)
    run = Run(
        bundle.version,
        scored.as_of,
        layout.horizon_days,
        len(keys),
        counts,
        levels,
        {P_CHURN: _mean(p_churn), SPEND: _mean(spend)},
        refused,
        reference is not None,
        bins="" if reference is None else reference.bins,
    )
    secret, marks = erasure_secret(place.path), np.empty(len(keys), object)
    marks[:] = [mark(secret, keys[k]) for k in order.tolist()]
    told = Told(marks, p_churn, spend, np.column_stack(p_tier) if p_tier else np.empty((len(keys), 0)))
    keep(place, run, together([told], len(layout.tier_names)), erased)
    return run


def _mean(values: Floats) -> float:
    """As one machine takes it, to the bit: of sums of parts."""
    sums = [float(values[start : start + CHUNK].sum()) for start in range(0, len(values), CHUNK)]
    return sum(sums, 0.0) / len(values) if len(values) else float("nan")
