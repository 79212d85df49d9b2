"""A lake outlasts random acts; `tests/bench/endurance.py` does hundreds."""

from .bench import endurance, random_acts


def test_a_lake_outlasts_random_acts_of_every_kind(spark, tmp_path):
    done = endurance.endure(tmp_path, seed=7, num_acts=20, num_kills=2, say=print)
    assert set(done) == {act.__name__ for act in random_acts.WEIGHTS}
