"""storage.probe — try in an object store what a lake asks of it, on a table of its own that is removed then."""

from contextlib import suppress
from uuid import uuid4

import pyarrow as pa
from deltalake import write_deltalake

from lakehouse import store_errors
from lakehouse.settings import Settings
from lakehouse.storage.folder import Folder, TableLog


def require_store(settings: Settings) -> None:
    """Write a table, list its files, read and remove them, by both clients that this process has.

    Raises:
        LakehouseError: the store does not answer, has no such bucket, or does not let us do one of these (exit code 4).
    """
    folder = Folder(f"{settings.root}/probe-{uuid4().hex}", settings.object_store)
    try:
        write_deltalake(folder.uri, pa.table({"probe": [1]}), storage_options=folder.options)
        for name in folder.sizes():
            folder.read(name)
        TableLog(folder).to_pyarrow_table()
        folder.clear()
    except Exception as error:
        with suppress(OSError):
            folder.clear()
        known = store_errors.recognize(error, settings)
        if known is None:
            raise
        raise known from error
