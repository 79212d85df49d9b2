"""The same files make the same tables, however the engine spreads the work and wherever the machine stands."""

import pytest

from lakehouse.lake import Lake, open_lake

from ... import invariants
from ...conftest import settings_of
from ...deliveries import FIRST, SECOND
from ...killing import PATIENCE, RUN, start

THREADS = ["1", "7"]


@pytest.fixture
def landed(tmp_path) -> Lake:
    lake = open_lake(settings_of(tmp_path / "lake"))
    for delivery in (SECOND, FIRST):  # the other way round, too
        delivery.land(lake, tmp_path)
    return lake


@pytest.mark.parametrize("threads", THREADS)
def test_tables_do_not_depend_on_how_many_threads_share_the_work(landed, whole, threads):
    with start(landed.settings.lake_path, *RUN, LAKEHOUSE_ENGINE__THREADS=threads) as process:
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert invariants.difference(landed, whole) == []


def test_tables_do_not_depend_on_the_time_zone_of_the_machine(landed, whole):
    with start(landed.settings.lake_path, *RUN, TZ="Pacific/Auckland") as process:
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert invariants.difference(landed, whole) == []
