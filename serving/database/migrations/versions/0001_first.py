"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "model",
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="the bundle, JSON, compressed"),
        sa.Column(
            "about", sa.Text, comment="JSON: its run, data and figures (training.provenance), where a registry knows them"
        ),
    )
    op.create_table(
        "generation",
        sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("model_version", sa.Text, sa.ForeignKey("model.version"), nullable=False),
        sa.Column("as_of", sa.Integer, nullable=False, comment="day number"),
        sa.Column("id_kind", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False, comment="numbers in a forecast's body"),
        sa.Column("members", sa.Integer, nullable=False, comment="with a forecast; 0 while it is filled"),
        sa.Column("log", sa.Text, nullable=False, comment="JSON: what all histories of the log share (features.packing)"),
        sa.Column("state", sa.Text, nullable=False, comment="filling, complete or leaving"),
        sa.Column("filled_at", sa.Text, nullable=False, comment="ISO 8601, UTC: when rows were last added"),
    )
    op.create_table(
        "forecast",
        sa.Column("generation", sa.BigInteger, sa.ForeignKey("generation.id"), primary_key=True),
        sa.Column("member", _KEY, primary_key=True),
        sa.Column(
            "as_of", sa.Integer, nullable=False, comment="day number; later than the generation's where lines were posted"
        ),
        sa.Column(
            "stale", sa.Boolean, nullable=False, server_default=sa.false(), comment="lines were posted that it does not know"
        ),
        sa.Column(
            "desk_order", sa.Float, nullable=False, comment="minus the value at risk, infinity without one: largest first"
        ),
        sa.Column("temperature", sa.Float, nullable=False),
        sa.Column("tier", sa.SmallInteger, comment="position in the policy; none without one"),
        sa.Column("stage", sa.SmallInteger, nullable=False, comment="position in features.ladder.STAGES"),
        sa.Column(
            "near",
            sa.SmallInteger,
            nullable=False,
            comment="1 may lose the tier for little, 2 may reach the next, 3 both, 0 none",
        ),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="float64, little-endian"),
    )
    by_value = ["generation", "desk_order", "member", "temperature", "tier", "stage", "near"]
    op.create_index("forecast_by_value", "forecast", by_value)
    op.create_index("forecast_by_temperature", "forecast", ["generation", "temperature", "member", "tier", "stage", "near"])
    op.create_table(
        "history",
        sa.Column("generation", sa.BigInteger, sa.ForeignKey("generation.id"), primary_key=True),
        sa.Column("member", _KEY, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "line",
        sa.Column("member", _KEY, primary_key=True),
        sa.Column("key", _KEY, primary_key=True, comment="the sender's name for the line"),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False, comment="JSON, as it was posted"),
        sa.Column("posted_at", sa.Text, nullable=False, comment="ISO 8601, UTC"),
    )
    op.create_index("line_day", "line", ["day"])
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False, comment="separated by spaces"),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.Text),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("erased_at", sa.Text, nullable=False),
        sa.Column("counts", sa.Text, nullable=False, comment="JSON: rows erased by table"),
        sa.Column(
            "mark",
            sa.LargeBinary,
            nullable=False,
            unique=True,
            comment="keyed hash, by which the next batch leaves them out",
        ),
    )
