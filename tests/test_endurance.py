"""A lake outlasts random acts; `tests/bench/endurance.py` does hundreds."""

from .bench import endurance


def test_a_lake_outlasts_random_acts(spark, tmp_path):
    endurance.endure(tmp_path, seed=7, num_acts=20, num_kills=2, say=print)
