"""Posted lines: each kept once, with a forecast that knows it; on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import time
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete
from stores import AS_OF, BUNDLE, DAY, fill, row

from features.errors import ArtifactError, ConflictError, InputError, NotFoundError, StoreError
from serving.database.engine import writing
from serving.database.forecasts import Filters, ForecastRow, Stored, look_up, page
from serving.database.generations import Generation, add, begin, complete, publish
from serving.database.lines import Known, PostedLine, lines_of, post, refresh
from serving.database.pruning import prune
from serving.database.tables import HISTORY, LINE
from training.artifact import Bundle

OTHER = Bundle({"trained_as_of": "2026-02-01"}, {})


def spelled(known: Sequence[Known]) -> list[ForecastRow | None]:
    """Forecasts that say what they were made of; none for members whose lines end in a return."""
    return [
        None
        if one.lines and one.lines[-1].body == "return"
        else row(one.member, as_of=max([DAY, *(line.day + 1 for line in one.lines)]), body=body(one.history, one.lines))
        for one in known
    ]


def body(history: bytes, lines: Sequence[PostedLine]) -> bytes:
    return history + b"|" + ",".join(line.key for line in lines).encode()


def never(known: Sequence[Known]) -> list[ForecastRow | None]:
    raise AssertionError


def line(member: str, key: str, day: int = DAY, text: str = "{}") -> PostedLine:
    return PostedLine(member, key, day, text)


def test_lines_are_there_with_the_forecast_that_knows_them(store: Engine) -> None:
    generation = fill(store, [row("a"), row("b")], silent=["c"])
    posted = post(store, generation, [line("a", "2", DAY + 1), line("c", "1"), line("a", "1", DAY + 1)], spelled)
    assert posted.new == [True, True, True]
    assert posted.forecasts == look_up(store, generation.id, ["a", "c"])
    assert posted.forecasts["a"] == Stored(DAY + 2, False, b"history of a|1,2")
    assert posted.forecasts["c"] == Stored(DAY + 1, False, b"history of c|1")
    assert look_up(store, generation.id, ["b"])["b"].body == b"forecast of b"
    assert lines_of(store, ["a", "b"], DAY + 1) == {"a": [line("a", "1", DAY + 1), line("a", "2", DAY + 1)]}
    assert lines_of(store, ["a"], DAY + 2) == {}


def test_a_line_sent_again_is_known_and_changes_nothing(store: Engine) -> None:
    generation = fill(store, [row("a")])
    post(store, generation, [line("a", "1")], spelled)
    again = post(store, generation, [line("a", "1"), line("a", "1")], never)
    assert again.new == [False, False]
    assert again.forecasts["a"].body == b"history of a|1"
    twice = line("a", "2")
    assert post(store, generation, [twice, twice], spelled).new == [True, False]
    assert lines_of(store, ["a"]) == {"a": [line("a", "1"), twice]}


@pytest.mark.parametrize("changed", [line("a", "1", DAY + 1), line("a", "1", DAY, "other")])
def test_a_conflict_refuses_the_whole_request(store: Engine, changed: PostedLine) -> None:
    generation = fill(store, [row("a"), row("b")])
    post(store, generation, [line("a", "1")], spelled)
    with pytest.raises(ConflictError) as refused:
        post(store, generation, [line("b", "9"), changed], never)
    assert refused.value.places == (1,)
    with pytest.raises(ConflictError):
        post(store, generation, [line("b", "1"), line("b", "1", text="other")], never)
    assert lines_of(store, ["a", "b"]) == {"a": [line("a", "1")]}


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (line("a", "1", DAY - 1), InputError),
        (line("nobody", "1"), NotFoundError),
        (line("a", "\0"), InputError),
        (line("a", "1", text="\ud800"), InputError),
    ],
)
def test_what_does_not_fit_is_refused_whole(store: Engine, refused: PostedLine, error: type[Exception]) -> None:
    generation = fill(store, [row("a")])
    with pytest.raises(error):
        post(store, generation, [line("a", "0"), refused], never)
    assert lines_of(store, ["a"]) == {}


def test_a_forecast_that_fails_leaves_no_line(store: Engine) -> None:
    generation = fill(store, [row("a")])
    with pytest.raises(AssertionError):
        post(store, generation, [line("a", "1")], never)
    assert lines_of(store, ["a"]) == {}
    assert look_up(store, generation.id, ["a"])["a"].body == b"forecast of a"


def test_a_member_of_whom_nothing_can_be_forecast_any_more_has_no_forecast(store: Engine) -> None:
    generation = fill(store, [row("a")])
    assert post(store, generation, [line("a", "1", text="return")], spelled).forecasts == {}
    assert look_up(store, generation.id, ["a"]) == {}
    assert list(lines_of(store, ["a"])) == ["a"]


def test_forecasts_of_other_generations_are_stale_until_somebody_makes_them_anew(store: Engine) -> None:
    first = fill(store, [row("a"), row("b")], silent=["c"])
    other = fill(store, [row("a"), row("b")], bundle=OTHER, silent=["c"])
    late = fill(store, [row("a")], bundle=OTHER, as_of=AS_OF + dt.timedelta(5), silent=["c"])
    post(store, first, [line("a", "1"), line("c", "1")], spelled)
    stored = look_up(store, other.id, ["a", "b", "c"])
    assert {member: one.stale for member, one in stored.items()} == {"a": True, "b": False, "c": True}
    assert [member for member, _ in page(store, other.id, Filters()).rows] == ["a", "b", "c"]
    assert set(look_up(store, late.id, ["a", "c"])) == {"a"}  # whose batch has read that day
    assert not look_up(store, late.id, ["a"])["a"].stale
    made = refresh(store, other, ["a", "b", "c", "nobody"], spelled)
    assert made == look_up(store, other.id, ["a", "b", "c"])
    assert made["a"] == Stored(DAY + 1, False, b"history of a|1")
    assert made["b"].body == b"forecast of b"
    assert refresh(store, other, ["a", "b", "c"], never) == made


def test_a_batch_finds_the_lines_posted_while_it_was_made(store: Engine) -> None:
    old = fill(store, [row("a"), row("b"), row("c")])
    new = begin(store, BUNDLE, AS_OF + dt.timedelta(2), "text", 3, "{}")
    post(store, old, [line("a", "1", DAY + 2), line("b", "1", DAY + 1)], spelled)
    histories = [(member, f"history of {member}".encode()) for member in "abcd"]
    add(store, new, [row(member) for member in "abc"], histories)
    post(store, old, [line("b", "2", DAY + 3)], spelled)
    publish(store, new, 3)
    assert {member for member, one in look_up(store, new.id, list("abc")).items() if one.stale} == {"a", "b"}
    assert refresh(store, new, ["b"], spelled)["b"].body == b"history of b|2"  # the first line's day is the batch's
    with pytest.raises(InputError):
        post(store, old, [line("a", "2", DAY + 1)], never)  # which the new batch has read, though the caller knows it not
    assert look_up(store, old.id, ["b"])["b"].body == b"history of b|1,2"


def test_a_generation_that_is_not_in_place_takes_no_lines(store: Engine) -> None:
    filling = begin(store, BUNDLE, AS_OF, "text", 3, "{}")
    with pytest.raises(StoreError, match="replaced"):
        post(store, filling, [line("a", "1")], never)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.builds(line, st.sampled_from("abc"), st.sampled_from("123"), st.integers(DAY, DAY + 1), st.just("{}")),
            max_size=4,
        ),
        max_size=6,
    )
)
def test_any_requests_leave_what_a_dictionary_would(store: Engine, requests: list[list[PostedLine]]) -> None:
    generation = fill(store, [row("a"), row("b"), row("c")])
    with writing(store) as connection:
        connection.execute(delete(LINE))
    kept: dict[tuple[str, str], PostedLine] = {}
    for sent in requests:
        after = dict(kept)
        fits = all(after.setdefault((one.member, one.key), one) == one for one in sent)
        if fits:
            posted = post(store, generation, sent, spelled)
            assert sum(posted.new) == len(after) - len(kept)
            kept = after
        else:
            with pytest.raises(ConflictError):
                post(store, generation, sent, spelled)
    for member in "abc":
        mine = sorted((one for one in kept.values() if one.member == member), key=lambda one: (one.day, one.key))
        assert lines_of(store, [member]).get(member, []) == mine
        expected = body(f"history of {member}".encode(), mine) if mine else f"forecast of {member}".encode()
        assert look_up(store, generation.id, [member])[member].body == expected


def test_requests_for_the_same_members_at_once_lose_nothing(store: Engine) -> None:
    first = fill(store, [row("a"), row("b")])
    second = fill(store, [row("a"), row("b")], bundle=OTHER)
    failed: list[BaseException] = []

    def send(number: int, generation: Generation) -> None:
        try:
            for i in range(8):
                members = ["a", "b"] if number % 2 else ["b", "a"]
                post(store, generation, [line(member, f"{number}-{i}") for member in members], spelled)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=send, args=(number, (first, second)[number // 2])) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    keys = sorted(f"{number}-{i}" for number in range(4) for i in range(8))
    for member in "ab":
        assert [one.key for one in lines_of(store, [member])[member]] == keys
        whole = f"history of {member}|{','.join(keys)}".encode()
        assert refresh(store, first, [member], spelled)[member].body == whole
        assert refresh(store, second, [member], spelled)[member].body == whole


def test_lines_posted_while_batches_come_and_go_are_all_known_at_the_end(store: Engine) -> None:
    members = ["a", "b", "c"]
    fill(store, [row(member) for member in members])
    sent: list[PostedLine] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def keep_posting(number: int) -> None:
        try:
            for i in itertools.count():
                if over.is_set():
                    return
                lines = [line(member, f"{number}-{i:04}") for member in members[number:]]
                try:
                    post(store, complete(store)[0], lines, spelled)
                except StoreError as error:
                    if "replaced" not in str(error):  # between the two questions
                        raise
                else:
                    sent.extend(lines)
                time.sleep(0.01)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=keep_posting, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for bundle in (OTHER, BUNDLE, OTHER, BUNDLE):
        before = len(sent)
        fill(store, [row(member) for member in members], bundle=bundle, silent=["d"])
        prune(store)
        deadline = time.monotonic() + 20
        while len(sent) < before + 6 and time.monotonic() < deadline and not failed:
            time.sleep(0.005)
    over.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(sent) >= 24
    for generation in complete(store):
        found = refresh(store, generation, members, spelled)
        for member in members:
            keys = sorted(one.key for one in sent if one.member == member)
            assert found[member].body == f"history of {member}|{','.join(keys)}".encode()


def test_a_stale_forecast_without_a_history_is_a_damaged_store(store: Engine) -> None:
    generation = fill(store, [row("a", stale=True)])
    with writing(store) as connection:
        connection.execute(delete(HISTORY))
    with pytest.raises(ArtifactError, match="1 forecast without a history"):
        refresh(store, generation, ["a"], spelled)
