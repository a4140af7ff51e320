from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from made_runs import REFERENCE, RUN

from features.errors import ArtifactError
from serving.watch.kept import read_reference, read_runs, write_reference, write_run
from serving.watch.told import place_of


def test_runs_of_all_models_are_read_oldest_first_and_replaced_by_date(tmp_path: Path) -> None:
    assert read_runs(tmp_path) == []
    later, other = replace(RUN, as_of=RUN.as_of + dt.timedelta(days=7)), replace(RUN, version="u")
    for run in (later, RUN, other, replace(RUN, members=7)):
        write_run(tmp_path, run)
    write_reference(tmp_path, REFERENCE)
    assert read_runs(tmp_path) == [other, replace(RUN, members=7), later]


def test_a_reference_is_found_by_its_model(tmp_path: Path) -> None:
    path = write_reference(tmp_path, REFERENCE)
    found = read_reference(tmp_path, "v")
    assert found is not None
    assert found.to_json() == REFERENCE.to_json() == path.read_text()
    assert read_reference(tmp_path, "u") is None


def test_a_damaged_run_names_its_file(tmp_path: Path) -> None:
    write_run(tmp_path, RUN)
    place_of(tmp_path, "v", RUN.as_of).write_text("{")
    with pytest.raises(ArtifactError, match=r"2020-06-29\.json"):
        read_runs(tmp_path)


def test_what_is_no_text_is_damaged(tmp_path: Path) -> None:
    write_reference(tmp_path, REFERENCE).write_bytes(b"\xff{")
    with pytest.raises(ArtifactError, match=r"reference\.json"):
        read_reference(tmp_path, "v")
    write_run(tmp_path, RUN)
    place_of(tmp_path, "v", RUN.as_of).write_bytes(b"\xff{")
    with pytest.raises(ArtifactError, match=r"2020-06-29\.json"):
        read_runs(tmp_path)
