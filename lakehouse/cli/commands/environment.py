"""cli.commands.environment — this installation: settings, Java, JARs, and the catalogue of tables."""

from textwrap import indent

import click

from lakehouse import settings as settings_module
from lakehouse.cli.render import as_json_option, emit, say
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings


@click.command()
@as_json_option
@click.pass_obj
def config(settings: Settings, as_json: bool) -> None:
    """Print every setting and where it came from; secrets are masked."""
    values = settings_module.shown(settings)
    rows = [f"{key:<30} {value!s:<34} {settings.origins[key]}" for key, value in values.items()]
    emit({key: {"value": v, "origin": settings.origins[key]} for key, v in values.items()}, as_json, "\n".join(rows))


@click.command()
@as_json_option
@click.pass_obj
def doctor(settings: Settings, as_json: bool) -> None:
    """Check Java, versions, JARs, memory, disk, ports and the lake's lock; say what mends each failure."""
    from lakehouse.environment import doctor as examination

    checks = examination.check(settings)
    lines = []
    for each in checks:
        lines += [f"{'✓' if each.ok else '✗'} {each.name:<16} {each.found}"]
        lines += [indent(each.note, "  ")] if each.note else []
        lines += [f"  → {each.remedy}"] if each.remedy else []
    emit([vars(check) for check in checks], as_json, "\n".join(lines))
    if not all(check.ok for check in checks):
        raise click.exceptions.Exit(Exit.ENVIRONMENT)


@click.command()
@click.option("--tests", is_flag=True, help="Also what the tests need: a browser.")
@click.pass_obj
def setup(settings: Settings, tests: bool) -> None:
    """Bring Java and the JARs to this machine; what is there already is only checked."""
    from lakehouse.environment import setup as preparation

    preparation.prepare(settings, say, tests=tests)


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail if they are not current.")
@click.pass_obj
def catalog(settings: Settings, check: bool) -> None:
    """Write the flow diagram in the README and the data dictionary in docs/tables.md, from the contracts."""
    from lakehouse.reports import catalog as generator
    from lakehouse.table import discover

    stale = generator.update(discover(settings.layers), write=not check)
    if stale and check:
        names = " and ".join(path.name for path in stale)
        raise LakehouseError(f"{names} does not show the tables as they are.", "lakehouse catalog")


commands = [config, doctor, setup, catalog]
