from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from serving.forecast.temperature import BANDS, band_of


def test_bands_meet_from_0_to_100() -> None:
    assert (BANDS[0].low, BANDS[-1].high) == (0.0, 100.0)
    assert all(below.high == above.low for below, above in pairwise(BANDS))


@given(st.floats(0, 100))
def test_every_temperature_is_in_its_band(temperature: float) -> None:
    band = band_of(temperature)
    assert band.low <= temperature
    assert temperature < band.high or (temperature == 100.0 and band.name == "hot")
