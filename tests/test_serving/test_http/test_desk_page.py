"""serving/http/desk_page.py: the page's files as they are served, and what they hold."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from calls import ROOT, Client
from homes import Shop, app, service

from serving.http.desk_page import FILES, POLICY

PAGES = ROOT / "serving" / "pages"
NAMES = sorted(path.name for path in PAGES.iterdir())
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.js")}
STYLES = (PAGES / "desk.css").read_text(encoding="utf-8")
WORDS = json.loads((PAGES / "words.json").read_text(encoding="utf-8"))


def test_every_file_is_served_with_its_kind_a_tag_and_a_strict_policy(shop: Shop) -> None:
    client = app(shop.home.path)
    kinds = {
        "css": "text/css",
        "html": "text/html",
        "js": "text/javascript",
        "json": "application/json",
        "svg": "image/svg+xml",
    }
    assert sorted(FILES.values()) == NAMES
    for address, name in FILES.items():
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.content == (PAGES / name).read_bytes()
        assert answer.headers["content-type"].partition(";")[0] == kinds[name.rpartition(".")[2]]
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers.get_list("content-security-policy") == [POLICY]
        assert answer.headers["x-frame-options"] == "DENY"
        again = client.get(address, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]
        assert again.headers["content-security-policy"] == POLICY
        assert client.get(address, headers={"if-none-match": '"another"'}).status_code == 200


def test_the_policy_lets_nothing_in_but_the_pages_own_files() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules.pop("require-trusted-types-for") == "'script'"
    assert set(rules.values()) == {"'none'", "'self'"}
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"


def test_the_page_needs_no_key_and_its_data_does(shop: Shop) -> None:
    client = Client(service(shop.home.path, with_keys=True).app)
    assert {client.get(address).status_code for address in FILES} == {200}
    assert client.get("/v1/members").status_code == 401
    assert client.get("/desk/else.js").status_code == 401


def test_a_slash_at_the_end_leads_to_the_page(shop: Shop) -> None:
    answer = app(shop.home.path).get("/desk/")
    assert (answer.status_code, answer.headers["location"]) == (308, "../desk")


def test_the_page_is_no_part_of_the_api(shop: Shop) -> None:
    client = app(shop.home.path)
    assert not [path for path in client.get("/openapi.json").json()["paths"] if path.startswith("/desk")]
    assert "href=/desk>" in client.get("/").text


def test_every_file_that_is_named_is_there_and_every_one_is_named() -> None:
    page = (PAGES / "desk.html").read_text(encoding="utf-8")
    named = set(re.findall(r'(?:href|src)="desk/([^"]+)"', page))
    for text in SCRIPTS.values():
        named |= set(re.findall(r'from "\./([^"]+)"', text)) | set(re.findall(r'"desk/([^"]+)"', text))
    assert named | {"desk.html"} == set(NAMES)
    assert re.findall(r'(?:href|src)="(?!desk/|#list")', page) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_file_names_another_host_or_runs_what_is_written_in_it(name: str) -> None:
    text = (PAGES / name).read_text(encoding="utf-8").replace('"http://www.w3.org/2000/svg"', "")  # a name, not a place
    assert not re.search(r"(?i)\bhttps?:|\bwss?:|['\"(]//\w|@import|data:", text)
    assert not re.search(r"(?i)<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|srcdoc", text)


def test_both_languages_say_the_same_things() -> None:
    assert list(WORDS) == ["en", "zh"]
    assert list(WORDS["en"]) == list(WORDS["zh"])
    for key, english in WORDS["en"].items():
        places = [sorted(set(re.findall(r"\{(\w+)\}", text)) - {"n"}) for text in (english, WORDS["zh"][key])]
        assert places[0] == places[1], key
        assert english.strip()
        assert WORDS["zh"][key].strip()
        plural = key.removesuffix("_one")
        assert plural == key or plural in WORDS["en"]


def test_every_word_that_is_asked_for_is_there_and_every_one_is_asked_for() -> None:
    text = "\n".join([*SCRIPTS.values(), (PAGES / "desk.html").read_text(encoding="utf-8")])
    told = set(re.findall(r'\bsay\(\s*"(\w+)"', text)) | set(re.findall(r'data-say="(\w+)"', text))
    assert told <= set(WORDS["en"])
    beginnings = tuple(re.findall(r"`(\w+_)\$\{", text)) + tuple(
        f"{group}_" for group in re.findall(r'sayKind\("(\w+)"', text)
    )
    for key in WORDS["en"]:
        plain = key.removesuffix("_one")
        assert re.search(rf'"{plain}"', text) or re.search(rf"\b{plain}:", text) or key.startswith(tuple(beginnings)), key


def luminance(colour: str) -> float:
    """Relative luminance of a colour as #rgb or #rrggbb (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_letters_stand_out_from_what_is_behind_them(scheme: int) -> None:
    """At least 4.5 : 1, WCAG 2.2, 1.4.3 (AA)."""
    blocks = re.findall(r":root \{(.*?)\}", STYLES, re.S)
    colours = dict(re.findall(r"--([\w-]+): (#\w+)", blocks[scheme]))
    pairs = [
        (letters, behind) for letters in ("ink", "soft", "bad", "good", "accent") for behind in ("paper", "card", "wash")
    ]
    for letters, behind in [*pairs, ("accent-ink", "accent"), ("alert-ink", "alert")]:
        darker, lighter = sorted([luminance(colours[letters]), luminance(colours[behind])])
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (letters, behind)


def test_files_stay_small_enough_to_read() -> None:
    lengths = {name: len((PAGES / name).read_text(encoding="utf-8").splitlines()) for name in NAMES}
    assert max(length for name, length in lengths.items() if name != "words.json") <= 250, lengths
    assert sum(path.stat().st_size for path in PAGES.iterdir()) < 120_000


def test_the_wheel_takes_the_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("serving/pages/")}
    assert packed == {f"serving/pages/{name}" for name in NAMES}
    assert '"/serving/"' in (ROOT / "bentofile.yaml").read_text()  # and so does the bento
