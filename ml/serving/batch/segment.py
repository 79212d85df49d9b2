"""batch.segment — the published predictions of some days and visitors, without scoring anything anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from ml.predictions import table
from ml.serving.export import LEFT_OUT, with_session_id
from ml.serving.scorer import Scorer

FIRST_VISITS = "silver.first_visits"
SEGMENTS = {"all": "", "new": "=", "returning": ">"}  # how the start of a visit compares with the visitor's first
POINTS = ("latest", "1", "2", "3", "5", "10")
ROWS = 100_000  # at a time
DATABASE: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "512MiB",
    "enable_external_access": "false",
}


@dataclass(frozen=True)
class Segment:
    """Which visits are meant.

    Attributes:
        start: the first day on which they began, UTC.
        end: the last.
        visitors: all, new or returning.
        point: after how many events they are scored; `latest` is as many of 1, 2, 3, 5, 10 as each visit holds.
    """

    start: date
    end: date
    visitors: str = "all"
    point: str = "latest"


def count(lake: Lake, scorer: Scorer) -> int:
    """Return how many predictions of a model version are published."""
    published = lake.ledger.published()
    if published is None or table.name not in published.versions:
        return 0
    rows = lake.store.delta(table.name, published.versions[table.name]).to_pyarrow_dataset()
    return int(rows.count_rows(filter=pa.dataset.field("model_version") == scorer.version))


def read(lake: Lake, scorer: Scorer, segment: Segment) -> Iterator[pa.RecordBatch]:
    """Read the predictions of a segment by one model version.

    Yields:
        The visit's name, and the columns of ml.predictions but for those that only tables need.

    Raises:
        LakehouseError: that version's predictions are not published (exit code 2).
    """
    published = lake.ledger.published()
    if published is None or not count(lake, scorer):
        raise no_predictions(scorer.version)
    versions = published.versions
    with duckdb.connect(":memory:", config=DATABASE) as database:
        names = [table.name] if segment.visitors == "all" else [table.name, FIRST_VISITS]
        for name in names:
            rows = lake.store.delta(name, versions[name]).to_pyarrow_dataset()
            database.register(name.replace(".", "_"), rows)
        values: dict[str, object] = {"version": scorer.version, "start": segment.start, "end": segment.end}
        columns = [column.name for column in table.columns if column.name not in LEFT_OUT]
        found: pa.RecordBatchReader = database.query(_sql(segment, columns), params=values).to_arrow_reader(ROWS)
        for batch in found:
            yield with_session_id(batch)


def no_predictions(version: int) -> LakehouseError:
    """Return the refusal where a champion has not scored the lake."""
    message = f"Model version {version} has not scored this lake yet."
    return LakehouseError(message, "lakehouse ml score", Exit.USAGE)


def _sql(segment: Segment, columns: list[str]) -> str:
    """Return the query; what stands in it comes from the fixed words of this module alone."""
    visit = "visitor_id, started_at"
    meant = "model_version = $version AND superseded_at IS NULL AND session_date BETWEEN $start AND $end"
    if segment.point != "latest":
        meant += f" AND decision_point = {int(segment.point)}"
    joined = ""
    if sign := SEGMENTS[segment.visitors]:
        joined = f"JOIN silver_first_visits USING (visitor_id) WHERE started_at {sign} first_visit_at"
    latest = ""
    if segment.point == "latest":
        latest = f"QUALIFY row_number() OVER (PARTITION BY {visit} ORDER BY decision_point DESC) = 1"
    return f"SELECT {', '.join(columns)} FROM (SELECT * FROM ml_predictions WHERE {meant}) {joined} {latest}"
