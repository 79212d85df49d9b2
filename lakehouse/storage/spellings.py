"""storage.spellings — all texts that a column of few holds, from the dictionaries of a table's files alone."""

from functools import cache
from urllib.parse import unquote

import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.fs import DeltaStorageHandler
from pyarrow import fs

from lakehouse.storage import log


def spellings(delta: DeltaTable, column: str) -> frozenset[str]:
    """Return every text of a column; a filter that names the wanted ones literally skips the pages of all others."""
    paths = [unquote(each["path"]) for each in log.files(delta)]
    return frozenset().union(*[_of_file(delta.table_uri, path, column) for path in paths])


@cache
def _of_file(table: str, path: str, column: str) -> frozenset[str]:
    with fs.PyFileSystem(DeltaStorageHandler(table)).open_input_file(path) as source:
        file = pq.ParquetFile(source, read_dictionary=[column])
        groups = (file.read_row_group(number, columns=[column])[column] for number in range(file.num_row_groups))
        chunks = [chunk for group in groups for chunk in group.chunks]
        return frozenset(text for chunk in chunks for text in chunk.dictionary.to_pylist() if text is not None)
