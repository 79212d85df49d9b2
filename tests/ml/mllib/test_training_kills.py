"""A first training dies at each of its failpoints, one after the other on the same lake; what MLflow holds then.

Each gets its signal in a fork of this process, so that all of them share one JVM and what was learned once.
"""

import shutil
from functools import partial

import pytest

from lakehouse.settings import PROJECT
from ml import mlflow_store, registry, training_run
from ml.features import TABLE
from ml.scorer import champion

from ...killing import die_forked, reached


@pytest.fixture
def champions(copy, monkeypatch) -> list[int | None]:
    """The champion's version after each death, on a lake that had no model before."""
    settings, published = copy.settings, copy.ledger.published().versions[TABLE]
    identity = registry.by_alias(settings, registry.CHAMPION).identity
    shutil.rmtree(registry.home(settings))
    learned = training_run.learn(copy.store.read(TABLE, published), settings.model, None)
    monkeypatch.setattr(training_run, "learn", lambda *_: learned)
    found = []
    for place in reached(PROJECT / "ml" / "tracking.py"):
        die_forked(place, partial(training_run.train, settings, lambda **_: None, published, identity))
        version = registry.by_alias(settings, registry.CHAMPION)
        found.append(version and version.number)
    return found


def test_trainings_that_died_leave_one_champion_that_answers_and_none_that_is_left_running(copy, champions):
    settings = copy.settings
    assert champions == [None, None, 2]  # logged only; registered without a name; named
    assert champion(settings).trained_on["training_version"] == str(copy.ledger.published().versions[TABLE])
    assert registry.by_alias(settings, registry.CHALLENGER) is None
    runs = mlflow_store.connect(settings).search_runs(experiment_names=[settings.model.name], output_format="list")
    assert sorted(run.info.status for run in runs) == ["FINISHED", "FINISHED", "KILLED"]
