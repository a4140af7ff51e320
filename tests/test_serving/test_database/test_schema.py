"""Databases of every age: brought up to date by those who may, refused in one sentence by the others."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from features.errors import ArtifactError
from serving.database import schema
from serving.database.engine import open_engine, reading, writing
from serving.database.schema import REVISIONS, check, ensure
from serving.database.tables import METADATA

ENSURE = "import sys; from serving.database.engine import open_engine; from serving.database.schema import ensure;"


@pytest.fixture
def empty(store: Engine) -> Engine:
    with writing(store) as connection:
        METADATA.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    return store


def test_the_tables_are_what_the_migrations_make(store: Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with reading(store) as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA) == []


def test_the_steps_that_are_named_are_those_that_there_are() -> None:
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))
    assert tuple(step.revision for step in script.walk_revisions())[::-1] == REVISIONS


def test_an_empty_database_is_brought_up_to_date_once(empty: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ArtifactError, match="an empty one"):
        check(empty)
    ensure(empty)
    check(empty)
    ensure(empty)
    assert caplog.records == [] or {record.levelname for record in caplog.records} == {"INFO"}


@pytest.mark.parametrize(("found", "got"), [("9999", "of a newer one"), ("0000", "an older one")])
def test_what_does_not_fit_is_refused_in_one_sentence(
    store: Engine, monkeypatch: pytest.MonkeyPatch, found: str, got: str
) -> None:
    monkeypatch.setattr(schema, "REVISIONS", ("0000", *REVISIONS))
    with writing(store) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
    with pytest.raises(ArtifactError, match=got):
        check(store)
    if found == "9999":
        with pytest.raises(ArtifactError, match=got):
            ensure(store)


def test_a_store_that_is_up_to_date_needs_no_alembic(store_url: str) -> None:
    engine = open_engine(store_url)
    ensure(engine)
    engine.dispose()
    code = f"{ENSURE} ensure(open_engine(sys.argv[1])); print('alembic' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code, store_url], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False"]


def test_processes_that_come_at_once_do_it_once(empty: Engine) -> None:
    url = empty.url.render_as_string(hide_password=False)
    empty.dispose()
    if empty.dialect.name == "sqlite":
        for path in Path(str(empty.url.database)).parent.glob("store.sqlite*"):
            path.unlink()
    code = f"{ENSURE} engine = open_engine(sys.argv[1]); import alembic.command; sys.stdin.read(); ensure(engine)"
    call = [sys.executable, "-c", code, url]
    runs = [subprocess.Popen(call, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for run in runs:
        assert run.stdin is not None
        run.stdin.close()
        run.stdin = None
    said = [run.communicate(timeout=120)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    check(empty)


def test_migrations_stand_by_themselves() -> None:
    # Tables change; a step of the past stays what it was.
    for path in (Path(schema.__file__).parent / "migrations" / "versions").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", None), *(name.name for name in node.names)]
                assert not any(str(name).startswith(("serving", "features", "training")) for name in names)
