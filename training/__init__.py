"""From what is known of members to a forecast of churn, spend and next tier, measured honestly.

The public names, loaded when first used::

    trained = training.run_training(histories, horizon_days=28, lookback_days=91, policy=policy)
    forecasts = trained.fitted.forecaster.forecast(histories, as_of, explain=True)
    origins = training.run_backtest(histories, [date], horizon_days=28, lookback_days=91, policy=policy)
    print(training.Proof.of(origins).to_text())
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.ablation import run_ablation as run_ablation
    from training.backtest import Origin as Origin
    from training.backtest import run_backtest as run_backtest
    from training.effects import Ablation as Ablation
    from training.fit import Fitted as Fitted
    from training.fit import fit_forecaster as fit_forecaster
    from training.forecaster import Forecaster as Forecaster
    from training.forecasts import Forecasts as Forecasts
    from training.origins import newest_cutoffs as newest_cutoffs
    from training.proof import Proof as Proof
    from training.scoreboard import scores as scores
    from training.scoreboard import to_text as to_text
    from training.train import Trained as Trained
    from training.train import run_training as run_training

_HOME = {
    "Ablation": "effects",
    "Fitted": "fit",
    "Forecaster": "forecaster",
    "Forecasts": "forecasts",
    "Origin": "backtest",
    "Proof": "proof",
    "Trained": "train",
    "fit_forecaster": "fit",
    "newest_cutoffs": "origins",
    "run_ablation": "ablation",
    "run_backtest": "backtest",
    "run_training": "train",
    "scores": "scoreboard",
    "to_text": "scoreboard",
}
__all__ = [
    "Ablation",
    "Fitted",
    "Forecaster",
    "Forecasts",
    "Origin",
    "Proof",
    "Trained",
    "fit_forecaster",
    "newest_cutoffs",
    "run_ablation",
    "run_backtest",
    "run_training",
    "scores",
    "to_text",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'training' has no attribute {name!r}")
    return getattr(importlib.import_module(f"training.{_HOME[name]}"), name)
