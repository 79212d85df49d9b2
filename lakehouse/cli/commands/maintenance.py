"""cli.commands.maintenance — keep the lake small and quick, and take a table back to an older version."""

from dataclasses import asdict

import click

from lakehouse.cli.bounded import Bounded
from lakehouse.cli.render import Commands, as_json_option, emit, say, unknown
from lakehouse.sections import KEPT_HOURS
from lakehouse.settings import Settings
from lakehouse.storage.log import DataSize, total

APPLY = "Nothing was changed: --apply does it."
apply_option = click.option("--apply", "is_applied", is_flag=True, help="Do it; else only say what it would do.")


@click.group(cls=Commands)
def maintain() -> None:
    """Put files in order, and remove those that nobody needs."""


@maintain.command()
@click.argument("select", nargs=-1)
@as_json_option
@click.pass_obj
def optimize(settings: Settings, select: tuple[str, ...], as_json: bool) -> None:
    """Cut the files of tables by what they are filtered by, and put small ones together.

    SELECT names tables as `lakehouse run` does; all of them if there is none. Tables in order are left alone.
    """
    from lakehouse.lake import open_lake
    from lakehouse.maintenance import optimize

    done = optimize.optimize(open_lake(settings), say, select)
    lines = [
        f"{each.table:<28} {_size(each.before):>22}"
        + (" in order" if each.is_left_alone else f" → {_size(each.after)}")
        for each in done
    ]
    emit([asdict(each) for each in done], as_json, "\n".join(lines))


@maintain.command()
@click.option(
    "--older-than", "hours", type=Bounded(click.INT, KEPT_HOURS), metavar="HOURS", help="Keep what is younger."
)
@apply_option
@as_json_option
@click.pass_obj
def vacuum(settings: Settings, hours: int | None, is_applied: bool, as_json: bool) -> None:
    """Remove files that no published and no newer version needs; older versions can then no longer be read.

    HOURS is maintenance.keep_hours of conf/base.toml if it is not given.
    """
    from lakehouse.lake import open_lake
    from lakehouse.maintenance import vacuum as vacuuming

    kept = settings.maintenance.keep_hours if hours is None else hours
    found = vacuuming.vacuum(open_lake(settings), say, kept, is_applied)
    lines = [f"{each.table:<28} {_size(each.size):>22}" for each in found]
    lines += (
        [f"{'all':<28} {_size(total(each.size for each in found)):>22}"] if found else ["There is nothing to remove."]
    )
    lines += [APPLY] if found and not is_applied else []
    facts = {"hours": kept, "is_applied": is_applied, "removed": [asdict(each) for each in found]}
    emit(facts, as_json, "\n".join(lines))


@click.command()
@click.argument("table")
@click.option("--version", type=click.IntRange(min=0), required=True, help="The version to go back to.")
@apply_option
@as_json_option
@click.pass_obj
def restore(settings: Settings, table: str, version: int, is_applied: bool, as_json: bool) -> None:
    """Put an older version of a table in the place of the present one; the next run goes on from there."""
    from lakehouse.lake import open_lake
    from lakehouse.maintenance import restore as restoring

    lake = open_lake(settings)
    if table not in lake.contracts:
        raise unknown("table", table, list(lake.contracts), "lakehouse status lists them")
    done = restoring.restore(lake, say, table, version, is_applied)
    text = f"{table}: version {done.present} ({done.rows_present:,} rows) → {version} ({done.rows_wanted:,} rows)"
    emit(asdict(done) | {"is_applied": is_applied}, as_json, text if is_applied else f"{text}\n{APPLY}")


def _size(found: DataSize) -> str:
    return f"{found.files:,} files {found.bytes / 1e6:,.1f} MB"


commands = [maintain, restore]
