"""All that a backtest has shown: figures, slices and grades, as text and as records."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from features.bounds import StandingBounds
from training import proof_plots
from training.backtest import Origin
from training.grade import RULE, TOLERANCE, Grade, grades
from training.scoreboard import Score, scores
from training.scoreboard import to_text as scores_to_text
from training.slices import EVERYBODY, Slice, off_level, slices

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS: Final = 138
_WORST: Final = 3


@dataclass(frozen=True)
class Proof:
    """Origins with all that was reckoned of those whose outcome is known."""

    origins: Sequence[Origin]
    scores: Sequence[Score]
    slices: Sequence[Slice]
    grades: Sequence[Grade]

    @classmethod
    def of(cls, origins: Sequence[Origin], bounds: StandingBounds | None = None) -> Proof:
        """Score, slice and grade.

        Parameters
        ----------
        bounds : of the ladder's stages and the frequency classes
        """
        found = scores(origins)
        return cls(origins, found, slices(origins, bounds=bounds), grades(found, origins))

    @property
    def off(self) -> str:
        """For whom churn's level is off, in a sentence; '' where it is for none."""
        wrong = off_level(self.slices, TOLERANCE)
        if not wrong:
            return ""
        worst = "; ".join(
            f"{_kind(part)}: {part.mean_p:.2f} forecast, {part.churn_rate:.2f} left" for part in wrong[:_WORST]
        )
        more = f"; and {len(wrong) - _WORST} more" if len(wrong) > _WORST else ""
        return f"churn's level is off for {worst}{more}."

    def to_text(self) -> str:
        """Grades, their rule, what slices are off, and the table of figures."""
        table = scores_to_text(self.scores)
        if not self.scores:
            return table
        lines = [str(grade) for grade in self.grades]
        lines += [self.off, RULE] if self.off else [RULE]
        fill = textwrap.TextWrapper(_COLUMNS, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False).fill
        return "\n".join([*map(fill, lines), "", table])

    def to_records(self) -> dict[str, Any]:
        """Grades, scores and slices as plain values, None where there is no number; no member is in it."""
        return {
            "rule": RULE,
            "grades": [grade.to_dict() for grade in self.grades],
            "scores": [score.to_dict() for score in self.scores],
            "slices": [part.to_dict() for part in self.slices],
        }

    def pictures(self) -> dict[str, bytes]:
        """PNG by name, one figure open at a time."""
        wanted = proof_plots.drawings(self.origins, self.scores, self.slices)
        return {name: to_png(draw()) for name, draw in wanted.items()}


def _kind(part: Slice) -> str:
    return " ".join(EVERYBODY) if (part.by, part.name) == EVERYBODY else f"{part.by} ({part.name})"


def to_png(figure: Figure) -> bytes:
    """A figure as PNG, the same bytes for the same figure; it is closed."""
    import io

    import matplotlib.pyplot as plt

    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
    plt.close(figure)
    return file.getvalue()
