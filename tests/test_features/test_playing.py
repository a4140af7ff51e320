"""What a path brings, and where it is laid, by hand; what it comes to is tested in test_futures.py."""

from __future__ import annotations

from features.playing import MOST, WHOLE, bring, lay
from features.rulebook import HEADER, ROWS


def book(rows: int) -> list[int]:
    head = [0] * HEADER
    head[ROWS] = rows
    return head


def test_a_total_is_a_level_times_the_paths_factor_to_the_nearest() -> None:
    totals = [0, 0]
    levels, factor = [1.0, 10.4, 2.0, -3.0], [1.0, 0.5, 1.0, 1.5]  # two columns of two levels; of two paths
    bring(totals, levels, factor, 1, 2, 0, 2)
    assert totals == [10, -3]
    bring(totals, levels, factor, 1, 2, 1, 2)
    assert totals == [5, -4]  # half is nearer to what is above it


def test_a_total_stays_in_bounds() -> None:
    totals = [0]
    bring(totals, [1e300], [1.0], 0, 1, 0, 1)
    assert totals == [MOST]
    bring(totals, [-1e300], [1.0], 0, 1, 0, 1)
    assert totals == [-MOST]


def test_a_paths_rows_lie_after_what_is_known_and_between_what_is_foreseen() -> None:
    # three rows: on day 90, known; on days 105 and 120, foreseen; their flags; the one column's sums before each and in all
    log = [90, 105, 120, 1, 2, 4, 0, 7, 5, 2]
    known, later, room, cutoff = 1, 2, 5, 100
    scratch = [0] * (2 * room + room + 1)
    scratch[0], scratch[room], scratch[2 * room + 1] = 90, 1, 7
    day, share = [5, 9], [WHOLE // 4, WHOLE]  # a quarter of the total on day 105, the rest on day 109
    lay(book(3), book(room), log, scratch, 0, known, later, cutoff, 0, [0, 2], day, share, [40])
    assert scratch[:room] == [90, 105, 105, 109, 120]  # of one day, what is foreseen comes first
    assert scratch[room : 2 * room] == [1, 2, 0, 0, 4]
    assert scratch[2 * room :] == [0, 7, 5, 15, 45, 42]
