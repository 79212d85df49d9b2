"""cli.commands.runs — bring the lake up to date, and look at what was done."""

from datetime import datetime

import click

from lakehouse.cli.render import Commands, as_json_option, emit, say
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

SELECTORS = """

    SELECT names tables, by patterns too: gold.funnel, 'gold.*', silver.sessions+ (and all that follow), +gold.funnel
    (and all before it). Without any it means all tables.
    """
select_argument = click.argument("select", nargs=-1)
full_refresh_option = click.option(
    "--full-refresh",
    multiple=True,
    metavar="NAME",
    help="Compute all rows of this table anew; a pattern too, and several times.",
)


@click.command(help="Say what a run would read and build, and why. Needs no Java." + SELECTORS)
@select_argument
@full_refresh_option
@as_json_option
@click.pass_obj
def plan(settings: Settings, select: tuple[str, ...], full_refresh: tuple[str, ...], as_json: bool) -> None:
    """Print the plan of a run."""
    from lakehouse.lake import open_lake
    from lakehouse.reports import run_report
    from lakehouse.runs import planner as planning
    from lakehouse.runs import runner

    lake = open_lake(settings)
    steps = planning.plan(lake, planning.Request(select, full_refresh))
    text = run_report.plan_text(steps, runner.is_unpublished(lake))
    emit(run_report.step_facts(steps), as_json, text)


@click.command(help="Build what changed, and publish it." + SELECTORS)
@select_argument
@full_refresh_option
@as_json_option
@click.pass_obj
def run(settings: Settings, select: tuple[str, ...], full_refresh: tuple[str, ...], as_json: bool) -> None:
    """Run the pipeline."""
    from lakehouse.lake import open_lake
    from lakehouse.reports import run_report, unread
    from lakehouse.runs import runner
    from lakehouse.runs.planner import Request

    command = " ".join(["lakehouse run", *select, *[f"--full-refresh {name}" for name in full_refresh]])
    lake = open_lake(settings)
    waiting = unread.receipts_waiting(lake)
    done = runner.run(lake, say, Request(select, full_refresh), command)
    for sentence in unread.describe_ignored(lake, waiting):
        say(sentence)
    emit(run_report.run_facts(done), as_json, run_report.results_text(done.results) if done else "")


@click.command()
@as_json_option
@click.pass_obj
def retry(settings: Settings, as_json: bool) -> None:
    """Ask again for what the newest run failed to do.

    Tables that it finished are not built again.
    """
    from lakehouse.lake import open_lake
    from lakehouse.reports import run_report
    from lakehouse.runs import runner

    lake = open_lake(settings)
    done = runner.run(lake, say, run_report.again(lake), "lakehouse retry")
    emit(run_report.run_facts(done), as_json, run_report.results_text(done.results) if done else "")


@click.command(help="Compute some days anew, in every table that is kept by day." + SELECTORS)
@click.option(
    "--from",
    "first",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    metavar="DATE",
    help="First day, as 2015-06-01.",
)
@click.option(
    "--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, metavar="DATE", help="Last day, itself included."
)
@select_argument
@as_json_option
@click.pass_obj
def backfill(settings: Settings, first: datetime, last: datetime, select: tuple[str, ...], as_json: bool) -> None:
    """Run the pipeline for some days."""
    from lakehouse.lake import open_lake
    from lakehouse.reports import run_report
    from lakehouse.runs import runner
    from lakehouse.runs.planner import Request

    days = first.date(), last.date()
    if first > last:
        remedy = f"lakehouse backfill --from {days[1]} --to {days[0]}"
        raise LakehouseError(f"{days[0]} comes after {days[1]}.", remedy, Exit.USAGE)
    command = " ".join([f"lakehouse backfill --from {days[0]} --to {days[1]}", *select])
    done = runner.run(open_lake(settings), say, Request(select, days=days), command)
    emit(run_report.run_facts(done), as_json, run_report.results_text(done.results) if done else "")


@click.group(cls=Commands)
def runs() -> None:
    """Look at the runs of the past, as the ledger keeps them."""


@runs.command("ls")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="How many, the newest first.")
@as_json_option
@click.pass_obj
def runs_ls(settings: Settings, limit: int, as_json: bool) -> None:
    """List runs: what was asked for, how it ended, rows written and refused."""
    from lakehouse.lake import open_lake
    from lakehouse.reports import run_report

    newest = open_lake(settings).ledger.runs(limit)[::-1]
    text = run_report.runs_text(newest) if newest else "There was no run yet: lakehouse run"
    emit([run_report.brief(each) for each in newest], as_json, text)


@runs.command("show")
@click.argument("run_id")
@as_json_option
@click.pass_obj
def runs_show(settings: Settings, run_id: str, as_json: bool) -> None:
    """Tell all of one run: RUN_ID is its id, the beginning of it, or `latest`."""
    from lakehouse.lake import open_lake
    from lakehouse.reports import run_report

    found = run_report.find(open_lake(settings), run_id)
    emit(run_report.full(found), as_json, run_report.run_text(found))


commands = [plan, run, retry, backfill, runs]
