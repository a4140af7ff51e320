from __future__ import annotations

import json

from homes import Shop

from serving.commands.long_log import Log
from serving.commands.told import Spent, summary_of


def test_a_run_in_figures(shop: Shop) -> None:
    log = Log(shop.histories, 60, 1_000, {"no_member": 3})
    summary = summary_of(log, shop.scored, "v", shop.as_of, 2, 10.0, Spent(2.5, 4.0), ["a.csv"])
    found = json.loads(summary.to_json())
    assert (found["members_in"], found["members_forecast"], found["members_erased"]) == (60, shop.scored.members, 0)
    assert (found["rows_in"], found["rows_refused"]) == (1_000, {"no_member": 3})
    assert (found["seconds"], found["members_a_second"], found["as_of"]) == (10.0, 6.0, "2020-08-28")
    assert (found["seconds_by_stage"]["read"], found["processor_seconds_by_stage"]["read"]) == (2.5, 4.0)
    assert sum(found["members_by_tier"].values()) == shop.scored.members
    assert (found["processes"], found["parts"], found["targets"], found["format"]) == (2, 1, ["a.csv"], 1)
