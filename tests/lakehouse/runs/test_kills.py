"""A run is killed between every two durable steps, one after the other on the same lake, until it gets through.

Each dies at one failpoint, the next one goes on with what it left; so do a first load and an increment.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from lakehouse.lake import Lake, open_lake
from lakehouse.runs import runner
from lakehouse.runs.selectors import select
from lakehouse.settings import PROJECT
from lakehouse.storage.ledger import Run

from ... import invariants
from ...conftest import settings_of
from ...deliveries import FIRST, SECOND
from ...killing import LAND, RUN, die, reached, run_within
from ..conftest import copied

# Here a process really gets its signal; everywhere else an exception ends the run, from which on nothing is written.
REAL = (
    "created.silver.events",
    "written.bronze.events",
    "written.silver.events_quarantine",
    "written.silver.session_events",
    "written.gold.daily_kpis",
    "unpublished",
    "written.ledger",
)
LAYERS = ("lakehouse", "bronze", "silver", "gold", "app")


@dataclass(frozen=True)
class Death:
    """A failpoint, and the tables that the run which dies there is asked for; none means all."""

    place: str
    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Survivor:
    """A lake after all deaths, what a reader saw meanwhile, the publications before and after, and what came last."""

    lake: Lake
    seen: list[Run | None]
    before: Run | None
    after: Run | None
    versions: dict[str, int]
    last: Run | None


def writing(lake: Lake, names: list[str]) -> list[Death]:
    """Return the failpoints of a run in which each of these tables gets new rows, and each quarantine too."""
    deaths = []
    for name in names:
        quarantine = f"{name}_quarantine"
        deaths += [Death(f"written.{each}", (name,)) for each in (quarantine, name) if each in lake.contracts]
    return [*deaths, Death("unpublished"), Death("written.ledger")]


def first_load(lake: Lake) -> list[Death]:
    created = [Death(f"created.{name}") for name in lake.contracts]
    return created + writing(lake, [name for name, table in lake.tables.items() if table.is_built_by_run])


def increment(lake: Lake) -> list[Death]:
    arrived = select(lake.tables, [f"bronze.{kind}+" for kind in SECOND.good])
    return writing(lake, [name for name, t in lake.tables.items() if t.is_built_by_run and name in arrived])


LANDING = [Death(place) for place in dict.fromkeys(reached(PROJECT / "bronze" / "landing.py"))]
RECEIPT = Death("receipt.written")
OTHERS = ("erased.", "jobs.", "optimized.", "restored.", "retracted.", "vacuumed.")  # they have tests of their own


def survive(lake: Lake, deaths: list[Death]) -> Survivor:
    """Let one run after the other die, by a signal at the places that are real, elsewhere within this process."""
    before = lake.ledger.published()
    with invariants.reader(lake) as seen:
        for death in deaths:
            if death.place in REAL:
                die(lake.settings.lake_path, death.place, *RUN, *death.tables)
            else:
                run_within(lake.settings.lake_path, death.place, death.tables)
    after, versions = lake.ledger.published(), invariants.all_versions(lake)
    return Survivor(lake, seen, before, after, versions, runner.run(lake, print))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("kills")


@pytest.fixture(scope="module")
def undisturbed(sound, whole) -> dict[str, Lake]:
    return {"first load": sound, "increment": whole}


@pytest.fixture(scope="module")
def survivors(sound, whole, folder) -> dict[str, Survivor]:
    empty = open_lake(settings_of(folder / "first load"))
    FIRST.land(empty, folder / "files 0")
    loaded = copied(sound, folder / "increment")
    SECOND.land(loaded, folder / "files 1")
    return {
        "first load": survive(empty, first_load(empty)),
        "increment": survive(loaded, increment(loaded)),
    }


both = pytest.mark.parametrize("name", ["first load", "increment"])


@both
def test_after_all_deaths_every_table_is_that_of_an_undisturbed_full_run(survivors, undisturbed, name):
    assert invariants.difference(survivors[name].lake, undisturbed[name]) == []


@both
def test_after_all_deaths_no_line_is_lost_and_none_counted_twice(survivors, name):
    deliveries = [FIRST] if name == "first load" else [FIRST, SECOND]
    assert invariants.unaccounted(survivors[name].lake, deliveries) == []


@both
def test_after_all_deaths_the_published_set_is_complete(survivors, name):
    survivor = survivors[name]
    assert survivor.after.versions == survivor.versions
    assert set(survivor.after.versions) == set(survivor.lake.contracts)


@both
def test_a_reader_sees_what_was_published_before_and_then_at_once_all_that_is_new(survivors, name):
    survivor = survivors[name]
    assert survivor.before != survivor.after
    assert survivor.seen == [survivor.before, survivor.after]


@both
def test_after_all_deaths_a_further_run_adds_no_version(survivors, name):
    survivor = survivors[name]
    assert survivor.last is None
    assert invariants.all_versions(survivor.lake) == survivor.versions


def test_what_was_published_before_the_deaths_can_still_be_read(survivors, sound):
    survivor = survivors["increment"]
    assert invariants.difference(survivor.lake, sound, survivor.before.versions) == []


def test_an_increment_that_died_everywhere_never_became_a_full_refresh(survivors):
    last, tables = survivors["increment"].after, survivors["increment"].lake.tables
    incremental = [each for each in last.results if tables[each.table].refresh.kind != "rebuild"]
    assert {each.mode for each in incremental} <= {"incremental", "unchanged"}


def test_a_file_whose_landing_died_at_every_step_lands_once(lake, tmp_path):
    path, other, *_ = FIRST.write(tmp_path)
    for death in LANDING:
        die(lake.settings.lake_path, death.place, *LAND, str(path))
    die(lake.settings.lake_path, RECEIPT.place, *LAND, str(other))
    FIRST.land(lake, tmp_path)
    assert sorted(receipt.kind for receipt in lake.landing.receipts()) == sorted(FIRST.good)
    assert lake.landing.file(lake.landing.receipts("events")[0]).read_bytes() == path.read_bytes()
    assert list(lake.landing.folder.rglob("*.part")) == []


def test_every_failpoint_of_the_code_has_its_death(lake):
    deaths = {death.place for death in [*first_load(lake), *increment(lake), *LANDING, RECEIPT]}
    declared = {place for layer in LAYERS for path in (PROJECT / layer).rglob("*.py") for place in reached(path)}
    assert {"created.", "written.", "unpublished"} < declared
    others = {place for place in declared if not place.startswith(OTHERS)}
    assert [place for place in others if not any(death.startswith(place) for death in deaths)] == []
