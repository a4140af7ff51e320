"""What is served now: a generation with its model, followed and changed while the service answers.

The champion of the model registry names the model; the newest complete generation of it in the database is served. Without a
registry the newest of any model is. Something new is loaded, tried (desk.canary) and taken up by one assignment, or the old
stays in its place. A question reads ``current()`` once and is answered from that alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Engine

from features.errors import ArtifactError, NoModelError, StoreError, TiercastError, TrackingError, log_text
from serving.database.generations import Generation, complete
from serving.database.schema import check
from serving.database.store_file import reopened
from serving.desk.canary import tried
from serving.desk.champion import Champion
from serving.desk.registry_alias import champion_version

EVERY_S: Final = 2.0
_LOG = logging.getLogger("tiercast.service")
_FIX: Final = "run 'tiercast score' again"


@dataclass(frozen=True)
class Status:
    """What the last look found, and how often what has happened since the start.

    ``wanted`` is the version that the registry or the settings name, None for any; ``waiting``: another is served, or none.
    """

    wanted: str | None = None
    waiting: bool = False
    store_up: bool = True
    registry_up: bool = True
    swaps: int = 0
    refused: int = 0
    store_away: int = 0
    registry_away: int = 0


class Desk:
    """What routes ask: the champion now. A thread of its own follows the database and the registry.

    Parameters
    ----------
    engine : the database
    tracking_uri : of the model registry; not asked where a model is named
    model : a version to serve whatever the registry says
    every_s : time between two looks
    """

    def __init__(self, engine: Engine, tracking_uri: str, *, model: str | None = None, every_s: float = EVERY_S) -> None:
        self.engine = engine
        self.champion: Champion | None = None
        self.status = Status(wanted=model)
        self._tracking_uri, self._model, self._every_s = tracking_uri, model, every_s
        self._refused: set[int] = set()
        self._checked, self._said = False, False
        self._looking = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def current(self) -> Champion:
        """What is served. Never waits: one read of an attribute.

        Raises
        ------
        NoModelError
            there is nothing to serve yet
        """
        champion = self.champion
        if champion is None:
            got = "none that could be taken up; the log says why" if self._refused else "no complete one"
            got = got if self.status.store_up else "no answer from the database"
            raise NoModelError("forecasts are served from a batch", got, "run 'tiercast score' first")
        return champion

    def ready(self) -> bool:
        """Whether questions can be answered: the database is asked, and the model forecasts a member from its history."""
        try:
            champion = self.current()
            return tried(self.engine, champion.generation, champion.forecaster, champion.layout, most=1).passed
        except TiercastError:
            return False

    def start(self) -> None:
        """Follow from now on; started already, nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._follow, name="tiercast-follow", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Follow no more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """Look once, and take up what is to be served."""
        with self._looking:
            wanted = self._wanted()
            try:
                self._open_again()
                self._check()
                self._take_up(complete(self.engine) if self._checked else (), wanted)
            except StoreError as error:
                if self.status.store_up:
                    _LOG.error("what is served stays: %s", error)
                self._note(store_up=False, store_away=self.status.store_away + 1)
            else:
                self._note(store_up=True)
            served = self.champion.generation.model_version if self.champion else None
            waiting = self.status.wanted is not None and served != self.status.wanted
            if waiting and not self.status.waiting:
                _LOG.warning(
                    "the champion %s has no generation that can be served; what is served stays", self.status.wanted
                )
            self._note(waiting=waiting)

    def _follow(self) -> None:
        while True:
            try:
                self.look()
            except Exception as error:  # the next look may fare better, and without the thread there would be none
                _LOG.error("looking for the champion failed: %s", log_text(error))
            if self._ended.wait(self._every_s):
                return

    def _open_again(self) -> None:
        """Where another file was put in the store's place, forget what the one before it held."""
        if reopened(self.engine):
            _LOG.error("the store's file was replaced: what is served is looked for in the new one")
            self.champion, self._checked = None, False
            self._refused.clear()

    def _check(self) -> None:
        """Whether the database has its tables; a batch will make them."""
        if not self._checked:
            try:
                check(self.engine)
                self._checked = True
            except ArtifactError as error:
                _LOG.log(logging.DEBUG if self._said else logging.WARNING, "nothing to serve yet: %s", error)
                self._said = True

    def _wanted(self) -> bool:
        """Ask which version is to be served; whether that is known."""
        if self._model is not None:
            return True
        try:
            wanted = champion_version(self._tracking_uri)
            if wanted is None and self.status.wanted is not None:
                raise TrackingError("a registry that was followed stays", "none in its place", "put it back, or start again")
        except TiercastError as error:
            if self.status.registry_up:
                _LOG.error("the registry's last word holds: %s", error)
            away = isinstance(error, TrackingError)
            self._note(registry_up=not away, registry_away=self.status.registry_away + away)
            return self.status.wanted is not None
        self._note(registry_up=True, wanted=wanted)
        return True

    def _take_up(self, there: Sequence[Generation], known: bool) -> None:
        at_work = self.champion
        self._refused &= {generation.id for generation in there}
        for generation in self._candidates(there, known):
            if at_work is not None and generation.id == at_work.generation.id:
                return
            if generation.id not in self._refused and self._took(generation, at_work):
                return
        if at_work is not None and all(generation.id != at_work.generation.id for generation in there):
            # Every member would be said to be unknown.
            _LOG.error("the generation that was served is gone from the database")
            self.champion = None

    def _candidates(self, there: Sequence[Generation], known: bool) -> list[Generation]:
        """Generations in the order in which they would be served: the champion's, then those of the model at work."""
        at_work = self.champion.generation.model_version if self.champion else None
        wanted = self.status.wanted
        if not known and at_work is None and len({generation.model_version for generation in there}) > 1:
            return []  # nobody says which
        first = [one for one in there if wanted in (None, one.model_version)]
        return first + [one for one in there if one.model_version == at_work and one not in first]

    def _took(self, generation: Generation, at_work: Champion | None) -> bool:
        try:
            new = Champion.load(self.engine, generation, at_work)
            trial = tried(self.engine, generation, new.forecaster, new.layout)
            if not trial.passed:  # somebody may have been erased between its questions
                trial = tried(self.engine, generation, new.forecaster, new.layout)
            if not trial.passed:
                raise ArtifactError("a model says again what its batch said", str(trial), _FIX)
        except StoreError:
            raise
        except Exception as error:  # whatever is wrong with what is stored
            _LOG.error("generation %d is not taken up: %s", generation.id, log_text(error))
            self._refused.add(generation.id)
            self._note(refused=self.status.refused + 1)
            return False
        self.champion = new
        self._note(swaps=self.status.swaps + (at_work is not None))
        _LOG.info("serving generation %d of %s as of %s", generation.id, generation.model_version, generation.as_of)
        return True

    def _note(self, **seen: object) -> None:
        self.status = replace(self.status, **seen)  # type: ignore[arg-type]
