from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import simulated

from features.daily import DailyRow
from features.errors import ColumnError, CutoffError, InputError
from features.histories import Histories
from training.artifact import save
from training.fit import Fitted
from training.mlflow_session import connected
from training.registry import MODEL


def lines(log: simulated.Log) -> pd.DataFrame:
    """Lines that fold to the days of a log."""
    rows: list[tuple[str, str, float, str]] = []
    for member, days in log.items():
        for day, values in days:
            orders, gross, returned = (values[name] for name in ("orders", "gross", "returned"))
            rows += [(member, f"{day}T1{i}:00:00", 0.0 if i else gross / 10_000, f"{day}-{i}") for i in range(orders)]
            if returned:
                rows.append((member, f"{day}T19:00:00", -returned / 10_000, "return"))
    return pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount", "order_id"])


@pytest.fixture(scope="module")
def some(small_log: dict[str, list[DailyRow]]) -> dict[str, list[DailyRow]]:
    return {member: small_log[member] for member in sorted(small_log)[:60]}


@pytest.fixture(scope="module")
def model(small_fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("pyfunc")
    with connected(f"sqlite:///{folder}/unused.db"):  # imports MLflow without its warnings and telemetry
        from training.pyfunc_model import TiercastModel

        loaded = TiercastModel()
    bundle = save(small_fitted.bundle, folder / "bundle")
    loaded.load_context(SimpleNamespace(artifacts={"bundle": str(bundle)}))
    return loaded


def same(frame: pd.DataFrame, small: Histories, fitted: Fitted) -> None:
    forecasts = fitted.forecaster.forecast(small, simulated.AS_OF)
    expected = dict(zip(forecasts.members, forecasts.p_churn, strict=True))
    spend = dict(zip(forecasts.members, forecasts.expected_spend, strict=True))  # type: ignore[arg-type]
    assert len(frame) > 20
    assert frame.p_churn.tolist() == [expected[member] for member in frame.customer_id]
    assert frame.expected_spend.tolist() == [spend[member] for member in frame.customer_id]
    np.testing.assert_allclose(frame.filter(like="p_tier_").sum(axis=1), 1.0)


def test_lines_give_what_the_forecaster_gives(
    model: Any, some: dict[str, list[DailyRow]], small: Histories, small_fitted: Fitted
) -> None:
    same(model.predict(None, lines(some)), small, small_fitted)
    same(model.predict(None, lines(some).sample(frac=1.0, random_state=1)), small, small_fitted)


def test_loaded_through_mlflow_it_gives_the_same(
    registry: Any,
    some: dict[str, list[DailyRow]],
    small: Histories,
    small_fitted: Fitted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))  # loading puts the model's code in front
    with connected(registry.uri) as mlflow:
        loaded = mlflow.pyfunc.load_model(f"models:/{MODEL}@champion")
        frame = loaded.predict(lines(some))
        earlier = loaded.predict(lines(some), params={"as_of": "2020-09-01"})
    same(frame, small, small_fitted)
    assert set(earlier.cutoff.astype(str)) == {"2020-09-01"}
    assert earlier.p_churn.tolist() != frame.p_churn.tolist()


def test_lines_without_amounts_are_refused_by_a_model_of_amounts(model: Any, some: dict[str, list[DailyRow]]) -> None:
    bare = lines(some)
    bare = bare[bare.amount >= 0].assign(amount=np.nan)
    with pytest.raises(ColumnError, match="a log has amounts where its model was trained on amounts"):
        model.predict(None, bare)


def test_a_row_that_cannot_be_used_refuses_the_request(model: Any, some: dict[str, list[DailyRow]]) -> None:
    frame = lines(some)
    frame.loc[0, "timestamp"] = "soon"
    frame.loc[[1, 2], "customer_id"] = None
    with pytest.raises(InputError, match="1 with time cannot be read") as caught:
        model.predict(None, frame)
    assert "2 with no member" in str(caught.value)


def test_a_date_that_is_none_is_refused(model: Any, some: dict[str, list[DailyRow]]) -> None:
    with pytest.raises(CutoffError, match="a date is a date; got 'soon'"):
        model.predict(None, lines(some), {"as_of": "soon"})
    with pytest.raises(CutoffError, match="after the log's first day"):
        model.predict(None, lines(some), {"as_of": "1999-01-01"})
