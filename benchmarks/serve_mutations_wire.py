"""Requests whose line, headers, framing or pace is wrong."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from serve_request import Mutation, Request

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FOO", "get", "P\x01ST")
_PATHS = (
    "%00",
    "..%2f..%2fetc%2fpasswd",
    "%ff%fe",
    "a" * 3_000,
    "%",
    "//",
    ";x=1",
    "%F0%9F%92%A9",
    "'--",
    "{}",
    "?x=%zz&x=1",
)


def _headed(rng: random.Random, request: Request, _: Any) -> Request:
    more = rng.choice(
        (
            ((b"x-long", b"y" * rng.choice((1_000, 20_000, 200_000))),),
            tuple((b"x-%d" % i, b"y" * 50) for i in range(rng.choice((50, 2_000)))),
            ((b"accept-language", rng.choice((b"\xff\xfe", b"zh;q=nan,en", b"*;q=-1" * 500))),),
            ((b"accept-encoding", b"gzip;q=nan"), (b"expect", b"100-continue")),
            ((b"host", b"evil.example"), (b"x-forwarded-for", b"1" * 300)),
            ((b"x bad name", b"1"), (b"x-control", b"\x01\x02")),
            ((b"upgrade", b"websocket"), (b"connection", b"upgrade"), (b"sec-websocket-key", b"AAAA")),
        )
    )
    return replace(request, headers=(*request.headers, *more))


def _unkeyed(rng: random.Random, request: Request, _: Any) -> Request:
    others = tuple((name, value) for name, value in request.headers if name != b"authorization")
    wrong = rng.choice((b"Bearer", b"Bearer tc_x_y", b"Basic eDp5", b"Bearer \xff", b"tc_" + b"a" * 9_000, b""))
    return replace(request, headers=(*others, (b"authorization", wrong)) if rng.random() < 0.8 else others)


def _method(rng: random.Random, request: Request, _: Any) -> Request:
    return replace(request, method=rng.choice(_METHODS), target=request.target.replace("/members/", "/members/nobody-"))


def _target(rng: random.Random, request: Request, _: Any) -> Request:
    odd = rng.choice(_PATHS)
    path = request.target.split("?")[0]
    return replace(
        request,
        target=rng.choice(
            (
                path + odd,
                path.rsplit("/", 1)[0] + "/" + odd,
                f"{path}?{odd}={odd}",
                f"{path}?limit={odd}&cursor={odd}&sort={odd}&reasons=-1",
                "/" + odd,
                f"http://evil.example{path}",
                "*",
                "/%2e%2e/openapi.json",
            )
        ),
    )


def _chunked(rng: random.Random, request: Request, _: Any) -> Request:
    body = request.body or b"{}"
    whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    broken = rng.choice(
        (
            b"zz\r\n" + body + b"\r\n0\r\n\r\n",
            b"-5\r\n" + body + b"\r\n0\r\n\r\n",
            b"ffffffffffffffffff\r\n" + body,
            b"%x\r\n%s" % (len(body), body),
            b"%x;%s\r\n%s\r\n0\r\n\r\n" % (len(body), b"e" * 20_000, body),
            b"%x\r\n%s\r\n0\r\nx-trailer: 1\r\n\r\n" % (len(body), body),
            b"%x\n%s\n0\n\n" % (len(body), body),
            b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n",
            whole,
        )
    )
    framing: tuple[tuple[bytes, bytes], ...] = (
        (b"transfer-encoding", rng.choice((b"chunked", b"gzip, chunked", b"Chunked"))),
    )
    if rng.random() < 0.2:
        framing += ((b"content-length", b"5"),)
    return replace(request, method="POST", body=broken, framing=framing)


def _measured(rng: random.Random, request: Request, _: Any) -> Request:
    body = request.body or b"{}"
    lengths = rng.choice(
        (
            (str(len(body) + rng.randint(1, 50)),),
            (str(rng.randrange(len(body))),),
            ("-1",),
            ("+5",),
            ("x",),
            ("9" * 30,),
            ("99999999",),
            (str(len(body)), "0"),
            ("",),
        )
    )
    return replace(request, body=body, framing=tuple((b"content-length", length.encode()) for length in lengths))


def _slow(rng: random.Random, request: Request, _: Any) -> Request:
    return replace(request, pieces=rng.choice((5, 20, 60)), wait_s=rng.choice((0.0, 0.002, 0.02)))


def _abandoned(rng: random.Random, request: Request, _: Any) -> Request:
    wire = request.wire()
    return replace(request, raw=wire[: rng.randint(1, len(wire))], abandoned=True)


def _garbage(rng: random.Random, request: Request, _: Any) -> Request:
    raw = rng.choice(
        (
            rng.randbytes(rng.choice((1, 50, 5_000))) + b"\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(200),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET /livez\r\n\r\n",
            b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
            b"\r\n" * 500,
            request.wire() + b"GET / HTTP/1.1\r\n" + rng.randbytes(40) + b"\r\n\r\n",
        )
    )
    return replace(request, raw=raw)


WIRE: dict[str, Mutation] = {
    "headers": _headed,
    "keys": _unkeyed,
    "methods": _method,
    "targets": _target,
    "chunks": _chunked,
    "lengths": _measured,
    "slow": _slow,
    "abandoned": _abandoned,
    "garbage": _garbage,
}
