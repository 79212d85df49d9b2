"""batch.event_file — a CSV of raw events: what the lake would answer if it had landed, without landing it.

The tables' own functions clean it, cut it into visits and look back at each decision point, together with what the
published lake knows of its visitors, items and days. Nothing is written but scratch files, and no lock is taken.
"""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lakehouse import private
from lakehouse.completeness import complete_until
from lakehouse.errors import Exit, LakehouseError
from lakehouse.expectations import broken_rules
from lakehouse.lake import Lake
from lakehouse.landing import csv_reader, lines
from lakehouse.landing.first_line import FirstLine
from lakehouse.landing.preflight import Preflight, whole_lines
from lakehouse.landing.receipts import Receipt
from lakehouse.runs import judging
from lakehouse.storage.folder import Folder
from lakehouse.storage.parquet_writer import Writer
from lakehouse.storage.schema import delta_schema, spark_type
from ml.intent.slices import has_ended
from ml.predictions import POINT
from ml.serving.batch.rejected import Rejected
from ml.serving.export import with_session_id
from ml.serving.form import KNOWN
from ml.serving.scorer import Scorer
from ml.serving.scoring import answer

EVENT = ["visitor_id", "occurred_at", "event_type", "item_id"]
VISIT = ["visitor_id", "started_at"]
PART_BYTES = 16 << 20  # of text that are parsed at once


def score(
    path: Path, name: str, first: FirstLine, lake: Lake, scorer: Scorer, rejected: Rejected
) -> Iterator[pa.RecordBatch]:
    """Score the decision points of the visits that hold an event of a file.

    Args:
        path: the file.
        name: the file's own, for sentences.
        first: its header.
        lake: whose published tables say what came before.
        scorer: the model.
        rejected: takes the lines that break a rule of silver.events.

    Yields:
        Visitor, start, decision point, the brief's four, `part`, `label` where the visit has ended, `probability`,
        `is_flagged` and `model_version`.

    Raises:
        LakehouseError: the file is refused (exit code 3), or the engine cannot work (4).
    """
    with _scratch(lake) as folder:
        arrived = _read(path, name, first, lake, folder / "arrived")
        table = lake.tables["silver.events"]
        refused = arrived.withColumn("_broken_rules", broken_rules(table.quarantine_rules)).where(
            "size(_broken_rules) > 0"
        )
        _tell_refused(path, refused, lake, rejected)
        events = _function(lake, "silver.events")(judging.valid(table, arrived))
        points = _decision_points(lake, events, scorer)
        written = Writer("scored", Folder(_made(folder / "scored")), None, is_kept=False).spread(points)
        files = [str(folder / "scored" / each.path) for each in written.files]
        for batch in ds.dataset(files, format="parquet").to_batches() if files else []:
            yield with_session_id(batch)


def _read(path: Path, name: str, first: FirstLine, lake: Lake, folder: Path) -> DataFrame:
    """Look at every byte of the file, then read it as rows of bronze.events."""
    table = lake.tables["bronze.events"]
    preflight = Preflight(name, first.text, first.columns, table.delivered_columns)
    with path.open("rb") as source:
        source.readline()
        for piece in whole_lines(source):
            preflight.look(piece)
    preflight.finish()
    received_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    size = path.stat().st_size
    receipt = Receipt(
        0, "events", "", name, first.text, first.columns, size, preflight.rows, preflight.has_quotes, received_at
    )
    writer = Writer("arrived", Folder(_made(folder)), pa.schema(delta_schema(table)), is_kept=False)
    files = []
    for part in csv_reader.split_file(path, receipt, PART_BYTES):
        files += writer.write([csv_reader.read_rows([part], writer.schema, "scoring")])
    return lake.store.files(_schema(lake, "bronze.events"), writer.folder.uri, [each.path for each in files])


def _decision_points(lake: Lake, events: DataFrame, scorer: Scorer) -> DataFrame:
    """Look back at each decision point as the tables do it, over the file's visitors with all that is known of them."""
    visitors = events.select("visitor_id").distinct()
    known = _published(lake, "silver.events").join(visitors, "visitor_id", how="left_semi")
    ours = events.unionByName(known.select(*events.columns)).distinct()
    others = _published(lake, "silver.session_events").join(visitors, "visitor_id", how="left_anti")
    session_events = _function(lake, "silver.session_events")(ours, _published(lake, "silver.item_history"))
    sessions = _function(lake, "silver.sessions")(session_events)
    rates = _function(lake, "gold.conversion_rates")(session_events.unionByName(others.select(*session_events.columns)))
    examples = _function(lake, "gold.intent_examples")(session_events, sessions, rates)
    touched = session_events.join(events.select(*EVENT), EVENT, how="left_semi").select(*VISIT).distinct()
    fresh = events.join(known.select(*EVENT).distinct(), EVENT, how="left_anti")
    until = _complete_until(lake, fresh)
    answers = {**answer(scorer), "model_version": F.lit(scorer.version).cast("int")}
    label = F.when(has_ended(until), F.col("label")) if until else F.lit(None).cast("int")
    scored = examples.join(touched, VISIT, how="left_semi").withColumns({**answers, "label": label})
    names = [
        *POINT,
        "decided_at",
        "session_date",
        *KNOWN,
        "part",
        "label",
        "probability",
        "is_flagged",
        "model_version",
    ]
    return scored.select(*names)


def _complete_until(lake: Lake, fresh: DataFrame) -> datetime | None:
    """Return until when lake and file are complete, by the rule of the lake: later visits may go on."""
    activity = _function(lake, "gold.activity")(fresh).unionByName(_published(lake, "gold.activity"))
    hours: dict[tuple[object, int], int] = {}
    for row in activity.groupBy("event_date", "event_hour").agg(F.sum("num_events").alias("events")).collect():
        hours[row["event_date"], row["event_hour"]] = int(row["events"])
    return complete_until(hours, datetime.now(UTC))  # type: ignore[arg-type]


def _tell_refused(path: Path, refused: DataFrame, lake: Lake, rejected: Rejected) -> None:
    """Tell each refused line with its number, which the rows of a table do not keep."""
    delivered = lake.tables["bronze.events"].delivered_columns
    rows = refused.select(*delivered, "_rest", "_broken_rules").distinct().collect()
    reasons = {(row[delivered[0]] is not None and tuple(row[c] for c in delivered), row["_rest"]): row for row in rows}
    if not reasons:
        return
    layout = lines.layout_of(path, delivered)
    for number, line in enumerate(lines.read_lines(path), 2):
        text = lines.text_of(line)
        said = layout.read(text)
        found = reasons.get((said.values or False, said.rest)) if said else None
        if found is not None:
            broken = "; ".join(f"broken: {rule}" for rule in found["_broken_rules"])
            rejected.add(number, broken, text)


def _published(lake: Lake, name: str) -> DataFrame:
    """Read a published table; no rows where it is not."""
    published = lake.ledger.published()
    if published is None or name not in published.versions:
        return lake.store.files(_schema(lake, name), "", [])
    rows = lake.store.read(name, published.versions[name])
    return rows.select(*[F.col(column).alias(column, metadata={}) for column in rows.columns])


def _function(lake: Lake, name: str):  # type: ignore[no-untyped-def]
    function = lake.tables[name].function
    assert function is not None
    return function


def _schema(lake: Lake, name: str) -> T.StructType:
    """Return a table's columns without their comments: rows that are computed have none, and both are put together."""
    return T.StructType([T.StructField(c.name, spark_type(c.type), c.nullable) for c in lake.tables[name].columns])


def _made(folder: Path) -> str:
    folder.mkdir(mode=0o700)
    return str(folder)


@contextmanager
def _scratch(lake: Lake) -> Iterator[Path]:
    """Give a folder beside what the engine of this process spills, and remove it."""
    folder = private.make_spill(lake.settings) / f"scoring-{uuid.uuid4().hex[:8]}"
    try:
        folder.mkdir(mode=0o700)
        yield folder
    except OSError as error:
        message = f"The scratch folder {folder} cannot be written: {error.strerror}."
        raise LakehouseError(message, "free some space, then try again", Exit.ENVIRONMENT) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
