"""Requests gone wrong in every way that callers, proxies and attackers find: from a seed, so that each can be sent again."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

from serve_mutations_wire import WIRE
from serve_request import Mutation, Request

_ODD = (
    None,
    True,
    -1,
    0,
    1.5,
    "",
    " ",
    "\u202e",
    "x" * 5_000,
    [],
    {},
    [[]],
    "2017-13-45",
    "\x00",
    "9" * 400,
    2**63,
    -(2**64),
)
_LITERALS = ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 500, "1e-400", "-0", "00", "0x10", "1_000", ".5", "1.")
_TYPES = (
    "text/plain",
    "application/xml",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "",
    "x" * 900,
)


def mutated(rng: random.Random, request: Request, content: Any) -> tuple[str, Request]:
    """One mutation's name and the request it made. ``content`` is the body as plain values, None where there is none."""
    name = rng.choice(list(_MUTATIONS))
    return name, _MUTATIONS[name](rng, request, content)


def _as_it_is(_: random.Random, request: Request, __: Any) -> Request:
    return request


def _truncated(rng: random.Random, request: Request, _: Any) -> Request:
    body = request.body or b"{}"
    return replace(request, body=body[: rng.randrange(len(body))])


def _flipped(rng: random.Random, request: Request, _: Any) -> Request:
    body = bytearray(request.body or b"{}")
    for _i in range(rng.randint(1, 8)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    return replace(request, body=bytes(body))


def _swapped(rng: random.Random, request: Request, content: Any) -> Request:
    """One value of another kind, or a name too many, or too few."""
    plain = json.loads(json.dumps(content if content is not None else {}))
    places = [place for place in _places(plain) if place]
    if not places:
        return replace(request, body=json.dumps(rng.choice(_ODD)).encode())
    *way, last = rng.choice(places)
    inner = plain
    for step in way:
        inner = inner[step]
    what = rng.randrange(4)
    if what == 0 and isinstance(inner, dict):
        del inner[last]
    elif what == 1 and isinstance(inner, dict):
        inner[rng.choice(("extra", "", "__class__", "x" * 2_000))] = rng.choice(_ODD)
    elif what == 2 and isinstance(inner, list):
        inner *= rng.choice((0, 2, 2_000))
    else:
        inner[last] = rng.choice(_ODD)
    return replace(request, body=json.dumps(plain).encode())


def _literal(rng: random.Random, request: Request, content: Any) -> Request:
    """A number that JSON does not know, or that no machine number holds."""
    plain = json.loads(json.dumps(content if content is not None else {}))
    places = [place for place in _places(plain) if place]
    mark = "%%here%%"
    if not places:
        return replace(request, body=rng.choice(_LITERALS).encode())
    *way, last = rng.choice(places)
    inner = plain
    for step in way:
        inner = inner[step]
    inner[last] = mark
    return replace(request, body=json.dumps(plain).replace(f'"{mark}"', rng.choice(_LITERALS)).encode())


def _nested(rng: random.Random, request: Request, content: Any) -> Request:
    depth = rng.choice((60, 500, 2_000, 50_000, 200_000))
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}")))
    deep = opening * depth + rng.choice(("1", '""')) + closing * rng.choice((depth, depth - 1))
    if isinstance(content, dict) and content and rng.random() < 0.5:
        name = rng.choice(list(content))
        return replace(request, body=f'{{"{name}": {deep}}}'.encode())
    return replace(request, body=deep.encode())


def _encoded(rng: random.Random, request: Request, _: Any) -> Request:
    text = (request.body or b"{}").decode()
    return replace(
        request,
        body=rng.choice(
            (
                text.encode("utf-16"),
                text.encode("utf-32"),
                b"\xef\xbb\xbf" + text.encode(),
                text.encode().replace(b'"', b'"\xff', 2),
                text.replace('": "', '": "\\ud800', 1).encode(),
                text.encode().replace(b":", b"\x00:", 1),
            )
        ),
    )


def _typed(rng: random.Random, request: Request, _: Any) -> Request:
    others = tuple((name, value) for name, value in request.headers if name != b"content-type")
    return replace(request, headers=(*others, (b"content-type", rng.choice(_TYPES).encode())))


def _places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Ways to every value in plain values."""
    found = [way]
    if isinstance(value, dict):
        found += [place for name, inner in value.items() for place in _places(inner, (*way, name))]
    elif isinstance(value, list):
        found += [place for i, inner in enumerate(value) for place in _places(inner, (*way, i))]
    return found


_MUTATIONS: dict[str, Mutation] = {
    "as it is": _as_it_is,
    "truncated": _truncated,
    "bytes flipped": _flipped,
    "other values": _swapped,
    "odd numbers": _literal,
    "nested deep": _nested,
    "encodings": _encoded,
    "content types": _typed,
    **WIRE,
}
