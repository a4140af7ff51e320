from __future__ import annotations

from homes import Shop

import features
from features.registry import by_name
from serving.batch.pyfunc import answers
from training.fit import fit_forecaster
from training.mlflow_session import connected


def test_the_example_is_made_up_and_has_what_the_model_reads(shop: Shop) -> None:
    histories = features.from_log(features.check(shop.log.assign(cost=1.0, category="tea")))
    own = [one for one in features.available(histories.columns, policy=False) if one.needs & {"cost", "category"}]
    spans = {"horizon_days": 21, "lookback_days": 60}
    fitted = fit_forecaster(histories, shop.as_of, **spans, features=[*by_name(["recency_days"]), *own])  # type: ignore[arg-type]
    with connected("sqlite:///unused.db"):  # imports MLflow without its warnings and telemetry
        made = answers(fitted.bundle)
    assert set(made.example.customer_id) == {"example"}
    assert {"category", "cost"} < set(made.example.columns)
    assert made.signature.inputs.input_names() == [*made.example.columns, "lines"]
    assert made.code.name == "pyfunc_model.py"
    assert all((package / "__init__.py").is_file() for package in made.packages)
