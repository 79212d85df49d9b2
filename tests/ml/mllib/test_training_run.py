from datetime import UTC, datetime, timedelta

import pytest

from gold import session_features
from lakehouse import settings
from lakehouse.errors import Exit, LakehouseError
from ml import registry, training_run
from ml.features import FEATURES, TABLE, TARGET
from ml.scorer import champion

COLUMNS = ("started_at", "num_events_before", *FEATURES, TARGET)


def visits_of(spark, days, purchases):
    """One visit a day, the last of which bought."""
    types = {column.name: column.type for column in session_features.table.columns}
    first = datetime(2015, 5, 1, tzinfo=UTC)
    rows = [(first + timedelta(days=day), 1, 1, 0, 1, 1, int(day >= days - purchases)) for day in range(days)]
    return spark.createDataFrame(rows, ", ".join(f"{name} {types[name]}" for name in COLUMNS))


def retrain(lake):
    """Train on what the champion was trained on."""
    version, said = registry.by_alias(lake.settings, "champion"), []
    outcome = training_run.train(
        lake.settings,
        lambda **message: said.append(message.get("say", "")),
        lake.ledger.published().versions[TABLE],
        version.identity,
    )
    return outcome, "\n".join(said)


def test_visits_without_any_purchase_are_refused(spark):
    with pytest.raises(LakehouseError, match="holds 0 visits with a purchase") as error:
        training_run.learn(visits_of(spark, 29, 0), settings.load().model, None)
    assert error.value.code == Exit.REFUSED


def test_an_equal_model_takes_the_champions_place(copy):
    outcome, said = retrain(copy)
    assert (outcome["version"], outcome["alias"]) == (2, "champion")
    assert "of the champion, version 1, on the same visits: the new model takes its place" in said
    assert champion(copy.settings).version == 2


def test_the_place_of_a_champion_whose_file_is_gone_is_taken_without_a_comparison(copy):
    path = registry.artifacts(copy.settings) / registry.by_alias(copy.settings, "champion").tags["path"]
    path.unlink()
    outcome, said = retrain(copy)
    assert f"is missing: {path}. The new model takes its place." in said
    assert (outcome["version"], outcome["alias"]) == (2, "champion")
