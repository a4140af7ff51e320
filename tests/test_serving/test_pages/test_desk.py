"""serving/pages in a real browser, over the real routes: what a retention manager sees and does."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import httpx
import numpy as np
import pytest
import uvicorn
from browser import CHROMIUM, Page, browsing
from homes import Shop, app, service
from served import fill, opened

from serving.privacy.keys import make

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)")
ODD = ["<img src=x onerror=document.title='run'>", "a/b?c#d %2F&e", "会员 '7\"", "W" * 200]
ROWS = "document.querySelectorAll('#members tbody tr')"
SHOWN = (
    "document.querySelector('#member').getAttribute('aria-busy') === 'false' && document.querySelector('.summary') !== null"
)
SETTLED = "document.querySelector('#members').getAttribute('aria-busy') === 'false'"


@dataclass(frozen=True)
class Place:
    """A service on a port of its own, with keys of the desk, of a till and of a shop system."""

    url: str
    desk: str
    till: str
    shop: str

    def get(self, path: str, language: str = "en") -> httpx.Response:
        key = {"authorization": f"Bearer {self.desk}"} if self.desk else {}
        return httpx.get(self.url + path, headers={**key, "accept-language": language}, timeout=30)


@contextmanager
def serving_on_a_port(folder: Path, *, with_keys: bool) -> Iterator[Place]:
    made = service(folder, with_keys=with_keys)
    keys = [make(made.desk.engine, name, [name])[1] for name in ("desk", "write", "forecast")] if with_keys else [""] * 3
    config = uvicorn.Config(made.app, http=made.connection, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Place(f"http://127.0.0.1:{listener.getsockname()[1]}", *keys)
        finally:
            server.should_exit = True
            thread.join(10)
            made.stop()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(tmp_path_factory.mktemp("browser")) as opened_page:
        yield opened_page


@pytest.fixture(autouse=True)
def nothing_is_wrong(page: Page) -> Iterator[None]:
    """No complaint of the browser, no question to another host."""
    page.look(1280, 900)
    del page.asked[:], page.complaints[:]
    yield
    assert [one for one in page.complaints if "status of 401" not in one and "status of 404" not in one] == []
    assert {url.split("/")[2].partition(":")[0] for url in page.asked if url.startswith("http")} == {"127.0.0.1"}
    page.run("sessionStorage.clear(), localStorage.clear()")
    page.open("about:blank")


@pytest.fixture(scope="module")
def desk(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The shop with everybody twice, more than a page, and odd ids for those worth most; with keys."""
    folder = tmp_path_factory.mktemp("desk")
    everybody = shop.histories.members.tolist()
    worth = [row["customer_id"] for row in app(shop.home.path).get("/v1/members?limit=4").json()["members"]]
    named = dict(zip(worth, ODD, strict=True))
    twice = shop.histories.select(np.tile(np.arange(len(everybody)), 2))
    members = np.array([*(named.get(member, member) for member in everybody), *(f"{one} too" for one in everybody)], object)
    engine = opened(folder)
    fill(engine, replace(shop, histories=replace(twice, members=members)))
    engine.dispose()
    with serving_on_a_port(folder, with_keys=True) as place:
        yield place


def enter(page: Page, desk: Place, view: str = "") -> None:
    page.open(f"{desk.url}/desk{view}")
    page.until("document.querySelector('#door:not([hidden])') !== null")
    page.choose("#key", desk.desk)
    page.click("#door button")
    page.until(f"{ROWS}.length > 0 && {SETTLED}")


def test_from_the_door_to_a_member_and_out_again(page: Page, desk: Place) -> None:
    page.tell("Emulation.setTimezoneOverride", timezoneId="Pacific/Honolulu")  # where a day in UTC begins the day before
    page.open(f"{desk.url}/desk")
    page.until("document.querySelector('#door:not([hidden])') !== null")
    assert page.text("#refused") == ""
    unknown, wanted = "not known, or has been revoked", "scope 'desk'"
    for key, words in (("tc_wrong", unknown), (desk.till, wanted), ("ключ", unknown), (desk.shop, wanted)):
        page.choose("#key", key)
        page.click("#door button")
        page.until(f"document.querySelector('#refused').innerText.includes({json.dumps(words)})")
    page.complaints.clear()  # the browser's own lines on 401 and 403
    page.choose("#key", desk.desk)
    page.click("#door button")
    page.until(f"{ROWS}.length > 0 && {SETTLED}")
    assert desk.desk not in page.run("document.documentElement.outerHTML")
    assert page.run("[document.activeElement.id, localStorage.length, location.search]") == ["list", 0, ""]

    listed = desk.get("/v1/members?limit=50").json()["members"]
    assert page.run(f"[...{ROWS}].map((row) => row.dataset.member)") == [one["customer_id"] for one in listed]
    assert page.run("document.querySelectorAll('.glance circle').length") == len(listed)
    assert page.text("#programme") == "Shop"
    assert re.search("As of (Aug 28|28 Aug)", page.text("#facts"))
    page.click(".more button")
    page.until(f"{ROWS}.length > 50 && {SETTLED}")
    listed = desk.get("/v1/members?limit=1000").json()["members"]
    assert page.run(f"[...{ROWS}].map((row) => row.dataset.member)") == [one["customer_id"] for one in listed]
    assert page.run("document.activeElement.textContent") == listed[50]["customer_id"]
    assert page.run("document.querySelector('.more')") is None

    page.run("document.querySelectorAll('#members .id')[4].focus()")
    page.press("ArrowDown")
    page.press("Enter")
    page.until(SHOWN)
    member = listed[5]["customer_id"]
    assert page.text("#who bdi") == member
    assert page.run("document.activeElement.id") == "who"
    assert member not in page.run("location.href")
    said = desk.get(f"/v1/members/{member}?reasons=10").json()
    shown = page.text(".summary")
    assert len(shown.splitlines()) == len(said["summary"])
    assert page.run("document.querySelectorAll('.leanings li').length") == len(said["forecast"]["reasons"])
    for sentence in (reason["sentence"] for reason in said["forecast"]["reasons"]):
        assert sentence in page.text(".leanings")

    page.choose("#try-amount", "80")
    page.click(".try button")
    page.until("document.querySelector('.before-after') !== null")
    asked = {"customer_id": member, "trials": [[{"date": said["as_of"], "kind": "purchase", "amount": 80.0}]]}
    headers = {"authorization": f"Bearer {desk.desk}"}
    tried = httpx.post(f"{desk.url}/v1/what-if", json=asked, headers=headers).json()["what_ifs"][0]
    assert len(page.text(".answer .summary").splitlines()) == len(tried["summary"])
    assert f"{100 * (1 - tried['forecast']['with']['p_churn']):.0f}%" in page.text(".before-after")

    page.click("#language")
    page.until(f"document.documentElement.lang === 'zh-CN' && {SETTLED} && {SHOWN}")
    assert page.text("#title") == "优先联系谁"
    chinese = desk.get(f"/v1/members/{member}", "zh").json()
    page.until(f"document.querySelector('.summary').innerText.includes({json.dumps(chinese['summary'][-1])})")
    page.click("#language")
    page.until(f"document.documentElement.lang === 'en' && {SETTLED}")

    page.press("Escape")
    page.until("document.querySelector('#member').hidden")
    assert page.run("document.activeElement.textContent") == member
    page.click("#leave")
    page.until("document.querySelector('#door:not([hidden])') !== null")
    left = page.run("document.documentElement.outerHTML")
    assert not [one for one in listed if f">{one['customer_id']}<" in left]
    assert page.run("sessionStorage.length") == 0


def test_a_view_can_be_bookmarked(page: Page, desk: Place) -> None:
    enter(page, desk)
    page.choose("#filter-temperature", "cold")
    page.until(f"{SETTLED} && [...{ROWS}].every((row) => row.querySelector('.cold'))")
    cold = [one["customer_id"] for one in desk.get("/v1/members?temperature=cold").json()["members"]]
    page.until(f"{ROWS}.length === {len(cold)}")
    assert page.run("location.hash") == "#temperature=cold"
    page.click(".everybody a.warm")  # as the bar above the list leads to it
    page.until(f"document.querySelector('#filter-temperature')?.value === 'warm' && {SETTLED}")
    assert page.run("document.querySelector('.everybody a[aria-current]').className") == "warm"
    counts = desk.get("/v1/model").json()["generation"]["temperatures"]
    assert int(page.text(".everybody a.warm b")) == counts["warm"] == page.run(f"{ROWS}.length")
    page.choose("#filter-temperature", "cold")
    page.choose("#filter-tier", "Top")
    chosen = [one["customer_id"] for one in desk.get("/v1/members?temperature=cold&tier=Top").json()["members"]]
    page.until(f"{SETTLED} && {ROWS}.length === {len(chosen)}")
    page.open("about:blank")
    page.open(f"{desk.url}/desk#temperature=cold&tier=Top&tier=Nonsense&stage=%3Cb%3E")
    page.until(f"document.querySelector('#filter-tier')?.value === 'Top' && {SETTLED}")
    assert page.run(f"[...{ROWS}].map((row) => row.dataset.member)") == chosen
    page.open(f"{desk.url}/desk#near_miss=reach&temperature=cold&stage=first_purchase")
    page.until(f"{SETTLED} && document.querySelector('#members .empty button') !== null")
    page.click("#members .empty button")
    page.until(f"{SETTLED} && {ROWS}.length > {len(cold)}")
    assert page.run("location.hash") == ""
    page.choose("#find", "no such member")
    page.click("#filters button")
    page.until("document.querySelector('#member .refused')?.innerText.includes('no member with this id')")


@pytest.mark.parametrize("width", [1280, 360])
def test_an_id_is_text_whatever_it_looks_like(page: Page, desk: Place, width: int) -> None:
    page.look(width, 800, dark=width == 360)
    enter(page, desk)
    for member in ODD:
        page.choose("#find", member)
        page.click("#filters button")
        page.until(f"{SHOWN} && document.querySelector('#who bdi').textContent === {json.dumps(member)}")
        assert page.run("document.documentElement.scrollWidth <= innerWidth"), member
        # Under a panel that covers the page nothing can be reached.
        assert page.run("document.querySelector('#list').inert") == (width == 360)
        answer = desk.get(f"/v1/members/{quote(member, safe='')}")
        assert answer.status_code == 200
        page.press("Escape")
        page.until("document.querySelector('#member').hidden")
        assert page.run("document.activeElement.textContent") == member
    assert page.run("document.images.length") == 0
    markup = "(() => { try { document.createElement('p').innerHTML = 'a'; } catch (error) { return error.name; } })()"
    assert page.run(markup) == "TypeError"  # nor could it be anything else
    page.complaints.clear()
    assert page.run("document.title") == "Shop · Tiercast"
    page.until("document.documentElement.scrollWidth <= innerWidth")


def test_a_service_that_says_when_is_asked_again_then(page: Page, desk: Place) -> None:
    enter(page, desk)
    page.run("""(() => {
        const real = fetch;
        let refused = 0;
        window.told = [];
        window.fetch = (...asked) => {
            told.push(performance.now());
            refused += 1;
            if (refused > 2) return real(...asked);
            const headers = {"retry-after": "1"};
            const status = refused === 1 ? 503 : 429;
            return Promise.resolve(new Response('{"error":{"code":"overload"}}', {status, headers}));
        };
    })()""")
    page.choose("#filter-temperature", "hot")
    page.until("document.querySelector('#notice').innerText.includes('is busy')")
    page.until("document.querySelector('#notice').innerText.includes('more often than it may')")
    page.until(f"{SETTLED} && document.querySelector('#notice').hidden")
    first, second, third = page.run("told")
    assert second - first >= 990
    assert third - second >= 990
    # A key that is revoked meanwhile takes everything shown with it.
    page.run('window.fetch = () => Promise.resolve(new Response(\'{"error":{"code":"unknown_key"}}\', {status: 401}))')
    page.choose("#filter-temperature", "")
    page.until("document.querySelector('#refused').innerText.includes('revoked')")
    assert page.run(f"{ROWS}.length + document.querySelectorAll('circle').length") == 0


def test_a_log_without_amounts_has_no_money_and_needs_no_key(page: Page, visits_shop: Shop, tmp_path: Path) -> None:
    members = visits_shop.histories.members + 2**53  # odd ones are no number of JavaScript's
    engine = opened(tmp_path)
    fill(engine, replace(visits_shop, histories=replace(visits_shop.histories, members=members)))
    engine.dispose()
    with serving_on_a_port(tmp_path, with_keys=False) as place:
        page.open(f"{place.url}/desk")
        page.until(f"{ROWS}.length > 0 && {SETTLED}")
        assert page.run("document.querySelector('#door').hidden && document.querySelector('#leave').hidden")
        heads = page.text("#members thead")
        assert "Tier" not in heads
        assert "risk" not in heads
        assert "no amounts" in page.text("#order")
        listed = place.get("/v1/members?limit=50").json()["members"]
        assert page.run(f"[...{ROWS}].map((row) => row.dataset.member)") == [str(one["customer_id"]) for one in listed]
        odd = next(row for row, one in enumerate(listed) if one["customer_id"] % 2)
        page.run(f"document.querySelectorAll('#members .id')[{odd}].click()")
        page.until(SHOWN)
        assert page.text("#who bdi") == str(listed[odd]["customer_id"])
        assert "not available" in page.text("#member .standing")
        assert page.run("document.querySelector('#try-amount')") is None
        page.click(".try button")
        page.until("document.querySelector('.answer .before-after') !== null")
        assert re.search(r"\d+%\s*→\s*\d+%", page.text(".before-after"))
