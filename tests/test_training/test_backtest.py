from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import simulated
from by_example import row
from sklearn.metrics import log_loss, roc_auc_score

from features.errors import CutoffError, UnusableLogError
from features.histories import Histories
from features.policy import TierPolicy
from training.backtest import OURS, Origin, run_backtest


def test_real_data_is_forecast_as_well_as_was_measured(journey_origin: Origin) -> None:
    origin = journey_origin
    assert origin.labels is not None
    y = origin.labels.churned
    assert len(y) > 2_000
    assert roc_auc_score(y, origin.churn[OURS]) >= 0.850
    losses = {name: log_loss(y, p) for name, p in origin.churn.items()}
    assert losses[OURS] <= 0.312
    assert all(losses[OURS] < loss - 0.01 for name, loss in losses.items() if name != OURS)
    then = origin.labels.next_tier
    tiers = {name: log_loss(then, p, labels=range(4)) for name, p in origin.tiers.items()}
    assert tiers[OURS] <= 0.300
    assert all(tiers[OURS] < tiers[name] - 0.1 for name in ("same tier", "Markov"))
    assert all(tiers[OURS] < loss for name, loss in tiers.items() if name != OURS)


def test_real_spend_and_rates_are_forecast_on_the_whole(journey_origin: Origin) -> None:
    origin = journey_origin
    assert origin.labels is not None
    assert origin.labels.spend is not None
    assert origin.forecasts.expected_spend is not None
    assert origin.churn[OURS].mean() == pytest.approx(origin.labels.churned.mean(), abs=0.03)
    assert origin.forecasts.expected_spend.sum() == pytest.approx(origin.labels.spend.sum() / 10_000, rel=0.1)
    p_tier = origin.tiers[OURS]
    share = np.bincount(origin.labels.next_tier, minlength=4) / len(p_tier)
    np.testing.assert_allclose(p_tier.mean(axis=0), share, rtol=0, atol=0.03)


def test_a_real_log_cut_at_the_cutoff_gives_the_same_and_no_outcome(
    journey: Histories, journey_policy: TierPolicy, journey_origin: Origin
) -> None:
    cutoff = journey_origin.cutoff
    (origin,) = run_backtest(journey.before(cutoff), [cutoff], **simulated.SPANS, policy=journey_policy)
    assert origin.labels is None
    assert origin.forecasts.members.tolist() == journey_origin.forecasts.members.tolist()
    for one, other in [(origin.churn, journey_origin.churn), (origin.tiers, journey_origin.tiers)]:
        assert {name: p.tobytes() for name, p in one.items()} == {name: p.tobytes() for name, p in other.items()}
    assert origin.to_pandas().equals(journey_origin.to_pandas())


def test_cutoffs_come_once_and_oldest_first(small: Histories) -> None:
    newer, older = simulated.AS_OF, simulated.AS_OF - dt.timedelta(days=30)
    said: list[str] = []
    origins = run_backtest(small, [newer, older, newer], **simulated.SPANS, policy=simulated.NET, say=said.append)
    assert [origin.cutoff for origin in origins] == [older, newer]
    assert [line[:10] for line in said] == [str(older)] * 4 + [str(newer)] * 4
    for origin in origins:
        assert origin.labels is not None
        assert list(origin.churn) == [OURS, "base rate", "recency rule", "logistic RFM", "RFM table", "BG/NBD", "MBG/NBD"]
        assert list(origin.tiers) == [OURS, "same tier", "Markov", "carry + run rate", "carry + MBG/NBD + gamma-gamma"]
        assert list(origin.spend) == [OURS, "run rate", "MBG/NBD + gamma-gamma"]
        assert origin.spend_came is not None
        np.testing.assert_allclose(origin.spend_came * 10_000, origin.labels.spend)


def test_the_outcome_is_known_from_the_day_the_horizon_ends(small: Histories) -> None:
    _, end = small.span
    day = dt.timedelta(days=1)
    closed = end - dt.timedelta(days=simulated.HORIZON)
    known, open_ = run_backtest(small, [closed, closed + day], **simulated.SPANS)
    assert known.labels is not None
    assert open_.labels is None


def test_a_frame_of_it(small: Histories, visits_only: Histories) -> None:
    (origin,) = run_backtest(small, [simulated.AS_OF], **simulated.SPANS, policy=simulated.NET)
    columns = ["customer_id", "cutoff", "p_churn", "p_tier_Member", "p_tier_Silver", "p_tier_Gold", "expected_spend"]
    frame = origin.to_pandas()
    assert frame.columns.tolist() == columns
    assert frame.p_churn.tolist() == origin.forecasts.p_churn.tolist()
    np.testing.assert_allclose(frame[columns[3:6]].sum(axis=1), 1.0)
    (bare,) = run_backtest(visits_only, [simulated.AS_OF], **simulated.SPANS, policy=simulated.NET)
    assert bare.tiers == bare.spend == {}
    assert bare.spend_came is None
    assert bare.to_pandas()[columns[3:]].isna().all(axis=None)
    assert bare.to_pandas().p_churn.notna().all()


@pytest.mark.parametrize(
    ("cutoff", "match"),
    [
        (simulated.FIRST, "after the log's first day; got 2020-01-01"),
        (simulated.FIRST - dt.timedelta(days=400), "after the log's first day"),
        (simulated.FIRST + dt.timedelta(days=simulated.DAYS + 40), "at most 31 days after the log's last day"),
    ],
)
def test_a_cutoff_out_of_reach_is_refused_before_any_work(small: Histories, cutoff: dt.date, match: str) -> None:
    said: list[str] = []
    with pytest.raises(CutoffError, match=match):
        run_backtest(small, [simulated.AS_OF, cutoff], **simulated.SPANS, say=said.append)
    assert said == []


def test_an_early_cutoff_has_too_little_before_it(small: Histories) -> None:
    with pytest.raises(UnusableLogError, match="closed horizon"):
        run_backtest(small, [simulated.FIRST + dt.timedelta(days=20)], **simulated.SPANS)


@pytest.mark.parametrize("seed", [1, 2])
def test_small_logs_are_forecast_better_than_by_the_rate(seed: int) -> None:
    histories = simulated.histories(simulated.log(200, seed))
    (origin,) = run_backtest(histories, [simulated.AS_OF], **simulated.SPANS, policy=simulated.NET)
    assert origin.labels is not None
    losses = {name: log_loss(origin.labels.churned, p) for name, p in origin.churn.items()}
    assert losses[OURS] < losses["base rate"]
    assert losses[OURS] < min(losses.values()) + 0.05


def test_one_member_is_no_programme() -> None:
    weekly = [row(simulated.FIRST + dt.timedelta(days=day), 1, 10_000) for day in range(0, 400, 7)]
    with pytest.raises(UnusableLogError, match=r"at least 20 members .* got 1 with"):
        run_backtest(simulated.histories({"m": weekly}), [simulated.AS_OF], **simulated.SPANS)


def test_members_with_one_purchase_each(small_log: dict[str, list]) -> None:
    rng = np.random.default_rng(0)
    once = {
        f"m{i:03d}": [row(simulated.FIRST + dt.timedelta(days=int(rng.integers(0, simulated.DAYS))), 1, 100_000)]
        for i in range(300)
    }
    (origin,) = run_backtest(simulated.histories(once), [simulated.AS_OF], **simulated.SPANS, policy=simulated.NET)
    assert origin.labels is not None
    assert origin.labels.churned.all()
    assert (origin.churn[OURS] > 0.98).all()
    np.testing.assert_allclose(origin.tiers[OURS].sum(axis=1), 1.0)
    assert np.isfinite(origin.forecasts.expected_spend).all()  # type: ignore[arg-type]


def test_silence_after_the_logs_end_is_not_learned_as_churn(small: Histories) -> None:
    """A date some weeks after the last row: the days between are not known, and so are no horizon."""
    early, late = simulated.AS_OF, simulated.AS_OF + dt.timedelta(days=27)
    known = small.before(early)
    (then,), (stale,) = (run_backtest(known, [cutoff], **simulated.SPANS) for cutoff in (early, late))
    assert set(stale.churn["base rate"]) == set(then.churn["base rate"])


def test_where_nobody_is_active_nothing_is_forecast() -> None:
    """Shoppers of one day in spring, and a look-back that does not reach them."""
    log = simulated.before(simulated.log(), simulated.FIRST + dt.timedelta(days=200))
    log["late"] = [row(simulated.FIRST, 1, 1), row(simulated.AS_OF, 0, 0, 1)]
    (origin,) = run_backtest(
        simulated.histories(log), [simulated.AS_OF], horizon_days=28, lookback_days=91, policy=simulated.NET
    )
    assert [len(p) for p in origin.churn.values()] == [0] * 7
