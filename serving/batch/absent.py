"""Who has been erased, before a batch and while it is at work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import Engine

from features.histories import Histories
from serving.batch.part import Mark, Part
from serving.database.erasure import erased_marks
from serving.forecast.members import MemberId, member_key


@dataclass(frozen=True)
class Absent:
    """Members who are left out of a batch.

    Parameters
    ----------
    mark : None where nobody can have been erased
    engine : the store that knows who was
    at_first : the marks of all who were when the batch began
    """

    mark: Mark | None
    engine: Engine
    at_first: frozenset[bytes] = field(default_factory=frozenset)

    @classmethod
    def now(cls, mark: Mark | None, engine: Engine) -> Absent:
        """Whoever has been erased by now.

        Raises
        ------
        StoreError
        """
        return cls(mark, engine, frozenset(erased_marks(engine)) if mark is not None else frozenset())

    def without(self, histories: Histories) -> Histories:
        """The members who had not been."""
        if self.mark is None or not self.at_first:
            return histories
        stays = [self.mark(member_key(member)) not in self.at_first for member in histories.members.tolist()]
        return histories if all(stays) else histories.select(np.flatnonzero(stays))

    def taken_out_of(self, part: Part) -> Part:
        """A part that an earlier batch has made, without whoever was erased since."""
        if self.mark is None or not self.at_first:
            return part
        gone = frozenset(key for key, _ in part.histories if self.mark(key) in self.at_first)
        return part.without(gone)

    def counted(self, members: Iterable[MemberId]) -> int:
        """How many of some members had been erased."""
        if self.mark is None or not self.at_first:
            return 0
        return sum(self.mark(member_key(member)) in self.at_first for member in members)

    def since(self, members: Iterable[MemberId]) -> list[str]:
        """Keys of those among some members who have been erased after the batch began.

        Raises
        ------
        StoreError
        """
        if self.mark is None or not (marks := erased_marks(self.engine) - self.at_first):
            return []
        return [key for key in map(member_key, members) if self.mark(key) in marks]
