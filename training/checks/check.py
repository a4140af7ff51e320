"""What a check is: a class with a code that looks at the evidence and says what it found and what to do."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal, get_args

from training.checks.evidence import Evidence

Status = Literal["ok", "not applicable", "warning", "failed"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
"""From harmless to grave."""


@dataclass(frozen=True)
class Finding:
    """What a check found: one sentence with figures, and what to do where something is wrong.

    ``figures`` are the sentence's numbers by name; ``table`` holds plain rows that tell more, with the same keys in each.
    ``found`` of a check that is not applicable says why.
    """

    code: str
    title: str
    status: Status
    found: str
    fix: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    table: Sequence[Mapping[str, Any]] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, in which a number that is none is None.

        >>> found = Finding("TC-X", "an example", "ok", "all is well", figures={"rows": 3.0, "AUC": float("nan")})
        >>> found.to_dict()["figures"]
        {'rows': 3.0, 'AUC': None}
        """
        return {
            "code": self.code,
            "title": self.title,
            "status": self.status,
            "found": self.found,
            "fix": self.fix,
            "figures": {name: _plain(value) for name, value in self.figures.items()},
            "table": [{name: _plain(value) for name, value in row.items()} for row in self.table],
        }


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


class Check(ABC):
    """A diagnosis. ``finds`` says for the reference page when it fires, ``remedy`` what to do then.

    ``run`` raises nothing on odd data: what cannot be looked at is 'not applicable', with the reason.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    finds: ClassVar[str]
    remedy: ClassVar[str]

    @abstractmethod
    def run(self, evidence: Evidence) -> Finding:
        """Look, and say what was found."""

    def say(
        self,
        status: Status,
        found: str,
        figures: Mapping[str, float] | None = None,
        table: Sequence[Mapping[str, Any]] = (),
    ) -> Finding:
        """A finding of this check; what to do is said where something is wrong."""
        fix = self.remedy if status in ("warning", "failed") else ""
        return Finding(self.code, self.title, status, found, fix, figures or {}, table)

    def not_applicable(self, because: str) -> Finding:
        """Nothing to look at."""
        return self.say("not applicable", because)
