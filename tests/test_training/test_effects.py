from __future__ import annotations

import datetime as dt

import pytest

from features.registry import by_name
from training.effects import IN, OUT, Ablation, Change, Effect, Trial
from training.metrics import Estimate

WIDE = Estimate(0.0, -0.01, 0.01)


def effect(change: Change, churn: Estimate, tier: Estimate | None = None, cutoff: str = "2020-01-01") -> Effect:
    return Effect(cutoff, Trial("recency", change, ("recency_days",), ()), churn, WIDE, tier)


@pytest.mark.parametrize(
    ("change", "churn", "tier", "verdict"),
    [
        (OUT, (0.002, 0.004), None, "pays"),
        (IN, (-0.004, -0.002), None, "pays"),
        (OUT, (-0.002, 0.0005), None, "does not pay"),
        (IN, (-0.0005, 0.002), None, "does not pay"),
        (OUT, (-0.002, 0.002), None, "cannot tell"),
        (OUT, (-0.002, 0.002), (0.001, 0.002), "pays"),
        (OUT, (0.001, 0.002), (-0.002, -0.001), "cannot tell"),
        (IN, (0.001, 0.002), (-0.0001, 0.001), "does not pay"),
    ],
)
def test_verdicts(change: Change, churn: tuple[float, float], tier: tuple[float, float] | None, verdict: str) -> None:
    target = None if tier is None else Estimate(sum(tier) / 2, *tier)
    assert effect(change, Estimate(sum(churn) / 2, *churn), target).verdict == verdict


def ablation(*effects: Effect, cutoffs: tuple[dt.date, ...] = (dt.date(2020, 1, 1),)) -> Ablation:
    figures = {"churn log loss": Estimate(0.3, 0.2, 0.4)}
    return Ablation(by_name(["recency_days"]), cutoffs, 1234, figures, effects)


def test_a_table_of_it() -> None:
    gain = Estimate(0.0012, 0.0003, 0.0026)
    assert ablation(effect(OUT, gain), effect(IN, WIDE)).to_text().splitlines() == [
        "Reference: 1 features, 1,234 forecasts at 2020-01-01",
        "  churn log loss      0.3000 [0.2000, 0.4000]",
        "",
        "Left out of the reference: above 0 in log loss, and below 0 in AUC, they were worth having",
        "              n  churn log loss               AUC                          verdict",
        "  recency     1  +0.0012 [+0.0003, +0.0026]   +0.0000 [-0.0100, +0.0100]   pays",
        "",
        "Put into the reference: below 0 in log loss, and above 0 in AUC, they are worth having",
        "              n  churn log loss               AUC                          verdict",
        "  recency     1  +0.0000 [-0.0100, +0.0100]   +0.0000 [-0.0100, +0.0100]   cannot tell",
        "",
        "pays: the interval lies beyond 0; does not pay: it stays under 0.001 of log loss; one in twenty is wrong",
    ]


def test_the_table_is_of_all_cutoffs_and_the_frame_of_each() -> None:
    two = (dt.date(2020, 1, 1), dt.date(2020, 2, 1))
    effects = [effect(OUT, WIDE, WIDE, cutoff) for cutoff in ("2020-01-01", "2020-02-01", "all")]
    found = ablation(*effects, cutoffs=two)
    assert found.overall == effects[2:]
    frame = found.to_pandas()
    assert frame.cutoff.tolist() == [name for name in ("2020-01-01", "2020-02-01", "all") for _ in range(3)]
    assert frame.metric[:3].tolist() == ["churn log loss", "AUC", "next-tier log loss"]
    assert frame.iloc[0].drop("cutoff").tolist() == [
        *("recency", OUT, "recency_days", "churn log loss", 0.0, -0.01, 0.01, "cannot tell")
    ]
    assert "next-tier log loss" in found.to_text()
