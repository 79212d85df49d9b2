"""Jobs with real workers over a trained lake."""

import json
import os
import shutil
import signal
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from app.jobs import files
from app.jobs.store import CANCELLED, DONE, FAILED, QUEUED, RUNNING, WAITING, new_id
from app.site import Site
from lakehouse import processes
from lakehouse.runs import lock
from ml.registry import aliases
from ml.registry.versions import Version
from ml.serving.scorer import champion

from ...conftest import settings_of

HEADER = "id,num_views,num_adds,distinct_products,session_hour\n"
SECONDS = 60
MANY = 300_000  # rows, which take seconds: a worker can be stopped before it is done


@pytest.fixture
def settings(sample_lake, tmp_path):
    return settings_of(shutil.copytree(sample_lake, tmp_path / "lake"))


@pytest.fixture
def desk(settings):
    made = desk_of(settings)
    yield made
    for job in made.store.among((QUEUED, RUNNING, WAITING)):
        made.cancel(job)


def desk_of(settings):
    return Site(settings).jobs


def submit(desk, rows=3, text=None):
    identity = new_id()
    with desk.receive(identity) as file:
        lines = "".join(f"{number},4,1,3,17\n" for number in range(rows))
        file.write((HEADER + lines if text is None else text).encode())
    return desk.submit("score-file", {"name": "visits.csv"}, "", "me", identity)


def until(desk, job, condition):
    """Let the desk work until a job is as wanted."""
    end = time.monotonic() + SECONDS
    while not condition(found := desk.store.get(job.id)):
        assert time.monotonic() < end, found
        desk.step()
        time.sleep(0.05)
    return found


def has_ended(job):
    return job.state in (DONE, FAILED, CANCELLED)


@contextmanager
def stopped_worker(desk, job):
    """Stop a worker in the middle, once it has begun."""
    found = until(desk, job, lambda each: each.pid is not None)
    os.kill(found.pid, signal.SIGSTOP)
    yield found
    if processes.is_running(found.pid):
        os.kill(found.pid, signal.SIGCONT)


def half_made(desk, job):
    return [path.name for path in files.folder_of(desk.root, job.id).glob("*") if path.name != files.INPUT]


def test_a_file_is_scored_into_csv_and_parquet_and_what_was_sent_is_gone(desk, settings):
    found = until(desk, submit(desk), has_ended)

    assert (found.state, found.error, found.result["rows"]) == (DONE, "", 3)
    assert sorted(half_made(desk, found)) == sorted(found.result["files"]) == ["scored.csv", "scored.parquet"]
    assert found.result["model_version"] == champion(settings).version
    assert not (files.folder_of(desk.root, found.id) / files.INPUT).exists()


def test_a_worker_that_is_killed_is_told_leaves_nothing_half_made_and_its_job_can_be_tried_again(desk):
    job = submit(desk, rows=400_000)
    found = until(desk, job, lambda each: each.done > 0 or has_ended(each))
    os.kill(found.pid, signal.SIGKILL)
    failed = until(desk, job, has_ended)

    assert (failed.state, failed.error.startswith("Its worker ended in the middle")) == (FAILED, True)
    assert half_made(desk, job) == []
    assert desk.retry(failed)
    assert until(desk, job, has_ended).result["rows"] == 400_000


@pytest.mark.parametrize("place", ["batch.written", "batch.named", "jobs.worked"])
def test_a_worker_that_is_killed_at_any_stage_leaves_nothing_half_made(desk, monkeypatch, place):
    monkeypatch.setenv("LAKEHOUSE_FAILPOINT", place)
    job, beside = submit(desk), submit(desk)
    failed = [until(desk, each, has_ended) for each in (job, beside)]

    assert [each.state for each in failed] == [FAILED, FAILED]
    assert half_made(desk, job) == half_made(desk, beside) == []
    monkeypatch.delenv("LAKEHOUSE_FAILPOINT")
    assert desk.retry(failed[0])
    assert until(desk, job, has_ended).result["rows"] == 3
    assert desk.store.get(beside.id).state == FAILED


def test_a_worker_that_is_killed_once_its_job_is_done_loses_nothing(desk, monkeypatch):
    monkeypatch.setenv("LAKEHOUSE_FAILPOINT", "jobs.finished")
    found = until(desk, submit(desk), has_ended)

    assert (found.state, found.result["rows"]) == (DONE, 3)
    assert sorted(half_made(desk, found)) == ["scored.csv", "scored.parquet"]


def test_a_disk_without_room_fails_the_job_in_a_sentence_leaves_nothing_and_the_desk_goes_on(
    desk, monkeypatch, settings
):
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    job = submit(desk, rows=200_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, limits[1]))  # workers inherit it; the table is smaller
    try:
        failed = until(desk, job, has_ended)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert failed.state == FAILED
    assert "was not scored" in failed.error
    assert half_made(desk, job) == []
    assert until(desk, submit(desk), has_ended).state == DONE
    assert desk.retry(failed)
    assert until(desk, job, has_ended).result["rows"] == 200_000


def test_a_job_that_is_cancelled_runs_no_more_and_leaves_nothing_half_made(desk):
    job = submit(desk, rows=400_000)
    found = until(desk, job, lambda each: each.done > 0 or has_ended(each))

    assert desk.cancel(found)
    assert not processes.is_running(found.pid)
    assert (desk.store.get(job.id).state, half_made(desk, job)) == (CANCELLED, [])


def test_a_site_that_starts_takes_up_what_is_queued_and_goes_on_with_what_runs(desk, settings):
    first, second = submit(desk, MANY), submit(desk, MANY)
    third = submit(desk)
    with stopped_worker(desk, first), stopped_worker(desk, second):
        assert desk.store.get(third.id).state == QUEUED
        desk = desk_of(settings)
        desk.step()
        states = [desk.store.get(job.id).state for job in (first, second, third)]
        assert states == [RUNNING, RUNNING, QUEUED]
    for job in (first, second, third):
        assert until(desk, job, has_ended).state == DONE


def test_a_site_that_starts_tells_what_died_while_it_was_away(desk, settings):
    job = submit(desk)
    with stopped_worker(desk, job) as found:
        os.killpg(found.pid, signal.SIGKILL)
    again = desk_of(settings)

    assert until(again, job, has_ended).state == FAILED


def test_a_worker_that_is_silent_for_long_is_ended(desk, monkeypatch):
    monkeypatch.setattr("app.jobs.desk.SILENT_SECONDS", 1.0)
    job = submit(desk)
    with stopped_worker(desk, job) as found:
        failed = until(desk, job, has_ended)

    assert (failed.state, "was not heard of" in failed.error) == (FAILED, True)
    assert not processes.is_running(found.pid)


def test_a_job_that_writes_the_lake_says_for_whom_it_waits_and_can_be_cancelled(desk, settings):
    with lock.hold(settings, "lakehouse run"):
        job = desk.submit("score-lake", {}, "", "me")
        waiting = until(desk, job, lambda each: each.state == WAITING)
        assert waiting.sentence.startswith("Waiting for lakehouse run (process ")
        assert desk.cancel(waiting)
        assert not processes.is_running(waiting.pid)


def test_a_job_that_writes_the_lake_goes_on_once_the_lock_is_free(desk, settings):
    with lock.hold(settings, "lakehouse run"):
        job = desk.submit("score-lake", {}, "", "me")
        until(desk, job, lambda each: each.state == WAITING)

    assert until(desk, job, has_ended).state == DONE


def test_scoring_takes_no_lock(desk, settings):
    with lock.hold(settings, "lakehouse run"):
        segment = {"start": "2015-05-01", "end": "2015-09-30"}
        jobs = [submit(desk), desk.submit("score-visits", segment, "", "me")]

        assert [until(desk, job, has_ended).state for job in jobs] == [DONE, DONE]


def test_a_champion_that_is_replaced_in_the_middle_changes_no_row_and_the_job_says_who_scored(desk, settings):
    began = aliases.by_alias(settings, aliases.CHAMPION)
    job = submit(desk, rows=400_000)
    until(desk, job, lambda each: each.done > 0 or has_ended(each))
    aliases.write(settings, {aliases.CHAMPION: Version(9, began.tags)})
    found = until(desk, job, has_ended)
    text = (files.folder_of(desk.root, job.id) / "scored.csv").read_text()

    versions = {line.rsplit(",", 1)[1] for line in text.splitlines()[1:]}
    assert versions == {str(began.number)} == {str(found.result["model_version"])}
    assert until(desk, submit(desk), has_ended).result["model_version"] == 9


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n", "visits.csv has no column num_views and no column num_adds"),
        (HEADER, "visits.csv holds no line behind its header"),
        (HEADER + "1,x,1,3,17\n", "holds no line that can be scored; line 2: num_views is not a number"),
        (HEADER + "1,4,1,3,17\n2,\0,1,3,17\n", "visits.csv holds a NUL byte in line 3"),
    ],
)
def test_a_file_that_cannot_be_scored_fails_with_its_sentence(desk, text, sentence):
    found = until(desk, submit(desk, text=text), has_ended)

    assert (found.state, sentence in found.error) == (FAILED, True), found.error
    assert half_made(desk, found) == []


def test_a_model_file_that_was_altered_fails_the_job_and_not_the_site(desk, settings):
    for path in settings.lake_path.glob("mlflow/**/model.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"threshold": 0.5}))

    assert until(desk, submit(desk), has_ended).state == FAILED


def test_jobs_of_last_week_and_those_beyond_the_quota_are_cleaned_away(desk):
    old, large, fresh = (until(desk, submit(desk), has_ended) for _ in range(3))
    with desk.store._database.writing() as connection:
        connection.execute("UPDATE jobs SET ended = ended - 8 * 86400 WHERE id = ?", (old.id,))
    (files.folder_of(desk.root, large.id) / "scored.csv").write_bytes(b"x" * 1_000_000)
    files.clean(desk.root, desk.store, 7 * 86_400.0, quota=500_000)

    assert [job.id for job in desk.store.of("me")] == [fresh.id]
    assert [path.name for path in desk.root.glob("*") if path.is_dir()] == [fresh.id]


def test_a_job_about_a_dataset_that_the_site_no_longer_has_fails(settings, desk):
    winter = replace(settings.app, lakes=[f"Winter={settings.lake_path}"])
    other = desk_of(replace(settings, app=winter))
    job = other.submit("score-visits", {"start": "2015-05-01", "end": "2015-05-02"}, "Winter", "me")

    assert "no dataset Winter any more" in until(desk, job, has_ended).error
