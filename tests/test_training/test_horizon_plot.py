from __future__ import annotations

from pathlib import Path

import numpy as np

from training.horizon import Silences
from training.horizon_plot import draw_horizon, horizon_plot

CURVE = Silences(np.array([7, 14, 21]), np.array([900, 800, 700]), np.array([400, 200, 40]), np.array([120, 16, 2]))


def test_the_curve_ends_where_silences_are_too_few() -> None:
    (axes,) = horizon_plot(CURVE, 0.1, chosen=14).axes
    line = axes.lines[0]
    assert list(line.get_xdata()) == [7, 14]
    assert list(line.get_ydata()) == [0.3, 0.08]
    assert list(axes.lines[2].get_xdata()) == [14, 14]


def test_without_a_choice_the_curve_is_drawn_alone() -> None:
    (axes,) = horizon_plot(CURVE, 0.1, "all").axes
    assert len(axes.lines) == 2
    assert list(axes.lines[0].get_xdata()) == [7, 14, 21]
    assert axes.get_ylabel() == "share of all shopping days"


def test_the_picture_is_a_png(tmp_path: Path) -> None:
    draw_horizon(CURVE, 0.1, "silent", 14, tmp_path / "horizon.png")
    assert (tmp_path / "horizon.png").read_bytes().startswith(b"\x89PNG")
