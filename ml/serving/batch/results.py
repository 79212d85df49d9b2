"""batch.results — scored rows as they go into files, and what is known of all of them together."""

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import failpoints
from ml.serving.batch.tally import Tally
from ml.serving.export import WRITERS, formula_safe, safe_schema

TOP = 100  # of the highest scores, that are shown
LEAST_COMPACTED = 16 * TOP


class Results:
    """The files of one scoring; each is there when it is whole, and none if the scoring does not get to its end.

    No cell or header that a spreadsheet would take for a formula begins as one.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        """Begin.

        Args:
            paths: what is to be written, .csv or .parquet; what is there is replaced.
        """
        self.tally = Tally()
        self._paths = paths
        self._partials = [path.with_name(f".{path.name}.part") for path in paths]
        self._writers: list[Any] = []
        self._schema: pa.Schema | None = None
        self._top: pa.Table | None = None

    def __enter__(self) -> "Results":
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the files in their places, or remove what was written of them."""
        try:
            for writer in self._writers:
                writer.close()
            if kind is None:
                for partial, path in zip(self._partials, self._paths, strict=True):
                    os.replace(partial, path)
                    failpoints.reach("batch.named")
        finally:
            for partial in self._partials:
                partial.unlink(missing_ok=True)

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows, with `probability` and `is_flagged`; all batches have the same columns."""
        self.tally.add(batch)
        safe = formula_safe(batch)
        if not self._writers:
            self._schema = safe_schema(batch.schema)
            pairs = zip(self._paths, self._partials, strict=True)
            self._writers = [WRITERS[path.suffix](partial, self._schema) for path, partial in pairs]
        for writer in self._writers:
            writer.write_batch(pa.RecordBatch.from_arrays(safe.columns, schema=self._schema))
        self._keep_top(pa.Table.from_batches([batch]))

    def top(self) -> list[dict[str, Any]]:
        """Return the rows with the highest scores as JSON holds them, the highest first."""
        if self._top is None:
            return []
        rows = _highest(self._top).to_pylist()
        return [{name: _plain(value) for name, value in row.items()} for row in rows]

    def _keep_top(self, rows: pa.Table) -> None:
        highest = _highest(rows)
        joined = highest if self._top is None else pa.concat_tables([self._top, highest])
        self._top = _highest(joined) if len(joined) > LEAST_COMPACTED else joined


def _highest(rows: pa.Table) -> pa.Table:
    places = pc.select_k_unstable(rows, min(TOP, len(rows)), sort_keys=[("probability", "descending")])
    return rows.take(places)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
