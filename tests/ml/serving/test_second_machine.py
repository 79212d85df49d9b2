"""A site on another machine, whose own folder is empty, serves what the store holds: versions, scores, a new champion."""

import shutil
from dataclasses import replace

import pytest

from app.site import Site
from ml.registry import aliases
from ml.serving import registered
from ml.serving.current import Champion
from ml.serving.scorer import Scorer, champion

from ...conftest import settings_of
from ...object_stores import move, objects, settings_in


@pytest.fixture(scope="module")
def writer(sample_lake, object_server, tmp_path_factory):
    """The settings of the machine that writes: its tables and what it serves lie in the store, MLflow in its folder."""
    folder = tmp_path_factory.mktemp("writer") / "lake"
    shutil.copytree(sample_lake / "mlflow", folder / "mlflow")
    settings = settings_in(object_server, folder, "served")
    move(sample_lake, settings, "ledger", "gold", "ml")
    aliases.write(settings, aliases.read(settings_of(sample_lake)))
    return settings


@pytest.fixture
def second(writer, object_server, tmp_path):
    """The settings of the other machine."""
    return settings_in(object_server, tmp_path / "empty", "served")


def values(scorer: Scorer) -> list[float]:
    row = {each["name"]: each["typical"] for each in scorer.document["inputs"]}
    return [float(each) for each in scorer.score([row])]


def test_the_champion_of_the_store_scores_as_that_of_the_lake_it_came_from(sample_lake, second):
    ours, theirs = champion(second), champion(settings_of(sample_lake))
    assert ours is not None and theirs is not None
    assert (ours.version, ours.sha256, values(ours)) == (theirs.version, theirs.sha256, values(theirs))


def test_every_named_version_is_shown_with_its_gates_and_its_whole_test(sample_lake, second):
    ours, theirs = registered.named(second), registered.named(settings_of(sample_lake))
    assert [(each.version, each.aliases, each.gates, each.evaluation) for each in ours] == [
        (each.version, each.aliases, each.gates, each.evaluation) for each in theirs
    ]
    assert ours[0].gates


def test_the_site_shows_the_same_published_versions_and_rows(sample_lake, second):
    ours, theirs = (Site(each).lakes[""] for each in (second, settings_of(sample_lake)))
    ours.refresh(), theirs.refresh()
    told = "SELECT * FROM gold.daily_kpis ORDER BY ALL"
    assert ours.current().versions == theirs.current().versions
    assert ours.current().rows(told) == theirs.current().rows(told) != []


def test_another_champion_serves_on_the_other_machine_a_second_later(writer, second):
    now = 0.0
    serving = Champion(second, clock=lambda: now)
    before = serving.get()
    named = aliases.read(writer)
    aliases.write(writer, {"champion": None})
    assert serving.get() is before
    now = 2.0
    assert serving.get() is None
    aliases.write(writer, {"champion": named["champion"]})
    now = 4.0
    assert serving.get().version == before.version


def test_only_what_serves_is_put_into_the_store(writer):
    names = [path.rsplit("/", 1)[-1] for path in objects(writer) if path.startswith("mlflow/")]
    evidence = aliases.read(writer)["champion"].tags["evidence"]
    assert set(names) == {"aliases.json", "model.json", "evaluation.json", "curves.json", evidence}


def test_a_dataset_of_the_site_borrows_the_champion_out_of_the_store(second, tmp_path):
    own = replace(second.lake, path=str(tmp_path / "dataset"), borrows=second.root)
    borrowed = champion(replace(second, lake=own, storage=replace(second.storage, uri="")))
    assert borrowed is not None and borrowed.is_borrowed
