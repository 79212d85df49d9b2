"""Files that are odd but enter: what a whole run makes of them."""

from dataclasses import replace

import pytest

from bronze import landing
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.runs import runner

HEADER = "timestamp,visitorid,event,itemid,transactionid\n"
BAD = [f"{1433152800000 + n}.5,{n},view,7," for n in range(3)]


def land(lake: Lake, folder, content: str) -> None:
    path = folder / f"{len(lake.landing.receipts())}.csv"
    path.write_text(content)
    landing.accept(lake.landing, path)


def test_a_file_of_a_header_alone_is_taken_up_once_and_changes_nothing(spark, lake, tmp_path):
    land(lake, tmp_path, HEADER)
    runner.run(lake, print)
    assert (lake.store.rows("bronze.events"), lake.store.rows("gold.daily_kpis")) == (0, 0)
    assert runner.run(lake, print) is None
    land(lake, tmp_path, HEADER + "1433152800000,1,view,7,\n")
    land(lake, tmp_path, HEADER.strip())
    runner.run(lake, print)
    assert (lake.store.rows("bronze.events"), lake.store.rows("gold.daily_kpis")) == (1, 1)
    assert runner.run(lake, print) is None


def test_a_file_of_bad_rows_alone_stops_the_run_until_it_is_let_pass(spark, lake, tmp_path):
    land(lake, tmp_path, HEADER + "1433152800000,1,view,7,\n")
    runner.run(lake, print)
    before = lake.ledger.published().versions
    land(lake, tmp_path, HEADER + "\n".join(BAD))
    with pytest.raises(LakehouseError) as raised:
        runner.run(lake, print)
    assert raised.value.code == Exit.REFUSED
    assert lake.ledger.published().versions == before
    assert "lakehouse quarantine accept 2" in raised.value.remedy
    lenient = open_lake(replace(lake.settings, run=replace(lake.settings.run, max_refused_share=1.0)))
    runner.run(lenient, print)
    kept = lake.store.arrow("silver.events_quarantine").to_pylist()
    names = ["timestamp", "visitorid", "event", "itemid", "transactionid"]
    assert sorted(",".join(row[name] for name in names) for row in kept) == BAD
    assert lake.store.rows("silver.events") == 1


def test_a_landed_file_that_was_changed_stops_the_run_before_any_row_of_it_is_read(spark, lake, tmp_path):
    land(lake, tmp_path, HEADER + "1433152800000,1,view,7,\n")
    (receipt,) = lake.landing.receipts()
    lake.landing.file(receipt).write_text(HEADER + "1433152800000,1,view,8,\n")
    with pytest.raises(LakehouseError, match="was changed after it came in as 0") as raised:
        runner.run(lake, print)
    assert raised.value.code == Exit.REFUSED
    assert lake.store.rows("bronze.events") == 0
    assert landing.accept(lake.landing, tmp_path / "0.csv") == (receipt, False)
    runner.run(lake, print)
    assert lake.store.arrow("bronze.events")["itemid"].to_pylist() == ["7"]
