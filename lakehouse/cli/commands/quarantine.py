"""cli.commands.quarantine — refused rows and landed files: look, judge again, discard."""

import shlex

import click

from lakehouse.cli.render import Commands, as_json_option, emit, say
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

file_option = click.option(
    "--file", default="", metavar="NUMBER|NAME", help="Only rows of the landed file of this receipt number or name."
)
rule_option = click.option("--rule", default="", metavar="NAME", help="Only rows that break this rule.")


@click.group(cls=Commands)
def quarantine() -> None:
    """Look at refused rows, judge them again, or discard them."""


@quarantine.command("ls")
@as_json_option
@click.pass_obj
def quarantine_ls(settings: Settings, as_json: bool) -> None:
    """Count refused rows by table, landed file and rule; a row may break several rules."""
    from lakehouse.lake import open_lake
    from lakehouse.quarantine import review
    from lakehouse.reports.text import grid

    found = review.counts(open_lake(settings))
    lines = [
        (*[each[name] for name in ("table", "number", "file", "rows")], "; ".join(_describe_counts(each["rules"])))
        for each in found
    ]
    text = grid(["table", "number", "file", "rows", "by rule"], lines) if found else "No row is set aside."
    emit(found, as_json, text)


@quarantine.command("show")
@click.argument("table")
@file_option
@rule_option
@click.option("--rows", type=click.IntRange(min=1), help="How many; 10 if not given, with --csv all.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the lines below their header: mend them, land them again.")
@as_json_option
@click.pass_obj
def quarantine_show(
    settings: Settings, table: str, file: str, rule: str, rows: int | None, as_csv: bool, as_json: bool
) -> None:
    """Print refused rows with all the rules they break and the line as it came."""
    from lakehouse.lake import open_lake
    from lakehouse.quarantine import review, selection
    from lakehouse.reports.text import grid

    lake = open_lake(settings)
    choice = selection.choose(lake, table, file, rule)
    if as_csv:
        for line in review.as_csv(lake, choice, rows):
            emit(None, as_json=False, text=line)
        return
    found = list(review.rows(lake, choice, rows or 10))
    lines = [(each["number"], each["file"], each["line"], "; ".join(each["rules"])) for each in found]
    text = grid(["number", "file", "line", "broken rules"], lines) if found else "No such row is set aside."
    emit(found, as_json, text)


@quarantine.command("replay")
@click.argument("table")
@as_json_option
@click.pass_obj
def quarantine_replay(settings: Settings, table: str, as_json: bool) -> None:
    """Judge the refused rows of a table again, by the rules as they are now, and publish what follows.

    Rows that hold enter the table, the others stay. Where the table's definition changed since, it gets a full refresh.
    """
    from lakehouse.lake import open_lake
    from lakehouse.quarantine import selection
    from lakehouse.reports import run_report
    from lakehouse.runs import runner
    from lakehouse.runs.planner import Request

    lake = open_lake(settings)
    choice = selection.choose(lake, table)
    if not selection.counts(lake, choice):
        raise LakehouseError(f"{choice.table.name} has no row set aside.", "lakehouse quarantine ls", Exit.USAGE)
    request = Request((f"{choice.table.name}+",), judge_again=(choice.table.name,))
    done = runner.run(lake, say, request, f"lakehouse quarantine replay {choice.table.name}")
    emit(run_report.run_facts(done), as_json, run_report.results_text(done.results) if done else "")


@quarantine.command("discard")
@click.argument("table")
@file_option
@rule_option
@click.option("--apply", is_flag=True, help="Do it; without this, only say what would be done.")
@as_json_option
@click.pass_obj
def quarantine_discard(settings: Settings, table: str, file: str, rule: str, apply: bool, as_json: bool) -> None:
    """Delete refused rows for good. The ledger keeps how many of which file; bronze keeps the lines as they came."""
    from lakehouse.lake import open_lake
    from lakehouse.quarantine import discard, selection
    from lakehouse.reports.text import grid, several

    lake = open_lake(settings)
    choice = selection.choose(lake, table, file, rule)
    number = next(iter(choice.files.values())).number if file else ""
    options = [f"--{name} {shlex.quote(str(value))}" for name, value in (("file", number), ("rule", rule)) if value]
    command = " ".join(["lakehouse quarantine discard", choice.table.name, *options])
    found = discard.discard(lake, choice, command, apply=apply)
    rows = several(sum(each["rows"] for each in found), "row")
    say(f"{rows} discarded." if apply else f"{rows} would be discarded; do it: {command} --apply")
    listed = [each | {"name": choice.files[each["file"]].name} for each in found]
    lines = [(each["number"], each["name"], each["rows"], "; ".join(each["rules"])) for each in listed]
    text = grid(["number", "file", "rows", "broken rules"], lines) if listed else ""
    emit({"applied": apply, "discarded": listed}, as_json, text)


@quarantine.command("accept")
@click.argument("receipt", type=click.IntRange(min=1))
@as_json_option
@click.pass_obj
def quarantine_accept(settings: Settings, receipt: int, as_json: bool) -> None:
    """Decide that what is refused of the landed file RECEIPT, a number, stops no run, now and later.

    Its refused rows stay in quarantine, and the decision is kept with the receipt.
    """
    from lakehouse.lake import open_lake
    from lakehouse.quarantine import acceptance

    done = acceptance.accept(open_lake(settings).landing, receipt)
    facts = {"number": done.number, "name": done.name, "accepted_at": done.accepted_at}
    emit(facts, as_json, f"What is refused of receipt {receipt}, {done.name}, stops no run: lakehouse run")


@click.command()
@click.argument("which", required=False, metavar="[NUMBER|NAME]")
@as_json_option
@click.pass_obj
def receipts(settings: Settings, which: str | None, as_json: bool) -> None:
    """List the landed files and what became of their lines; of one file also the first refused lines.

    Lines that passed were accepted, or are duplicates of accepted ones.
    """
    from lakehouse.lake import open_lake
    from lakehouse.reports import reconciliation, unread

    lake = open_lake(settings)
    if which is None:
        found = reconciliation.accounts(lake)
        emit(
            [each.facts() for each in found],
            as_json,
            reconciliation.accounts_text(found) if found else "No file has landed.",
        )
        return
    listed = [
        (each, reconciliation.bad_lines(lake, each), unread.count_unread(lake, each.receipt))
        for each in reconciliation.find(lake, which)
    ]
    text = "\n\n".join(
        reconciliation.account_text(account, lines) + unread.unread_text(rows) for account, lines, rows in listed
    )
    emit([account.facts() | {"num_unread": rows, "bad_lines": lines} for account, lines, rows in listed], as_json, text)


def _describe_counts(rules: dict[str, int]) -> list[str]:
    return [f"{rule}: {count:,}" for rule, count in rules.items()]


commands = [quarantine, receipts]
