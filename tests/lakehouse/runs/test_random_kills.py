"""A run is killed at random instants, twelve times, while files keep coming; then one gets through."""

import os
import random
import time

import pytest

from lakehouse.lake import Lake, open_lake
from lakehouse.runs import lock, runner

from ... import invariants
from ...conftest import settings_of
from ...deliveries import FIRST, SECOND
from ...killing import RUN, is_jvm_gone, kill, start

KILLS = 12
EARLY = 2.0  # seconds after a run took the lake's lock: before that it touches nothing
LATE = 2.0  # seconds after its first table


@pytest.fixture(scope="module")
def seed() -> int:
    chosen = int(os.environ.get("KILL_SEED", random.randrange(1_000_000)))
    print(f"KILL_SEED={chosen} repeats these kills")
    return chosen


@pytest.fixture(scope="module")
def killed(spark, tmp_path_factory, seed) -> tuple[Lake, int]:
    """A lake after all kills and a run that got through, and how many kills left something unpublished."""
    folder, chance = tmp_path_factory.mktemp("random"), random.Random(seed)
    lake = open_lake(settings_of(folder / "lake"))
    FIRST.land(lake, folder)
    harmful = 0
    for number in range(KILLS):
        if number == KILLS // 2:
            runner.run(lake, print)
            SECOND.land(lake, folder)
        before = invariants.all_versions(lake)
        die_at_random(lake, chance)
        harmful += invariants.all_versions(lake) != before
    runner.run(lake, print)
    return lake, harmful


def die_at_random(lake: Lake, chance: random.Random) -> None:
    """Kill a run early, some seconds after it took the lock, or late, some seconds after it built its first table."""
    is_late, share = chance.random() < 0.5, chance.random()
    with start(lake.settings.lake_path, *RUN) as process:
        try:
            if is_late:
                assert process.stdout is not None
                next((line for line in process.stdout if " in → " in line), "")
            else:
                while lock.holder(lake.settings) is None and process.poll() is None:
                    time.sleep(0.02)
            time.sleep(share * (LATE if is_late else EARLY))
        finally:
            kill(process)
            process.communicate()
    assert is_jvm_gone(lake.settings.lake_path)


def test_the_kills_interrupted_something(killed):
    assert killed[1] > 0


def test_after_random_kills_every_table_is_that_of_an_undisturbed_full_run(killed, whole):
    assert invariants.difference(killed[0], whole) == []


def test_after_random_kills_no_line_is_lost_and_none_counted_twice(killed):
    assert invariants.unaccounted(killed[0], [FIRST, SECOND]) == []


def test_after_random_kills_the_published_set_is_complete_and_a_further_run_adds_no_version(killed):
    lake, _ = killed
    versions = invariants.all_versions(lake)
    assert lake.ledger.published().versions == versions
    assert runner.run(lake, print) is None
    assert invariants.all_versions(lake) == versions
