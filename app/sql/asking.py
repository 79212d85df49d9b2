"""sql.asking — ask a worker a query, and write down what became of it."""

import time
from collections.abc import Mapping
from threading import Event

from app.sql import text
from app.sql.history import Asked, History
from app.sql.process import Process, Reply, Sink, Stopped
from app.sql.text import Refused
from lakehouse.errors import LakehouseError
from lakehouse.storage.ledger import Run


def ask(
    process: Process,
    history: History,
    sql: str,
    tables: Mapping[str, list[str | int]],
    run: Run,
    asked_by: str,
    stop: Event | None = None,
    act: str = "run",
    sink: Sink | None = None,
) -> tuple[Reply, Asked]:
    """Have a query run and written into the log, whatever becomes of it.

    Raises:
        LakehouseError: as `Process.ask` does.
    """
    began = time.monotonic()

    def asked(verdict: str, message: str = "", reply: Reply | None = None) -> Asked:
        read = [tables[view] for view in reply.told["tables"]] if reply else []
        versions = {str(name): int(version) for name, version, _ in read}
        rows = reply.rows.num_rows if reply and reply.rows is not None else None
        rows = reply.told.get("num_rows", rows) if reply else rows
        return Asked(sql, asked_by, verdict, message, time.monotonic() - began, rows, run.number, versions)

    try:
        text.check(sql)  # needs no worker that is ready
        process.wait(stop)
        began = time.monotonic()
        reply = process.ask(act, sql, tables, stop, sink)
    except LakehouseError as error:
        history.add(asked(_verdict(error), error.message))
        raise
    done = asked("planned" if act == "plan" else "done", reply=reply)
    history.add(done)
    return reply, done


def _verdict(error: LakehouseError) -> str:
    if isinstance(error, Refused):
        return f"refused: {error.rule}"
    return "stopped" if isinstance(error, Stopped) else "failed"
