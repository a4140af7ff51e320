from __future__ import annotations

import pytest

from features.engine import open_table
from features.errors import SourceError
from features.urls import is_url, shown


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "postgresql://ann:hunter2@host/shop?table=log",
            "a URL holds no password; got postgresql://ann@host/shop?table=log.",
        ),
        (
            "postgresql://ann@host/shop?table=log&password=hunter2",
            "a URL holds no password; got postgresql://ann@host/shop?table",
        ),
        (
            "spark:yarn?parquet=s3a://ann:hunter2@bucket/log",
            "a URL holds no password; got spark:yarn?parquet=s3a://ann@bucket/",
        ),
        ("postgresql://ann:hun#ter2@host/shop?table=log", "a URL can be taken apart; got one that cannot"),
        ("postgresql://ann:hun/ter2@host/shop?table=log", "a URL can be taken apart; got one that cannot"),
        ("postgresql://ann:hun?ter2@host/shop", "a URL can be taken apart; got one that cannot"),
        ("postgresql://ann:hun[ter2@host/shop", "a URL can be taken apart; got one that cannot"),
        ("s3://ann:hunter2@bucket/log.parquet", "a URL begins with postgresql:// or spark:; got s3://"),
    ],
)
def test_a_url_that_may_not_be_opened_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(SourceError) as raised:
        open_table(url)
    assert said in str(raised.value)
    assert "hun" not in str(raised.value)
    assert "ter2" not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


@pytest.mark.parametrize(
    "url", ["spark:?table=shop.log", "spark://h:7077?parquet=abfss://box@account/log", "data/log.parquet"]
)
def test_what_holds_no_secret_is_shown_as_it_is(url: str) -> None:
    assert shown(url) == url


def test_a_path_is_no_url() -> None:
    assert not is_url("C:/data/log.csv")
    assert not is_url("sparks.csv")
