"""After a failure or Ctrl-C: what was queued does not start, what was finished is not built again."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gold import funnel, item_performance
from lakehouse.runs import builder, runner
from silver import session_events

from ..conftest import NOON, VIEW

LATER = f"{NOON + 60_000},1,addtocart,7,"


@pytest.fixture
def started(monkeypatch):
    """The tables whose build began."""
    names = []
    build = builder.build
    monkeypatch.setattr(
        runner, "build", lambda lake, step, *rest: names.append(step.table.name) or build(lake, step, *rest)
    )
    return names


@pytest.fixture
def one_thread(monkeypatch):
    monkeypatch.setenv("LAKEHOUSE_RUN__THREADS", "1")


def fail(*_):
    raise ZeroDivisionError("broken")


def test_tables_that_were_queued_when_one_failed_do_not_start(run_once, call, land, started, one_thread, monkeypatch):
    monkeypatch.setattr(session_events.table, "function", fail)
    land("b.csv", LATER, *[VIEW] * 9)
    assert call("run").code == 1
    assert started == ["bronze.events", "silver.events", "silver.session_events"]
    assert [step["table"] for step in call("plan", "--json").json[:2]] == ["silver.session_events", "gold.activity"]


def test_tables_that_end_after_another_failed_are_not_built_again(run_once, call, land, started, monkeypatch):
    failed = threading.Event()
    build = runner.build

    def slow(lake, step, *rest):
        if step.table.name == "gold.activity":
            failed.set()
            fail()
        if step.table.name == "silver.session_events":
            failed.wait(60)
        return build(lake, step, *rest)

    monkeypatch.setattr(runner, "build", slow)
    monkeypatch.setattr(runner, "_interrupt", lambda *_, **__: None)  # it would end the other table, too
    land("b.csv", LATER, *[VIEW] * 9)
    assert call("run").code == 1
    assert "silver.session_events" in [each.table for each in run_once.ledger.runs()[-1].results]
    monkeypatch.setattr(runner, "build", build)
    started.clear()
    assert call("retry").code == 0
    assert {"silver.events", "silver.session_events"}.isdisjoint(started)
    assert "gold.activity" in started


def test_ctrl_c_keeps_what_is_finished_and_starts_nothing_more(run_once, call, land, started, one_thread, monkeypatch):
    build = runner.build

    def interrupted(lake, step, *rest):
        done = build(lake, step, *rest)
        if step.table.name == "silver.events":
            os.kill(os.getpid(), signal.SIGINT)
        return done

    monkeypatch.setattr(runner, "build", interrupted)
    land("b.csv", LATER, *[VIEW] * 9)
    assert call("run").code == 130
    run = run_once.ledger.runs()[-1]
    assert (run.status, run.error) == ("failed", "Interrupted.")
    finished = [each.table for each in run.results]
    assert finished[:2] == ["bronze.events", "silver.events"]
    monkeypatch.setattr(runner, "build", build)
    started.clear()
    assert call("retry").code == 0
    assert set(started).isdisjoint(finished)
    assert set(started) >= {"gold.funnel", "gold.daily_kpis"}


def test_ctrl_c_at_the_moment_a_table_is_given_to_a_thread_ends_it_too(run_once, call, land, monkeypatch):
    asked, heard = threading.Semaphore(0), []

    class Interrupted(ThreadPoolExecutor):
        def submit(self, *task):
            super().submit(*task)
            raise KeyboardInterrupt

    def between_two_queries(*_):
        heard.extend(asked.acquire(timeout=10) for _ in range(2))  # the first finds no query to end
        fail()

    monkeypatch.setattr(runner, "ThreadPoolExecutor", Interrupted)
    monkeypatch.setattr(runner, "build", between_two_queries)
    monkeypatch.setattr(run_once.store.engine, "interrupt", asked.release)
    land("b.csv", LATER, *[VIEW] * 9)
    assert call("run").code == 130
    assert heard == [True, True]


def test_ctrl_c_does_not_wait_for_a_table_that_no_thread_has_taken(run_once, call, land, monkeypatch):
    class Unattended(ThreadPoolExecutor):
        def _adjust_thread_count(self):
            threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

    monkeypatch.setattr(runner, "ThreadPoolExecutor", Unattended)
    land("b.csv", LATER, *[VIEW] * 9)
    rescue = threading.Timer(20, os.kill, (os.getpid(), signal.SIGINT))
    rescue.start()
    assert call("run").code == 130
    assert rescue.is_alive()
    rescue.cancel()


def test_a_failure_that_comes_with_others_still_notes_what_is_finished(run_once, call, land, monkeypatch):
    for module in (funnel, item_performance):
        monkeypatch.setattr(module.table, "function", fail)
    land("b.csv", LATER, *[VIEW] * 9)
    assert call("run").code == 1
    assert {"bronze.events", "silver.events"} <= {each.table for each in run_once.ledger.runs()[-1].results}
