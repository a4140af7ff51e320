"""How the trees learn: the settings that ``tiercast tune`` searches and ``learning:`` in ``tiercast.yaml`` says.

::

    learning:
      leaves: 5              # most leaves of a tree, 8 at most: trees are served as tables
      learning_rate: 0.1     # what part of its advice is taken from each tree
      min_rows_a_leaf: 30    # least training rows in a leaf; left out, it follows the number of rows
      l2: 5.0                # how much leaves are drawn towards 0
      max_rounds: 150        # most trees; cross-validation stops earlier
      cutoffs: 8             # most past cutoffs that are pooled
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from features.errors import ConfigError

BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "leaves": (2, 8),
    "learning_rate": (0.005, 0.5),
    "min_rows_a_leaf": (1, 10_000),
    "l2": (0.0, 10_000.0),
    "max_rounds": (1, 2_000),
    "cutoffs": (1, 24),
}
"""Least and most of each, both included."""
_WHOLE: Final = frozenset({"leaves", "min_rows_a_leaf", "max_rounds", "cutoffs"})


@dataclass(frozen=True)
class Learning:
    """Validated settings; see the module for what each means. ``min_rows_a_leaf`` is None where it follows the rows.

    Raises
    ------
    ConfigError
        a value is of another kind or out of its range

    >>> Learning(leaves=4).to_dict()
    {'leaves': 4}
    """

    leaves: int = 5
    learning_rate: float = 0.1
    min_rows_a_leaf: int | None = None
    l2: float = 5.0
    max_rounds: int = 150
    cutoffs: int = 8

    def __post_init__(self) -> None:
        for name, (least, most) in BOUNDS.items():
            value = getattr(self, name)
            if name == "min_rows_a_leaf" and value is None:
                continue
            whole = name in _WHOLE
            kinds = (int,) if whole else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds) or not isfinite(value) or not least <= value <= most:
                raise ConfigError(
                    f"learning.{name} is a {'whole ' if whole else ''}number from {least:g} to {most:g}",
                    repr(value)[:80],
                    f"change learning.{name}, or leave it out",
                )
            if not whole:
                object.__setattr__(self, name, float(value))

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Learning:
        """Settings from a mapping; what is left out has its default.

        Raises
        ------
        ConfigError

        >>> Learning.from_dict({"l2": 1}).l2
        1.0
        """
        if not isinstance(stored, Mapping):
            raise ConfigError("learning is a mapping", type(stored).__name__, "write 'leaves: 8' below 'learning:'")
        for name in stored:
            if name not in BOUNDS:
                near = difflib.get_close_matches(str(name), BOUNDS, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"take one of {', '.join(BOUNDS)}"
                raise ConfigError("learning holds settings of the trees", repr(name)[:80], hint)
        return cls(**stored)

    def to_dict(self) -> dict[str, int | float]:
        """What differs from the defaults."""
        fields = dataclasses.fields(self)
        return {field.name: getattr(self, field.name) for field in fields if getattr(self, field.name) != field.default}


DEFAULTS: Final = Learning()
