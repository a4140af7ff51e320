"""Which predictor answers now: opened at the first question, and again when a batch has put a new store in place."""

from __future__ import annotations

import logging
import threading

from features.errors import NoModelError, TiercastError
from serving.predictor import Predictor
from serving.settings import Home

_LOG = logging.getLogger("tiercast.service")


class Desk:
    """The current predictor of a home folder."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._predictor: Predictor | None = None

    def predictor(self) -> Predictor:
        """The predictor of the store that is in place now.

        Raises
        ------
        NoModelError
            there is no store yet
        ArtifactError
        """
        stamp = self._current()
        if self._predictor is None or stamp != self._stamp:
            with self._lock:
                if self._predictor is None or stamp != self._stamp:
                    self._predictor = self._open(self._predictor)
                    self._stamp = stamp
        return self._predictor

    def _open(self, at_work: Predictor | None) -> Predictor:
        """The new store's predictor; the one at work stays where that cannot be opened."""
        try:
            return Predictor.open(self.home)
        except TiercastError as error:
            if at_work is None:
                raise
            _LOG.error("the new store is not taken up: %s", error)
            return at_work

    def ready(self) -> bool:
        """Whether questions can be answered."""
        try:
            self.predictor()
        except TiercastError:
            return False
        return True

    def _current(self) -> tuple[int, int]:
        """A store is only ever replaced by another file, so inode and time tell them apart."""
        try:
            status = self.home.store.stat()
        except OSError:
            raise NoModelError("forecasts are looked up in a store", "none yet", "run 'tiercast score' first") from None
        return status.st_ino, status.st_mtime_ns
