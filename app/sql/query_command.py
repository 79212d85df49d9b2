"""sql.query_command — `lakehouse query`: Spark SQL over the published tables, by the guard of the site's Query page."""

import sys
from pathlib import Path

import click

from app.sql import limits
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

FORMS = ("table", "csv", "json")


@click.command()
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(FORMS), default="table", show_default=True, help="How to print.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows to a file instead.")
@click.option("--run", "number", type=int, help="Read the tables of this run, not those of the newest publication.")
@click.pass_obj
def query(settings: Settings, sql: str, form: str, output: Path | None, number: int | None) -> None:
    """Ask the published tables of gold and silver in Spark SQL; `-` reads the query from stdin.

    Only queries that read are possible, over tables as they were published: `gold.funnel`, or `funnel`. What a rule
    refuses ends with exit code 3, what fails or takes longer than 20 s with 1. The first 1,000 rows are given.
    """
    from app.sql import asking, published, results
    from app.sql.history import History
    from app.sql.process import Process
    from lakehouse.lake import open_lake

    lake = open_lake(settings)
    run = published.run_of(lake, number)
    tables = published.tables(run)
    assert run is not None
    text = sys.stdin.read(limits.LONGEST_TEXT + 1) if sql == "-" else sql
    with Process(settings) as process:
        reply, asked = asking.ask(process, History(settings.lake_path), text, tables, run, "command line")
    assert reply.rows is not None
    write = {"table": results.as_table, "csv": results.as_csv, "json": results.as_json}[form]
    _write(write(reply.rows).rstrip("\n") + "\n", output)
    more = f"the first {limits.MOST_ROWS:,} rows of more" if reply.told["is_cut"] else f"{reply.rows.num_rows:,} rows"
    click.echo(f"{more} in {asked.seconds:.1f} s, run {run.number}", err=True)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{output} cannot be written: {error.strerror}."
        raise LakehouseError(message, "name another file by --output", Exit.USAGE) from error
