"""Probabilities that do not come true."""

from __future__ import annotations

from typing import Final

import numpy as np

from training.checks.check import Check, Finding, Status
from training.checks.evidence import Evidence
from training.checks.noise import Measured, calibration_line, calibration_noise, measured_mean
from training.metrics import calibration_error

LEVEL: Final = 0.02
LEVEL_FAILS: Final = 0.15
SLOPE: Final = (0.8, 1.25)
SLOPE_FAILS: Final = 0.4
ERROR: Final = 0.015
_LEAST_ROWS: Final = 50


class Miscalibrated(Check):
    """The forecasts of past cutoffs against what came: their level, their slope, and bin by bin."""

    code = "TC-MISCALIBRATED"
    title = "Probabilities of leaving do not come true"
    finds = (
        f"Over the backtest's cutoffs together: the 95 % interval of the mean error lies more than {LEVEL} from 0; or "
        f"that of the slope of what came on what was forecast lies outside {SLOPE[0]} to {SLOPE[1]}; or the "
        "calibration error over 15 bins is above what 99 % of perfectly calibrated forecasts would show, and more "
        f"than {ERROR} above their mean (warning). It fails where the interval of the error lies more than "
        f"{LEVEL_FAILS} from 0, or that of the slope below {SLOPE_FAILS}: such probabilities do not say what they seem "
        "to."
    )
    remedy = (
        "A level that is off is mostly season: compare TC-SEASON, and give a longer log. A slope below 1 is a model "
        "too sure of itself: fewer rounds, or more cutoffs. Until then use the ranking and not the probabilities, nor "
        "sums of money made of them."
    )

    def run(self, evidence: Evidence) -> Finding:
        """Mean error, slope and calibration error, each with its noise."""
        outcomes = evidence.outcomes
        rows = sum(len(outcome.member) for outcome in outcomes)
        if rows < _LEAST_ROWS:
            return self.not_applicable(f"{rows} forecasts have an outcome: at least {_LEAST_ROWS} are needed.")
        y = np.concatenate([outcome.churned for outcome in outcomes]).astype(np.float64)
        p = np.concatenate([outcome.churn[outcome.ours] for outcome in outcomes])
        member = np.concatenate([outcome.member for outcome in outcomes])
        if not (np.isfinite(p) & (p >= 0) & (p <= 1)).all():
            return self.not_applicable("Some forecasts are no probabilities: see TC-INCOHERENT.")
        level, slope = measured_mean(y - p, member), calibration_line(y, p, member)
        error, (usual, most) = calibration_error(y, p), calibration_noise(p)
        off, sloped = max(level.low, -level.high), not (slope.low <= SLOPE[1] and slope.high >= SLOPE[0])
        faults: list[str] = []
        if off > LEVEL:
            more = "more" if level.value > 0 else "fewer"
            faults.append(f"{abs(level.value):.3f} {more} left than forecast (error {level})")
        if np.isfinite(slope.value) and sloped:
            faults.append(f"the slope of what came on what was forecast is {slope}")
        if error > most and error - usual > ERROR:
            faults.append(
                f"the calibration error is {error:.3f}, where chance alone gives {usual:.3f}, rarely above {most:.3f}"
            )
        figures = {
            **_figures("error", level),
            **_figures("slope", slope),
            "ECE": error,
            "ECE_by_chance": usual,
            "ECE_by_chance_99": most,
        }
        if not faults:
            return self.say(
                "ok", f"Mean error {level}, slope {slope}, calibration error {error:.3f} ({usual:.3f} by chance).", figures
            )
        status: Status = "failed" if off > LEVEL_FAILS or slope.high < SLOPE_FAILS else "warning"
        return self.say(status, f"{'; '.join(faults)}.".capitalize(), figures)


def _figures(name: str, measured: Measured) -> dict[str, float]:
    return {name: measured.value, f"{name}_low": measured.low, f"{name}_high": measured.high}
