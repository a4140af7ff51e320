from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from homes import Shop

from features.bounds import StandingBounds
from features.errors import ColumnError, CutoffError, InputError
from serving.batch.frames import Frames, _lines


@pytest.fixture
def frames(shop: Shop) -> Frames:
    return Frames(shop.forecaster, shop.layout, StandingBounds())


def test_lines_without_amounts_are_refused_by_a_model_of_amounts(frames: Frames, shop: Shop) -> None:
    with pytest.raises(ColumnError, match="a log has amounts where its model was trained on amounts"):
        frames.forecast(shop.log.assign(amount=np.nan), shop.as_of)


def test_a_row_that_cannot_be_used_refuses_the_request(frames: Frames, shop: Shop) -> None:
    frame = shop.log.copy()
    frame.loc[0, "timestamp"] = "soon"
    frame.loc[[1, 2], "customer_id"] = None
    with pytest.raises(InputError, match="1 with time cannot be read") as caught:
        frames.forecast(frame, shop.as_of)
    assert "2 with no member" in str(caught.value)


def test_lines_are_of_days_before_the_date(frames: Frames, shop: Shop) -> None:
    with pytest.raises(CutoffError, match="after the log's first day"):
        frames.forecast(shop.log, dt.date(1999, 1, 1))


def test_members_whose_lines_all_come_later_have_no_forecast(frames: Frames, shop: Shop) -> None:
    line = {"timestamp": str(shop.as_of), "amount": 5.0}
    found = frames.forecast(pd.DataFrame({"customer_id": [7], "lines": [[line]]}), shop.as_of)
    assert (found.customer_id.tolist(), found.p_churn.isna().tolist()) == ([7], [True])


class Row(dict[str, object]):
    """As Spark gives a struct."""

    def asDict(self) -> dict[str, object]:
        return dict(self)


def test_a_members_lines_come_in_several_dresses() -> None:
    line = {"timestamp": "2020-01-01", "amount": 2.5}
    cells = ['[{"timestamp": "2020-01-01", "amount": 2.5}]', [line], np.array([line]), [Row(line)]]
    assert [list(_lines(cell)) for cell in cells] == [[line]] * 4
    assert [list(_lines(cell)) for cell in (None, float("nan"), "[]", "null", [])] == [[]] * 5


@pytest.mark.parametrize("cell", ["[{", "7", '{"timestamp": "2020-01-01"}', 7, [7]])
def test_a_cell_that_holds_no_lines_is_refused(cell: object) -> None:
    with pytest.raises(InputError, match="a cell of 'lines' is an array of lines, or its JSON"):
        list(_lines(cell))
