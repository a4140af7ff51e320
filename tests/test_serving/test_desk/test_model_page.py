from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import MappingProxyType

import numpy as np
import orjson
import pytest
from homes import SHOP_POLICY, Shop
from served import another, fill, opened

from serving.batch.run import score_all
from serving.database.forecasts import Filters
from serving.database.forecasts import page as page_of
from serving.database.generations import remember
from serving.desk.canary import tried
from serving.desk.champion import Champion
from serving.desk.following import Status
from serving.desk.model_page import model_page
from serving.forecast.record import AT
from serving.forecast.temperature import band_of, temperature_of
from training.provenance import Figure, Provenance

KNOWN = Provenance(
    run_id="4f2a",
    number="7",
    data=MappingProxyType(
        {"data_first_day": "2020-01-01", "data_end_day": "2020-08-28", "members": 60, "training_rows": 300}
    ),
    figures=MappingProxyType({"churn_auc": Figure(0.81, 0.75, 0.86), "churn_ece": Figure(0.03, None, None)}),
    held_out=("2020-07-10", "2020-08-07"),
    failed_checks=("C04",),
)


def test_what_is_known_of_a_model(shop: Shop, tmp_path: Path) -> None:
    engine = opened(tmp_path)
    generation = fill(engine, shop)
    remember(engine, generation.model_version, KNOWN)
    champion = Champion.load(engine, generation)
    assert champion.provenance == KNOWN
    page = orjson.loads(orjson.dumps(model_page(champion, Status(wanted="2031-01-01-00000000", waiting=True))))
    assert page["version"] == shop.layout.model_version
    assert (page["run_id"], page["registered_as"]) == ("4f2a", "7")
    assert (page["trained_as_of"], page["as_of"]) == ("2020-08-28", "2020-08-28")
    assert (page["horizon_days"], page["lookback_days"], page["time_zone"]) == (21, 60, "UTC")
    assert page["features"] == len(shop.forecaster.features)
    assert page["policy"] == {"programme": "Shop", "version": SHOP_POLICY.version, "tiers": ["Base", "Top"]}
    assert page["training_data"] == {
        "data_first_day": "2020-01-01",
        "data_end_day": "2020-08-28",
        "members": 60,
        "training_rows": 300,
    }
    assert page["figures"]["churn_auc"] == {"value": 0.81, "low": 0.75, "high": 0.86}
    assert page["figures"]["churn_ece"] == {"value": 0.03, "low": None, "high": None}
    assert page["held_out_cutoffs"] == ["2020-07-10", "2020-08-07"]
    assert page["failed_checks"] == ["C04"]
    assert page["generation"]["id"] == generation.id
    assert page["generation"]["members"] == generation.members
    listed = page_of(engine, generation.id, Filters(), limit=1_000).rows
    bands = Counter(band_of(temperature_of(np.frombuffer(row.body)[AT["p_churn"]])).name for _, row in listed)
    assert page["generation"]["temperatures"] == {name: bands[name] for name in ("cold", "cool", "warm", "hot")}
    assert len(bands) > 1
    assert page["champion"] == {"wanted": "2031-01-01-00000000", "waiting": True}


def test_a_model_that_no_registry_knows(visits_shop: Shop, tmp_path: Path) -> None:
    engine = opened(tmp_path)
    champion = Champion.load(engine, fill(engine, visits_shop))
    page = model_page(champion, Status())
    assert champion.provenance == Provenance()
    assert [page[name] for name in ("run_id", "registered_as", "policy", "figures", "failed_checks", "value_of")] == [
        None
    ] * 6
    assert set(page["training_data"].values()) == {None}
    assert page["has_amounts"] is False
    assert page["forecasts_next_tier"] is False


def test_each_model_is_remembered_for_itself(shop: Shop, tmp_path: Path) -> None:
    engine = opened(tmp_path)
    first, second = fill(engine, shop), fill(engine, shop, bundle=another(shop.bundle))
    remember(engine, second.model_version, KNOWN)
    assert Champion.load(engine, first).provenance == Provenance()
    assert Champion.load(engine, second).provenance == KNOWN


def test_a_batch_remembers_before_anybody_can_load_it(shop: Shop, tmp_path: Path) -> None:
    engine = opened(tmp_path)
    scored = score_all(shop.histories, shop.bundle, shop.as_of, out=tmp_path, store=engine, provenance=KNOWN)
    champion = Champion.load(engine, scored.generation)
    assert champion.provenance == KNOWN
    assert tried(engine, scored.generation, champion.forecaster, champion.layout).passed


@pytest.mark.parametrize("known", [KNOWN, Provenance(), Provenance(failed_checks=())])
def test_what_was_stored_is_read_back(known: Provenance) -> None:
    assert Provenance.from_json(known.to_json()) == known
