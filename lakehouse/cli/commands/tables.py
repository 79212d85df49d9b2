"""cli.commands.tables — what is in the lake."""

import click

from lakehouse.cli.render import as_json_option, emit
from lakehouse.settings import Settings


@click.command()
@as_json_option
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Summarise the lake: rows and refused rows of each table, the model, and what to do next."""
    from lakehouse.lake import open_lake
    from lakehouse.reports import status

    sections = status.sections(open_lake(settings))
    emit({section.name: section.facts for section in sections}, as_json, status.text(sections))


@click.command()
@click.argument("table")
@click.option("--rows", default=10, show_default=True, type=click.IntRange(min=0), help="How many rows.")
@as_json_option
@click.pass_obj
def show(settings: Settings, table: str, rows: int, as_json: bool) -> None:
    """Describe a table and print some of its published rows."""
    from lakehouse.lake import open_lake
    from lakehouse.reports import status

    lake = open_lake(settings)
    columns, sample = status.describe(lake, lake.contract(table), rows)
    emit({"table": table, "columns": columns, "rows": sample.to_pylist()}, as_json, status.table_text(columns, sample))


@click.command()
@click.argument("table")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many, the newest first.")
@as_json_option
@click.pass_obj
def history(settings: Settings, table: str, limit: int, as_json: bool) -> None:
    """List a table's versions: when, by which run, what it wrote, and which run published it."""
    from lakehouse.lake import open_lake
    from lakehouse.reports import history as past

    lake = open_lake(settings)
    found = past.versions(lake, lake.contract(table).name, limit)
    emit(found, as_json, past.versions_text(found))


@click.command()
@click.argument("table")
@click.option("--from", "before", required=True, type=int, help="A version; `lakehouse history TABLE` lists them.")
@click.option("--to", "after", type=int, help="Another version, the newest if not given.")
@click.option("--rows", default=5, show_default=True, type=click.IntRange(min=0), help="How many examples of each.")
@as_json_option
@click.pass_obj
def diff(settings: Settings, table: str, before: int, after: int | None, rows: int, as_json: bool) -> None:
    """Compare two versions of a table: rows added, removed and, by the table's key, changed. Needs no Java."""
    from lakehouse.lake import open_lake
    from lakehouse.reports import history as past

    lake = open_lake(settings)
    compared = lake.contract(table)
    last = past.latest(lake, table) if after is None else after
    found = past.difference(lake, compared, before, last, rows)
    facts = {"table": table, "from": before, "to": last, **vars(found)}
    emit(facts, as_json, past.difference_text(found, f"{table}, version {before} to {last}"))


@click.command()
@as_json_option
@click.pass_obj
def freshness(settings: Settings, as_json: bool) -> None:
    """Say how new each table is, how many landed files wait for it, and whether it is behind and why."""
    from lakehouse.lake import open_lake
    from lakehouse.reports import freshness as age

    found = age.freshness(open_lake(settings))
    emit([vars(each) for each in found], as_json, age.freshness_text(found))


commands = [status, show, history, diff, freshness]
