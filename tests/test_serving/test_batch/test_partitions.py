from __future__ import annotations

from pathlib import Path

import pytest
from homes import Shop

from features.bounds import StandingBounds
from serving.batch.part import Clock, Maker, Part
from serving.batch.partitions import Partitions


@pytest.fixture(scope="module")
def part(shop: Shop) -> Part:
    return Maker.of(shop.bundle, shop.as_of, StandingBounds(), "en").make(shop.histories, Clock())


def same(one: Part, other: Part) -> bool:
    return one.table.equals(other.table) and (one.rows, one.histories, one.tiers) == (
        other.rows,
        other.histories,
        other.tiers,
    )


def test_a_part_comes_back_as_it_was(part: Part, visits_shop: Shop, tmp_path: Path) -> None:
    maker = Maker.of(visits_shop.bundle, visits_shop.as_of, StandingBounds(), "zh")
    nobody = maker.make(visits_shop.histories.range(0, 0), Clock())
    kept = Partitions(tmp_path)
    for number, each in enumerate((part, maker.make(visits_shop.histories, Clock()), nobody)):
        kept.save(number, each)
        assert kept.finished(number)
        assert same(kept.load(number), each)
        assert kept.load(number).table.schema.equals(each.table.schema)


@pytest.mark.parametrize("name", ["table", "rows", "bodies", "json"])
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_part_of_which_something_is_missing_is_not_finished(part: Part, tmp_path: Path, name: str, how: str) -> None:
    kept = Partitions(tmp_path)
    kept.save(7, part)
    path = tmp_path / f"0000007.{name}"
    if how == "cut":
        path.write_bytes(path.read_bytes()[:-3])
    else:
        path.unlink()
    assert not kept.finished(7)


def test_a_part_that_is_let_go_of_leaves_nothing(part: Part, tmp_path: Path) -> None:
    kept = Partitions(tmp_path)
    kept.save(0, part)
    kept.drop(0)
    assert not list(tmp_path.iterdir())
    assert not kept.finished(0)


def test_a_part_whose_bytes_are_not_those_that_were_written_is_not_finished(part: Part, tmp_path: Path) -> None:
    kept = Partitions(tmp_path)
    kept.save(7, part)
    path = tmp_path / "0000007.rows"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1  # as after a power cut: the name and the size are there
    path.write_bytes(content)
    assert not kept.finished(7)


def mark(key: str) -> bytes:
    return key.encode()[::-1]


def test_who_is_erased_leaves_what_is_finished_and_what_is_saved_later(part: Part, tmp_path: Path) -> None:
    kept = Partitions(tmp_path)
    gone, silent = part.rows[2].member, next(iter({key for key, _ in part.histories} - {row.member for row in part.rows}))
    kept.save(0, part, mark)
    kept.save(1, part.without(frozenset([gone, silent])), mark)
    kept.save(2, part, mark)
    (tmp_path / "0000002.json").unlink()  # a process was killed at it
    (tmp_path / "0000003.rows.partial").write_text(gone)
    untouched = {path: path.stat().st_ino for path in tmp_path.glob("0000001.*")}
    kept.take_out([gone, silent], [mark(gone), mark(silent)])
    assert same(kept.load(0), part.without(frozenset([gone, silent])))
    assert {path: path.stat().st_ino for path in tmp_path.glob("0000001.*")} == untouched
    assert not list(tmp_path.glob("000000[23].*"))
    kept.save(4, part, mark)
    assert same(kept.load(4), part.without(frozenset([gone, silent])))
    assert gone.encode() not in (tmp_path / "erased").read_bytes().split()
    kept.save(5, part)  # where nobody can be erased nobody is looked for
    assert same(kept.load(5), part)
