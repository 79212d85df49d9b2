import shutil
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app import pages
from app.data.publication import Published
from app.data.query import Statement
from app.data.tables import OlderRelease, TableStore
from app.site import Site
from lakehouse.errors import LakehouseError
from lakehouse.storage.ledger import Run

from .conftest import DAY, activity, publish

FIRST, SECOND = "20150602T060000-aaaaaa", "20150603T060000-bbbbbb"


def rows(visits):
    return {
        "gold.activity": activity(events=visits),
        "gold.funnel": [{"session_date": DAY, "root_category_id": -2, "num_sessions": visits}],
    }


def visits(publication):
    return publication.rows("SELECT num_sessions FROM gold.funnel")[0]["num_sessions"]


@pytest.fixture
def tables():
    return TableStore({}, budget_mb=16)


@pytest.fixture
def published(lake, tables):
    return Published("", lake.settings, tables, clock=lambda: 0.0)


def test_a_lake_without_a_ledger_has_no_publication_and_no_problem(published):
    published.refresh()

    assert (published.current(), published.problem) == (None, "")


def test_a_new_publication_takes_the_place_of_the_former_one_whole(lake, published):
    publish(lake, FIRST, rows(3))
    published.refresh()
    before = published.current()
    publish(lake, SECOND, rows(5))
    published.refresh()

    assert (before.run.run_id, visits(before)) == (FIRST, 3)
    assert (published.current().run.run_id, visits(published.current())) == (SECOND, 5)


def test_what_the_former_publication_had_in_memory_is_loaded_before_the_new_one_is_shown(lake, published, tables):
    publish(lake, FIRST, rows(3))
    published.refresh()
    visits(published.current())
    publish(lake, SECOND, rows(5))
    published.refresh()

    assert published.current().keys["gold.funnel"] in tables.kept


def test_a_table_that_a_new_run_left_alone_is_not_read_again(lake, published, tables):
    publish(lake, FIRST, rows(3))
    published.refresh()
    visits(published.current())
    publish(lake, SECOND, {"gold.activity": activity(events=4)})
    published.refresh()
    shutil.rmtree(lake.store.uri("gold.funnel"))

    assert visits(published.current()) == 3


def test_a_first_run_that_built_some_tables_only_is_not_shown_yet_and_no_problem(lake, published):
    publish(lake, FIRST, {"gold.funnel": rows(3)["gold.funnel"]})
    published.refresh()

    assert (published.current(), published.problem) == (None, "")


def test_rows_that_no_run_has_published_are_not_shown(lake, published):
    publish(lake, FIRST, rows(3))
    run = lake.ledger.published()
    publish(lake, SECOND, rows(9))
    published.refresh()

    assert visits(published.at(run.number)) == 3


def test_a_publication_that_cannot_be_read_leaves_the_former_one_in_place(lake, published):
    publish(lake, FIRST, rows(3))
    published.refresh()
    instant = datetime(2015, 7, 3, tzinfo=UTC)
    lake.ledger.record(Run(SECOND, "lakehouse run", "published", instant, instant, {"gold.activity": 77}))
    published.refresh()

    assert published.current().run.run_id == FIRST
    assert published.problem


def test_a_frozen_run_whose_files_are_gone_says_when_it_was_built_and_what_can_be_opened(lake, published):
    publish(lake, FIRST, rows(3))
    number = lake.ledger.published().number
    publish(lake, SECOND, rows(5))
    for path in lake.store.delta("gold.funnel", 0).file_uris():
        shutil.os.remove(path.removeprefix("file://"))
    published.refresh()

    assert visits(published.current()) == 5
    with pytest.raises(LakehouseError, match="built 1 Jul 2015 06:00 UTC, cannot be read") as caught:
        visits(published.at(number))
    assert caught.value.remedy == "open the newest run"


def test_a_run_that_does_not_exist_or_published_nothing_cannot_be_frozen(lake, published):
    publish(lake, FIRST, rows(3))
    instant = datetime(2015, 7, 3, tzinfo=UTC)
    failed = lake.ledger.record(Run(SECOND, "lakehouse run", "failed", instant, instant))

    with pytest.raises(LakehouseError, match="published nothing"):
        published.at(failed.number)
    with pytest.raises(LakehouseError, match="does not exist"):
        published.at(99)


def test_a_table_or_a_column_that_an_older_release_did_not_build_is_said_in_a_sentence(lake, published):
    publish(lake, FIRST, rows(3))
    published.refresh()

    with pytest.raises(OlderRelease, match=r"no gold\.cohorts yet; an older release") as caught:
        published.current().rows("FROM gold.cohorts")
    assert caught.value.remedy == "lakehouse run"
    with pytest.raises(OlderRelease, match=r"column in gold\.funnel"):
        published.current().rows("SELECT is_new FROM gold.funnel")
    assert published.current().has("gold.funnel", "num_sessions")
    assert not published.current().has("gold.funnel", "is_new")


def test_only_the_columns_that_pages_ask_for_are_in_memory(lake):
    publish(lake, FIRST, rows(3))
    wanted = TableStore({"gold.funnel": ("num_sessions",)}, budget_mb=16)
    published = Published("", lake.settings, wanted)
    published.refresh()

    assert list(published.current().rows("FROM gold.funnel")[0]) == ["num_sessions"]


def test_the_tables_of_two_lakes_share_one_budget_and_make_room_for_each_other(lake, other_lake):
    many = [{"session_date": DAY, "number": number} for number in range(20_000)]
    tables = TableStore({}, budget_mb=1)
    found = []
    for name, each in (("", lake), ("other", other_lake)):
        wide = {f"gold.wide{place}": many for place in range(2)}
        publish(each, FIRST, {"gold.activity": activity(events=7 if name else 5)} | wide)
        published = Published(name, each.settings, tables)
        published.refresh()
        found.append(published.current())
    for publication in found * 2:
        for place in range(2):
            assert publication.rows(f"SELECT count(*) AS rows FROM gold.wide{place}")[0]["rows"] == 20_000
            assert tables.used_bytes <= 1 << 20
    assert [p.rows("SELECT max(num_events) AS most FROM gold.activity")[0]["most"] for p in found] == [5, 7]
    assert {key.lake for key in tables.kept} == {"other", ""} or len(tables.kept) < 4


def test_a_table_larger_than_half_the_budget_is_asked_by_file(lake):
    many = [{"session_date": DAY, "number": number} for number in range(50_000)]
    tables = TableStore({}, budget_mb=1)
    publish(lake, FIRST, {"gold.activity": activity(), "gold.large": many})
    published = Published("", lake.settings, tables)
    published.refresh()

    assert published.current().rows("SELECT sum(number) AS total FROM gold.large")[0]["total"] == sum(range(50_000))
    assert "gold.large" not in {key.name for key in tables.kept}


def test_the_database_of_the_site_reaches_no_file(lake, published):
    publish(lake, FIRST, rows(3))
    published.refresh()

    with pytest.raises(Exception, match="disabled by configuration"):
        published.current().rows("SELECT * FROM read_text('/etc/hostname')")


def test_a_first_day_is_shown_even_while_it_fills(lake, published):
    publish(lake, FIRST, {"gold.activity": activity(last_hour=9)})
    published.refresh()

    assert published.current().last_day == DAY


def test_a_day_that_is_cut_short_is_newest_and_not_last(lake, published):
    publish(lake, FIRST, {"gold.activity": activity(days=3, last_hour=2)})
    published.refresh()

    assert (published.current().last_day, published.current().newest_day) == (date(2015, 6, 2), date(2015, 6, 3))


def test_a_publication_without_an_event_has_no_days(lake, published):
    publish(lake, FIRST, {"gold.activity": activity(events=0)})
    published.refresh()

    assert (published.current().first_day, published.current().last_day, published.current().newest_day) == (None,) * 3


def test_a_site_offers_the_lakes_of_its_settings(lake, other_lake):
    publish(lake, FIRST, rows(3))
    publish(other_lake, FIRST, rows(8))
    settings = replace(lake.settings, app=replace(lake.settings.app, lakes=[f"Winter={other_lake.settings.lake_path}"]))
    site = Site(settings)
    for each in site.lakes.values():
        each.refresh()

    assert visits(site.context(pages.parse("")).publication) == 3
    assert visits(site.context(pages.parse("?lake=Winter")).publication) == 8
    with pytest.raises(LakehouseError, match="no dataset Summer"):
        site.context(pages.parse("?lake=Summer"))


def test_a_lake_in_the_settings_without_a_folder_is_refused(lake):
    settings = replace(lake.settings, app=replace(lake.settings.app, lakes=["Winter"]))

    with pytest.raises(LakehouseError, match="name=folder"):
        Site(settings)


def test_a_statement_is_shown_as_sql_that_somebody_may_run():
    statement = Statement(
        "\n    SELECT $day,\n        $name, $none, $flag\n", {"day": DAY, "name": "it's", "none": None, "flag": True}
    )

    assert str(statement) == "SELECT DATE '2015-06-01',\n    'it''s', NULL, TRUE"
