"""data.kept — tables that the site made of gold, as files of the lake: its next start needs not make them.

A file's name tells of which table it was made, at which version and how. Its pages carry checksums; one that cannot be
read is made anew. None of them holds a person. Where the lake cannot be written, nothing is kept.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse import private
from lakehouse.errors import LakehouseError
from lakehouse.settings import Settings

VERSIONS = 2  # of each table: that of the newest run, and one that a frozen link asked for or that was the newest


class Kept:
    """One table's file."""

    def __init__(self, settings: Settings, name: str, source: tuple[str, int], sql: str) -> None:
        """Name the file.

        Args:
            settings: of the lake.
            name: the table's, `site.<name>`.
            source: id and version of the table it is made of.
            sql: how it is made.
        """
        self._settings, self._name = settings, name.partition(".")[2]
        digest = hashlib.sha256(repr((source, sql)).encode()).hexdigest()[:16]
        self.path: Path = settings.lake_path / private.SITE / f"{self._name}.{digest}.parquet"

    def read(self) -> pa.Table | None:
        """Return the rows; None where they are not there, or damaged."""
        try:
            with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
                return file.read()
        except (OSError, pa.ArrowException):
            return None

    def write(self, rows: pa.Table) -> None:
        """Keep the rows, and few of those that were kept before."""
        with suppress(OSError, LakehouseError):
            folder = private.make_folder(self._settings, private.SITE)
            partial = folder / f".{self.path.name}.{os.getpid()}"
            pq.write_table(rows, partial, compression="zstd", write_page_checksum=True)
            partial.replace(self.path)
            others = sorted(folder.glob(f"{self._name}.*.parquet"), key=lambda path: path.stat().st_mtime)
            for path in others[:-VERSIONS]:
                path.unlink()
