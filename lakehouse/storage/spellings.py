"""storage.spellings — all texts that a column of few holds, from the dictionaries of a table's files alone."""

from functools import cache
from urllib.parse import unquote

import pyarrow.parquet as pq

from lakehouse.storage import log
from lakehouse.storage.folder import Folder, TableLog


def spellings(delta: TableLog, column: str) -> frozenset[str]:
    """Return every text of a column; a filter that names the wanted ones literally skips the pages of all others."""
    paths = [unquote(each["path"]) for each in log.files(delta)]
    return frozenset().union(*[_of_file(delta.folder, path, column) for path in paths])


@cache
def _of_file(table: Folder, path: str, column: str) -> frozenset[str]:
    with table.open(path) as source:
        file = pq.ParquetFile(source, read_dictionary=[column])
        groups = (file.read_row_group(number, columns=[column])[column] for number in range(file.num_row_groups))
        chunks = [chunk for group in groups for chunk in group.chunks]
        return frozenset(text for chunk in chunks for text in chunk.dictionary.to_pylist() if text is not None)
