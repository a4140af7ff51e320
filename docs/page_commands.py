"""The commands of a page, by section: what stands behind ``$ `` in its blocks of ``console``."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parent / "at-scale.md"


def commands(page: Path = PAGE) -> dict[str, list[str]]:
    """Heading → commands in their order, a line that ends with a backslash joined to the next.

    >>> list(commands())[0], commands()["One machine"][0]
    ('One machine', 'tiercast train')
    """
    found: dict[str, list[str]] = {}
    heading, inside, going_on = "", False, False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = line == "```console"
        elif not inside and line.startswith("#"):
            heading = line.lstrip("# ")
        elif inside and line.startswith("$ "):
            found.setdefault(heading, []).append(_plain(line[2:]))
        elif inside and going_on:
            found[heading][-1] += f"\n{_plain(line)}"
        going_on = inside and line.endswith("\\")
    return found


def _plain(line: str) -> str:
    """Without the remark at its end.

    >>> _plain("tiercast score    # every night")
    'tiercast score'
    """
    return line.partition("    #")[0].rstrip()
