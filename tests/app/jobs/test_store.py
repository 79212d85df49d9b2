import stat
import time

import pytest

from app.jobs.store import CANCELLED, DONE, FAILED, QUEUED, RUNNING, WAITING, Job, Store
from lakehouse.errors import LakehouseError


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def add(store, identity, writes_lake=False, owner="me"):
    store.add(Job(identity, "score-file", identity, "", {"name": "a"}, owner, writes_lake, QUEUED, time.time()))
    return identity


def taken(store, most=2):
    job = store.take(most)
    return job and job.id


def test_the_table_is_its_owners_alone_and_comes_with_the_first_job(store, tmp_path):
    assert (store.of("me"), store.take(2), list(tmp_path.iterdir())) == ([], None, [])
    add(store, "one")

    assert stat.S_IMODE((tmp_path / "jobs.sqlite").stat().st_mode) == 0o600


def test_the_oldest_job_is_taken_and_a_third_waits_until_one_of_two_has_ended(store):
    for name in ("one", "two", "three"):
        add(store, name)

    assert [taken(store), taken(store), taken(store)] == ["one", "two", None]
    store.finish("one", {"rows": 3})
    assert taken(store) == "three"


def test_of_two_jobs_that_write_a_lake_one_waits_and_lets_others_pass(store):
    add(store, "first", writes_lake=True)
    add(store, "second", writes_lake=True)
    add(store, "other")

    assert [taken(store), taken(store)] == ["first", "other"]


@pytest.mark.parametrize("working", [RUNNING, WAITING])
@pytest.mark.parametrize(
    ("act", "state"),
    [
        (lambda store: store.finish("one", {"rows": 3}), DONE),
        (lambda store: store.fail("one", "It broke.", "mend it"), FAILED),
        (lambda store: store.cancel("one"), CANCELLED),
    ],
)
def test_a_job_ends_once(store, act, state, working):
    add(store, "one")
    store.take(1)
    store.tell("one", state=working)

    assert act(store) and store.get("one").state == state
    later = [store.finish("one", {}), store.fail("one", "", ""), store.cancel("one"), store.tell("one", done=1)]
    assert later == [False] * 4
    assert store.get("one").state == state


def test_only_what_failed_or_was_cancelled_is_queued_again_with_nothing_of_the_former_try(store):
    add(store, "one")
    assert not store.retry("one")
    store.take(1)
    store.begin("one")
    store.tell("one", done=3, total=9, sentence="Scoring")
    store.fail("one", "It broke.", "mend it")

    assert store.retry("one")
    job = store.get("one")
    assert (job.state, job.done, job.sentence, job.error, job.pid, job.heartbeat) == (QUEUED, 0, "", "", None, None)
    assert job.arguments == {"name": "a"}


def test_a_worker_does_not_begin_what_was_cancelled_before(store):
    add(store, "one")
    store.take(1)
    store.cancel("one")

    assert not store.begin("one")


def test_a_job_that_goes_on_cannot_be_removed_and_nobody_else_sees_it(store):
    add(store, "one")

    assert not store.remove("one")
    assert (store.get("one", "me").id, store.get("one", "you"), store.of("you")) == ("one", None, [])
    store.cancel("one")
    assert store.remove("one") and store.get("one") is None


def test_a_damaged_table_is_told_in_a_sentence(store, tmp_path):
    (tmp_path / "jobs.sqlite").write_bytes(b"no database" * 100)

    with pytest.raises(LakehouseError, match=r"The table of jobs, jobs/jobs.sqlite, cannot be used"):
        add(store, "one")


def test_so_many_jobs_may_wait(store, monkeypatch):
    monkeypatch.setattr("app.jobs.store.MOST_ACTIVE", 2)
    add(store, "one")
    add(store, "two")

    with pytest.raises(LakehouseError, match="2 jobs are waiting already"):
        add(store, "three")
