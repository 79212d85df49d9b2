"""A cluster makes of the same files the tables that the embedded engine makes, whatever dies on the way."""

from dataclasses import replace

import pytest

from lakehouse.errors import Exit

from ..deliveries import FIRST, SECOND
from ..invariants import contents, difference, unaccounted
from ..killing import PATIENCE, RUN, die, ended, kill, start
from .conftest import variables

FEW = {"LAKEHOUSE_LAYERS": '["bronze", "silver"]'}


def run(lake, meanwhile=lambda: None, **surroundings):
    """Run, and do something once the first table of silver is built."""
    with start(lake.settings.lake_path, *RUN, **surroundings) as driver:
        try:
            seen = []
            for line in driver.stdout:
                seen.append(line)
                if "silver.events " in line:
                    meanwhile()
            driver.wait(timeout=PATIENCE)
        finally:
            kill(driver)
    assert driver.returncode == 0, "".join(seen)
    assert "Published as run" in "".join(seen)


def test_an_increment_on_a_cluster_and_an_object_store_while_a_worker_dies_makes_the_tables_of_one_full_run(
    cluster, stored, embedded, tmp_path
):
    surroundings = cluster.variables() | variables(stored.settings) | FEW
    few = replace(stored, settings=replace(stored.settings, layers=["bronze", "silver"]))
    FIRST.land(few, tmp_path)
    run(few, **surroundings)
    SECOND.land(few, tmp_path)
    run(few, lambda: cluster.kill_worker(1), **surroundings)
    cluster.add_worker()
    modes = {each.table: each.mode for each in few.ledger.published().results}
    assert modes["silver.session_events"] == "incremental"
    assert contents(few) == {name: rows for name, rows in contents(embedded).items() if name.startswith("silver.")}
    assert unaccounted(few, [FIRST, SECOND]) == []


@pytest.mark.cluster
def test_all_tables_are_those_of_one_full_run_after_a_dead_driver_a_store_that_is_down_in_a_commit_and_a_dead_worker(
    cluster, stored, door, embedded, tmp_path
):
    surroundings = cluster.variables() | variables(stored.settings)
    FIRST.land(stored, tmp_path)
    run(stored, **surroundings)
    published = stored.ledger.published()
    SECOND.land(stored, tmp_path)
    die(stored.settings.lake_path, "written.silver.sessions", *RUN, **surroundings)
    behind = variables(replace(stored.settings, storage=replace(stored.settings.storage, endpoint=door.address)))
    door.rule(match=r"PUT .*/gold/funnel/_delta_log/", act="down")
    code, output = ended(start(stored.settings.lake_path, "-m", "lakehouse.cli", "run", **surroundings | behind))
    assert (code, "does not answer as it should" in output) == (Exit.ENVIRONMENT, True), output
    assert stored.ledger.published() == published
    door.rule(delay=0.01, every=50, act="fail")
    run(stored, lambda: cluster.kill_worker(2), **surroundings | behind)
    cluster.add_worker()
    assert difference(stored, embedded) == []
    assert unaccounted(stored, [FIRST, SECOND]) == []
