from __future__ import annotations

from pathlib import Path

from homes import Shop, opened_store

from serving.batch.absent import Absent
from serving.database.erasure import erase


def mark(key: str) -> bytes:
    return key.encode()[::-1]


def test_who_was_erased_before_and_who_since(shop: Shop, tmp_path: Path) -> None:
    members = shop.histories.members.tolist()
    with opened_store(tmp_path / "store.sqlite") as store:
        erase(store, members[3], mark(members[3]))
        absent = Absent.now(mark, store)
        assert absent.without(shop.histories).members.tolist() == members[:3] + members[4:]
        assert absent.since(members) == []
        erase(store, members[5], mark(members[5]))
        assert absent.since(members) == [members[5]]
        assert absent.without(shop.histories).members.tolist() == members[:3] + members[4:]


def test_where_nobody_can_have_been_nobody_is_asked(shop: Shop, tmp_path: Path) -> None:
    with opened_store(tmp_path / "store.sqlite") as store:
        erase(store, "003", mark("003"))
        absent = Absent.now(None, store)
        assert absent.without(shop.histories) is shop.histories
        assert absent.since(["003"]) == []
