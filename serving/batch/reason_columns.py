"""The reasons of many members as columns: chosen in arrays, each sentence worded once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from features.operators import Floats
from serving.forecast.pace import Pace, paced
from serving.forecast.reasons import Language, clause, family_of, whole_sentence
from serving.forecast.record import AT, Layout
from training.terms import RHYTHM

if TYPE_CHECKING:
    import pyarrow as pa

REASONS: Final = 3
"""In words, for each member."""
_LOOKED_AT: Final = 3 * REASONS
"""So many of the largest contributions nearly always hold one of each family."""
_PACE: Final = slice(AT["shopping_days"], AT["silence_days"] + 1)
_NONE: Final = -1


@dataclass(frozen=True, eq=False)
class Chosen:
    """Which features are told of each member: ``feature`` is (n_members, REASONS), positions, -1 where there is none."""

    feature: npt.NDArray[np.int64]

    @classmethod
    def of(cls, layout: Layout, contributions: Floats) -> Chosen:
        """The largest contributions, one of each family first; the choice of ``serving.forecast.reasons.Teller``.

        Parameters
        ----------
        contributions : (n_members, n_features)
        """
        names = [family_of(feature) for feature in layout.explained]
        family = np.unique(names, return_inverse=True)[1]
        sizes = np.abs(contributions)
        order = np.argsort(-sizes, axis=1, kind="stable")
        n, width = contributions.shape
        found, told = np.full((n, REASONS), _NONE), np.full((n, REASONS), _NONE)
        count, everyone = np.zeros(n, np.int64), np.arange(n)
        for place in range(min(width, _LOOKED_AT)):
            feature = order[:, place]
            own = family[feature]
            new = (sizes[everyone, feature] != 0.0) & (count < REASONS) & ~(told == own[:, None]).any(axis=1)
            at = np.flatnonzero(new)
            found[at, count[at]], told[at, count[at]] = feature[at], own[at]
            count[at] += 1
        for i in np.flatnonzero(count < REASONS).tolist():  # few families among the largest, or few that move anything
            found[i] = _to_the_last(order[i].tolist(), sizes[i].tolist(), family.tolist())
        return cls(found)


def _to_the_last(order: list[int], sizes: list[float], family: list[int]) -> list[int]:
    """Of one member, whose features are looked at to the last."""
    moving = [i for i in order if sizes[i] != 0.0]
    told: set[int] = set()
    first = [i for i in moving if not (family[i] in told or told.add(family[i]))][:REASONS]  # type: ignore[func-returns-value]
    others = [i for i in moving if i not in first]
    chosen = {*first, *others[: REASONS - len(first)]}
    found = [i for i in moving if i in chosen]
    return found + [_NONE] * (REASONS - len(found))


def reason_columns(layout: Layout, rows: Floats, language: Language) -> dict[str, pa.Array]:
    """``reason_1_feature``, ``reason_1_value``, ... of rows (n, layout.width); null where there are fewer reasons.

    >>> from serving.forecast.record import Layout
    >>> layout = Layout((RHYTHM,), (), 0.0, 28, "2018-01-02-00000000")
    >>> row = np.full((1, layout.width), np.nan)
    >>> row[0, layout.contributions], row[0, _PACE] = 0.7, (30.0, 11.6, 45.0)
    >>> print(reason_columns(layout, row, "en")["reason_1_sentence"][0])
    Buys every 12 days on average, last 45 days ago: raises the risk of leaving.
    """
    import pyarrow as pa

    values, contributions = rows[:, layout.values], rows[:, layout.contributions]
    chosen = Chosen.of(layout, contributions).feature
    names = pa.array([feature.name for feature in layout.explained], pa.string())
    units = pa.array([feature.unit.value for feature in layout.explained], pa.string())
    everyone = np.arange(len(rows))
    columns: dict[str, Any] = {}
    for k in range(REASONS):
        feature = chosen[:, k]
        none = feature == _NONE
        value, part = values[everyone, feature], contributions[everyone, feature]
        position = pa.array(feature, mask=none)
        columns[f"reason_{k + 1}_feature"] = names.take(position)
        columns[f"reason_{k + 1}_value"] = pa.array(value, pa.float64(), mask=none | np.isnan(value))
        columns[f"reason_{k + 1}_unit"] = units.take(position)
        columns[f"reason_{k + 1}_contribution"] = pa.array(part, pa.float64(), mask=none)
        said = _sentences(layout, feature, value, part > 0.0, rows[:, _PACE], language)
        columns[f"reason_{k + 1}_sentence"] = pa.array(said, pa.string())
    return columns


def _sentences(
    layout: Layout,
    feature: npt.NDArray[np.int64],
    value: Floats,
    raises: npt.NDArray[np.bool_],
    paces: Floats,
    language: Language,
) -> npt.NDArray[Any]:
    """(n_members,) a sentence each, None where no feature is told; those of one feature together, each value once."""
    said = np.full(len(feature), None, object)
    for i in np.unique(feature[feature != _NONE]).tolist():
        told = layout.explained[i]
        for up in (False, True):
            at = np.flatnonzero((feature == i) & (raises == up))
            if told.name == RHYTHM.name:
                clauses = [paced(Pace(*pace), raises=up, language=language) for pace in paces[at].tolist()]
                said[at] = [whole_sentence(each, up, language) for each in clauses]
                continue
            distinct, which = np.unique(value[at], return_inverse=True)
            words = [whole_sentence(clause(told, one, language), up, language) for one in distinct.tolist()]
            said[at] = np.array(words, object)[which]
    return said
