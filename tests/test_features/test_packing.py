from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest
import strategies
from everything import read_of
from hypothesis import given, settings
from hypothesis import strategies as st

from features.daily import Line
from features.errors import ArtifactError, ConfigError
from features.histories import Histories, Ragged, from_rows
from features.packing import pack, pack_all, shared, unpack
from features.snapshot import to_day

CUTOFFS = st.dates(strategies.FIRST.date() + dt.timedelta(days=1), strategies.LAST.date() + dt.timedelta(days=40)).map(
    to_day
)


def through(histories: Histories) -> Histories:
    blobs = zip(histories.members.tolist(), pack_all(histories), strict=True)
    return unpack(list(blobs), shared(histories))


def rows_of(rows: Ragged) -> list[object]:
    arrays = {"offsets": rows.offsets, "day": rows.day, **dict(sorted(rows.values.items()))}
    return [(name, array.dtype, array.tolist()) for name, array in arrays.items()]


def parts(histories: Histories) -> list[object]:
    """All that is kept, with labels by their texts."""
    found: list[object] = [histories.members.tolist(), rows_of(histories.visits), rows_of(histories.returns)]
    found += [(kind, rows_of(rows)) for kind, rows in sorted(histories.events.items())]
    for name, rows in sorted(histories.labels.items()):
        texts = histories.label_names[name][rows.values["code"]].tolist()
        found.append((name, rows.offsets.tolist(), rows.day.tolist(), texts))
    joined = None if histories.joined is None else (histories.joined.dtype, histories.joined.tolist())
    return [*found, joined, histories.columns, histories.time_zone, histories.first_day, histories.end_day]


@settings(max_examples=40)
@given(strategies.full_logs(), st.one_of(st.none(), strategies.events()), st.data())
def test_there_and_back(log: dict[str, list[Line]], happened: strategies.Events | None, data: st.DataObject) -> None:
    histories = replace(strategies.full_histories(log, happened), time_zone="Asia/Shanghai")
    if data.draw(st.booleans()):
        day = st.one_of(st.just(-1), st.integers(0, 30_000))
        joined = data.draw(st.lists(day, min_size=len(histories), max_size=len(histories)))
        histories = replace(histories, joined=np.array(joined, np.int32))
    again = through(histories)
    assert parts(again) == parts(histories)
    cutoffs = [data.draw(CUTOFFS)]
    assert read_of(again, cutoffs) == read_of(histories, cutoffs)
    one = data.draw(st.integers(0, len(histories) - 1))
    assert pack(histories, one) == pack_all(histories)[one]
    alone = unpack([("m", pack(histories, one))], shared(histories))
    assert read_of(alone, cutoffs) == read_of(histories.select(np.array([one])), cutoffs)


@settings(max_examples=25)
@given(strategies.logs(), CUTOFFS)
def test_there_and_back_with_amounts_alone_and_without_any(log: dict[str, list[Line]], cutoff: int) -> None:
    histories = strategies.histories(log)
    for known in (histories, replace(histories, columns=frozenset())):
        assert read_of(through(known), [cutoff]) == read_of(known, [cutoff])


def test_real_data_there_and_back_in_few_bytes(journey: Histories) -> None:
    bodies = pack_all(journey)
    again = unpack(list(zip(journey.members.tolist(), bodies, strict=True)), shared(journey))
    assert parts(again) == parts(journey)
    assert len(b"".join(bodies)) / len(journey.visits.day) < 8


def test_nobody() -> None:
    histories = strategies.full_histories({"m0": [Line(strategies.FIRST, 1.0, product="tea")]}).range(0, 0)
    assert pack_all(histories) == []
    assert parts(unpack([], shared(histories))) == parts(histories)


def test_labels_without_texts_are_not_kept() -> None:
    histories = strategies.full_histories({"m0": [Line(strategies.FIRST, 1.0, product="tea")]})
    with pytest.raises(ConfigError, match="labels are kept by their texts"):
        pack_all(replace(histories, label_names={}))


@pytest.mark.parametrize("said", ["", "[]", "{}", "null", '{"format": 1}', '{"format": 2}'])
def test_of_another_release(said: str) -> None:
    with pytest.raises(ArtifactError, match="what a log's members share is stored in format 1"):
        unpack([], said)


def test_of_another_log() -> None:
    histories = from_rows([("m", [(dt.date(2017, 1, 1), {"orders": 1, "gross": 5, "returned": 0})])], has_amounts=True)
    said = json.loads(shared(histories))
    said["labels"] = ["product"]
    with pytest.raises(ArtifactError, match="a member's history is stored as this release writes it"):
        unpack([("m", pack(histories, 0))], json.dumps(said))
