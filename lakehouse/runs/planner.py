"""runs.planner — what a run would do and why, by the ledger, the logs and the landing folder; needs no Java."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing import retraction
from lakehouse.landing.receipts import Receipt
from lakehouse.runs.incremental import Change, has_replace_columns
from lakehouse.runs.selectors import select
from lakehouse.storage import log
from lakehouse.storage.ledger import Built
from lakehouse.storage.ledger_rows import Mode
from lakehouse.storage.log import DataSize
from lakehouse.storage.reading import is_plain
from lakehouse.table import Table, short_name


@dataclass(frozen=True)
class Request:
    """What a run is asked for.

    Attributes:
        selectors: which tables; all if there is none.
        full_refresh: selectors of tables whose rows are all computed anew.
        days: first and last day to compute anew.
        judge_again: tables whose refused rows are judged again.
        finished: tables for which an earlier run that failed did all that already.
    """

    selectors: tuple[str, ...] = ()
    full_refresh: tuple[str, ...] = ()
    days: tuple[date, date] | None = None
    judge_again: tuple[str, ...] = ()
    finished: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return it as the ledger keeps it."""
        return asdict(self) | {"days": [str(day) for day in self.days] if self.days else None}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Request":
        """Return what the ledger kept as a request."""
        days = [date.fromisoformat(day) for day in facts.get("days") or []]
        names = ("selectors", "full_refresh", "judge_again", "finished")
        tuples = {name: tuple(facts.get(name) or ()) for name in names}
        return cls(**tuples, days=(days[0], days[1]) if days else None)


@dataclass(frozen=True)
class Step:
    """One table of a plan.

    Attributes:
        table: the table.
        reason: why it is built.
        since: upstream -> version that the table has seen; what came later is the change.
        read: files and bytes of the change, as far as they are there already.
        ignores_existing: whether all rows are computed and the present ones not looked at: they may be damaged.
        judges_again: whether the rows that the table refused so far are judged again.
        retracted: receipts that were taken back, whose rows a table of landed files still holds.
        shares: how many times as many shares as usual all rows are computed in, where memory was too small before.
    """

    table: Table
    reason: str
    since: Mapping[str, int] = field(default_factory=dict)
    read: DataSize = field(default_factory=DataSize)
    ignores_existing: bool = False
    judges_again: bool = False
    retracted: tuple[Receipt, ...] = ()
    shares: int = 1

    @property
    def mode(self) -> Mode:
        """How it is built: by a full refresh, or incrementally, by what changed alone."""
        is_full = self.ignores_existing or self.table.refresh.kind == "rebuild"
        return "full_refresh" if is_full else "incremental"


def plan(lake: Lake, request: Request | None = None) -> list[Step]:
    """Return the tables that a run would build, upstreams first.

    Raises:
        LakehouseError: nothing has landed yet, or a selector selects nothing (exit code 2).
    """
    asked = request or Request()
    for table in lake.tables.values():
        kind = short_name(table.name)
        if table.is_required and not lake.landing.entries(kind):
            remedy = "lakehouse land FILE…, or try it with made-up data: lakehouse sample"
            raise LakehouseError(f"No file of {kind} has landed in {lake.settings.lake_path}.", remedy, Exit.USAGE)
    selected = select(lake.tables, asked.selectors)
    forced = select(lake.tables, asked.full_refresh) if asked.full_refresh else set()
    if forced and all(lake.tables[name].refresh.kind == "append" for name in forced):
        message = f"{', '.join(sorted(forced))} keeps landed rows as they came; nothing can compute them anew."
        raise LakehouseError(message, "name a table that is computed from it", Exit.USAGE)
    built = lake.ledger.built()
    steps: dict[str, Step] = {}
    for table in lake.tables.values():
        if table.is_built_by_run and table.name in selected | forced:
            step = _step(lake, table, built.get(table.name), steps, asked, forced)
            if step:
                steps[table.name] = step
    return list(steps.values())


def _step(
    lake: Lake,
    table: Table,
    state: Built | None,
    planned: Mapping[str, Step],
    asked: Request,
    forced: set[str],
) -> Step | None:
    is_finished, days = table.name in asked.finished, asked.days
    if table.refresh.kind == "append":
        return _intake(lake, table, state)
    if state is None or not lake.store.exists(table.name):
        return _full_refresh(lake, table, "never built")
    if is_made_anew(lake, table.name, state.version, state.id):
        return _full_refresh(lake, table, f"{table.name} was made anew")
    if _has_lost_refused(lake, table, state):
        return _full_refresh(lake, table, f"{table.name}_quarantine was made anew")
    if table.name in forced and not is_finished:
        return _full_refresh(lake, table, "asked for")
    if state.fingerprint != table.fingerprint or set(state.reads) != set(table.upstreams):
        return _full_refresh(lake, table, "its definition changed")
    anew = [name for name in table.upstreams if is_made_anew(lake, name, state.reads[name], state.read_ids.get(name))]
    if anew:
        return _full_refresh(lake, table, f"{', '.join(anew)} was made anew")
    taken_back = [name for name in table.upstreams if name in planned and planned[name].retracted]
    if taken_back:
        return _full_refresh(lake, table, f"rows were taken back from {taken_back[0]}")
    if is_foreign(lake, table, state):
        return _full_refresh(lake, table, "something other than a run changed it")
    is_unfinished = bool(changes(lake, {table.name: state.version}))
    is_asked = table.name in asked.judge_again and not is_finished and _refused(lake, table) > 0
    changed = [name for name in table.upstreams if name in planned or changes(lake, {name: state.reads[name]})]
    if changed:
        found, reason = changes(lake, state.reads), f"{', '.join(changed)} changed"
        because = full_refresh_reason(lake, table, found, planned.keys() & set(changed))
        size = log.total(_size_of_change(lake, each) for each in found)
        again = is_asked or (is_unfinished and _refused(lake, table) > 0)
        return Step(table, because or reason, state.reads, size, bool(because), again)
    if is_asked:
        size = log.size(lake.store.delta(f"{table.name}_quarantine"))
        reason = f"asked to judge {_refused(lake, table):,} refused rows again"
        is_full = is_unfinished or table.refresh.kind == "rebuild"
        return Step(table, reason, state.reads, size, is_full, judges_again=True)
    if days and not is_finished and of_days(lake, table, days):
        return Step(table, f"asked for {days[0]} to {days[1]}", state.reads)
    if is_unfinished:
        return _full_refresh(lake, table, "left unfinished by a run that died")
    return None


def _full_refresh(lake: Lake, table: Table, reason: str) -> Step:
    """Return the step that computes all rows of a table, whatever it holds."""
    there = [name for name in table.upstreams if lake.store.exists(name)]
    size = log.total(log.size(lake.store.delta(name)) for name in there)
    return Step(table, reason, read=size, ignores_existing=True)


def _intake(lake: Lake, table: Table, state: Built | None) -> Step | None:
    kind = short_name(table.name)
    after = lake.store.consumed(table.name) if lake.store.exists(table.name) else 0
    new = lake.landing.waiting(kind, after)
    gone = retraction.pending(lake.landing, kind, after, _taken_out(lake, table))
    reasons = [f"{len(new)} new file{'s' * (len(new) > 1)}"] if new else []
    reasons += [f"{len(gone)} file{'s' * (len(gone) > 1)} taken back"] if gone else []
    if reasons:
        size = DataSize(len(new), sum(each.size for each in new))
        return Step(table, " and ".join(reasons), read=size, retracted=tuple(gone))
    if state is None or not lake.store.exists(table.name):
        return Step(table, "never built")
    return None


def _taken_out(lake: Lake, table: Table) -> list[int]:
    """Return the numbers of the receipts whose rows left a table; one put back from before that holds them again."""
    state = lake.ledger.state()
    is_behind = not lake.store.exists(table.name) or lake.store.version(table.name) < state.cut_at.get(table.name, 0)
    return [] if is_behind else state.retracted.get(table.name, [])


def is_made_anew(lake: Lake, name: str, version: int, known: str | None) -> bool:
    """Say whether a table is another one than that whose version was noted: it has another id, or a lower version.

    Of a lake that an earlier release kept, the id may not be known; what is not there will be made anew.
    """
    if not lake.store.exists(name):
        return True
    delta = lake.store.delta(name)
    return delta.version() < version or (bool(known) and str(delta.metadata().id) != known)


def changes(lake: Lake, since: Mapping[str, int]) -> list[Change]:
    """Return which upstreams hold other rows than at the versions given; one that is gone is no change of its own."""
    found = []
    for name, version in since.items():
        if not lake.store.exists(name) or lake.store.version(name) == version:
            continue
        delta, latest = lake.store.delta(name), lake.store.version(name)
        if latest < version or any(not each.is_neutral for each in log.since(delta, version)):
            found.append(Change(name, version, latest))
    return found


def full_refresh_reason(lake: Lake, table: Table, changed: list[Change], planned: Collection[str] = ()) -> str:
    """Say why a table gets a full refresh although only a part of its upstreams changed; empty if it gets none."""
    most = lake.settings.run.max_changed_share
    for name in planned:
        if not lake.store.exists(name):
            return f"{name} is made anew"
    cut_at = lake.ledger.state().cut_at
    for change in changed:
        if cut_at.get(change.upstream, 0) > change.after:
            return f"rows were taken back from {change.upstream}"
    for name in [*(change.upstream for change in changed), *planned]:
        reaches = table.refresh.kind != "replace" or short_name(name) in table.refresh.through
        if not reaches and not has_replace_columns(lake, table, name):
            return f"{name} changed, which has no {', '.join(table.refresh.by)}"
    for change in changed if table.refresh.kind != "rebuild" else []:
        delta = lake.store.delta(change.upstream)
        if not is_plain(delta):
            return f"{change.upstream} was changed by something other than a run"
        history = log.since(delta, change.after)
        if [each.version for each in history] != list(range(change.after + 1, change.upto + 1)):
            return f"the log of {change.upstream} no longer holds what changed"
        if lake.store.lost(change.upstream, change.after, change.upto):
            return f"files by which {change.upstream} changed are gone"
        share = log.rows(history) / max(1, lake.store.rows(change.upstream))
        if any(each.replaces_all for each in history):
            return f"all rows of {change.upstream} were computed anew"
        if share > most:
            return f"{share:.0%} of {change.upstream} changed, more than {most:.0%}"
    return ""


def is_foreign(lake: Lake, table: Table, state: Built) -> bool:
    """Say whether the table's log goes on, behind the version that a run left, with anything that is not a run's.

    A feature of Delta that another program switched on is such a thing, too: the table is then written without it.
    """
    if not is_plain(lake.store.delta(table.name)):
        return True
    if lake.store.version(table.name) == state.version:
        return False
    later = log.since(lake.store.delta(table.name), state.version)
    return not later or any(not each.run_id for each in later if not each.is_neutral)


def of_days(lake: Lake, table: Table, days: tuple[date, date]) -> list[Change]:
    """Return a table's upstream rows of some days as a change; none where no upstream has the table's day."""
    found = []
    for name in table.upstreams if table.refresh.kind == "replace" else []:
        sliced = [each.name for each in lake.tables[name].columns if each.type == "DATE"]
        if sliced[:1] == lake.tables[name].cluster_by[:1] and sliced and has_replace_columns(lake, table, name):
            found.append(Change(name, 0, 0, f"{sliced[0]} BETWEEN DATE'{days[0]}' AND DATE'{days[1]}'"))
    return found


def _refused(lake: Lake, table: Table) -> int:
    name = f"{table.name}_quarantine"
    return lake.store.rows(name) if table.quarantine_rules and lake.store.exists(name) else 0


def _has_lost_refused(lake: Lake, table: Table, state: Built) -> bool:
    """Say whether a table's quarantine is gone, or another one than the table was built with."""
    published, name = lake.ledger.published(), f"{table.name}_quarantine"
    version = published.versions.get(name, 0) if published else 0
    return bool(table.quarantine_rules) and is_made_anew(lake, name, version, state.quarantine_id)


def _size_of_change(lake: Lake, change: Change) -> DataSize:
    history = log.since(lake.store.delta(change.upstream), change.after)
    return log.total(each.size for each in history if not each.is_neutral)
