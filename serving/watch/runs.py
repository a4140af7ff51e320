"""A scoring run as it is remembered: counts by bin and plain figures, nothing of a single member; and how it turned out."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from features.errors import ArtifactError
from training.metrics import Estimate

FORMAT: Final = 1


@dataclass(frozen=True)
class Outcome:
    """What a run's forecasts were worth, once the horizon was over.

    Parameters
    ----------
    rows : members judged
    lost : members forecast who are not in the log any more, or were erased since
    figures : by name, see serving.watch.judging
    ece_by_chance : the calibration error that a forecast which is right has in so many rows
    """

    rows: int
    lost: int
    figures: Mapping[str, Estimate]
    ece_by_chance: float


@dataclass(frozen=True)
class Run:
    """One scoring run.

    Parameters
    ----------
    counts : by quantity of the model's reference, see training.reference; empty where the model had none
    levels : see training.sightings.levels
    means : of p_churn and expected_spend
    refused : rows of the log by reason, and ``rows``, all of them; None where that is not known
    compared : whether the model had a reference
    outcome : None until it is judged
    logged : what MLflow has of it already: ``scored``, ``judged``
    bins : those of the reference (training.reference) that ``counts`` are by; '' where an earlier release did not say
    """

    version: str
    as_of: dt.date
    horizon_days: int
    members: int
    counts: Mapping[str, tuple[int, ...]]
    levels: Mapping[str, float]
    means: Mapping[str, float]
    refused: Mapping[str, int] | None = None
    compared: bool = True
    outcome: Outcome | None = None
    logged: tuple[str, ...] = field(default=())
    bins: str = ""

    @property
    def due(self) -> dt.date:
        """The first day on which the horizon is over: the log has to reach it."""
        return self.as_of + dt.timedelta(days=self.horizon_days)

    def to_json(self) -> str:
        """Plain text, to be kept; what is not a number is null.

        >>> run = Run("2020-01-01-0123abcd", dt.date(2020, 2, 1), 28, 0, {}, {}, {})
        >>> Run.from_json(run.to_json(), "here") == run
        True
        """
        plain = asdict(self) | {"format": FORMAT, "as_of": self.as_of.isoformat()}
        return json.dumps(_without_nan(plain), indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, place: str) -> Run:
        """Back from ``to_json``.

        Raises
        ------
        ArtifactError
            it is damaged, or of another release's format; ``place`` says where it lies
        """
        try:
            plain = json.loads(text)
            if plain.pop("format") != FORMAT:
                raise ArtifactError(f"a run's summary has format {FORMAT}", f"another in {place}", "remove the file")
            outcome = plain["outcome"]
            if outcome is not None:
                figures = {name: _estimate(figure) for name, figure in outcome["figures"].items()}
                outcome = Outcome(**{**outcome, "figures": figures, "ece_by_chance": _number(outcome["ece_by_chance"])})
            return cls(
                **{
                    **plain,
                    "as_of": dt.date.fromisoformat(plain["as_of"]),
                    "counts": {name: tuple(counts) for name, counts in plain["counts"].items()},
                    "means": {name: _number(mean) for name, mean in plain["means"].items()},
                    "outcome": outcome,
                    "logged": tuple(plain["logged"]),
                }
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            got = f"{place}: {type(error).__name__}"
            raise ArtifactError("a run's summary is whole", got, "remove the file, and score that date again") from error


def _estimate(plain: Mapping[str, float | None]) -> Estimate:
    return Estimate(_number(plain["value"]), _number(plain["low"]), _number(plain["high"]))


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124  (NaN is not itself)
