"""lakehouse.commands.tables — what is in the lake."""

import click

from lakehouse.cli import as_json_option, emit, unknown
from lakehouse.settings import Settings


@click.command()
@as_json_option
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Summarise the lake: rows and refused rows of each table, the model, and what to do next."""
    from lakehouse import summary
    from lakehouse.lake import open_lake

    sections = summary.sections(open_lake(settings))
    emit({section.title: section.facts for section in sections}, as_json, summary.text(sections))


@click.command()
@click.argument("table")
@click.option("--rows", default=10, show_default=True, help="How many rows.")
@as_json_option
@click.pass_obj
def show(settings: Settings, table: str, rows: int, as_json: bool) -> None:
    """Describe a table and print some of its published rows."""
    from lakehouse import summary
    from lakehouse.lake import open_lake

    lake = open_lake(settings)
    if table not in lake.contracts:
        raise unknown("table", table, list(lake.contracts), "lakehouse status lists them")
    contract, sample = summary.describe(lake, lake.contracts[table], rows)
    emit(
        {"table": table, "columns": contract, "rows": sample.to_pylist()}, as_json, summary.table_text(contract, sample)
    )


commands = [status, show]
