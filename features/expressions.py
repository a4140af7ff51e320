"""The little language that features are written in: operators, values by name, ``+ - *``, and nothing else.

An expression is data: it is stored with a model, so that a feature declared in a notebook works in every other place. It is
parsed as Python and held to a short list of shapes before anything is evaluated; it can reach no attribute, no module and no
builtin.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import CodeType
from typing import Any, Final

from features.errors import ConfigError, listed
from features.snapshot import MAX_DAYS
from features.vocabulary import EVENTS, LABEL_NAMES, POLICY, VALUES, WEEKDAY

_MAX_LENGTH: Final = 500
_MAX_NUMBER: Final = 1e15
HORIZON: Final = "horizon"
"""Stands for the forecast's horizon in days."""

OPERATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "recency": (),
    "tenure": (),
    "last_gap": (),
    "gap_mean": (),
    "gap_sd": (),
    "gap_quantile": ("level",),
    "longer_silences": (),
    "comeback_share": (),
    "total": ("value", "days?", "days?"),
    "rate": ("value", "half-life"),
    "last": ("value",),
    "first": ("value",),
    "distinct": ("label", "days?"),
    "entropy": ("label", "days?"),
    "top_share": ("label", "days?"),
    "events": ("kind", "days?"),
    "since_event": ("kind",),
    "last_score": ("kind",),
    "tier": (),
    "tier_metric": (),
    "tier_carry": (),
    "need_to_keep": (),
    "need_to_rise": (),
    "days_to_review": (),
    "ratio": ("expression", "expression"),
}
"""Operator → the kinds of its arguments; ``?`` marks those that may be left out."""
_OF_EVENTS: Final = frozenset({"events", "since_event", "last_score"})
_OF_POLICY: Final = frozenset({"tier", "tier_metric", "tier_carry", "need_to_keep", "need_to_rise", "days_to_review"})


@dataclass(frozen=True)
class Expression:
    """A checked expression, and what it needs of a log beside members and times."""

    text: str
    needs: frozenset[str]


@cache
def parse(text: str) -> Expression:
    """Check an expression.

    Raises
    ------
    ConfigError
        names what is not in the vocabulary

    >>> sorted(parse("ratio(total('cost', 91), total('gross', 91))").needs)
    ['amount', 'cost']
    >>> parse("__import__('os')")
    Traceback (most recent call last):
    ...
    features.errors.ConfigError: a feature is written in operators; got '__import__'. To mend it: choose one of 'recency', \
'tenure', 'last_gap', 'gap_mean', 'gap_sd', 'gap_quantile', 'longer_silences', 'comeback_share' and 17 more.
    """
    if len(text) > _MAX_LENGTH:
        raise ConfigError(f"a feature's expression has at most {_MAX_LENGTH} characters", str(len(text)), "shorten it")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ConfigError("a feature's expression can be read", repr(text), "see the reference of features") from None
    needs: set[str] = set()
    _check(tree, needs)
    return Expression(text, frozenset(needs))


@cache
def code(texts: tuple[str, ...]) -> CodeType:
    """All of some checked expressions as one tuple, compiled."""
    together = ast.Tuple([ast.parse(parse(text).text, mode="eval").body for text in texts], ast.Load())
    return compile(ast.fix_missing_locations(ast.Expression(together)), "<features>", "eval")


def evaluate(texts: tuple[str, ...], names: dict[str, Any]) -> tuple[Any, ...]:
    """The values of checked expressions, ``names`` giving the operators and ``horizon``."""
    values: tuple[Any, ...] = eval(code(texts), {"__builtins__": {}}, names)  # noqa: S307 (parsed and held to the vocabulary)
    return values


def _check(node: ast.expr, needs: set[str]) -> None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)):
        _check(node.left, needs)
        _check(node.right, needs)
    elif isinstance(node, ast.Call):
        _check_call(node, needs)
    elif not _is_number(node):
        raise ConfigError(
            "a feature is made of operators, numbers, + - * and ratio()",
            repr(ast.unparse(node))[:80],
            "see the reference of features",
        )


def _check_call(node: ast.Call, needs: set[str]) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    if name not in OPERATORS:
        raise ConfigError("a feature is written in operators", repr(name)[:80], f"choose one of {listed(list(OPERATORS))}")
    kinds = OPERATORS[name]
    least = sum(not kind.endswith("?") for kind in kinds)
    if node.keywords or not least <= len(node.args) <= len(kinds):
        wanted = ", ".join(kinds) or "nothing"
        raise ConfigError(f"{name}() takes {wanted}", ast.unparse(node)[:80], "change the arguments")
    if name in _OF_POLICY:
        needs.add(POLICY)
    if name in _OF_EVENTS:
        needs.add(EVENTS)
    for kind, argument in zip(kinds, node.args, strict=False):
        _check_argument(name, kind.rstrip("?"), argument, needs)


def _check_argument(name: str, kind: str, node: ast.expr, needs: set[str]) -> None:
    if kind == "expression":
        _check(node, needs)
    elif kind in _NUMBERS:
        wanted, fits = _NUMBERS[kind]
        if not fits(node):
            raise ConfigError(f"{name}() takes {wanted} here", ast.unparse(node)[:80], "change it")
    elif not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        raise ConfigError(f"{name}() takes a name in quotes here", ast.unparse(node)[:80], f"name a {kind}")
    elif kind == "value":
        if node.value not in VALUES:
            raise ConfigError(
                f"{name}() takes a value", repr(node.value)[:80], f"choose one of {listed(list(VALUES), most=30)}"
            )
        if (column := VALUES[node.value].needs) is not None:
            needs.add(column)
    elif kind == "label":
        if node.value not in LABEL_NAMES:
            raise ConfigError(f"{name}() takes a label", repr(node.value)[:80], f"choose one of {listed(LABEL_NAMES)}")
        if node.value != WEEKDAY:
            needs.add(node.value)


def _is_number(node: ast.expr, *, most: float = _MAX_NUMBER) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, (int, float))
        and not isinstance(node.value, bool)
        and node.value <= most
    )


def _is_span(node: ast.expr) -> bool:
    """Whole days, or the horizon."""
    if isinstance(node, ast.Name):
        return node.id == HORIZON
    return _is_number(node, most=MAX_DAYS) and isinstance(node.value, int)  # type: ignore[attr-defined]


def _is_sum(node: ast.expr) -> bool:
    """Two spans, added or subtracted: 364 - horizon."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, (ast.Add, ast.Sub))
        and all(_is_span(side) for side in (node.left, node.right))
    )


_NUMBERS: Final[Mapping[str, tuple[str, Callable[[ast.expr], bool]]]] = {
    "days": ("whole days or 'horizon'", lambda node: _is_span(node) or _is_sum(node)),
    "half-life": ("whole days from 1 on or 'horizon'", lambda node: _is_span(node) and ast.unparse(node) != "0"),
    "level": ("a number from 0 to 1", lambda node: _is_number(node, most=1.0)),
}
