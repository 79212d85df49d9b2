"""Promotion on a lake of the sample: its one champion, and challengers that are planted beside it."""

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import Window
from pyspark.sql import functions as F

from gold import conversion_rates, intent_examples
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.runs.publication import publish
from lakehouse.storage.ledger import Run, now
from ml.intent.examples import TABLE
from ml.promotion import promotion
from ml.promotion.rebuild import derive
from ml.registry import aliases, card_of, mlflow_store, records, versions
from ml.serving.scorer import champion

SERVES = "The champion stays."


def plant(lake: Lake, **changes) -> int:
    """Let a changed copy of the champion be the challenger, registered in MLflow as a training would; its number."""
    first = aliases.by_alias(lake.settings, "champion")
    client, name = mlflow_store.connect(lake.settings).MlflowClient(), lake.settings.model.name
    document = versions.document(lake.settings, first) | changes
    path = versions.artifacts(lake.settings) / "planted.json"
    path.write_text(json.dumps(document))
    tags = {**first.tags, "path": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    registered = client.get_model_version(name, str(first.number))
    number = int(client.create_model_version(name, registered.source, registered.run_id, tags).version)
    aliases.write(lake.settings, {"challenger": versions.Version(number, tags)})
    return number


def refused(lake: Lake, **arguments) -> str:
    """Promote, be refused, and find the champion where it was."""
    before = aliases.by_alias(lake.settings, "champion")
    with pytest.raises(LakehouseError) as error:
        promotion.promote(lake, print, **arguments)
    assert error.value.code == Exit.REFUSED
    assert aliases.by_alias(lake.settings, "champion") == before
    assert error.value.remedy
    return error.value.message


def outcomes(lake: Lake) -> dict[str, str]:
    _, decision = promotion.compare(lake)
    return {each["gate"]: each["outcome"] for each in decision.to_document()}


def republish(lake: Lake, frame) -> None:
    lake.store.overwrite(intent_examples.table, frame, "test")
    publish(lake, Run("test", "lakehouse run", "published", now(), now()), [TABLE])


def test_the_sample_has_a_champion_whose_evidence_is_kept(trained_lake):
    settings = trained_lake.settings
    kept = records.kept(settings, aliases.by_alias(settings, "champion"))
    assert {each["outcome"] for each in kept["gates"]} <= {"passed", "warning", "waived"}
    assert kept["evidence"]["rebuild"]["num_points"] == 1000
    assert set(aliases.read(settings)) == {"champion", "best"}


def test_promoting_again_without_a_challenger_does_nothing(trained_lake):
    assert not promotion.promote(trained_lake, print).is_new


def test_a_lake_without_any_model_names_the_training(lake):
    with pytest.raises(LakehouseError, match="no model to promote") as error:
        promotion.promote(lake, print)
    assert (error.value.code, error.value.remedy) == (Exit.USAGE, "lakehouse ml train")


def test_without_a_champion_only_bootstrap_promotes(trained_lake):
    first = aliases.by_alias(trained_lake.settings, "champion")
    aliases.write(trained_lake.settings, {"challenger": first, "champion": None, "best": None})
    assert "There is no champion that version 1 could be compared with." in refused(trained_lake)


def test_an_equal_challenger_of_few_purchases_is_undecidable_and_may_be_accepted(trained_lake):
    number = plant(trained_lake)
    assert "undecidable: log loss against the champion" in refused(trained_lake)
    outcome = promotion.promote(trained_lake, print, accepted="the same model, registered again")
    named = aliases.read(trained_lake.settings)
    assert (outcome.version, named["champion"].number, named["previous"].number) == (number, number, 1)
    assert "challenger" not in named and named["best"].number == 1  # it is not proved to be better
    assert named["champion"].tags["accepted_undecidable"] == "the same model, registered again"


def test_a_model_that_reads_its_label_is_refused_by_the_rebuild(trained_lake):
    document = versions.document(trained_lake.settings, aliases.by_alias(trained_lake.settings, "champion"))
    term = {"name": "label", "group": "label", "factors": [{"input": "label", "kind": "number"}]}
    described = {"name": "label", "is_required": True, "low": 0, "high": 1, "typical": 0}
    plant(
        trained_lake,
        inputs=[*document["inputs"], described],
        terms=[*document["terms"], {**term, "coefficient": 4.0, "mean": 0.01}],
    )
    message = refused(trained_lake, accepted="hide it")
    assert "refused: rebuilt decision points" in message
    assert "these inputs differ: label (" in message and "label is 1 and was 0 then" in message


def test_rates_that_hold_the_visits_own_evening_are_refused_by_the_rebuild(trained_lake, monkeypatch):
    class WithToday:
        """Windows that reach to the day itself, where they should end the day before."""

        unboundedPreceding = Window.unboundedPreceding

        def __init__(self, window):
            self.window = window

        @classmethod
        def partitionBy(cls, *columns):
            return cls(Window.partitionBy(*columns))

        def orderBy(self, *columns):
            return type(self)(self.window.orderBy(*columns))

        def rowsBetween(self, start, _end):
            return self.window.rowsBetween(start, 0)

    monkeypatch.setattr(conversion_rates, "W", WithToday)
    given = {name: trained_lake.store.read(name) for name in ("silver.session_events", "silver.sessions")}
    republish(trained_lake, derive(trained_lake, TABLE, given))
    plant(trained_lake)
    message = refused(trained_lake, accepted="hide it")
    assert "refused: rebuilt decision points" in message
    assert "item_purchase_rate" in message or "item_cart_rate" in message


def test_a_future_event_in_the_features_is_refused_by_the_rebuild(trained_lake):
    later = F.col("num_same_item") + F.col("label")
    republish(trained_lake, trained_lake.store.read(TABLE).withColumn("num_same_item", later.cast("int")))
    plant(trained_lake)
    assert "these inputs differ: num_same_item (" in refused(trained_lake, accepted="hide it")


def test_a_formula_that_differs_from_mllibs_answers_is_refused(trained_lake):
    document = versions.document(trained_lake.settings, aliases.by_alias(trained_lake.settings, "champion"))
    plant(trained_lake, intercept=document["intercept"] + 1e-6)
    assert outcomes(trained_lake)["parity"] == "refused"


def test_an_input_that_the_table_does_not_have_is_refused(trained_lake):
    document = versions.document(trained_lake.settings, aliases.by_alias(trained_lake.settings, "champion"))
    inputs = [{**each, "name": "gone"} if each["name"] == "price" else each for each in document["inputs"]]
    plant(trained_lake, inputs=inputs)
    assert "gold.intent_examples does not have gone" in refused(trained_lake)


def test_no_visit_after_the_training_is_a_refusal(trained_lake):
    document = versions.document(trained_lake.settings, aliases.by_alias(trained_lake.settings, "champion"))
    begin = datetime(2030, 1, 1, tzinfo=UTC)
    test = [each.isoformat() for each in (begin, begin + timedelta(days=9))]
    plant(trained_lake, slices={**document["slices"], "test": test})
    assert "there is nothing to judge by" in refused(trained_lake)


@pytest.mark.parametrize("alias", ["challenger", "champion", "best"])
def test_a_file_that_was_altered_is_a_refusal(trained_lake, alias):
    plant(trained_lake)
    named = aliases.read(trained_lake.settings)
    path = versions.artifacts(trained_lake.settings) / named[alias].tags["path"]
    path.write_text(path.read_text() + " ")
    assert "it could not be judged" in refused(trained_lake)


def test_a_champion_whose_file_is_gone_is_a_refusal_that_names_no_training(trained_lake):
    plant(trained_lake)
    first = aliases.by_alias(trained_lake.settings, "champion")
    (versions.artifacts(trained_lake.settings) / first.tags["path"]).unlink()
    with pytest.raises(LakehouseError, match="is missing") as error:
        promotion.promote(trained_lake, print, accepted="never mind")
    assert (error.value.code, error.value.remedy) == (Exit.REFUSED, promotion.UNREADABLE)


def test_aliases_that_cannot_be_read_are_a_refusal_and_not_taken_for_no_champion(lake):
    aliases.path(lake.settings).parent.mkdir(parents=True)
    aliases.path(lake.settings).write_text("{")
    with pytest.raises(LakehouseError, match="Nothing is promoted") as error:
        promotion.promote(lake, print, bootstrap=True)
    assert error.value.code == Exit.REFUSED


def test_the_card_lies_beside_the_versions_run_and_tells_what_the_gates_said(trained_lake):
    settings = trained_lake.settings
    mlflow, first = mlflow_store.connect(settings), aliases.by_alias(settings, "champion")
    run_id = mlflow.MlflowClient().get_model_version(settings.model.name, str(first.number)).run_id
    kept = mlflow.artifacts.load_text(f"runs:/{run_id}/card.md")
    assert kept == card_of.text(settings, None)
    assert "- passed: rebuilt decision points" in kept


def test_a_locked_database_of_mlflow_is_a_refusal(trained_lake, monkeypatch):
    plant(trained_lake)
    monkeypatch.setattr(mlflow_store, "BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(versions.database(trained_lake.settings))) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        assert "database is locked" in refused(trained_lake)


def test_a_rollback_lets_the_previous_champion_serve_and_another_takes_that_back(trained_lake):
    settings, number = trained_lake.settings, plant(trained_lake)
    promotion.promote(trained_lake, print, accepted="a test")
    assert promotion.rollback(trained_lake, print, "it flags too many") == 1
    assert champion(settings).version == 1
    client = mlflow_store.connect(settings).MlflowClient()
    assert int(client.get_model_version_by_alias(settings.model.name, "previous").version) == number
    tags = client.get_model_version(settings.model.name, str(number)).tags
    assert tags["rolled_back_because"] == "it flags too many"
    assert promotion.rollback(trained_lake, print) == number


def test_without_a_previous_champion_there_is_nothing_to_roll_back_to(trained_lake):
    with pytest.raises(LakehouseError, match="no previous champion") as error:
        promotion.rollback(trained_lake, print)
    assert error.value.code == Exit.USAGE


def test_a_rollback_to_a_file_that_is_gone_changes_nothing(trained_lake):
    plant(trained_lake)
    promotion.promote(trained_lake, print, accepted="a test")
    named = aliases.read(trained_lake.settings)
    (versions.artifacts(trained_lake.settings) / named["previous"].tags["path"]).unlink()
    with pytest.raises(LakehouseError, match="is missing"):
        promotion.rollback(trained_lake, print)
    assert aliases.read(trained_lake.settings) == named


def test_a_version_without_an_alias_never_serves(trained_lake):
    plant(trained_lake)
    aliases.write(trained_lake.settings, {"challenger": None})
    assert champion(trained_lake.settings).version == 1
    assert not promotion.promote(trained_lake, print).is_new


def test_an_alias_that_was_moved_in_mlflow_by_hand_serves_nothing_and_is_put_back(trained_lake):
    settings, number = trained_lake.settings, plant(trained_lake)
    client = mlflow_store.connect(settings).MlflowClient()
    client.set_registered_model_alias(settings.model.name, "champion", str(number))
    assert champion(settings).version == 1
    client = mlflow_store.connect(settings).MlflowClient()
    assert int(client.get_model_version_by_alias(settings.model.name, "champion").version) == 1


def test_altered_evidence_is_told(trained_lake):
    version = aliases.by_alias(trained_lake.settings, "champion")
    kept = next(versions.artifacts(trained_lake.settings).rglob(promotion.EVIDENCE))
    kept.write_text(kept.read_text().replace("passed", "refused"))
    with pytest.raises(LakehouseError, match="is not what was kept"):
        records.kept(trained_lake.settings, replace(version))
