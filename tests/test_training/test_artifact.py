from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import simulated

from features.errors import ArtifactError, ConfigError, NoModelError
from features.histories import Histories
from training import artifact
from training.artifact import Bundle, load, save, to_forecaster
from training.fit import Fitted
from training.learning import Learning


@pytest.fixture
def saved(small_fitted: Fitted, tmp_path: Path) -> Path:
    return save(small_fitted.bundle, tmp_path / "models" / small_fitted.bundle.version)


def test_there_and_back_to_the_bit(saved: Path, small: Histories, small_fitted: Fitted) -> None:
    back = load(saved)
    assert back == small_fitted.bundle
    assert back.version == small_fitted.bundle.version
    one, two = (
        forecaster.forecast(small, simulated.AS_OF, explain=True)
        for forecaster in (small_fitted.forecaster, to_forecaster(back))
    )
    for name in ("p_churn", "log_odds", "contributions", "expected_spend", "p_tier"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    assert one.base == two.base
    assert to_forecaster(back).settings == small_fitted.forecaster.settings


def test_without_amounts_there_is_no_spend(visits_fitted: Fitted, tmp_path: Path) -> None:
    folder = save(visits_fitted.bundle, tmp_path / "m")
    assert sorted(path.name for path in folder.iterdir()) == ["churn.txt", "forecaster.json"]
    forecaster = to_forecaster(load(folder))
    assert (forecaster.spend, forecaster.settings.has_amounts) == (None, False)


def test_the_folder_holds_text_and_no_pickle(saved: Path) -> None:
    assert sorted(path.name for path in saved.iterdir()) == [
        "churn.txt",
        "forecaster.json",
        "spend_mean.txt",
        "spend_scale.txt",
    ]
    for path in saved.iterdir():
        text_ = path.read_text(encoding="utf-8")  # a pickle is no such text,
        assert all(letter.isprintable() or letter in "\n\t" for letter in text_)  # nor without control characters
    json.loads((saved / "forecaster.json").read_text())


def test_saved_twice_it_is_left_as_it_is(saved: Path, small_fitted: Fitted) -> None:
    before = {path: path.stat().st_mtime_ns for path in saved.iterdir()}
    assert save(small_fitted.bundle, saved) == saved
    assert {path: path.stat().st_mtime_ns for path in saved.iterdir()} == before


def test_another_model_is_not_overwritten(saved: Path, visits_fitted: Fitted, small_fitted: Fitted) -> None:
    with pytest.raises(ArtifactError, match="which holds another"):
        save(visits_fitted.bundle, saved)
    assert load(saved) == small_fitted.bundle


def test_a_save_that_fails_leaves_nothing(small_fitted: Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_text

    def full(path: Path, *arguments: Any, **more: Any) -> int:
        if path.name == "spend_scale.txt":
            raise OSError(28, "No space left on device")
        return write(path, *arguments, **more)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        save(small_fitted.bundle, tmp_path / "models" / "m")
    assert list((tmp_path / "models").iterdir()) == []


def test_no_model_is_told_apart_from_a_damaged_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NoModelError, match="tiercast train"):
            load(folder)


def text(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        before = (folder / name).read_text()
        after = change(before)
        assert after != before
        (folder / name).write_text(after)

    return damage


def plain(**change: Any) -> Callable[[Path], None]:
    return text("forecaster.json", lambda content: json.dumps({**json.loads(content), **change}))


def nested(part: str, **change: Any) -> Callable[[Path], None]:
    def changed(content: str) -> str:
        stored = json.loads(content)
        return json.dumps({**stored, part: {**stored[part], **change}})

    return text("forecaster.json", changed)


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (
            text("churn.txt", lambda content: content.replace("leaf_value=", "leaf_value=1", 1)),
            "content matches its version",
        ),
        (text("spend_mean.txt", lambda content: content + "\n"), "content matches its version"),
        (nested("churn", bias=0.0), "content matches its version"),
        (nested("next_tier", slip=0.5), "content matches its version"),
        (plain(process=None), "content matches its version"),
        (plain(spend=None), "content matches its version"),
        (plain(version="2020-01-01-00000000"), "content matches its version"),
        (plain(format=1), "format 4; got 1"),
        (text("forecaster.json", lambda content: content[: len(content) // 2]), "folder is complete"),
        (text("forecaster.json", lambda content: "[]"), "folder is complete"),
        (text("forecaster.json", lambda content: "7"), "folder is complete"),
        (text("forecaster.json", lambda content: '{"version": "x"}'), "folder is complete"),
        (text("forecaster.json", lambda content: "{}"), "folder is complete"),
        (lambda folder: (folder / "churn.txt").unlink(), "folder is complete"),
        (lambda folder: (folder / "spend_scale.txt").write_bytes(b"\xff\xfe\x00"), "folder is complete"),
    ],
)
def test_damage_is_noticed(saved: Path, damage: Callable[[Path], None], match: str) -> None:
    damage(saved)
    with pytest.raises(ArtifactError, match=match):
        load(saved)


@pytest.mark.parametrize("name", ["../churn", "/etc/hostname", "a/b", "a.b", "..", "", " churn", 7, None, ["churn"]])
def test_a_text_is_named_by_a_plain_word(saved: Path, name: Any) -> None:
    """No name leads out of the folder, to a file that is there."""
    (saved.parent / "churn.txt").write_text((saved / "churn.txt").read_text())
    plain(texts=["churn", name])(saved)
    with pytest.raises(ArtifactError, match="a text's name is a plain word"):
        load(saved)


@pytest.mark.parametrize("texts", [[], ["churn"], ["churn", "spend_mean", "spend_scale", "more"], 7, None])
def test_all_texts_of_a_model_are_read_and_no_others(saved: Path, texts: Any) -> None:
    (saved / "more.txt").write_text("")
    plain(texts=texts)(saved)
    with pytest.raises(ArtifactError):
        load(saved)


def test_settings_of_learning_are_kept_where_they_differ(small_fitted: Fitted) -> None:
    parts = small_fitted.forecaster.settings, small_fitted.data.table.features, small_fitted.data.foreseen.now
    fitted = small_fitted.churn, small_fitted.spend, None, None
    plain_, slow = Bundle.of(*parts, *fitted), Bundle.of(*parts, *fitted, Learning(learning_rate=0.05))
    assert "learning" not in plain_.plain
    assert slow.plain["learning"] == {"learning_rate": 0.05}
    assert Learning.from_dict(slow.plain["learning"]) == Learning(learning_rate=0.05)
    assert plain_.version != slow.version
    assert to_forecaster(slow).settings == to_forecaster(plain_).settings


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"expression": "phase_of_moon()"}, "phase_of_moon"),
        ({"expression": "total('moonlight', 28)"}, "moonlight"),
        ({"unit": "lumens"}, "lumens"),
        ({"colour": "silver"}, "colour"),
    ],
)
def test_a_feature_of_another_release_is_named(small_fitted: Fitted, change: dict[str, str], match: str) -> None:
    *kept, last = small_fitted.bundle.plain["features"]
    features = [*kept, {**last, **change}]
    with pytest.raises(ConfigError, match=match):
        to_forecaster(Bundle({**small_fitted.bundle.plain, "features": features}, small_fitted.bundle.texts))


def test_the_version_is_of_the_content(small_fitted: Fitted) -> None:
    bundle = small_fitted.bundle
    reordered = Bundle(dict(reversed(bundle.plain.items())), dict(reversed(bundle.texts.items())))
    assert reordered.version == bundle.version
    assert Bundle({**bundle.plain, "horizon_days": 27}, bundle.texts).version != bundle.version
    assert Bundle(bundle.plain, {**bundle.texts, "churn": ""}).version != bundle.version


def test_a_copied_folder_is_the_same_model(saved: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(saved, tmp_path / "elsewhere")
    assert load(copied) == load(saved)
    assert artifact.FORMAT == 4
