"""The weekly sums of the sample's champion, counted again by pandas."""

import numpy as np
import pandas as pd
import pytest

from lakehouse.errors import Exit, LakehouseError
from ml import feature_drift, prediction_quality
from ml.promotion import monitoring

POINT = ["visitor_id", "started_at", "decision_point"]


@pytest.fixture
def monitored(trained_lake):
    return trained_lake, monitoring.monitor(trained_lake, print)


def read(lake, name: str) -> pd.DataFrame:
    return lake.store.arrow(name, lake.ledger.published().versions[name]).to_pandas()


def with_week(rows: pd.DataFrame) -> pd.DataFrame:
    day = rows["decided_at"].dt.tz_convert(None).dt.normalize()
    return rows.assign(week=(day - pd.to_timedelta(day.dt.weekday, unit="D")).dt.date)


def test_sums_of_quality_are_those_of_the_predictions(monitored):
    lake, _ = monitored
    rows = with_week(read(lake, "ml.predictions"))
    known = rows[rows["label"].notna()]
    loss = -np.where(known["label"] == 1, np.log(known["probability"]), np.log(1 - known["probability"]))
    wanted = known.assign(loss=loss).groupby(["week", "part", "decision_point"])
    expected = wanted.agg(num_positives=("label", "sum"), num_labelled=("label", "size"), sum_log_loss=("loss", "sum"))
    found = read(lake, prediction_quality.table.name)
    assert found["num_predictions"].sum() == len(rows)
    both = found.merge(expected, on=["week", "part", "decision_point"], how="left", suffixes=("", "_again")).fillna(0)
    for name in expected.columns:
        assert both[name].to_numpy() == pytest.approx(both[f"{name}_again"].to_numpy()), name


def test_bins_hold_every_point_of_every_week_and_a_tenth_of_the_test(monitored):
    lake, _ = monitored
    rows = with_week(read(lake, "ml.predictions"))
    weeks = rows[rows["part"].isin(["test", "later"])].groupby("week").size()
    found = read(lake, feature_drift.table.name)
    sums = found.groupby(["feature", "week"])["num_points"].sum()
    assert all((sums[feature] == weeks).all() for feature in found["feature"].unique())
    score = found[(found["feature"] == "probability") & (found["week"] == found["week"].max())]
    shares = score.loc[score["bin"] >= 0, "num_test"] / (rows["part"] == "test").sum()
    assert len(shares) == 10 and shares.between(0.08, 0.12).all()


def test_monitoring_again_writes_nothing(monitored):
    lake, first = monitored
    assert first.weeks
    runs = len(lake.ledger.runs())
    assert monitoring.monitor(lake, print) == first
    assert len(lake.ledger.runs()) == runs


def test_before_any_prediction_there_is_nothing_to_look_at(lake):
    with pytest.raises(LakehouseError, match="no predictions to look at") as error:
        monitoring.monitor(lake, print)
    assert (error.value.code, error.value.remedy) == (Exit.USAGE, "lakehouse ml score")
