"""cli.commands.privacy — what the lake holds about a visitor: give it out, or erase it."""

import json
from pathlib import Path

import click

from lakehouse.cli.commands.maintenance import APPLY, apply_option
from lakehouse.cli.render import as_json_option, emit, say
from lakehouse.settings import Settings

visitor_option = click.option("--visitor", type=click.IntRange(-(2**63), 2**63 - 1), required=True, help="The id.")


@click.command()
@visitor_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it there.")
@as_json_option
@click.pass_obj
def export(settings: Settings, visitor: int, out: Path | None, as_json: bool) -> None:
    """Print all rows and landed lines held about a visitor, as JSON."""
    from lakehouse.lake import open_lake
    from lakehouse.privacy import inventory
    from lakehouse.privacy.subject import DataSubject

    held = inventory.export(open_lake(settings), DataSubject(visitor))
    if not held:
        say(f"Nothing is held about visitor {visitor}.")
    counts = {place: len(rows) for place, rows in held.items()}
    if out is None:
        emit(held, as_json=True)
    else:
        out.write_text(json.dumps(held, indent=1, default=str))
        emit(counts, as_json, _text(counts))


@click.command()
@visitor_option
@apply_option
@as_json_option
@click.pass_obj
def erase(settings: Settings, visitor: int, is_applied: bool, as_json: bool) -> None:
    """Take a visitor out of landed files, tables and all their older versions, ledger and logs.

    Older versions of every table can no longer be read afterwards. If it is interrupted, the same command goes on.
    """
    from lakehouse.lake import open_lake
    from lakehouse.privacy import erasure
    from lakehouse.privacy.subject import DataSubject

    record = erasure.erase(open_lake(settings), DataSubject(visitor), say, is_applied)
    if record is None:
        say(f"Nothing is held about visitor {visitor}.")
    removed = record.removed if record else {}
    text = "\n".join([_text(removed), *([] if is_applied or record is None else [APPLY])])
    facts = {"is_applied": is_applied, "removed": removed}
    emit(facts | ({"record": vars(record)} if record and is_applied else {}), as_json, text)


def _text(counts: dict[str, int]) -> str:
    return "\n".join(f"{count:>9,}  {place}" for place, count in counts.items())


commands = [export, erase]
