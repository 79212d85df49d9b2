import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from lakehouse.errors import Exit, LakehouseError
from ml.registry import aliases, versions
from ml.serving.form import describe
from ml.serving.scorer import champion

from ...conftest import settings_of

VISIT = {"num_views": 3, "num_adds": 1, "distinct_products": 2, "session_hour": 17}


@pytest.fixture(scope="module")
def scorer(sample_lake):
    return champion(settings_of(sample_lake))


@pytest.fixture
def row(scorer):
    return describe(scorer, **VISIT)


def test_mappings_score_as_a_frame_does(scorer, row):
    other = row | {"num_adds": 0, "price": None}
    assert scorer.score([row, other]).tolist() == scorer.score(pd.DataFrame([row, other])).tolist()


def test_one_row_alone_scores_as_it_does_among_others(scorer, row):
    rows = [row, row | {"num_adds": 0, "events_since_add": None}, row | {"price": None, "is_available": False}]
    alone = [scorer.score([each])[0] for each in rows]
    assert alone == pytest.approx(scorer.score(rows).tolist(), abs=1e-12)


def test_contributions_sum_to_the_log_odds_minus_the_training_means(scorer, row):
    probability = scorer.score([row])[0]
    total = scorer.base_log_odds + sum(scorer.contributions(row).values())
    assert total == pytest.approx(np.log(probability / (1 - probability)), abs=1e-9)


@pytest.mark.parametrize("change", [{"num_adds": None}, {"num_adds": ...}])
def test_a_row_that_lacks_an_input_is_refused(scorer, row, change):
    lacking = {name: value for name, value in (row | change).items() if value is not ...}
    with pytest.raises(LakehouseError, match="num_adds"):
        scorer.score([lacking])


def test_a_value_that_the_training_did_not_hold_is_told(scorer, row):
    assert scorer.out_of_range(row) == []
    (told,) = scorer.out_of_range(row | {"num_views": 100_000})
    assert (told.name, told.value) == ("num_views", 100_000)
    assert told.low <= 3 <= told.high < 100_000


def test_what_a_form_asks_makes_a_row_that_agrees_with_itself(scorer, row):
    assert (row["decision_point"], row["num_same_item"], row["events_since_add"]) == (4, 3, 0)
    assert describe(scorer, **VISIT | {"num_adds": 0})["events_since_add"] is None
    assert describe(scorer, **VISIT, price=12.0)["price"] == 12.0


def test_there_is_no_champion_before_the_first_training(tmp_path):
    assert champion(settings_of(tmp_path)) is None


def test_an_altered_model_is_refused(trained_lake):
    settings = trained_lake.settings
    path = versions.artifacts(settings) / aliases.by_alias(settings, "champion").tags["path"]
    model = json.loads(path.read_text())
    path.write_text(json.dumps(model | {"intercept": model["intercept"] + 1}, indent=1))
    with pytest.raises(LakehouseError, match="is not the one that was registered") as error:
        champion(settings)
    assert error.value.code == Exit.REFUSED


def test_a_missing_model_file_is_told(trained_lake):
    settings = trained_lake.settings
    (versions.artifacts(settings) / aliases.by_alias(settings, "champion").tags["path"]).unlink()
    with pytest.raises(LakehouseError, match="is missing"):
        champion(settings)


def test_the_scorer_needs_neither_spark_nor_mlflow():
    code = "import ml.serving.scorer, ml.serving.form, sys; sys.exit(bool({'pyspark', 'mlflow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
