"""What a service says of the model it serves: where it came from, what it saw, what it was worth, and what it forecasts."""

from __future__ import annotations

from typing import Any

from serving.desk.champion import Champion
from serving.desk.following import Status


def model_page(champion: Champion, status: Status) -> dict[str, Any]:
    """Plain values, ready for JSON; None where something is not known or not applicable.

    Parameters
    ----------
    status : says whether another model is wanted, and has no generation that can be served
    """
    generation, settings, known = champion.generation, champion.forecaster.settings, champion.provenance
    policy = settings.policy
    return {
        "version": generation.model_version,
        "run_id": known.run_id,
        "registered_as": known.number,
        "trained_as_of": settings.trained_as_of.isoformat(),
        "as_of": generation.as_of.isoformat(),
        "horizon_days": settings.horizon_days,
        "lookback_days": settings.lookback_days,
        "time_zone": settings.time_zone,
        "has_amounts": settings.has_amounts,
        "value_of": champion.layout.value_of,
        "features": len(champion.forecaster.features),
        "reads": {"columns": sorted(champion.forecaster.columns), "tables": sorted(settings.tables)},
        "policy": None
        if policy is None
        else {"programme": policy.programme, "version": policy.version, "tiers": list(policy.tier_names)},
        "forecasts_next_tier": champion.forecaster.next_tier is not None,
        "training_data": {
            name: known.data.get(name) for name in ("data_first_day", "data_end_day", "members", "training_rows")
        },
        "held_out_cutoffs": list(known.held_out),
        "figures": {name: figure._asdict() for name, figure in known.figures.items()} or None,
        "failed_checks": None if known.failed_checks is None else list(known.failed_checks),
        "generation": {
            "id": generation.id,
            "members": generation.members,
            "filled_at": champion.filled_at.isoformat(timespec="seconds"),
            "temperatures": dict(champion.temperatures),
        },
        "champion": {"wanted": status.wanted, "waiting": status.waiting},
    }
