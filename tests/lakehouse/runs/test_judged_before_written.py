"""Of what changed, the new rows alone are judged, and before any is written."""

import pytest

from lakehouse.errors import Exit
from lakehouse.expectations import expect_or_fail

from ..conftest import NOON

NEVER = expect_or_fail("never", "false")


@pytest.mark.parametrize(
    "name",
    [
        "silver.events",  # grows by a row
        "silver.sessions",  # gets a row in the place of another
        "gold.item_performance",  # grows by a row beside one of the same day that stays as it was
    ],
)
def test_a_new_row_that_breaks_a_rule_stops_the_run_and_its_table_keeps_its_version(
    run_once, call, land, monkeypatch, name
):
    table, before = run_once.tables[name], run_once.store.version(name)
    monkeypatch.setattr(table, "expectations", [*table.expectations, NEVER])
    land("b.csv", f"{NOON + 60_000},1,view,8,")
    said = call("run")
    assert (said.code, f"{name}: 1 rows break “never”" in said.err) == (Exit.REFUSED, True)
    assert run_once.store.version(name) == before
