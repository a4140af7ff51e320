"""A model and its store, ready to answer: what HTTP, batch and notebooks call. Knows no web framework."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from features.contacts import About, attach
from features.daily import Line, fold, label_counts
from features.errors import ArtifactError, InputError, UnknownMemberError
from features.histories import from_rows
from features.schema import LABELS
from features.snapshot import to_day
from serving.reasons import Language
from serving.record import Layout
from serving.scoring import score
from serving.settings import Home
from serving.store import MemberId, Store, member_key
from training.artifact import VERSION, load, to_forecaster
from training.forecaster import Forecaster
from training.reach import check_learned


@dataclass(frozen=True)
class Ask:
    """How an answer is wanted."""

    reasons: int = 3
    language: Language = "en"
    contributions: bool = False


class Predictor:
    """Answers from stored forecasts, and forecasts histories that come with the question.

    Parameters
    ----------
    forecaster : the model
    layout : of its rows
    store : forecasts made by the same model
    """

    def __init__(self, forecaster: Forecaster, layout: Layout, store: Store) -> None:
        if store.info.model_version != layout.model_version or store.info.width != layout.width:
            raise ArtifactError(
                "a store is read with the model that filled it",
                f"a store of {store.info.model_version} and the model {layout.model_version}",
                "run 'tiercast score' again",
            )
        self.forecaster = forecaster
        self.layout = layout
        self.store = store

    @classmethod
    def open(cls, home: Home) -> Predictor:
        """The store in a home folder, with the model that filled it.

        Raises
        ------
        NoModelError, ArtifactError
        """
        store = Store(home.store)
        version = store.info.model_version
        if not VERSION.fullmatch(version):  # it is about to become part of a path
            raise ArtifactError("a store names the model that filled it", "no such name", "run 'tiercast score' again")
        try:
            forecaster = to_forecaster(load(home.models / version))
        except InputError as error:  # of another release: nothing that a caller of the service could mend
            raise ArtifactError("a model fits this release", error.got, "train it again with this release") from error
        return cls(forecaster, Layout.of(forecaster, version), store)

    def look_up(self, members: Sequence[MemberId], ask: Ask) -> tuple[list[dict[str, Any]], list[MemberId]]:
        """Stored forecasts in the order asked for, and the ids that have none.

        Raises
        ------
        UnknownMemberError
            none of the ids has one
        """
        rows = self.store.get(members)
        keys = [self.store.key(member) for member in members]
        unknown = [member for member, key in zip(members, keys, strict=True) if key not in rows]
        if not rows:
            raise UnknownMemberError(len(unknown))
        answers = [self._answer(self.store.member(key), self.store.as_of, rows[key], ask) for key in keys if key in rows]
        return answers, unknown

    def score(
        self,
        histories: Sequence[tuple[MemberId, Sequence[Line]]],
        as_of: dt.date,
        ask: Ask,
        about: Mapping[str, About] = MappingProxyType({}),
    ) -> tuple[list[dict[str, Any]], list[MemberId]]:
        """Forecast members from their lines before ``as_of``; and the ids without a purchase in the look-back.

        Parameters
        ----------
        histories : (member, lines) pairs, each member once
        as_of : the cutoff; lines and events on days from then on are not looked at
        about : member key → what is said beside transactions

        Raises
        ------
        CutoffError
            the date is before the one that the model was trained for
        InputError
            the model uses events, and nothing is said of a member's
        """
        check_learned(self.forecaster, as_of)
        end = to_day(as_of)
        before = ((member, [line for line in lines if to_day(line.timestamp.date()) < end]) for member, lines in histories)
        known = [(member, lines) for member, lines in before if lines]
        answered: dict[str, dict[str, Any]] = {}
        if known:
            needed, zone = self.forecaster.columns, self.forecaster.settings.time_zone
            labels = {str(name): [label_counts(lines, name) for _, lines in known] for name in LABELS if name in needed}
            rows = [(member, fold(lines, needed)) for member, lines in known]
            log = from_rows(rows, self.forecaster.settings.has_amounts, columns=needed, labels=labels, time_zone=zone)
            log = attach(log, [self._known(about.get(member_key(member), About())) for member, _ in known])
            log = log.before(as_of)
            scores = score(self.forecaster, self.layout, log, as_of)
            for member, row in zip(scores.members.tolist(), scores.rows, strict=True):
                answered[member_key(member)] = self._answer(member, as_of, row, ask)
        silent = [member for member, _ in histories if member_key(member) not in answered]
        return list(answered.values()), silent

    def _known(self, about: About) -> About:
        """What is said of a member, refused where the model uses events and none are spoken of.

        Raises
        ------
        InputError
        """
        if not self.forecaster.uses_events:
            return About(joined=about.joined)
        if about.events is None:
            raise InputError(
                "a model that uses events is sent each member's events",
                "a member without any word of them",
                "add 'events', an empty list where there are none",
            )
        return about

    def _answer(self, member: MemberId, as_of: dt.date, row: np.ndarray[Any, Any], ask: Ask) -> dict[str, Any]:
        return self.layout.answer(
            member, as_of, row, reasons=ask.reasons, language=ask.language, contributions=ask.contributions
        )
