from __future__ import annotations

from collections.abc import Mapping

import pytest

from features.errors import ColumnError
from features.schema import NUMBERS, OPTIONAL, resolve


@pytest.mark.parametrize(
    ("columns", "mapping", "sources", "guessed"),
    [
        (["customer_id", "timestamp"], {}, {"customer_id": ("customer_id",), "timestamp": ("timestamp",)}, ()),
        (
            ["Customer ID", "InvoiceDate", "Invoice", "x"],
            None,
            {"customer_id": ("Customer ID",), "timestamp": ("InvoiceDate",), "order_id": ("Invoice",)},
            ("customer_id", "timestamp", "order_id"),
        ),
        (
            ["who", "when", "qty", "price"],
            {"customer_id": "who", "timestamp": "when", "amount": "qty * price"},
            {"customer_id": ("who",), "timestamp": ("when",), "amount": ("qty", "price")},
            (),
        ),
        (
            ["customer_id", "timestamp", "qty*price"],
            {"amount": "qty*price"},
            {"customer_id": ("customer_id",), "timestamp": ("timestamp",), "amount": ("qty*price",)},
            (),
        ),
        (  # the contract's own name wins over an everyday one
            ["customer_id", "member", "timestamp", "date"],
            {},
            {"customer_id": ("customer_id",), "timestamp": ("timestamp",)},
            (),
        ),
    ],
)
def test_columns_are_found(
    columns: list[str], mapping: Mapping[str, str] | None, sources: dict[str, tuple[str, ...]], guessed: tuple[str, ...]
) -> None:
    found = resolve(columns, mapping)
    assert (dict(found.sources), found.guessed) == (sources, guessed)
    assert found.has_amounts is ("amount" in sources)


@pytest.mark.parametrize(
    ("columns", "mapping", "said"),
    [
        (["timestamp"], {}, ["'customer_id'", "the columns 'timestamp'", "--map customer_id=YOUR_COLUMN"]),
        (["customer_id"], {}, ["'timestamp'", "--map timestamp=YOUR_COLUMN"]),
        (["customer_id", "timestamp"], {"ammount": "x"}, ["'ammount'", "did you mean 'amount'?"]),
        (
            ["customer_id", "timestamp", "price"],
            {"amount": "prise"},
            ["'prise', which is not among", "did you mean 'price'?"],
        ),
        (["customer_id", "timestamp"], {"amount": "zzz"}, ["choose one of 'customer_id', 'timestamp'"]),
        (["a", "b", "timestamp"], {"customer_id": "a*b"}, ["only a number may be a product of two", "'a*b'"]),
        (
            ["customer_id", "timestamp", "a", "b", "c"],
            {"amount": "a*b*c"},
            ["only a number may be a product of two", "'a*b*c'"],
        ),
        (["customer_id", "timestamp", "a", "b"], {"store": "a*b"}, ["only a number may be a product of two", "'a*b'"]),
        (
            ["Email", "Created at"],
            {},
            [
                "columns 'customer_id' and 'timestamp'; got the columns 'Email', 'Created at'",
                "--map customer_id=YOUR_COLUMN --map timestamp=YOUR_COLUMN",
            ],
        ),
        (["customer_id", "when"], {}, ["a column 'timestamp'", "as in --map timestamp=YOUR_COLUMN."]),
        (["member", "user_id", "timestamp"], {}, ["'member', 'user_id'", "--map customer_id=member"]),
    ],
)
def test_what_is_wrong_with_the_columns_is_said(columns: list[str], mapping: dict[str, str], said: list[str]) -> None:
    with pytest.raises(ColumnError) as raised:
        resolve(columns, mapping)
    assert all(words in str(raised.value) for words in said)


@pytest.mark.parametrize("name", [name for name in OPTIONAL if name not in ("amount", "order_id")])
def test_further_columns_go_by_their_own_names_or_by_a_mapping_alone(name: str) -> None:
    columns = ["customer_id", "timestamp", name, f"{name}s"]
    assert resolve(columns).sources[name] == (name,)
    assert resolve(columns, {name: f"{name}s"}).sources[name] == (f"{name}s",)
    assert name not in resolve(columns, {name: "none"}).sources
    assert name not in resolve(["customer_id", "timestamp", f"{name}s"]).sources


@pytest.mark.parametrize("name", ["amount", *NUMBERS])
def test_a_number_may_be_a_product(name: str) -> None:
    assert resolve(["customer_id", "timestamp", "n", "price"], {name: "n * price"}).sources[name] == ("n", "price")


def test_a_time_may_be_a_date_and_a_time_of_day() -> None:
    found = resolve(["customer_id", "d", "t"], {"timestamp": "d + t"})
    assert found.sources["timestamp"] == ("d", "t")
    assert found.shown("timestamp") == "d+t"
    assert resolve(["customer_id", "d+t"], {"timestamp": "d+t"}).sources["timestamp"] == ("d+t",)
    with pytest.raises(ColumnError, match="'t', which is not among"):
        resolve(["customer_id", "d", "time"], {"timestamp": "d+t"})
    with pytest.raises(ColumnError, match="is one column or a date"):
        resolve(["customer_id", "d", "t", "z"], {"timestamp": "d+t+z"})


def test_an_optional_column_can_be_said_to_be_missing() -> None:
    found = resolve(["customer_id", "timestamp", "value"], {"amount": "none"})
    assert not found.has_amounts
    assert found.guessed == ()


def test_one_column_is_perhaps_several() -> None:
    with pytest.raises(ColumnError, match="or say what parts the fields, as in delimiter"):
        resolve(["id date amount"])
    with pytest.raises(ColumnError, match="say what parts the fields, as in delimiter"):
        resolve(["id^date^amount"], {"customer_id": "id"})
    with pytest.raises(ColumnError, match=r"a first line of 3 fields that look like data.* header: "):
        resolve(["00001 19970101 11.77"])


def test_a_first_line_of_data_is_not_repeated() -> None:
    with pytest.raises(ColumnError, match="a first line of 2 fields that look like data") as caught:
        resolve(["jane@example.org", "2024-01-01"])
    assert "jane" not in str(caught.value)
