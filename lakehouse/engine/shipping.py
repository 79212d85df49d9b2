"""engine.shipping — what tasks on other machines need: our code, which is sent; libraries and folders, which are not.

Tasks get functions by name, and so must have their modules. The archive is this process's own code, so that no machine
works with an older one that it happens to have.
"""

import atexit
import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol
from zipfile import ZIP_DEFLATED, ZipFile

from lakehouse import private
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

UNFIT = r"(ModuleNotFoundError: .*|.*PYTHON_VERSION_MISMATCH.*|.*Cannot run program.*)"
GUIDE = "docs/cluster.md says how its machines get Python and the libraries"
PLATFORM = "lakehouse"


class Spread(Protocol):
    """Calls a function with each item, in tasks: see `Engine`."""

    def __call__(self, function: Callable[[str], list[str]], items: list[str]) -> list[str]:
        """Return all results."""


def pack(settings: Settings) -> Path:
    """Write the archive into this process's own folder of the lake, until it ends, and return its path."""
    folder = private.make_spill(settings)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "lakehouse-code.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for package in (PLATFORM, *settings.layers):
            for root, module in _modules(package):
                archive.write(module, module.relative_to(root))
    return path


def require_machines(spread: Spread, archive: Path, settings: Settings) -> None:
    """See that tasks can do our work, before half a run is done; two of them, since one needs no task.

    Raises:
        LakehouseError: they lack a library, or do not share the folder of a lake that lies in one (exit code 4).
    """
    try:
        blind = spread(_name_if_blind, ["" if settings.object_store else str(archive)] * 2)
    except Exception as error:
        found = re.search(UNFIT, str(error))
        if found is None:
            raise
        message = f"The cluster's machines cannot run our tasks: {found[0].strip()[:200]}"
        raise LakehouseError(message, GUIDE, Exit.ENVIRONMENT) from error
    if blind:
        message = f"The tasks on {', '.join(sorted(set(blind)))} cannot read and write the lake {settings.lake_path}."
        remedy = "share its folder with all machines, for one user, or name an object store by LAKEHOUSE_STORAGE__URI"
        raise LakehouseError(message, remedy, Exit.ENVIRONMENT)


def _name_if_blind(path: str) -> list[str]:
    """Return the name of this machine if a file that the driver wrote is not there, or nothing can be put beside it."""
    import pyarrow  # noqa: F401  # that it is there is asked too

    sees = not path or (os.access(path, os.R_OK) and os.access(Path(path).parent, os.W_OK))
    return [] if sees else [platform.node()]


def _modules(package: str) -> Iterator[tuple[Path, Path]]:
    """Find the modules of a package, each with the folder that imports start from."""
    spec = find_spec(package)
    for folder in map(Path, (spec and spec.submodule_search_locations) or []):
        for module in sorted(folder.rglob("*.py")):
            yield folder.parent, module
