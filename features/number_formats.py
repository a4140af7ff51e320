"""How a log writes its numbers, as its owner shows by the example of 1234.5: ``number_format``.

=================  ===========================================================================
written as         reads
=================  ===========================================================================
``1,234.50``       1,234.50 and 1234.5; in lakhs, 1,23,456.50
``1.234,50``       1.234,50 and 1234,5; the same as ``decimal_comma: true``
``1 234,50``       1 234,50, with any white space between; ``1'234.50`` likewise
``$1,234.50``      $1,234.50 and 1,234.50; ``1.234,50 €``, ``R$ 1.234,50``, ``1,234.50 USD``
=================  ===========================================================================

With any of them a number below 0 may be -$5.00, $-5.00, 5.00- or ($5.00). Another currency's sign is not read: the amounts
of a log are in one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from features.errors import ConfigError

if TYPE_CHECKING:
    import ibis.expr.types as ir

_EXAMPLE: Final = re.compile("^(?P<before>[^0-9()+-]*)1(?P<thousands>[,.'’ ]?)234(?P<point>[.,])50?(?P<after>[^0-9()+-]*)$")
_MOST_SIGN: Final = 8
_UNTOLD: Final = set("^[]\\*")
_SPACES: Final = "[ \u00a0\u202f\u2009]"  # plain, no-break, narrow and thin
_APOSTROPHES: Final = "['’]"


@dataclass(frozen=True)
class NumberFormat:
    """A decimal ``point``, what sets ``thousands`` apart ('' for nothing) and the ``sign`` of the currency ('' for none).

    ``exponents``: a programme wrote the numbers, as 1,5e2, and none below 0 in a bookkeeper's way.
    """

    point: str
    thousands: str = ""
    sign: str = ""
    exponents: bool = False

    def shapes(self) -> tuple[str, str]:
        """Regular expressions of a number from 0 on, and of one below, once the currency's sign is gone."""
        between = {" ": _SPACES, "'": _APOSTROPHES, "": ""}.get(self.thousands, f"[{self.thousands}]")
        grouped = f"[0-9]{{1,3}}(?:{between}[0-9]{{2,3}})*{between}[0-9]{{3}}|" if between else ""  # and lakhs: 1,23,456
        point = f"[{self.point}]"
        number = f"(?:(?:{grouped}[0-9]+)(?:{point}[0-9]*)?|{point}[0-9]+)"
        return f"^[+]?{number}$", f"^(?:-{number}|{number}-|[(]{number}[)])$"


DECIMAL_COMMA: Final = NumberFormat(",", ".", exponents=True)
"""What ``decimal_comma: true`` says."""


@lru_cache(maxsize=256)
def number_format(written: str) -> NumberFormat:
    """What a ``number_format`` shows.

    Raises
    ------
    ConfigError

    >>> number_format("R$ 1.234,50")
    NumberFormat(point=',', thousands='.', sign='R$', exponents=False)
    """
    found = _EXAMPLE.match(" ".join(written.split()))
    if found is None or found["thousands"] == found["point"] or (found["before"] and found["after"]):
        rule = "a number_format shows how 1234.5 is written"
        raise ConfigError(rule, repr(written)[:40], "write it as '1,234.50', '1 234,50' or '$1,234.50'")
    sign = (found["before"] or found["after"]).strip()
    if len(sign) > _MOST_SIGN or _UNTOLD & set(sign):
        rule = f"a currency's sign has at most {_MOST_SIGN} characters, and none of {' '.join(sorted(_UNTOLD))}"
        raise ConfigError(rule, repr(sign)[:40], "write it as '$1,234.50'")
    return NumberFormat(found["point"], found["thousands"].replace("’", "'"), sign)


def plain_number(text: ir.StringValue, written: NumberFormat) -> tuple[Any, Any]:
    """A text's digits with a point, null where it is no number; and whether it stands for one below 0."""
    bare = text.strip().replace("−", "-")
    if written.sign:
        kept = "$1" if str(text.get_backend().name) == "pyspark" else r"\1"
        sign = "".join(f"[{c}]" for c in written.sign)
        bare = bare.re_replace(f"^([-(+]?){_SPACES}*{sign}{_SPACES}*", kept)
        bare = bare.re_replace(f"{_SPACES}*{sign}{_SPACES}*([-)]?)$", kept)
    above, below = written.shapes()
    digits = bare.re_replace(f"[^0-9{written.point}]", "").replace(written.point, ".")
    negative = bare.re_search(below)
    return (negative | bare.re_search(above)).ifelse(digits, None), negative
