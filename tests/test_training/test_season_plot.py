from __future__ import annotations

import datetime as dt

import numpy as np

from features.snapshot import to_day
from training.season import Levels
from training.season_plot import level_curve


def test_levels_by_date_with_their_intervals() -> None:
    days = np.array([to_day(dt.date(2017, *day)) for day in ((5, 1), (5, 29), (6, 26))])
    levels = Levels(days, np.array([0.1, 0.5, 0.0]), np.array([0.01, 0.01, 0.04]))
    (axes,) = level_curve(levels).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2017-05-01", "2017-05-29", "2017-06-26"]
    (bars,) = axes.containers
    np.testing.assert_allclose(bars.lines[0].get_ydata(), levels.level)
    ends = [bar[:, 1] for bar in bars.lines[2][0].get_segments()]
    np.testing.assert_allclose(ends, [[-0.096, 0.296], [0.304, 0.696], [-0.392, 0.392]])
    lines = {line.get_label(): np.array(line.get_ydata()) for line in axes.lines}
    np.testing.assert_allclose(lines["mean"], 0.2)
    np.testing.assert_allclose(lines["without sampling noise"], levels.drawn_in)


def test_one_cutoff_is_drawn_too() -> None:
    (axes,) = level_curve(Levels(np.array([17_000]), np.array([0.3]), np.array([0.01]))).axes
    assert len(axes.get_xticklabels()) == 1
