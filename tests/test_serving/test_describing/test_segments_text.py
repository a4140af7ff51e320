from __future__ import annotations

import datetime as dt

import numpy as np

from features.membership import NearMisses
from features.segmentation import Segment
from serving.describing.segments_text import near_line, to_table

SEGMENTS = [
    Segment(1, 3, 2, 4, bought=400_0000, returned=50_0000),
    Segment(0, 2, 0, 10, bought=100_0000, returned=0),
    Segment(0, 0, -1, 6, bought=0, returned=0),
]


def test_tiers_and_the_whole_have_lines_of_their_own() -> None:
    assert to_table(SEGMENTS, ("Member", "Gold")).splitlines() == [
        "tier    ladder stage  frequency  members  of all  spend  of all  returned",
        "Gold                                   4   20.0%    350   77.8%     12.5%",
        "        loyal         high             4   20.0%    350   77.8%     12.5%",
        "Member                                16   80.0%    100   22.2%      0.0%",
        "        repeat        low             10   50.0%    100   22.2%      0.0%",
        "        prospect                       6   30.0%      0    0.0%",
        "all                                   20  100.0%    450  100.0%     10.0%",
        "profit: not available",
    ]


def test_chinese_columns_are_aligned() -> None:
    lines = to_table([Segment(0, 2, 0, 10)], ("金卡",), "zh").splitlines()
    assert lines == [
        "等级  阶梯  购买频率  会员    占比",
        "金卡                    10  100.0%",
        "      重复  低          10  100.0%",
        "合计                    10  100.0%",
        "消费: 无数据",
        "利润: 无数据",
    ]


def test_near_misses_are_counted() -> None:
    near = NearMisses(np.array([0, 5]), np.array([7, 7]), np.array([-1, -1]))
    date = dt.date(2020, 3, 29)
    assert near_line(near, date, 0.1) == (
        "near misses: 1 lack at most 10% of what keeps their tier on 2020-03-29, 2 of what lifts it"
    )
    assert "1 人可能降级，2 人可望升级" in near_line(near, date, 0.1, "zh")


def test_nobody_is_said() -> None:
    assert to_table([]) == "nobody is known of at this date"
