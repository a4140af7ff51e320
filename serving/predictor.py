"""Forecasts of histories that come with the question, by a model alone: what HTTP and notebooks call. Knows no store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from features.bounds import StandingBounds
from features.contacts import About, attach
from features.daily import Line, fold, label_counts
from features.errors import InputError
from features.histories import from_rows
from features.schema import LABELS
from features.snapshot import to_day
from serving.forecast.members import MemberId, member_key
from serving.forecast.record import Layout
from serving.forecast.scoring import score
from serving.forecast.wording import Language
from training.forecaster import Forecaster
from training.reach import check_learned


@dataclass(frozen=True)
class Ask:
    """How an answer is wanted."""

    reasons: int = 3
    language: Language = "en"
    contributions: bool = False


class Predictor:
    """A model and what its rows mean.

    Parameters
    ----------
    forecaster : the model
    layout : of its rows
    bounds : that a member's standing is told by
    """

    def __init__(self, forecaster: Forecaster, layout: Layout, bounds: StandingBounds | None = None) -> None:
        self.forecaster = forecaster
        self.layout = layout
        self.bounds = bounds or StandingBounds()

    def of_lines(
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
            log = attach(log, [self._known(about.get(member_key(member), About())) for member, _ in known]).before(as_of)
            scores = score(self.forecaster, self.layout, log, as_of, self.bounds)
            members = scores.members.tolist()
            told = self.layout.answers(members, [as_of] * len(members), scores.rows, **vars(ask))
            answered = {member_key(member): answer for member, answer in zip(members, told, strict=True)}
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
