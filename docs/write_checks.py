"""The reference page of checks, from their classes: python -m docs.write_checks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from training.checks import all_checks

PAGE: Final = Path(__file__).with_name("checks.md")
_HEAD: Final = """# Checks

What is looked for after every training, before anything of it is served. Each check says what it found, with figures, and
what to do; what could not be looked at says why. This page is written from the classes in `training/checks/` by `make docs`.

| status | means |
|---|---|
| ok | looked at, and nothing is wrong |
| not applicable | there was nothing to look at, and the sentence says why |
| warning | read it before the forecast is used |
| failed | the model or its data is wrong: it is not to be served |

```python
from training.checks import gather, run_checks, to_text

findings = run_checks(gather(histories, trained.fitted, trained.forecasts, origins))
print(to_text(findings))
```

COUNT checks:
"""


def page() -> str:
    """The whole page, in Markdown."""
    checks = all_checks()
    names = [f"- [`{check.code}`](#{check.code.lower()}): {check.title[:1].lower()}{check.title[1:]}" for check in checks]
    parts = [_HEAD.replace("COUNT", str(len(checks))), "\n".join(names), ""]
    for check in checks:
        parts += [f"## {check.code}\n", f"**{check.title}.** {check.finds}\n", f"*What to do.* {check.remedy}\n"]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
