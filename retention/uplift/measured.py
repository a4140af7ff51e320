"""A figure with its standard error, and which of several differ from 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.operators import Floats

_NORMAL_95: Final = 1.959963984540054
"""Standard errors on either side of a 95 % interval."""
LEVEL: Final = 0.025
"""Of a test in one direction: the figure is above 0 where its 95 % interval is."""


@dataclass(frozen=True)
class Measured:
    """A value and its standard error; ``low`` and ``high`` end the 95 % interval.

    >>> print(Measured(0.02, 0.005))
    0.0200 [0.0102, 0.0298]
    """

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.value - _NORMAL_95 * self.error

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + _NORMAL_95 * self.error

    @property
    def p_above(self) -> float:
        """Probability of as much or more where the truth is 0; 1 for a value that cannot vary."""
        if not self.error > 0.0:
            return 1.0
        return 0.5 * math.erfc(self.value / self.error / math.sqrt(2.0))

    def times(self, factor: float) -> Measured:
        """In another unit.

        >>> print(Measured(0.5, 0.1).times(2.0))
        1.0000 [0.6080, 1.3920]
        """
        return Measured(self.value * factor, self.error * abs(factor))

    @classmethod
    def mean(cls, values: Floats) -> Measured:
        """The mean of one value a member.

        >>> Measured.mean(np.array([1.0, 3.0]))
        Measured(value=2.0, error=1.0)
        """
        n = len(values)
        error = float(values.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan
        return cls(float(values.mean()), error)


def above_zero(figures: Sequence[Measured], level: float = LEVEL) -> list[bool]:
    """Which figures are above 0, with a probability of at most ``level`` that any is told so wrongly (Holm 1979).

    >>> above_zero([Measured(0.21, 0.1), Measured(0.5, 0.1)]), above_zero([Measured(0.21, 0.1), Measured(0.1, 0.1)])
    ([True, True], [False, False])
    """
    p = np.array([figure.p_above for figure in figures])
    found = [False] * len(figures)
    for step, k in enumerate(np.argsort(p, kind="stable").tolist()):
        if p[k] > level / (len(figures) - step):
            break
        found[k] = True
    return found
