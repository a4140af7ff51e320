from __future__ import annotations

import inspect
import re

import pytest

from features import errors
from features.errors import (
    NoModelError,
    NothingKeptError,
    OverloadError,
    PolicyError,
    TiercastError,
    UnknownMemberError,
    listed,
)

CLASSES = [
    value
    for _, value in inspect.getmembers(errors, inspect.isclass)
    if issubclass(value, TiercastError) and value.__module__ == errors.__name__
]


def drawn() -> set[tuple[str, str]]:
    """(child, parent) pairs read off the tree in the docstring."""
    above: list[str] = []
    pairs = set()
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"^    ((?:[│ ] {3})*(?:[├└]── )?)([A-Z]\w+Error)\b", line):
            depth = len(match[1]) // 4
            above[depth:] = [match[2]]
            pairs.add((match[2], above[depth - 1] if depth else "Exception"))
    return pairs


def test_the_tree_is_drawn_as_it_is() -> None:
    assert drawn() == {(error.__name__, error.__base__.__name__) for error in CLASSES}


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_a_message_has_the_rule_what_was_got_and_the_way_out(error: type[TiercastError]) -> None:
    made = {
        PolicyError: ("tiers[1]", "the rule", "this", "do that"),
        UnknownMemberError: (3,),
        NothingKeptError: (3,),
        OverloadError: ("the rule", 2),
    }
    raised = error(*made.get(error, ("the rule", "this", "do that")))  # type: ignore[arg-type]
    assert str(raised).endswith(f"{raised.rule}; got {raised.got}. To mend it: {raised.fix}.")
    assert all((raised.rule, raised.got, raised.fix))


def test_a_policy_error_begins_with_its_place() -> None:
    assert str(PolicyError("tiers[1].reach", "rule", "got", "fix")).startswith("tiers[1].reach: rule; got got.")


@pytest.mark.parametrize(("unknown", "worded"), [(1, "1 id without"), (2, "2 ids without"), (0, "0 ids without")])
def test_unknown_members_are_counted_and_not_named(unknown: int, worded: str) -> None:
    assert worded in str(UnknownMemberError(unknown))


def test_one_except_clause_takes_all() -> None:
    with pytest.raises(TiercastError):
        raise NoModelError("a model is trained", "none", "run tiercast train")


@pytest.mark.parametrize(
    ("names", "most", "expected"),
    [([], 8, ""), (["a"], 8, "'a'"), (range(3), 3, "0, 1, 2"), (range(4), 3, "0, 1, 2 and 1 more")],
)
def test_listed(names: list[object], most: int, expected: str) -> None:
    assert listed(names, most) == expected


def test_a_question_ends_as_one() -> None:
    assert str(TiercastError("the rule", "this", "did you mean 'that'?")).endswith("To mend it: did you mean 'that'?")
