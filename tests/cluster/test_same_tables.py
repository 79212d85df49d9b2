"""A cluster makes of the same files the tables that the embedded engine makes, whatever dies on the way."""

from ..deliveries import FIRST, SECOND
from ..invariants import difference, unaccounted
from ..killing import PATIENCE, RUN, kill, start
from .conftest import variables


def test_increments_on_a_cluster_and_an_object_store_make_the_tables_of_one_full_run(
    cluster, stored, embedded, tmp_path
):
    surroundings = cluster.variables() | variables(stored.settings)
    FIRST.land(stored, tmp_path)
    with start(stored.settings.lake_path, *RUN, **surroundings) as driver:
        output, _ = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 0, output
    SECOND.land(stored, tmp_path)
    with start(stored.settings.lake_path, *RUN, **surroundings) as driver:
        try:
            lines = iter(driver.stdout)
            seen = next(line for line in lines if "silver.events " in line)
            cluster.kill_worker(1)
            output = seen + "".join(lines)
        finally:
            kill(driver)
    assert "Published as run" in output
    modes = {each.table: each.mode for each in stored.ledger.published().results}
    assert modes["silver.session_events"] == "incremental"
    assert difference(stored, embedded) == []
    assert unaccounted(stored, [FIRST, SECOND]) == []
