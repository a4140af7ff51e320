"""``tiercast score --to spark:...``: forecasts made on a cluster, where log and target lie."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import click

from features.errors import ConfigError, counted
from features.urls import is_url, parts_of, shown
from serving.commands.checked_log import checked_events, checked_log, checked_members
from serving.commands.told import in_place
from serving.settings import Home
from training.config import Config

if TYPE_CHECKING:
    from serving.batch.spark_run import Erasures

_SPARK: Final = "spark"


@dataclass(frozen=True)
class Done:
    """What a run on a cluster did: rows of the log, members, seconds by the clock, and where the forecasts are."""

    model_version: str
    as_of: str
    rows_in: int
    rows_refused: dict[str, int]
    members_forecast: int
    members_erased: int
    members_by_tier: dict[str, int]
    seconds: float
    targets: list[str]


def on_spark(targets: Sequence[str]) -> bool:
    """Whether forecasts go to Spark, and so are made there.

    Raises
    ------
    ConfigError
        they go to Spark and to another place: a run is made in one

    >>> on_spark(["spark:?table=db.forecasts"]), on_spark(["forecasts.parquet"]), on_spark([])
    (True, False, False)
    """
    there = [is_url(place) and parts_of(place)[0].scheme == _SPARK for place in targets]
    if any(there) and len(there) > 1:
        got = ", ".join(map(shown, targets))
        raise ConfigError("a run that goes to Spark goes to one place", got, "run it once for each")
    return any(there)


def refuse_beside(options: Sequence[str]) -> None:
    """Refuse options that say how this machine works.

    Raises
    ------
    ConfigError
    """
    if options:
        rule, fix = "Spark's own settings say how a cluster works", "leave them out; Spark does again what was lost"
        raise ConfigError(rule, " and ".join(options), fix)


def score_there(
    config: Config,
    place: Home,
    version: str,
    target: str,
    *,
    as_of: dt.date | None,
    language: str,
    say: Callable[[str], None],
) -> Done:
    """Forecast on the executors, and say what was done.

    Parameters
    ----------
    version : of a model in the home
    target : see serving.batch.spark_targets
    as_of : the day after the log's last if None

    Raises
    ------
    ConfigError
        no log is named
    TiercastError
        see serving.batch.spark_run
    """
    from serving.batch.agreement import check_policy
    from serving.batch.spark_run import plan, score_on_spark
    from serving.watch.recording_there import record_there
    from serving.watch.references import readable_reference
    from training.artifact import load, to_forecaster

    began = time.monotonic()
    bundle = load(place.models / version)
    check_policy(to_forecaster(bundle), config.load_policy())
    reference = readable_reference(place, version, say)
    checked, rows, refused = checked_log(config, say)
    planned = plan(
        checked,
        bundle,
        as_of,
        **_beside(config, say),
        bounds=config.standing,
        language="zh" if language == "zh" else "en",
        reference=reference,
    )
    say(f"forecasting as of {planned.as_of} on {planned.session.conf.get('spark.master')}")
    with _erasures(place) as erasures:
        scored = score_on_spark(planned, target, erasures)
        erased = erasures.marks if erasures is not None else set[bytes]
        with in_place(scored.as_of):
            record_there(place, bundle, scored, reference, refused={**refused, "rows": rows}, erased=erased)
    return Done(
        version,
        str(scored.as_of),
        rows,
        refused,
        scored.members,
        scored.erased,
        scored.by_tier,
        round(time.monotonic() - began, 3),
        [shown(target)],
    )


def tell(done: Done, *, as_json: bool) -> None:
    """Print it."""
    if as_json:
        click.echo(json.dumps(asdict(done), indent=1, ensure_ascii=False))
        return
    click.echo(f"{done.members_forecast:,} members forecast as of {done.as_of} with model {done.model_version}")
    if done.members_erased:
        click.echo(f"{counted(done.members_erased, 'member')} left out: erased on request")
    click.echo("\n".join(done.targets))


def _beside(config: Config, say: Callable[[str], None]) -> dict[str, Any]:
    """The event log and the member table, where they are given: read on this machine."""
    found: dict[str, Any] = {}
    if config.events is not None:
        found["events"] = checked_events(config.events, config, say)
    if config.members is not None:
        found["members"] = checked_members(config.members, config, say)
    return found


@contextmanager
def _erasures(place: Home) -> Iterator[Erasures | None]:
    """Who was erased, as the store that services answer from knows it; None where there is no store yet."""
    from serving.batch.spark_run import Erasures
    from serving.database.engine import open_engine
    from serving.database.erasure import erased_marks
    from serving.database.schema import ensure
    from serving.privacy.pseudonyms import erasure_secret, mark

    if not place.has_store:
        yield None
        return
    secret = cache(lambda: erasure_secret(place.path))
    store = open_engine(place.store_url)
    try:
        ensure(store)
        yield Erasures(lambda: erased_marks(store), lambda key: mark(secret(), key))
    finally:
        store.dispose()
