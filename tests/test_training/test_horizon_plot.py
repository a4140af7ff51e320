from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

from training.horizon import Horizon, Silences
from training.horizon_plot import draw_horizon, horizon_plot

CURVE = Silences(np.array([7, 14, 21]), np.array([900, 800, 700]), np.array([400, 200, 40]), np.array([120, 16, 2]))
FOUND = Horizon(14, 0.1, "silent", dt.date(2017, 6, 1), CURVE)


def test_the_curve_ends_where_silences_are_too_few() -> None:
    (axes,) = horizon_plot(FOUND).axes
    line = axes.lines[0]
    assert list(line.get_xdata()) == [7, 14]
    assert list(line.get_ydata()) == [0.3, 0.08]
    assert list(axes.lines[2].get_xdata()) == [14, 14]


def test_the_picture_is_a_png(tmp_path: Path) -> None:
    draw_horizon(FOUND, tmp_path / "horizon.png")
    assert (tmp_path / "horizon.png").read_bytes().startswith(b"\x89PNG")
