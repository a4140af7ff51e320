from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from corner_shop import MAIL, NAME, write_programme

Run = Callable[..., tuple[int, str, str]]
REGULAR = """\
Member 0001 on 2020-03-01, from what was known before that day

joined           2019-12-24
consent          yes
orders           5 on 5 days, from 2020-01-10 to 2020-02-27
spend            325.00, of which 5.00 (1.5%) was returned
last days        2020-02-28  return                  returned 5.00
                 2020-02-27  1 order         65.00
                 2020-02-18  1 order         65.00
                 2020-02-05  1 order         65.00
                 2020-01-23  1 order         65.00

tier             Gold since 2020-02-28
                 2019-12-25  Member  joined on 2019-12-24
                 2020-01-24  Silver  130.00 from 2019-11-25 to 2020-01-23, 100.00 needed
                 2020-02-28  Gold    325.00 from 2019-12-30 to 2020-02-27, 300.00 needed
keeps it         110.00 more by 2020-03-28 to hold Gold on 2020-03-29; with nothing more, Silver from 2020-03-11 on
lifts it         Gold is the highest tier

standing         over 56 days: 4 periods of 14
ladder stage     advocate: bought in 4 of the 4 periods
frequency class  medium: 1.25 orders a period
RFM              5-3-4 of 5-5-5: last purchase 3 days ago, 5 orders, 320.00 net
contribution     sales 320.00, profit 123.00, extra profit of an extra unit 23.00
loyalty          repurchase rate 100%, referrals a period 0.00, satisfaction 5.0
"""


def test_a_member_as_text(run: Run, tmp_path: Path) -> None:
    write_programme(tmp_path)
    code, out, err = run("describe", "0001")
    assert (code, out) == (0, REGULAR)
    assert "refused 1 event: time cannot be read" in err
    assert "1 of 3 members in the event log without transactions: their events are left out" in err
    assert "refused 1 row of the member table: consent is none of" in err
    assert "4 members in the member table, 2 of them without transactions: prospects" in err


def test_a_member_in_chinese(run: Run, tmp_path: Path) -> None:
    write_programme(tmp_path)
    code, out, _ = run("describe", "0001", "--language", "zh")
    assert code == 0
    assert "倡导者：4 期中 4 期有消费" in out
    assert "2020-03-28 前（含当日）还需 110.00，2020-03-29 可为 Gold；若再无消费，2020-03-11 起为 Silver" in out
    assert "满意度 5.0" in out


def test_a_member_as_json(run: Run, tmp_path: Path) -> None:
    write_programme(tmp_path)
    code, out, _ = run("describe", "0001", "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["customer_id"], found["as_of"], found["joined"], found["consent"]) == (
        "0001",
        "2020-03-01",
        "2019-12-24",
        True,
    )
    assert found["ledger"]["spend"] == 325.0
    assert found["tier"]["name"] == "Gold"
    assert found["tier"]["outlook"][1]["need"] == 110.0
    assert found["standing"]["stage"] == "advocate"
    assert found["standing"]["contribution"]["profit"] == 123.0


def test_an_earlier_date_knows_no_later_rows(run: Run, tmp_path: Path) -> None:
    write_programme(tmp_path)
    found = json.loads(run("describe", "0001", "--as-of", "2020-02-19", "--json")[1])
    assert (found["ledger"]["orders"], found["ledger"]["last"], found["tier"]["name"]) == (4, "2020-02-18", "Silver")
    assert found["standing"]["stage"] == "loyal"


def test_a_prospect_is_described_too(run: Run, tmp_path: Path) -> None:
    write_programme(tmp_path)
    code, out, _ = run("describe", "0004")
    assert code == 0
    assert "joined           2020-02-01\nconsent          yes\norders           none yet\n" in out
    assert "tier             Member since 2020-02-02" in out
    assert "keeps it         everyone holds Member" in out
    assert "ladder stage     prospect: bought in 0 of the 4 periods" in out


@pytest.mark.parametrize(
    ("member", "options"),
    [("01", ()), ("0007", ()), ("0005", ()), ("9999", ()), ("jane@example.org", ()), ("0002", ("--as-of", "2020-02-05"))],
)
def test_an_unknown_member_ends_in_one_sentence_without_the_id(
    run: Run, tmp_path: Path, member: str, options: tuple[str, ...]
) -> None:
    write_programme(tmp_path)
    code, out, err = run("describe", member, *options)
    assert (code, out) == (3, "")
    assert err.splitlines()[-1].startswith("tiercast: a member has rows in the log before the date; got 1 id without any")
    assert not any(member == word for line in err.splitlines() for word in line.split())


def test_without_policy_costs_and_tables(run: Run, tmp_path: Path) -> None:
    write_programme(tmp_path)
    (tmp_path / "tiercast.yaml").unlink()
    pairs = [
        part for pair in ("customer_id=card", "timestamp=day", "cost=none", "quantity=none") for part in ("--map", pair)
    ]
    code, out, _ = run("describe", "0001", "--transactions", "log.csv", *pairs, "--map", "amount=paid")
    assert code == 0
    assert "joined           2020-01-10 (the first purchase: no date of joining is known)" in out
    assert "tier             not available: it needs a tier policy and what that counts" in out
    assert "contribution     sales 320.00; not available: profit, extra profit of an extra unit" in out
    assert "loyalty          not available: repurchase rate, referrals a period, satisfaction" in out
    assert "RFM              5-3-? of 5-5-5" in out
    code, out, _ = run("describe", "0001", "--transactions", "log.csv", *pairs)
    assert code == 0
    assert "spend            not available" in out


@pytest.mark.parametrize(
    "arguments", [("describe", "0001"), ("describe", "0004", "--json"), ("segments",), ("describe", "x")]
)
def test_no_name_and_no_address_is_ever_said(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    write_programme(tmp_path)
    _, out, err = run(*arguments)
    assert all(word not in out + err for word in (NAME, MAIL, "email"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--as-of", "2019-01-01"), "a cutoff lies after the log's first day"),
        (("--as-of", "2021-01-01"), "a cutoff lies at most 31 days after the log's last day"),
        (("--as-of", "soon"), "a date is a date"),
        (("--map-event", "kind"), "--map-event is NAME=COLUMN"),
        (("--map-member", "joined=nothing"), "the column mapped to 'joined' is in the source; got 'nothing'"),
        (("--events", "none.csv"), "a source names files that exist"),
    ],
)
def test_what_cannot_be_used_is_said(run: Run, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    write_programme(tmp_path)
    code, out, err = run("describe", "0001", *options)
    assert (code, out) == (2, "")
    assert said in err.splitlines()[-1]
