"""What is published together: versions that exist, of these very tables, each with what it was computed from."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lakehouse.maintenance.restore import restore
from lakehouse.runs import publication, runner
from lakehouse.storage import ledger as ledger_module
from lakehouse.storage.ledger import Run, new_run_id, now
from lakehouse.table import Table

from ..conftest import BAD, NOON, VIEW

LATER = f"{NOON + 60_000},1,addtocart,7,"


def declared(lake, name="gold.new"):
    """The lake with one more table, which was never built."""
    like = lake.tables["gold.activity"]
    new = Table(name, like.comment, like.key, like.refresh, like.schema, upstreams=like.upstreams)
    object.__setattr__(lake, "tables", {**lake.tables, name: new})
    return lake


def test_a_table_that_was_never_built_breaks_no_publication(run_once):
    lake = declared(run_once)
    run = Run(new_run_id(), "lakehouse maintain vacuum", "published", now(), now())
    published = publication.publish(lake, run, list(lake.contracts))
    assert "gold.new" not in published.versions
    assert published.versions.keys() == published.ids.keys()


def test_a_partial_run_pairs_no_kept_version_with_what_a_newer_one_read(run_once, call, land, monkeypatch):
    from gold import funnel

    before = run_once.ledger.published()
    land("b.csv", LATER, *[VIEW] * 9)
    with monkeypatch.context() as broken:
        broken.setattr(funnel.table, "function", lambda visitor_days: 1 / 0)
        assert call("run").code == 1
    assert call("run", "gold.funnel").code == 0
    after = run_once.ledger.published()
    assert after.versions["gold.activity"] == before.versions["gold.activity"] < run_once.store.version("gold.activity")
    assert after.reads["gold.activity"] == before.reads["gold.activity"]
    call("run")
    last = run_once.ledger.published()
    assert last.versions["gold.activity"] == run_once.store.version("gold.activity")
    assert last.reads["gold.activity"]["silver.events"] == last.versions["silver.events"]


def test_a_restored_version_is_published_with_what_its_build_had_read(run_once, call, land):
    name, first = "gold.activity", run_once.ledger.published()
    land("b.csv", LATER, *[VIEW] * 9)
    call("run")
    restore(run_once, print, name, first.versions[name], is_applied=True)
    after = run_once.ledger.published()
    assert (after.reads[name], after.read_ids[name]) == (first.reads[name], first.read_ids[name])


def test_a_clock_that_goes_back_publishes_nothing_of_the_past(run_once, land, monkeypatch):
    for module in (ledger_module, publication, runner):
        monkeypatch.setattr(module, "now", lambda: datetime(2001, 1, 1, tzinfo=UTC))
    land("b.csv", LATER, *[VIEW] * 9)
    done = runner.run(run_once, print)
    assert done.run_id.startswith("2001")
    assert run_once.ledger.published().run_id == run_once.ledger.runs()[-1].run_id == done.run_id
    assert runner.run(run_once, print) is None


def test_a_publication_of_an_earlier_release_gets_the_ids_of_the_tables_as_they_are(run_once, call, land):
    published = run_once.ledger.published()
    run_once.ledger.record(replace(published, ids={}, read_ids={}))
    land("b.csv", LATER, *[VIEW] * 9)
    assert call("plan", "silver.events", "--json").json == []
    call("run")
    after = run_once.ledger.published()
    assert after.ids == {name: run_once.store.id(name) for name in run_once.contracts}
    assert after.read_ids["gold.funnel"] == {"gold.visitor_days": after.ids["gold.visitor_days"]}


@pytest.mark.parametrize("command", [("quarantine", "discard", "silver.events"), ("maintain", "vacuum")])
def test_acts_on_a_lake_with_a_table_that_was_removed_publish_the_others(run_once, call, command):
    shutil.rmtree(run_once.store.uri("gold.funnel"))
    assert call(*command, "--apply").code == 0
    assert "gold.funnel" not in run_once.ledger.published().versions
    assert call("run").code == 0
    assert run_once.ledger.published().versions["gold.funnel"] == run_once.store.version("gold.funnel")


def test_a_table_made_anew_is_published_as_it_is_and_without_what_the_one_before_had_read(run_once, call):
    name = "gold.activity"
    shutil.rmtree(run_once.store.uri(name))
    run_once.store.create(run_once.contracts[name])
    assert call("quarantine", "discard", "silver.events", "--apply").code == 0
    after = run_once.ledger.published()
    assert after.versions[name] == run_once.store.version(name) == 0
    assert name not in after.reads


def test_every_row_carries_the_state_of_the_lake(run_once, call, land):
    land("b.csv", BAD)
    call("run", "+silver.events")
    runs, state = run_once.ledger.runs(), run_once.ledger.state()
    assert [run.status for run in runs] == ["published", "failed"]
    assert (state.number, state.published) == (2, 1)
    assert state.built["bronze.events"].version > runs[0].versions["bronze.events"]
