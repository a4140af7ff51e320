"""A typed client of the service, on httpx.

::

    with Client("http://127.0.0.1:3000", key=os.environ["TIERCAST_KEY"]) as tiercast:
        tiercast.forecast([1, 25]).forecasts[0].p_churn
        tiercast.post([{"key": "till-3/8812/1", "customer_id": 1, "timestamp": "2018-01-02T10:00", "amount": 12.5}])
        for member in tiercast.members(tier="Gold", near_miss="keep"):
            print(member.customer_id, member.value_at_risk)
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from features.errors import TiercastError
from serving.forecast.wording import Language
from serving.http.answered import Erased, Forecast, Forecasts, Members, Posted
from serving.http.answered_pages import Member, Model
from serving.http.answered_trials import WhatIfAnswer

_Answer = TypeVar("_Answer", bound=BaseModel)
_AGAIN: Final = (429, 503)
_MOST_WAIT_S: Final = 30.0
_PAUSE_S: Final = 0.5
"""Before a service that did not answer is asked again; doubled each time."""


class ServiceError(TiercastError):
    """The service's refusal: its status, its code, its own words, and after how many seconds to ask again."""

    def __init__(
        self, status: int, code: str, message: str, details: list[dict[str, Any]] | None, retry_after: float | None
    ):
        super().__init__("the service answers what is asked", f"{status} {code}", message)
        self.message = message
        self.status = status
        self.code = code
        self.details = details
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"the service refused ({self.status} {self.code}): {self.message}"


class ServiceAwayError(TiercastError):
    """Nobody answers where the service is looked for, or not in time; ``tries`` is how often it was asked."""

    def __init__(self, where: str, why: str, tries: int) -> None:
        super().__init__(
            "the service answers at the URL that the client was given",
            f"nothing from {where} in {tries} {'try' if tries == 1 else 'tries'} ({why})",
            "look whether 'tiercast serve' runs there and /readyz says 200, and at the URL, the proxy and timeout_s",
        )
        self.tries = tries


class Client:
    """A connection to one service, for one thread at a time.

    Parameters
    ----------
    url : where it answers
    key : of ``tiercast keys make``; None for a service without keys
    language : of the sentences
    timeout_s : for one answer
    retries : how often a question is asked again that was refused for load, after as long as the service says, or that
        nobody answered, after a moment; all questions may be, posted lines too, which count once by their key, but for an
        erasure that was sent
    transport : for tests: an ASGI app in this process, say
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        language: Language = "en",
        timeout_s: float = 10.0,
        retries: int = 2,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"accept-language": language, "accept": "application/json"}
        if key is not None:
            headers["authorization"] = f"Bearer {key}"
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s, transport=transport)
        self._retries = retries

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def forecast(
        self,
        ids: Sequence[int | float | str] | None = None,
        *,
        histories: Sequence[Mapping[str, Any]] | None = None,
        as_of: dt.date | None = None,
        reasons: int = 3,
        contributions: bool = False,
    ) -> Forecasts:
        """Forecasts of members that the store knows, or of histories sent with the question: one of both.

        Raises
        ------
        ServiceError, ServiceAwayError
        """
        body: dict[str, Any] = {"reasons": reasons, "contributions": contributions}
        body |= {"as_of": as_of.isoformat()} if as_of else {}
        body |= {"ids": list(ids or ())} if histories is None else {"histories": [dict(history) for history in histories]}
        return self._ask(Forecasts, "POST", "/v1/forecast", json=body)

    def what_if(self, customer_id: int | float | str, trials: Sequence[Sequence[Mapping[str, Any]]] = ()) -> WhatIfAnswer:
        """What would become of a member by imagined purchases, visits or returns, and what each tier takes.

        Raises
        ------
        ServiceError, ServiceAwayError
        """
        body = {"customer_id": customer_id, "trials": [[dict(one) for one in trial] for trial in trials]}
        return self._ask(WhatIfAnswer, "POST", "/v1/what-if", json=body)

    def post(self, lines: Sequence[Mapping[str, Any]], *, reasons: int = 3) -> Posted:
        """New lines, taken all or none; what was acknowledged is on disk.

        Raises
        ------
        ServiceError, ServiceAwayError
        """
        return self._ask(
            Posted, "POST", "/v1/transactions", json={"lines": [dict(line) for line in lines], "reasons": reasons}
        )

    def member(self, customer_id: int | float | str) -> Member:
        """All there is to say of a member.

        Raises
        ------
        ServiceError, ServiceAwayError
        """
        return self._ask(Member, "GET", _of(customer_id))

    def members(
        self,
        *,
        tier: str | None = None,
        temperature: Literal["hot", "warm", "cool", "cold"] | None = None,
        stage: str | None = None,
        near_miss: Literal["keep", "reach"] | None = None,
        sort: Literal["value_at_risk", "temperature"] | None = None,
        limit: int = 100,
    ) -> Iterator[Forecast]:
        """The desk's list, most value at risk first or the coldest, page after page.

        Raises
        ------
        ServiceError, ServiceAwayError
        """
        asked = {
            "tier": tier,
            "temperature": temperature,
            "stage": stage,
            "near_miss": near_miss,
            "sort": sort,
            "limit": limit,
        }
        query = {name: value for name, value in asked.items() if value is not None}
        while True:
            page = self._ask(Members, "GET", "/v1/members", params=query)
            yield from page.members
            if page.next is None:
                return
            query["cursor"] = page.next

    def model(self) -> Model:
        """What answers: version, data span, figures.

        Raises
        ------
        ServiceError, ServiceAwayError
        """
        return self._ask(Model, "GET", "/v1/model")

    def forget(self, customer_id: int | float | str) -> Erased:
        """Erase a member; the receipt does not say whom.

        Raises
        ------
        ServiceError, ServiceAwayError
        """
        return self._ask(Erased, "DELETE", _of(customer_id))

    def _ask(self, kind: type[_Answer], method: str, path: str, **request: Any) -> _Answer:
        for tried in range(1, self._retries + 2):
            last = tried > self._retries
            try:
                answer = self._http.request(method, path, **request)
            except httpx.TransportError as error:
                # An erasure whose answer was lost may be done: asked again, it would be refused as of nobody.
                lost = method == "DELETE" and not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
                if last or lost or isinstance(error, (httpx.UnsupportedProtocol, httpx.LocalProtocolError)):
                    raise ServiceAwayError(_where(self._http.base_url), type(error).__name__, tried) from None
                time.sleep(min(_PAUSE_S * 2 ** (tried - 1), _MOST_WAIT_S))
                continue
            if answer.status_code < 300:
                return kind.model_validate_json(answer.content)
            refusal = _refusal(answer)
            if refusal.status not in _AGAIN or refusal.retry_after is None or last:
                raise refusal
            time.sleep(min(refusal.retry_after, _MOST_WAIT_S))
        raise AssertionError("unreachable")


def _where(url: httpx.URL) -> str:
    """A URL without a user and a password."""
    return str(url.copy_with(userinfo=b""))


def _of(customer_id: int | float | str) -> str:
    return f"/v1/members/{quote(str(customer_id), safe='')}"


def _refusal(answer: httpx.Response) -> ServiceError:
    after = answer.headers.get("retry-after", "")
    wait = float(after) if after.isdigit() else None
    try:
        error = answer.json()["error"]
        return ServiceError(answer.status_code, error["code"], error["message"], error["details"], wait)
    except (ValueError, KeyError, TypeError):  # a proxy's own page
        return ServiceError(answer.status_code, "unknown", "see what stands between here and the service", None, wait)
