"""The model as it lies in MLflow: files, code, signature, an example, and every package that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from training.artifact import Bundle, save

if TYPE_CHECKING:
    import pandas as pd

_RUNTIME: Final = ("duckdb", "ibis-framework[duckdb]", "mlflow", "numpy", "pandas", "pyarrow", "pydantic", "pyyaml", "scipy")


@dataclass(frozen=True, eq=False)
class Answers:
    """How a logged model answers: whoever says what there is to say of a member knows (serving.batch.pyfunc).

    ``code`` is the file that MLflow loads, ``packages`` what it imports, ``config`` plain values that it is told,
    ``example`` made-up rows.
    """

    code: Path
    packages: tuple[Path, ...]
    signature: Any
    example: pd.DataFrame
    config: Mapping[str, Any] = field(default_factory=dict)


def log_model(mlflow: Any, bundle: Bundle, answers: Answers, folder: Path) -> Any:
    """Log a bundle to the active run as a pyfunc model: its files, this release's code, what to install beside it."""
    return mlflow.pyfunc.log_model(
        name="model",
        python_model=str(answers.code),
        code_paths=[str(package) for package in answers.packages],
        artifacts={"bundle": str(save(bundle, folder / "bundle"))},
        signature=answers.signature,
        input_example=answers.example,
        model_config=dict(answers.config),
        pip_requirements=[f"{name}=={version(name.partition('[')[0])}" for name in _RUNTIME],
    )
