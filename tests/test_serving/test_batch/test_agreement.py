from __future__ import annotations

import pytest
from homes import SHOP_POLICY, Shop

from features.errors import ColumnError, ConfigError
from features.policy import TierPolicy
from serving.batch.agreement import check_columns, check_policy, needed_by


def changed(**parts: object) -> TierPolicy:
    tiers = [{"name": "Base"}, {"name": "Top", "reach": 150.0}]
    plain = {"programme": "Shop", "tiers": tiers, "metric": "spend", "window": {"rolling_days": 60}}
    return TierPolicy.from_dict({**plain, **parts})


def test_the_models_policy_or_none_is_taken(shop: Shop, visits_shop: Shop) -> None:
    check_policy(shop.forecaster, SHOP_POLICY)
    check_policy(shop.forecaster, changed())
    check_policy(shop.forecaster, None)
    check_policy(visits_shop.forecaster, None)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"tiers": [{"name": "Base"}, {"name": "Top", "reach": 200.0}]}, "200.0, where the model has 150.0"),
        ({"window": {"rolling_days": 91}}, "window.rolling_days 91, where the model has 60"),
        ({"programme": "Other"}, "programme Other, where the model has Shop"),
    ],
)
def test_another_policy_is_refused_with_the_difference(shop: Shop, parts: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_policy(shop.forecaster, changed(**parts))
    assert said in str(caught.value)


def test_a_policy_is_refused_by_a_model_without_one(visits_shop: Shop) -> None:
    with pytest.raises(ConfigError, match="Shop, for a model without a policy"):
        check_policy(visits_shop.forecaster, SHOP_POLICY)


def test_columns_that_are_missing_are_said(shop: Shop, visits_shop: Shop) -> None:
    check_columns(shop.forecaster, shop.histories)
    check_columns(visits_shop.forecaster, shop.histories)  # what it does not read may be there
    assert "amount" in needed_by(shop.forecaster)
    with pytest.raises(ColumnError, match="a log without 'amount'; the model reads 'amount', the log has none of"):
        check_columns(shop.forecaster, visits_shop.histories)
