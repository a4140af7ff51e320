"""The customers of CDNOW whose published estimates are known, as counted histories."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from features.operators import Floats


@dataclass(frozen=True)
class Cdnow:
    """(1030,) distinct histories of 2,357 customers; ``mean_value`` is that of the repeat purchases, in dollars."""

    x: Floats
    recency: Floats
    age: Floats
    mean_value: Floats
    customers: Floats


@cache
def load() -> Cdnow:
    x, recency, age, cents, customers = np.loadtxt(
        Path(__file__).with_name("cdnow.csv"), delimiter=",", skiprows=3, unpack=True
    )
    return Cdnow(x, recency, age, cents / 100.0, customers)
