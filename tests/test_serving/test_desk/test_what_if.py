"""What-ifs against a batch over a log in which it happened, and what may never be the other way round."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from homes import Shop
from hypothesis import given, settings
from hypothesis import strategies as st

import features
from features.errors import CutoffError, InputError, LimitError
from features.histories import Histories
from features.policy import TierPolicy
from serving.desk.imagined import Imagined
from serving.desk.what_if import MOST_IMAGINED, MOST_WHAT_IFS, what_if
from training.forecasts import Forecasts

MEMBERS = st.integers(0, 59)
AHEAD = st.integers(0, 20)


def member(shop: Shop, position: int) -> Histories:
    return shop.histories.select(np.array([position]))


def forecast_of(forecasts: Forecasts, name: str) -> dict[str, Any] | None:
    """What a batch says of a member."""
    if name not in forecasts.members.tolist():
        return None
    row = forecasts.members.tolist().index(name)
    assert forecasts.value is not None
    assert forecasts.p_tier is not None
    assert forecasts.expected_spend is not None
    return {
        "p_churn": forecasts.p_churn[row],
        "temperature": forecasts.temperature[row],
        "expected_spend": forecasts.expected_spend[row],
        "value_at_risk": forecasts.value.at_risk[row],
        "p_next_tier": dict(zip(("Base", "Top"), forecasts.p_tier[row].tolist(), strict=True)),
    }


def same(found: dict[str, Any], expected: dict[str, Any] | None) -> None:
    if expected is None:
        assert set(found) == {"because"}
    else:
        assert {name: found[name] for name in expected} == expected


def test_it_is_a_batchs_forecast_over_a_log_in_which_it_happened_to_the_bit(shop: Shop) -> None:
    first, last = shop.as_of + dt.timedelta(days=2), shop.as_of + dt.timedelta(days=9)
    asked = {
        "001": [Imagined(first, "purchase", 31.4), Imagined(first, "purchase", 0.5), Imagined(last, "return", 12.0)],
        "004": [Imagined(last)],
        "018": [Imagined(last, "purchase", 500.0)],
    }
    names = shop.histories.members.tolist()
    answers = {name: what_if(shop.forecaster, member(shop, names.index(name)), shop.as_of, [asked[name]]) for name in asked}
    came = [
        (name, f"{item['date']}T12:00:{place:02d}", item["amount"] * (-1 if item["kind"] == "return" else 1))
        for name, answer in answers.items()
        for place, item in enumerate(answer["what_ifs"][0]["imagined"])
    ]
    log = pd.concat([shop.log, pd.DataFrame(came, columns=shop.log.columns)])
    lived, morning = features.from_log(features.check(log)), last + dt.timedelta(days=1)
    now = shop.forecaster.forecast(shop.histories, shop.as_of)
    without = shop.forecaster.forecast(shop.histories, morning)
    happened = shop.forecaster.forecast(lived, morning)
    for name, answer in answers.items():
        (told,) = answer["what_ifs"]
        assert told["as_of"] == morning.isoformat()
        same(answer["now"]["forecast"], forecast_of(now, name))
        same(told["forecast"]["without"], forecast_of(without, name))
        same(told["forecast"]["with"], forecast_of(happened, name))
        state = happened.table.state
        assert state is not None
        row = happened.members.tolist().index(name)
        assert told["rule"]["with"]["tier"] == ("Base", "Top")[state.tier[row]]
        assert list(told["rule"]["with"]["needs"].values()) == state.needs[row].tolist()
        assert told["rule"]["with"]["carry"] == state.natural(state.carry)[row]


def test_several_at_once_are_each_alone_and_ready_for_json(shop: Shop) -> None:
    days = [shop.as_of + dt.timedelta(days=ahead) for ahead in (3, 0, 3, 20)]
    lists = [[Imagined(day, "purchase", 10.0 * (k + 1))] for k, day in enumerate(days)]
    together = what_if(shop.forecaster, member(shop, 5), shop.as_of, lists)
    assert json.loads(json.dumps(together, allow_nan=False)) == together
    for k, items in enumerate(lists):
        alone = what_if(shop.forecaster, member(shop, 5), shop.as_of, [items])
        assert alone["what_ifs"] == [together["what_ifs"][k]]
        assert alone["now"] == together["now"]


def test_what_is_known_later_is_not_looked_at(shop: Shop) -> None:
    earlier = shop.forecaster.settings.trained_as_of - dt.timedelta(days=20)
    older = replace(shop.forecaster, settings=replace(shop.forecaster.settings, trained_as_of=earlier))
    items = [[Imagined(earlier + dt.timedelta(days=4))]]
    whole, known = member(shop, 4), member(shop, 4).before(earlier)
    assert what_if(older, whole, earlier, items) == what_if(older, known, earlier, items)


def test_an_upgrade_is_told_with_its_date_and_reason_in_both_languages(shop: Shop) -> None:
    names = shop.histories.members.tolist()
    items = [[Imagined(shop.as_of + dt.timedelta(days=4), "purchase", 200.0)]]
    base = next(
        place
        for place in range(len(names))
        if what_if(shop.forecaster, member(shop, place), shop.as_of, items)["now"]["rule"]["tier"] == "Base"
    )
    (told,) = what_if(shop.forecaster, member(shop, base), shop.as_of, items)["what_ifs"]
    (rise,) = told["rule"]["with"]["events"]
    assert (rise["date"], rise["tier"], rise["kind"]) == (told["as_of"], "Top", "rose")
    assert rise["reason"].endswith("150.00 needed")
    assert told["rule"]["without"]["events"] == []
    assert told["rule"]["change"]["tier"] == {"from": "Base", "to": "Top"}
    assert told["rule"]["change"]["counted"] == 200.0
    assert told["summary"][0] == f"Top on {told['as_of']}; without this, Base."
    (told,) = what_if(shop.forecaster, member(shop, base), shop.as_of, items, language="zh")["what_ifs"]
    assert told["rule"]["with"]["events"][0]["reason"].endswith("需 150.00")
    assert told["summary"][0] == f"{told['as_of']} 为 Top；没有这一步则为 Base。"


POLICIES: dict[str, dict[str, Any]] = {
    "rolling": {"metric": "spend", "window": {"rolling_days": 45}, "grace_days": 5},
    "year": {"metric": "spend", "window": {"calendar": "year"}, "review": "period_end", "validity": {"months": 2}},
    "orders": {"metric": "orders", "window": {"membership": "year"}, "review": "anniversary", "downgrade": "one_step"},
    "lifetime": {"metric": "spend", "window": "lifetime"},
}


@settings(max_examples=20)
@given(
    rules=st.sampled_from(list(POLICIES.values())),
    place=MEMBERS,
    some=st.lists(AHEAD, min_size=1, max_size=3),
    more=AHEAD,
    amount=st.floats(0.01, 900.0),
)
def test_one_purchase_more_never_lowers_the_tier_nor_raises_what_is_needed(
    shop: Shop, rules: dict[str, Any], place: int, some: list[int], more: int, amount: float
) -> None:
    step = 3 if rules["metric"] == "orders" else 120
    tiers = [{"name": "A"}, {"name": "B", "reach": step}, {"name": "C", "reach": 3 * step, "keep": 2 * step}]
    policy = TierPolicy.from_dict({"programme": "P", "tiers": tiers, **rules})
    other = replace(shop.forecaster, settings=replace(shop.forecaster.settings, policy=policy), next_tier=None)
    end = Imagined(shop.as_of + dt.timedelta(days=20), "purchase", 1.0)  # so that both are looked at on one morning
    fewer = [*(Imagined(shop.as_of + dt.timedelta(days=day), "purchase", 40.0) for day in some), end]
    lists = [fewer, [*fewer, Imagined(shop.as_of + dt.timedelta(days=more), "purchase", amount)]]
    less, also = (told["rule"]["with"] for told in what_if(other, member(shop, place), shop.as_of, lists)["what_ifs"])
    assert also["tier"] >= less["tier"]
    assert also["tier_if_nothing_more"] >= less["tier_if_nothing_more"]
    for need, before in zip(also["needs"].values(), less["needs"].values(), strict=True):
        assert (need is None and before is None) or need <= before


@settings(max_examples=15)
@given(place=MEMBERS, ahead=AHEAD, amounts=st.lists(st.floats(0.5, 400.0), min_size=2, max_size=6).map(sorted))
def test_more_spend_never_lowers_the_chance_of_a_tier(shop: Shop, place: int, ahead: int, amounts: list[float]) -> None:
    """With this shop's model; and once the tier is earned to the end of the horizon, it is certain."""
    day = shop.as_of + dt.timedelta(days=ahead)
    lists = [[Imagined(day, "purchase", amount)] for amount in amounts]
    found = what_if(shop.forecaster, member(shop, place), shop.as_of, lists)["what_ifs"]
    chances = [told["forecast"]["with"]["p_at_least"]["Top"] for told in found]
    assert chances == sorted(chances)
    for told, chance in zip(found, chances, strict=True):
        if told["rule"]["with"]["needs"]["Top"] == 0.0:
            assert chance > 0.9  # returns may still take it


def test_without_amounts_and_policy_only_the_forecast_changes(visits_shop: Shop) -> None:
    one = visits_shop.histories.select(np.array([1]))
    answer = what_if(visits_shop.forecaster, one, visits_shop.as_of, [[Imagined(visits_shop.as_of)]])
    (told,) = answer["what_ifs"]
    assert answer["usual_basket"] is None
    assert told["imagined"] == [
        {"date": visits_shop.as_of.isoformat(), "kind": "visit", "amount": None, "usual": True},
    ]
    assert told["rule"]["change"] is None
    assert told["rule"]["with"] == {"because": "no tier policy, or a log without the amounts that it counts"}
    assert told["forecast"]["with"]["p_churn"] < told["forecast"]["without"]["p_churn"]
    assert told["forecast"]["change"]["expected_spend"] is None


def test_who_is_silent_has_a_forecast_only_with_what_is_imagined(shop: Shop) -> None:
    last = [shop.histories.visits.day[stop - 1] for stop in shop.histories.visits.offsets[1:]]
    one = member(shop, int(np.argmin(last)))
    (told,) = what_if(shop.forecaster, one, shop.as_of, [[Imagined(shop.as_of)]])["what_ifs"]
    assert told["forecast"]["without"]["because"].startswith("no purchase in the 60 days before")
    assert told["forecast"]["change"] is None
    assert 0 < told["forecast"]["with"]["p_churn"] < 1


def test_what_cannot_be_asked_is_refused(shop: Shop) -> None:
    def ask(*lists: list[Imagined], as_of: dt.date = shop.as_of) -> None:
        what_if(shop.forecaster, member(shop, 1), as_of, lists)

    day = dt.timedelta(days=1)
    for outside in (shop.as_of - day, shop.as_of + 21 * day):
        with pytest.raises(CutoffError, match="an imagined day lies in the 21 days from"):
            ask([Imagined(outside)])
    with pytest.raises(CutoffError, match="a model forecasts from the day it was trained for on"):
        ask([Imagined(shop.as_of)], as_of=shop.as_of - day)
    for nothing in ([[]], [[Imagined(shop.as_of)], []]):
        with pytest.raises(InputError, match="a what-if imagines something"):
            ask(*nothing)
    with pytest.raises(LimitError):
        ask(*[[Imagined(shop.as_of)]] * (MOST_WHAT_IFS + 1))
    with pytest.raises(LimitError):
        ask([Imagined(shop.as_of)] * (MOST_IMAGINED + 1))
