"""A scoring run remembered: counted by the bins of its model's reference, and kept to be judged when its horizon is over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine

from features.histories import Histories
from features.operators import Floats
from features.packing import unpack
from serving.batch.tally import Tally
from serving.database.asking import ask, mark
from serving.database.erasure import erased_marks
from serving.database.forecasts import histories as stored_histories
from serving.database.generations import Generation
from serving.forecast.record import AT, Layout
from serving.privacy.pseudonyms import erasure_secret
from serving.privacy.pseudonyms import mark as pseudonym
from serving.settings import Home
from serving.watch.kept import write_run
from serving.watch.references import readable_reference
from serving.watch.runs import Run
from serving.watch.told import Told, place_of, prune, wipe_run, write_told
from training.artifact import Bundle, to_forecaster
from training.sightings import MEMBERS, levels, log_columns

CHUNK: Final = 20_000
_HISTORIES: Final = 5_000
_MOST_HISTORIES: Final = 50_000


@dataclass(frozen=True, eq=False)
class Part:
    """Some members of a run: their keys (serving.forecast.members), and rows (n, width) as the model's layout has them."""

    keys: list[str]
    rows: Floats


def record_run(
    place: Home,
    bundle: Bundle,
    generation: Generation,
    store: Engine,
    *,
    histories: Histories | None = None,
    refused: Mapping[str, int] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Run:
    """Remember a run that is in the store: for ``tiercast watch``.

    A reference that is damaged or out of reach is told of, and the run is kept without being compared: its forecasts are in
    place, and can be judged.

    Parameters
    ----------
    generation : complete, in ``store``
    histories : of the whole log that was scored; without it, what the log shows is taken from the store's histories of the
        members forecast, or of some of them where they are very many
    refused : rows of the log by reason, and ``rows``, all of them
    say : is told why a run is not compared

    Raises
    ------
    StoreError, ArtifactError
    """
    forecaster = to_forecaster(bundle)
    layout = Layout.of(forecaster, bundle.version)
    secret = erasure_secret(place.path)
    reference = readable_reference(place, bundle.version, say)
    tally = Tally(layout, [feature.name for feature in forecaster.features], reference)
    told, keys = [], list[str]()
    for part in stored(store, generation):
        tally.add(part.rows)
        told.append(_told(part, layout, secret))
        keys += part.keys
    as_of = generation.as_of
    if histories is not None:
        of, log = tally.members, log_columns(histories, as_of, layout.horizon_days)
    else:
        of, log = from_store(store, generation, keys, layout.horizon_days)
    counts, means = tally.counts(log), tally.means()
    known = {**levels(of, log), MEMBERS: float(tally.members)}
    run = Run(
        bundle.version,
        as_of,
        layout.horizon_days,
        tally.members,
        counts,
        known,
        means,
        refused,
        reference is not None,
        bins="" if reference is None else reference.bins,
    )
    keep(place, run, together(told, len(layout.tier_names)), lambda: erased_marks(store))
    return run


def keep(place: Home, run: Run, told: Told, erased: Callable[[], Collection[bytes]]) -> None:
    """Keep a run, and what it said of members but for those who have been erased.

    Parameters
    ----------
    erased : asks for the marks of all who have been
    """
    write_told(place.path, run.version, run.as_of, told)
    # Whoever was erased after the forecasts were read; who is erased from here on is found by the erasure.
    wipe_run(place_of(place.path, run.version, run.as_of, ".parquet"), erased())
    write_run(place.path, run)
    prune(place.path, run.as_of)


def stored(store: Engine, generation: Generation) -> Iterator[Part]:
    """A generation's forecasts, some at a time, in the order of their keys; those made anew of posted lines are as they are.

    Raises
    ------
    StoreError
    """
    sign, after = mark(store), ""
    statement = (
        f"SELECT member, body FROM forecast WHERE generation = {sign} AND member > {sign} "  # noqa: S608
        f"ORDER BY member LIMIT {sign}"
    )
    first = statement.replace(f"AND member > {sign} ", "")
    found = ask(store, first, (generation.id, CHUNK))
    while found:
        bodies = b"".join(body for _, body in found)
        rows = np.frombuffer(bodies, "<f8").reshape(len(found), generation.width)
        yield Part([member for member, _ in found], rows)
        after = found[-1][0]
        found = ask(store, statement, (generation.id, after, CHUNK)) if len(found) == CHUNK else []


def from_store(store: Engine, generation: Generation, keys: Sequence[str], days: int) -> tuple[int, dict[str, Floats]]:
    """How many of some members were looked at, and what their stored histories show of the days before the as-of date.

    Of more than 50,000, every second, third ... is looked at.

    Raises
    ------
    StoreError, ArtifactError
    """
    found: dict[str, list[Floats]] = {}
    keys, looked = keys[:: -(-len(keys) // _MOST_HISTORIES) or 1], 0
    for start in range(0, len(keys), _HISTORIES):
        bodies = stored_histories(store, generation.id, keys[start : start + _HISTORIES])
        looked += len(bodies)
        for name, column in log_columns(unpack(list(bodies.items()), generation.log), generation.as_of, days).items():
            found.setdefault(name, []).append(column)
    return looked, {name: np.concatenate(columns) for name, columns in found.items()}


def _told(part: Part, layout: Layout, secret: bytes) -> Told:
    marks = np.empty(len(part.keys), object)
    marks[:] = [pseudonym(secret, key) for key in part.keys]
    rows = part.rows
    return Told(marks, rows[:, AT["p_churn"]].copy(), rows[:, AT["expected_spend"]].copy(), rows[:, layout.p_tier].copy())


def together(parts: Iterable[Told], tiers: int) -> Told:
    """Parts as one, in the order of their marks, which is nobody's."""
    none: npt.NDArray[Any] = np.empty(0, object)
    all_ = [Told(none, np.empty(0), np.empty(0), np.empty((0, tiers))), *parts]
    whole = Told(
        np.concatenate([part.marks for part in all_]),
        np.concatenate([part.p_churn for part in all_]),
        np.concatenate([part.expected_spend for part in all_]),
        np.concatenate([part.p_tier for part in all_]),
    )
    return whole.take(np.argsort(whole.marks, kind="stable"))
