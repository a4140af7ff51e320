from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from effects import AS_OF, HORIZON, write_campaign

import features
from features.errors import CutoffError, SourceError
from features.histories import Histories
from features.membership import tiers_held
from features.policy import TierPolicy
from retention.effect.campaign import Campaign, read_campaign
from retention.effect.outcomes import adjusted_by, trial_of

END = AS_OF + dt.timedelta(days=HORIZON)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("campaign")
    write_campaign(folder, 120)
    returned = pd.read_csv(folder / "log.csv", dtype=str)
    row = {"customer_id": "00003", "timestamp": "2020-06-02", "amount": "-4.50"}  # a return is no visit, and less spend
    pd.concat([returned, pd.DataFrame([row])]).to_csv(folder / "log.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def histories(place: Path) -> Histories:
    return features.from_log(features.check(str(place / "log.csv")))


@pytest.fixture(scope="module")
def campaign(place: Path) -> Campaign:
    return read_campaign(place / "campaign.csv")


def test_outcomes_are_sums_over_the_horizon(place: Path, histories: Histories, campaign: Campaign) -> None:
    trial = trial_of(campaign, histories)
    log = pd.read_csv(place / "log.csv", dtype={"customer_id": str}, parse_dates=["timestamp"])
    since = log[(log.timestamp >= pd.Timestamp(AS_OF)) & (log.timestamp < pd.Timestamp(END))]
    before = log[log.timestamp < pd.Timestamp(AS_OF)]
    for i, member in enumerate(campaign.members.tolist()):
        own = since[since.customer_id == member].amount
        assert trial.outcomes["returned"][i] == float((own >= 0).any())
        assert trial.outcomes["spend"][i] == pytest.approx(own.sum())
        known = before[before.customer_id == member]
        assert trial.covariates["spend_before"][i] == pytest.approx(known.amount.sum())
        assert trial.covariates["recency_days"][i] == (pd.Timestamp(AS_OF) - known.timestamp.max()).days
    assert trial.strata_names == ("Gold", "Member", "Silver")


def test_rows_after_the_horizon_and_before_the_day_change_nothing_else(histories: Histories, campaign: Campaign) -> None:
    whole, cut = (trial_of(campaign, own) for own in (histories, histories.before(END)))
    for name, values in whole.outcomes.items():
        np.testing.assert_array_equal(values, cut.outcomes[name])
    only_before = replace(histories.before(AS_OF), end_day=histories.end_day)
    for name, known in whole.covariates.items():
        np.testing.assert_array_equal(known, trial_of(campaign, only_before).covariates[name])


def test_a_tier_is_kept_or_lost(place: Path, histories: Histories, campaign: Campaign) -> None:
    policy = TierPolicy.from_yaml(place / "policy.yaml")
    kept = trial_of(campaign, histories, policy).outcomes["tier_kept"]
    before, after = (tiers_held(histories, policy, date) for date in (AS_OF, END))
    place_of = {member: i for i, member in enumerate(histories.members.tolist())}
    assert kept.tolist() == [float(after[place_of[m]] >= before[place_of[m]]) for m in campaign.members.tolist()]
    assert 0 < kept.mean() < 1


def test_who_never_bought_has_outcomes_of_nothing(histories: Histories, campaign: Campaign) -> None:
    members = campaign.members.copy()
    members[5] = "a prospect"
    trial = trial_of(replace(campaign, members=members), histories)
    assert (trial.outcomes["returned"][5], trial.outcomes["spend"][5]) == (0.0, 0.0)
    assert np.isnan(trial.covariates["recency_days"][5])


def test_a_log_without_amounts_has_no_spend(place: Path, campaign: Campaign) -> None:
    log = pd.read_csv(place / "log.csv", dtype=str)
    histories = features.from_log(features.check(log.drop(columns="amount")))
    assert list(trial_of(campaign, histories).outcomes) == ["returned"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"horizon_days": 60},
            "over the whole horizon, to 2020-07-31; got a log that ends before 2020-07-11, of 20 days fewer",
        ),
        ({"as_of": dt.date(2020, 7, 11)}, "an outcome comes after the treatment"),
        ({"as_of": dt.date(2020, 3, 1)}, "known before the treatment"),
    ],
)
def test_a_log_that_does_not_hold_the_outcome(histories: Histories, campaign: Campaign, change: object, said: str) -> None:
    with pytest.raises(CutoffError) as caught:
        trial_of(replace(campaign, **change), histories)  # type: ignore[arg-type]
    assert said in str(caught.value)


def test_ids_of_another_kind(histories: Histories, campaign: Campaign) -> None:
    with pytest.raises(SourceError, match="are in the log; got none of 120 members"):
        trial_of(replace(campaign, members=np.arange(120)), histories)


def test_the_forecast_is_the_covariate_and_the_log_where_there_is_none() -> None:
    assert adjusted_by(("p_churn", "expected_spend", "spend_before"))["spend"] == ("expected_spend",)
    assert adjusted_by(("recency_days", "spend_before"))["spend"] == ("spend_before",)
    assert adjusted_by(())["returned"] == ()
