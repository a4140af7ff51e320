from __future__ import annotations

from pathlib import Path

from features.segmentation import Segment
from training.segment_plot import draw_segments, segment_plot

SEGMENTS = [
    Segment(1, 3, 2, 4, bought=400_0000, returned=50_0000),
    Segment(0, 2, 0, 10, bought=100_0000, returned=0),
    Segment(0, 1, 0, 5, bought=10_0000, returned=30_0000),
    Segment(0, 0, -1, 7, bought=0, returned=0),
]


def widths(axes: object) -> dict[str, list[float]]:
    return {bars.get_label(): [bar.get_width() for bar in bars] for bars in axes.containers}  # type: ignore[attr-defined]


def test_bars_are_members_by_stage_and_spend_by_class() -> None:
    members, spend = segment_plot(SEGMENTS, ("Member", "Gold")).axes
    assert widths(members) == {"prospect": [7, 0], "first purchase": [5, 0], "repeat": [10, 0], "loyal": [0, 4]}
    assert widths(spend) == {"low frequency": [80.0, 0.0], "high frequency": [0.0, 350.0]}
    assert [label.get_text() for label in members.get_yticklabels()] == ["Member", "Gold"]


def test_without_amounts_or_a_policy_there_is_one_picture_of_one_bar() -> None:
    (axes,) = segment_plot([Segment(-1, 2, 0, 10)]).axes
    assert widths(axes) == {"repeat": [10]}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["all"]


def test_nobody_is_drawn_too() -> None:
    assert not segment_plot([], ("Member",)).axes[0].containers


def test_the_picture_is_a_png_whatever_tiers_are_called(tmp_path: Path) -> None:
    draw_segments(SEGMENTS, ("普通", "金卡"), tmp_path / "new" / "segments.png")
    assert (tmp_path / "new" / "segments.png").read_bytes().startswith(b"\x89PNG")
    assert len(list((tmp_path / "new").iterdir())) == 1
