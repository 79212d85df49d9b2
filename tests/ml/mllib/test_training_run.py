import pytest
from pyspark.sql import functions as F

from lakehouse import settings
from lakehouse.errors import Exit, LakehouseError
from ml.intent import slices, training, training_run
from ml.registry import versions
from ml.serving.scorer import champion


def retrain(lake):
    """Train on what the champion was trained on."""
    version, said = versions.by_alias(lake.settings, "champion"), []
    publication = lake.ledger.published()
    outcome = training_run.train(
        lake.settings,
        lambda **message: said.append(message.get("say", "")),
        dict(publication.versions),
        training.covered(lake, publication),
        version.identity,
    )
    return outcome, "\n".join(said)


def test_decision_points_without_any_purchase_are_refused(points, covered):
    model = settings.load().model
    with pytest.raises(LakehouseError, match="holds 0 decision points before a purchase") as error:
        training_run.learn(points.withColumn("label", F.lit(0)), slices.split(covered, model), model, set())
    assert error.value.code == Exit.REFUSED


def test_an_equal_model_takes_the_champions_place(copy):
    outcome, said = retrain(copy)
    assert (outcome["version"], outcome["alias"]) == (2, "champion")
    assert "of the champion, version 1, on the same visits: the new model takes its place" in said
    assert champion(copy.settings).version == 2


def test_the_place_of_a_champion_whose_file_is_gone_is_taken_without_a_comparison(copy):
    path = versions.artifacts(copy.settings) / versions.by_alias(copy.settings, "champion").tags["path"]
    path.unlink()
    outcome, said = retrain(copy)
    assert f"is missing: {path}. The new model takes its place." in said
    assert (outcome["version"], outcome["alias"]) == (2, "champion")
