import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from lakehouse.errors import Exit, LakehouseError
from ml import registry
from ml.scorer import champion

from ..conftest import settings_of

VISIT = {"num_views": 3, "num_adds": 1, "distinct_products": 2, "session_hour": 17}


def test_mappings_score_as_a_frame_does(sample_lake):
    scorer = champion(settings_of(sample_lake))
    other = VISIT | {"num_adds": 0}
    assert scorer.score([VISIT, other]).tolist() == scorer.score(pd.DataFrame([VISIT, other])).tolist()


def test_contributions_and_intercept_sum_to_the_log_odds(sample_lake):
    scorer = champion(settings_of(sample_lake))
    probability = scorer.score([VISIT])[0]
    total = scorer.intercept + sum(scorer.contributions(VISIT).values())
    assert total == pytest.approx(np.log(probability / (1 - probability)), abs=1e-9)


@pytest.mark.parametrize("value", [None, "lacks"])
def test_a_visit_that_lacks_a_feature_is_refused(sample_lake, value):
    visit = {name: each for name, each in VISIT.items() if name != "num_adds"} | (
        {"num_adds": None} if not value else {}
    )
    with pytest.raises(LakehouseError, match="num_adds"):
        champion(settings_of(sample_lake)).score([visit])


def test_there_is_no_champion_before_the_first_training(tmp_path):
    assert champion(settings_of(tmp_path)) is None


def test_an_altered_model_is_refused(trained_lake):
    settings = trained_lake.settings
    path = registry.artifacts(settings) / registry.by_alias(settings, "champion").tags["path"]
    model = json.loads(path.read_text())
    path.write_text(json.dumps(model | {"intercept": model["intercept"] + 1}, indent=1))
    with pytest.raises(LakehouseError, match="is not the one that was registered") as error:
        champion(settings)
    assert error.value.code == Exit.REFUSED


def test_a_missing_model_file_is_told(trained_lake):
    settings = trained_lake.settings
    (registry.artifacts(settings) / registry.by_alias(settings, "champion").tags["path"]).unlink()
    with pytest.raises(LakehouseError, match="is missing"):
        champion(settings)


def test_the_scorer_needs_neither_spark_nor_mlflow():
    code = "import ml.scorer, sys; sys.exit(bool({'pyspark', 'mlflow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
