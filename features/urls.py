"""URLs of tables on servers: what they say, and what of it may be shown.

==================================================  ===============================================================
URL                                                 meaning
==================================================  ===============================================================
``postgresql://user@host:5432/db?table=s.name``     a table or view; what libpq knows may stand beside ``table``, as
                                                    ``sslmode=require``. The password comes from PGPASSWORD, a
                                                    ``passfile`` or a ``service``, never from the URL
``spark://host:7077?table=db.name``                 a table of a standalone cluster's catalogue
``spark://host:7077?parquet=hdfs://...``            Parquet, wherever all the cluster's machines reach it
``spark:local[2]?...``, ``spark:yarn?...``          any other master, by Spark's own name for it
``spark:?...``                                      the session that this process has, or the one that spark-submit sets
==================================================  ===============================================================
"""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from features.errors import SourceError

SCHEMES: Final = ("postgresql", "postgres", "spark")
_SECRET: Final = ("password", "sslpassword", "passwd")


def is_url(source: object) -> bool:
    """Whether a source is written as a URL, of a known scheme or not.

    >>> is_url("spark:local[2]?parquet=log.parquet"), is_url("data/log.parquet")
    (True, False)
    """
    return isinstance(source, str) and ("://" in source or source.startswith("spark:"))


def shown(source: object) -> str:
    """A source for a message or a log: a URL without what may be secret in it.

    >>> shown("postgresql://ann:hunter2@host/shop?table=log&sslpassword=x")
    'postgresql://ann@host/shop?table=log'
    """
    if not is_url(source):
        return str(source)
    try:
        parts, query = parts_of(str(source))
    except ValueError:
        return "a URL that cannot be taken apart"
    kept = {name: shown(value) for name, value in query.items() if name.lower() not in _SECRET}
    user, at, host = parts.netloc.rpartition("@")
    place = f"//{user.partition(':')[0]}{at}{host}" if str(source).startswith(f"{parts.scheme}://") else ""
    more = "?" + urlencode(kept, safe="/:.[]*@", quote_via=quote) if kept else ""
    return f"{parts.scheme}:{place}{parts.path}{more}"


def parts_of(url: str) -> tuple[SplitResult, dict[str, str]]:
    """A URL and what stands behind its question mark; ValueError where a part of a password may be anywhere in it."""
    parts = urlsplit(url)
    if parts.fragment or "@" in parts.path or (parts.scheme != "spark" and parts.port == 0):
        raise ValueError("a URL with characters that have to be quoted")
    return parts, dict(parse_qsl(parts.query, keep_blank_values=True))


def taken_apart(url: str) -> tuple[str, dict[str, str]]:
    """The scheme of a URL that may be opened, and what stands behind its question mark.

    Raises
    ------
    SourceError
        the URL is of another scheme, or holds a password, or cannot be taken apart

    >>> taken_apart("postgresql://ann@host/shop?table=log")
    ('postgresql', {'table': 'log'})
    """
    try:
        parts, query = parts_of(url)
        secret = parts.password is not None or any(
            name.lower() in _SECRET or (is_url(value) and urlsplit(value).password is not None)
            for name, value in query.items()
        )
    except ValueError:  # says nothing of the URL, which may hold a password
        got, fix = "one that cannot", "check brackets and port, and write %23 for #, %40 for @"
        raise SourceError("a URL can be taken apart", got, fix) from None
    if parts.scheme not in SCHEMES:
        got = f"{parts.scheme}://"
        raise SourceError("a URL begins with postgresql:// or spark:", got, "copy the file, or name a table")
    if secret:
        raise SourceError("a URL holds no password", shown(url), "set PGPASSWORD, or write ~/.pgpass")
    return parts.scheme, query
