"""batch.scoring — a file or a segment, scored into files: the one way, for the command line and for the site's jobs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lakehouse import failpoints
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing import first_line
from lakehouse.landing.preflight import printable, refusal
from ml.serving import scorer as champions
from ml.serving.batch import segment as segments
from ml.serving.batch import session_file
from ml.serving.batch.rejected import Rejected
from ml.serving.batch.results import Results
from ml.serving.batch.segment import Segment
from ml.serving.form import assumed
from ml.serving.scorer import Scorer

Tell = Callable[[int, int, str], None]  # how much is done, of how much, and a sentence
Found = dict[str, Any]


def score_file(
    lake: Lake, path: Path, outputs: Sequence[Path], rejected_path: Path, tell: Tell, name: str = ""
) -> Found:
    """Score a CSV of visits, or of raw events, by the champion; the lake stays as it is.

    Args:
        lake: whose champion scores; of raw events it tells what came before them.
        path: the file.
        outputs: what is to be written, .csv or .parquet.
        rejected_path: a CSV of the lines that cannot be scored, with reasons; not there if there is none.
        tell: told how far it is.
        name: the file's own, for sentences; that of the path if it is empty.

    Returns:
        `form` (visits or events), `assumed` (inputs that no column tells), `model_version`, `threshold`, `rows`,
        `rejected`, `first_rejected`, `summary`, `top`.

    Raises:
        LakehouseError: there is no champion or no such file (exit code 2), the file is refused, or none of its lines
            can be scored (3), or it could not be read or written (4).
    """
    model, said = champion(lake), name or printable(path.name)
    if not path.is_file():
        raise LakehouseError(f"{printable(str(path))} is not a file.", "give the path of a CSV file", Exit.USAGE)
    try:
        with path.open("rb") as source, Rejected(rejected_path) as rejected, Results(outputs) as results:
            first, size = first_line.read(said, source), path.stat().st_size
            is_events = _is_events(lake, first.columns)
            sentence = f"Scoring {said} by model version {model.version}."
            tell(0, 0 if is_events else size, sentence)
            if is_events:
                from ml.serving.batch import event_file

                batches = event_file.score(path, said, first, lake, model, rejected)
            else:
                session_file.require_columns(said, first.columns)
                progress = lambda done: tell(done, size, sentence)  # noqa: E731
                batches = session_file.score(said, source, first, model, rejected, progress)
            for batch in batches:
                results.write(batch)
                failpoints.reach("batch.written")
                if is_events:
                    tell(results.tally.rows, 0, sentence)
            if not results.tally.rows:
                raise _nothing_scored(said, rejected)
    except OSError as error:
        what = f"{said} was not scored: {error.strerror or error}."
        raise LakehouseError(
            what, "see whether it can be read and the disk has room, then try again", Exit.ENVIRONMENT
        ) from error
    found: Found = {
        "form": "events" if is_events else "visits",
        "assumed": [] if is_events else assumed(model, first.columns),
        "rejected": rejected.count,
        "first_rejected": rejected.first,
    }
    return found | _described(model, results)


def score_segment(lake: Lake, segment: Segment, outputs: Sequence[Path], tell: Tell) -> Found:
    """Write the champion's published predictions of a segment; nothing is scored anew.

    Raises:
        LakehouseError: there is no champion, it has not scored the lake, or no visit is meant (exit code 2).
    """
    model = champion(lake)
    tell(0, 0, f"Reading the predictions of model version {model.version}.")
    with Results(outputs) as results:
        for batch in segments.read(lake, model, segment):
            results.write(batch)
            tell(results.tally.rows, 0, f"Reading the predictions of model version {model.version}.")
        if not results.tally.rows:
            message = f"No visit of {segment.start} to {segment.end} is meant."
            raise LakehouseError(message, "choose other days, visitors or events", Exit.USAGE)
    found: Found = {"form": "segment", "assumed": [], "rejected": 0, "first_rejected": []}
    return found | _described(model, results)


def champion(lake: Lake) -> Scorer:
    """Return the champion.

    Raises:
        LakehouseError: there is none (exit code 2).
    """
    found = champions.champion(lake.settings)
    if found is None:
        message = "There is no champion to score with."
        raise LakehouseError(message, "lakehouse ml train promote --bootstrap", Exit.USAGE)
    return found


def _is_events(lake: Lake, columns: Sequence[str]) -> bool:
    return set(lake.tables["bronze.events"].delivered_columns) <= set(columns)


def _nothing_scored(name: str, rejected: Rejected) -> LakehouseError:
    if not rejected.count:
        return refusal(name, "holds no line behind its header", "add the visits")
    first = rejected.first[0]
    what = f"holds no line that can be scored; line {first['line']}: {first['reason']}"
    return refusal(name, what, "mend its lines, then score it again")


def _described(model: Scorer, results: Results) -> Found:
    summary = results.tally.to_document()
    return {
        "model_version": model.version,
        "threshold": model.threshold,
        "rows": results.tally.rows,
        "summary": summary,
        "top": results.top(),
    }
