from __future__ import annotations

import io

from serving.commands.meter import Meter


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_has_a_line_now_and_then() -> None:
    stream, times = io.StringIO(), iter([0.0, 4.0, 12.0, 15.0, 25.0])
    with Meter(1_000, stream=stream, clock=lambda: next(times)) as meter:
        for _ in range(4):
            meter.update(200)
    assert stream.getvalue().splitlines() == [
        "  400 of 1,000 members (40%), 33 a second, 18 s left",
        "  800 of 1,000 members (80%), 32 a second, 6 s left",
    ]


def test_a_terminal_has_a_bar_that_goes_away() -> None:
    stream = Terminal()
    with Meter(10, stream=stream) as meter:
        meter.update(4)
        meter.update(6)
    assert "10/10" in stream.getvalue()
    assert "members a second" in stream.getvalue()


def test_nobody_is_no_division_by_nothing() -> None:
    assert Meter(0).line(1.0) == "0 of 0 members (100%), 0 a second, 0 s left"
