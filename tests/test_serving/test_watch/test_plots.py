from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import matplotlib as mpl
import pytest
from made_runs import CALM, DAY, REFERENCE, RUN, skewed

from serving.watch.plots import compared, watched
from serving.watch.verdicts import Seen, look
from training.watching import Thresholds

ALERT = "#b3402a"


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    mpl.use("agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def seen() -> list[Seen]:
    runs = [CALM, replace(skewed("a"), as_of=DAY + dt.timedelta(days=56))]
    return look(runs, {"v": REFERENCE}, Thresholds())


def test_what_is_past_its_limit_is_marked() -> None:
    far, mean, auc, off = watched(seen(), {"v": REFERENCE}).axes
    marked = [line for line in far.lines if line.get_marker() == "o" and line.get_color() == ALERT]
    assert [list(line.get_xdata()) for line in marked] == [[18_414 + 28 * 2]]
    assert marked[0].get_ydata()[0] > 1
    assert [list(line.get_ydata()) for line in mean.lines] == [[0.2, 0.2], [0.15]]
    assert any(set(line.get_ydata()) == {0.85} for line in auc.lines)  # at the training
    assert any(list(line.get_ydata()) == [-0.02, 0.03] for line in off.lines)


def test_programmes_are_drawn_below_each_other_with_the_day_something_happened() -> None:
    figure = compared({"as it was": seen()[:1], "another": seen()}, {"another": DAY})
    assert len(figure.axes) == 6
    days = [
        [line for line in axes.lines if line.get_linestyle() == ":" and line.get_color() == ALERT] for axes in figure.axes
    ]
    assert [len(found) for found in days] == [0, 0, 0, 1, 1, 1]


def test_a_first_run_has_an_axis_of_days_around_it_and_no_outcome() -> None:
    (found,) = look([replace(RUN, outcome=None)], {"v": REFERENCE}, Thresholds())
    figure = watched([found], {"v": REFERENCE})
    figure.canvas.draw()
    day = figure.axes[1].lines[0].get_xdata()[0]
    assert [axes.get_xlim() for axes in figure.axes] == [(day - 14, day + 14)] * 4
    said = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert said == [[], [], ["no run can be judged yet"], ["no run can be judged yet"]]


def test_a_run_without_a_reference_is_drawn_too() -> None:
    (found,) = look([replace(RUN, compared=False, counts={})], {"v": None}, Thresholds())
    far = watched([found]).axes[0]
    assert not [line for line in far.lines if line.get_marker() == "o"]
