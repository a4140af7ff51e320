"""The store's tables. Migrations (serving/database/migrations) bring a database to them, step by step.

::

    model        one row a model version: its files, so that every process with the database can load it
    generation   one batch: all forecasts of one model at one as-of date; being filled, complete, or on its way out
    forecast     one row a generation and member: the numbers (serving.forecast.record), none yet where it is stale perhaps,
                 and what the desk's list sorts and filters by
    history      one row a generation and member, also of those without a forecast: days as features.packing writes them
    line         transaction lines posted since, each once by the key that its sender gave it
    api_key      callers: scopes and a hash, never the key
    erasure      receipts: when something was erased and how much, never whose

Members are named by ``member_key`` everywhere. Days are numbers of days since 1970-01-01 (features.snapshot).
A body makes a row too long for SQLite's tables without row ids, which would put each one on a page of its own.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    false,
)
from sqlalchemy.types import TypeEngine

METADATA: Final = MetaData()
_Serial: Final = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself in INTEGER alone
_Key: Final[TypeEngine[str]] = Text().with_variant(Text(collation="C"), "postgresql")  # in the order of bytes on both

FILLING: Final = "filling"
COMPLETE: Final = "complete"
LEAVING: Final = "leaving"

MODEL: Final = Table(
    "model",
    METADATA,
    Column("version", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False, comment="the bundle, JSON, compressed"),
    Column("about", Text, comment="JSON: its run, data and figures (training.provenance), where a registry knows them"),
)
GENERATION: Final = Table(
    "generation",
    METADATA,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("model_version", Text, ForeignKey("model.version"), nullable=False),
    Column("as_of", Integer, nullable=False, comment="day number"),
    Column("id_kind", Text, nullable=False),
    Column("width", Integer, nullable=False, comment="numbers in a forecast's body"),
    Column("members", Integer, nullable=False, comment="with a forecast; 0 while it is filled"),
    Column("log", Text, nullable=False, comment="JSON: what all histories of the log share (features.packing)"),
    Column("state", Text, nullable=False, comment="filling, complete or leaving"),
    Column("filled_at", Text, nullable=False, comment="ISO 8601, UTC: when rows were last added"),
)
FORECAST: Final = Table(
    "forecast",
    METADATA,
    Column("generation", BigInteger, ForeignKey("generation.id"), primary_key=True),
    Column("member", _Key, primary_key=True),
    Column("as_of", Integer, nullable=False, comment="day number; later than the generation's where lines were posted"),
    Column("stale", Boolean, nullable=False, server_default=false(), comment="lines were posted that it does not know"),
    Column("desk_order", Float, nullable=False, comment="minus the value at risk, infinity without one: largest first"),
    Column("temperature", Float, nullable=False),
    Column("tier", SmallInteger, comment="position in the policy; none without one"),
    Column("stage", SmallInteger, nullable=False, comment="position in features.ladder.STAGES"),
    Column(
        "near", SmallInteger, nullable=False, comment="1 may lose the tier for little, 2 may reach the next, 3 both, 0 none"
    ),
    Column("body", LargeBinary, nullable=False, comment="float64, little-endian"),
    # The desk's lists, by value at risk and by temperature; they filter without reading a body.
    Index("forecast_by_value", "generation", "desk_order", "member", "temperature", "tier", "stage", "near"),
    Index("forecast_by_temperature", "generation", "temperature", "member", "tier", "stage", "near"),
)
HISTORY: Final = Table(
    "history",
    METADATA,
    Column("generation", BigInteger, ForeignKey("generation.id"), primary_key=True),
    Column("member", _Key, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
LINE: Final = Table(
    "line",
    METADATA,
    Column("member", _Key, primary_key=True),
    Column("key", _Key, primary_key=True, comment="the sender's name for the line"),
    Column("day", Integer, nullable=False),
    Column("body", Text, nullable=False, comment="JSON, as it was posted"),
    Column("posted_at", Text, nullable=False, comment="ISO 8601, UTC"),
    Index("line_day", "day"),
)
API_KEY: Final = Table(
    "api_key",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False, comment="separated by spaces"),
    Column("hash", LargeBinary, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("revoked_at", Text),
)
ERASURE: Final = Table(
    "erasure",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("erased_at", Text, nullable=False),
    Column("counts", Text, nullable=False, comment="JSON: rows erased by table"),
    Column("mark", LargeBinary, nullable=False, unique=True, comment="keyed hash, by which the next batch leaves them out"),
)
