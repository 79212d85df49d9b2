"""cli.commands.retraction — take a landed file back."""

import click

from lakehouse.cli.bounded import REASON
from lakehouse.cli.render import as_json_option, emit, say
from lakehouse.settings import Settings


@click.command()
@click.argument("receipt", type=click.IntRange(min=1))
@click.option("--reason", required=True, type=REASON, metavar="TEXT", help="Why; it is kept with the receipt.")
@click.option("--apply", "is_applied", is_flag=True, help="Do it; without this, only say what would be done.")
@as_json_option
@click.pass_obj
def retract(settings: Settings, receipt: int, reason: str, is_applied: bool, as_json: bool) -> None:
    """Take a landed file back: RECEIPT is its number, as `lakehouse receipts` lists it.

    Its rows leave every table, and discards of its refused rows lapse; a row that another file also brought stays.
    The file itself stays where it lies, `erase` and `export` see it, and its content may land again.
    """
    from lakehouse.lake import open_lake
    from lakehouse.runs import retraction

    done = retraction.retract(open_lake(settings), receipt, reason, say, is_applied=is_applied)
    what = f"receipt {receipt}, {done.receipt.name}, {done.receipt.lines:,} lines of {done.receipt.kind}"
    if not done.is_taken_up:
        what += ", which no run has taken up"
    command = f"lakehouse retract {receipt} --reason TEXT --apply"
    text = f"Taken back: {what}." if is_applied else f"This would take back {what}; do it: {command}"
    emit(done.facts() | {"is_applied": is_applied}, as_json, text)


commands = [retract]
