"""bronze.commands — `lakehouse land`, `watch`, `sample` and `fetch`: how files come in."""

import signal
import threading
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from lakehouse import private
from lakehouse.bounds import Range
from lakehouse.cli.bounded import Bounded
from lakehouse.cli.render import emit, emit_line, progress, say
from lakehouse.errors import Exit, LakehouseError
from lakehouse.landing.receipts import Landing
from lakehouse.settings import Settings


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the receipts as JSON.")
@click.pass_obj
def land(settings: Settings, files: tuple[Path, ...], as_json: bool) -> None:
    """Let CSV files into the lake, unchanged, under the hash of their content.

    A file is known by its header: events, item properties or a category tree, columns in any order. Each file stands
    on its own: the good ones land, and the exit code is 3 if one was refused.
    """
    _land(settings, files, as_json)


@click.command()
@click.option("--scale", type=float, help="1 is the official size: 2.76 M events, 20.3 M property rows.")
@click.option("--seed", type=int, help="Same seed, same bytes.")
@click.option("--faults", type=float, help="Share of event rows that are planted faults.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Write the files there; do not land them."
)
@click.option("--if-empty", is_flag=True, help="Do nothing if a file has landed already.")
@click.pass_obj
def sample(
    settings: Settings, scale: float | None, seed: int | None, faults: float | None, out: Path | None, if_empty: bool
) -> None:
    """Make a synthetic RetailRocket and land it. Scale, seed and faults stand in conf/base.toml."""
    from bronze import sample as generator

    if if_empty and Landing(settings).entries():
        say(f"The lake {settings.lake_path} holds landed files already; no sample is made.")
        return
    chosen = settings.sample
    say("Making a synthetic RetailRocket …")
    with TemporaryDirectory(prefix=".sample-", dir=None if out else private.make_lake(settings)) as folder:
        try:
            paths = generator.write(
                out or Path(folder),
                chosen.scale if scale is None else scale,
                chosen.seed if seed is None else seed,
                chosen.faults if faults is None else faults,
                progress(),
            )
        except ValueError as error:
            raise LakehouseError(str(error), "lakehouse sample --help", Exit.USAGE) from error
        if out is None:
            _land(settings, paths, as_json=False)
        else:
            emit([str(path) for path in paths], as_json=False, text="\n".join(map(str, paths)))


@click.command()
@click.pass_obj
def fetch(settings: Settings) -> None:
    """Bring the official RetailRocket files from Kaggle, compare their sums, and land them.

    Kaggle wants an account; kagglehub finds its key or asks for it.
    """
    from bronze import official

    _land(settings, official.fetch(say), as_json=False)


def _land(settings: Settings, files: Iterable[Path], as_json: bool) -> None:
    """Land each file on its own; a refusal for what a file holds decides the exit code before any other."""
    from bronze import landing
    from lakehouse.landing.preflight import printable

    lake, codes, landed = Landing(settings), [], []
    for path in files:
        try:
            receipt, is_new = landing.accept(lake, path)
        except LakehouseError as error:
            say(f"✗ {error}")
            codes.append(error.code)
            continue
        landed.append({"file": str(path), "is_new": is_new, "kind": receipt.kind, "number": receipt.number})
        if is_new:
            say(f"✓ {receipt.label}: {receipt.lines:,} lines of {receipt.kind}")
            if not landing.has_line_end(lake.file(receipt)):
                say(
                    "  Its last line has no line end. If it was still being written, land it again when it is complete."
                )
        else:
            say(f"✓ {printable(path.name)}: already received on {receipt.received_at} as {receipt.label}")
    emit(landed, as_json)
    if codes:
        raise click.exceptions.Exit(Exit.REFUSED if Exit.REFUSED in codes else codes[0])


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--every",
    default=0.5,
    show_default=True,
    type=Bounded(click.FLOAT, Range(0.1, 3600)),
    help="Seconds between two looks.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each run as a JSON object on one line.")
@click.pass_obj
def watch(settings: Settings, folder: Path, every: float, as_json: bool) -> None:
    """Land each CSV file that is dropped into FOLDER, and run: one session, a line per run.

    A file is taken when it has not changed for a second, or for a minute where its last line has no end; hidden ones,
    *.part and *.tmp never are. Files stay where they are. A refused one is told once. Ctrl-C or SIGTERM ends it after
    the run that is under way; Ctrl-C once more ends that run, too.
    """
    from bronze import watch as watching
    from lakehouse.lake import open_lake

    stop = threading.Event()
    watched = watching.prepare(open_lake(settings), folder, say, progress())

    def end(number: int, _: object) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):  # now, for Spark takes Ctrl-C for itself when it starts
        signal.signal(number, end)
    for done in watching.watch(watched, every, stop):
        emit_line(done.facts, as_json, str(done))


commands = [land, watch, sample, fetch]
