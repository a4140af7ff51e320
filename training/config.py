"""What a programme's runs have in common: log, columns, policy and horizon, from ``tiercast.yaml`` and the command line."""

from __future__ import annotations

import reprlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from features.bounds import StandingBounds
from features.csv_files import Layout
from features.declared import DEFAULT, Entry, choose, entries, read_entries
from features.dialects import DateOrder, dates_of, numbers_of
from features.documents import read_yaml
from features.errors import ConfigError
from features.feature import Feature
from features.policy import TierPolicy
from features.repetition import Duplicates
from features.row_rules import Rule
from features.snapshot import MAX_DAYS
from features.urls import is_url
from features.zones import UTC
from training.horizon import CAME_BACK_SHARE, Of
from training.learning import Learning
from training.watching import Thresholds
from training.worth import Worth

AUTO: Final = "auto"
FILE: Final = "tiercast.yaml"
_TABLES: Final = ("events", "members")
_CELLS: Final = ("decimal_comma", "number_format", "date_order", "date_format")


def _learning(written: Any) -> Learning | None:
    return written if written is None or isinstance(written, Learning) else Learning.from_dict(written)


def _days_or_auto(value: Any) -> Any:
    if value == AUTO or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_DAYS):
        return value
    raise PydanticCustomError("horizon", "should be whole days from 1 to {most}, or auto", {"most": MAX_DAYS})


class Written(BaseModel):
    """How a table is written where it is not as usual: dates and numbers (features.dialects), and what a CSV file does not
    say of itself (features.csv_files).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    decimal_comma: bool = False
    number_format: str | None = None
    date_order: DateOrder | None = None
    date_format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        dates_of(self.date_order, self.date_format)
        numbers_of(self.decimal_comma, self.number_format)
        self.layout()
        return self

    def layout(self) -> Layout:
        """What a CSV file does not say of itself."""
        return Layout(self.encoding, self.delimiter, self.header)

    def reading(self) -> dict[str, Any]:
        """What ``features.check`` takes of it."""
        cells = {name: getattr(self, name) for name in _CELLS}
        return {**cells, "layout": self.layout()}


class Table(Written):
    """A table beside the transactions: ``path`` or glob, and ``columns``, contract column → the table's.

    Dates and numbers are written as in the transactions where nothing is said of them.
    """

    path: str
    columns: dict[str, str] = Field(default_factory=dict)

    def reading_beside(self, log: Written) -> dict[str, Any]:
        """What ``features.check_events`` takes of it beside a log."""
        own = self.model_fields_set
        dates = self if own & {"date_order", "date_format"} else log
        numbers = self if own & {"decimal_comma", "number_format"} else log
        return {
            **{name: getattr(dates, name) for name in ("date_order", "date_format")},
            **{name: getattr(numbers, name) for name in ("decimal_comma", "number_format")},
            "layout": self.layout(),
        }


class Config(Written):
    """Settings of a programme.

    ``transactions`` is a path, a glob or a URL; ``columns`` maps contract columns to the log's; ``rules`` say what else is
    known of rows (features.row_rules); ``policy`` is a path; ``features`` is a list of names and declarations or the path of
    a file of them (see features.declared), the default set if None; ``events`` is the event log and ``members`` the member
    table (features.events, features.members); ``standing`` holds the bounds that descriptions use (features.bounds);
    ``learning`` says how the trees learn (training.learning), by the defaults if None; ``worth`` how value is counted
    (training.worth); ``watch`` what is allowed before 'tiercast watch' tells (training.watching). ``horizon_days`` may be
    'auto': then ``came_back_share`` and ``came_back_of`` say how it is chosen (training.horizon).
    Relative paths are relative to the file they stand in.

    >>> Config(transactions="log.parquet", horizon_days=28, lookback_days=91).duplicates
    'keep'
    """

    transactions: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    duplicates: Duplicates = "keep"
    rules: tuple[Rule, ...] = ()
    time_zone: str | None = None
    policy: str | None = None
    features: str | list[str | dict[str, Any]] | None = None
    events: Table | None = None
    members: Table | None = None
    standing: StandingBounds = Field(default_factory=StandingBounds)
    worth: Worth = Field(default_factory=Worth)
    horizon_days: Annotated[int | Literal["auto"], BeforeValidator(_days_or_auto)] = 28
    came_back_share: float = Field(CAME_BACK_SHARE, gt=0, lt=1)
    came_back_of: Of = "silent"
    lookback_days: int = Field(91, ge=1, le=MAX_DAYS, strict=True)
    learning: Annotated[Learning | None, BeforeValidator(_learning)] = None
    watch: Thresholds = Field(default_factory=Thresholds)

    def programme_zone(self) -> str | None:
        """The time zone in which days are counted: the settings' or the policy's; None where neither says one.

        Raises
        ------
        ConfigError
            they name different ones
        PolicyError
        """
        policy = self.load_policy()
        own = policy.time_zone if policy is not None and policy.time_zone != UTC else None
        if own and self.time_zone and own != self.time_zone:
            raise ConfigError(
                "settings and policy name one time zone", f"{self.time_zone} and {own}", "leave one of them out"
            )
        return self.time_zone or own

    def load_policy(self) -> TierPolicy | None:
        """The policy, if one is named.

        Raises
        ------
        PolicyError
        """
        return TierPolicy.from_yaml(self.policy) if self.policy else None

    def choose_features(self, columns: Collection[str], *, events: bool = False) -> tuple[Feature, ...]:
        """The features to learn from in a log with these columns: those named, or else the default set.

        Raises
        ------
        ConfigError

        >>> [feature.name for feature in Config(features=["recency_days"]).choose_features({"amount"})]
        ['recency_days']
        """
        return choose(self._entries(), columns, policy=self.policy is not None, events=events)

    def own_features(self) -> tuple[Feature, ...]:
        """Those of them that are declared and not registered."""
        return tuple(entry for entry in self._entries() if isinstance(entry, Feature))

    def _entries(self) -> tuple[Entry, ...]:
        if isinstance(self.features, str):
            return read_entries(Path(self.features))
        return entries([DEFAULT] if self.features is None else self.features, "features")


def load_config(path: Path | None, overrides: Mapping[str, Any]) -> Config:
    """Settings from a file, with what the command line says on top.

    Parameters
    ----------
    path : the file; None takes ``tiercast.yaml`` in the working directory if there is one
    overrides : by setting; None means not said; ``columns`` are added to the file's, and so are those of ``events`` and
        ``members``, mappings with ``path`` (None: not said) and ``columns``

    Raises
    ------
    ConfigError
    """
    file = path or (Path(FILE) if Path(FILE).is_file() else None)
    values = _read(file) if file else {}
    said = {name: value for name, value in overrides.items() if value is not None}
    columns = values.get("columns") or {}
    if isinstance(columns, dict):
        said["columns"] = {**columns, **said.get("columns", {})}
    for name in _TABLES:
        if name in said:
            said[name] = _table(name, values.get(name), said[name])
    try:
        return Config.model_validate({**values, **said})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        rule = first["msg"].removeprefix("Input ")
        raise ConfigError(f"{place} {rule}", reprlib.repr(first["input"])[:80], f"change {place}") from None


def _table(name: str, written: Any, said: Mapping[str, Any]) -> Any:
    """A table of the file with what the command line says of it on top; None where neither names one."""
    found = dict(written) if isinstance(written, dict) else {}
    if said.get("path") is not None:
        found["path"] = said["path"]
    if not said.get("columns"):
        return found if found else written
    if "path" not in found:
        raise ConfigError(f"columns are mapped in a table of {name}", "columns and no table", f"name it with --{name} PATH")
    return {**found, "columns": {**(found.get("columns") or {}), **said["columns"]}}


def _read(file: Path) -> dict[str, Any]:
    try:
        content = read_yaml(file) or {}
    except ConfigError as error:
        raise ConfigError(f"{file}: {error.rule}", error.got, error.fix) from None
    if not isinstance(content, dict):
        raise ConfigError("a settings file is a mapping", f"{file}: {type(content).__name__}", "write 'name: value' lines")
    for name in ("transactions", "policy", "features"):
        if isinstance(content.get(name), str) and not is_url(content[name]) and not Path(content[name]).is_absolute():
            content[name] = str(file.parent / content[name])
    for name in _TABLES:
        table = content.get(name)
        if isinstance(table, dict) and isinstance(table.get("path"), str) and not Path(table["path"]).is_absolute():
            content[name] = {**table, "path": str(file.parent / table["path"])}
    return content
