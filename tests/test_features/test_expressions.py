"""What may be written in an expression, and that nothing else is ever evaluated."""

from __future__ import annotations

import pytest
from every_operator import EXPRESSIONS
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ConfigError
from features.expressions import OPERATORS, code, evaluate, parse

MADE_OF = "a feature is made of operators, numbers, + - * and ratio()"
WRITTEN_IN = "a feature is written in operators"
READ = "a feature's expression can be read"

REFUSED = [
    # no way out
    ("__import__('os').system('true')", WRITTEN_IN),
    ("recency.__class__", MADE_OF),
    ("recency().__class__", MADE_OF),
    ("().__class__.__bases__[0].__subclasses__()", WRITTEN_IN),
    ("recency.__globals__()", WRITTEN_IN),
    ("eval('1')", WRITTEN_IN),
    ("open('x')", WRITTEN_IN),
    ("(lambda: 1)()", WRITTEN_IN),
    ("lambda: 1", MADE_OF),
    ("[recency() for _ in (1, 2)]", MADE_OF),
    ("sum(recency() for _ in (1, 2))", WRITTEN_IN),
    ("{recency(): 1}", MADE_OF),
    ("(kept := recency())", MADE_OF),
    ("f'{recency()}'", MADE_OF),
    ("recency() if tenure() else 1", MADE_OF),
    ("recency() and tenure()", MADE_OF),
    ("recency() < tenure()", MADE_OF),
    ("(recency(), tenure())", MADE_OF),
    ("yield_()", WRITTEN_IN),
    ("await recency()", MADE_OF),
    ("ratio(*recency())", "ratio() takes expression, expression"),
    ("total(*'visits')", "total() takes a name in quotes here"),
    # nothing but + - *
    ("recency() / 2", MADE_OF),
    ("recency() ** 2", MADE_OF),
    ("9**9**9", MADE_OF),
    ("total('visits', 9**9**9)", "total() takes whole days or 'horizon' here"),
    ("recency() % 7", MADE_OF),
    ("recency() // 7", MADE_OF),
    ("1 << 99", MADE_OF),
    ("recency() @ tenure()", MADE_OF),
    ("-recency()", MADE_OF),
    ("~recency()", MADE_OF),
    ("not recency()", MADE_OF),
    # no values but numbers
    ("'recency'", MADE_OF),
    ("b'recency'", MADE_OF),
    ("True", MADE_OF),
    ("None", MADE_OF),
    ("...", MADE_OF),
    ("1j", MADE_OF),
    ("1e999", MADE_OF),
    ("1e16 * recency()", MADE_OF),
    ("9" * 400, MADE_OF),
    ("recency", MADE_OF),
    ("horizon", MADE_OF),
    ("'visits' * 3", MADE_OF),
    # each operator has its arguments
    ("recency(1)", "recency() takes nothing"),
    ("total()", "total() takes value, days?, days?"),
    ("total('visits', 1, 2, 3)", "total() takes value, days?, days?"),
    ("total('visits', days=7)", "total() takes value, days?, days?"),
    ("total(value='visits')", "total() takes value, days?, days?"),
    ("total(**{})", "total() takes value, days?, days?"),
    ("ratio(1)", "ratio() takes expression, expression"),
    ("total(visits)", "total() takes a name in quotes here"),
    ("total(7, 'visits')", "total() takes a name in quotes here"),
    ("total('steps')", "total() takes a value"),
    ("total('__class__')", "total() takes a value"),
    ("total('category')", "total() takes a value"),
    ("entropy('visits')", "entropy() takes a label"),
    ("entropy('day')", "entropy() takes a label"),
    ("events(b'sent')", "events() takes a name in quotes here"),
    ("total('visits', 7.5)", "total() takes whole days or 'horizon' here"),
    ("total('visits', '7')", "total() takes whole days or 'horizon' here"),
    ("total('visits', True)", "total() takes whole days or 'horizon' here"),
    ("total('visits', -7)", "total() takes whole days or 'horizon' here"),
    ("total('visits', 36501)", "total() takes whole days or 'horizon' here"),
    ("total('visits', 2 * horizon)", "total() takes whole days or 'horizon' here"),
    ("total('visits', 1 + 2 + horizon)", "total() takes whole days or 'horizon' here"),
    ("total('visits', recency())", "total() takes whole days or 'horizon' here"),
    ("total('visits', tomorrow)", "total() takes whole days or 'horizon' here"),
    ("rate('visits')", "rate() takes value, half-life"),
    ("rate('visits', 0)", "rate() takes whole days from 1 on or 'horizon' here"),
    ("rate('visits', 14.0)", "rate() takes whole days from 1 on or 'horizon' here"),
    ("rate('visits', 14 - horizon)", "rate() takes whole days from 1 on or 'horizon' here"),
    ("rate('visits', 10000000)", "rate() takes whole days from 1 on or 'horizon' here"),
    ("gap_quantile(1.01)", "gap_quantile() takes a number from 0 to 1 here"),
    ("gap_quantile(50)", "gap_quantile() takes a number from 0 to 1 here"),
    ("gap_quantile(horizon)", "gap_quantile() takes a number from 0 to 1 here"),
    ("gap_quantile('0.5')", "gap_quantile() takes a number from 0 to 1 here"),
    ("ratio('visits', 1)", MADE_OF),
    # what is no expression
    ("", READ),
    (" recency()", READ),
    ("recency(", READ),
    ("recency() recency()", READ),
    ("recency(); tenure()", READ),
    ("import os", READ),
    ("x = 1", READ),
    ("recency()\ntenure()", READ),
    ("recency()), (tenure()", READ),
    ("recency()\0", READ),
    ("(" * 250 + "1" + ")" * 240, READ),
    ("1+" * 250 + "1", "a feature's expression has at most 500 characters; got 501"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[text[:40] for text, _ in REFUSED])
def test_what_is_not_in_the_vocabulary_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text)
    message = str(raised.value)
    assert message.startswith(said)
    assert "\n" not in message
    assert len(message) < 1_000


@settings(max_examples=300)
@given(st.text(alphabet="()[]{}.,:'\"_+-*/ \n\\#@=<>~%" + "recnytolahsizx0129", max_size=40))
def test_any_text_is_taken_or_refused(text: str) -> None:
    try:
        parse(text)
    except ConfigError:
        return
    evaluate((text,), {**{name: lambda *_: 1.0 for name in OPERATORS}, "horizon": 28})


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_what_is_in_the_vocabulary_is_taken(text: str) -> None:
    assert parse(text).text == text


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("recency()", set()),
        ("total('visits', 91)", set()),
        ("total('gross') - total('returned')", {"amount"}),
        ("total('returns')", {"amount"}),
        ("ratio(total('cost', 91), total('gross', 91))", {"amount", "cost"}),
        ("last('points_used') * first('quantity')", {"points", "quantity"}),
        ("rate('with_coupon', 42) + rate('with_discount', 42)", {"coupon", "discount"}),
        ("total('evening')", {"time"}),
        ("entropy('weekday')", set()),
        ("entropy('category') + top_share('store') - distinct('channel', horizon)", {"category", "store", "channel"}),
        ("events('sent')", {"events"}),
        ("ratio(need_to_keep(), 1 + last_score('survey'))", {"policy", "events"}),
        ("days_to_review()", {"policy"}),
    ],
)
def test_needs_are_those_of_all_its_parts(text: str, needs: set[str]) -> None:
    assert parse(text).needs == needs


def test_expressions_together_are_each_alone() -> None:
    """Whatever stands in one, a remark or a new line, changes nothing about the next."""
    texts = ("recency() # a remark", "total(\n'visits'\n)", "2 + 3 * 4", "recency()\n", "1", "ratio(1, (2))")
    operators = {"recency": lambda: 5.0, "total": lambda value: 7.0, "ratio": lambda a, b: a / b, "horizon": 28}
    together = evaluate(texts, operators)
    assert together == (5.0, 7.0, 14, 5.0, 1, 0.5)
    assert together == tuple(evaluate((text,), operators)[0] for text in texts)
    assert evaluate((), operators) == ()


def test_what_is_evaluated_reaches_no_builtin() -> None:
    names = set(code(EXPRESSIONS).co_names)
    assert names <= {*OPERATORS, "horizon"}
