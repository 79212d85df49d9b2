"""The same files make the same tables, however Spark spreads the work and wherever the machine stands."""

import pytest

from lakehouse.lake import Lake, open_lake
from lakehouse.maintenance import optimize
from lakehouse.runs import runner

from ... import invariants
from ...conftest import settings_of
from ...deliveries import FIRST, SECOND
from ...killing import PATIENCE, RUN, start

WAYS = {
    "seven partitions, planned in advance": {
        "spark.sql.shuffle.partitions": "7",
        "spark.sql.adaptive.enabled": "false",
    },
    "two hundred partitions": {"spark.sql.shuffle.partitions": "200"},
}


@pytest.fixture
def landed(tmp_path) -> Lake:
    lake = open_lake(settings_of(tmp_path / "lake"))
    for delivery in (SECOND, FIRST):  # the other way round, too
        delivery.land(lake, tmp_path)
    return lake


@pytest.mark.parametrize("way", WAYS)
def test_tables_do_not_depend_on_how_spark_spreads_its_work(landed, whole, spark, way):
    with optimize.configured(spark, WAYS[way]):
        runner.run(landed, print)
    assert invariants.difference(landed, whole) == []


def test_tables_do_not_depend_on_the_time_zone_of_the_machine(landed, whole):
    with start(landed.settings.lake_path, *RUN, TZ="Pacific/Auckland") as process:
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert invariants.difference(landed, whole) == []
