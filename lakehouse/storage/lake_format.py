"""storage.lake_format — a number says how a lake is kept, so that an older release never misreads a newer one."""

import os
from pathlib import Path

from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

FORMAT = 2  # 1: lakes without this file, whose runs have no number
FILE_NAME = "format"


def check(settings: Settings) -> None:
    """Make sure that this release can read the lake.

    Raises:
        LakehouseError: a newer release wrote it (exit code 4).
    """
    path = settings.lake_path / FILE_NAME
    found = path.read_text().strip() if path.is_file() else ""
    if found and not (found.isdigit() and int(found) <= FORMAT):
        message = f"The lake {settings.lake_path} was written by a newer release: its format is {found[:20]}, "
        message += f"this one knows {FORMAT}."
        raise LakehouseError(message, "use the release that wrote it, or a later one", Exit.ENVIRONMENT)


def is_earlier(settings: Settings) -> bool:
    """Say whether a lake is kept as an earlier release does it, or not at all yet."""
    path = settings.lake_path / FILE_NAME
    return not path.is_file() or path.read_text().strip() != str(FORMAT)


def write(settings: Settings) -> None:
    """Note durably that this release wrote the lake. Call it under the lake's lock."""
    if not is_earlier(settings):
        return
    path = settings.lake_path / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{os.getpid()}-{FILE_NAME}.part")
    with partial.open("w") as file:
        file.write(f"{FORMAT}\n")
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
