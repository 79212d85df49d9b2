"""kinds.query_rows — all rows of a query as a file, as `lakehouse query --all-rows` writes it."""

from collections.abc import Mapping
from typing import Any

from app.jobs import files
from app.jobs.kinds import Arguments, Kind, Task
from app.sql import text
from app.sql.export import FORMS, export
from app.sql.history import reader_name
from lakehouse.errors import Exit, LakehouseError
from lakehouse.landing.preflight import printable

LONGEST_TITLE = 60  # characters of the query


def write(task: Task) -> Mapping[str, Any]:
    """Write the file."""
    from app.sql import published
    from lakehouse.lake import open_lake

    run = published.run_of(open_lake(task.settings), task.arguments["run"])
    assert run is not None  # without a publication nobody gets as far as to ask
    form = task.arguments["form"]
    path = task.folder / f"query-run{run.number}.{form}"
    partial = path.with_name(path.name + files.PARTIAL)
    with partial.open("wb") as target:
        asked = export(
            task.settings, task.arguments["sql"], run, reader_name(task.owner), target, form, task.folder, task.tell
        )
    partial.rename(path)
    return {"rows": asked.num_rows, "run": run.number}


def _check(arguments: Arguments) -> Arguments:
    """Refuse what no worker need start for.

    Raises:
        Refused: the text of the query (exit code 3).
        LakehouseError: the form or the run (exit code 2).
    """
    sql, form, run = str(arguments.get("sql", "")), str(arguments.get("form", FORMS[0])), arguments.get("run")
    if form not in FORMS:
        raise LakehouseError(
            f"Rows are not written as {printable(form)[:20]}.", f"form: {', '.join(FORMS)}", Exit.USAGE
        )
    if run is not None and (not isinstance(run, int) or isinstance(run, bool)):
        raise LakehouseError("A run has a number.", "run: 7, or none for the newest", Exit.USAGE)
    text.check(sql)
    return {"sql": sql, "form": form, "run": run}


def _title(arguments: Arguments) -> str:
    words = printable(" ".join(str(arguments["sql"]).split()))
    return f"All rows of {words if len(words) <= LONGEST_TITLE else words[: LONGEST_TITLE - 1] + '…'}"


kind = Kind("query-rows", _title, _check, write)
