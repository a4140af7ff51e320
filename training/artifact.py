"""A forecaster on disk: boosters as LightGBM's text, the rest as JSON. Never a pickled class.

::

    forecaster.json    format, settings, policy, features with their definitions, purchase process, season, version ...
    churn.txt  spend_mean.txt  spend_scale.txt  tier_*.txt
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from features.errors import ArtifactError, NoModelError
from features.feature import Feature
from features.policy import TierPolicy
from training.churn import FittedChurn
from training.churn import from_dict as churn_from_dict
from training.forecaster import Forecaster, Settings
from training.learning import DEFAULTS, Learning
from training.margin import Margin
from training.next_tier import NextTier
from training.next_tier_fit import FittedNextTier
from training.process import Process
from training.spend import from_dict as spend_from_dict
from training.spend_fit import FittedSpend
from training.worth import Worth

FORMAT: Final = 4
VERSION: Final = re.compile(r"\d{4}-\d\d-\d\d-[0-9a-f]{8}")
"""What a version looks like: a date and a digest, and so a safe name for a folder."""
_JSON: Final = "forecaster.json"
_CHURN: Final = "churn"
_SPEND: Final = ("spend_mean", "spend_scale")
_TIERS: Final = "tier_"


@dataclass(frozen=True)
class Bundle:
    """What is written: plain values and the boosters' texts by name."""

    plain: dict[str, Any]
    texts: dict[str, str]

    @classmethod
    def of(
        cls,
        settings: Settings,
        features: tuple[Feature, ...],
        process: Process,
        churn: FittedChurn,
        spend: FittedSpend | None,
        margin: Margin | None,
        tiers: FittedNextTier | None,
        learning: Learning = DEFAULTS,
    ) -> Bundle:
        """Bundle what was fitted."""
        texts = {_CHURN: churn.trees.text}
        if spend is not None:
            texts |= {"spend_mean": spend.mean.text, "spend_scale": spend.log_scale.text}
        plain: dict[str, Any] = {
            "format": FORMAT,
            "horizon_days": settings.horizon_days,
            "lookback_days": settings.lookback_days,
            "trained_as_of": settings.trained_as_of.isoformat(),
            "has_amounts": settings.has_amounts,
            "time_zone": settings.time_zone,
            "policy": settings.policy.model_dump(mode="json") if settings.policy else None,
            "features": [feature.to_dict() for feature in features],
            "process": process.to_dict(),
            "churn": churn.to_dict(),
            "spend": spend.to_dict() if spend else None,
            "margin": margin.to_dict() if margin else None,
            "worth": settings.worth.model_dump(mode="json"),
            "next_tier": tiers.plain if tiers else None,
        }
        if tiers is not None:
            texts |= {_TIERS + name: text for name, text in tiers.texts.items()}
        if learning != DEFAULTS:
            plain["learning"] = learning.to_dict()
        plain["texts"] = sorted(texts)
        if settings.tables:
            plain["tables"] = sorted(settings.tables)
        return cls(plain, texts)

    @property
    def version(self) -> str:
        """Training date and eight hex digits of the content: equal content, equal version."""
        content = json.dumps([self.plain, self.texts], sort_keys=True).encode()
        return f"{self.plain['trained_as_of']}-{hashlib.sha256(content).hexdigest()[:8]}"


def save(bundle: Bundle, folder: Path) -> Path:
    """Write a bundle to a folder, whole or not at all; an existing folder of equal content is left as it is.

    Raises
    ------
    ArtifactError
        the folder holds another model, or a damaged one
    """
    if folder.exists():
        if load(folder).version != bundle.version:
            raise ArtifactError(
                "a folder keeps the model it holds", f"{folder}, which holds another", "save to a new folder"
            )
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
    try:
        plain = {**bundle.plain, "version": bundle.version}
        (partial / _JSON).write_text(json.dumps(plain, indent=1, ensure_ascii=False), encoding="utf-8")
        for name, text in bundle.texts.items():
            (partial / f"{name}.txt").write_text(text, encoding="utf-8")
        partial.chmod(0o755)
        try:
            partial.replace(folder)
        except OSError:
            # Another process may have been faster, with equal content: the version is its digest.
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def load(folder: Path) -> Bundle:
    """Read a bundle back.

    Raises
    ------
    NoModelError
        there is none
    ArtifactError
        it is of another format, incomplete, or its content does not match its version
    """
    if not (folder / _JSON).is_file():
        raise NoModelError("a model is a folder with forecaster.json", str(folder), "train one with 'tiercast train'")
    try:
        plain = json.loads((folder / _JSON).read_text(encoding="utf-8"))
        version = plain.pop("version")
        if plain["format"] != FORMAT:
            raise ArtifactError(f"a model has format {FORMAT}", str(plain["format"]), "train it with this release")
        texts = {name: (folder / f"{name}.txt").read_text(encoding="utf-8") for name in map(_file_name, plain["texts"])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError("a model folder is complete", f"{folder}: {error!r}", "train or copy it again") from error
    bundle = Bundle(plain, texts)
    if bundle.version != version:
        raise ArtifactError(
            "a model's content matches its version", f"{bundle.version} in place of {version}", "train or copy it again"
        )
    return bundle


def to_forecaster(bundle: Bundle) -> Forecaster:
    """Make a bundle ready to forecast: parse and tabulate its trees.

    Raises
    ------
    ConfigError
        a feature of the model is written in a vocabulary that this release does not know
    """
    plain = bundle.plain
    policy = TierPolicy.from_dict(plain["policy"]) if plain["policy"] else None
    features = tuple(Feature.from_dict(stored) for stored in plain["features"])
    width = len(features)
    churn = churn_from_dict(plain["churn"], bundle.texts[_CHURN], width)
    mean, scale = (bundle.texts.get(name, "") for name in _SPEND)
    spend = spend_from_dict(plain["spend"], mean, scale, width) if plain["spend"] else None
    settings = Settings(
        plain["horizon_days"],
        plain["lookback_days"],
        dt.date.fromisoformat(plain["trained_as_of"]),
        plain["has_amounts"],
        policy,
        plain["time_zone"],
        frozenset(plain.get("tables", ())),
        Worth.model_validate(plain["worth"]),
    )
    margin = Margin.from_dict(plain["margin"]) if plain["margin"] else None
    tiers = None
    if policy is not None and plain["next_tier"]:
        own = {name.removeprefix(_TIERS): text for name, text in bundle.texts.items() if name.startswith(_TIERS)}
        spans = {"horizon_days": settings.horizon_days, "lookback_days": settings.lookback_days}
        tiers = NextTier.from_dict(plain["next_tier"], own, policy, **spans, width=width)
    return Forecaster(settings, features, Process.from_dict(plain["process"]), churn, spend, margin, tiers)


def _file_name(name: Any) -> str:
    """A text's name, which becomes part of a path."""
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError("a text's name is a plain word")
    return name
