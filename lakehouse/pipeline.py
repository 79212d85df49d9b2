"""lakehouse.pipeline — order the tables, find what changed, build each, publish them together."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from lakehouse import lock
from lakehouse.build import build
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.runs import Result, Run, new_run_id, now
from lakehouse.table import Table, short_name

Say = Callable[[str], None]


def plan(lake: Lake) -> dict[str, str]:
    """Return the tables that a run would build, in their order, each with the reason. It needs no Java.

    Raises:
        LakehouseError: nothing has landed yet (exit code 2).
    """
    for table in lake.tables.values():
        kind = short_name(table.name)
        if table.is_required and not lake.landing.receipts(kind):
            remedy = "lakehouse land FILE…, or try it with made-up data: lakehouse sample"
            raise LakehouseError(f"No file of {kind} has landed in {lake.settings.lake_path}.", remedy, Exit.USAGE)
    published = lake.ledger.published()
    reasons: dict[str, str] = {}
    for table in lake.tables.values():
        reason = _reason(lake, table, published, reasons) if table.is_built_by_run else ""
        if reason:
            reasons[table.name] = reason
    return reasons


def _reason(lake: Lake, table: Table, published: Run | None, planned: Mapping[str, str]) -> str:
    if published is None or table.name not in published.versions or not lake.store.exists(table.name):
        return "never built"
    if table.refresh.kind == "append":
        new = lake.landing.receipts(short_name(table.name), after=lake.store.consumed(table.name))
        return f"{len(new)} new files" if new else ""
    if published.fingerprints.get(table.name) != table.fingerprint:
        return "its definition changed"
    reads = published.reads.get(table.name, {})
    changed = [name for name in table.upstreams if name in planned or lake.store.version(name) != reads.get(name)]
    if changed:
        return f"{', '.join(changed)} changed"
    if lake.store.version(table.name) != published.versions[table.name]:
        return "left unfinished by an earlier run"
    return ""


def run(lake: Lake, say: Say) -> Run | None:
    """Build what changed and publish it.

    Args:
        lake: the lake to bring up to date.
        say: receives a line per table and one at the end.

    Returns:
        The published row of the ledger, or None if there was nothing to do.

    Raises:
        LakehouseError: nothing landed (2), data breaks a threshold or a rule (3), the lake is locked or Java is
            missing (4), or a table could not be built (1). Nothing is published then.
    """
    with lock.hold(lake.settings, "lakehouse run"):
        reasons = plan(lake)
        if not reasons:
            say("Nothing to do: every table is up to date.")
            return None
        for contract in lake.contracts.values():
            lake.store.create(contract)
        started_at, run_id = now(), new_run_id()
        results: list[Result] = []
        reads: dict[str, dict[str, int]] = {}
        try:
            _build_all(lake, [lake.tables[name] for name in reasons], run_id, results, reads, say)
        except Exception as error:
            failed = Run(run_id, "lakehouse run", "failed", started_at, now(), results=results, error=str(error))
            lake.ledger.record(failed)
            raise
        done = Run(run_id, "lakehouse run", "published", started_at, now(), {}, reads, {}, results)
        ours = [name for name in lake.contracts if name not in lake.tables or lake.tables[name].is_built_by_run]
        published = publish(lake, done, ours)
        say(f"Published as run {run_id} after {(published.ended_at - started_at).total_seconds():.1f} s.")
        return published


def publish(lake: Lake, run: Run, names: Collection[str]) -> Run:
    """Add the run to the ledger, which makes the present versions of its tables the ones that are read.

    Args:
        lake: the lake.
        run: what was done.
        names: the tables to publish anew; the others stay as they were published before, if they were.

    Returns:
        The row of the ledger, with the version of every published table.
    """
    before = lake.ledger.published()
    kept = before.versions if before else {}
    present = [(name, lake.store.version(name)) for name in lake.contracts]
    fingerprints = {name: lake.tables[name].fingerprint for name in run.reads}
    complete = Run(
        run.run_id,
        run.command,
        "published",
        run.started_at,
        now(),
        versions={name: kept[name] if name in kept and name not in names else latest for name, latest in present},
        reads={**(before.reads if before else {}), **run.reads},
        fingerprints={**(before.fingerprints if before else {}), **fingerprints},
        results=run.results,
    )
    lake.ledger.record(complete)
    return complete


def _build_all(
    lake: Lake,
    waiting: list[Table],
    run_id: str,
    results: list[Result],
    reads: dict[str, dict[str, int]],
    say: Say,
) -> None:
    """Build the tables, several at a time, each as soon as its upstreams are done; add to `results` and `reads`."""
    total = len(waiting)
    running: dict[Future[Result], Table] = {}
    say(f"Building {total} tables; starting Spark …")
    lake.store.spark  # noqa: B018  (started here, before several threads ask for it)
    with ThreadPoolExecutor(lake.settings.run.threads) as pool:
        while waiting or running:
            unfinished = {table.name for table in [*waiting, *running.values()]}
            for table in [each for each in waiting if not unfinished & set(each.upstreams)]:
                waiting.remove(table)
                reads[table.name] = {name: lake.store.version(name) for name in table.upstreams}
                running[pool.submit(build, lake, table, run_id)] = table
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                del running[future]
                results.append(future.result())
                say(progress_line(results[-1], len(results), total))


def progress_line(result: Result, number: int, total: int) -> str:
    """Return the line that tells of one built table."""
    refused = f" · {result.refused:,} refused" if result.refused else ""
    flow = f"{result.rows_in:>12,} in → {result.rows_out:>12,} out"
    return f"{number:>3}/{total} {result.table:<26} {flow} {result.seconds:>6.1f} s{refused}"
