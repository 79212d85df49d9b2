"""Training, promotion and scoring are killed at each of their failpoints, one after the other on the same lake."""

import shutil
from dataclasses import dataclass

import pytest

from lakehouse.lake import Lake, open_lake
from lakehouse.settings import PROJECT
from lakehouse.storage.ledger import Run
from ml.registry import aliases, mlflow_store
from ml.serving import scoring
from ml.serving.scorer import champion

from .. import invariants
from ..conftest import settings_of
from ..killing import ML, die, reached

DEATHS = [(place, "train") for place in [*reached(PROJECT / "ml" / "registry" / "tracking.py"), "ml.named"]]
DEATHS += [("ml.judged", "promote"), ("ml.named", "promote")]
DEATHS += [("written.ml.predictions", "score"), ("written.ledger", "score")]
OPTIONS = {"promote": ["--bootstrap"]}
OF_JOBS = "batch."  # the batch scoring of the site, which the tests of its jobs kill


@dataclass(frozen=True)
class Survivor:
    """A lake after all deaths, and the publications that a reader saw meanwhile, the first of them from before."""

    lake: Lake
    seen: list[Run | None]


@pytest.fixture(scope="module")
def survivor(built_lake, tmp_path_factory) -> Survivor:
    path = tmp_path_factory.mktemp("kills") / "lake"
    shutil.copytree(built_lake, path)
    lake = open_lake(settings_of(path))
    with invariants.reader(lake) as seen:
        for place, command in DEATHS:
            die(path, place, *ML, command, *OPTIONS.get(command, []))
    return Survivor(lake, seen)


def test_a_training_that_died_at_every_step_leaves_one_champion_that_answers(survivor):
    settings, first = survivor.lake.settings, survivor.seen[0]
    assert champion(settings).trained_on["training_version"] == str(first.versions["gold.intent_examples"])
    assert aliases.CHALLENGER not in aliases.read(settings)


def test_mlflow_shows_the_champion_of_a_promotion_that_died_before_it_could_say_so(survivor):
    settings = survivor.lake.settings
    client = mlflow_store.connect(settings).MlflowClient()
    shown = client.get_model_version_by_alias(settings.model.name, aliases.CHAMPION)
    assert int(shown.version) == aliases.by_alias(settings, aliases.CHAMPION).number


def test_a_training_that_died_is_no_running_one_in_mlflow(survivor):
    settings = survivor.lake.settings
    mlflow = mlflow_store.connect(settings)
    runs = mlflow.search_runs(experiment_names=[settings.model.name], output_format="list")
    assert sorted(run.info.status for run in runs) == ["FINISHED", "FINISHED", "KILLED"]


def test_a_scoring_that_died_at_every_step_is_published_once_and_not_done_again(survivor):
    lake = survivor.lake
    assert survivor.seen[1:] == [lake.ledger.published()]
    assert lake.store.rows("ml.predictions") == lake.store.rows("gold.intent_examples")
    assert scoring.score(lake, print) is None


def test_every_failpoint_of_the_models_code_has_its_death():
    declared = {place for path in (PROJECT / "ml").rglob("*.py") for place in reached(path)}
    ours = {place for place in declared if not place.startswith(OF_JOBS)}
    assert {"ml.named"} < ours <= {place for place, _ in DEATHS}
