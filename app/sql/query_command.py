"""sql.query_command — `lakehouse query`: Spark SQL over the published tables, by the guard of the site's Query page."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from app.sql import limits
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

if TYPE_CHECKING:
    from lakehouse.storage.ledger import Run

FORMS = ("table", "csv", "json", "parquet")


@click.command(context_settings={"ignore_unknown_options": True})  # a query may begin with a comment, `-- …`
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(FORMS), default="table", show_default=True, help="How to print.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows to a file instead.")
@click.option("--all-rows", is_flag=True, help="All rows, not the first 1,000; as csv or parquet.")
@click.option("--run", "number", type=int, help="Read the tables of this run, not those of the newest publication.")
@click.pass_obj
def query(settings: Settings, sql: str, form: str, output: Path | None, all_rows: bool, number: int | None) -> None:
    """Ask the published tables of gold and silver in Spark SQL; `-` reads the query from stdin.

    Only queries that read are possible, over tables as they were published: `gold.funnel`, or `funnel`. What a rule
    refuses ends with exit code 3, what fails or takes longer than 20 s with 1. The first 1,000 rows are given; all of
    them with `--all-rows`, for which a query has 15 minutes.
    """
    from app.sql import asking, published, results
    from app.sql.history import History
    from app.sql.process import Process
    from lakehouse.lake import open_lake

    _require_possible(form, output, all_rows)

    lake = open_lake(settings)
    run = published.run_of(lake, number)
    tables = published.tables(run)
    assert run is not None
    text = sys.stdin.read(limits.LONGEST_TEXT + 1) if sql == "-" else sql
    if all_rows:
        _export(settings, text, run, form, output)
        return
    with Process(settings) as process:
        reply, asked = asking.ask(process, History(settings.lake_path), text, tables, run, "command line")
    assert reply.rows is not None
    if form == "parquet":
        _write(results.as_parquet(reply.rows), output)
    else:
        write = {"table": results.as_table, "csv": results.as_csv, "json": results.as_json}[form]
        _write((write(reply.rows).rstrip("\n") + "\n").encode(), output)
    more = f"the first {limits.MOST_ROWS:,} rows of more" if reply.told["is_cut"] else f"{reply.rows.num_rows:,} rows"
    click.echo(f"{more} in {asked.seconds:.1f} s, run {run.number}", err=True)


def _require_possible(form: str, output: Path | None, all_rows: bool) -> None:
    """Refuse a form that the rows cannot have.

    Raises:
        LakehouseError: all rows as a table or JSON, or Parquet on the terminal (exit code 2).
    """
    if all_rows and form not in ("csv", "parquet"):
        raise LakehouseError(f"All rows are not written as {form}.", "--format csv, or parquet", Exit.USAGE)
    if form == "parquet" and output is None:
        raise LakehouseError("Parquet is not text.", "name a file by --output", Exit.USAGE)


def _export(settings: Settings, sql: str, run: "Run", form: str, output: Path | None) -> None:
    """Write all rows into a file, which is there only when it is whole, or to stdout."""
    from app.sql.export import export

    def write(target: BinaryIO) -> None:
        asked = export(settings, sql, run, "command line", target, form, None, lambda *_: None)
        click.echo(f"{asked.num_rows:,} rows in {asked.seconds:.1f} s, run {run.number}", err=True)

    if output is None:
        write(sys.stdout.buffer)
        return
    partial = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with _opened(partial, output) as target:
            write(target)
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def _write(content: bytes, output: Path | None) -> None:
    if output is None:
        click.echo(content, nl=False)
        return
    with _opened(output, output) as target:
        target.write(content)


@contextmanager
def _opened(path: Path, named: Path) -> Iterator[BinaryIO]:
    """Open a file to write.

    Raises:
        LakehouseError: it cannot be written (exit code 2).
    """
    try:
        with path.open("wb") as target:
            yield target
    except OSError as error:
        message = f"{named} cannot be written: {error.strerror}."
        raise LakehouseError(message, "name another file by --output", Exit.USAGE) from error
