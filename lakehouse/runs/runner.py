"""runs.runner — build what a plan names, several tables at a time, and publish them together."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Thread, Timer

from lakehouse import error_messages, failpoints
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.runs import lock, recovery, shares
from lakehouse.runs.builder import build
from lakehouse.runs.planner import Request, Step, changes, plan
from lakehouse.runs.publication import ids, publish
from lakehouse.runs.results import write_results
from lakehouse.runs.selectors import select
from lakehouse.storage import integrity, lake_format, spill
from lakehouse.storage.ledger import LEDGER, Result, Run, new_run_id, now

Say = Callable[[str], None]

GRACE_SECONDS = 1.0  # after Ctrl-C, until the engine itself is ended


@dataclass
class _Progress:
    """What a run has done so far."""

    run_id: str
    results: list[Result] = field(default_factory=list)
    reads: dict[str, Mapping[str, int]] = field(default_factory=dict)
    read_ids: dict[str, Mapping[str, str]] = field(default_factory=dict)


def run(lake: Lake, say: Say, request: Request | None = None, command: str = "lakehouse run") -> Run | None:
    """Build what changed and publish it.

    Args:
        lake: the lake to bring up to date.
        say: receives a line per table and one at the end.
        request: which tables, which of them by a full refresh, which days; all that changed if it is not given.
        command: what to call it in the ledger and to a second writer.

    Returns:
        The published row of the ledger, or None if there was nothing to do.

    Raises:
        LakehouseError: nothing landed (2), data breaks a threshold or a rule or a table is damaged (3), the lake is
            locked or read-only, Java or space is missing (4), or a table could not be built (1). Nothing is published
            then.
    """
    try:
        return _run(lake, say, request or Request(), command)
    except LakehouseError:
        raise
    except Exception as error:
        raise error_messages.explain(error, lake.settings) from error


def _run(lake: Lake, say: Say, asked: Request, command: str) -> Run | None:
    with lock.hold(lake.settings, command), lake.store.pinned(), spill.emptied(lake.store):
        _check_integrity(lake, select(lake.tables, asked.full_refresh) if asked.full_refresh else ())
        recovery.recover(lake)
        steps = plan(lake, asked)
        if not steps and not is_unpublished(lake):
            say("Nothing to do: every table is up to date.")
            return None
        if lake.ledger.published() and lake_format.is_earlier(lake.settings):
            say("An earlier release kept this lake: silver and gold are built anew, once.")
        _say_recovery(lake, steps, say)
        progress = _Progress(new_run_id())
        run = Run(progress.run_id, command, "failed", now(), now(), request=asked.facts())
        try:
            _create(lake, steps, is_everything=not asked.selectors)
            _build_all(lake, steps, asked, progress, say)
        except BaseException as error:
            failure = (
                error_messages.explain(error, lake.settings)
                if isinstance(error, Exception)
                else LakehouseError("Interrupted.")
            )
            with suppress(Exception):  # what stopped the run, such as a full disk, may stop this too: then it died
                run = _failed(lake, run, progress, str(failure))
                write_results(lake, run, steps)
                lake.ledger.record(run)
            if isinstance(error, Exception) and failure is not error:
                raise failure from error
            raise
        ours = [name for name in lake.contracts if name not in lake.tables or lake.tables[name].is_built_by_run]
        names = [step.table.name for step in steps] if asked.selectors else ours
        names += [f"{name}_quarantine" for name in names if f"{name}_quarantine" in lake.contracts]
        failpoints.reach("unpublished")
        done = replace(run, reads=progress.reads, read_ids=progress.read_ids, results=progress.results)
        published = publish(lake, done, names)
        write_results(lake, published, steps)
        say(f"Published as run {run.run_id} after {(published.ended_at - published.started_at).total_seconds():.1f} s.")
        return published


def _check_integrity(lake: Lake, made_anew: Collection[str]) -> None:
    for name in [*lake.contracts, LEDGER]:
        if lake.store.exists(name):
            is_made_anew = name.removesuffix("_quarantine") in made_anew
            integrity.check(name, lake.store.delta(name), lake.settings, is_made_anew)


def is_unpublished(lake: Lake) -> bool:
    """Say whether a run that failed or died finished tables which no published row names."""
    published, built = lake.ledger.published(), lake.ledger.built()
    if published is None:
        return True
    set_ = {name: (version, published.ids.get(name, "")) for name, version in published.versions.items()}
    return any(set_.get(name) != (each.version, each.id) for name, each in built.items() if name in lake.contracts)


def _say_recovery(lake: Lake, steps: list[Step], say: Say) -> None:
    """Say in one line which tables a run wrote that never came to its end."""
    built = lake.ledger.built()
    left = [n for n in lake.tables if lake.store.exists(n) and n in built and changes(lake, {n: built[n].version})]
    if left:
        say(f"Recovering from a run that died and published nothing of {', '.join(left)}.")


def _create(lake: Lake, steps: list[Step], is_everything: bool) -> None:
    """Create what is missing of the tables that a run builds and reads, or of all declared ones."""
    touched = {step.table.name for step in steps}
    touched |= {f"{name}_quarantine" for name in touched}
    read = {upstream for step in steps for upstream in step.table.upstreams}
    for name, contract in lake.contracts.items():
        if name in touched or ((is_everything or name in read) and not lake.store.exists(name)):
            lake.store.create(contract)


def _failed(lake: Lake, run: Run, progress: _Progress, error: str) -> Run:
    """Return the row of a run that failed or was interrupted: the tables that it finished are not built again."""
    finished = {each.table for each in progress.results}
    return replace(
        run,
        ended_at=now(),
        ids=ids(lake, [*finished, *(f"{name}_quarantine" for name in finished)]),
        reads={name: progress.reads[name] for name in finished},
        read_ids={name: progress.read_ids[name] for name in finished},
        fingerprints={name: lake.tables[name].fingerprint for name in finished},
        results=progress.results,
        error=error,
    )


def _build_all(lake: Lake, steps: list[Step], request: Request, progress: _Progress, say: Say) -> None:
    """Build the tables, several at a time, each as soon as its upstreams are done."""
    waiting, total = list(steps), len(steps)
    running: dict[Future[Result], Step] = {}
    if not steps:
        return
    say(f"Building {total} tables …")
    lock.note_jvm(lake.settings, lake.store.engine.jvm_process_id)  # started here, before several threads ask for it
    most = min(total, lake.settings.run.threads)  # at the same time
    crowded: set[Future[Result]] = set()  # what is at work beside others although it should not be any more
    with ThreadPoolExecutor(most) as pool:
        try:
            while waiting or running:
                unfinished = {step.table.name for step in [*waiting, *running.values()]}
                ready = [step for step in waiting if not unfinished & set(step.table.upstreams)]
                room = max(0, most - len(running))  # nothing waits in the pool, where it could not be stopped
                for step in ready[:room]:
                    waiting.remove(step)
                    name, upstreams = step.table.name, step.table.upstreams
                    progress.reads[name] = {upstream: lake.store.version(upstream) for upstream in upstreams}
                    progress.read_ids[name] = ids(lake, upstreams)
                    running[pool.submit(build, lake, step, progress.run_id, request.days)] = step
                ended = wait(running, return_when=FIRST_COMPLETED).done
                for future in ended:
                    is_alone = most == 1 and future not in crowded
                    again = shares.smaller(running[future], future.exception(), is_alone)
                    if again:
                        say(_too_large(again))
                        del running[future]
                        waiting.insert(0, again)
                        most, crowded = 1, set(running)
                _note(ended & running.keys(), running, progress, say, total)
        except BaseException as error:
            _interrupt(lake, pool, is_process_ending=not isinstance(error, Exception))
            with suppress(Exception):  # the first error is the one to tell
                _note({each for each in running if not each.cancelled()}, running, progress, say, total)
            raise


def _too_large(step: Step) -> str:
    """Return the line about a table for which memory was too small, and how it is built instead."""
    if step.shares == 1:
        return f"{step.table.name} needs more memory than the engine has beside other tables: now one table at a time."
    return (
        f"{step.table.name} needs more memory than the engine has: now all of it in {step.shares} times as many shares."
    )


def _note(
    ended: Collection[Future[Result]], running: dict[Future[Result], Step], progress: _Progress, say: Say, total: int
) -> None:
    """Note the tables that are finished; then raise the error of one that is not."""
    for future in ended:
        if future.exception() is None:
            del running[future]
            progress.results.append(future.result())
            say(progress_line(progress.results[-1], len(progress.results), total))
    for future in ended:
        future.result()


def _interrupt(lake: Lake, pool: ThreadPoolExecutor, is_process_ending: bool) -> None:
    """End what the engine does for tables that are at work, and what they ask for next, until all have given up.

    The pool itself is waited for: Ctrl-C may come when a table is at work and not yet known to be. An engine that is
    busy with itself does not hear it. A process that is to end does not wait for that.
    """
    engine = lake.store.engine
    giving_up = Thread(target=pool.shutdown, kwargs={"cancel_futures": True})
    impatience = Timer(GRACE_SECONDS, engine.abort)
    giving_up.start()
    if is_process_ending:
        impatience.start()
    while giving_up.is_alive():
        with suppress(Exception):  # an engine that was ended hears nothing
            engine.interrupt()
        giving_up.join(timeout=0.2)
    impatience.cancel()


def progress_line(result: Result, number: int, total: int) -> str:
    """Return the line about one built table."""
    flow = f"{result.rows_in:>12,} in → {result.rows_out:>12,} out"
    extras = [
        f"{result.removed:,} removed" if result.removed else "",
        f"{result.refused:,} refused" if result.refused else "",
    ]
    facts = " · ".join([result.mode, *filter(None, extras)])
    return f"{number:>3}/{total} {result.table:<26} {flow} {result.seconds:>6.1f} s  {facts}"
