import pytest
from pyspark.sql import functions as F

from lakehouse import settings
from lakehouse.errors import Exit, LakehouseError
from ml.intent import slices, training_run


def test_decision_points_without_any_purchase_are_refused(points, covered):
    model = settings.load().model
    with pytest.raises(LakehouseError, match="holds 0 decision points before a purchase") as error:
        training_run.learn(points.withColumn("label", F.lit(0)), slices.split(covered, model), model, set())
    assert error.value.code == Exit.REFUSED
