from __future__ import annotations

import dataclasses
import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import simulated

from features.histories import Histories
from training.learning import Learning
from training.metrics import Estimate
from training.recipe import Recipe
from training.train import Trained
from training.tuning import Search, Trial, Verdict, judge, objective, origins_of, study_name

ROOT = Path(__file__).parents[2]


def bowl(learning: Learning) -> float:
    """Least at 3 leaves and a learning rate of .05."""
    return (learning.leaves - 3) ** 2 + abs(np.log(learning.learning_rate / 0.05))


def ticking(seconds: float) -> Callable[[], float]:
    """A clock that goes on by so much at each look."""
    now = [0.0]

    def look() -> float:
        now[0] += seconds
        return now[0]

    return look


def test_what_is_in_force_is_tried_first_and_something_better_is_found(tmp_path: Path) -> None:
    search = Search(bowl, tmp_path / "tuning.db", "a", Learning())
    new = search.run(seconds=600, most=14)
    assert len(new) == 14
    assert new[0].learning == Learning()
    assert search.best.loss < 2 < new[0].loss
    assert search.best == min(search.trials, key=lambda trial: trial.loss)


def test_it_is_written_down_as_it_was_measured(tmp_path: Path) -> None:
    asked: list[Learning] = []

    def loss(learning: Learning) -> float:
        asked.append(learning)
        return bowl(learning)

    Search(loss, tmp_path / "tuning.db", "a", Learning()).run(seconds=600, most=6)
    again = Search(loss, tmp_path / "tuning.db", "a", Learning())
    assert [trial.learning for trial in again.trials] == asked
    assert [Learning.from_dict(learning.to_dict()) for learning in asked] == asked


def test_a_search_goes_on_with_other_settings(tmp_path: Path) -> None:
    first = Search(bowl, tmp_path / "tuning.db", "a", Learning()).run(seconds=600, most=5)
    second = Search(bowl, tmp_path / "tuning.db", "a", Learning())
    second.run(seconds=600, most=5)
    assert [trial.learning for trial in second.trials[:5]] == [trial.learning for trial in first]
    assert len({trial.learning for trial in second.trials}) == 10


def test_studies_do_not_mix(tmp_path: Path) -> None:
    Search(bowl, tmp_path / "tuning.db", "a", Learning()).run(seconds=600, most=2)
    assert Search(bowl, tmp_path / "tuning.db", "b", Learning()).trials == []


def test_settings_that_the_search_does_not_reach_are_left_out_of_it(tmp_path: Path) -> None:
    far = Learning(l2=5_000.0)
    search = Search(bowl, tmp_path / "tuning.db", "a", far)
    search.run(seconds=600, most=2)
    assert far not in {trial.learning for trial in search.trials}


def test_no_trial_is_begun_that_would_not_fit(tmp_path: Path) -> None:
    search = Search(bowl, tmp_path / "tuning.db", "a", Learning())
    # Each look at the clock takes a second, so a trial does; one more is kept for the verdict.
    new = search.run(seconds=12.0, reserve=1.0, clock=ticking(1.0))
    assert [trial.seconds for trial in new] == [1.0] * len(new)
    assert len(new) == 4


def test_a_box_too_small_holds_one_trial_and_none_when_it_goes_on(tmp_path: Path) -> None:
    search = Search(bowl, tmp_path / "tuning.db", "a", Learning())
    assert len(search.run(seconds=1.5, clock=ticking(1.0))) == 1
    assert search.run(seconds=0.5, clock=ticking(1.0)) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from training.learning import Learning
from training.tuning import Search

def loss(learning):
    if len(search.trials) == 2:
        print(learning.to_dict(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    return float(learning.leaves)

search = Search(loss, Path(sys.argv[1]), "a", Learning())
search.run(seconds=600, most=10)
"""


def test_after_a_kill_the_trial_that_was_open_is_tried_again(tmp_path: Path) -> None:
    place = tmp_path / "tuning.db"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(place)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    search = Search(lambda learning: float(learning.leaves), place, "a", Learning())
    assert len(search.trials) == 2
    search.run(seconds=600, most=2)
    assert str(search.trials[2].learning.to_dict()) == killed.stdout.strip()
    assert len(search.trials) == 4
    again = Search(bowl, place, "a", Learning())
    assert [trial.number for trial in again.trials] == [trial.number for trial in search.trials]


def test_a_loss_that_fails_ends_the_search_and_the_next_one_goes_on(tmp_path: Path) -> None:
    def fails(learning: Learning) -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Search(fails, tmp_path / "tuning.db", "a", Learning()).run(seconds=600)
    search = Search(bowl, tmp_path / "tuning.db", "a", Learning())
    assert search.run(seconds=600, most=1)[0].learning == Learning()


def test_each_trial_is_told_before_it_counts_as_done(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def tried(trial: Trial) -> None:
        seen.append((trial.number, len(search.trials)))

    search = Search(bowl, tmp_path / "tuning.db", "a", Learning())
    search.run(seconds=600, most=3, tried=tried)
    assert [done for _, done in seen] == [0, 1, 2]


def test_it_is_quiet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Search(bowl, tmp_path / "tuning.db", "a", Learning()).run(seconds=600, most=2)
    assert capfd.readouterr() == ("", "")


def test_the_newest_closed_horizon_is_kept_out_of_the_search(small: Histories) -> None:
    held_out, cutoffs = origins_of(small, 28)
    assert held_out == small.span[1] - dt.timedelta(days=28)
    assert [held_out - cutoff for cutoff in cutoffs] == [dt.timedelta(days=28), dt.timedelta(days=56)]


def test_the_search_sees_nothing_of_it(small: Histories, small_trained: Trained) -> None:
    recipe = Recipe.of(small_trained.fitted.bundle)
    held_out, cutoffs = origins_of(small, 28, 1)
    blind = objective(small.before(held_out), recipe, cutoffs)(Learning())
    assert blind == objective(small, recipe, cutoffs)(Learning())


def test_another_question_is_another_study(small_trained: Trained) -> None:
    recipe = Recipe.of(small_trained.fitted.bundle)
    cutoffs = [simulated.AS_OF]
    others = [
        dataclasses.replace(recipe, horizon_days=56),
        dataclasses.replace(recipe, policy=simulated.IGNORE),
        dataclasses.replace(recipe, features=recipe.features[1:]),
        dataclasses.replace(recipe, learning=Learning(leaves=4)),
    ]
    names = [study_name("ab", recipe, cutoffs), study_name("cd", recipe, cutoffs), study_name("ab", recipe, [])]
    names += [study_name("ab", other, cutoffs) for other in others]
    assert len(set(names)) == 7
    assert names[0] == study_name("ab", dataclasses.replace(recipe), cutoffs)


def test_kept_only_with_its_whole_interval() -> None:
    for low, high, kept in ((-0.02, -0.001, True), (-0.02, 0.001, False), (0.001, 0.02, False), (0.0, 0.0, False)):
        assert Verdict(Learning(leaves=4), "2020-11-28", Estimate((low + high) / 2, low, high)).kept is kept


def test_a_verdict_compares_member_by_member(small: Histories, small_trained: Trained) -> None:
    recipe = Recipe.of(small_trained.fitted.bundle)
    verdict = judge(small, recipe, recipe.learning, dt.date(2020, 12, 30))
    assert (verdict.change.low, verdict.change.value, verdict.change.high) == (0.0, 0.0, 0.0)
    assert not verdict.kept
