from __future__ import annotations

from pathlib import Path

import numpy as np

from retention.uplift.learnt import Uplift
from retention.uplift.qini_plot import draw_qini, qini_plot


def test_a_curve_a_band_and_chance_by_arm(uplift: Uplift) -> None:
    figure = qini_plot([uplift])
    assert [axes.get_title(loc="left").partition(":")[0] for axes in figure.axes] == ["mail", "call"]
    curve = uplift.arms[0].held_out.curve()
    line, chance, _ = figure.axes[0].lines
    assert np.allclose(line.get_ydata(), 1_000 * curve.gain)
    assert np.allclose(chance.get_ydata(), 1_000 * curve.chance)
    assert len(figure.axes[0].collections) == 1


def test_the_picture_is_a_file(nobody: Uplift, tmp_path: Path) -> None:
    draw_qini([nobody, nobody], tmp_path / "q.png")
    assert (tmp_path / "q.png").read_bytes()[:4] == b"\x89PNG"
