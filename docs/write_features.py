"""The reference page of features, from their declarations: python -m docs.write_features."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Final

from features.expressions import OPERATORS
from features.feature import Feature, Unit
from features.registry import chosen_by_default, registered
from features.single import Single
from features.vocabulary import EVENTS, LABEL_MEANINGS, POLICY, VALUES
from serving.forecast.sentences import clause
from serving.forecast.wording import Language

PAGE: Final = Path(__file__).with_name("features.md")
_HEAD: Final = Path(__file__).with_name("features-head.txt")
_TAIL: Final = Path(__file__).with_name("features-tail.txt")
_EXAMPLE: Final = {
    Unit.DAYS: 45.0,
    Unit.COUNT: 3.0,
    Unit.MONEY: 1204.5,
    Unit.RATIO: 2.5,
    Unit.SHARE: 0.83,
    Unit.CHANCE: 0.18,
    Unit.NATS: 1.5,
    Unit.SCORE: 4.5,
    Unit.METRIC: 86.2,
}
_UNITS: Final = {
    Unit.DAYS: "whole days, or a mean of them",
    Unit.COUNT: "how many, or how many on average",
    Unit.MONEY: "the log's currency",
    Unit.RATIO: "one number over another of its kind, said as 'times'",
    Unit.SHARE: "a part of a whole, said in per cent",
    Unit.CHANCE: "a probability, said in per cent, at its ends as under 1 % and over 99 %",
    Unit.NATS: "entropy, said as the number of labels that, all alike, would be as mixed: exp(entropy)",
    Unit.SCORE: "any other number, said as it is",
    Unit.METRIC: "what the tier policy qualifies on: money, points or orders",
}
_DIRECTION: Final = {
    1: "only raises the risk as it grows",
    -1: "only lowers the risk as it grows",
    0: "may move the risk either way",
}
_NEEDS: Final = {EVENTS: "an event log", POLICY: "a tier policy"}


def page() -> str:
    """The whole page, in Markdown."""
    found = registered()
    default = chosen_by_default({name for feature in found for name in feature.needs}, policy=True, events=True)
    counts = f"{len(found)} features are registered; {len(default)} are on by default."
    parts = [_HEAD.read_text(encoding="utf-8").replace("COUNTS", counts), "## Families\n"]
    for family in dict.fromkeys(feature.family for feature in found):
        summary = (importlib.import_module(f"features.{family}").__doc__ or "").splitlines()[0]
        parts.append(f"### {family}\n\n{summary}\n")
        parts += [_feature(feature) for feature in found if feature.family == family]
    return "\n".join([*parts, _vocabulary()])


def _feature(feature: Feature) -> str:
    needs = [_NEEDS.get(name, f"`{name}`") for name in sorted(feature.needs)]
    facts = [
        "**on**" if feature.default else "off",
        f"unit: {feature.unit.value}",
        _DIRECTION[feature.direction],
        *([f"needs {' and '.join(needs)}"] if needs else []),
    ]
    values = [_EXAMPLE[feature.unit], 1.0]
    lines = [
        f"#### {feature.name}\n",
        f"{feature.meaning[:1].upper()}{feature.meaning[1:]}:\n\n    {feature.expression}\n",
        f"- {'; '.join(facts)}",
        *(f"- `{value:g}`: {_said(feature, value)}" for value in (values if _has_plural(feature) else values[:1])),
        f"- NaN: {_said(feature, float('nan'))}\n",
    ]
    return "\n".join(lines)


def _said(feature: Feature, value: float) -> str:
    languages: tuple[Language, ...] = ("en", "zh")
    return " · ".join(clause(feature, value, language) for language in languages)


def _has_plural(feature: Feature) -> bool:
    return "{s}" in feature.reason.en or feature.unit is Unit.DAYS


def _vocabulary() -> str:
    values = [(f"`{name}`", value.meaning, f"`{value.needs}`" if value.needs else "") for name, value in VALUES.items()]
    tables = {
        "OPERATORS": _table(("operator", "gives"), [(f"`{_signature(name)}`", _summary(name)) for name in OPERATORS]),
        "VALUES": _table(("value", "meaning", "column needed"), values),
        "LABELS": _table(("label", "meaning"), [(f"`{name}`", meaning) for name, meaning in LABEL_MEANINGS.items()]),
        "UNITS": _table(("unit", "meaning"), [(f"`{unit.value}`", meaning) for unit, meaning in _UNITS.items()]),
    }
    text = _TAIL.read_text(encoding="utf-8")
    for place, table in tables.items():
        text = text.replace(place, table)
    return text


def _signature(name: str) -> str:
    parameters = list(inspect.signature(getattr(Single, name)).parameters)[1:]
    optional = [kind.endswith("?") for kind in OPERATORS[name]]
    return f"{name}({', '.join(f'{p}?' if may else p for p, may in zip(parameters, optional, strict=True))})"


def _summary(name: str) -> str:
    doc: str = getattr(Single, name).__doc__
    return doc.splitlines()[0].removesuffix(".").replace("``", "`")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
