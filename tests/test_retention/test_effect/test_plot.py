from __future__ import annotations

from pathlib import Path

import numpy as np
from trials import simulate

from retention.effect.findings import Findings, findings
from retention.effect.plot import draw_effect, effect_plot
from retention.trial.table import TrialTable


def test_a_row_a_slice_and_a_panel_an_outcome(tmp_path: Path) -> None:
    made = simulate(np.random.default_rng(1), 300, 0.3)
    outcomes = {"returned": made.returned, "spend": made.spend}
    trial = TrialTable(np.arange(300), made.treated.astype(np.int64), ("c", "t"), outcomes, {"p_churn": made.p_churn})
    found = findings(trial, slices={"tier": np.array(["普通", "Silver", "Gold"])[made.strata]})
    figure = effect_plot(found)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["returned: t less c", "spend: t less c"]
    assert len(figure.axes[0].get_yticks()) == 4
    lines = [line.get_xdata() for line in figure.axes[0].lines]
    told = found.found[0].told
    assert any(list(line) == [told.low, told.high] for line in lines)
    draw_effect(found, tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 5_000


def test_no_conclusion_is_drawn_as_words() -> None:
    figure = effect_plot(Findings("c", {}, frozenset(), (), (), ()))
    assert "no conclusion" in figure.axes[0].texts[0].get_text()
