"""serving/http/request_log.py: what a line has, and that nothing of the request is in it."""

from __future__ import annotations

import asyncio
import io
import re
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.http.note import note_of
from serving.http.request_log import Lines, RequestLog, Wanted

SALT = b"s" * 32


class Kept(Lines):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[bytes] = []

    def add(self, line: bytes) -> None:
        self.kept.append(line)


def ask(
    wanted: Wanted = "all",
    status: int = 200,
    path: str = "/v1/members/0042",
    headers: list[tuple[bytes, bytes]] | None = None,
    salt: bytes = SALT,
    member: str | None = "0042",
    crash: bool = False,
    method: str = "GET",
) -> tuple[dict[bytes, bytes], list[dict[str, Any]]]:
    """The answer's headers and the lines."""
    lines, sent = Kept(), []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        note = note_of(scope)
        note.route, note.key, note.members, note.member = "/v1/members/{id}", "abcd", 1, member
        if crash:
            raise KeyError(path)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": b"q=0042", "headers": headers or []}
    log = RequestLog(app, wanted, salt, lines)
    if crash:
        with pytest.raises(KeyError):
            asyncio.run(log(scope, None, send))  # type: ignore[arg-type]
    else:
        asyncio.run(log(scope, None, send))  # type: ignore[arg-type]
    return dict(sent[0]["headers"]) if sent else {}, [orjson.loads(line) for line in lines.kept]


def test_a_line_says_what_happened_and_to_nobody() -> None:
    headers, (line,) = ask()
    assert set(line) == {"time", "id", "method", "route", "status", "ms", "key", "members", "member"}
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/members/{id}", 200)
    assert (line["key"], line["members"]) == ("abcd", 1)
    assert 0 <= line["ms"] < 1000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])
    assert headers[b"x-request-id"].decode() == line["id"]
    assert "0042" not in orjson.dumps({**line, "time": "", "id": "", "member": ""}).decode()


def test_a_member_has_one_pseudonym_under_one_salt() -> None:
    def of(member: str, salt: bytes) -> str:
        return str(ask(member=member, salt=salt)[1][0]["member"])

    assert of("1", SALT) == of("1", SALT)
    assert len({of("1", SALT), of("2", SALT), of("1", b"t" * 32)}) == 3


@pytest.mark.parametrize(
    ("wanted", "status", "lines"),
    [("off", 500, 0), ("errors", 200, 0), ("errors", 399, 0), ("errors", 400, 1), ("errors", 503, 1), ("all", 200, 1)],
)
def test_which_requests_have_a_line(wanted: Wanted, status: int, lines: int) -> None:
    headers, said = ask(wanted, status)
    assert len(said) == lines
    assert b"x-request-id" in headers


def test_a_crash_has_a_line_without_its_cause() -> None:
    _, (line,) = ask("errors", crash=True, path="/v1/members/0042")
    assert line["status"] == 500
    assert "KeyError" not in str(line)


@given(st.binary(max_size=80))
def test_only_a_safe_request_id_is_taken_over(sent: bytes) -> None:
    headers, (line,) = ask(headers=[(b"x-request-id", sent)])
    taken = headers[b"x-request-id"] == sent
    assert taken == bool(re.fullmatch(rb"[A-Za-z0-9._-]{1,64}", sent))
    if not taken:
        assert re.fullmatch(r"[0-9a-f]{16}", line["id"])


def test_a_method_of_ones_own_is_not_written() -> None:
    assert ask(method="MEMBER0042")[1][0]["method"] == "other"


def test_lines_reach_the_stream_by_themselves_and_in_order() -> None:
    stream = io.StringIO()
    lines = Lines(lambda: stream)
    for i in range(3):
        lines.add(b"%d" % i)
    end = time.monotonic() + 30
    while stream.getvalue().count("\n") < 3 and time.monotonic() < end:
        time.sleep(0.02)
    assert stream.getvalue() == "0\n1\n2\n"


def test_of_too_many_lines_the_newest_stay_and_the_rest_is_counted() -> None:
    stream = io.StringIO()
    lines = Lines(lambda: stream, most=3)
    lines._thread = object()  # type: ignore[assignment]  # nobody writes meanwhile
    for i in range(10):
        lines.add(b"%d" % i)
    lines.flush()
    *kept, said = stream.getvalue().splitlines()
    assert kept == ["7", "8", "9"]
    assert orjson.loads(said)["dropped"] == 7
    lines.flush()
    assert stream.getvalue().count("\n") == 4


def test_who_hung_up_is_no_failure_of_the_service() -> None:
    lines = Kept()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        note_of(scope).left = True

    scope = {"type": "http", "method": "POST", "headers": []}
    asyncio.run(RequestLog(app, "all", SALT, lines)(scope, None, None))  # type: ignore[arg-type]
    assert [orjson.loads(line)["status"] for line in lines.kept] == [499]
