"""lakehouse.commands.runs — bring the lake up to date, and look at what was done."""

import click

from lakehouse.cli import as_json_option, emit, say
from lakehouse.settings import Settings


@click.command()
@as_json_option
@click.pass_obj
def run(settings: Settings, as_json: bool) -> None:
    """Bring bronze, silver and gold up to what has landed, and publish them together."""
    from lakehouse import pipeline
    from lakehouse.lake import open_lake

    done = pipeline.run(open_lake(settings), say)
    emit({"run_id": done.run_id if done else None, "tables": [vars(r) for r in done.results] if done else []}, as_json)


commands = [run]
