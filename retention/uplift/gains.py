"""What each action is expected to gain from each member, as a table: what ``tiercast plan --uplift`` reads.

==================  ==========================================================================================
customer_id         as in the table the members came from
action              an arm of the trial, called as the catalogue calls the action
return_gain         added to the probability of returning; its standard error in return_gain_sd
spend_gain          added to spend, in currency, returning or not; its standard error in spend_gain_sd
told_apart          whether the gain is the member's own, or one for all (of the return, if there are two)
==================  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from retention.trial.table import TrialTable
from retention.uplift.learnt import Covariates, Uplift

if TYPE_CHECKING:
    import pandas as pd


def to_frame(
    learnt: Mapping[str, Uplift], trial: TrialTable, others: tuple[npt.NDArray[Any], Covariates] | None = None
) -> pd.DataFrame:
    """One row a member and action, actions together.

    Parameters
    ----------
    learnt : by what the gain is of: 'return', 'spend'; the first decides ``told_apart``
    others : ids and covariates of members to be told of in place of the trial's own
    """
    import pandas as pd

    members = trial.members if others is None else others[0]
    parts = []
    for k, action in enumerate(trial.treatments):
        columns: dict[str, Any] = {"customer_id": members, "action": action}
        for of, uplift in learnt.items():
            arm = uplift.arms[k]
            gain, error = arm.own_gains(trial) if others is None else arm.gains(others[1])
            columns |= {f"{of}_gain": gain, f"{of}_gain_sd": error}
        columns["told_apart"] = np.full(len(members), next(iter(learnt.values())).arms[k].individual)
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)
