from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from app.data import TABLES, Published
from lakehouse.storage.ledger import Run

DAY = date(2015, 6, 1)


def publish(lake, run_id, visits, last_hour=23):
    """Write the tables that the site reads, each with one row, and a published row of the ledger."""
    rows = {
        "gold.activity": {"event_date": DAY, "event_hour": last_hour, "event_type": "view", "num_events": visits},
        "gold.daily_kpis": {"session_date": DAY, "num_sessions": visits},
        "gold.funnel": {"session_date": DAY, "num_sessions": visits},
        "gold.visitor_days": {"session_date": DAY, "visitor_id": 1, "num_sessions": visits},
    }
    for name in TABLES:
        write_deltalake(lake.store.uri(name), pa.Table.from_pylist([rows[name]]), mode="overwrite")
    versions = {name: lake.store.version(name) for name in TABLES}
    instant = datetime(2015, 6, 2, 6, tzinfo=UTC)
    lake.ledger.record(Run(run_id, "run", "published", instant, datetime.now(UTC), versions))


def visits(publication):
    tables = ("gold.daily_kpis", "gold.funnel", "gold.visitor_days")
    return [publication.rows(f"SELECT num_sessions FROM {name}")[0]["num_sessions"] for name in tables]


@pytest.fixture
def published(lake):
    return Published(lake.settings, clock=lambda: 0.0)


def test_a_lake_without_a_ledger_has_no_publication_and_no_problem(published):
    published.refresh()

    assert (published.current(), published.problem) == (None, "")


def test_a_new_publication_takes_the_place_of_the_former_one_whole(lake, published):
    publish(lake, "20150602T060000-aaaaaa", visits=3)
    published.refresh()
    before = published.current()
    publish(lake, "20150603T060000-bbbbbb", visits=5)
    published.refresh()

    assert (before.run_id, visits(before)) == ("20150602T060000-aaaaaa", [3, 3, 3])
    assert (published.current().run_id, visits(published.current())) == ("20150603T060000-bbbbbb", [5, 5, 5])


def test_a_first_run_that_built_some_tables_only_is_not_shown_yet_and_no_problem(lake, published):
    lake.ledger.record(Run("20150602T060000-aaaaaa", "run", "published", datetime.now(UTC), datetime.now(UTC), {}))
    published.refresh()

    assert (published.current(), published.problem) == (None, "")


def test_rows_that_no_run_has_published_are_not_shown(lake, published):
    publish(lake, "20150602T060000-aaaaaa", visits=3)
    write_deltalake(
        lake.store.uri("gold.funnel"), pa.table({"session_date": [DAY], "num_sessions": [99]}), mode="append"
    )
    published.refresh()

    assert visits(published.current()) == [3, 3, 3]


def test_only_the_sets_of_the_last_two_runs_stay_in_memory(lake, published):
    for number in range(4):
        publish(lake, f"2015060{number + 2}T060000-aaaaaa", visits=number + 1)
        published.refresh()

    database = published.current().database
    assert visits(published.current()) == [4, 4, 4]
    assert database.execute("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'memory'").fetchone() == (8,)


def test_a_publication_that_cannot_be_read_leaves_the_former_one_in_place(lake, published):
    publish(lake, "20150602T060000-aaaaaa", visits=3)
    published.refresh()
    instant = datetime(2015, 6, 3, tzinfo=UTC)
    missing = dict.fromkeys(TABLES, 77)
    lake.ledger.record(Run("20150603T060000-bbbbbb", "run", "published", instant, datetime.now(UTC), missing))
    published.refresh()

    assert published.current().run_id == "20150602T060000-aaaaaa"
    assert "while reading the newest publication" in published.problem


def test_a_first_day_is_shown_even_while_it_fills(lake, published):
    publish(lake, "20150602T060000-aaaaaa", visits=3, last_hour=9)
    published.refresh()

    assert published.current().last_day == DAY


def publish_activity(lake, published, events):
    """Publish hours of events, (day of June 2015, hour) -> number, on 4 June."""
    publish(lake, "20150602T060000-aaaaaa", visits=3)
    rows = [
        {"event_date": date(2015, 6, day), "event_hour": hour, "num_events": number}
        for (day, hour), number in events.items()
    ]
    activity = pa.table({name: [row[name] for row in rows] for name in ("event_date", "event_hour", "num_events")})
    write_deltalake(lake.store.uri("gold.activity"), activity, mode="overwrite", schema_mode="overwrite")
    versions = {name: lake.store.version(name) for name in TABLES}
    instant = datetime(2015, 6, 4, tzinfo=UTC)
    lake.ledger.record(Run("20150603T060000-bbbbbb", "run", "published", instant, datetime.now(UTC), versions))
    published.refresh()
    return published.current()


def test_a_day_that_is_cut_short_is_not_complete_though_its_last_hour_has_an_event(lake, published):
    full = {(day, hour): 9 for day in (1, 2) for hour in range(24)}
    shown = publish_activity(lake, published, full | {(3, hour): 9 for hour in (0, 1, 2, 23)})

    assert (shown.last_day, shown.newest_day) == (date(2015, 6, 2), date(2015, 6, 3))


def test_a_stray_event_is_in_no_range(lake, published):
    full = {(day, hour): 9 for day in (10, 11) for hour in range(24)}
    shown = publish_activity(lake, published, full | {(1, 7): 1, (28, 7): 1})

    assert (shown.first_day, shown.last_day, shown.newest_day) == (date(2015, 6, 10), *[date(2015, 6, 11)] * 2)
    assert shown.rows("SELECT count(*) AS days FROM (SELECT DISTINCT event_date FROM gold.activity)") == [{"days": 4}]


def test_a_publication_without_an_event_has_no_days(lake, published):
    shown = publish_activity(lake, published, {(1, 7): 0})

    assert (shown.first_day, shown.last_day, shown.newest_day) == (None, None, None)


def test_the_database_of_the_site_reaches_no_file(lake, published):
    publish(lake, "20150602T060000-aaaaaa", visits=3)
    published.refresh()

    with pytest.raises(Exception, match="disabled by configuration"):
        published.current().rows("SELECT * FROM read_text('/etc/hostname')")
